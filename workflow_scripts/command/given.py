"""Given: what a plugin uses is what it declares.

What it does not declare in its `USES` it is refused: it would not rerun when that changed.
"""

from collections.abc import Callable, Collection
from typing import Any, NoReturn, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def given(
    use: str, uses: Collection[str], function: Function
) -> Function | Callable[..., NoReturn]:
    """Return the function that gives a plugin something, or one that refuses it."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"what uses this must have {use!r} in its USES")

    return function if use in uses else refuse
