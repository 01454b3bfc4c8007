"""Artifacts: files that appear whole or not at all, say what made them, and know their content.

with whole_file(path, job) as part:   # a temporary name beside `path`
    part.write_text(...)              # signed and renamed to `path` when the block ends well

with ParquetFile(path, schema, made_by("rank_neurons", {"settings": {"seed": 1}})) as rows:
    rows.write(table)

Every page has a checksum, and the footer one of schema and length: a bit that a disk or a network
turned is found when the file is read, and never becomes a number in a table.
"""

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workflow_scripts import InputError
from workflow_scripts.files.origin import sign, stamp

METADATA_KEY = b"neuron-pitfalls"
UNIT_KEY, MEANING_KEY = b"unit", b"meaning"
"""In the metadata of a column: what `files/dictionary.py` says of it."""
RECORD = "source.json"
"""A fetched model's file that says which model at which commit it is, with hashes."""
CHECKSUM_KEY = b"neuron-pitfalls-checksum"
STAMP_KEY = b"neuron-pitfalls-stamp"
_DAMAGE = (pa.ArrowException, OSError, ValueError)
"""What Arrow raises where bytes are not those that were written."""
_PACKAGES = (
    "conllu",
    "numba",
    "numpy",
    "polars",
    "pyarrow",
    "safetensors",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "tokenizers",
    "torch",
    "transformers",
)


class ArtifactError(InputError):
    """A file of the study that cannot be used; the message names it and what to do."""


@contextmanager
def whole_file(path: Path, job: dict[str, Any] | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` at the end, remove it on error.

    The block may make a file or a folder of that name; where a job makes it, it is signed
    (`origin.sign`). What killed runs left of it goes too.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        process = left.name.split(".")[-2]
        if left.is_file() and process.isdecimal() and not _runs(int(process)):
            left.unlink(missing_ok=True)  # of a run that was killed: that removes nothing itself
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        sign(part, path, job or {})
        put_in_place(part, path)
    except BaseException:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
        raise


def _runs(process: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def put_in_place(part: Path, path: Path) -> None:
    """Rename a file or folder that is whole, in place of what may be there.

    Its files can be read by whom other files of this process can: a library may have written some
    for their owner alone.

    A folder cannot replace another at once: the old one goes aside first, so that a kill at any
    moment leaves the old one, the new one or none, and never half of one.
    """
    umask = os.umask(0)
    os.umask(umask)
    for file in [part, *part.rglob("*")]:
        if file.is_file() and not file.is_symlink():
            file.chmod(0o666 & ~umask)
    if not (part.is_dir() and path.is_dir()):
        part.replace(path)
        return
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    path.replace(old)
    part.replace(path)
    if old.is_symlink():  # what it leads to is not ours
        old.unlink()
    else:
        shutil.rmtree(old)


def made_by(
    command: str, job: dict[str, Any] | None = None, *also: str, **seen: Any
) -> dict[bytes, bytes]:
    """Return the Parquet metadata of a file: command, job and versions, `also` of these packages.

    And what was `seen` while it was made, by name.

    `job` is all that can change the file's content (`study/jobs.py`): its code, its own part of the
    configuration with the seed where it draws, and a digest of what it reads. So the metadata of
    two equal runs are equal, and no file keeps those of a run that it is not of.
    """
    made = {"command": command, "job": job or {}, "versions": versions(*also)} | seen
    return {METADATA_KEY: json.dumps(made, sort_keys=True, ensure_ascii=False).encode()}


def versions(*also: str) -> dict[str, str]:
    """Return the versions of the packages that results can depend on, and `also` of these."""
    found = {}
    for package in (*_PACKAGES, *also):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


class ParquetFile:
    """A Parquet file written in pieces, as a context manager; see `whole_file`."""

    def __init__(self, path: Path, schema: pa.Schema, metadata: dict[bytes, bytes], **options):
        self._schema = schema.with_metadata(metadata)
        self._job = json.loads(metadata.get(METADATA_KEY, b"{}")).get("job", {})
        self._whole = whole_file(path)
        self._options = {"compression": "zstd", "write_page_checksum": True} | options
        self._n_rows = 0

    def __enter__(self) -> "ParquetFile":
        self._writer = pq.ParquetWriter(self._whole.__enter__(), self._schema, **self._options)
        return self

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Append rows as one row group."""
        if isinstance(rows, pa.RecordBatch):
            rows = pa.Table.from_batches([rows])
        if not rows.schema.equals(self._schema):  # or Arrow would import all that it computes with
            rows = rows.cast(self._schema)
        self._writer.write_table(rows)
        self._n_rows += len(rows)

    def __exit__(self, kind, error, trace) -> None:
        try:
            checksum = _checksum(self._schema, self._n_rows, self._schema.metadata)
            also = {CHECKSUM_KEY: checksum, STAMP_KEY: stamp(self._job)}
            self._writer.add_key_value_metadata(also)  # the file's last bytes, quick to read
            self._writer.close()
        except BaseException as failure:
            self._whole.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._whole.__exit__(kind, error, trace)


def write_parquet(path: Path, table: pa.Table, metadata: dict[bytes, bytes]) -> None:
    """Write a whole table as one Parquet file."""
    with ParquetFile(path, table.schema, metadata) as rows:
        rows.write(table)


def _checksum(schema: pa.Schema, n_rows: int, metadata: dict[bytes, bytes] | None) -> str:
    """Return a digest of columns, length and what made a file; pages have their own."""
    columns = [(field.name, _kind(field.type), *_said_of(field)) for field in schema]
    made = (metadata or {}).get(METADATA_KEY, b"")
    return hashlib.blake2b(repr((columns, n_rows, made)).encode(), digest_size=12).hexdigest()


def _said_of(field: pa.Field) -> list[bytes]:
    """Return what the metadata of a column say of it, and not what Arrow adds there."""
    metadata = field.metadata or {}
    return [metadata[key] for key in (UNIT_KEY, MEANING_KEY) if key in metadata]


def _kind(type: pa.DataType) -> str:
    """Return a type as text that writing and reading leave as it is."""
    if pa.types.is_dictionary(type):  # read back with another kind of index
        return str(type.value_type)
    if pa.types.is_fixed_size_list(type):  # read back with another name for its items
        return f"{type.list_size} of {type.value_type}"
    return str(type)


def check_readable(path: Path) -> None:
    """Raise ArtifactError where a file of an earlier stage is not there, or may not be read."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ArtifactError(f"{path}: is not there; run the stage that makes it") from None
    except PermissionError:
        pass
    if not os.access(path, os.R_OK):
        raise ArtifactError(f"{path}: this user may not read it (permission denied)")


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file of an earlier stage; `read_batches` and `read_parquet` read it.

    Raises ArtifactError, naming the file, where it is not whole Parquet of this project.
    """
    check_readable(path)
    try:
        # With pre_buffer, which is the default, reading in batches holds the whole file in memory.
        file = pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
        metadata = file.metadata.metadata or {}
        found = _checksum(file.schema_arrow, file.metadata.num_rows, metadata)
    except _DAMAGE as error:
        raise ArtifactError(
            f"{path}: cannot be read as Parquet ({error}); delete it and run again"
        ) from error
    if CHECKSUM_KEY not in metadata:
        file.close()
        raise ArtifactError(
            f"{path}: was not written by this project (it has no checksum); delete it and run again"
        )
    if metadata[CHECKSUM_KEY].decode("utf-8", "replace") != found:
        file.close()
        raise ArtifactError(f"{path}: damaged (its checksum is another); delete it and run again")
    return file


def read_batches(path: Path, rows: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield a Parquet file of an earlier stage in pieces; raises ArtifactError, naming the file."""
    with open_parquet(path) as file:
        try:
            yield from file.iter_batches(rows, columns=columns)
        except _DAMAGE as error:
            raise ArtifactError(f"{path}: damaged ({error}); delete it and run again") from error


def read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a whole Parquet file of an earlier stage; raises ArtifactError, naming the file."""
    with open_parquet(path) as file:
        try:
            return file.read(columns=columns)
        except _DAMAGE as error:
            raise ArtifactError(f"{path}: damaged ({error}); delete it and run again") from error
