"""Tables: everything measured, one row an observation.

What jobs measured is collected by model and treebank (`collection`), rankings are compared in
pairs, and tables are built of that, also as papers lay them out. A dictionary says what their
columns are.
"""
