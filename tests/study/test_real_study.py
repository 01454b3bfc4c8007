"""A cut of a real study: UD Turkish-IMST and a masked language model of nine languages."""

import polars as pl
import pytest

from tests.support.workflow import STUDIES, changed, finish

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
    assert len(settings) == 2 * 2 * (7 + 1)  # seven rankings, and all neurons


def test_number_and_tense_are_encoded(tables):
    best = tables["probing_curves"].group_by("attribute").agg(pl.col("nmi", "selectivity").max())
    assert (best["nmi"] > 0.05).all()
    assert (best["selectivity"] > 0.1).all()


def test_top_neurons_tell_more_of_tense_than_bottom_neurons(tables):
    tense = tables["probing"].filter(
        (pl.col("k") == 10) & (pl.col("split") == "test") & (pl.col("attribute") == "Tense")
    )
    accuracy = dict(tense.select(pl.concat_str("probe", "ranking"), "accuracy").iter_rows())
    for probe in ("linear", "gaussian"):
        for ranker in ("linear", "gaussian", "probeless"):
            assert accuracy[f"{probe}{ranker}-ttb"] > accuracy[f"{probe}{ranker}-btt"]


def test_the_unchanged_model_is_the_same_for_every_ranking(tables):
    at_0 = tables["interventions"].filter(pl.col("k") == 0)
    assert len(at_0) == 2 * 7
    assert (
        at_0.group_by("attribute").agg(pl.col("error_rate").n_unique())["error_rate"] == 1
    ).all()


def test_translating_top_neurons_does_more_than_bottom_ones(tables):
    at_100 = tables["interventions"].filter(
        (pl.col("k") == 100) & (pl.col("method") == "translation")
    )
    rate = dict(at_100.select(pl.concat_str("attribute", "ranking"), "error_rate").iter_rows())
    for attribute in ("Number", "Tense"):
        assert rate[f"{attribute}probeless-ttb"] > rate[f"{attribute}probeless-btt"]
