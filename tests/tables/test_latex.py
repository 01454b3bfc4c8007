"""Tables in LaTeX: their numbers are those of the tables, and every heading stands over them."""

from importlib import import_module

import polars as pl
import pytest

from tests.support.commands import call
from tests.support.study_tables import made
from tests.support.workflow import ROOT
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.tables import build_latex

TABLES = sorted(
    path.stem
    for path in (ROOT / "workflow_scripts/tables/latex").glob("*.py")
    if path.stem != "__init__"
)


@pytest.fixture(scope="module")
def tables():
    return made()


def cell(tables, name, row, column):
    frame = import_module(f"workflow_scripts.tables.latex.{name}").build(tables[name])
    return frame.loc[row, column]


OF = ("m", "two", "Tense", 7)


def test_probing_has_accuracy_and_selectivity_of_the_same_row(tables):
    row = tables["probing"].row(
        by_predicate=(pl.col("treebank") == "two")
        & (pl.col("attribute") == "Tense")
        & (pl.col("layer") == 7)
        & (pl.col("probe") == "linear")
        & (pl.col("ranking") == "linear-btt")
        & (pl.col("k") == 10),
        named=True,
    )
    found = cell(tables, "probing", (*OF, "linear-btt"), ("linear", 10))
    assert found == f"{row['accuracy']:.3f} ({row['selectivity']:.3f})"


def test_without_a_control_task_probing_has_accuracy_alone():
    found = cell(made(control=False), "probing", (*OF, "random"), ("gaussian", 5))
    assert len(found) == len("0.123")


@pytest.mark.parametrize(("measure", "column"), [("CLWV", "clwv"), ("error", "error_rate")])
def test_saturation_has_percent_of_words(tables, measure, column):
    (value,) = tables["saturation"].filter(
        treebank="two", attribute="Tense", layer=7, method="ablation", ranking="random"
    )[column]
    found = cell(tables, "saturation", (*OF, "random"), ("ablation", measure))
    assert found == f"{value * 100:.1f}"


def test_ablation_has_no_cltv(tables):
    frame = import_module("workflow_scripts.tables.latex.saturation").build(tables["saturation"])
    assert ("translation", "CLTV") in frame.columns
    assert ("ablation", "CLTV") not in frame.columns


def test_used_vs_encoded_has_probes_beside_methods(tables):
    (value,) = tables["used_vs_encoded"].filter(
        treebank="two",
        attribute="Tense",
        layer=7,
        method="translation",
        ranking="random",
        probe="linear",
        k=5,
    )["cltv"]
    found = cell(tables, "used_vs_encoded", (*OF, "random"), (5, "translation"))
    assert found == f"{value * 100:.1f}"


def test_wilcoxon_has_the_adjusted_p_of_an_ordered_pair(tables):
    (p,) = tables["wilcoxon"].filter(
        group="overall",
        k=5,
        probe="linear",
        ranking="random",
        other_probe="gaussian",
        other_ranking="linear-ttb",
    )["p_holm"]
    found = cell(tables, "wilcoxon", (5, "linear", "random"), ("gaussian", "linear-ttb"))
    assert found == (f"{p:.3f}" if p >= 0.001 else "<0.001")


def test_overlap_has_shared_beside_chance(tables):
    (shared,) = tables["overlap"].filter(
        pl.col("other_treebank").is_null(),
        treebank="two",
        attribute="Tense",
        layer=7,
        rankings="linear-ttb+gaussian-ttb",
    )["shared"]
    found = cell(tables, "overlap", (*OF, 100), "linear-ttb+gaussian-ttb")
    assert found == f"{shared} (13.0)"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_a_longtable_that_latex_can_read(tables, tmp_path, name):
    table = tables[name].with_columns(pl.lit("Gender & 50% of_it").alias("attribute"))
    table = table if name != "wilcoxon" else tables[name]
    write_parquet(tmp_path / f"{name}.parquet", table.to_arrow(), made_by("build_table"))
    call(build_latex, table=tmp_path / f"{name}.parquet", latex=tmp_path / f"{name}.tex")
    text = (tmp_path / f"{name}.tex").read_text()
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 1
    assert rf"\label{{tab:{name}}}" in text
    bare = text.replace(r"\&", "").replace("$<$", "")
    assert "<" not in bare
    if name != "wilcoxon":
        assert r"Gender \& 50\% of\_it" in text
    # As many cells in every row as the table has columns.
    columns = text.partition("{longtable}{")[2].partition("}")[0]
    body = bare.partition(r"\endlastfoot")[2].partition(r"\end{longtable}")[0]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert len(rows) > 1
    assert {row.count("&") + 1 for row in rows} == {len(columns)}


def test_a_table_without_rows_says_so(tables, tmp_path):
    empty = tables["overlap"].clear()
    write_parquet(tmp_path / "overlap.parquet", empty.to_arrow(), made_by("build_table"))
    call(build_latex, table=tmp_path / "overlap.parquet", latex=tmp_path / "overlap.tex")
    assert (tmp_path / "overlap.tex").read_text() == (
        "% overlap: this study gives the table no row.\n"
    )
