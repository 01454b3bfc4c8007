"""Given: what a plugin uses is what it declares.

What it does not declare in its `USES` it is refused: it would not rerun when that changed.
"""

import argparse
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn, TypeVar

from workflow_scripts import InputError

Function = TypeVar("Function", bound=Callable[..., Any])


def require(
    options: argparse.Namespace,
    uses: Collection[str],
    needed: Mapping[str, Collection[str]],
    who: str,
) -> None:
    """Raise InputError where `who` uses what the command was not given the options for.

    `needed` has the names of these by use.
    """
    for use in uses:
        for name in needed.get(use, ()):
            if getattr(options, name) is None:
                raise InputError(f"--{name.replace('_', '-')}: {who} uses {use}")


def given(
    use: str, uses: Collection[str], function: Function
) -> Function | Callable[..., NoReturn]:
    """Return the function that gives a plugin something, or one that refuses it."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"what uses this must have {use!r} in its USES")

    return function if use in uses else refuse
