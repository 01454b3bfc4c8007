"""The default study ends in tables that show both pitfalls: its grammars tell the truth."""

import html
import re

import polars as pl
import pytest

from tests.support.workflow import ROOT
from workflow_scripts.report.findings import findings
from workflow_scripts.report.verdicts import compared, use_heap

CURVE = ["treebank", "attribute"]


@pytest.fixture(scope="module")
def tables(default_study):
    results = default_study / "results"
    return {path.stem: pl.read_csv(path) for path in (results / "tables").glob("*.csv")} | {
        "report": (results / "report.html").read_text()
    }


def test_the_configurations_are_those_of_the_config(tables):
    names = tables["probing"].select(CURVE).unique().sort(CURVE).rows()
    assert names == [
        ("english", "Number"),
        ("spanish", "Gender and Noun Class"),
        ("spanish", "Number"),
    ]


def test_which_ranking_is_best_depends_on_the_probe_and_not_clearly_so(tables):
    """Raw bests differ, as the paper counts them; what is beyond noise is no contradiction."""
    top = pl.col("ranking").str.ends_with("ttb")
    at_10 = tables["probing"].filter((pl.col("k") == 10) & (pl.col("split") == "test") & top)
    best = {
        of: rows.sort("accuracy")["ranking"][-1] for of, rows in at_10.group_by([*CURVE, "probe"])
    }
    of_curves = {of[:2] for of in best}
    assert any(best[*of, "linear"] != best[*of, "gaussian"] for of in of_curves)
    found = findings(tables).ranking_is_not_a_probe
    assert found.verdict == "open"
    assert found.headline in html.unescape(tables["report"])


def test_what_is_read_best_is_clearly_not_what_is_used_most(tables):
    found = findings(tables).encoded_is_not_used
    assert found.verdict == "shown"
    assert found.headline in html.unescape(tables["report"])


def test_bottom_neurons_do_nothing(tables):
    rows = tables["saturation"].filter(
        (pl.col("method") == "translation") & pl.col("ranking").str.ends_with("btt")
    )
    assert (rows["cltv"] < 0.001).all()


def test_top_neurons_tell_more_than_random_ones(tables):
    at_10 = tables["probing"].filter((pl.col("k") == 10) & (pl.col("split") == "test"))
    accuracy = {
        (treebank, attribute, probe, ranking): value
        for treebank, attribute, probe, ranking, value in at_10.select(
            *CURVE, "probe", "ranking", "accuracy"
        ).iter_rows()
    }
    for (treebank, attribute, probe, ranking), value in accuracy.items():
        if ranking.endswith("ttb"):
            assert value > accuracy[treebank, attribute, probe, "random"]


def test_the_model_gives_back_what_it_reads(tables):
    assert (tables["saturation"]["error_rate_0"] < 0.05).all()


def test_examples_show_words_that_changed_as_meant(tables):
    rows = tables["examples"].filter(pl.col("method") == "translation")
    assert len(rows) > 0
    assert (rows["form"] != rows["predicted"]).all()
    for row in rows.iter_rows(named=True):
        assert f"[{row['text'].split(' ')[row['word']]} → {row['predicted']}]" in row["change"]


def test_the_excerpt_in_the_readme_is_of_this_study(tables):
    """Within what another processor's rounding does to the weights of the model."""
    row = r"^\| ([\w-]+) \| \**([\d.]+)\** \| \**([\d.]+)\** \| \**([\d.]+) %\** \| ([\d.]+) % \|$"
    readme = (ROOT / "README.md").read_text()
    excerpt = readme.partition("From the default study")[2].partition("from a real study")[0]
    shown = re.findall(row, excerpt, flags=re.MULTILINE)
    assert len(shown) == 4
    gender = (pl.col("treebank") == "spanish") & (pl.col("attribute") == "Gender and Noun Class")
    probing = tables["probing"].filter(gender & (pl.col("k") == 10) & (pl.col("split") == "test"))
    accuracy = {row[:2]: row[2] for row in probing.select("ranking", "probe", "accuracy").rows()}
    changed = tables["interventions"].filter(
        gender & (pl.col("k") == 10) & (pl.col("method") == "translation")
    )
    rates = {row[0]: row[1:] for row in changed.select("ranking", "cltv", "error_rate").rows()}
    for ranking, linear, gaussian, cltv, error_rate in shown:
        assert float(linear) == pytest.approx(accuracy[ranking, "linear"], abs=0.02)
        assert float(gaussian) == pytest.approx(accuracy[ranking, "gaussian"], abs=0.02)
        assert float(cltv) / 100 == pytest.approx(rates[ranking][0], abs=0.02)
        assert float(error_rate) / 100 == pytest.approx(rates[ranking][1], abs=0.05)


def test_what_the_readme_calls_clear_and_within_noise_is_so(tables):
    found = compared(tables["contrasts"])["demo", "spanish", "Gender and Noun Class", 1]
    gaussian, linear = (found.accuracy[probe, 10] for probe in ("gaussian", "linear"))
    assert gaussian.better("gaussian-ttb", "probeless-ttb")
    assert not linear.better("probeless-ttb", "gaussian-ttb")
    assert use_heap(found) == "clear"
    others = ("linear-ttb", "gaussian-ttb")
    assert all(found.moved.better("probeless-ttb", other) for other in others)
