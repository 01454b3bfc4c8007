"""Treebanks: CoNLL-U files, downloaded or generated from grammars of the project's own."""
