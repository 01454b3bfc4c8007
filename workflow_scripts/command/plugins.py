"""Plugins: the files that a study names, one folder a kind, one file a plugin.

    names("rankers")                      # ["gaussian", "linear", ...]
    declared("rankers", "linear", "USES")  # what its module says of itself, without running it
    load("rankers", "linear")             # the module

What a plugin depends on it declares at the top of its module, as a literal. The `__init__` of a
folder says what its kind of plugin has, declares and does.
"""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from workflow_scripts import InputError

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "grammars": "treebanks/grammars",
    "schemas": "words/schemas",
    "rankers": "rankings/rankers",
    "probes": "probes/probes",
    "methods": "interventions/methods",
    "analyzers": "interventions/analyzers",
    "tables": "tables/tables",
    "latex": "tables/latex",
    "figures": "report/figures",
}
"""The folder of each kind, below this package."""
_SHARED = {"figures": {"style"}}
"""What lies in a folder and is no plugin."""


def names(kind: str) -> list[str]:
    """Return the names of all plugins of a kind, sorted."""
    found = {path.stem for path in (ROOT / FOLDERS[kind]).glob("*.py")} - _SHARED.get(kind, set())
    if kind == "grammars":  # beside each lie its words and forms
        found = {name for name in found if "generate" in _top_level(kind, name)}
    return sorted(name for name in found if not name.startswith(("_", ".")))


def module(kind: str, name: str) -> str:
    """Return the name of a plugin's module, below this package: `rankings.rankers.linear`."""
    return f"{FOLDERS[kind].replace('/', '.')}.{name}"


def load(kind: str, name: str) -> ModuleType:
    """Return a plugin; raises InputError, which says what there is, where there is none."""
    if name not in (there := names(kind)):
        raise InputError(f"no {kind.removesuffix('s')} {name!r}; there are: {', '.join(there)}")
    return import_module(f"workflow_scripts.{module(kind, name)}")


@cache
def declared(kind: str, name: str, what: str) -> Any:
    """Return a literal that a plugin's module declares: `declared("rankers", "linear", "USES")`.

    Read from its text: running it would load what it computes with (Numba, Polars, SciPy), and
    every start of Snakemake would wait for that. Raises InputError where it declares none.
    """
    path = ROOT / FOLDERS[kind] / f"{name}.py"
    for node in _tree(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == what:
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                break
    raise InputError(f"{path}: {what} = ... is missing, or is not a literal")


def _top_level(kind: str, name: str) -> set[str]:
    """Return the names of the functions of a plugin's module."""
    body = _tree(ROOT / FOLDERS[kind] / f"{name}.py").body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
