"""Time left: how long the jobs that remain may take, from those that are done.

A job to come counts as long as those of its step took, and where none is done, as all took. What
the done ones took together, against the time that passed, says how many run side by side.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

_LEAST_JOBS, _LEAST_SECONDS = 5, 5.0
"""What must be done before anything is said."""


class TimeLeft:
    """The jobs that remain, by step, and what those that are done took."""

    def __init__(self) -> None:
        """Begin with no plan."""
        self.remaining: Counter[str] = Counter()
        self.done = 0
        self._took: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
        self._since: float | None = None
        self._worked = 0.0

    def plan(self, steps: Iterable[str]) -> None:
        """Take what remains to be done, a step for each job."""
        self.remaining = Counter(steps)

    @property
    def total(self) -> int:
        """All jobs, done and to come."""
        return self.done + self.remaining.total()

    def add(self, step: str, began: float, ended: float) -> None:
        """Take a job that is done, by when it began and ended (seconds of one clock)."""
        self.done += 1
        if self.remaining[step]:
            self.remaining[step] -= 1
        took = self._took[step]
        took[0] += ended - began
        took[1] += 1
        self._since = began if self._since is None else min(self._since, began)
        self._worked += ended - began

    def left(self, now: float) -> float | None:
        """Return the seconds that remain; None while too little is done to tell."""
        if self._since is None or self.done < _LEAST_JOBS or not self._worked:
            return None
        passed = now - self._since
        if passed < _LEAST_SECONDS:
            return None
        of_any = self._worked / self.done
        to_come = sum(n * self._mean(step, of_any) for step, n in self.remaining.items())
        return to_come * passed / self._worked

    def _mean(self, step: str, otherwise: float) -> float:
        seconds, jobs = self._took.get(step, (otherwise, 1))
        return seconds / jobs
