"""The report's section on neurons: it carries what the tables say, and a browser shows it."""

import base64
import gzip
import json
import math
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.report.test_report import browser, choose, click, opened, page_of, text
from tests.support.study_tables import FIRST, RANKINGS, WIDTH, made
from workflow_scripts.files.columns import BIN_COLUMNS
from workflow_scripts.files.contexts import AROUND, in_context, parted
from workflow_scripts.kernels.information import information_of_neurons
from workflow_scripts.report import neurons as section_of

__all__ = ["browser", "opened"]
OF = ["model", "treebank", "attribute", "layer"]
TOP = [name for name in RANKINGS if not name.endswith("-btt")]
DESCRIBED = {"neurons": {"describe": FIRST}, "models": {"m": {}}, "rankings": ["linear"]}
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


def in_brackets(before, word, after):
    return f"{before}[{word}]{after}"


def short(number):
    return float(f"{number:.3g}")


def test_the_section_carries_what_the_tables_say(tables):
    data = carried(section_of.section(tables, DESCRIBED))
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
                said = [
                    (in_brackets(*data["contexts"][c]), one["values"][v], a) for c, v, a in found
                ]
                of_end = words.select("context", "value", "activation").rows()
                assert said == [(context, value, short(a)) for context, value, a in of_end]


def test_of_a_study_too_large_the_first_places_have_whole_cards(tables, monkeypatch):
    every = carried(section_of.section(tables, DESCRIBED))
    whole = sum(len(one["neurons"]) for one in every["configurations"])
    monkeypatch.setattr(section_of, "CARDS", whole - 1)
    data = carried(section_of.section(tables, DESCRIBED))
    cards = [card for one in data["configurations"] for card in one["neurons"].values()]
    assert len(cards) == whole
    for card in cards:
        assert (len(card) == 5) == (min(card[2].values()) < FIRST)
    assert {len(card) for card in cards} == {4, 5}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"neurons": {"describe": 0}}, "neurons: {describe: 20}"),
        ({"models": {}}, "This study has no model"),
        ({"rankings": []}, "This study ranks no neuron"),
        ({"models": {"p": {"compile": {}, "truth_only": True}}}, "has `truth_only: true`"),
    ],
)
def test_a_study_that_describes_no_neuron_says_why(tables, keys, said):
    without = {name: table for name, table in tables.items() if not name.startswith("neuron")}
    assert said in section_of.section(without, DESCRIBED | keys)


def test_rankings_without_a_neuron_are_said_to_have_none(tables):
    none = tables | {"neurons": tables["neurons"].clear()}
    assert "No ranking of this study has a neuron." in section_of.section(none, DESCRIBED)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["The", "tree", "stood"], 1),
        (["[", "see", "below", "]"], 1),
        (["[", "see", "]", "and", "]"], 2),
        (["]", "[", "["], 2),
        (["[x]", "x"], 1),
        (["[x]", "x"], 0),
        (["x", "[x]"], 0),
        (["x", "[x]", "x"], 2),
        (["10 000", "[", "trees", "]"], 2),
        ([*["of"] * 12, "[of]", "of", *["on"] * 12], 13),
    ],
)
def test_the_word_that_is_meant_is_marked_whatever_brackets_a_sentence_has(words, word):
    before, form, after = parted(in_context(words, word), words[word], word)
    assert form == words[word]
    start, end = max(0, word - AROUND), word + 1 + AROUND
    assert before == "".join(f"{w} " for w in ["…"] * (start > 0) + words[start:word])
    assert after == "".join(f" {w}" for w in words[word + 1 : end] + ["…"] * (end < len(words)))


def test_bits_expected_of_a_neuron_that_tells_nothing_are_what_such_neurons_show():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], [300, 200, 100])
    shown = information_of_neurons(rng.normal(size=(600, 200)), y, 3).mean()
    expected = section_of.by_chance([300, 200, 100])
    assert expected == pytest.approx(19 * 2 / (2 * 600 * math.log(2)))
    assert shown == pytest.approx(expected, rel=0.1)


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
    facts = text(browser, "#neuron > p")[0]
    assert "∞ standard deviations" in facts
    of_values = tables["neuron_values"].filter(
        treebank="one", attribute="Number", layer=2, neuron=first[0]
    )
    bits = 19 / (2 * of_values["words"].sum() * math.log(2))
    assert f"one that tells nothing is expected to show {short(bits)} bits" in facts
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
        if layer == 7 and (treebank, attribute) != ("two", "Number"):
            at = found.filter(pl.col("ranker") != "random").select("ranking", "position").rows()
            said = ", ".join(f"{in_words(name)} ({position + 1})" for name, position in at)
            expected |= {f"{attribute}, {treebank}: {said}"} if at else set()
    assert expected
    assert set(text(browser, "#neuron > ul li")) == expected
    assert "probability 25.0 % (3 of 12 neurons)" in text(browser, "#neuron > .note")[0]


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
