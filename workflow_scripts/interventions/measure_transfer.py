"""Measure transfer: do the neurons and means of one treebank move the words of another?

The words of a treebank are edited with the ranking and the class means of another one, of the same
model, layer and kept values: the other's ranking with their own means, their own ranking with the
other's means, and both of the other. (Both their own is what `intervene` measures.)

Writes what it is (the columns of the ranking's file, `method` with its options), whose `ranking_of`
and `means_of` were taken, and of each k and sentence how many words there are and how many moved to
the target (`cltv`), for k = 0 and the reported k of the grid.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.rankings import named, read_ranking
from workflow_scripts.files.states import read_states
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.files.words import compared_attributes, sentences
from workflow_scripts.interventions.edits import Method, Place, add_method_options, grid
from workflow_scripts.interventions.intervene import run_model
from workflow_scripts.interventions.judging import add_analyzer_options, judge_of
from workflow_scripts.interventions.outcomes import count, judge
from workflow_scripts.interventions.prediction import Edits
from workflow_scripts.interventions.subjects import edited_sentences, find_subjects, read_ids
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.precision import EXACT, FAST
from workflow_scripts.models.reading import Reader

log = logging.getLogger("measure_transfer")

COLUMNS = ("k", "sentence", "words", "cltv")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    configuration.add_statistics_option(parser)
    parser.add_argument(
        "--other-statistics", type=Path, required=True, help="those of the other treebank"
    )
    parser.add_argument("--words-test", type=Path, required=True, help="words file")
    parser.add_argument("--subtokens", type=Path, required=True, help="cached subtokens")
    parser.add_argument("--states", type=Path, required=True, help="cached states of the layer")
    parser.add_argument("--ranking", type=Path, required=True, help="Parquet file")
    parser.add_argument("--other-ranking", type=Path, required=True, help="the other treebank's")
    add_analyzer_options(parser)
    add_method_options(parser)
    parser.add_argument("--report", type=int, nargs="+", required=True, help="the k to report")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--precision", default=EXACT, choices=[EXACT, FAST], help="on a GPU")
    add_threads(parser)
    parser.add_argument("--transfer", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    of = read_configuration(options.statistics)
    of_other = read_configuration(options.other_statistics)
    compared = compared_attributes(options.words_test, of.attribute)
    others = [name for name in compared if name != of.attribute]
    words = sentences(options.words_test, ["form", "lemma", "upos", of.attribute, *others])
    test = {sentence.number: sentence.columns for sentence in words}
    method = Method(options, of, test)
    names, own = read_ranking(options.ranking, of)
    _, other = read_ranking(options.other_ranking, of_other)
    borrowed = [
        (of_other.treebank, of.treebank, other, options.statistics),
        (of.treebank, of_other.treebank, own, options.other_statistics),
        (of_other.treebank, of_other.treebank, other, options.other_statistics),
    ]
    borrowed = [one for one in borrowed if len(one[2])]  # some rank nothing
    judging = judge_of(options, of, test, others)
    cached = read_states(options.subtokens, options.states)
    subjects, edited = find_subjects(cached, test, of.attribute, method.aims, others)
    metadata = made_by("measure_transfer", options.made_by, *judging.packages)
    nothing = _counts(count(np.empty((0, 0), np.int8), [], []), "", "")
    if "lexicon" in judging.uses and all(subject.word.lemma is None for subject in subjects):
        log.warning("%s: no word with a value has a lemma, so none is known to move", of)
        write_parquet(options.transfer, named(names | method.names, nothing), metadata)
        return
    places = [Place(subject.word.sentence, subject.word.word) for subject in subjects]
    rankings, statistics = [one[2] for one in borrowed], [one[3] for one in borrowed]
    made, rows = method.edits(rankings, places, statistics)
    model = MaskedLM(options.model, resolve_device(options.device))
    ks = sorted(set(grid(model.width, options.step)) & {0, *options.report})
    if len(ks) == 1:
        log.warning(
            "no k of neurons.report is on the grid, every %d below the width, %d: there is nothing "
            "to compare",
            options.step,
            model.width,
        )
    edits = [Edits(edit, neurons, ks[1:]) for edit, neurons in zip(made, rankings, strict=True)]
    touched = edited_sentences(cached, edited, rows)
    changed = run_model(model, of.layer, touched, edits, options.precision)
    ids, unchanged = read_ids(cached, [pairs[:, 0] for pairs in edited])
    reader = Reader(options.model)
    parts = [nothing]
    for (ranking_of, means_of, *_), of_edit in zip(borrowed, changed.of, strict=True):
        predicted = np.concatenate([unchanged[None], of_edit])
        without_token = reader.without_token(predicted)
        outcomes, _ = judge(
            predicted, ids, subjects, judging.analyzer, reader.decode, without_token
        )
        parts.append(_counts(count(outcomes, subjects, ks), ranking_of, means_of))
    write_parquet(options.transfer, named(names | method.names, pa.concat_tables(parts)), metadata)


def _counts(counts: pa.Table, ranking_of: str, means_of: str) -> pa.Table:
    """Return rows of a file, of the counts of one edit."""
    rows = counts.select(COLUMNS)
    for name, value in (("means_of", means_of), ("ranking_of", ranking_of)):
        rows = rows.add_column(0, name, pa.array([value] * len(rows), pa.string()))
    return rows


if __name__ == "__main__":
    run(arguments(), main)
