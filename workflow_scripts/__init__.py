"""The Python of the workflow: nine stages in the order of the flow, and what all of them stand on.

    treebanks -> words -> activations -> rankings -> probes --------> tables -> report
    models -----------/-> states ------------------> interventions -> tables

A stage is a folder with the name of its rule file: the commands that the rules run, and the files
that a study names (rankers, probes, methods ...) in a folder below. A stage imports from no other,
but those that run a model from `models`; what two stages need lies below all of them: `kernels`
(arithmetic on arrays), `files` (what the files hold), `command` (what commands share) and `study`
(what there is to do), of which commands import the first three. Above all stages are two
commands that a person runs on finished results, and no rule, with `inspection`, which they share.
"""

import sys

if sys.argv[0] == "-m":  # a command, whose module `python -m` is still looking for
    from workflow_scripts.command.process import settle

    settle()


class InputError(ValueError):
    """Input that cannot be used: the message names it and says what would be right.

    The error of bad input, for the person at the terminal, without a trace. Anything else that is
    raised is a defect of the project and shows where.
    """
