"""What commands share: their command line, and how a job reads its part of a study.

`line` runs a command and turns bad input into one line; `configuration` has options of several
commands; `plugins` finds what a study names, and `given` gives it what it declares; `beside` reads
ahead and writes behind; `process`, `seeds`, `threads` and `progress` are what they say. Nothing
here computes a result.
"""
