"""Fingerprints: the meaning of a job's code, as a string.

A module's meaning is its syntax tree without comments, docstrings and formatting, and that of
every project module that it imports, directly or not. It is the same under every Python: `ast.dump`
is not, as trees gain fields from version to version, and are dumped with the empty ones or without.
"""

import ast
import hashlib
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
    spelled = _Spelled(tree)
    # Importing a module runs its package.
    imported = {module.rpartition(".")[0]} - {""} if _is_ours(module) else set()
    for node in spelled.imports:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names if _is_ours(alias.name)}
        elif node.module and _is_ours(node.module):
            imported.add(node.module)
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            imported |= {name for name in names if _path(name).exists()}
    digest = hashlib.blake2b(spelled.text.encode(), digest_size=12).hexdigest()
    return digest, sorted(imported)


class _Spelled:
    """A tree as `text`, no two as one, and the `imports` in it.

    A node is its type and the fields that say something: one that is None or empty says nothing,
    whether a version of Python has it or not. Docstrings, and other statements that are a string
    and nothing else, say nothing either. Constants are spelled by `ascii`: what `repr` escapes
    depends on the version of Unicode.
    """

    def __init__(self, tree: ast.AST):
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self._texts: list[str] = []
        self._spell(tree)
        self.text = "".join(self._texts)

    def _spell(self, value: Any) -> None:
        texts = self._texts
        if isinstance(value, ast.AST):
            if isinstance(value, ast.Import | ast.ImportFrom):
                self.imports.append(value)
            is_joined = isinstance(value, ast.JoinedStr)
            texts.append(f"{type(value).__name__}(")
            for name in value._fields:
                part = getattr(value, name, None)
                if isinstance(part, list):
                    if is_joined:
                        part = _joined(part)
                    elif name == "body":
                        part = [statement for statement in part if not _is_text(statement)]
                    if not part:
                        continue
                elif part is None:
                    continue
                texts.append(f"{name}=")
                self._spell(part)
            texts.append(")")
        elif isinstance(value, list):
            texts.append("[")
            for part in value:
                self._spell(part)
                texts.append(",")
            texts.append("]")
        else:
            texts.append(ascii(value))


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


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_ours(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


def _path(module: str) -> Path:
    if module.endswith(".py"):
        return Path(module)
    parts = module.split(".")[1:]
    folder = ROOT.joinpath(*parts)
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
