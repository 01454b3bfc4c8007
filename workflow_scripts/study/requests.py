"""Requests: the memory and time that a job asks for.

The numbers are from benchmark files (docs/cluster.md). No command may be told what its job asked
for: a retry must give the same result.
"""

from collections.abc import Callable
from itertools import chain
from math import ceil
from typing import Any

from workflow_scripts.study.digests import megabytes
from workflow_scripts.study.places import Places
from workflow_scripts.study.plan import Plan
from workflow_scripts.study.snakemake_internals import with_signature

Amount = float | Callable[[Callable[..., float], Any], float]


class Requests:
    """What the jobs of a study ask for."""

    def __init__(self, plan: Plan, places: Places):
        self._plan, self._places = plan, places

    def each_attempt(self, amount: Amount) -> Callable:
        """Return a resource, in MB or minutes: the amount, and as much again in every retry.

        The amount is a number, or a function (mb, wildcards), where `mb(name, ...)` is how many MB
        inputs have, as far as they are there: a plan that is made before the files asks for less
        than the job will.
        """
        model_path = self._places.model_path

        def first_and_retries(wildcards: Any, input: Any, attempt: int) -> int:
            def mb(*names: str) -> float:
                # A model may lie outside of the results, and is no input then.
                found = [model_path(wildcards) if n == "model" else input[n] for n in names]
                files = [[one] if isinstance(one, str) else one for one in found]
                return sum(map(megabytes, chain.from_iterable(files)))

            first = amount(mb, wildcards) if callable(amount) else amount
            return attempt * ceil(first)

        return with_signature(first_and_retries)

    def on_cpu(self, minutes: float) -> float:
        """Return the minutes of a processor, or of a GPU, a tenth, where the study may have one."""
        return minutes / 10 if self._plan.gpus else minutes
