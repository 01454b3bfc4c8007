"""Files of an earlier stage that are not as they were written: found when read, and named."""

import os
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.workflow import SMALL, finish, run
from workflow_scripts.files.artifact import (
    ArtifactError,
    made_by,
    read_batches,
    read_parquet,
    write_parquet,
)
from workflow_scripts.files.statistics import (
    read_configuration,
    read_statistics,
    write_statistics,
)
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import Configuration

ROWS = pa.table(
    {
        "sentence": pa.array(range(300), pa.int32()),
        "form": [f"word {i % 7}" for i in range(300)],
        "Number": pa.array([None, "SG", "PL"] * 100).dictionary_encode(),
        "activation": pa.array(
            [[i, i / 3] for i in range(300)], pa.list_(pa.field("item", pa.float32(), False), 2)
        ),
    }
)


def values(table: pa.Table) -> dict:
    return table.to_pydict()


@pytest.mark.slow
def test_no_turned_bit_of_a_parquet_file_becomes_a_number(tmp_path):
    path = tmp_path / "rows.parquet"
    write_parquet(path, ROWS, made_by("test", {"settings": {"k": 1}}))
    content = path.read_bytes()
    draw = random.Random(0)
    named, harmless = 0, 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            assert values(read_parquet(path)) == values(ROWS), place
            harmless += 1
        except ArtifactError as error:
            named += str(path) in str(error)
    assert named + harmless == len(content)
    assert named > harmless


@pytest.mark.parametrize("length", [0, 1, 100, -1, -8, -1000])
def test_a_file_that_was_cut_is_named(tmp_path, length):
    path = tmp_path / "rows.parquet"
    write_parquet(path, ROWS, made_by("test"))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ArtifactError, match=r"rows\.parquet: cannot be read as Parquet"):
        read_parquet(path)


def test_damage_behind_the_first_piece_is_named_when_it_is_reached(tmp_path):
    path = tmp_path / "rows.parquet"
    write_parquet(path, ROWS, made_by("test"))
    content = bytearray(path.read_bytes())
    content[60] ^= 1  # in the first page
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"rows\.parquet: damaged"):
        list(read_batches(path, 100, ["sentence"]))


def test_parquet_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(ROWS, path)
    with pytest.raises(ArtifactError, match=r"rows\.parquet: was not written by this project"):
        read_parquet(path)


def test_parquet_with_the_checksum_of_another_is_damaged(tmp_path):
    path = tmp_path / "rows.parquet"
    write_parquet(path, ROWS, made_by("test"))
    metadata = pq.read_metadata(path).metadata
    pq.write_table(ROWS.slice(1).replace_schema_metadata(metadata), path)
    with pytest.raises(ArtifactError, match=r"rows\.parquet: damaged \(its checksum is another"):
        read_parquet(path)


@pytest.fixture
def statistics_file(tmp_path):
    """A statistics file and what is in it."""
    statistics = {
        name: ClassStatistics(
            counts=np.array([3, 4]) + i,
            means=np.full((2, 3), 0.5 + i),
            scatters=np.full((2, 3, 3), 0.25 + i),
        )
        for i, name in enumerate(("values", "control"))
    }
    path = tmp_path / "layer-1.safetensors"
    write_statistics(path, Configuration("tiny", "english", "Number", 1, ("PL", "SG")), statistics)
    return path, statistics


def test_a_file_that_this_user_may_not_read_is_not_called_damaged(statistics_file, monkeypatch):
    statistics, _ = statistics_file
    parquet = statistics.with_name("file.parquet")
    write_parquet(parquet, pa.table({"x": [1]}), made_by("test"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for read, path in ((read_statistics, statistics), (read_parquet, parquet)):
        with pytest.raises(ArtifactError, match=rf"{path.name}: this user may not read it"):
            read(path)


@pytest.mark.parametrize("labels", ["values", "control"])
@pytest.mark.parametrize("tensor", ["counts", "means", "scatters"])
def test_a_turned_bit_of_the_statistics_is_named(statistics_file, tensor, labels):
    path, statistics = statistics_file
    content = path.read_bytes()
    held = getattr(statistics[labels], tensor).tobytes()
    damaged = bytearray(content)
    damaged[content.index(held) + 5] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(ArtifactError, match=rf"safetensors: damaged .*{labels}\.{tensor}"):
        read_statistics(path, labels)


def test_a_turned_bit_in_what_the_statistics_are_of_is_named(statistics_file):
    """Wherever in the file's head it is."""
    path, _ = statistics_file
    content = path.read_bytes()
    named = read_configuration(path)
    for place in range(content.index(b"configuration"), content.index(b"checksums")):
        damaged = bytearray(content)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError, match="safetensors: damaged"):
            read_configuration(path)
    path.write_bytes(content)
    assert read_configuration(path) == named


def test_statistics_by_control_label_that_were_not_made_are_not_taken_for_damage(tmp_path):
    path = tmp_path / "layer-1.safetensors"
    by_value = ClassStatistics(np.array([1]), np.zeros((1, 2)), np.zeros((1, 2, 2)))
    of = Configuration("tiny", "english", "Number", 1, ("PL",))
    write_statistics(path, of, {"values": by_value})
    with pytest.raises(ArtifactError, match="has no statistics by control: made without --control"):
        read_statistics(path, "control")


OF = "tiny/english/number/layer-1"
READ = {
    "words/english/test.parquet": "states/tiny/english/test/layer-1.parquet",
    "activations/tiny/english/layer-1/train.parquet": f"statistics/{OF}.safetensors",
    f"rankings/{OF}/probeless-ttb.parquet": "collected/tiny/english/rankings.parquet",
    f"interventions/{OF}/ablation-by-random.parquet": (
        "collected/tiny/english/interventions.parquet"
    ),
    "collected/tiny/english/probes.parquet": "tables/probing.csv",
}


@pytest.mark.parametrize("name", READ)
def test_turned_bits_between_two_stages_stop_the_study_and_is_named(finished, study, name):
    """What reads the file is deleted and asked for, so that it is read again."""
    path, reader = study / "results" / name, study / "results" / READ[name]
    content = bytearray(path.read_bytes())
    stamp = content.rindex(b"neuron-pitfalls job")  # else it is of another job, and made again
    for place in range(40, stamp, 97):  # in every column, whichever are read
        content[place] ^= 16
    path.write_bytes(content)
    reader.unlink()
    asked = str(reader.relative_to(study))
    done = run(study, SMALL, asked)
    assert done.returncode == 1
    assert f"error: results/{name}: " in done.stdout
    assert "delete it and run again" in done.stdout
    assert "Traceback" not in done.stdout
    assert not reader.exists()
    path.unlink()
    finish(study, SMALL, asked)
    assert reader.read_bytes() == (finished / asked).read_bytes()
