"""The folder of a treebank: which file in it has a split, and what to do where none has.

UD names them `xx_name-ud-train.conllu` and so on. Hidden files are none of them: macOS writes a
`._xx_name-ud-train.conllu` beside the file on other disks than its own.
"""

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


def split_file(folder: Path, split: str) -> Path:
    """Return the file of one split.

    Raises InputError, which says what would be right, where the folder has not exactly one.
    """
    found = _visible(folder, f"*-ud-{split}.conllu")
    if len(found) == 1:
        if not found[0].is_file():
            what = "a link to a file that is not there" if found[0].is_symlink() else "no file"
            raise InputError(f"{found[0]} is {what}")
        return found[0]
    message = f"{folder} has {len(found)} files *-ud-{split}.conllu, one is needed"
    raise InputError(message + (_names(found) if found else _instead(folder, split)))


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
    if len({name.rpartition("-ud-")[0] for name in files}) > 1:
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
    there = _visible(folder, "*.conllu")
    return _names(there) if there else ""


def _visible(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def _names(paths: list[Path]) -> str:
    """Return file names as an aside."""
    names = [path.name for path in paths[:_SHOWN]]
    return f" ({', '.join([*names, '...'] if len(paths) > _SHOWN else names)})"
