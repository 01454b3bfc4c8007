"""What commands share: their command line, and how a job reads its part of a study.

`line` runs a command and turns bad input into one line; `configuration` and `collection` are
options that several commands have; `treebank_pass` brings sentences to a model; `beside` reads
ahead and writes behind; `seeds`, `threads` and `progress` are what they say. Nothing here computes
a result.
"""
