"""Facts about transfer: words changed with the ranking and the means of another treebank."""

import polars as pl
import pyarrow as pa
import pytest

from tests.support.commands import call
from tests.support.formulas_interventions import intervene_by_hand
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.columns import COUNTS, WATCHED
from workflow_scripts.files.rankings import named
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.interventions import measure_transfer
from workflow_scripts.rankings import compute_statistics, rank_neurons
from workflow_scripts.tables import collect
from workflow_scripts.tables.tables import transfer


@pytest.fixture(scope="module")
def other(intervened, tmp_path_factory):
    """Statistics and ranking of Number at layer 2 as of another treebank: the dev words."""
    folder = tmp_path_factory.mktemp("other")
    activations = intervened.folder / "activations/2/dev.parquet"
    made = {"seed": 1, "statistics": folder / "statistics.safetensors"}
    call(
        compute_statistics,
        **made,
        **{"model": "tiny", "treebank": "other", "attribute": "Number", "layer": 2},
        words_train=intervened.words["words_dev"],
        activations_train=activations,
        attributes=intervened.attributes,
    )
    call(rank_neurons, **made, ranker="random", max_neurons=16, rankings=[folder / "r.parquet"])
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("method", ["translation", "steer"])
def test_words_are_changed_with_what_another_treebank_lends(intervened, other, tmp_path, method):
    own = intervened.folder / "Number-2"
    options = '{"beta": 8, "scaled": true}'
    if method == "steer":
        options = '{"beta": 30, "scaled": false, "to": "SG"}'
    call(
        measure_transfer,
        model=intervened.model,
        words_test=intervened.words["words_test"],
        schema="unimorph",
        subtokens=intervened.folder / "subtokens.parquet",
        states=intervened.folder / "states-2.parquet",
        statistics=own.with_suffix(".safetensors"),
        other_statistics=other / "statistics.safetensors",
        ranking=own.with_suffix(".parquet"),
        other_ranking=other / "r.parquet",
        analyzer="lexicon",
        lexicon=intervened.folder / "lexicon.parquet",
        method=method,
        method_options=options,
        step=5,
        report=[5, 7, 15, 500],
        transfer=tmp_path / "transfer.parquet",
    )
    found = read_parquet(tmp_path / "transfer.parquet").to_pylist()
    loans = {
        ("other", "english"): {"ranking": other / "r.parquet"},
        ("english", "other"): {"statistics": other / "statistics.safetensors"},
        ("other", "other"): {
            "ranking": other / "r.parquet",
            "statistics": other / "statistics.safetensors",
        },
    }
    assert {(row["ranking_of"], row["means_of"]) for row in found} == set(loans)
    assert {row["treebank"] for row in found} == {"english"}
    moved = set()
    for (ranking_of, means_of), files in loans.items():
        counts, _ = intervene_by_hand(intervened, "Number", 2, method, [0, 5, 15], **files)
        rows = {
            (row["k"], row["sentence"]): (row["words"], row["cltv"])
            for row in found
            if (row["ranking_of"], row["means_of"]) == (ranking_of, means_of)
        }
        expected = {at: (count["words"], count["cltv"]) for at, count in counts.items()}
        assert {at: n for at, n in rows.items() if n[0]} == {
            at: n for at, n in expected.items() if n[0]
        }
        moved.add(sum(cltv for _, cltv in rows.values()))
    assert len(moved) > 1  # another ranking, or other means, move other words
    means = [
        read_statistics(path).means
        for path in (own.with_suffix(".safetensors"), other / "statistics.safetensors")
    ]
    assert abs(means[0] - means[1]).max() > 1e-3


OF = {"model": "m", "attribute": "Number", "layer": 2, "ranker": "linear", "direction": "ttb"}


def test_each_loan_is_summed_over_sentences_beside_the_treebanks_own(tmp_path):
    names = OF | {"treebank": "b", "ranking": "linear-ttb"}
    rows = [
        {"k": k, "sentence": s, "words": 4 + s, "cltv": k // 5 + s} for k in (0, 5) for s in (0, 1)
    ]
    loans = [{"ranking_of": r, "means_of": m} for r, m in (("a", "b"), ("b", "a"), ("a", "a"))]
    lent = pl.DataFrame([loan | row for loan in loans for row in rows]).cast(
        dict.fromkeys(rows[0], pl.Int32)
    )
    own = pl.DataFrame(
        [dict.fromkeys((*COUNTS, *WATCHED), 0) | row | {"cltv": 2} for row in rows]
        + [
            dict.fromkeys((*COUNTS, *WATCHED), 0) | rows[0] | {"k": 10, "sentence": s}
            for s in (0, 1)
        ]
    ).cast(pl.Int32)
    method = {"method": "translation", "has_target": True, "beta": 2.0}
    order = ("model", "treebank", "attribute", "layer", "ranking", "ranker", "direction")
    names = {name: names[name] for name in order} | method
    other = names | {"method": "ablation", "has_target": False, "beta": None}
    folder = tmp_path / "number/layer-2"
    (folder / "a").mkdir(parents=True)
    write_parquet(folder / "a/t.parquet", named(names, lent.to_arrow()), made_by("test"))
    for name, of in (("own", names), ("other", other)):
        of = of | {"split": "test"}
        write_parquet(folder / f"{name}.parquet", named(of, own.to_arrow()), made_by("test"))
    call(
        collect,
        collection="transfer",
        configurations="number/layer-2",
        transfer=[f"{tmp_path}/{{configuration}}/a/t.parquet"],
        interventions=[f"{tmp_path}/{{configuration}}/{n}.parquet" for n in ("own", "other")],
        report=[5],
        collected=tmp_path / "collected.parquet",
    )
    table = transfer.build({"transfer": pl.read_parquet(tmp_path / "collected.parquet")})
    assert table.columns[:10] == [
        *("model", "attribute", "layer", "method", "ranking", "words_of", "ranking_of", "means_of"),
        *("k", "words"),
    ]
    assert table.columns[10:] == [
        *("cltv", "cltv_low", "cltv_high", "ranker", "direction", "beta"),
    ]
    found = table.select("words_of", "ranking_of", "means_of", "k", "words", "cltv").rows()
    assert found == [
        ("b", "b", "b", 5, 9, 4 / 9),
        *(("b", loan["ranking_of"], loan["means_of"], 5, 9, 3 / 9) for loan in loans),
    ]


def test_files_without_a_row_give_a_table_without_one(tmp_path):
    """As where the test split has no word with a kept value."""
    counts = pa.table({n: pa.array([], pa.int32()) for n in ("k", "sentence", "words", "cltv")})
    loans = {name: pa.array([], pa.string()) for name in ("ranking_of", "means_of")}
    for name, values in loans.items():
        counts = counts.append_column(name, values)
    names = OF | {"treebank": "b", "ranking": "linear-ttb", "method": "translation"}
    (tmp_path / "number/layer-2/a").mkdir(parents=True)
    path = tmp_path / "number/layer-2/a/t.parquet"
    write_parquet(path, named(names | {"has_target": True}, counts), made_by("test"))
    call(
        collect,
        collection="transfer",
        configurations="number/layer-2",
        transfer=[f"{tmp_path}/{{configuration}}/a/t.parquet"],
        interventions=[],
        report=[5],
        collected=tmp_path / "collected.parquet",
    )
    collected = pl.read_parquet(tmp_path / "collected.parquet")
    assert len(transfer.build({"transfer": collected})) == 0
