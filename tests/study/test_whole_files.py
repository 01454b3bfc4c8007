"""Facts about files: they appear whole or not at all, and say what made them."""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pytest

from workflow_scripts.files.artifact import (
    METADATA_KEY,
    ParquetFile,
    made_by,
    open_parquet,
    read_parquet,
    whole_file,
    write_parquet,
)


def leftovers(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with whole_file(target) as part:
        part.write_text("half")
        assert not target.exists()
        part.write_text("whole")
    assert target.read_text() == "whole"
    assert leftovers(tmp_path) == ["file.txt"]


def test_what_a_killed_run_left_of_a_file_goes_when_it_is_made_and_nothing_else(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ours = [f".a.parquet.{os.getppid()}.part", ".a.parquet.conllu.part", f".b.{gone.pid}.part"]
    for name in (*ours, f".a.parquet.{gone.pid}.part", ".a.parquet.99999999999999999999.part"):
        (tmp_path / name).write_text("half")
    with whole_file(tmp_path / "a.parquet") as part:
        part.write_text("whole")
    assert leftovers(tmp_path) == sorted([*ours, "a.parquet"])


def fill(target, error=None):
    """Write a folder `target` with a file `whole`, or meet an error half way."""
    with whole_file(target) as part:
        part.mkdir()
        (part / "half").write_text("")
        if error:
            raise error
        (part / "half").rename(part / "whole")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_nothing_half_written_and_the_old_file_in_place(tmp_path, error):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(error):
        fill(target, error)
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == ["file.txt"]


def test_a_folder_appears_whole_and_replaces_the_old_one(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("")
    with pytest.raises(ValueError):  # noqa: PT011
        fill(target, ValueError)
    assert leftovers(tmp_path) == ["old"]
    fill(target)
    assert leftovers(tmp_path) == ["whole"]


ROWS = pa.table({"k": pa.array([1, 2], pa.int32())})


def write_rows(target, after):
    with ParquetFile(target, ROWS.schema, made_by("test")) as rows:
        rows.write(ROWS)
        after(rows)


def no_space(*_):
    raise OSError(28, "No space left on device")


def test_an_error_leaves_no_half_written_parquet(tmp_path):
    with pytest.raises(OSError, match="No space"):
        write_rows(tmp_path / "x.parquet", after=no_space)
    assert leftovers(tmp_path) == []


def test_a_disk_that_is_full_at_the_last_moment_leaves_no_half_written_parquet(
    tmp_path, monkeypatch
):
    with pytest.raises(OSError, match="No space"):
        write_rows(
            tmp_path / "x.parquet",
            after=lambda rows: monkeypatch.setattr(rows._writer, "close", no_space),
        )
    assert leftovers(tmp_path) == []


def test_parquet_says_command_job_and_versions_of_what_made_it(tmp_path):
    target = tmp_path / "x.parquet"
    write_parquet(target, ROWS, made_by("rank_neurons", {"settings": {"seed": 1}}))
    made = json.loads(open_parquet(target).schema_arrow.metadata[METADATA_KEY])
    assert made["command"] == "rank_neurons"
    assert made["job"] == {"settings": {"seed": 1}}
    assert {"numpy", "pyarrow", "torch", "transformers"} <= made["versions"].keys()
    assert made["versions"]["pyarrow"] == pa.__version__
    assert read_parquet(target).equals(ROWS)
