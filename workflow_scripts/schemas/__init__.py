"""Schemas: each module says which attributes a word's UPOS and features give it.

A schema is one file here, named in the configuration by its file name. It has

* `ATTRIBUTES`: the names it can give, or None where they follow from the treebank;
* `PART_OF_SPEECH`: the attribute that is the word class, whose value a lemma alone decides;
* `analyse(upos, feats) -> (values, clashes)`: attribute -> value, and the attributes dropped
  because two features gave them different values.
"""
