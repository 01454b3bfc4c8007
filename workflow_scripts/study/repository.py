"""The repository: which commit of the project runs, and whether its files are those of it."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "envs", "workflow_scripts")
"""What of the project a study runs; whatever else lies there changes no result."""


@cache
def state(root: Path = ROOT) -> dict[str, Any]:
    """Return `commit`, and `clean`: no part of the study differs from it; None without git."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain", "--", *PARTS)
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "clean": None}
    return {"commit": commit, "clean": changes == ""}


def _git(root: Path, *arguments: str) -> str:
    # A project that was unpacked inside another repository is at no commit of that.
    top = Path(_output(root, "rev-parse", "--show-toplevel"))
    if top.resolve() != root.resolve():
        raise FileNotFoundError(f"{root} is not the top of a repository")
    return _output(root, *arguments)


def _output(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
