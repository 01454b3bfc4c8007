"""Write where the tables come from -> `results/provenance.json`.

Configuration, commit of the project, versions of Python and the packages, SHA-256 of every source
file and of every table, and for each table what made it.
"""

import argparse
import hashlib
import json
import platform
from pathlib import Path
from typing import Any

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import (
    METADATA_KEY,
    RECORD,
    open_parquet,
    versions,
    whole_file,
)
from workflow_scripts.files.model_folder import files_read
from workflow_scripts.files.origin import stamp


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="Parquet files")
    parser.add_argument("--treebanks", nargs="+", required=True, help="name=CoNLL-U file, each")
    parser.add_argument("--models", nargs="*", default=[], help="name=Hugging Face folder, each")
    parser.add_argument("--rankers", nargs="*", default=[], help="name=file of one's own, each")
    parser.add_argument(
        "--configuration", type=json.loads, required=True, help="JSON: the study's configuration"
    )
    parser.add_argument(
        "--project", type=json.loads, required=True, help='JSON: {"commit": ..., "clean": ...}'
    )
    parser.add_argument(
        "--packages", nargs="*", default=[], help="whose versions matter besides the usual ones"
    )
    parser.add_argument("--provenance", type=Path, required=True, help="JSON to write")
    return parser


def main(options: argparse.Namespace) -> None:
    provenance = {
        "project": options.project,
        "configuration": options.configuration,
        "versions": {"python": platform.python_version()} | versions(*options.packages),
        "sources": {
            "treebanks": _sources(options.treebanks),
            "models": _sources(options.models),
            "hub": _records(options.models),
            "rankers": _sources(options.rankers),
        },
        "tables": {path.stem: _table(path) for path in sorted(options.tables)},
        "written_by": stamp(options.made_by),  # by its name the last
    }
    with whole_file(options.provenance) as part:
        text = json.dumps(provenance, indent=2, ensure_ascii=False, sort_keys=True)
        part.write_text(text + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sources(entries: list[str]) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of each file that is read, by the source's name and the file's.

    An entry is `name=path`; of a model's folder no more counts than what is read of it.
    """
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        name, _, path = entry.partition("=")
        files = [Path(path)]
        if files[0].is_dir():
            files = files_read(files[0])
        found.setdefault(name, {}).update({file.name: sha256(file) for file in files})
    return found


def _records(entries: list[str]) -> dict[str, Any]:
    """Return what each model from a hub says of where it comes from: hub, commit, its files."""
    paths = {name: Path(path, RECORD) for name, _, path in (e.partition("=") for e in entries)}
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if path.is_file()
    }


def _table(path: Path) -> dict[str, Any]:
    """Return what a table's metadata say made it, and the SHA-256 of its two files."""
    with open_parquet(path) as file:
        metadata, n_rows = file.metadata.metadata, file.metadata.num_rows
    return {
        "made_by": json.loads(metadata[METADATA_KEY]),
        "rows": n_rows,
        "sha256": {file.name: sha256(file) for file in (path.with_suffix(".csv"), path)},
    }


if __name__ == "__main__":
    run(arguments(), main)
