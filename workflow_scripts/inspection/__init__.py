"""Inspection: what a person asks of finished results, on a command line of their own.

No step and no rule runs anything here: it stands above all stages, may import each of them, and
none imports it. `try_sentence` takes a sentence of one's own through probes and interventions;
`compare_studies` says what differs between two results folders.
"""
