"""Reruns: have Snakemake make files again that are not what the plan says.

Snakemake asks its own records what made a file, and these stay behind where results are copied or
used from another folder; a job runs again in any case where its output is among `dag.forcefiles`.
"""

from collections.abc import Iterable
from typing import Any


def make_again(dag: Any, files: Iterable[str]) -> None:
    """Have these outputs of a Snakemake DAG made again.

    Of what is built on a job that runs, Snakemake does not look at any job by itself: it takes it
    that all of it runs. Here what has the plan's string stays, and of what is built on that
    another file may yet be made by another job. So each job is looked at.
    """
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
