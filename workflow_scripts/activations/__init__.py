"""Activations: what a model makes of a treebank: every word's vector, and states of test sentences.

`treebank_pass` brings the sentences of words files to a model.
"""
