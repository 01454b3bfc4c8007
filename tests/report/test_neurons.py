"""The report's section on neurons: it carries what the tables say, and a browser shows it."""

import base64
import gzip
import json
import math
import re
from pathlib import Path

import polars as pl
import pytest

from tests.report.test_report import browser, choose, click, opened, page_of, text
from tests.support.study_tables import FIRST, RANKINGS, WIDTH, made
from workflow_scripts.files.columns import BIN_COLUMNS
from workflow_scripts.report import neurons as section_of

__all__ = ["browser", "opened"]
OF = ["model", "treebank", "attribute", "layer"]
TOP = [name for name in RANKINGS if not name.endswith("-btt")]
ITEMS = "#first-neurons button"


@pytest.fixture(scope="module")
def tables():
    """Those of a study of which one value is as far from the other as can be."""
    tables = made()
    d = pl.when(pl.col("neuron") == 2).then(math.inf).otherwise("cohens_d")
    return tables | {"neurons": tables["neurons"].with_columns(cohens_d=d)}


@pytest.fixture(scope="module")
def report(tables, tmp_path_factory) -> Path:
    return page_of(
        tmp_path_factory.mktemp("report"), tables, neurons={"max": 10, "describe": FIRST}
    )


def carried(html):
    (found,) = re.findall(r'id="neuron-data">([^<]*)</script>', html)
    return json.loads(gzip.decompress(base64.b64decode(found)))


def in_words(ranking):
    """Return the name of a ranking from the top, or random, as the page says it."""
    return ranking.replace("-ttb", " from the top")


def short(number):
    return float(f"{number:.3g}")


def test_the_section_carries_what_the_tables_say(tables):
    data = carried(section_of.section(tables, FIRST))
    assert [name for name, _ in data["rankings"]] == [in_words(name) for name in TOP]
    assert data["first"] == FIRST
    names = tables["neurons"].select(OF).unique(maintain_order=True).rows()
    assert [tuple(one["of"]) for one in data["configurations"]] == names
    for one in data["configurations"]:
        of = dict(zip(OF, one["of"], strict=True))
        rows = tables["neurons"].filter(**of)
        assert one["width"] == WIDTH
        for i, name in enumerate(TOP):
            first = rows.filter(pl.col("ranking") == name, pl.col("position") < FIRST)
            assert one["first"][str(i)] == first.sort("position")["neuron"].to_list()
        assert set(map(int, one["neurons"])) == set(rows["neuron"])
        for number, (information, d, places, scores, spread) in one["neurons"].items():
            neuron = int(number)
            for i, name in enumerate(TOP):
                row = rows.filter(neuron=neuron, ranking=name).row(0, named=True)
                assert places[str(i)] == row["position"] + 1
                assert scores[str(i)] == short(row["score"])
                assert information == short(row["information"])
                assert d == ("∞" if neuron == 2 else short(row["cohens_d"]))
            values = tables["neuron_values"].filter(**of, neuron=neuron)
            low, high, bins, moments, *ends = spread
            assert [low, high] == [-2, 1.5]
            assert bins == [list(row) for row in values.select(BIN_COLUMNS).rows()]
            assert moments == [list(row) for row in values.select("mean", "sd").rows()]
            for end, found in zip(("highest", "lowest"), ends, strict=True):
                words = tables["neuron_words"].filter(**of, neuron=neuron, end=end)
                said = [(data["contexts"][c], one["values"][v], a) for c, v, a in found]
                of_end = words.select("context", "value", "activation").rows()
                assert said == [(context, value, short(a)) for context, value, a in of_end]


def test_of_a_study_too_large_the_first_places_have_whole_cards(tables, monkeypatch):
    every = carried(section_of.section(tables, FIRST))
    whole = sum(len(one["neurons"]) for one in every["configurations"])
    monkeypatch.setattr(section_of, "CARDS", whole - 1)
    data = carried(section_of.section(tables, FIRST))
    cards = [card for one in data["configurations"] for card in one["neurons"].values()]
    assert len(cards) == whole
    for card in cards:
        assert (len(card) == 5) == (min(card[2].values()) < FIRST)
    assert {len(card) for card in cards} == {4, 5}


def test_a_study_that_describes_no_neuron_says_how_it_would(tables):
    without = {name: table for name, table in tables.items() if not name.startswith("neuron")}
    assert "neurons: {describe: 20}" in section_of.section(without, 0)
    none = without | {"neurons": tables["neurons"].clear()}
    assert "No ranking of this study has a neuron." in section_of.section(none, 20)


# In a browser


def test_a_ranking_lists_its_first_neurons_and_a_click_shows_one(opened, tables):
    browser = opened(1280)
    first = tables["neurons"].filter(
        treebank="one", attribute="Number", layer=2, ranking="linear-ttb"
    )
    first = first.filter(pl.col("position") < FIRST).sort("position")["neuron"].to_list()
    said = text(browser, ITEMS)
    assert [int(item.split()[0]) for item in said] == first
    assert text(browser, "#neuron h3") == [f"Neuron {first[0]} m · one · Number · layer 2"]
    click(browser, f'#first-neurons [data-number="{first[2]}"]')
    assert text(browser, "#neuron h3") == [f"Neuron {first[2]} m · one · Number · layer 2"]
    assert text(browser, "#first-neurons [aria-current]") == [said[2]]
    assert "∞ standard deviations" in text(browser, "#neuron > p")[0]
    assert len(text(browser, "#neuron path.value")) == 2
    assert text(browser, "#neuron ol li mark") == [*["<b>tree</b>", "cars"] * 2, "<b>tree</b>"] * 2
    assert browser.get_log("browser") == []


def test_arrow_keys_go_from_neuron_to_neuron(opened):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser = opened(1280)
    numbers = [item.split()[0] for item in text(browser, ITEMS)]
    browser.find_element(By.CSS_SELECTOR, ITEMS).send_keys(Keys.ARROW_DOWN)
    assert text(browser, "#neuron h3")[0].startswith(f"Neuron {numbers[1]} ")
    browser.switch_to.active_element.send_keys(Keys.ARROW_UP)
    assert text(browser, "#neuron h3")[0].startswith(f"Neuron {numbers[0]} ")
    browser.switch_to.active_element.send_keys(Keys.ARROW_UP)  # there is none before it
    assert text(browser, "#neuron h3")[0].startswith(f"Neuron {numbers[0]} ")
    browser.find_elements(By.CSS_SELECTOR, ITEMS)[2].send_keys(Keys.ENTER)
    assert text(browser, "#neuron h3")[0].startswith(f"Neuron {numbers[2]} ")


def test_a_card_says_every_place_and_where_else_the_neuron_stands_first(opened, tables):
    browser = opened(1280)
    choose(browser, "[data-neuron=treebank]", "two")
    choose(browser, "[data-neuron=layer]", "7")
    choose(browser, "[data-neuron=ranking]", "probeless from the top")
    neuron = int(text(browser, ITEMS)[0].split()[0])
    rows = tables["neurons"].filter(neuron=neuron)
    here = rows.filter(treebank="two", attribute="Number", layer=7)
    tables_of_card = text(browser, "#neuron table")
    for ranking, position in here.select("ranking", "position").rows():
        assert f"{in_words(ranking)}{position + 1} of {WIDTH}" in tables_of_card[1]
    expected = set()
    others = rows.filter(pl.col("position") < FIRST).group_by(OF, maintain_order=True)
    for (_, treebank, attribute, layer), found in others:
        if (treebank, attribute, layer) != ("two", "Number", 7):
            at = found.select("ranking", "position").rows()
            said = ", ".join(f"{in_words(name)} ({position + 1})" for name, position in at)
            expected.add(f"{attribute}, {treebank}, layer {layer}: {said}")
    assert expected
    assert set(text(browser, "#neuron > ul li")) == expected


def test_choices_offer_what_exists_alone(opened, tables, tmp_path):
    left = (pl.col("treebank") == "one") | (pl.col("layer") == 7)
    less = {name: tables[name].filter(left) for name in section_of_tables()}
    browser = opened(1280, page=page_of(tmp_path, tables | less))
    layers = "[data-neuron=layer] option"
    assert text(browser, layers) == ["2", "7"]
    choose(browser, "[data-neuron=treebank]", "two")
    assert text(browser, layers) == ["7"]
    assert "· two · Number · layer 7" in text(browser, "#neuron h3")[0]
    choose(browser, "[data-neuron=treebank]", "one")
    assert text(browser, layers) == ["2", "7"]


def section_of_tables():
    return ("neurons", "neuron_values", "neuron_words")


def test_what_translating_a_neuron_would_do_is_said_where_a_ranking_asks_the_model(
    opened, tables, tmp_path
):
    ranker = pl.col("ranker").replace("gaussian", "attribution")
    name = pl.col("ranking").str.replace("gaussian", "attribution")
    asked = tables["neurons"].with_columns(name, ranker)
    browser = opened(1280, page=page_of(tmp_path, tables | {"neurons": asked}))
    said = [one for one in text(browser, "#neuron > p") if "nats" in one]
    assert len(said) == 1
    assert "(attribution)" in said[0]


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_of_the_section_is_cut_off(opened, width):
    browser = opened(width, 800)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    beyond = browser.execute_script(f"""
        return [...document.querySelectorAll("#neurons *")]
            .filter(e => !e.closest(".wide") && e.getBoundingClientRect().right > {width})
            .map(e => e.outerHTML.slice(0, 80))""")
    assert beyond == []


def test_on_paper_the_neurons_stay(opened):
    browser = opened(1280)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = browser.execute_script(
        "return [...document.querySelectorAll('#first-neurons button, #neuron')]"
        ".every(e => e.getClientRects().length)"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown
