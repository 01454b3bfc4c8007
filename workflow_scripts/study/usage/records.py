"""Records: the benchmark files of a study, one record a job.

Snakemake writes them with `benchmark-extended`, which `profiles/default` sets: what the job used,
and what it had asked for.
"""

import ast
import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workflow_scripts import InputError

SAMPLED_SECONDS = 2.0
"""A job that took less was sampled too seldom to tell its memory."""


@dataclass(frozen=True)
class Record:
    """What one job used and asked for."""

    rule: str
    wildcards: Mapping[str, str]
    seconds: float
    cpu_seconds: float
    used_mb: float | None  # the largest resident memory; None where the job was too short to tell
    asked_mb: float
    asked_minutes: float
    input_mb: Mapping[str, float]  # of each input file or folder

    @property
    def name(self) -> str:
        """The rule and wildcards, as Snakemake names a job."""
        return f"{self.rule} ({', '.join(self.wildcards.values())})"


def read_records(benchmarks: Path) -> list[Record]:
    """Return the records of all benchmark files below a folder, sorted by rule and wildcards.

    Raises InputError where there are none, or one lacks what the job asked for.
    """
    paths = sorted(benchmarks.rglob("*.tsv"))
    if not paths:
        raise InputError(
            f"{benchmarks}: no benchmark file there; it is a study's results/benchmarks"
        )
    return [_record(path) for path in paths]


def _record(path: Path) -> Record:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or "resources" not in rows[-1]:
        raise InputError(
            f"{path}: has not what the job asked for; run the study with --benchmark-extended, as "
            "profiles/default does"
        )
    row = rows[-1]
    resources = ast.literal_eval(row["resources"])
    seconds = float(row["s"])
    sampled = seconds >= SAMPLED_SECONDS and row["max_rss"] not in ("NA", "-")
    return Record(
        rule=row["rule_name"],
        wildcards=ast.literal_eval(row["wildcards"]),
        seconds=seconds,
        cpu_seconds=float(row["cpu_time"]) if sampled else seconds,
        used_mb=float(row["max_rss"]) * 1.048576 if sampled else None,  # psutil's are MiB
        asked_mb=float(resources["mem_mb"]),
        asked_minutes=float(resources["runtime"]),
        input_mb=ast.literal_eval(row["input_size_mb"]),
    )
