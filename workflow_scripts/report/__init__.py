"""The report: what a study found.

* `findings`: sentences computed from the tables.

Nothing here measures anything: every number stands in a table.
"""
