"""The folder of a treebank: which file in it has a split, and what to do where none has.

UD names them `xx_name-ud-train.conllu` and so on; label files are `name-train.tsv`. Hidden files
are none of them: macOS writes a `._xx_name-ud-train.conllu` beside the file on other disks than its
own.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from workflow_scripts import InputError

_PACKED = {
    ".gz": "gunzip --keep",
    ".zip": "unzip",
    ".xz": "unxz --keep",
    ".bz2": "bunzip2 --keep",
    ".zst": "unzstd",
}
"""How a packed file is unpacked, by the end of its name."""
_SHOWN = 4  # file names in a message
CONLLU, LABELS = "-ud-{}.conllu", "-{}.tsv"
"""The end of the name of a split's file."""
NO_DEV = "dev: from-train makes it of every tenth sentence of train"
"""What helps a treebank that has no dev."""


def files_of(folder: Path, split: str, end: str = CONLLU) -> list[Path]:
    """Return the files in a folder that are named as a split's."""
    return _visible(folder, f"*{end.format(split)}")


def split_file(folder: Path, split: str, end: str = CONLLU) -> Path:
    """Return the file of one split.

    Raises InputError, which says what would be right, where the folder has not exactly one.
    """
    found = files_of(folder, split, end)
    if len(found) == 1:
        if not found[0].is_file():
            what = "a link to a file that is not there" if found[0].is_symlink() else "no file"
            raise InputError(f"{found[0]} is {what}")
        return found[0]
    message = f"{folder} has {len(found)} files *{end.format(split)}, one is needed"
    if found:
        raise InputError(message + _names(found))
    instead = _instead(folder, split) if end == CONLLU else _there(folder, "*.tsv")
    is_elsewhere = instead.startswith(";")
    raise InputError(
        message + instead + (f"; {NO_DEV}" if split == "dev" and not is_elsewhere else "")
    )


def require_readable(file: Path) -> None:
    """Raise InputError, naming the file, where it cannot be read."""
    try:
        with file.open("rb") as content:
            content.read(1)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error


def check_one_treebank(files: Iterable[str]) -> None:
    """Raise InputError where the names of the splits' files are not those of one treebank."""
    files = list(files)
    if len({re.sub(r"(-ud)?-(train|dev|test)\.\w+$", "", name) for name in files}) > 1:
        raise InputError(f"{' and '.join(files)} are not splits of one treebank")


def _instead(folder: Path, split: str) -> str:
    """Say what there is in place of a split's file, and the command that makes one of it."""
    parts = _visible(folder, f"*-ud-{split}[-_.]*.conllu")
    if parts:
        beginning = parts[0].name[: parts[0].name.index(f"-ud-{split}")]
        parts = [part for part in parts if part.name.startswith(f"{beginning}-ud-")]
        whole = folder / f"{beginning}-ud-{split}.conllu"
        names = " ".join(quote(str(part)) for part in parts)
        return f"; it is in parts: cat {names} > {quote(str(whole))}"
    for end, command in _PACKED.items():
        packed = _visible(folder, f"*-ud-{split}.conllu{end}")
        if packed:
            return f"; it is packed: {command} {quote(str(packed[0]))}"
    below = sorted({path.parent for path in folder.glob(f"*/*-ud-{split}.conllu")})
    if below:
        return f"; name the folder of one treebank, as {below[0]}"
    return _there(folder, "*.conllu")


def _there(folder: Path, pattern: str) -> str:
    """Name the files of the kind that is wanted; without any, whatever lies in the folder."""
    found = _visible(folder, pattern) or _visible(folder, "*")
    return _names(found) if found else " (the folder is empty)"


def _visible(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def _names(paths: list[Path]) -> str:
    """Return file names as an aside."""
    names = [path.name for path in paths[:_SHOWN]]
    return f" ({', '.join([*names, '...'] if len(paths) > _SHOWN else names)})"
