"""Intervene: edit the first k neurons of rankings inside the model, for k = 0, step, 2 step ...

Writes what it is (the columns of the ranking's file, `method` with its options, `has_target`) and
the counts of each (k, sentence): what became of the words that are edited, and of those beside
them; and the words that changed as meant at the saturation point.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.progress import progress
from workflow_scripts.command.seeds import generator
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.rankings import named, read_ranking
from workflow_scripts.files.states import read_states
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.files.words import compared_attributes, sentences
from workflow_scripts.interventions.analyzers import MOVED, TO_TARGET
from workflow_scripts.interventions.edits import (
    ONLY_UNCHANGED,
    Method,
    Place,
    add_drawing_options,
    add_method_options,
    grid,
)
from workflow_scripts.interventions.judging import add_analyzer_options, judge_of
from workflow_scripts.interventions.outcomes import (
    EXAMPLES,
    count,
    differing,
    examples,
    judge,
)
from workflow_scripts.interventions.prediction import (
    EditedSentence,
    Edits,
    Predicted,
    predict_edited,
)
from workflow_scripts.interventions.subjects import (
    edited_sentences,
    find_bystanders,
    find_subjects,
    read_ids,
)
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.precision import EXACT, FAST
from workflow_scripts.models.reading import Reader

log = logging.getLogger("intervene")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    configuration.add_statistics_option(parser)
    parser.add_argument("--words", type=Path, required=True, help="words file of the split")
    parser.add_argument("--split", default="test", help="whose words are changed, test or dev")
    parser.add_argument("--subtokens", type=Path, required=True, help="cached subtokens")
    parser.add_argument("--states", type=Path, required=True, help="cached states of the layer")
    parser.add_argument("--rankings", type=Path, nargs="+", required=True, help="Parquet files")
    add_analyzer_options(parser)
    add_method_options(parser)
    add_drawing_options(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--precision", default=EXACT, choices=[EXACT, FAST], help="on a GPU")
    add_threads(parser)
    parser.add_argument(
        "--outcomes", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    parser.add_argument(
        "--examples", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    of = read_configuration(options.statistics)
    compared = compared_attributes(options.words, of.attribute)
    others = [name for name in compared if name != of.attribute]
    words = sentences(options.words, ["form", "lemma", "upos", of.attribute, *others])
    test = {sentence.number: sentence.columns for sentence in words}
    method = Method(options, of, test)
    of_method = method.names | {"split": options.split}
    rankings = [read_ranking(path, of) for path in options.rankings]
    if not any(len(neurons) for _, neurons in rankings):
        log.warning("%s: the ranking has no neuron, so nothing is changed", of)
        write_nothing(options, [names | of_method for names, _ in rankings])
        return
    judging = judge_of(options, of, test, others)
    cached = read_states(options.subtokens, options.states)
    subjects, edited = find_subjects(cached, test, of.attribute, method.aims, others)
    without_lemma = sum(subject.word.lemma is None for subject in subjects)
    by_form = 0 < len(subjects) == without_lemma and "lexicon" in judging.uses
    if without_lemma and "lexicon" in judging.uses:
        log.info(
            "%s: %d of %d words have no lemma: a change of them is no analysis%s",
            of,
            without_lemma,
            len(subjects),
            ", and what asks for lemmas, as CLWV, is empty" * by_form,
        )
    # Without the layer: the same words are watched at each.
    stream = generator(options.seed, of.model, of.treebank, of.attribute, "bystanders")
    bystanders, watched = find_bystanders(cached, test, of.attribute, of.values, stream)
    places = [Place(subject.word.sentence, subject.word.word) for subject in subjects]
    made, rows = method.edits([neurons for _, neurons in rankings], places)
    touched = edited_sentences(cached, edited, rows, watched)
    reader = Reader(options.model)
    model = MaskedLM(options.model, resolve_device(options.device))
    meant = TO_TARGET if method.has_target else MOVED
    ks = grid(model.width, options.step)
    if len(ks) == 1:
        log.warning(ONLY_UNCHANGED, options.step, model.width)
    edits = [
        Edits(edit, neurons, ks[1:]) for edit, (_, neurons) in zip(made, rankings, strict=True)
    ]
    changed = run_model(model, of.layer, touched, edits, options.precision)
    ids, unchanged = read_ids(cached, [pairs[:, 0] for pairs in edited])
    read, unwatched = read_ids(cached, watched)
    of_edited, of_watched, seen_of = _parts(edited, watched)
    seen = {} if changed.computed_again is None else {"computed_again": changed.computed_again}
    metadata = made_by("intervene", options.made_by, *judging.packages, **seen)
    for (names, _), of_ranking, outcomes_file, examples_file in zip(
        rankings, changed.of, options.outcomes, options.examples, strict=True
    ):
        names |= of_method
        predicted = np.concatenate([unchanged[None], of_ranking[:, of_edited]])
        beside = np.tile(unwatched, (len(ks), 1))
        beside[1:, seen_of] = of_ranking[:, of_watched]
        outcomes, words = judge(
            predicted,
            ids,
            subjects,
            judging.analyzer,
            reader.decode,
            reader.without_token(predicted),
        )
        changes = examples(outcomes, words, subjects, ks, meant)
        write_parquet(examples_file, named(names, changes), metadata)
        of_beside = {
            name: differing(beside, given, bystanders, reader.decode)
            for name, given in {"side_effects": unwatched, "unedited_errors": read}.items()
        }
        strict = not judging.lemma_alone
        counts = count(outcomes, subjects, ks, bystanders, of_beside, strict, by_form)
        write_parquet(outcomes_file, named(names, counts), metadata)


def _parts(
    edited: Sequence[np.ndarray], watched: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which predictions are of edited subtokens, which of watched ones, and of which.

    Sentences without an edited word are not run: nothing becomes of their watched ones.
    """
    is_run = np.array([len(pairs) > 0 for pairs in edited], bool)
    n_edited = np.array([len(pairs) for pairs in edited], np.int64)[is_run]
    n_watched = np.array([len(places) for places in watched], np.int64)
    lengths = np.stack([n_edited, n_watched[is_run]], axis=1).ravel()
    is_edited = np.repeat(np.tile([True, False], len(n_edited)), lengths)
    seen = np.flatnonzero(np.repeat(is_run, n_watched))
    return np.flatnonzero(is_edited), np.flatnonzero(~is_edited), seen


def write_nothing(options: argparse.Namespace, names_of_rankings: list[dict]) -> None:
    """Write files without a row, of rankings without a neuron."""
    nothing = count(np.empty((0, 0), np.int8), [], [])
    for names, outcomes_file, examples_file in zip(
        names_of_rankings, options.outcomes, options.examples, strict=True
    ):
        metadata = made_by("intervene", options.made_by)
        write_parquet(examples_file, named(names, EXAMPLES.empty_table()), metadata)
        write_parquet(outcomes_file, named(names, nothing), metadata)


def run_model(
    model: MaskedLM,
    layer: int,
    touched: list[EditedSentence],
    edits: list[Edits],
    precision: str,
) -> Predicted:
    """Return the predictions of the subtokens asked for under `edits`, and show progress."""
    n_edits = sum(len(of.ks) for of in edits)
    total = n_edits * sum(len(sentence.places) for sentence in touched)
    with progress(total, f"{n_edits} edits", "predictions") as bar:
        return predict_edited(model, touched, layer, edits, precision, progress=bar.update)


if __name__ == "__main__":
    run(arguments(), main)
