"""Near: of the names that are possible, the one that a wrong one may stand for."""

import difflib
from collections.abc import Iterable


def did_you_mean(value: str, possible: Iterable[str]) -> str:
    """Return a hint for the end of a message; nothing where no name is near. Case is no matter."""
    folded = {name.casefold(): name for name in possible}
    near = difflib.get_close_matches(value.casefold(), folded, n=1)
    return f" (did you mean {folded[near[0]]}?)" if near else ""
