"""Schemas: each module says which attributes a word's UPOS and features give it.

A schema is one file here, named in the configuration by its file name. It has

* `ATTRIBUTES`: the names it can give, or None where they follow from the treebank;
* `PART_OF_SPEECH`: the attribute that is the word class, whose value a lemma alone decides;
* `analyse(upos, feats) -> (values, clashes)`: attribute -> value, and the attributes dropped
  because two features gave them different values;
* `unknown(upos, feats)`: the (feature, value) pairs, UPOS among them, that no schema for UD should
  meet: a name or a value that UD has not, or this schema has not where it takes the feature;
* `ignored(upos, feats)`: the pairs of features that give no attribute here.

The last two are for the log, which says what of a treebank came to nothing.
"""

_UPOS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
UPOS = frozenset(_UPOS.split())
"""UD's word classes."""
