"""Intervene: edit the first k neurons of rankings inside the model, for k = 0, step, 2 step ...

Writes what it is (the columns of the ranking's file, `method` with its options, `has_target`) and
the outcome counts of each (k, sentence); and the words that changed as meant at the saturation
point.
"""

import argparse
import json
import logging
from functools import cache
from pathlib import Path

import numpy as np

from workflow_scripts.command import configuration
from workflow_scripts.command.given import given, require
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.command.progress import progress
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.lexicon import analyses
from workflow_scripts.files.rankings import named, read_ranking
from workflow_scripts.files.states import read_states
from workflow_scripts.files.statistics import read_configuration, read_statistics
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions.analyzers import AnalyzerTask, Outcome
from workflow_scripts.interventions.methods import EditTask
from workflow_scripts.interventions.outcomes import EXAMPLES, count, examples, judge
from workflow_scripts.interventions.prediction import (
    EditedSentence,
    Edits,
    Predicted,
    predict_edited,
)
from workflow_scripts.interventions.subjects import edited_ids, edited_sentences, find_subjects
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
    parser.add_argument("--words-test", type=Path, required=True, help="words file")
    parser.add_argument("--schema", required=True, help="unimorph or ud")
    parser.add_argument("--subtokens", type=Path, required=True, help="cached subtokens")
    parser.add_argument("--states", type=Path, required=True, help="cached states of the layer")
    parser.add_argument("--rankings", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--analyzer", required=True, help="who gives a predicted word its lemma")
    parser.add_argument(
        "--lexicon", type=Path, nargs="?", help="forms with their analyses, for analyzer lexicon"
    )
    parser.add_argument("--pipeline", nargs="?", help="of the language, for analyzer spacy")
    parser.add_argument("--method", required=True, help="ablation or translation")
    parser.add_argument(
        "--method-options", type=json.loads, default={}, help='JSON: {"beta": 8, "scaled": true}'
    )
    parser.add_argument("--name", help="the method's in the tables; by default its own")
    parser.add_argument("--step", type=int, required=True, help="k = 0, step, 2 step ... < d")
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
    method = load("methods", options.method)
    method_names = {"method": options.name or options.method, **options.method_options}
    method_names |= {"has_target": method.HAS_TARGET}
    rankings = [read_ranking(path, of) for path in options.rankings]
    if not any(len(neurons) for _, neurons in rankings):
        log.warning("%s: the ranking has no neuron, so nothing is changed", of)
        write_nothing(options, [names | method_names for names, _ in rankings])
        return
    schema = load("schemas", options.schema)
    analyzers = load("analyzers", options.analyzer)
    needed = {"lexicon": ["lexicon"], "pipeline": ["pipeline"]}
    require(options, analyzers.USES, needed, f"analyzer {options.analyzer}")
    means = given(
        "means",
        method.USES,
        cache(lambda: read_statistics(options.statistics, scatters=False).means),
    )
    cached = read_states(options.subtokens, options.states)
    words = sentences(options.words_test, ["form", "lemma", "upos", of.attribute])
    test = {sentence.number: sentence.columns for sentence in words}
    subjects, edited = find_subjects(cached, test, of.attribute, of.values, method.HAS_TARGET)
    without_lemma = sum(subject.word.lemma is None for subject in subjects)
    if without_lemma and "lexicon" in analyzers.USES:
        log.info(
            "%s: %d of %d words have no lemma: a change of them is no analysis",
            of,
            without_lemma,
            len(subjects),
        )
    ids, unchanged = edited_ids(cached, edited)
    touched = edited_sentences(cached, edited)
    uses = analyzers.USES
    task = AnalyzerTask(
        attribute=of.attribute,
        lemma_alone=of.attribute == schema.PART_OF_SPEECH,
        lexicon=given("lexicon", uses, lambda: analyses(options.lexicon, of.attribute)),
        pipeline=given("pipeline", uses, lambda: options.pipeline),
        analyse=schema.analyse,
        forms=lambda sentence: test[sentence]["form"],
    )
    analyzer = analyzers.Analyzer(task)
    reader = Reader(options.model)
    model = MaskedLM(options.model, resolve_device(options.device))
    meant = Outcome.CLTV if method.HAS_TARGET else Outcome.CLWV
    also = ("spacy", options.pipeline) if "pipeline" in analyzers.USES else ()
    ks = list(range(0, model.width, options.step))
    if len(ks) == 1:
        log.warning(
            "step %d is not below the width, %d: k = 0 alone, so nothing is changed",
            options.step,
            model.width,
        )
    tasks = [EditTask(neurons, len(of.values), means) for _, neurons in rankings]
    edits = [
        Edits(method.edit(task, **options.method_options), task.neurons, ks[1:]) for task in tasks
    ]
    changed = run_model(model, of.layer, touched, edits, options.precision)
    seen = {} if changed.computed_again is None else {"computed_again": changed.computed_again}
    metadata = made_by("intervene", options.made_by, *also, **seen)
    for (names, _), of_ranking, outcomes_file, examples_file in zip(
        rankings, changed.of, options.outcomes, options.examples, strict=True
    ):
        names |= method_names
        predicted = np.concatenate([unchanged[None], of_ranking])
        outcomes, words = judge(
            predicted, ids, subjects, analyzer, reader.decode, reader.without_token(predicted)
        )
        changes = examples(outcomes, words, subjects, ks, meant)
        write_parquet(examples_file, named(names, changes), metadata)
        write_parquet(outcomes_file, named(names, count(outcomes, subjects, ks)), metadata)


def write_nothing(options: argparse.Namespace, names_of_rankings: list[dict]) -> None:
    """Write files without a row, of rankings without a neuron."""
    outcomes = np.empty((0, 0), np.int8)
    for names, outcomes_file, examples_file in zip(
        names_of_rankings, options.outcomes, options.examples, strict=True
    ):
        metadata = made_by("intervene", options.made_by)
        write_parquet(examples_file, named(names, EXAMPLES.empty_table()), metadata)
        write_parquet(outcomes_file, named(names, count(outcomes, [], [])), metadata)


def run_model(
    model: MaskedLM,
    layer: int,
    touched: list[EditedSentence],
    edits: list[Edits],
    precision: str,
) -> Predicted:
    """Return the predictions of the edited subtokens under `edits`, and show progress."""
    n_edits = sum(len(of.ks) for of in edits)
    total = n_edits * sum(len(sentence.edited) for sentence in touched)
    with progress(total, f"{n_edits} edits", "predictions") as bar:
        return predict_edited(model, touched, layer, edits, precision, progress=bar.update)


if __name__ == "__main__":
    run(arguments(), main)
