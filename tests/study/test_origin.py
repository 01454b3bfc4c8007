"""Facts about origins: what a file or a folder says made it, and when it says nothing."""

import numpy as np
import pyarrow as pa
import pytest

from workflow_scripts.files.artifact import made_by as metadata_of
from workflow_scripts.files.artifact import whole_file, write_parquet
from workflow_scripts.files.origin import made_by, sign, stamp
from workflow_scripts.files.statistics import write_statistics
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import Configuration

JOB = {"code": "c", "settings": {"seed": 1, "name": "häuser"}, "inputs": "i"}


def write(path, text="a,b\n1,2\n", job=JOB):
    with whole_file(path, job) as part:
        part.write_text(text)
    return path


def test_a_stamp_is_of_the_string_whichever_way_it_is_given():
    string = '{"code": "c", "inputs": "i", "settings": {"name": "häuser", "seed": 1}}'
    assert stamp(string) == stamp(JOB)
    assert stamp(JOB | {"inputs": "j"}) != stamp(JOB)


@pytest.mark.parametrize("suffix", ["csv", "conllu", "html", "svg", "pdf", "tex", ""])
def test_a_written_file_says_which_job_made_it(tmp_path, suffix):
    path = write(tmp_path / f"file.{suffix}", "text")
    assert made_by(path) == stamp(JOB)
    write(path, job={"seed": 2})
    assert made_by(path) == stamp({"seed": 2})


@pytest.mark.parametrize("suffix", ["csv", "conllu"])
def test_what_has_no_place_for_a_stamp_keeps_its_bytes(tmp_path, suffix):
    assert write(tmp_path / f"file.{suffix}", "text").read_text() == "text"


@pytest.mark.parametrize("suffix", ["csv", "html", "json", "parquet", "safetensors", ""])
def test_a_file_that_no_job_signed_says_nothing(tmp_path, suffix):
    path = tmp_path / f"file.{suffix}"
    assert made_by(path) is None
    for content in ("", "a", "a" * 100_000, '{"a": 1}'):
        path.write_text(content)
        assert made_by(path) is None


def test_what_a_command_that_is_run_alone_writes_says_nothing(tmp_path):
    for suffix in ("csv", "html", ""):
        write(tmp_path / f"file.{suffix}", job={})
        assert made_by(tmp_path / f"file.{suffix}") is None
    assert not list(tmp_path.glob(".*"))


def test_a_record_says_nothing_of_another_content(tmp_path):
    path = write(tmp_path / "a.csv")
    path.write_text("a,b\n1,3\n")  # as long as it was
    assert made_by(path) is None
    write(path)
    write(tmp_path / "b.csv", "b").rename(path)
    assert made_by(path) is None


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"files": {}}', '{"files": ["a.csv"]}', "\0"])
def test_a_broken_record_says_nothing(tmp_path, record):
    path = write(tmp_path / "a.csv")
    (tmp_path / ".a.csv.job").write_text(record)
    assert made_by(path) is None


def folder_of(path, **files):
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / name).write_text(content)
    sign(path, path, JOB)
    return path


@pytest.mark.parametrize("name", ["model", "model.json", "model.html", "model.parquet"])
def test_a_folder_is_known_by_what_lay_in_it(tmp_path, name):
    folder = folder_of(tmp_path / name, config="{}", weights="1234")
    assert made_by(folder) == stamp(JOB)
    folder.rename(tmp_path / "elsewhere")
    folder = tmp_path / "elsewhere"
    (folder / "README.md").write_text("read by nobody")
    assert made_by(folder) == stamp(JOB)
    (folder / "weights").write_text("1235")
    assert made_by(folder) is None
    (folder / "weights").unlink()
    assert made_by(folder) is None


def test_large_weights_are_known_by_their_length(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    weights = folder / "model.safetensors"
    weights.write_bytes(bytes(32 << 20))
    sign(folder, folder, JOB)
    assert made_by(folder) == stamp(JOB)
    weights.write_bytes(bytes((32 << 20) + 1))
    assert made_by(folder) is None


@pytest.mark.parametrize("columns", [1, 2000])
def test_parquet_says_it_in_its_footer_however_long(tmp_path, columns):
    path = tmp_path / "a.parquet"
    table = pa.table({f"column {i}": ["x"] for i in range(columns)})
    write_parquet(path, table, metadata_of("test", JOB))
    assert made_by(path) == stamp(JOB)
    cut = path.read_bytes()
    path.write_bytes(cut[: len(cut) // 2])
    assert made_by(path) is None


def test_statistics_say_it(tmp_path):
    path = tmp_path / "a.safetensors"
    found = ClassStatistics(np.ones(2), np.ones((2, 3)), np.ones((2, 3, 3)))
    of = Configuration("m", "t", "Number", 1, ("PL", "SG"))
    write_statistics(path, of, {"values": found}, JOB)
    assert made_by(path) == stamp(JOB)
