"""Probe the rankings of a ranker: one probe on the first k neurons, for every k.

Writes what it is (the columns of the ranking's file, and `probe`), `k`, `split`, `accuracy`, `mi`
(bits), `nmi`, `control_accuracy`, `selectivity`, `majority`, `control_majority`, `unseen` (words
whose form no training word has), `unseen_accuracy`, and 95 % intervals over sentences of test
accuracy and of what it is above the majority. The control columns are empty without a control task,
`nmi` where a split has one value only, `unseen_accuracy` where every form was seen, the intervals
on train and dev, and all but `k`, `split` and `unseen` where a split has no word of the attribute.
Of each ranking, the right words of each test sentence too.
"""

import argparse
from pathlib import Path

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files import probed_sentences
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.rankings import named, read_ranking
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.probes.scoring import NO_SCORES, Scorer, add_options


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    add_options(parser)
    parser.add_argument("--rankings", type=Path, nargs="+", required=True, help="Parquet files")
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
    metadata = made_by("probe_rankings", options.made_by)
    of = read_configuration(options.statistics)
    rankings = [read_ranking(path, of) for path in options.rankings]
    is_empty = not any(len(neurons) for _, neurons in rankings)
    score = (lambda *_: NO_SCORES) if is_empty else Scorer(options).score
    for (names, ranking), scores_file, sentences_file in zip(
        rankings, options.scores, options.sentences, strict=True
    ):
        neurons = ranking[: options.max_neurons]
        scores, test = score(neurons, range(1, len(neurons) + 1))
        names = names | {"probe": options.probe}
        write_parquet(scores_file, named(names, scores), metadata)
        write_parquet(sentences_file, named(names, probed_sentences.table(test)), metadata)


if __name__ == "__main__":
    run(arguments(), main)
