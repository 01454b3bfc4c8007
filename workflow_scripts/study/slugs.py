"""Slugs: the name of an attribute as it stands in a path, one to one and by the name alone.

Two slugs differ in more than case, and they are ASCII: some file systems take `Case` and `CASE` for
one name, and some spell `é` in two ways. Whatever a treebank names its features, with brackets,
slashes or a thousand letters, a slug is the name of a folder.

* The names of UniMorph and of UD, and what else is in `_NAMES`, are lower case with hyphens.
* Another name is spelled letter by letter: a small letter or a digit is itself, and so, in lower
  case, is a capital at the beginning. A capital elsewhere, or a small letter at the beginning, is
  `_` and the letter, any other character its number between two `_`: `InfForm` is `inf_form`.
* A layer follows its feature after a hyphen: `Number[psor]` is `number-psor`.
* Where this would be the slug of a name of the first kind, `_` comes at the end, where none of the
  spellings has it alone; and what is too long for a path ends in `--` and a digest of the name.
"""

import hashlib
import re
from functools import cache

from workflow_scripts.command.plugins import load

LONGEST = 100
"""Characters of a slug. File systems take 255 bytes."""
_DIGEST = 16  # bytes, two characters each
_LAYERED = re.compile(r"([^\[\]]+)\[([a-z0-9]+)\]")

ud, unimorph = (load("schemas", name) for name in ("ud", "unimorph"))
_NAMES = (*unimorph.ATTRIBUTES, *ud.FEATURES, ud.PART_OF_SPEECH, "NumForm")
_PLAIN = {name: re.sub(r"\W+", "-", name.lower()) for name in _NAMES}
_TAKEN = {"", *_PLAIN.values()}


@cache
def slug(attribute: str) -> str:
    """Return an attribute's name as it stands in a path."""
    spelled = _spelled(attribute)
    if len(spelled) <= LONGEST:
        return spelled
    digest = hashlib.blake2b(attribute.encode(), digest_size=_DIGEST).hexdigest()
    return f"{spelled[: LONGEST - len(digest) - 2]}--{digest}"


def _spelled(name: str) -> str:
    if name in _PLAIN:
        return _PLAIN[name]
    if layered := _LAYERED.fullmatch(name):
        spelled = f"{_spelled(layered[1])}-{layered[2]}"
    else:
        spelled = "".join(_code(letter, first=i == 0) for i, letter in enumerate(name))
    return f"{spelled}_" if spelled in _TAKEN else spelled


def _code(letter: str, first: bool) -> str:
    """Return a character of a name, so that the codes of a name can be told apart again."""
    if not (letter.isascii() and letter.isalnum()):
        return f"_{ord(letter)}_"
    expected = letter.isdigit() or letter.isupper() == first
    return letter.lower() if expected else f"_{letter.lower()}"
