"""Download the files of a Universal Dependencies treebank, each checked against its hash.

One of the two commands that download; the other is fetch_model.
"""

import argparse
import re
from pathlib import Path
from urllib.parse import quote

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.download import (
    Patience,
    add_patience_options,
    alone,
    download,
    web_address,
)
from workflow_scripts.files.origin import sign


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--repository", required=True, help="such as UD_Turkish-IMST")
    parser.add_argument("--release", required=True, help="the tag of a release, such as r2.16")
    parser.add_argument(
        "--base",
        type=web_address,
        default="https://raw.githubusercontent.com/UniversalDependencies",
        help="files are at BASE/REPOSITORY/RELEASE/NAME (%(default)s)",
    )
    parser.add_argument(
        "--file",
        dest="files",
        nargs=3,
        action="append",
        required=True,
        metavar=("NAME", "SHA1", "PATH"),
        help="a name in the repository, its git blob hash, and the file to write; repeatable",
    )
    add_patience_options(parser)
    return parser


def main(options: argparse.Namespace) -> None:
    for name, sha1, _ in options.files:
        if not re.fullmatch("[0-9a-f]{40}", sha1):
            raise InputError(f"{name}: {sha1!r} is no git blob hash (40 digits of 0-9 and a-f)")
    patience = Patience(options.attempts, options.stall)
    for name, sha1, path in options.files:
        url = f"{options.base}/{options.repository}/{options.release}/{quote(name)}"
        with alone(Path(path)):
            download(url, Path(path), sha1, patience)
    for _, _, path in options.files:
        sign(Path(path), Path(path), options.made_by)


if __name__ == "__main__":
    run(arguments(), main)
