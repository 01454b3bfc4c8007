"""Facts about the concord table: counts of pairs summed over sentences, and what falls."""

from itertools import product

import numpy as np
import polars as pl
import pytest

from tests.support.commands import call
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.rankings import named
from workflow_scripts.interventions.measure_concord import SCHEMA as FILE
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.tables import collect
from workflow_scripts.tables.collections.concord import SCHEMA
from workflow_scripts.tables.tables import concord, used_vs_encoded

OF = {"model": "m", "treebank": "t", "attribute": "Number", "layer": 2}
RANKINGS = {"linear-ttb": ("linear", "ttb"), "random": ("random", None)}
KS = (0, 5, 10)


def by(ranking):
    ranker, direction = RANKINGS[ranking]
    return OF | {"ranking": ranking, "ranker": ranker, "direction": direction}


def counts_of(ranking, method):
    """Sentence 0 has a det pair and an nsubj pair with an attractor, 1 two dets, 2 an nsubj."""
    stream = np.random.default_rng(len(ranking) + len(method))
    kinds = [(0, "det", False, 1), (0, "nsubj", True, 1), (1, "det", False, 2)]
    kinds.append((2, "nsubj", False, 1))
    return [
        {"k": k, "sentence": sentence, "relation": relation, "attractor": attractor}
        | {"edited": edited, "pairs": pairs, "concordant": int(stream.integers(0, pairs + 1))}
        | {"margin": float(stream.normal())}
        for k, (sentence, relation, attractor, pairs), edited in product(
            KS, kinds, ("controller", "other")
        )
    ]


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("concord")
    rows = {}
    for ranking, method in product(RANKINGS, ("ablation", "translation")):
        rows[ranking, method] = counts_of(ranking, method)
        table = pl.DataFrame(rows[ranking, method], schema=FILE).to_arrow()
        names = by(ranking) | {"method": method, "has_target": method == "translation"}
        names |= {"beta": 2.0} if method == "translation" else {}
        path = folder / f"number/layer-2/{method}-by-{ranking}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(path, named(names, table), made_by("test"))
    call(
        collect,
        collection="concord",
        configurations="number/layer-2",
        concord=[f"{folder}/{{configuration}}/{m}-by-{r}.parquet" for r, m in rows],
        collected=folder / "collected.parquet",
    )
    return pl.read_parquet(folder / "collected.parquet"), rows


def test_each_kind_of_pair_is_summed_over_sentences(collected):
    table, files = collected
    assert dict(table.schema) == SCHEMA | {
        "ranker": pl.String,
        "direction": pl.String,
        "beta": pl.Float64,
    }
    seen = 0
    for row in table.iter_rows(named=True):
        own = [
            one
            for one in files[row["ranking"], row["method"]]
            if one["edited"] == row["edited"]
            and row["relation"] in (one["relation"], "all")
            and row["attractor"] in (one["attractor"], None)
        ]
        here, first = ([one for one in own if one["k"] == k] for k in (row["k"], 0))
        n = sum(one["pairs"] for one in here)
        assert row["pairs"] == n
        assert row["concord"] == pytest.approx(sum(one["concordant"] for one in here) / n)
        assert row["margin"] == pytest.approx(sum(one["margin"] for one in here) / n)
        before = sum(one["concordant"] for one in first) / n
        assert row["drop"] == pytest.approx(before - row["concord"], abs=1e-12)
        seen += 1
    kinds = {("all", None), ("all", True), ("all", False), ("det", None), ("det", False)}
    kinds |= {("nsubj", None), ("nsubj", True), ("nsubj", False)}
    assert set(table.select("relation", "attractor").rows()) == kinds
    assert seen == len(kinds) * 2 * len(KS) * len(files)
    assert concord.build({"concord": table}).equals(table)


def test_intervals_draw_sentences(collected):
    table, files = collected
    own = files["linear-ttb", "translation"]
    pairs, hits, dropped = np.zeros(3), np.zeros((3, 1)), np.zeros((3, 1))
    for one in own:
        if one["edited"] == "controller" and one["k"] == 10:
            pairs[one["sentence"]] += one["pairs"]
            hits[one["sentence"]] += one["concordant"]
            dropped[one["sentence"]] -= one["concordant"]
        if one["edited"] == "controller" and one["k"] == 0:
            dropped[one["sentence"]] += one["concordant"]
    (row,) = table.filter(
        pl.col("attractor").is_null(),
        *(pl.col("relation") == "all", pl.col("edited") == "controller", pl.col("k") == 10),
        *(pl.col("ranking") == "linear-ttb", pl.col("method") == "translation"),
    ).to_dicts()
    for name, of in (("concord", hits), ("drop", dropped)):
        low, high = ratio_interval(of, pairs)
        assert (row[f"{name}_low"], row[f"{name}_high"]) == (low[0], high[0])


def test_others_use_stands_beside_what_is_encoded_where_it_was_measured(collected):
    table, _ = collected
    rows = pl.DataFrame(
        [by(r) | {"method": "translation", "k": k} for r in RANKINGS for k in (5, 10, 15)]
    ).cast({"layer": pl.Int32, "k": pl.Int32})
    columns = ["accuracy_low", "accuracy_high", *used_vs_encoded.INTERVALS]
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in columns)
    found = used_vs_encoded.with_others_use(rows, table)
    all_pairs = table.filter(
        *(pl.col("relation") == "all", pl.col("edited") == "controller"),
        *(pl.col("attractor").is_null(), pl.col("method") == "translation"),
    )
    drops = {
        (row["ranking"], row["k"]): (row["drop"], row["drop_low"], row["drop_high"])
        for row in all_pairs.iter_rows(named=True)
    }
    assert len(found) == len(rows)
    for row in found.iter_rows(named=True):
        own = tuple(row[f"others_use{end}"] for end in ("", "_low", "_high"))
        assert own == drops.get((row["ranking"], row["k"]), (None, None, None))
