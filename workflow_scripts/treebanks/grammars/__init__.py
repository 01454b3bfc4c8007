"""Grammars: each writes a small treebank in the manner of Universal Dependencies, from own rules.

A grammar is one module here, named in the configuration by its file name. It has

* `generate(n_sentences, stream)`: that many sentences, no two with the same text, each a list of
  `Row`: the ten CoNLL-U columns of one line, multiword tokens included.

The files beside a grammar are what it is made of: its words (`english_words`), its inflection
(`english_forms`), and what grammars share: trees and their rows (`sentence_trees`), and how
chance picks words (`word_draws`). Nothing here reads or writes a file:
`generate_treebank` does.

Because the rules are ours, what is true of a sentence is known: a verb agrees with its subject,
a determiner and an adjective with their noun, and a time adverbial with the tense.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from workflow_scripts.treebanks.grammars.sentence_trees import Row


class Grammar(Protocol):
    """What a grammar module offers."""

    def generate(self, n_sentences: int, stream: np.random.Generator) -> Iterator[list[Row]]:
        """Yield `n_sentences` sentences of different texts, the same ones for equal streams."""
        ...
