"""Origins: each result says which job made it, so that a plan can judge it by what it says itself.

A job is its string (`study/jobs.py`); a file has its digest as a stamp, `neuron-pitfalls job 1f…`:
Parquet and safetensors in their metadata, JSON as a value, HTML, SVG, TeX and PDF as a comment.
What has no place for one (a CSV, a CoNLL-U file, a folder) has a record of stamp and content:
`.NAME.job` beside it, in a folder `.job`. A record of another content says nothing.

with whole_file(path, job) as part:   # files/artifact.py signs what it writes for a job
    ...
made_by(path) == stamp(job)
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

_STAMP = re.compile(rb"neuron-pitfalls job [0-9a-f]{24}")
_COMMENTS = dict.fromkeys((".html", ".svg"), "<!-- {} -->\n") | dict.fromkeys(
    (".tex", ".pdf"), "\n% {}\n"
)
_BY_THEIR_WRITERS = (".parquet", ".safetensors", ".json")
"""What has the stamp among its own values, put there by who writes it."""
_NEAR = 1 << 14
"""A stamp is among a file's last bytes; safetensors: among the first; Parquet: in the footer."""
_LARGE = 32 << 20
"""From this size on, weights are known by their name and length alone: plans read no gigabytes."""


def stamp(job: str | dict[str, Any]) -> str:
    """Return what a job's files say, of the job's string, or of what JSON reads it as."""
    if not isinstance(job, str):
        job = json.dumps(job, sort_keys=True, ensure_ascii=False)
    return f"neuron-pitfalls job {hashlib.blake2b(job.encode(), digest_size=12).hexdigest()}"


def made_by(path: str | Path) -> str | None:
    """Return the stamp of a file or folder; None where there is none of what it holds."""
    path = str(path)
    try:
        if not path.endswith((*_COMMENTS, *_BY_THEIR_WRITERS)) or Path(path).is_dir():
            return _recorded(Path(path))
        with open(path, "rb") as file:  # noqa: PTH123  ten thousand times
            if not path.endswith(".safetensors"):
                file.seek(max(os.fstat(file.fileno()).st_size - _NEAR, 0))
            near = file.read(_NEAR)
            if path.endswith(".parquet"):
                footer = int.from_bytes(near[-8:-4], "little") + 8
                if footer > len(near):
                    file.seek(-footer, os.SEEK_END)
                    near = file.read()
            found = _STAMP.findall(near)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return found[-1].decode() if found else None


def sign(part: Path, path: Path, job: dict[str, Any]) -> None:
    """Let a file or folder that is whole, and will be named `path`, say which job made it.

    A command that someone runs alone has none: then it says nothing.
    """
    if not job:
        return
    if part.is_dir():
        _record(part / ".job", job, _files_of(part))
    elif path.suffix in _COMMENTS:
        with part.open("a", encoding="utf-8") as file:
            file.write(_COMMENTS[path.suffix].format(stamp(job)))
    elif path.suffix not in _BY_THEIR_WRITERS:
        _record(_beside(path), job, {path.name: _content(part)})


def _record(path: Path, job: dict[str, Any], files: dict[str, list]) -> None:
    text = json.dumps({"made_by": stamp(job), "files": files}, indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def _recorded(path: Path) -> str | None:
    """Return the stamp of a record, where it is of what is there. Raises as reading JSON does."""
    folder, record = (path, path / ".job") if path.is_dir() else (path.parent, _beside(path))
    found = json.loads(record.read_text(encoding="utf-8"))
    same = all(_content(folder / name) == content for name, content in found["files"].items())
    return found["made_by"] if same else None


def _files_of(folder: Path) -> dict[str, list]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {path.relative_to(folder).as_posix(): _content(path) for path in paths}


def _content(path: Path) -> list:
    """Return what tells a file from another: its length, and below `_LARGE` its digest."""
    size = path.stat().st_size
    if size >= _LARGE and path.suffix == ".safetensors":
        return [size]
    return [size, digest_of(path)]


def digest_of(path: Path) -> str:
    """Return the BLAKE2b digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=12)).hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.job")
