"""Probe all neurons of a configuration, in index order -> a Parquet file as of a ranking.

Its `ranking` is `all`, `k` is d, and there is no ranker.
"""

import argparse
from pathlib import Path

import numpy as np

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import ALL
from workflow_scripts.files.rankings import named, names_of
from workflow_scripts.probes.scoring import Scorer, add_options


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    add_options(parser)
    parser.add_argument("--scores", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    scorer = Scorer(options)
    neurons = np.arange(scorer.n_neurons, dtype=np.int32)
    scores, _ = scorer.score(neurons, [len(neurons)])
    names = names_of(scorer.of) | {"ranking": ALL, "ranker": None, "direction": None}
    table = named(names | {"probe": options.probe}, scores)
    write_parquet(options.scores, table, made_by("probe_all_neurons", options.made_by))


if __name__ == "__main__":
    run(arguments(), main)
