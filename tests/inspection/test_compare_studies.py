"""Facts about comparing two studies: nothing between equal ones, else what differs and where."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.support.workflow import SMALL, changed, finish
from workflow_scripts import compare_studies
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.inspection.differences import (
    configured,
    keys_of,
    options_in,
    table_differences,
)


@pytest.fixture
def compared(capsys):
    """`compared(a, b)` is the status, what is printed, and what is said of an error."""

    def compare(a, b, *options):
        arguments = compare_studies.arguments().parse_args([str(a), str(b), *map(str, options)])
        with pytest.raises(SystemExit) as caught:
            compare_studies.main(arguments)
        return caught.value.code, *capsys.readouterr()

    return compare


def test_a_study_and_its_copy_have_no_difference(finished, study, compared, tmp_path):
    page = tmp_path / "page.html"
    a, b = finished / "results", study / "results"
    status, said, error = compared(a, b, "--html", page)
    assert (status, error) == (0, "")
    lines = [f"A: {a}", f"B: {b}", "", f"all differences, and the figures side by side: {page}"]
    assert said.splitlines() == [*lines, "no difference"]
    assert page.read_text().count("A and B, the same") > 10
    assert "of one study alone" not in page.read_text()


@pytest.mark.slow
def test_what_another_control_task_changes_is_all_that_differs(study, finished, compared, tmp_path):
    config = changed(SMALL, tmp_path / "other.yaml", control="empirical")
    other = finish(study, config)
    page = tmp_path / "page.html"
    status, said, _ = compared(finished / "results", other, "--html", page)
    assert status == 1
    assert "configuration: 1 different\n  control  true | empirical\n" in said
    assert re.search(r"probing +66 +66 +0 +0 +66\n", said)
    columns = re.findall(r"^  probing: (\w+) ", said, flags=re.MULTILINE)
    assert sorted(columns) == ["control_accuracy", "control_majority", "selectivity"]
    assert "interventions " not in said
    assert re.search(r"figures: 1 of \d+ different: selectivity_curves\n", said)
    text = page.read_text()
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert "<td>control</td><td>true</td><td>empirical</td>" in text
    assert (
        text.count('alt="selectivity_curves, A"') == text.count('alt="selectivity_curves, B"') == 1
    )


def test_the_keys_of_every_table_tell_its_rows_apart(finished):
    """So each row is compared with the one that is about the same."""
    provenance = json.loads((finished / "results/provenance.json").read_text())
    options = options_in(provenance["configuration"])
    tables = sorted((finished / "results/tables").glob("*.parquet"))
    assert len(tables) > 10
    for path in tables:
        table = pl.read_parquet(path)
        found = table_differences(path.stem, table, table, options)
        assert not found.any
        assert "row" not in found.only[0].columns
        floats = {name for name, kind in table.schema.items() if kind == pl.Float64}
        assert set(keys_of(table, options)) & floats <= options


A = pl.DataFrame(
    {
        "model": ["m", "m", "m"],
        "k": pl.Series([0, 10, 20], dtype=pl.Int32),
        "words": [5, 5, 5],
        "accuracy": [0.5, 0.75, None],
        "nmi": [0.0, 0.1, 0.2],
        "saturated": [True, True, False],
    }
)


def test_rows_are_compared_by_their_keys_and_numbers_by_the_range_of_their_column():
    b = A.with_columns(
        k=pl.Series([10, 20, 30], dtype=pl.Int32), accuracy=pl.Series([0.5, 0.25, 1.0])
    )
    found = table_differences("mine", A, b)
    assert [of["k"].to_list() for of in found.only] == [[0], [30]]
    assert found.differing == 2
    rows = found.numbers.select("k", "column", "A", "B", "difference", "share").rows()
    assert rows[0] == (20, "accuracy", None, "0.25", None, 1.0)  # no number, and one
    assert (10, "accuracy", "0.75", "0.5", -0.25, pytest.approx(0.5)) in rows
    assert (10, "nmi", "0.1", "0.0", pytest.approx(-0.1), pytest.approx(0.5)) in rows
    assert [row[1] for row in rows].count("words") == 0


def test_a_tolerance_lets_small_differences_pass():
    b = A.with_columns(pl.col("nmi") + 1e-9)
    assert table_differences("mine", A, b).differing == 3
    assert not table_differences("mine", A, b, tolerance=1e-6).any


def test_rows_with_equal_keys_are_numbered():
    a = pl.DataFrame({"model": ["m", "m"], "score": [1.0, 2.0]})
    b = pl.DataFrame({"model": ["m", "m"], "score": [1.0, 3.0]})
    found = table_differences("mine", a, b)
    assert found.numbers.rows(named=True)[0] == {
        **{"model": "m", "row": 1, "column": "score", "A": "2.0", "B": "3.0"},
        **{"difference": 1.0, "share": 0.5},
    }
    assert len(found.numbers) == 1


def test_a_k_that_was_found_is_no_key():
    columns = {"point": ["report", "saturation"], "clwv": [0.1, 0.2]}
    a, b = (pl.DataFrame(columns | {"k": [10, k]}) for k in (30, 40))
    found = table_differences("used_vs_encoded", a, b)
    assert not any(map(len, found.only))
    assert found.numbers["column"].to_list() == ["k at saturation"]


def test_an_option_that_one_study_alone_has_is_null_in_the_other():
    a = pl.DataFrame({"method": ["translation"], "clwv": [0.5]})
    b = pl.DataFrame({"method": ["translation"], "beta": [8.0], "clwv": [0.5]})
    found = table_differences("mine", a, b, {"beta"})
    assert [len(of) for of in found.only] == [1, 1]
    assert table_differences("mine", a, b).columns_only == ([], ["beta"])


def test_entries_with_names_are_compared_by_them():
    one = {"interventions": [{"name": "t", "beta": 8}, {"name": "a"}], "layers": [1]}
    other = {"interventions": [{"name": "a"}, {"name": "t", "beta": 4}], "layers": [1, 2]}
    assert configured(one, other) == [("interventions.t.beta", 8, 4), ("layers", [1], [1, 2])]


def test_what_is_missing_on_one_side_is_a_difference(finished, compared, tmp_path):
    other = tmp_path / "results"
    shutil.copytree(finished / "results/tables", other / "tables")
    (other / "tables/probing.parquet").unlink()
    shutil.copytree(finished / "results/figures", other / "figures")
    (other / "figures/selectivity_curves.svg").rename(other / "figures/mine.svg")
    page = tmp_path / "page.html"
    status, said, _ = compared(finished / "results", other, "--html", page)
    assert status == 1
    text = page.read_text()
    assert "Tables and figures alone" in text
    tables, _, figures = text.partition("<h2>figures</h2>")
    assert "<p>tables only in A: probing</p>" in tables
    assert "only in" not in figures.partition("<h2>figures of one study alone</h2>")[0]
    assert figures.count("<h2>") == 1
    assert "<p>figures only in A: selectivity_curves</p><p>figures only in B: mine</p>" in figures
    assert "B has no provenance.json" in said
    assert "tables only in A: probing\nfigures only in A: selectivity_curves\n" in said


def test_one_number_in_one_table_is_found(finished, study, compared):
    path = study / "results/tables/saturation.parquet"
    table = pl.read_parquet(path)
    edited = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 2)
        .then(pl.col("clwv") + 0.5)
        .otherwise("clwv")
        .alias("clwv")
    )
    write_parquet(path, edited.to_arrow(), made_by("build_table"))
    status, said, _ = compared(finished / "results", study / "results")
    row = table.row(2, named=True)
    assert status == 1
    assert re.search(r"tables: 1 of \d+ different\n", said)
    start = f"  saturation: clwv {row['clwv']:.4g} | {row['clwv'] + 0.5:.4g} (model tiny, "
    assert start in said
    assert f"ranking {row['ranking']}, method {row['method']})" in said


def test_a_folder_without_tables_is_one_clear_error_and_status_2(finished, compared, tmp_path):
    page = tmp_path / "page.html"
    status, said, error = compared(finished / "results", tmp_path, "--html", page)
    assert (status, said) == (2, "")
    assert error.startswith(f"error: {tmp_path}: has no tables/*.parquet")
    assert compared(tmp_path / "none", tmp_path)[2].startswith(f"error: {tmp_path}/none: is not a ")
    assert not page.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tolerance", "-1"], "--tolerance: -1: it is a number from 0 on"),
        (["--tolerance", "nan"], "--tolerance: nan: it is a number from 0 on"),
        (["--html", "{tmp}"], "--html: {tmp}: is a folder; name a file"),
        (["--html", "{tmp}/pipe"], "--html: {tmp}/pipe: is no regular file"),
        (["--html", "{tmp}/no/a.html"], "--html: {tmp}/no/a.html: there is no folder {tmp}/no"),
        (["--html", "/proc/a.html"], "--html: /proc/a.html: cannot be written ("),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_read(compared, tmp_path, options, said):
    os.mkfifo(tmp_path / "pipe")
    given = [option.format(tmp=tmp_path) for option in options]
    status, printed, error = compared(tmp_path / "none", tmp_path / "none", *given)
    assert (status, printed) == (2, "")
    assert error.startswith(f"error: {said.format(tmp=tmp_path)}")
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "pipe"]


def test_a_page_that_cannot_be_written_at_the_end_is_named_as_asked(
    finished, compared, tmp_path, monkeypatch
):
    def full(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    page, results = tmp_path / "page.html", finished / "results"
    status, _, error = compared(results, results, "--html", page)
    assert status == 2
    assert error == f"error: --html: {page}: cannot be written (No space left on device)\n"
    assert not list(tmp_path.iterdir())


def test_a_table_that_other_software_wrote_is_said_to_be_that(finished, study, compared):
    path = study / "results/tables/probing.parquet"
    pl.read_parquet(path).write_parquet(path)
    status, _, error = compared(finished / "results", study / "results")
    assert status == 2
    assert f"{path}: was not written by this project" in error


def test_a_damaged_table_is_named(finished, study, compared):
    path = study / "results/tables/probing.parquet"
    path.write_bytes(path.read_bytes()[:100])
    status, _, error = compared(finished / "results", study / "results")
    assert status == 2
    assert str(path) in error
