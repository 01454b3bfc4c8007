"""Facts about the tables of neurons: which neurons they have, and what they say of each."""

from itertools import product

import polars as pl
import pytest

from tests.support.commands import call
from tests.support.study_tables import by
from tests.support.treebank_files import read_text, sentence_of
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import BIN_COLUMNS
from workflow_scripts.tables import build_table, collect

PAIR = {"model": "m", "treebank": "t"}
D, BOTH = 30, ["number/layer-1", "number/layer-2"]
RANKINGS = {"linear-ttb": 1, "mine-ttb": 7, "random": 11}
LONG = [f"w{i}" for i in range(20)]


def of_layer(layer):
    return PAIR | {"attribute": "Number", "layer": layer}


def order(ranking, layer):
    """Neurons in the order of a ranking."""
    return [(i * RANKINGS[ranking] + layer) % D for i in range(D)]


def write(path, rows, types):
    schema = dict.fromkeys(("model", "treebank", "attribute"), pl.String) | {"layer": pl.Int32}
    frame = pl.DataFrame(rows, schema=schema | types, orient="row")
    write_parquet(path, frame.to_arrow(), made_by("test"))


NAMED = dict.fromkeys(("ranking", "ranker", "direction"), pl.String)
PLACES = {"position": pl.Int32, "neuron": pl.Int32, "score": pl.Float64}
FACTS = {"neuron": pl.Int32, "information": pl.Float64, "cohens_d": pl.Float64}
MOMENTS = dict.fromkeys(("mean", "sd", "low", "high"), pl.Float64)
VALUES = {"neuron": pl.Int32, "value": pl.String, "words": pl.Int64} | MOMENTS
VALUES |= dict.fromkeys(BIN_COLUMNS, pl.Int32)
PEAKS = {"neuron": pl.Int32, "end": pl.String, "place": pl.Int32, "sentence": pl.Int32}
PEAKS |= {"word": pl.Int32, "form": pl.String, "value": pl.String, "activation": pl.Float32}


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """`collected(describe)` has the three tables of a pair, with so many neurons of a ranking."""
    folder = tmp_path_factory.mktemp("neurons")
    one = sentence_of(*LONG)
    words = read_text(folder, train=one, dev=one, test=one + sentence_of("a", "b"))
    for layer in (1, 2):
        of = tuple(of_layer(layer).values())
        place = folder / f"number/layer-{layer}"
        for name in RANKINGS:
            rows = [
                (*of, *by(name).values(), i, neuron, 1 - i / D)
                for i, neuron in enumerate(order(name, layer))
            ]
            extra = ["option"] if name == "mine-ttb" else []
            rows = [(*row, *([8.0] * len(extra))) for row in rows]
            write(
                place / f"{name}.parquet", rows, NAMED | PLACES | dict.fromkeys(extra, pl.Float64)
            )
        write(place / "empty-ttb.parquet", [], NAMED | PLACES)
        facts = [(*of, n, n / 100, float("inf") if n == 3 else n / 4) for n in range(D)]
        write(place / "neurons.parquet", facts, FACTS)
        values = [
            (*of, n, value, 24 * n, n / 2, None, -1.0, 1.0, *[n] * 24)
            for n, value in product(range(D), ("PL", "SG"))
        ]
        write(place / "values.parquet", values, VALUES)
        peaks = [
            (*of, n, end, 1, *at, form, "SG", n / 8)
            for n in range(D)
            for end, at, form in (("highest", (0, n % 20), LONG[n % 20]), ("lowest", (1, 0), "a"))
        ]
        write(place / "words.parquet", peaks, PEAKS)

    def tables(describe):
        target = folder / f"collected-{describe}.parquet"
        call(
            collect,
            collection="neurons",
            configurations=BOTH,
            rankings=[f"{folder}/{{configuration}}/{n}.parquet" for n in (*RANKINGS, "empty-ttb")],
            neurons=[
                f"{folder}/{{configuration}}/{n}.parquet" for n in ("neurons", "values", "words")
            ],
            words_test=words / "test.parquet",
            describe=describe,
            collected=target,
        )
        for name in ("neurons", "neuron_values", "neuron_words"):
            made = {kind: folder / f"{name}-{describe}.{kind}" for kind in ("csv", "parquet")}
            call(build_table, table=name, neurons=[target], **made)
            yield pl.read_parquet(made["parquet"])

    return tables


@pytest.mark.parametrize("describe", [1, 4, 20])
def test_the_neurons_are_those_among_the_first_of_a_ranking_with_all_their_places(
    collected, describe
):
    neurons, values, words = collected(describe)
    for layer in (1, 2):
        first = {n for name in RANKINGS for n in order(name, layer)[:describe]}
        expected = [
            (*of_layer(layer).values(), n, name, i, D, 1 - i / D, n / 100)
            for n in sorted(first)
            for name in RANKINGS
            for i in [order(name, layer).index(n)]
        ]
        here = neurons.filter(layer=layer)
        assert here.drop("cohens_d", "ranker", "direction").rows() == expected
        for table in (values, words):
            assert set(table.filter(layer=layer)["neuron"]) == first
    assert neurons.columns[-3:] == ["cohens_d", "ranker", "direction"]
    ranker = dict(zip(neurons["ranking"], neurons["ranker"], strict=True))
    assert ranker == {"linear-ttb": "linear", "mine-ttb": "mine", "random": "random"}


def test_what_was_measured_of_a_neuron_stays_as_it_was(collected):
    neurons, values, words = collected(4)
    for n, d in neurons.select("neuron", "cohens_d").rows():
        assert d == (float("inf") if n == 3 else n / 4)
    assert values.columns == ["model", "treebank", "attribute", "layer", *VALUES]
    for row in values.iter_rows(named=True):
        assert (row["words"], row["mean"], row["sd"]) == (
            24 * row["neuron"],
            row["neuron"] / 2,
            None,
        )
        assert [row[name] for name in BIN_COLUMNS] == [row["neuron"]] * 24
    assert words.columns == ["model", "treebank", "attribute", "layer", *PEAKS, "context"]
    assert words["activation"].to_list() == [n / 8 for n in words["neuron"]]


def test_a_word_stands_in_brackets_among_eight_on_each_side(collected):
    _, _, words = collected(20)
    for row in words.iter_rows(named=True):
        i = row["neuron"] % 20
        if row["end"] == "lowest":
            assert row["context"] == "[a] b"
            continue
        around = [*LONG[max(0, i - 8) : i], f"[{LONG[i]}]", *LONG[i + 1 : i + 9]]
        text = "… " * (i > 8) + " ".join(around) + " …" * (i + 9 < len(LONG))
        assert row["context"] == text
