"""Every column of every table has one type, one unit and one sentence, in the file of its table."""

import random
import re
from collections import Counter
from types import SimpleNamespace

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.commands import call
from workflow_scripts.command.plugins import declared, load, names
from workflow_scripts.files.artifact import ArtifactError, made_by, write_parquet
from workflow_scripts.files.dictionary import Column, Meaning, columns_of, described
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.report.build_report import dictionary
from workflow_scripts.tables import build_dictionary, build_table
from workflow_scripts.tables.collections import NAMES
from workflow_scripts.tables.meanings import OPTION, OPTIONS_OF_METHODS, SHARED, meanings
from workflow_scripts.tables.tables.truth import SCORES

UNITS = {"share", "ratio", "bits", "nats", "p"}
UNITS |= {"neurons", "words", "pairs", "treebanks", "configurations", "models"}
UNITS |= {"activation", "standard deviations"}
TRUTH = CONFIGURATION_SCHEMA | {"ranking": pl.String, **NAMES, "planted": pl.String}


def collected(collection):
    """What a study without a configuration collects, and what its compiled models score."""
    if collection == "truth":
        return pl.DataFrame(schema=TRUTH | dict.fromkeys(SCORES, pl.Float64))
    return pl.DataFrame(schema=load("collections", collection).SCHEMA | NAMES)


def columns(table):
    """The columns of a table of such a study: it has all but those of options."""
    module = load("tables", table)
    given = {name: of for name, of in {"report": [1], "seed": 1}.items() if name in module.USES}
    frames = {name: collected(name) for name in (*names("collections"), "truth")}
    return module.build({n: f for n, f in frames.items() if n in module.USES}, **given).columns


def own(table):
    return getattr(load("tables", table), "COLUMNS", {})


@pytest.mark.parametrize("table", names("tables"))
def test_every_column_of_a_table_has_a_meaning_and_none_is_of_another_table(table):
    said = meanings(columns(table), own(table))
    assert [name for name, meaning in said.items() if meaning == OPTION] == []
    assert own(table).keys() <= said.keys()
    for unit, meaning in said.values():
        assert unit is None or unit in UNITS
        assert re.fullmatch(r"[^\n]*[^.\s]\.", meaning), meaning


def test_what_tables_share_is_of_two_at_least():
    holds = Counter(
        name
        for table in names("tables")
        for name, meaning in meanings(columns(table), own(table)).items()
        if SHARED.get(name) == meaning
    )
    assert {name for name in SHARED if holds[name] < 2} == set()


def test_every_option_of_a_method_has_a_meaning_where_there_is_a_method():
    options = {
        name for method in names("methods") for name in declared("methods", method, "OPTIONS")
    }
    assert options == OPTIONS_OF_METHODS.keys()
    assert meanings(["method", "beta"], {})["beta"] == OPTIONS_OF_METHODS["beta"]
    assert meanings(["beta", "penalty"], {}) == {"beta": OPTION, "penalty": OPTION}


def test_the_ends_of_an_interval_follow_from_what_it_is_of():
    of = meanings(["margin", "margin_low", "margin_high"], own("concord"))
    low, high = of["margin_low"], of["margin_high"]
    assert low.unit == high.unit == "nats"
    assert low.meaning.startswith("Lower end of the 95 % interval of `margin`")
    assert high.meaning.startswith("Upper end")
    # What is declared wins, and an end of nothing known is none.
    assert meanings(["low"], own("inference"))["low"].meaning.startswith("Lower end of Student's")
    assert meanings(["penalty_low"], {}) == {"penalty_low": OPTION}


TABLE = pa.table({"k": pa.array([1, 2], pa.int32()), "mi": [0.5, None], "ranking": ["a", "b"]})
SAID = {
    "k": Meaning("neurons", "How many."),
    "mi": Meaning("bits", "H − H(z|h)."),
    "ranking": Meaning(None, "Whose."),
}


@pytest.fixture
def described_table(tmp_path):
    write_parquet(tmp_path / "mine.parquet", described(TABLE, SAID), made_by("test"))
    return tmp_path / "mine.parquet"


def test_unit_and_meaning_are_metadata_of_the_fields(described_table):
    schema = pq.read_schema(described_table)
    assert schema.field("mi").metadata == {b"unit": b"bits", b"meaning": "H − H(z|h).".encode()}
    assert schema.field("ranking").metadata == {b"meaning": b"Whose."}
    assert columns_of(described_table) == {
        "k": Column("integer", "neurons", "How many."),
        "mi": Column("number", "bits", "H − H(z|h)."),
        "ranking": Column("text", None, "Whose."),
    }
    assert pq.read_table(described_table).equals(TABLE)


def test_no_turned_bit_becomes_another_meaning(described_table):
    content = described_table.read_bytes()
    columns, draw = columns_of(described_table), random.Random(0)
    named = 0
    for place in range(len(content) // 2, len(content)):  # the schema stands in the footer
        damaged = bytearray(content)
        damaged[place] ^= 1 << draw.randrange(8)
        described_table.write_bytes(damaged)
        try:
            assert columns_of(described_table) == columns, place
        except ArtifactError as error:
            named += str(described_table) in str(error)
    assert named > len(columns)


def test_the_dictionary_has_a_row_for_each_column_of_each_table(tmp_path, monkeypatch):
    rows = pl.DataFrame({"model": ["m"], "layer": [1], "warm": [True], "nmi": [0.5]})
    plugin = SimpleNamespace(USES=(), COLUMNS={"warm": Meaning(None, "Why?")}, build=lambda _: rows)
    monkeypatch.setattr(build_table, "load", lambda *_: plugin)
    tables = [tmp_path / f"{name}.parquet" for name in ("b", "a")]
    for path in tables:
        call(build_table, made_by="{}", table=path.stem, csv=tmp_path / "csv", parquet=path)
    paths = {kind: tmp_path / f"columns.{kind}" for kind in ("csv", "parquet")}
    call(build_dictionary, made_by="{}", tables=tables, **paths)
    found = pl.read_csv(paths["csv"])
    assert found.equals(pl.read_parquet(paths["parquet"]))
    assert found.columns == ["table", "column", "type", "unit", "meaning"]
    of_one = [
        ("model", "text", *SHARED["model"]),
        ("layer", "integer", *SHARED["layer"]),
        ("warm", "boolean", None, "Why?"),
        ("nmi", "number", *SHARED["nmi"]),
    ]
    assert found.rows() == [(table, *row) for table in ("b", "a") for row in of_one]


def test_the_dictionary_of_a_study_is_what_its_tables_say_and_the_report_is_given_it(finished):
    folder = finished / "results/tables"
    rows = pl.read_csv(folder / "columns.csv")
    tables = sorted(path for path in folder.glob("*.parquet") if path.stem != "columns")
    assert rows["table"].unique(maintain_order=True).to_list() == [path.stem for path in tables]
    assert OPTION.meaning not in rows["meaning"]
    for path in tables:
        of_table = rows.filter(pl.col("table") == path.stem)
        assert of_table["column"].to_list() == pl.read_csv(path.with_suffix(".csv")).columns
        assert dict(columns_of(path)) == {c: Column(*of) for _, c, *of in of_table.rows()}
    of_report = dictionary(tables)
    assert of_report.keys() == {path.stem for path in tables}
    assert of_report["probing"]["nmi"] == ("ratio", SHARED["nmi"].meaning)
    assert of_report["probing"]["model"] == ("", SHARED["model"].meaning)
