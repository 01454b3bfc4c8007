"""Declarations: what a ranker, probe, table or figure says of itself at the top of its module.

They are read from the module's text. Running it would load what it computes with (Numba, Polars,
SciPy), and every start of Snakemake would wait for that.
"""

import ast
from functools import cache
from typing import Any

from workflow_scripts.study.configuration_file import ROOT, ConfigError


@cache
def declared(room: str, module: str, name: str) -> Any:
    """Return a literal that a module of a room declares: `declared("rankers", "linear", "USES")`.

    Raises ConfigError where it declares none.
    """
    path = ROOT / room / f"{module}.py"
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=str(path)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                break
    raise ConfigError(f"{path}: {name} = ... is missing, or is not a literal")
