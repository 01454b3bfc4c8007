"""Probe the rankings of a ranker: one probe on the first k neurons, for every k.

Writes what it is (the columns of the ranking's file, and `probe`), `k`, `split`, `accuracy`, `mi`
(bits), `nmi`, `control_accuracy`, `selectivity`, `majority`, `control_majority`, `unseen` (words
whose form no training word has), `unseen_accuracy`, 95 % intervals over sentences of test accuracy
and of what it is above the majority, and `seen_accuracy`. The control columns are empty without a
control task, `nmi` where a split has one value only, `unseen_accuracy` where every form was seen,
`seen_accuracy` where none was, the intervals on train and dev, and all but `k`, `split` and
`unseen` where a split has no word of the attribute.
Of each ranking, the right words of each test sentence too. The control task has the same neurons,
or, with `--control-rankings`, those that the same ranker puts first by control labels.
"""

import argparse
from pathlib import Path

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files import probed_sentences
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.rankings import named, read_ranking
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.kernels.words import Configuration
from workflow_scripts.probes.scoring import NO_SCORES, Scorer, add_options


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    add_options(parser)
    parser.add_argument("--rankings", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument(
        "--control-rankings",
        type=Path,
        nargs="*",
        default=[],
        help="those of the same names by control labels, where the control task is probed on them",
    )
    parser.add_argument("--max-neurons", type=int, required=True, help="the largest k")
    parser.add_argument(
        "--scores", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    parser.add_argument(
        "--sentences", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    for files in ("scores", "sentences"):
        if len(getattr(options, files)) != len(options.rankings):
            raise InputError(f"--{files}: one file for each ranking")
    if options.control_rankings and len(options.control_rankings) != len(options.rankings):
        raise InputError("--control-rankings: one file for each ranking, or none")
    metadata = made_by("probe_rankings", options.made_by)
    of = read_configuration(options.statistics)
    rankings = [read_ranking(path, of) for path in options.rankings]
    controls = [
        control_neurons(path, of, options.control, names["ranking"])
        for path, (names, _) in zip(options.control_rankings, rankings, strict=False)
    ]
    is_empty = not any(len(neurons) for _, neurons in rankings)
    score = (lambda *_: NO_SCORES) if is_empty else Scorer(options).score
    for (names, ranking), control, scores_file, sentences_file in zip(
        rankings,
        controls or [None] * len(rankings),
        options.scores,
        options.sentences,
        strict=True,
    ):
        neurons = ranking[: options.max_neurons]
        of_control = None if control is None else control[: options.max_neurons]
        scores, test = score(neurons, range(1, len(neurons) + 1), of_control)
        names = names | {"probe": options.probe}
        write_parquet(scores_file, named(names, scores), metadata)
        write_parquet(sentences_file, named(names, probed_sentences.table(test)), metadata)


def control_neurons(path: Path, of: Configuration, control: str | None, ranking: str) -> np.ndarray:
    """Return the neurons (d,) int32 of a ranking by the labels of the control task `control`.

    Raises InputError where it is by those of another, or not of the name `ranking`.
    """
    names, neurons = read_ranking(path, of, by_control=True)
    if not len(neurons):
        return neurons
    if names["control"] != control:
        raise InputError(f"{path}: ranks by {names['control']} control labels, not {control}")
    if names["ranking"] != ranking:
        raise InputError(
            f"{path}: is of {names['ranking']}, and the ranking beside it of {ranking}"
        )
    return neurons


if __name__ == "__main__":
    run(arguments(), main)
