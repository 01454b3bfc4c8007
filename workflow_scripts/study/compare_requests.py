"""Print what the jobs of a finished study asked for against what they used."""

import argparse
from pathlib import Path

from workflow_scripts.command.line import run
from workflow_scripts.study.usage.records import read_records
from workflow_scripts.study.usage.requests import (
    MOST_TIMES,
    MUCH_MB,
    asked_too_much,
    table,
    used_more,
)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmarks", type=Path, help="a study's results/benchmarks")
    return parser


def main(options: argparse.Namespace) -> None:
    records = read_records(options.benchmarks)
    print(*table(records), sep="\n")
    told = sum(record.used_mb is not None for record in records)
    print(
        f"\n{len(records)} jobs, {told} of them long enough to tell their memory: "
        f"{sum(map(used_more, records))} used more than they asked for, "
        f"{sum(map(asked_too_much, records))} asked for over {MOST_TIMES} times what they used "
        f"(above {MUCH_MB} MB)"
    )


if __name__ == "__main__":
    run(arguments(), main)
