"""Words: from lines of CoNLL-U to surface words with their values, and the values to study.

`surface` reads a file a sentence at a time, `values` counts forms; a schema says which attributes a
word's features give it. Knows nothing of models.
"""
