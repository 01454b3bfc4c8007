"""Facts about table `truth`: means and intervals over the models of one entry."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from workflow_scripts.tables.tables import truth


def scores(n_models, **values):
    """Rows as `score_rankings` writes them, of models `p-1`, `p-2` ..."""
    stream = np.random.default_rng(1)
    return pl.DataFrame(
        [
            {
                "model": f"p-{i}",
                **{"treebank": "t", "attribute": "Number", "layer": 1},
                **{"ranking": ranking, "ranker": ranker, "direction": direction},
                "planted": "p",
                **{score: stream.random() for score in truth.SCORES},
                **values,
            }
            for i in range(1, n_models + 1)
            for ranking, ranker, direction in (("a-ttb", "a", "ttb"), ("random", "random", None))
        ],
        schema_overrides=dict.fromkeys(truth.SCORES, pl.Float64),
    )


def test_a_row_is_the_mean_over_the_models_of_an_entry_with_students_interval():
    given = scores(5)
    table = truth.build({"truth": given})
    assert table["ranking"].to_list() == ["a-ttb", "random"]
    assert table["model"].to_list() == ["p", "p"]
    assert table["seeds"].to_list() == [5, 5]
    of_a = given.filter(pl.col("ranking") == "a-ttb")
    for score in truth.SCORES:
        x = of_a[score].to_numpy()
        low, high = stats.t.interval(0.95, 4, x.mean(), stats.sem(x))
        found = table.row(0, named=True)
        assert found[score] == pytest.approx(x.mean())
        assert (found[f"{score}_low"], found[f"{score}_high"]) == pytest.approx((low, high))


def test_one_model_has_no_interval_and_an_area_that_nobody_has_is_empty():
    table = truth.build({"truth": scores(1, use_area=None)})
    for row in table.iter_rows(named=True):
        assert row["use_area"] is None
        assert row["ap_used"] is not None
        assert all(
            row[f"{score}_{end}"] is None for score in truth.SCORES for end in ("low", "high")
        )
