"""Interventions: from the states of test sentences to what became of their words.

`subjects` finds the words to intervene on, `prediction` runs the model on from edited states, and
`outcomes` judges and counts what it gives. Which edit, and who gives a predicted word its
analysis, are files of `methods/` and `analyzers/`; the commands alone read and write files.
"""
