"""The error of bad input: a message for the person at the terminal, and no trace.

Anything else that is raised is a defect of the project and shows where.
"""


class InputError(ValueError):
    """Input that cannot be used; the message names it and says what would be right."""
