"""Treebanks: from lines of CoNLL-U to surface words with the values of their attributes.

Reads text; knows nothing of models, of Parquet or of the study's paths.
"""
