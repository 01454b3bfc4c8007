"""Fingerprints: the meaning of a job's code, as a string.

A module's meaning is its syntax tree without comments, docstrings and formatting, and that of
every project module that it imports, directly or not. It is the same under every Python: `ast.dump`
is not, as trees gain fields from version to version, and are dumped with the empty ones or without.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from workflow_scripts import InputError

PACKAGE = "workflow_scripts"
ROOT = Path(__file__).parents[1]


@cache
def fingerprint(*modules: str) -> str:
    """Return the fingerprint of modules (`rankings.rank_neurons`) and all they import of these.

    A module outside of the project is the path of its file; where it lies does not count.
    """
    reached: set[str] = set()
    waiting = [m if m.endswith(".py") else f"{PACKAGE}.{m}" for m in modules]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += _meaning(module)[1]
    names = {module: "" if module.endswith(".py") else module for module in reached}
    text = "\n".join(sorted(f"{name} {_meaning(module)[0]}" for module, name in names.items()))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def reached(module: str) -> list[str]:
    """Return the project modules that a module imports, directly."""
    return _meaning(f"{PACKAGE}.{module}")[1]


@cache
def _meaning(module: str) -> tuple[str, list[str]]:
    """Return the digest of a module's tree, and the project modules that it imports."""
    path = _path(module)
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except FileNotFoundError:
        raise InputError(f"{module}: is imported, and there is no such module") from None
    # Importing a module runs its package.
    imported = {module.rpartition(".")[0]} - {""} if _is_ours(module) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names if _is_ours(alias.name)}
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            imported.add(node.module)
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            imported |= {name for name in names if _path(name).exists()}
    _drop_strings(tree)
    digest = hashlib.blake2b("".join(_spelled(tree)).encode(), digest_size=12).hexdigest()
    return digest, sorted(imported)


def _spelled(value: Any) -> Iterator[str]:
    """Yield a tree as text, no two as one: a node is its type and the fields that say something.

    A field that is None or empty says nothing, whether a version of Python has it or not. Constants
    are spelled by `ascii`: what `repr` escapes depends on the version of Unicode.
    """
    if isinstance(value, ast.AST):
        yield f"{type(value).__name__}("
        for name, part in ast.iter_fields(value):
            if isinstance(value, ast.JoinedStr):
                part = _joined(part)
            if part is not None and part != []:
                yield f"{name}="
                yield from _spelled(part)
        yield ")"
    elif isinstance(value, list):
        yield "["
        for part in value:
            yield from _spelled(part)
            yield ","
        yield "]"
    else:
        yield ascii(value)


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string, neighbouring texts as one: versions cut them elsewhere."""
    joined: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant):
            before = joined.pop().value if joined and isinstance(joined[-1], ast.Constant) else ""  # pyright: ignore[reportAttributeAccessIssue]
            part = ast.Constant(before + part.value)  # pyright: ignore[reportOperatorIssue]
            if not part.value:
                continue
        joined.append(part)
    return joined


def _drop_strings(tree: ast.Module) -> None:
    """Remove docstrings: statements that are a string and nothing else."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # pyright: ignore[reportAttributeAccessIssue]
                statement
                for statement in body
                if not (
                    isinstance(statement, ast.Expr)
                    and isinstance(statement.value, ast.Constant)
                    and isinstance(statement.value.value, str)
                )
            ]


def _is_ours(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


def _path(module: str) -> Path:
    if module.endswith(".py"):
        return Path(module)
    parts = module.split(".")[1:]
    folder = ROOT.joinpath(*parts)
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
