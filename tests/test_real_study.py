"""A cut of a real study: UD Turkish-IMST and a masked language model of nine languages."""

import polars as pl
import pytest

from tests.workflow import STUDIES, changed, finish

REAL = STUDIES / "real.yaml"


@pytest.fixture(scope="module")
def tables(shared, tmp_path_factory):
    directory = tmp_path_factory.mktemp("real")
    config = changed(
        REAL,
        directory / "config.yaml",
        treebanks={"imst": {"path": str(shared / "treebanks/UD_Turkish-IMST")}},
        models={"tiny": {"path": str(shared / "models/tiny-multi-mlm")}},
    )
    results = finish(directory, config)
    return {
        path.stem: pl.read_csv(path, infer_schema_length=None)
        for path in (results / "tables").glob("*.csv")
    }


def test_every_probe_meets_every_ranking_in_every_configuration(tables):
    settings = tables["probing"].select("attribute", "probe", "ranking").unique()
    assert len(settings) == 2 * 2 * 7


def test_number_and_tense_are_encoded(tables):
    best = (
        tables["probing_curves"]
        .group_by("attribute")
        .agg(pl.col("accuracy").max(), pl.col("majority").first(), pl.col("selectivity").max())
    )
    assert (best["accuracy"] > best["majority"] + 0.05).all()
    assert (best["selectivity"] > 0.1).all()


def test_top_neurons_tell_more_than_bottom_neurons(tables):
    at_10 = tables["probing"].filter(
        (pl.col("k") == 10) & (pl.col("split") == "test") & (pl.col("probe") == "linear")
    )
    for ranker in ("linear", "probeless"):
        top, bottom = (
            at_10.filter(pl.col("ranking") == f"{ranker}-{direction}").sort("attribute")["accuracy"]
            for direction in ("ttb", "btt")
        )
        assert (top >= bottom).all()


def test_the_unchanged_model_is_the_same_for_every_method_and_ranking(tables):
    at_0 = tables["interventions"].filter(pl.col("k") == 0)
    assert len(at_0) == 2 * 2 * 7
    assert (
        at_0.group_by("attribute").agg(pl.col("error_rate").n_unique())["error_rate"] == 1
    ).all()


def test_translation_reaches_its_target_more_often_by_top_than_by_bottom_neurons(tables):
    at_100 = tables["interventions"].filter(
        (pl.col("k") == 100)
        & (pl.col("method") == "translation")
        & (pl.col("attribute") == "Number")
    )
    cltv = dict(at_100.select("ranking", "cltv").iter_rows())
    assert cltv["probeless-ttb"] > cltv["probeless-btt"]
