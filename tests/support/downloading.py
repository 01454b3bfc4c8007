"""Run the commands that download as a rule would, from a test; look at what is on the disk."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.workflow import ROOT
from workflow_scripts.files.download import Patience

HURRIED = Patience(attempts=3, stall=2, wait=0.01)


def started(name: str, *options, folder: Path, **environment: str) -> subprocess.Popen:
    """Start a command; the package's own setting is that hubs are out of reach."""
    return subprocess.Popen(
        [sys.executable, "-m", f"workflow_scripts.{name}", *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen) -> subprocess.CompletedProcess:
    """Wait for a command."""
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def command(name: str, *options, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a command to its end."""
    return ended(started(name, *options, folder=folder, **environment))


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that another process does, however long that takes."""
    while not true():
        time.sleep(0.02)


def size(path: Path) -> int:
    """The bytes of a file, none where it is not there."""
    return path.stat().st_size if path.exists() else 0


def names(folder: Path) -> list[str]:
    """Everything below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
