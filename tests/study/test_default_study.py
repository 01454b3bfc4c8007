"""The default study ends in tables that show both pitfalls: its grammars tell the truth."""

import html
import re

import polars as pl
import pytest

from tests.support.workflow import ROOT
from workflow_scripts.report.findings import findings
from workflow_scripts.report.verdicts import compared, use_heap

CURVE = ["treebank", "attribute"]
PLANTED = ["planted"]
"""The model that is compiled: what is known of it is in table `truth`, and is no finding."""


@pytest.fixture(scope="module")
def tables(default_study):
    results = default_study / "results"
    paths = (path for path in (results / "tables").glob("*.csv") if path.stem != "columns")
    return {path.stem: pl.read_csv(path) for path in paths}


@pytest.fixture(scope="module")
def of_trained(tables):
    """The tables without the compiled model."""
    return {name: table.filter(~pl.col("model").is_in(PLANTED)) for name, table in tables.items()}


@pytest.fixture(scope="module")
def report(default_study):
    return html.unescape((default_study / "results" / "report.html").read_text())


def test_the_configurations_are_those_of_the_config(tables):
    names = tables["probing"].select("model", *CURVE).unique().sort("model", *CURVE).rows()
    assert names == [
        ("demo", "spanish", "Gender and Noun Class"),
        ("demo", "spanish", "Number"),
    ]
    scored = tables["truth"].select("model", "treebank", "attribute").unique().rows()
    assert scored == [("planted", "english", "Number")]


def test_which_ranking_is_best_depends_on_the_probe_and_not_clearly_so(tables, of_trained, report):
    """Raw bests differ, as the paper counts them; what is beyond noise is no contradiction."""
    top = pl.col("ranking").str.ends_with("ttb")
    at_10 = of_trained["probing"].filter((pl.col("k") == 10) & (pl.col("split") == "test") & top)
    best = {
        of: rows.sort("accuracy")["ranking"][-1] for of, rows in at_10.group_by([*CURVE, "probe"])
    }
    of_curves = {of[:2] for of in best}
    assert any(best[*of, "linear"] != best[*of, "gaussian"] for of in of_curves)
    found = findings(tables, PLANTED).ranking_is_not_a_probe
    assert found.verdict == "open"
    assert found.headline in report


def test_what_is_read_best_is_clearly_not_what_is_used_most(tables, report):
    found = findings(tables, PLANTED).encoded_is_not_used
    assert found.verdict == "shown"
    assert found.headline in report


def test_bottom_neurons_do_nothing(of_trained):
    rows = of_trained["saturation"].filter(
        (pl.col("method") == "translation") & pl.col("ranking").str.ends_with("btt")
    )
    assert (rows["cltv"] < 0.001).all()


def test_top_neurons_tell_more_than_random_ones(of_trained):
    at_10 = of_trained["probing"].filter((pl.col("k") == 10) & (pl.col("split") == "test"))
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


def test_the_report_says_which_ranking_finds_the_neurons_that_are_known_to_be_used(tables, report):
    truth = {row["ranking"]: row for row in tables["truth"].iter_rows(named=True)}
    assert set(truth) == {"linear-ttb", "gaussian-ttb", "probeless-ttb", "random"}
    best = max(truth, key=lambda ranking: truth[ranking]["ap_used"])
    assert best == "probeless-ttb"
    bare = best.removesuffix("-ttb")  # as the page calls a ranking from the top
    found = f"{bare} ({truth[best]['ap_used']:.2f}, random {truth['random']['ap_used']:.2f})"
    assert f"the neurons that are used are found best by {found}, and" in report
    # It finds all that hold the attribute, and cannot tell the used ones from their twins.
    assert truth[best]["ap_encoded"] == 1
    assert truth[best]["ap_used"] < 0.8


def test_the_report_says_what_probes_lose_on_forms_that_training_has_not(of_trained, report):
    curves = of_trained["probing_curves"].filter(pl.col("direction") == "ttb")
    last = curves.filter((pl.col("k") == pl.col("k").max()) & (pl.col("unseen") > 0))
    for probe in ("linear", "gaussian"):
        rows = last.filter(probe=probe)
        lost = (rows["seen_accuracy"] - rows["unseen_accuracy"]).mean()
        assert re.search(
            rf"On forms that .*the {probe} probe [a-z ]*{lost * 100:.1f} points less", report
        )
    # Of all words together it is the accuracy: the column and the count say the same.
    seen, new, whole = (last[name] for name in ("seen_accuracy", "unseen_accuracy", "accuracy"))
    assert ((seen - whole) * (whole - new) >= 0).all()


def test_compiled_models_are_no_evidence(tables):
    for name in ("inference", "wilcoxon", "clusters"):
        assert not tables[name].filter(pl.col("model").is_in(PLANTED)).height


def test_examples_show_words_that_changed_as_meant(of_trained):
    rows = of_trained["examples"].filter(pl.col("method") == "translation")
    assert len(rows) > 0
    assert (rows["form"] != rows["predicted"]).all()
    for row in rows.iter_rows(named=True):
        assert f"[{row['text'].split(' ')[row['word']]} → {row['predicted']}]" in row["change"]


def test_the_excerpt_in_the_readme_is_of_this_study(of_trained):
    """Within what another processor's rounding does to the weights of the model."""
    row = r"^\| ([\w-]+) \| \**([\d.]+)\** \| \**([\d.]+)\** \| \**([\d.]+) %\** \| ([\d.]+) % \|$"
    readme = (ROOT / "README.md").read_text()
    excerpt = readme.partition("From the default study")[2].partition("from a real study")[0]
    shown = re.findall(row, excerpt, flags=re.MULTILINE)
    assert len(shown) == 4
    gender = (pl.col("treebank") == "spanish") & (pl.col("attribute") == "Gender and Noun Class")
    probing = of_trained["probing"].filter(
        gender & (pl.col("k") == 10) & (pl.col("split") == "test")
    )
    accuracy = {row[:2]: row[2] for row in probing.select("ranking", "probe", "accuracy").rows()}
    changed = of_trained["interventions"].filter(
        gender & (pl.col("k") == 10) & (pl.col("method") == "translation")
    )
    rates = {row[0]: row[1:] for row in changed.select("ranking", "cltv", "error_rate").rows()}
    for ranking, linear, gaussian, cltv, error_rate in shown:
        assert float(linear) == pytest.approx(accuracy[ranking, "linear"], abs=0.02)
        assert float(gaussian) == pytest.approx(accuracy[ranking, "gaussian"], abs=0.02)
        assert float(cltv) / 100 == pytest.approx(rates[ranking][0], abs=0.02)
        assert float(error_rate) / 100 == pytest.approx(rates[ranking][1], abs=0.1)


def test_what_the_readme_calls_clear_and_within_noise_is_so(tables):
    found = compared(tables["contrasts"])["demo", "spanish", "Gender and Noun Class", 1]
    gaussian, linear = (found.accuracy[probe, 10] for probe in ("gaussian", "linear"))
    assert gaussian.better("gaussian-ttb", "probeless-ttb")
    assert not linear.better("probeless-ttb", "gaussian-ttb")
    assert use_heap(found) == "clear"
    others = ("linear-ttb", "gaussian-ttb")
    assert all(found.moved.better("probeless-ttb", other) for other in others)
