"""Requests: what jobs asked for against what they used.

A job that uses more memory than it asked for may be killed by a cluster; one that asks for several
times what it uses waits for a place that it does not need.
"""

from collections import defaultdict
from collections.abc import Sequence

from workflow_scripts.study.usage.records import Record

MOST_TIMES = 4
"""Asking for more than so many times what was used is too much ..."""
MUCH_MB = 500
"""... above so many MB: less is to be had everywhere."""


def used_more(record: Record) -> bool:
    """Whether a job used more memory or time than it asked for."""
    too_much = record.used_mb is not None and record.used_mb > record.asked_mb
    return too_much or record.seconds > 60 * record.asked_minutes


def asked_too_much(record: Record) -> bool:
    """Whether a job asked for far more memory than it used."""
    if record.used_mb is None or record.asked_mb <= MUCH_MB:
        return False
    return record.asked_mb > MOST_TIMES * record.used_mb


def table(records: Sequence[Record]) -> list[str]:
    """Return a Markdown table, a line a rule, and a line for each job that asked wrongly."""
    of_rule = defaultdict(list)
    for record in records:
        of_rule[record.rule].append(record)
    lines = [
        "| rule | jobs | MB asked | MB used | asked / used | minutes asked | minutes used |",
        "|---|---|---|---|---|---|---|",
    ]
    for rule, jobs in of_rule.items():
        told = [job for job in jobs if job.used_mb is not None]
        ratios = [job.asked_mb / job.used_mb for job in told]
        cells = [
            rule,
            f"{len(jobs)}",
            _range([job.asked_mb for job in jobs], ".0f"),
            _range([job.used_mb for job in told], ".0f"),
            _range(ratios, ".1f"),
            _range([job.asked_minutes for job in jobs], ".0f"),
            _range([job.seconds / 60 for job in jobs], ".1f"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    for wrong, said in ((used_more, "used more"), (asked_too_much, "asked too much")):
        for job in filter(wrong, records):
            used = "?" if job.used_mb is None else f"{job.used_mb:.0f}"
            lines.append(
                f"{said}: {job.name}: {used} of {job.asked_mb:.0f} MB, {job.seconds / 60:.1f} of "
                f"{job.asked_minutes:.0f} minutes"
            )
    return lines


def _range(numbers: Sequence[float], form: str) -> str:
    if not numbers:
        return "-"
    least, most = (format(number, form) for number in (min(numbers), max(numbers)))
    return least if least == most else f"{least} to {most}"
