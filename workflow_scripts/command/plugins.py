"""Plugins: the files that a study names, one folder a kind, one file a plugin.

    names("rankers")                      # ["gaussian", "linear", ...]
    declared("rankers", "linear", "USES")  # what its module says of itself, without running it
    load("rankers", "linear")             # the module

What a plugin depends on it declares at the top of its module, as a literal: `USES`, the words for
what it is given and may look at, and `OPTIONS`, which its entry in the configuration must have. The
`__init__` of a folder says what its kind of plugin has, declares and does.

A plugin outside of the project is named by the path of its file, which ends with `.py`.
"""

import ast
import sys
import traceback
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
    "collections": "tables/collections",
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
        found = {name for name in found if "generate" in functions(kind, name)}
    return sorted(name for name in found if not name.startswith(("_", ".")))


def module(kind: str, name: str) -> str:
    """Return the name of a plugin's module, below this package: `rankings.rankers.linear`.

    Of a file outside of the project its path.
    """
    return name if is_file(name) else f"{FOLDERS[kind].replace('/', '.')}.{name}"


def is_file(name: str) -> bool:
    """Whether a plugin is a file outside of the project."""
    return name.endswith(".py")


def load(kind: str, name: str) -> ModuleType:
    """Return a plugin, and run its module.

    Raises InputError, which says what there is, where there is none, and which names the line
    where a file outside of the project does not run.
    """
    if is_file(name):
        return _as_declared(_load_file(name), kind, name)
    if name not in (there := names(kind)):
        raise InputError(f"no {kind.removesuffix('s')} {name!r}; there are: {', '.join(there)}")
    plugin = import_module(f"workflow_scripts.{module(kind, name)}")
    return _as_declared(plugin, kind, name)


def _load_file(path: str) -> ModuleType:
    """Run a file as a module. Not by import, whose caches know a file by its size and time."""
    plugin = ModuleType(f"_plugin_{Path(path).stem}")
    plugin.__file__ = path
    sys.modules[plugin.__name__] = plugin  # where a dataclass looks for what its fields mean
    try:
        exec(compile(Path(path).read_bytes(), path, "exec"), plugin.__dict__)
    except Exception as error:
        raise InputError(f"{path}{line_of(error, path)}: {said_by(error)}") from error
    return plugin


def _as_declared(plugin: ModuleType, kind: str, name: str) -> ModuleType:
    """Return a plugin. Raises InputError where its text declares another than it has when it runs.

    A plan reads the text, and would not know of it.
    """
    for what in ("USES", "OPTIONS", "DEFAULTS", "DIRECTIONS", "TARGET", "BY_LEMMA"):
        if hasattr(plugin, what) and getattr(plugin, what) != declared(kind, name, what, None):
            raise InputError(f"{_path(kind, name)}: {what} must be one literal, said once")
    return plugin


def line_of(error: BaseException, path: str) -> str:
    """Return `, line 7` for the last line of a file that an error went through, or nothing."""
    frames = traceback.extract_tb(error.__traceback__)
    here = Path(path).resolve()
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == here]
    return f", line {lines[-1]}" if lines else ""


def said_by(error: BaseException) -> str:
    """Return kind and message of an error on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")


_REQUIRED = object()


@cache
def declared(kind: str, name: str, what: str, default: Any = _REQUIRED) -> Any:
    """Return a literal that a plugin's module declares: `declared("rankers", "linear", "USES")`.

    Read from its text: running it would load what it computes with (Numba, Polars, SciPy), and
    every start of Snakemake would wait for that. Raises InputError where it declares none and there
    is no default, where what it declares is no literal, and where it is not Python.
    """
    path = _path(kind, name)
    for node in _tree(path).body:
        if isinstance(node, ast.AnnAssign):
            target, value = node.target, node.value
        elif isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        else:
            continue
        if ast.unparse(target) == what and value is not None:
            try:
                return ast.literal_eval(value)
            except (TypeError, ValueError):
                raise InputError(f"{path}, line {node.lineno}: {what} is not a literal") from None
    if default is _REQUIRED:
        raise InputError(f"{path}: {what} = ... is missing, or is not a literal")
    return default


def imported_beside(path: str) -> list[str]:
    """Return what a file outside of the project imports of files that lie beside it."""
    imported = set()
    for node in ast.walk(_tree(Path(path))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add("." * node.level + (node.module or "").partition(".")[0])
    folder = Path(path).resolve().parent
    return sorted(
        name
        for name in imported
        if name.startswith(".")
        or (folder / f"{name}.py").is_file()
        or (folder / name / "__init__.py").is_file()
    )


def functions(kind: str, name: str) -> set[str]:
    """Return the names of the functions and classes of a plugin's module."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in _tree(_path(kind, name)).body if isinstance(node, kinds)}


def _path(kind: str, name: str) -> Path:
    return Path(name) if is_file(name) else ROOT / FOLDERS[kind] / f"{name}.py"


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except (OSError, ValueError, SyntaxError) as error:
        number = getattr(error, "lineno", None)
        line = f", line {number}" if number else ""
        what = error.strerror if isinstance(error, OSError) else getattr(error, "msg", error)
        raise InputError(f"{path}{line}: cannot be read as Python ({what})") from None
