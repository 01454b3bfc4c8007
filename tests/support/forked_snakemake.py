"""Snakemake in a process of its own that is forked from one which has imported it.

A test of the workflow waits for Snakemake's plan, and not a second time for its imports. What is
forked has read nothing of the project: each run reads Snakefile, rules and modules anew.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["snakemake.cli", "snakemake.scheduling.job_scheduler"])


def snakemake(arguments: list[str], directory: Path) -> subprocess.CompletedProcess:
    """Run Snakemake in a directory with this process's environment, as `subprocess.run` would."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("stdout", "stderr")]
        process = _forks.Process(
            target=_run, args=(arguments, str(directory), dict(os.environ), said)
        )
        process.start()
        process.join()
        texts = [path.read_text() for path in said]
    return subprocess.CompletedProcess(arguments, process.exitcode, *texts)


def _run(arguments: list[str], directory: str, environment: dict, said: list[Path]) -> None:
    for number, path in enumerate(said, start=1):
        with path.open("w") as file:
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = ["snakemake", *arguments]

    from snakemake.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # of a fork nobody else calls them
