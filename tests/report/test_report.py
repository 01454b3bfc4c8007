"""The report: one page whose numbers are those of the tables, and that a browser can use."""

import base64
import csv
import gzip
import html
import io
import json
import re
import shutil
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pyarrow as pa
import pytest

from tests.support.commands import call
from tests.support.study_tables import MANY, RANKINGS, made
from workflow_scripts import InputError
from workflow_scripts.files import words as words_file
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.report import build_figure, build_report
from workflow_scripts.report.figures import style
from workflow_scripts.report.findings import findings
from workflow_scripts.report.glossary import TERMS
from workflow_scripts.report.page import LONGEST, plain
from workflow_scripts.study.configuration_file import checked
from workflow_scripts.study.plan import Plan

CONFIG = {
    "treebanks": {"one": {"grammar": "english"}, "two": {"grammar": "spanish"}},
    "models": {
        "m": {"train": {"layers": 9, "width": 64, "heads": 2, "vocabulary": 500, "epochs": 1}}
    },
    "layers": [2, 7],
    "attributes": ["Number"],
    "neurons": {"max": 10, "report": [5, 10]},
    "interventions": [{"method": "ablation", "step": 5}],
    "results": "/somewhere/on/this/machine",
}


def page_of(folder: Path, tables: dict[str, pl.DataFrame], **keys) -> Path:
    """Write the report of tables that stand for a study with `keys` in its configuration."""
    plan = Plan(checked(json.loads(json.dumps(CONFIG | keys))))
    paths = {name: folder / f"tables/{name}.parquet" for name in plan.tables}
    for name, path in paths.items():
        write_parquet(path, tables[name].to_arrow(), made_by("build_table"))
    figures = {name: folder / f"figures/{name}.json" for name in plan.figures}
    # A page carries Vega-Lite; drawing it for paper would take most of the time.
    with (
        patch.object(build_figure, "svg_of", lambda _: ""),
        patch.object(build_figure, "pdf_of", lambda _: b""),
    ):
        for name, path in figures.items():
            drawn = {kind: path.with_suffix(f".{kind}") for kind in ("svg", "pdf", "json")}
            call(build_figure, figure=name, tables=[paths[t] for t in plan.figures[name]], **drawn)
    for split, words in (("train", 1000), ("dev", 20), ("test", 3)):
        for treebank in plan.treebanks:
            write_words(folder / f"words/{treebank}/{split}.parquet", words)
    for treebank in plan.treebanks:
        text = "attribute,value,split,words,forms,kept\n"
        (folder / f"words/{treebank}/attributes.csv").write_text(text)
    call(
        build_report,
        tables=list(paths.values()),
        figures=list(figures.values()),
        words=[f"{name}={folder}/words/{name}" for name in plan.treebanks],
        configuration=json.dumps(plan.described),
        report=folder / "report.html",
        findings=folder / "findings.json",
    )
    return folder / "report.html"


def write_words(path: Path, words: int, without_lemma: int = 0) -> None:
    """Write a words file of so many words, the first of them without a lemma."""
    lemmas = [None] * without_lemma + ["x"] * (words - without_lemma)
    columns = {"sentence": range(words), "word": [0] * words, "form": ["x"] * words}
    columns |= {"lemma": lemmas, "upos": ["X"] * words}
    table = pa.table(columns | dict.fromkeys(("head", "deprel"), [None] * words))
    write_parquet(path, table.cast(words_file.schema([])), made_by("read_words"))


def carried(page: Path) -> dict:
    """The figures and tables that a page carries."""
    (text,) = re.findall(r'id="study-data">([^<]*)</script>', page.read_text())
    return json.loads(gzip.decompress(base64.b64decode(text)))


def words_of(page: Path) -> str:
    """What a page says, without its scripts and marks."""
    bare = re.sub(r"<(script|style).*?</\1>", "", page.read_text(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", bare)).split())


@pytest.fixture(scope="module")
def tables():
    return made()


@pytest.fixture(scope="module")
def report(tables, tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("report"), tables)


def test_the_page_carries_every_table_as_its_parquet_file_has_it(report):
    data = carried(report)["tables"]
    paths = list((report.parent / "tables").glob("*.parquet"))
    assert data.keys() == {path.stem for path in paths}
    for path in paths:
        assert data[path.stem] == pl.read_parquet(path).to_dict(as_series=False)


def test_the_findings_of_the_tables_stand_on_the_page(report, tables):
    found = findings({name: table for name, table in tables.items() if name != "truth"})
    said = words_of(report)
    rankings = style.rankings(tables["probing_curves"])
    for pitfall in (found.ranking_is_not_a_probe, found.encoded_is_not_used):
        for text in (pitfall.title, pitfall.verdict, pitfall.headline, *pitfall.sentences):
            assert plain(text, rankings) in said
    assert found.more
    for text in found.more:
        assert plain(text, rankings) in said
    assert "-ttb" not in said.partition("Configuration")[0]


def test_rankings_from_the_top_have_bare_names_in_findings():
    rankings = {"linear-ttb": ("linear", "ttb"), "my-linear-ttb": ("mine", "ttb")}
    said = plain("By linear-ttb, my-linear-ttb and other-ttb.", rankings)
    assert said == "By linear, my-linear and other-ttb."


def test_the_page_says_what_was_run(report):
    said = words_of(report)
    assert "1 model, 2 treebanks, 2,046 words, 8 configurations" in said
    assert "one 1,000 20 3 two 1,000 20 3" in said
    assert re.search(r"torch \d+\.\d+", said)
    assert "neurons: max: 10 report: - 5 - 10" in said
    assert "/somewhere" not in said
    assert "device" not in said


def test_equal_tables_give_equal_pages(report, tables, tmp_path):
    assert page_of(tmp_path, tables).read_bytes() == report.read_bytes()


@pytest.mark.slow
def test_a_table_too_long_for_the_page_is_named_there(tables, tmp_path):
    rows = -(-(LONGEST + 1) // len(tables["agreement"]))
    long = pl.concat([tables["agreement"]] * rows)
    page = page_of(tmp_path, tables | {"agreement": long}, probes=[], interventions=[])
    data = carried(page)
    assert "agreement" not in data["tables"]
    assert f"{len(long):,} rows, too many" in data["about"]["agreement"]
    assert "tables/agreement.csv" in data["about"]["agreement"]


def test_the_sizes_of_treebanks_say_where_words_have_no_lemma(tmp_path):
    for split, words in (("train", 1000), ("dev", 20), ("test", 3)):
        write_words(tmp_path / f"one/{split}.parquet", words)
        write_words(tmp_path / f"two/{split}.parquet", words, without_lemma=words // 3)
    one, two = (f"{name}={tmp_path / name}" for name in ("one", "two"))
    splits = {"train": 1000, "dev": 20, "test": 3}
    assert build_report.sizes([one]).to_dicts() == [{"treebank": "one"} | splits]
    assert build_report.sizes([one, two]).to_dicts() == [
        {"treebank": "one"} | splits | {"without lemma": 0},
        {"treebank": "two"} | splits | {"without lemma": 333 + 6 + 1},
    ]


def write_forms(folder, words, split=None):
    """Words files of (form, lemma, upos, value of Number), the same in each split or in one."""
    forms, lemmas, upos, values = zip(*words, strict=True)
    rows = {"sentence": [0] * len(forms), "word": range(len(forms)), "form": forms}
    rows |= {"lemma": lemmas, "upos": upos, "Number": pa.array(values, pa.string())}
    rows |= dict.fromkeys(("head", "deprel"), [None] * len(rows["form"]))
    order = words_file.schema(["Number"])
    table = pa.table(rows).select(order.names).cast(order)
    for name in [split] if split else SPLITS:
        write_parquet(folder / f"{name}.parquet", table, made_by("test"))
    text = "attribute,value,split,words,forms,kept\n"
    text += "".join(f"Number,{v},{s},1000,500,true\n" for v in ("PL", "SG") for s in SPLITS)
    (folder / "attributes.csv").write_text(text)


PLAIN = {
    "treebanks": {},
    "interventions": [],
    "schema": "unimorph",
    "attributes": "all",
    "analyzer": "lexicon",
}
MOVED = PLAIN | {"interventions": [{"method": "ablation"}]}


def notes_of(*folders, **keys):
    return list(build_report.notes([f"{path.name}={path}" for path in folders], PLAIN | keys))


def nouns(n, lemma_of, value=None):
    return [(f"form {i}", lemma_of(i), "NOUN", value) for i in range(n)]


@pytest.mark.parametrize(("n", "named"), [(49, False), (50, True)])
@pytest.mark.parametrize("split", SPLITS)
def test_a_lemma_of_very_many_forms_is_named(tmp_path, n, named, split):
    """As `<unknown>`, which a tagger gives to what it does not know."""
    folder = tmp_path / "one"
    write_forms(folder, nouns(1000, str))
    write_forms(folder, nouns(1000, lambda i: "<unknown>" if i < n else str(i)), split)
    note = (
        f"one, {split}: '<unknown>' is the lemma of 50 of 1,000 forms: where it stands for no "
        "lemma, put _ in its place, or all these words count as forms of one lexeme."
    )
    assert notes_of(folder) == [note] * named


def test_every_such_lemma_is_named(tmp_path):
    write_forms(tmp_path, nouns(1000, lambda i: ("<unknown>", "@ord@")[i % 2]))
    assert len(notes_of(tmp_path)) == 2 * len(SPLITS)


def test_of_forms_without_lemma_no_lemma_is_named(tmp_path):
    folder = tmp_path / "one"
    write_forms(folder, nouns(1000, lambda i: None))
    assert notes_of(folder) == []
    (note,) = notes_of(folder, **MOVED)
    assert note.startswith("one has no lemmas: an intervention has an error rate and side effects")


@pytest.mark.parametrize(("lemma_of", "named"), [(str, True), (lambda i: str(i % 500), False)])
def test_lemmas_that_are_forms_are_named_where_words_are_moved(tmp_path, lemma_of, named):
    """Of a treebank without lemmas whose tool copied the forms."""
    folder = tmp_path / "one"
    singular, plural = nouns(1000, lemma_of, "SG")[:500], nouns(1000, lemma_of, "PL")[500:]
    write_forms(folder, singular + plural)
    assert notes_of(folder) == []
    notes = notes_of(folder, **MOVED)
    assert [note.partition(" of the words")[0] for note in notes] == ["one: 0.0%"] * named


def test_two_treebanks_of_the_same_test_sentences_are_named(tmp_path):
    for name, form in (("one", "a"), ("two", "b"), ("three", "a")):
        write_forms(tmp_path / name, [(form, form, "X", None)])
    notes = notes_of(*(tmp_path / name for name in ("one", "two", "three")))
    assert len(notes) == 1
    assert notes[0].startswith("three has the same test sentences as one: ")


@pytest.mark.slow
def test_notes_stand_in_the_report(tables, tmp_path):
    page = page_of(tmp_path, tables).read_text()
    assert "<li>two has the same test sentences as one: " in page


def test_a_file_that_is_no_figure_is_named(report, tmp_path):
    bad = tmp_path / "probing_curves.json"
    bad.write_text('{"half": ')
    with pytest.raises(InputError, match=r"probing_curves\.json: not a figure of this study"):
        call(
            build_report,
            figures=bad,
            words=f"one={report.parent}/words/one",
            configuration="{}",
            report=tmp_path / "report.html",
            findings=tmp_path / "findings.json",
        )
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "keys", "sentences"),
    [
        (
            {"configurations": MANY[:1]},
            {},
            ["1 configuration is too few for the paper's signed-rank test", "nothing to show: "],
        ),
        (
            {"control": False},
            {"control": False},
            ["nothing to show: no selectivity: the study has no control task"],
        ),
        (
            {},
            {"interventions": []},
            ["This study ran no interventions, so nothing is known about what the model uses."],
        ),
        ({}, {"probes": []}, ["This study trained no probe, so no ranking was judged."]),
        (
            {"rankings": ["linear-ttb"]},
            {"rankings": ["linear"]},
            [
                "This study has fewer than two rankings from the top, so there is none to compare.",
                "nothing to show: fewer than two rankings to compare",
            ],
        ),
        (
            {"rankings": ["random"]},
            {"rankings": ["random"]},
            ["This study has fewer than two rankings from the top, so there is none to compare."],
        ),
    ],
    ids=[
        "one configuration",
        "no control",
        "no interventions",
        "no probes",
        "one ranker",
        "random",
    ],
)
def test_a_report_says_what_its_study_lacks(tmp_path, study, keys, sentences):
    tables = made(**study)
    if len(study.get("configurations", MANY)) < 3:
        tables["clusters"] = tables["clusters"].clear()
    said = words_of(page_of(tmp_path, tables, **keys))
    for sentence in sentences:
        assert sentence in said


# In a browser


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium that may not use the network."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs envs/development.txt")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("needs Chromium: Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(driver)
    chromium = webdriver.Chrome(options=options, service=service)
    yield chromium
    chromium.quit()


READY = "return document.documentElement.dataset.ready === 'yes'"


def wait(browser):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 60).until(lambda b: b.execute_script(READY))


@pytest.fixture
def opened(browser, report):
    """`opened(width)` is the browser with the report at that width in pixels."""

    def open_at(width, height=720, page=report):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get("about:blank")  # a page of another state is left, not scrolled
        browser.get(page.as_uri())
        wait(browser)
        return browser

    return open_at


def choose(browser, name, value):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    Select(browser.find_element(By.CSS_SELECTOR, name)).select_by_visible_text(value)


def text(browser, selector):
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector
    )


def click(browser, selector):
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def marks(browser, figure):
    """The accessible names of the points that a figure shows: what it says of each."""
    script = f"""return [...document.querySelectorAll(
        "#figure-{figure} svg [aria-roledescription=point]")].map(e => e.ariaLabel).sort()"""
    return browser.execute_script(script)


def test_it_opens_from_a_file_with_no_request_and_nothing_in_the_console(opened):
    browser = opened(1280)
    assert browser.get_log("browser") == []
    events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}


def test_every_figure_is_drawn(opened, report):
    browser = opened(1280)
    for name, spec in carried(report)["figures"].items():
        drawn = f"return document.querySelectorAll('#figure-{name} svg path').length"
        assert browser.execute_script(drawn) > 10, spec


def test_filters_offer_only_what_leaves_something_and_stand_in_the_address(
    opened, tables, report, tmp_path
):
    lacking = (pl.col("treebank") == "two") & (pl.col("attribute") == "Tense")
    fewer = {n: t.filter(~lacking) if "treebank" in t.columns else t for n, t in tables.items()}
    page = page_of(tmp_path, fewer)
    browser = opened(1280, page=page)
    disabled = "return [...document.querySelectorAll('option:disabled')].map(o => o.text)"
    assert browser.execute_script(disabled) == []
    choose(browser, "#table", "saturation")
    choose(browser, "[data-filter=treebank]", "two")
    assert browser.execute_script(disabled) == ["Tense"]
    address = browser.execute_script("return location.href")
    assert address.endswith("#treebank=two&table=saturation")
    browser.get("about:blank")
    browser.get(address)
    wait(browser)
    assert browser.execute_script(disabled) == ["Tense"]
    assert set(text(browser, "#tables tbody td:nth-child(2)")) == {"two"}
    # A link may ask for what is not there: each figure says so, and none is drawn empty.
    browser.get("about:blank")
    browser.get(page.as_uri() + "#treebank=two&attribute=Tense")
    wait(browser)
    assert browser.execute_script("return document.querySelector('#left').hidden") is False
    drawn = "return document.querySelector('#of-probing_curves .wide').hidden"
    assert browser.execute_script(drawn) is True


def test_counts_follow_the_filters_as_findings_of_these_rows_do_and_verdicts_stay_whole(
    opened, tables, tmp_path
):
    # Number is read above the majority, Tense is not.
    low = pl.when(pl.col("attribute") == "Number").then(0.1).otherwise(-0.1)
    tables = tables | {
        n: tables[n].with_columns(above_majority_low=low) for n in ("probing", "probing_curves")
    }
    browser = opened(1280, page=page_of(tmp_path, tables))
    whole = findings(tables)
    verdicts = [whole.ranking_is_not_a_probe.verdict, whole.encoded_is_not_used.verdict]
    verdict, none = (
        f"return [...document.querySelectorAll('.{name}')].map(e => !e.hidden)"
        for name in ("verdict", "no-verdict")
    )
    for treebank, attribute in (("two", "all"), ("two", "Tense"), ("all", "Number")):
        choose(browser, "[data-filter=treebank]", treebank)
        choose(browser, "[data-filter=attribute]", attribute)
        asked = {"treebank": treebank, "attribute": attribute}
        of = [pl.col(n).eq_missing(pl.lit(v)) for n, v in asked.items() if v != "all"]
        left = {
            n: t.filter(*of) if "treebank" in t.columns and "group" not in t.columns else t
            for n, t in tables.items()
        }
        found = findings(left)
        both = (found.ranking_is_not_a_probe, found.encoded_is_not_used)
        assert text(browser, ".headline") == [pitfall.headline for pitfall in both]
        assert browser.execute_script(verdict) == [False, False]
        assert browser.execute_script(none) == [True, True]
    click(browser, "#everything")
    assert text(browser, ".verdict") == verdicts
    assert browser.execute_script(verdict) == [True, True]
    assert browser.execute_script(none) == [False, False]


def test_the_glossary_is_reached_by_keyboard(opened):
    browser = opened(1280)
    shown = "const hint = document.querySelector('#hint'); return [hint.hidden, hint.textContent]"
    browser.execute_script("document.querySelector('header .term').focus()")
    assert browser.execute_script(shown) == [False, TERMS["ranking"]]
    term = browser.switch_to.active_element
    assert term.get_attribute("aria-describedby") == "hint"
    term.send_keys("\ue00c")  # escape
    assert browser.execute_script(shown)[0] is True
    assert {text.lower() for text in text(browser, "#glossary dt")} == {t.lower() for t in TERMS}


def test_a_legend_hides_a_ranking_everywhere(opened):
    browser = opened(1280)
    drawn = "return document.querySelector('#figure-overview svg').textContent"
    assert "clearly in" in browser.execute_script(drawn)
    click(browser, "#of-probing_curves [data-ranking=random]")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert browser.execute_script("return location.hash") == "#hidden=random"
    pressed = (
        "return [...document.querySelectorAll('[data-ranking=random]')].map(b => b.ariaPressed)"
    )
    assert set(browser.execute_script(pressed)) == {"false"}
    assert not any("random" in said for said in marks(browser, "used_vs_encoded"))
    assert not any("random" in said for said in marks(browser, "overview"))
    assert "of those shown" in browser.execute_script(drawn)
    assert "clearly in" not in browser.execute_script(drawn)


def test_a_figure_is_given_as_svg_png_and_csv_of_what_is_shown(opened, report):
    browser = opened(1280)
    choose(browser, "[data-filter=treebank]", "two")
    browser.execute_script(
        "window.kept = null; window.image = null;"
        "URL.createObjectURL = blob => {window.kept = blob; return '#'};"
        "HTMLAnchorElement.prototype.click = function () {window.image = this.href}"
    )
    got = {}
    for kind in ("CSV", "SVG"):
        click(browser, f"#of-probing_curves [data-kind={kind}]")
        browser.execute_async_script("setTimeout(arguments[0], 500)")
        got[kind] = browser.execute_async_script("window.kept.text().then(arguments[0])")
    rows = list(csv.DictReader(io.StringIO(got["CSV"])))
    assert rows
    assert {row["treebank"] for row in rows} == {"two"}
    assert got["SVG"].startswith("<svg")
    click(browser, "#of-probing_curves [data-kind=PNG]")
    browser.execute_async_script("setTimeout(arguments[0], 1000)")
    assert browser.execute_script("return window.image").startswith("data:image/png")
    for link in browser.execute_script(
        "const links = document.querySelectorAll('.tools a, #table-files a');"
        "return [...links].map(a => a.getAttribute('href'))"
    ):
        assert (report.parent / link).exists() or link.endswith(".csv"), link


def test_sorting_keeps_the_focus_and_columns_are_explained(opened):
    browser = opened(1280)
    choose(browser, "#table", "saturation")
    browser.execute_script("document.querySelector('[data-column=clwv]').focus()")
    browser.switch_to.active_element.send_keys("\ue007")  # enter
    focused = browser.switch_to.active_element
    assert focused.get_attribute("data-column") == "clwv"
    assert focused.get_attribute("data-hint") == TERMS["CLWV"]


def test_dark_and_print_have_colours_of_their_own(opened):
    browser = opened(1280)
    paper = "return getComputedStyle(document.body).backgroundColor"
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [scheme]})
        browser.refresh()
        wait(browser)
        assert browser.execute_script(paper) == "rgb(22, 24, 27)"
        inside = "return document.querySelector('#figure-overview svg').outerHTML"
        assert "#e8e8e8" in browser.execute_script(inside)
        media = {"media": "print", "features": [scheme]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        assert browser.execute_script(paper) == "rgb(255, 255, 255)"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_both_pitfalls_are_on_the_first_screen(opened, tables):
    browser = opened(1280, 720)
    found = findings(tables)
    bottoms = browser.execute_script(
        "return [...document.querySelectorAll('.pitfall .headline')]"
        ".map(e => [e.textContent, e.getBoundingClientRect().bottom])"
    )
    headlines = (found.ranking_is_not_a_probe.headline, found.encoded_is_not_used.headline)
    assert [said for said, _ in bottoms] == list(headlines)
    assert all(bottom < 720 for _, bottom in bottoms)


def test_filters_filter_figures_tables_and_examples(opened, tables):
    browser = opened(1280)
    choose(browser, "#table", "saturation")
    click(browser, "#longer")
    everything = marks(browser, "used_vs_encoded")
    choose(browser, "[data-filter=treebank]", "two")
    choose(browser, "[data-filter=attribute]", "Tense")
    chosen = (pl.col("treebank") == "two") & (pl.col("attribute") == "Tense")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert len(everything) == len(marks(browser, "used_vs_encoded")) > 0
    assert everything != marks(browser, "used_vs_encoded")
    rows = tables["saturation"].filter(chosen)
    shown = f"{min(len(rows), 275)} of {len(rows)} rows"
    assert text(browser, "#shown") == [shown]
    assert set(text(browser, "#tables tbody td:nth-child(2)")) == {"two"}
    n = len(tables["examples"].filter(chosen))
    assert text(browser, "#found") == [f"{min(n, 25)} of {n} found"]
    click(browser, "#everything")
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    assert marks(browser, "used_vs_encoded") == everything


def test_a_figure_shows_the_numbers_of_the_configuration_chosen(opened, tables):
    browser = opened(1280)
    for name, value in (("treebank", "two"), ("attribute", "Tense"), ("layer", "7")):
        choose(browser, f"[data-filter={name}]", value)
    browser.execute_async_script("setTimeout(arguments[0], 500)")
    row = tables["used_vs_encoded"].row(
        by_predicate=(pl.col("treebank") == "two")
        & (pl.col("attribute") == "Tense")
        & (pl.col("layer") == 7)
        & (pl.col("method") == "translation")
        & (pl.col("probe") == "linear")
        & (pl.col("ranking") == "random")
        & (pl.col("k") == 5),
        named=True,
    )
    said = " ".join(marks(browser, "used_vs_encoded"))
    assert f"{row['accuracy']:.1%}" in said
    assert f"{row['cltv']:.1%}" in said


def test_a_table_sorts_both_ways_and_downloads_as_csv(opened, tables):
    browser = opened(1280)
    choose(browser, "#table", "saturation")
    column = tables["saturation"].columns.index("clwv")
    head = f"document.querySelectorAll('#tables th button')[{column}]"
    wanted = tables["saturation"]["clwv"].sort()
    for descending in (False, True):
        browser.execute_script(f"{head}.click()")
        shown = text(browser, f"#tables tbody td:nth-child({column + 1})")
        values = wanted.reverse() if descending else wanted
        assert shown == [f"{value:.4f}" for value in values][:25]
    # What the download holds, without a file: the page makes it of a Blob.
    browser.execute_script(
        "window.kept = null; URL.createObjectURL = blob => {window.kept = blob; return '#'}"
    )
    click(browser, "#download")
    got = browser.execute_async_script("window.kept.text().then(arguments[0])")
    lines = list(csv.reader(io.StringIO(got)))
    assert lines[0] == tables["saturation"].columns
    assert [float(line[column]) for line in lines[1:]] == wanted.reverse().to_list()


def test_an_example_is_found_in_its_sentence(opened):
    from selenium.webdriver.common.by import By

    browser = opened(1280)
    field = browser.find_element(By.CSS_SELECTOR, "#search")
    field.send_keys("probeless trees & more")
    sentences = text(browser, "#sentences li")
    assert sentences
    assert all(said.startswith("The <b>tree</b> → trees & more stood") for said in sentences)
    assert set(text(browser, "#sentences mark")) == {"<b>tree</b> → trees & more"}
    field.clear()
    field.send_keys("no such words")
    assert text(browser, "#found") == ["0 of 0 found"]


def test_it_is_usable_at_400_pixels(opened):
    browser = opened(400, 800)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= 400
    beyond = browser.execute_script("""
        return [...document.querySelectorAll("h1, h2, h3, p, li, label, button, select, input")]
            .filter(e => !e.closest(".wide") && e.getBoundingClientRect().right > 400)
            .map(e => e.outerHTML.slice(0, 80))""")
    assert beyond == []
    choose(browser, "[data-filter=layer]", "7")
    assert len(text(browser, "#tables tbody tr")) > 0


def test_a_report_without_interventions_works_in_a_browser(opened, tables, tmp_path):
    browser = opened(1280, page=page_of(tmp_path, tables, interventions=[], rankings=RANKERS))
    assert browser.get_log("browser") == []
    assert text(browser, "#found") == ["0 of 0 found"]


RANKERS = sorted({name.partition("-")[0] for name in RANKINGS})
