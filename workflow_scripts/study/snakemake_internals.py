"""What the project leans on of Snakemake that its documentation does not promise.

Each is used here alone, and beside each stands the test that fails where Snakemake changes it.
"""

import logging
from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any

from snakemake.exceptions import IncompleteCheckpointException
from snakemake.logging import logger

__all__ = ["IncompleteCheckpointException"]
# Raised by `checkpoints.NAME.get()` before its job has run: `missing_file` (test_workflow.py,
# a first run of a study; an input function that swallows it plans its job without inputs).


def missing_file(error: IncompleteCheckpointException) -> str:
    """Return the file that a checkpoint has yet to make (test_workflow.py)."""
    return str(error.targetfile)


def command_of(workflow: Any, rule: str) -> str:
    """Return the command line of a rule as it is written (test_incremental.py: an edited rule)."""
    return workflow.get_rule(rule).shellcmd


def outputs_of(workflow: Any, rule: str, wildcards: Any) -> list[str]:
    """Return the output files of a job (test_copied_results.py)."""
    return [one.apply_wildcards(wildcards) for one in workflow.get_rule(rule).output]


def plans(workflow: Any) -> bool:
    """Whether this process says what runs, and is no job of another (test_cluster.py)."""
    return workflow.is_main_process


def has_environments(workflow: Any) -> bool:
    """Whether jobs run in environments of their own, `--sdm` (test_environments.py)."""
    return bool(workflow.deployment_settings.deployment_method)


def runs_jobs_here(workflow: Any) -> bool:
    """Whether jobs are to run, on this machine (test_workflow.py: a device that is not here)."""
    return workflow.is_main_process and workflow.local_exec and not workflow.touch


def jobs_to_run(workflow: Any) -> tuple[list[tuple[str, dict[str, str]]], set[str]]:
    """Return rule and wildcards of each job to run, and the rules asked for (the same test)."""
    to_run = [(job.rule.name, job.wildcards_dict) for job in workflow.dag.needrun_jobs()]
    return to_run, {job.rule.name for job in workflow.dag.targetjobs}


def jobs_left(workflow: Any) -> list[tuple[int, str]]:
    """Return number and rule of each job that is yet to end (test_terminal.py)."""
    return [(job.jobid, job.rule.name) for job in workflow.dag.needrun_jobs()]


def log_for_the_terminal(workflow: Any) -> logging.StreamHandler | None:
    """Return the handler that writes Snakemake's own log to the terminal (test_terminal.py).

    None where it is to stay, or is none: where nothing is run, where the command line asks for more
    or less of the log, or for a logger, and in a job of another process.
    """
    said = workflow.output_settings
    asked = said.verbose or said.printshellcmds or said.debug_dag or said.show_failed_logs
    if asked or said.quiet or said.dryrun or not workflow.is_main_process:
        return None
    return next((one for one in logger.handlers if one.name == "DefaultStreamHandler"), None)


def replace_log(handler: logging.Handler, by: logging.Handler) -> None:
    """Have what Snakemake logs handled by another handler (the same test)."""
    logger.removeHandler(handler)
    logger.addHandler(by)


def with_signature(function: Callable) -> Callable:
    """Note a function's parameters on it: planning asks for them several times a job.

    Snakemake looks them up to see what a function takes (benchmarks/planning.py shows the time).
    """
    function.__signature__ = signature(function)  # type: ignore[attr-defined]
    return function


def make_again(workflow: Any, files: Iterable[str]) -> None:
    """Have Snakemake make these outputs again, which are not what the plan says.

    It asks its own records what made a file, and these stay behind where results are copied or
    used from another folder; a job runs again in any case where its output is among
    `dag.forcefiles` (test_copied_results.py).

    Of what is built on a job that runs, Snakemake does not look at any job by itself: it takes it
    that all of it runs. Here what has the plan's string stays, and of what is built on that
    another file may yet be made by another job. So each job is looked at (test_incremental.py).
    """
    dag = workflow.dag
    dag.forcefiles.update(files)
    if "update_needrun" in vars(dag):
        return
    update = dag.update_needrun

    async def update_needrun(*arguments: Any, **options: Any) -> None:
        dag.bfs = lambda *_, **__: ()  # which jobs need no look of their own: none
        try:
            await update(*arguments, **options)
        finally:
            del dag.bfs

    dag.update_needrun = update_needrun
