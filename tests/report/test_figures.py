"""Facts about the figures: what they show is in the tables, and a page can filter it."""

import copy
import json
import re
from importlib import import_module

import altair as alt
import numpy as np
import polars as pl
import pytest
import vl_convert

from tests.support.commands import call
from tests.support.study_on_disk import Study, edited
from tests.support.study_tables import MANY, OF, RANKINGS, by, made, with_rankers
from tests.support.workflow import ROOT
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.kernels.area import area_weights
from workflow_scripts.report import build_figure
from workflow_scripts.report.build_figure import of_trained, pdf_of, svg_of
from workflow_scripts.report.figures import style
from workflow_scripts.report.glossary import TERMS

FIGURES = sorted(
    path.stem
    for path in (ROOT / "workflow_scripts/report/figures").glob("*.py")
    if path.stem not in ("__init__", "style")
)
PROBED = {"probing", "probing_curves"}
OF_CONFIGURATIONS = [name for name in FIGURES if name != "wilcoxon"]


def module(name):
    return import_module(f"workflow_scripts.report.figures.{name}")


def spec_of(name, tables, validate=False):
    figure = module(name)
    chart = figure.build({read: tables[read] for read in figure.USES})
    return None if chart is None or isinstance(chart, str) else chart.to_dict(validate=validate)


def texts(svg):
    return [re.sub(r"<[^>]*>", "", text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg)]


@pytest.fixture(scope="module")
def tables():
    tables = made()
    # Of enough configurations for the signed-rank test to find anything.
    return tables | {"wilcoxon": tables["wilcoxon"].with_columns(pairs=pl.lit(16, pl.Int32))}


def said_by(name, tables):
    """What a figure says where its tables, however drawn, could not say anything."""
    return module(name).build({read: tables[read] for read in module(name).USES})


def test_tests_that_cannot_be_significant_are_a_line(tables):
    few = tables["wilcoxon"].with_columns(pairs=pl.lit(8, pl.Int32))
    assert said_by("wilcoxon", {"wilcoxon": few}).startswith("8 configurations are too few")
    assert spec_of("wilcoxon", tables)["datasets"][style.ROWS]


def test_what_every_ranking_shares_is_a_line(tables):
    whole = tables["overlap"].with_columns(n=pl.lit(64), chance=pl.lit(64.0), shared=pl.lit(64.0))
    assert "all neurons of the layer" in said_by("overlap", {"overlap": whole})
    same = tables["agreement"].with_columns(avg_overlap=pl.lit(1.0), neuron_vote=pl.lit(1.0))
    assert "the same neurons" in said_by("agreement", {"agreement": same})


def test_one_layer_and_groups_of_one_are_lines(tables):
    one = {name: tables[name].filter(pl.col("layer") == 2) for name in ("probing", "saturation")}
    assert said_by("layer_profiles", one) == (
        "the study has one layer, so there is no profile of layers"
    )
    assert "a group of its own" in said_by("clusters", {"clusters": tables["clusters"].head(3)})


def test_the_overview_marks_who_is_clearly_first(tables):
    """Of the configurations left, at one k: of a probe by accuracy, of the model by words moved."""
    rows = spec_of("overview", tables)["datasets"][style.ROWS]
    assert {row["k"] for row in rows} == {5, 10}
    assert not any(row["ranking"].endswith("btt") for row in rows)
    # In these tables the first of every two is the higher one, and all differences are clear.
    assert {row["ranking"] for row in rows if row["read_first"]} == {"linear-ttb"}
    assert {row["ranking"] for row in rows if row["moved_first"]} == {"linear-ttb"}
    noisy = tables["contrasts"].with_columns(p_adjusted=pl.lit(0.9))
    rows = spec_of("overview", tables | {"contrasts": noisy})["datasets"][style.ROWS]
    assert not any(row["read_first"] or row["moved_first"] for row in rows)


def test_an_area_is_said_to_be_over_the_scale_that_it_is_computed_on(tables):
    k = np.arange(101)
    scale = np.log1p(k)
    assert area_weights(k) @ scale == pytest.approx(scale[-1] / 2)  # the middle of a straight line
    for text in (TERMS["area"], module("contrasts").CAPTION):
        assert "mean height" in text
        assert "ln(1 + k)" in text
    assert "difference of the areas, in points" in json.dumps(spec_of("contrasts", tables))


def test_each_judge_of_the_overview_says_itself_whether_one_is_clearly_first(tables):
    """The linear probe clearly puts one first, the model does not, of the same configuration."""
    spec = without(
        spec_of("overview", tables),
        lambda row: (row["treebank"], row["attribute"], row["layer"]) == ("one", "Number", 2),
    )
    for row in spec["datasets"][style.ROWS]:
        row["read_first"], row["moved_first"] = int(row["probe"] == "linear"), 0
    said = [text for text in shown_texts(spec) if text in ("clearly", "within noise")]
    assert said == ["clearly", "within noise", "within noise"]  # linear, gaussian, the model


def test_the_overview_says_of_all_rankings_alone_who_is_clearly_first(tables):
    spec = spec_of("overview", tables)
    assert any("clearly in" in text for text in shown_texts(spec))
    said = shown_texts(spec, part=True)
    assert said.count("of those shown") == 3
    assert not [text for text in said if "clearly" in text or "noise" in text]


@pytest.mark.parametrize("name", FIGURES)
def test_no_letter_of_a_figure_is_smaller_than_12_pixels(tables, name):
    sizes = re.findall(r'[fF]ont-?[sS]ize"?[=:] ?"?([0-9.]+)', json.dumps(spec_of(name, tables)))
    assert sizes
    assert min(map(float, sizes)) >= 12


# What a figure is


def test_a_figure_has_all_that_the_contract_asks_for():
    for name in FIGURES:
        figure = module(name)
        assert isinstance(figure.USES, tuple)
        assert figure.TITLE
        assert not figure.TITLE.endswith(".")
        assert figure.LEAD.endswith((".", "?"))
        assert len(figure.CAPTION) > 200
        assert "\n" not in figure.CAPTION
        assert figure.MISSING


SHOWN = {
    "side_effects": ["side effects", "words moved: CLTV, else CLWV", "ablation", "translation"],
    "transfer": ["words of", "learned from", "ranking and means", "means", "translation"],
    "concord": ["all", "det", "nsubj", "translation: another word is changed", "concord"],
    "probing_curves": ["linear probe", "gaussian probe", "layer 2", "layer 7", "k (neurons)"],
    "selectivity_curves": ["linear probe", "layer 7", "selectivity"],
    "unseen_forms": ["linear probe", "forms in training", "forms not in training", "k (neurons)"],
    "intervention_curves": ["ablation", "translation", "error rate", "CLWV", "CLTV"],
    "used_vs_encoded": ["k = 5", "k = 10", "CLWV, ablation", "CLTV, translation", "gaussian"],
    "layer_profiles": ["linear probe", "translation", "accuracy, k = 10", "CLWV at saturation"],
    "agreement": ["layer 2", "average overlap", "neuron vote"],
    "truth": ["model m", "average precision", "neurons that are used"],
    "wilcoxon": ["k = 5", "k = 10", "linear · linear-ttb", "gaussian · random", "p &lt; 0.001"],
    "clusters": ["L&gt;G", "standard", "one · Number", "two · Tense"],
    "contrasts": ["linear probe", "CLTV, translation", "linear − gaussian", "clearly more"],
    "overview": ["the linear probe reads them", "the model uses them: translation", "probeless"],
    "overlap": ["linear + gaussian", "chance", "one attribute, two treebanks", "one", "Tense"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_its_title_panels_and_rankings(tables, name):
    svg = svg_of(spec_of(name, tables, validate=True))
    found = texts(svg)
    assert module(name).TITLE in found
    assert [text for text in SHOWN[name] if text not in found] == []
    if name in ("probing_curves", "intervention_curves", "used_vs_encoded", "layer_profiles"):
        assert {style.in_words(n, by(n)["direction"]) for n in RANKINGS} <= set(found)
        for ranker in ("linear", "gaussian", "probeless", "random"):
            assert style.COLOURS[ranker] in svg


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"configurations": MANY[:1]},
        {"rankings": ["probeless-ttb"]},
        {"rankings": ["mine-ttb", "mine-btt", "other"]},
        {"intervals": False},
        {"control": False},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_every_figure_can_be_drawn_of_small_and_of_unusual_studies(changes):
    tables = made(**changes)
    for name in FIGURES:
        spec = spec_of(name, tables)
        if spec is not None:
            assert "NaN" not in svg_of(spec), name
    assert (spec_of("selectivity_curves", tables) is None) == ("control" in changes)


@pytest.mark.parametrize("name", FIGURES)
def test_empty_tables_have_nothing_to_show(tables, name):
    empty = {table: rows.clear() for table, rows in tables.items()}
    assert spec_of(name, empty) is None


@pytest.mark.slow
def test_a_test_split_without_words_leaves_panels_or_figures_empty(tables):
    """Probes have rows and no accuracy, interventions no row: what is empty is not drawn."""
    none = pl.lit(None, pl.Float64)
    floats = [name for name, kind in tables["probing"].schema.items() if kind == pl.Float64]
    empty = {name: tables[name].with_columns(**dict.fromkeys(floats, none)) for name in PROBED}
    silent = {name: tables[name].clear() for name in tables.keys() - PROBED}
    for name in FIGURES:
        assert spec_of(name, silent | empty) is None
        for read in (empty, silent):  # probes alone have nothing to show, or interventions
            spec = spec_of(name, tables | read)
            assert spec is None or "NaN" not in svg_of(spec)


# Its numbers


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_CONFIGURATIONS)
def test_the_rows_of_a_figure_are_those_of_its_tables(tables, name):
    rows = spec_of(name, tables)["datasets"][style.ROWS]
    assert rows
    if name == "layer_profiles":
        rows = [
            {"k" if row["measure"] == "accuracy" else "saturation_k": row["k"]}
            | {"probe" if row["measure"] == "accuracy" else "method": row["panel"]}
            | {row["measure"]: row["value"]}
            | {field: row[field] for field in (*OF, "ranking")}
            for row in rows
        ]
    given = [
        {key: round(value, 6) if isinstance(value, float) else value for key, value in row.items()}
        for read in module(name).USES
        for row in tables[read].to_dicts()
    ]
    for row in rows:
        for computed in ("within_noise", "read_first", "moved_first"):
            row.pop(computed, None)
        moved = row.pop("moved", None)
        if name == "side_effects":
            row["clwv" if row["method"] == "ablation" else "cltv"] = moved
        row.pop("ceiling", None)  # of a row of another table
        if name == "transfer":
            row["words_of"] = row.pop("treebank")
            lender, borrowed = row.pop("lender"), row.pop("borrowed")
            for what in ("ranking", "means"):
                row[f"{what}_of"] = lender if what in borrowed else row["words_of"]
        assert any(row.items() <= other.items() for other in given), row


def test_curves_hold_every_row_of_their_table(tables):
    rows = spec_of("probing_curves", tables)["datasets"][style.ROWS]
    assert len(rows) == len(tables["probing_curves"])
    assert [row["accuracy"] for row in rows] == tables["probing_curves"]["accuracy"].to_list()


def test_a_large_study_is_shown_at_fewer_k_with_the_first_and_the_last():
    table = pl.DataFrame({"k": list(range(1, 151)) * 100})
    thin = style.at_most(table, most=2000)
    assert len(thin) <= 2000
    kept = sorted(set(thin["k"]))
    assert (kept[0], kept[1], kept[-1]) == (1, 2, 150)
    assert len(thin) == 100 * len(kept)  # each curve at the same k
    assert style.at_most(table, most=len(table)).equals(table)
    assert 10 < style.at_most(table, most=10)["k"].n_unique() <= style.LEAST_K


def test_rankings_stand_in_one_order_ttb_before_btt_before_the_rest():
    names = ["random", "probeless-btt", "mine-ttb", "linear-ttb", "probeless-ttb", "linear-btt"]
    found = style.rankings(with_rankers(pl.DataFrame({"ranking": names * 2})))
    assert list(found) == [
        *("linear-ttb", "probeless-ttb", "mine-ttb", "linear-btt", "probeless-btt", "random")
    ]
    assert found == {name: (by(name)["ranker"], by(name)["direction"] or "") for name in names}


def test_a_ranking_is_drawn_as_its_ranker_and_direction_are_whatever_its_name():
    named = pl.DataFrame({"ranking": ["x-btt"], "ranker": ["linear"], "direction": ["ttb"]})
    found = style.rankings(named)
    line = alt.Chart().mark_line().encode(style.colour(found), style.dash(found)).to_dict()
    ranges = {channel: of["scale"]["range"] for channel, of in line["encoding"].items()}
    assert ranges == {"color": [style.COLOURS["linear"]], "strokeDash": [style.DASHES["ttb"]]}


def shown_by(spec, **values):
    """What a figure shows with some parameters set: every item of its drawing."""
    spec = copy.deepcopy(spec)
    for param in spec["params"]:
        param["value"] = values.get(param["name"], param["value"])
    return vl_convert.vegalite_to_scenegraph(spec, allowed_base_urls=[])["scenegraph"]


def shown_texts(spec, **values):
    """The lines of text that a figure shows, panel by panel."""
    found = []

    def look(part):
        if isinstance(part, dict):
            text = part.get("text")
            found.extend(text if isinstance(text, list) else [text] if text else [])
            part = list(part.values())
        for inner in part if isinstance(part, list) else []:
            look(inner)

    look(shown_by(spec, **values))
    return found


def without(spec, keep):
    """The same figure, of those rows alone that a function keeps."""
    spec = copy.deepcopy(spec)
    spec["datasets"][style.ROWS] = [row for row in spec["datasets"][style.ROWS] if keep(row)]
    return spec


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_CONFIGURATIONS)
@pytest.mark.parametrize(
    ("param", "value"), [("attribute", "Tense"), ("treebank", "one"), ("layer", 7)]
)
def test_a_parameter_leaves_the_rows_that_have_its_value(tables, name, param, value):
    spec = spec_of(name, tables)
    assert [p["name"] for p in spec["params"]] == OF + ["k", "part"] * (name == "overview")
    fields = (param, f"other_{param}")
    alone = without(spec, lambda row: value in [row.get(field) for field in fields])
    everything = shown_by(spec)
    assert shown_by(spec, **{param: value}) == shown_by(alone) != everything
    assert shown_by(spec, **{param: "all"}) == everything


def test_a_line_is_the_mean_over_configurations_and_its_interval_that_of_one(tables):
    spec = spec_of("probing_curves", tables)
    rows = spec["datasets"][style.ROWS]
    at = {"probe": "linear", "layer": 2, "ranking": "linear-ttb", "k": 5}
    values = [row["accuracy"] for row in rows if at.items() <= row.items()]
    labels = re.findall(r'aria-label="([^"]*ranking: linear-ttb; [^"]*)"', svg_of(points_of(spec)))
    mean = f"{100 * sum(values) / len(values):.3g}%"
    assert any(f"accuracy: {mean}" in label and "configurations: 4" in label for label in labels)
    one = {"treebank": "one", "attribute": "Number", "model": "m", "layer": 2}
    assert "area" not in json.dumps(shown_by(spec))
    assert "area" in json.dumps(shown_by(spec, **one))


def points_of(spec):
    """The same figure with points in the place of its lines: each has a label of its own."""
    spec = copy.deepcopy(spec)

    def change(part):
        for layer in part.get("layer", []):
            change(layer)
        if part.get("mark", {}).get("type") == "line":
            part["mark"] = {"type": "point"}

    change(spec["spec"])
    return spec


# Its files


def files(folder, name, tables):
    """Write a figure from tables on disk; return its files."""
    paths = []
    for read in module(name).USES:
        paths.append(folder / f"{read}.parquet")
        write_parquet(paths[-1], tables[read].to_arrow(), made_by("test"))
    made_files = {kind: folder / "figures" / f"{name}.{kind}" for kind in ("svg", "pdf", "json")}
    call(build_figure, figure=name, tables=paths, **made_files)
    return made_files


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_two_builds_give_the_same_bytes_and_nothing_from_the_network(tables, tmp_path, name):
    one, two = (files(tmp_path / place, name, tables) for place in ("one", "two"))
    for kind, path in one.items():
        assert path.read_bytes() == two[kind].read_bytes(), kind
    svg = one["svg"].read_text()
    assert set(re.findall(r'font-family="([^"]*)"', svg)) == {style.FONT}
    assert "bold" not in svg  # a second face, and their order in a PDF is not fixed
    assert len({pdf_of(svg) for _ in range(5)}) == 1
    assert not re.search(rb"CreationDate|ModDate", one["pdf"].read_bytes())
    spec = json.loads(one["json"].read_text())
    assert spec["usermeta"]["caption"] == module(name).CAPTION
    addresses = re.findall(r"https?://[^\"]*", json.dumps(spec))
    assert addresses == [alt.SCHEMA_URL]  # a name: nothing reads it
    assert '"url"' not in json.dumps(spec)
    # Names that count up within a process would differ where other figures came before.
    assert not re.search(r"\b(view|param|concat)_\d+|data-[0-9a-f]{8}", json.dumps(spec))


def test_a_figure_with_nothing_to_show_says_what_is_missing(tmp_path):
    made_files = files(tmp_path, "selectivity_curves", made(control=False))
    sentence = f"nothing to show: {module('selectivity_curves').MISSING}"
    spec = json.loads(made_files["json"].read_text())
    assert spec.keys() == {"missing", "usermeta"}
    assert spec["missing"] == sentence
    assert spec["usermeta"]["title"] == module("selectivity_curves").TITLE
    shown = "".join(texts(made_files["svg"].read_text())).replace(" ", "")
    assert sentence.replace(" ", "") in shown
    assert made_files["pdf"].read_bytes().startswith(b"%PDF")


def test_a_table_that_is_not_given_is_named(tmp_path):
    with pytest.raises(ValueError, match="layer_profiles: reads the table probing"):
        call(build_figure, figure="layer_profiles", tables=["x.parquet"], svg=1, pdf=1, json=1)


# Its place in a study


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def test_a_study_has_the_figures_that_its_tables_give(study):
    figures = study.jobs().plan.figures
    assert {"probing_curves", "intervention_curves", "used_vs_encoded"} <= figures.keys()
    assert figures["layer_profiles"] == ("probing", "saturation")
    without_interventions = study.jobs(interventions=[]).plan
    for name, reads in without_interventions.figures.items():
        assert set(reads) <= set(without_interventions.tables), name
    assert "intervention_curves" not in without_interventions.figures
    assert study.jobs(rankings=[]).plan.figures == {}


@pytest.mark.parametrize(
    ("module", "changed"),
    [
        ("figures.layer_profiles", {"layer_profiles"}),
        ("build_figure", {"layer_profiles", "probing_curves"}),
        ("tables.saturation", {"layer_profiles"}),
        ("tables.probing_curves", {"probing_curves"}),
    ],
)
def test_a_figure_depends_on_its_code_and_its_tables(study, monkeypatch, module, changed):
    names = ("layer_profiles", "probing_curves")
    before = {name: study.jobs().string("build_figure", figure=name) for name in names}
    edited(monkeypatch, module)
    after = study.jobs()
    assert {
        name for name in names if after.string("build_figure", figure=name) != before[name]
    } == changed


def test_compiled_models_are_in_no_mean_with_others_and_alone_are_shown():
    table = pl.DataFrame({"model": ["m", "planted", None], "x": [1, 2, 3]})
    assert of_trained(["planted"], table)["x"].to_list() == [1, 3]
    alone = table.filter(pl.col("model") == "planted")
    assert of_trained(["planted"], alone).equals(alone)
    assert of_trained([], table).equals(table)
    rows = table.drop("model")
    assert of_trained(["planted"], rows).equals(rows)
