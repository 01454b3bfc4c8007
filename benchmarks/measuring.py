"""Measuring: a plain and a fast form in turns, and the table of what came out."""

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.machine import describe


@dataclass(frozen=True)
class Measured:
    """One kernel on one input."""

    kernel: str
    size: str
    """The input, in words."""
    plain: float
    """Seconds of the plain form; where it was too long to run whole, from the parts that ran."""
    plain_note: str
    """Which part of the plain form ran."""
    ours: float
    """Seconds of the fast form, whole."""
    limit: float
    """Seconds that its arithmetic or memory traffic takes at the machine's measured rates."""
    limit_note: str
    """What the limit counts."""


def in_turns(
    plain: Callable[[], object], ours: Callable[[], object], runs: int
) -> tuple[float, float]:
    """Return the median seconds of both, run in turns; the first call of `ours` does not count."""
    ours()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for form, times in zip((plain, ours), taken, strict=True):
            times.append(once(form))
    return median(taken[0]), median(taken[1])


def once(work: Callable[[], object]) -> float:
    """Return the seconds of one call, for a plain form that takes minutes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def over_steps(measured: dict[int, float], first: int, last: int) -> float:
    """Return the sum over k = first..last of a time known at some k, in straight lines between."""
    ks = np.arange(first, last + 1)
    return float(np.interp(ks, list(measured), list(measured.values())).sum())


def table(rows: Iterable[Measured]) -> str:
    """Return the rows as a Markdown table, with notes below it."""
    lines = [
        "| kernel | input | plain form | ours | ratio | limit | of the limit |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    for row in rows:
        lines.append(
            f"| {row.kernel} | {row.size} | {_time(row.plain)} | {_time(row.ours)} "
            f"| {row.plain / row.ours:,.1f}× | {_time(row.limit)} | {row.limit / row.ours:.0%} |"
        )
        notes.append(f"- {row.kernel}: plain form {row.plain_note}; limit: {row.limit_note}.")
    return "\n".join([*lines, "", *notes])


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 100 else f"{seconds:.3g} s"


def run(measure: Callable[[bool], Iterable[Measured]], about: str | None) -> None:
    """The command line of one benchmark."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    quick = parser.parse_args().quick
    print(describe(), end="\n\n")
    print(table(measure(quick)))
