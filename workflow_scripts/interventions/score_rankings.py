"""Score the rankings of a configuration of a compiled model by its truth -> a row a ranking.

`ap_used` and `ap_encoded`, `auroc_used` and `auroc_encoded`: how early the neurons stand that the
model uses, and those that hold the attribute. `use_area` and `encoded_area`: the area under the
curve of what translation moves, and of the linear probe's accuracy, over ln(1 + k) up to
k = 8 · copies · ⌈log₂ values⌉, where 0 is the mean of 20 random orders, and 1 the order of the
truth: used neurons first, or neurons by what they tell of the value. An area is empty where the
order of the truth gives no more than random ones.

`vote_ap_used` and `vote_ap_encoded` are those of the vote of the other rankings from the top, by
Borda count as in table `agreement`: does consensus find used neurons? Empty without others.

In a compiled model no word depends on another, so each distinct test word is run once, alone, and
counts as often as it stands there.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.command.progress import progress
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import IDENTITY
from workflow_scripts.files.lexicon import analyses
from workflow_scripts.files.rankings import read_ranking
from workflow_scripts.files.states import CachedSentence
from workflow_scripts.files.statistics import read_configuration, read_statistics
from workflow_scripts.files.truth import Truth, read_truth
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions.analyzers import TO_TARGET, AnalyzerTask
from workflow_scripts.interventions.analyzers.lexicon import Analyzer
from workflow_scripts.interventions.methods import EditTask, aims, translation
from workflow_scripts.interventions.outcomes import judge
from workflow_scripts.interventions.prediction import Edits, predict_edited
from workflow_scripts.interventions.subjects import edited_sentences, find_subjects, read_ids
from workflow_scripts.kernels.area import area_weights
from workflow_scripts.kernels.planted import bits_of
from workflow_scripts.kernels.retrieval import area_under_roc, average_precision
from workflow_scripts.kernels.softmax_regression import (
    initial_weights,
    nested_losses,
    train_nested,
)
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.kernels.voting import borda
from workflow_scripts.kernels.words import Configuration
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader

N_RANDOM = 20
"""How many random orders there are."""
TIMES_USED = 8
"""How many times as many neurons as are used, unless rotated, a curve goes on for."""

MAYBE_EMPTY = ("use_area", "encoded_area", "vote_ap_used", "vote_ap_encoded")

Curves = Callable[[Sequence[np.ndarray]], np.ndarray]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="folder of the compiled model")
    parser.add_argument("--planted", required=True, help="the name of all models of its entry")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    configuration.add_word_options(parser, ("train", "test"))
    configuration.add_statistics_option(parser)
    parser.add_argument("--schema", required=True, help="unimorph or ud")
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument(
        "--rankings", type=Path, nargs="+", required=True, help="from the top, and random"
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--scores", type=Path, required=True, help="Parquet to write")
    add_threads(parser)
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    of = read_configuration(options.statistics)
    truth = read_truth(options.model)
    d = len(truth.information)
    last = min(d, TIMES_USED * truth.n_copies * bits_of(len(of.values)))
    stream = configuration.stream(of, options.seed)
    read = [read_ranking(path, of) for path in options.rankings]
    files = [(names, neurons) for names, neurons in read if len(neurons)]  # some rank nothing
    rankings = [neurons for _, neurons in files]
    drawn = [stream("score_rankings", i).permutation(d) for i in range(N_RANDOM)]
    used = _first(truth.used, d)
    telling = np.argsort(-truth.information, kind="stable")
    with progress(2 * (len(rankings) + N_RANDOM + 1), "orders of neurons", "curves") as bar:
        moved = scaled(moved_by(options, of, last, bar.update), rankings, used, drawn)
        told = scaled(read_by(options, of, last, stream, bar.update), rankings, telling, drawn)
    rows = [
        {name: names[name] for name in IDENTITY}
        | {
            "planted": options.planted,
            "ap_used": average_precision(neurons, truth.used),
            "ap_encoded": average_precision(neurons, truth.encoded),
            "auroc_used": area_under_roc(neurons, truth.used),
            "auroc_encoded": area_under_roc(neurons, truth.encoded),
            **votes(names["ranking"], files, truth),
            "use_area": use_area,
            "encoded_area": encoded_area,
        }
        for (names, neurons), use_area, encoded_area in zip(files, moved, told, strict=True)
    ]
    table = pl.DataFrame(rows, infer_schema_length=None).cast({"layer": pl.Int32})
    table = table.with_columns(
        pl.col("direction").cast(pl.String), pl.col(MAYBE_EMPTY).cast(pl.Float64)
    )
    write_parquet(options.scores, table.to_arrow(), made_by("score_rankings", options.made_by))


def _first(neurons: np.ndarray, d: int) -> np.ndarray:
    """Return all d neurons, these first."""
    return np.concatenate([neurons, np.setdiff1d(np.arange(d), neurons)])


def votes(
    ranking: str, files: Sequence[tuple[dict, np.ndarray]], truth: Truth
) -> dict[str, float | None]:
    """Return how early the neurons stand in the vote of the other rankings from the top."""
    others = [
        neurons.tolist()
        for names, neurons in files
        if names["direction"] == "ttb" and names["ranking"] != ranking
    ]
    if not others:
        return dict.fromkeys(("vote_ap_used", "vote_ap_encoded"))
    elected = _first(np.array(borda(others)), len(truth.information))
    return {
        "vote_ap_used": average_precision(elected, truth.used),
        "vote_ap_encoded": average_precision(elected, truth.encoded),
    }


def scaled(
    curves: tuple[np.ndarray, Curves],
    rankings: Sequence[np.ndarray],
    best: np.ndarray,
    drawn: Sequence[np.ndarray],
) -> list[float | None]:
    """Return the area of each ranking where 0 is the mean of drawn orders, and 1 the best order.

    `curves` are the k, and a function that gives a curve (K,) of each order.
    """
    ks, of = curves
    areas = of([best, *drawn, *rankings]) @ area_weights(ks)
    highest, lowest = areas[0], areas[1 : 1 + len(drawn)].mean()
    if highest - lowest < 1e-9:
        return [None] * len(rankings)
    return ((areas[1 + len(drawn) :] - lowest) / (highest - lowest)).tolist()


class DistinctWord(NamedTuple):
    """What is known of a test word."""

    form: str
    lemma: str | None
    upos: str
    value: str


def moved_by(
    options: argparse.Namespace, of: Configuration, last: int, done: Callable[[int], object]
) -> tuple[np.ndarray, Curves]:
    """Return k = 0, 1, ..., last, and what share of words translation moves to the target."""
    words = _distinct_words(options.words_test, of)
    reader = Reader(options.model)
    model = MaskedLM(options.model, resolve_device(options.device))
    forms = [word.form for word in words]
    # Without special tokens, on which nothing depends either: a third of the work.
    read = [
        Subtokens(np.array(ids, np.int32), np.zeros(len(ids), np.int32))
        for ids in reader.read_alone(forms)
    ]
    batch = model.batch(read)
    states = model.lower(batch, [of.layer])[of.layer].cpu().numpy()
    top = model.lower(batch, [model.n_layers])[model.n_layers]
    unchanged = model.predict(top.flatten(0, 1)).cpu().numpy().astype(np.int32)
    each = unchanged.reshape(len(read), -1)
    alone = [
        CachedSentence(i, read[i], each[i], np.ascontiguousarray(states[i]))
        for i in range(len(read))
    ]
    columns = {
        i: {"lemma": [word.lemma], "upos": [word.upos], of.attribute: [word.value]}
        for i, word in enumerate(words)
    }
    to_next = aims(of.values, translation.TARGET, {})
    subjects, edited = find_subjects(alone, columns, of.attribute, to_next)
    ids, given = read_ids(alone, [pairs[:, 0] for pairs in edited])
    labels = np.array([of.values.index(subject.word.value) for subject in subjects], np.int64)
    touched = edited_sentences(alone, edited, labels)
    counts = np.array([words[word] for word in words])
    schema = load("schemas", options.schema)
    analyzer = Analyzer(
        AnalyzerTask(
            attribute=of.attribute,
            lemma_alone=of.attribute == schema.PART_OF_SPEECH,
            lexicon=lambda: analyses(options.lexicon, of.attribute),
            pipeline=str,
            analyse=schema.analyse,
            forms=lambda i: [forms[i]],
        )
    )
    means = read_statistics(options.statistics, scatters=False).means

    def curves(orders: Sequence[np.ndarray]) -> np.ndarray:
        found = []
        for neurons in orders:
            task = EditTask(neurons.astype(np.int32), of.values, lambda: means)
            edits = Edits(translation.edit(task, beta=1, scaled=False), neurons, range(1, last + 1))
            (changed,) = predict_edited(model, touched, of.layer, [edits]).of
            outcomes, _ = judge(
                np.concatenate([given[None], changed]), ids, subjects, analyzer, reader.decode
            )
            found.append(np.isin(outcomes, TO_TARGET) @ counts / counts.sum())
            done(1)
        return np.array(found)

    return np.arange(last + 1), curves


def _distinct_words(path: Path, of: Configuration) -> Counter[DistinctWord]:
    """Return the test words with a kept value, and how often each stands there."""
    names = ["form", "lemma", "upos", of.attribute]
    return Counter(
        DistinctWord(*word)
        for sentence in sentences(path, names)
        for word in zip(*(sentence.columns[name] for name in names), strict=True)
        if word[3] in of.values
    )


def read_by(
    options: argparse.Namespace,
    of: Configuration,
    last: int,
    stream: Callable[..., np.random.Generator],
    done: Callable[[int], object],
) -> tuple[np.ndarray, Curves]:
    """Return k = 1, 2, ..., last, and the test accuracy of the linear probe on that many."""
    train, test = (configuration.labelled(options, split, of).load() for split in ("train", "test"))
    ks = np.arange(1, last + 1)
    initial = [initial_weights(stream("linear", int(k)), int(k), len(of.values)) for k in ks]

    def curves(orders: Sequence[np.ndarray]) -> np.ndarray:
        found = []
        for neurons in orders:
            first = neurons[:last]
            x = np.ascontiguousarray(train.x[:, first])
            probes = train_nested(x, train.y, initial, options.threads)
            x = np.ascontiguousarray(test.x[:, first])
            found.append(nested_losses(probes, x, test.y, options.threads)[0])
            done(1)
        return np.array(found, np.float64)

    return ks, curves


if __name__ == "__main__":
    run(arguments(), main)
