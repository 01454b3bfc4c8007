"""What a reader of the results is shown runs on a study: the pages' Python, and the notebook."""

import ast
import json
import re
from collections.abc import Sized

import altair as alt
import pandas as pd
import polars as pl
import pytest

from examples.write_notebook import SCRIPT, cells, notebook
from tests.support.workflow import ROOT

PAGES = (ROOT / "README.md", ROOT / "docs/data.md")
PYTHON = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(block, id=f"{page.name} {i}")
    for page in PAGES
    for i, block in enumerate(b for b in PYTHON.findall(page.read_text()) if '"results/' in b)
]
"""Every Python block of a page that says how results are read."""


def run(code, names):
    """Run a cell in the names of those before it; return what it ends with, as a notebook shows."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return last and eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_a_page_reads_the_results(block, finished, monkeypatch):
    monkeypatch.chdir(finished)
    names = {}
    # The default study's model, and the small one's; all else is in both.
    shown = run(block.replace("/demo/spanish/", "/tiny/english/"), names)
    read = {name: value for name, value in names.items() if not name.startswith("__")} | {"": shown}
    read = {name: value for name, value in read.items() if isinstance(value, Sized)}
    assert read
    assert [name for name, value in read.items() if len(value) == 0] == []


def fields(spec):
    """The columns that a chart shows."""
    if isinstance(spec, dict):
        own = {spec["field"]} if isinstance(spec.get("field"), str) else set()
        return own.union(*(fields(value) for key, value in spec.items() if key != "datasets"))
    return set().union(*map(fields, spec)) if isinstance(spec, list) else set()


def test_the_notebook_shows_tables_and_charts_of_a_study(finished, monkeypatch):
    """Which cell may end with no row: no two probes need contradict each other."""
    monkeypatch.chdir(finished)
    names, shown = {}, []
    for kind, code in cells(SCRIPT.read_text()):
        if kind == "code":
            shown.append(run(code, names))
    charts = [value for value in shown if isinstance(value, alt.TopLevelMixin)]
    tables = [value for value in shown if isinstance(value, pd.DataFrame)]
    assert len(charts) == 2
    assert len(charts) + len(tables) == len(shown)
    assert [i for i, table in enumerate(tables) if table.empty] in ([], [2])
    for chart in charts:
        spec = chart.to_dict()
        (rows,) = spec["datasets"].values()
        assert rows
        assert fields(spec) <= rows[0].keys()
    best = tables[1]
    probing = pl.read_csv("results/tables/probing.csv").filter(
        pl.col("split") == "test", pl.col("k") == 5, pl.col("direction").eq_missing("btt").not_()
    )
    for probe in best.columns:
        of = probing.filter(pl.col("probe") == probe).sort("accuracy")
        assert (
            of["accuracy"][-1] == of.filter(pl.col("ranking") == best[probe].item())["accuracy"][0]
        )


def test_the_notebook_is_found_from_the_folder_of_the_examples(finished, tmp_path, monkeypatch):
    (tmp_path / "examples").mkdir()
    (tmp_path / "results").symlink_to(finished / "results")
    monkeypatch.chdir(tmp_path / "examples")
    first = next(code for kind, code in cells(SCRIPT.read_text()) if kind == "code")
    assert len(run(first, {}))


def test_the_notebook_is_what_its_script_says():
    """`make notebook` writes it."""
    written = SCRIPT.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert written == notebook(SCRIPT.read_text(encoding="utf-8"))
    found = json.loads(written)["cells"]
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in found] == cells(
        SCRIPT.read_text(encoding="utf-8")
    )
    assert all(cell["outputs"] == [] for cell in found if cell["cell_type"] == "code")
    assert found[0]["source"][0] == "# Read the results of a study\n"


def test_the_index_of_the_pages_has_each_once():
    folder = ROOT / "docs"
    named = re.findall(
        r"^\| \[(.*?)\]\((.*?)\) \|", (folder / "README.md").read_text(), re.MULTILINE
    )
    assert [name for name, link in named if name != link] == []
    pages = {page.name for page in folder.glob("*.md")} - {"README.md"}
    assert sorted(name for name, _ in named) == sorted(pages)
