"""Activations: what a model makes of a treebank.

Every word's vector, the states of test sentences, and the lexicon: the forms as it spells them.
"""
