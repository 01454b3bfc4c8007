"""Intervene: edit the first k neurons of rankings inside the model, for k = 0, step, 2 step ...

Writes the outcome counts of each (k, sentence), and the words that changed as meant at the
saturation point.
"""

import argparse
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np

from workflow_scripts import configuration
from workflow_scripts.analyzers import Outcome, TrueWord
from workflow_scripts.analyzers.lexicon import Analysis, Analyzer
from workflow_scripts.command_line import add_made_by, run
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.states import CachedSentence, read_states
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions import Edit, EditTask, target
from workflow_scripts.models.batching import resolve_device
from workflow_scripts.models.intervening import EditedSentence, predict_edited
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.outcomes import Subject, count, examples, judge
from workflow_scripts.progress import progress
from workflow_scripts.threads import use_threads


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    parser.add_argument("--words-test", type=Path, required=True, help="words file")
    parser.add_argument("--attributes", type=Path, required=True, help="attributes.csv")
    parser.add_argument("--attribute", required=True, help="its name in the schema")
    parser.add_argument("--schema", required=True)
    parser.add_argument("--subtokens", type=Path, required=True, help="cached subtokens")
    parser.add_argument("--states", type=Path, required=True, help="cached states of the layer")
    parser.add_argument("--statistics", type=Path, required=True, help="class statistics")
    parser.add_argument("--rankings", type=Path, nargs="+", required=True)
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--method", required=True, help="ablation or translation")
    parser.add_argument(
        "--method-options", type=json.loads, default={}, help='JSON: {"beta": 8, "scaled": true}'
    )
    parser.add_argument("--step", type=int, required=True, help="k = 0, step, 2 step ... < d")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--outcomes", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    parser.add_argument(
        "--examples", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    values = configuration.values_of(options)
    method = import_module(f"workflow_scripts.interventions.{options.method}")
    schema = import_module(f"workflow_scripts.schemas.{options.schema}")
    means = read_statistics(options.statistics, scatters=False).means
    cached = read_states(options.subtokens, options.states)
    subjects, edited = subjects_of(options, cached, values, method.HAS_TARGET)
    ids, unchanged = edited_ids(cached, edited)
    touched = edited_sentences(cached, edited)
    analyzer = Analyzer(
        analyses(options.lexicon, options.attribute),
        lemma_alone=options.attribute == schema.PART_OF_SPEECH,
    )
    decode = Reader(options.model).decode
    model = MaskedLM(options.model, resolve_device(options.device))
    meant = Outcome.CLTV if method.HAS_TARGET else Outcome.CLWV
    metadata = made_by("intervene", options.made_by)
    for ranking, outcomes_file, examples_file in zip(
        options.rankings, options.outcomes, options.examples, strict=True
    ):
        neurons = read_parquet(ranking, ["neuron"]).column("neuron").to_numpy()
        ks = list(range(0, len(neurons), options.step))
        edit = method.edit(EditTask(neurons, means), **options.method_options)
        changed = run_model(model, options.layer, touched, edit, neurons, ks[1:])
        predicted = np.concatenate([unchanged[None], changed])
        outcomes, words = judge(predicted, ids, subjects, analyzer, decode)
        write_parquet(examples_file, examples(outcomes, words, subjects, ks, meant), metadata)
        write_parquet(outcomes_file, count(outcomes, subjects, ks), metadata)


def subjects_of(
    options: argparse.Namespace, cached: list[CachedSentence], values: list[str], has_target: bool
) -> tuple[list[Subject], list[np.ndarray]]:
    """Return the words intervened on, and for each cached sentence its (position, value) pairs.

    Pairs are (r, 2) int, in order: a subtoken of such a word, and the index of its value.
    """
    index = {value: i for i, value in enumerate(values)}
    treebank = {
        s.number: s.columns
        for s in sentences(options.words_test, ["form", "lemma", "upos", options.attribute])
    }
    subjects: list[Subject] = []
    edited: list[np.ndarray] = []
    row = 0
    for sentence in cached:
        columns = treebank[sentence.number]
        pairs = []
        for word in np.unique(sentence.read.words[sentence.read.words >= 0]):
            value = columns[options.attribute][word]
            if value not in index:
                continue
            places = np.flatnonzero(sentence.read.words == word)
            pairs += [(place, index[value]) for place in places]
            subjects.append(
                Subject(
                    TrueWord(
                        sentence.number,
                        int(word),
                        columns["lemma"][word],
                        columns["upos"][word],
                        value,
                        values[target(index[value], len(values))] if has_target else None,
                    ),
                    row,
                    row + len(places),
                )
            )
            row += len(places)
        edited.append(np.array(pairs, np.int64).reshape(-1, 2))
    return subjects, edited


def edited_ids(
    cached: list[CachedSentence], edited: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the edited subtokens' input ids and unchanged predictions, (R,) int32 each."""
    pairs = list(zip(cached, edited, strict=True))
    ids = [sentence.read.ids[rows[:, 0]] for sentence, rows in pairs]
    predicted = [sentence.predicted[rows[:, 0]] for sentence, rows in pairs]
    return np.concatenate(ids), np.concatenate(predicted)


def edited_sentences(
    cached: list[CachedSentence], edited: list[np.ndarray]
) -> list[EditedSentence]:
    """Return the sentences that have a word intervened on."""
    return [
        EditedSentence(sentence.read, sentence.states, rows[:, 0], rows[:, 1])
        for sentence, rows in zip(cached, edited, strict=True)
        if len(rows)
    ]


def run_model(
    model: MaskedLM,
    layer: int,
    touched: list[EditedSentence],
    edit: Edit,
    neurons: np.ndarray,
    ks: list[int],
) -> np.ndarray:
    """Return predictions (len(ks), R) int32 of the edited subtokens."""
    total = sum(len(sentence.edited) for sentence in touched)
    with progress(total, f"{len(ks)} values of k", "subtokens") as bar:
        return predict_edited(model, touched, layer, edit, neurons, ks, progress=bar.update)


def analyses(lexicon: Path, attribute: str) -> Iterator[tuple[str, Analysis]]:
    """Yield (key, (lemma, upos, value)) of a lexicon file, each once."""
    table = read_parquet(lexicon, ["key", "lemma", "upos", attribute])
    columns = [table.column(i).to_pylist() for i in range(4)]
    for key, lemma, upos, value in dict.fromkeys(zip(*columns, strict=True)):
        yield key, (lemma, upos, value)


if __name__ == "__main__":
    run(arguments(), main)
