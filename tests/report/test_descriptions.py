"""What stands above a figure in words: what is highest only with whether it is clearly that."""

from pathlib import Path

import polars as pl
import pytest

from tests.report.test_report import browser, carried, choose, click, marks, opened, page_of, text
from tests.support.study_tables import made
from workflow_scripts.report.findings import findings
from workflow_scripts.report.verdicts import FEW

__all__ = ["browser", "opened"]
NUMBER, ONE = pl.col("attribute") == "Number", pl.col("treebank") == "one"


def by_ranking(of_number, of_tense, rest):
    """Numbers by ranking, those of Number and of Tense; other rankings have `rest`."""
    number, tense = (
        pl.col("ranking").replace_strict(of, default=rest, return_dtype=pl.Float64)
        for of in (of_number, of_tense)
    )
    return pl.when(NUMBER).then(number).otherwise(tense)


def study():
    """The tables of a study in which Number alone is readable, and read best from linear.

    It is clearly that in treebank one. Nothing moves clearly, and in treebank one few pairs of
    words agree.
    """
    tables = made()
    accuracy = by_ranking({"linear-ttb": 0.9}, {"linear-ttb": 0.1}, 0.6)
    moved = by_ranking({"probeless-ttb": 0.001}, {"gaussian-ttb": 1.0}, 0.0)
    low = pl.when(NUMBER).then(0.1).otherwise(-0.1)
    for name in ("probing", "probing_curves"):
        tables[name] = tables[name].with_columns(
            accuracy=accuracy, selectivity=accuracy - 0.5, above_majority_low=low
        )
    used = tables["used_vs_encoded"]
    tables["used_vs_encoded"] = used.with_columns(accuracy=accuracy, cltv=moved)
    of_probe = pl.col("probe").is_not_null()
    p = pl.when(ONE & of_probe).then(0.01).otherwise(0.9)
    size = pl.when(pl.col("probe") == "linear").then(0.02).when(of_probe).then(0.04).otherwise(1e-3)
    tables["contrasts"] = tables["contrasts"].with_columns(p_adjusted=p, difference=size)
    agree = pl.when(ONE & (pl.col("ranking") == "random")).then(0.0).otherwise(1.0)
    pairs = pl.when(ONE).then(FEW - 1).otherwise(FEW).cast(pl.Int32)
    tables["concord"] = tables["concord"].with_columns(concord=agree, pairs=pairs)
    n = pl.when(ONE).then(64).otherwise(100).cast(pl.Int32)
    tables["overlap"] = tables["overlap"].with_columns(n=n)
    return tables


@pytest.fixture(scope="module")
def tables():
    return study()


@pytest.fixture(scope="module")
def report(tables, tmp_path_factory) -> Path:
    return page_of(tmp_path_factory.mktemp("report"), tables)


READABLE = " This is said of the 4 of 8 configurations that are readable."


def said_of(browser, figure):
    (found,) = text(browser, f"#of-{figure} .says")
    return found


def test_the_page_carries_which_configurations_are_readable(report, tables):
    found = carried(report)["findings"]
    assert {(of["attribute"], of["layer"]) for of in found["readable"]} == {
        ("Number", 2),
        ("Number", 7),
    }
    assert len(found["readable"]) == 4
    assert found["telling"] == ["translation", "cltv"]
    unprobed = {n: t for n, t in tables.items() if not n.startswith("probing")}
    assert findings(unprobed).readable is None


def test_the_overview_says_best_and_most_with_whether_it_is_clear(opened):
    best = "linear (90.0%, clearly in 2 of 4 configurations)"
    assert said_of(opened(1280), "overview") == (
        f"With the first 5 neurons of each ranking, the linear probe reads best from {best} and "
        f"the gaussian probe reads best from {best}; changing them moves most words by probeless "
        "(0.1%, clearly in 0 of 4 configurations)."
    )


def test_a_curve_is_highest_in_readable_configurations_and_clearly_in_so_many(opened):
    said = said_of(opened(1280), "probing_curves")
    assert said.startswith(
        "linear probe, layer 2: accuracy, on average over k, is highest with linear from the top "
        "(90.0%; by its area clearly above each other shown from the top in 1 of 2 "
        "configurations), lowest with "
    )
    assert said.endswith(f"; and 1 more panel.{READABLE}")
    # What no test compares is said to be untested.
    untested = said_of(opened(1280), "selectivity_curves")
    assert untested.endswith(f" These differences are not tested for noise.{READABLE}")


def test_contrasts_are_said_judge_by_judge(opened):
    clear = "6 of 12 differences are clear, the others within noise; on average the largest is"
    assert said_of(opened(1280), "contrasts") == (
        f"linear probe: {clear} linear above gaussian by 2.0 points (clearly in 2 of 4 "
        f"configurations). gaussian probe: {clear} linear above gaussian by 4.0 points (clearly in "
        "2 of 4 configurations). CLTV, translation: 0 of 12 differences are clear, the others "
        "within noise; on average the largest is linear above gaussian by 0.1 points (clearly in 0 "
        f"of 4 configurations).{READABLE}"
    )


def test_concord_of_few_pairs_is_not_said_and_equal_numbers_are_said_to_be_equal(opened, report):
    browser = opened(1280)
    assert said_of(browser, "concord") == (
        "translation, the word that governs changed: concord, on average over k, is 100.0% with "
        "every ranking; translation, another word changed: concord, on average over k, is 100.0% "
        f"with every ranking. Left out: 2 configurations with fewer than 20 pairs.{READABLE}"
    )
    browser.get(report.as_uri() + "#treebank=one&attribute=Number&layer=2")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    said = said_of(browser, "concord")
    assert said.startswith("None of 1 configuration has 20 pairs of words that agree")


def test_of_what_is_not_readable_nothing_is_said(opened, report):
    browser = opened(1280)
    browser.get(report.as_uri() + "#attribute=Tense")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    for figure in ("probing_curves", "contrasts", "layer_profiles", "concord"):
        said = said_of(browser, figure)
        assert said.endswith(" configurations shown none is readable, so nothing is said."), figure


def test_layers_are_compared_over_the_same_attributes(opened, tables, tmp_path):
    """Tense is readable at layer 7 alone, where it is read best: no mean has it."""
    at_7 = pl.col("layer") == 7
    low = pl.when(NUMBER | at_7).then(0.1).otherwise(-0.1)
    accuracy = pl.when(NUMBER).then(pl.when(at_7).then(0.6).otherwise(0.7)).otherwise(0.99)
    changed = {
        name: tables[name].with_columns(accuracy=accuracy, above_majority_low=low)
        for name in ("probing", "probing_curves")
    }
    page = page_of(tmp_path, tables | changed)
    said = said_of(opened(1280, page=page), "layer_profiles")
    assert "mean accuracy of the linear probe is highest at layer 2 (70.0%)" in said
    assert said.endswith(f" These differences are not tested for noise.{READABLE}")


def test_while_rankings_are_hidden_the_overview_says_of_none_that_it_is_clear(opened):
    browser = opened(1280)
    click(browser, "#of-probing_curves [data-ranking=random]")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    said = said_of(browser, "overview")
    assert "reads best from linear (90.0%)" in said
    assert "clearly" not in said
    assert "Of rankings in part hidden it is not said what is clear." in said


def test_tops_of_several_sizes_are_said_from_the_least_to_the_most(opened):
    assert "of their top 64 to 100 (chance 13.0)" in said_of(opened(1280), "overlap")


def test_the_overview_and_both_findings_are_whole_on_the_first_screen(opened):
    for width, height in ((1280, 720), (1920, 1080)):
        browser = opened(width, height)
        box = browser.execute_script(
            "return document.querySelector('#figure-overview svg').getBoundingClientRect().toJSON()"
        )
        assert box["bottom"] < height
        assert width * 0.65 < box["width"]
        assert box["right"] <= width
        assert "the linear probe reads best from" in said_of(browser, "overview")
        bottom = (
            "return [...document.querySelectorAll('.pitfall .headline')]"
            ".map(e => e.getBoundingClientRect().bottom)"
        )
        assert max(browser.execute_script(bottom)) < height


def test_what_a_figure_shows_is_said_and_follows_the_filters(opened):
    browser = opened(1280)
    said = (
        "const of = document.querySelector('#of-probing_curves [role=graphics-document]');"
        "return of.ariaLabel"
    )
    before = browser.execute_script(said)
    assert "is highest with" in before
    choose(browser, "[data-filter=treebank]", "two")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert browser.execute_script(said) != before
    for figure in text(browser, "#figures .figure[id] .says"):
        assert figure


def test_the_rows_of_the_overview_are_of_the_k_that_is_chosen(opened):
    browser = opened(1280)
    before = marks(browser, "overview")
    choose(browser, "#k", "10")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert marks(browser, "overview") != before
    assert said_of(browser, "overview").startswith("With the first 10 neurons")
    assert browser.execute_script("return location.hash") == "#k=10"
