"""Schema `ud`: UD's own features and values, with no mapping: every UD language and feature."""

import re

from workflow_scripts.files.words import UNSPECIFIED
from workflow_scripts.words.schemas import UPOS

ATTRIBUTES = None
PART_OF_SPEECH = "UPOS"

_UNIVERSAL = (
    "Abbr Animacy Aspect Case Clusivity Definite Degree Deixis DeixisRef Evident ExtPos Foreign "
    "Gender Mood NounClass NumType Number Person Polarity Polite Poss PronType Reflex Tense Typo "
    "VerbForm Voice"
)
FEATURES = tuple(_UNIVERSAL.split())
"""UD's universal features."""
_VALUE = re.compile(r"[A-Z0-9][A-Za-z0-9]*")
_BY_LOWER_CASE = {name.lower(): name for name in FEATURES}


def analyse(upos: str, feats: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a word's UD features and `UPOS`; a feature with several values is left out."""
    values = {name: value for name, value in feats.items() if value and "," not in value}
    if upos in UNSPECIFIED:
        return values, []
    if values.setdefault(PART_OF_SPEECH, upos) != upos:  # a feature of that name
        del values[PART_OF_SPEECH]
        return values, [PART_OF_SPEECH]
    return values, []


def unknown(upos: str, feats: dict[str, str]) -> list[tuple[str, str]]:
    """Return a UPOS that is none of UD's, and universal features in other capitals than UD's.

    And values as UD writes none (`Case=nom`), or that stand for none (`Number=None`). They are
    taken as they are, as other values and other attributes than those of UD's spelling.
    """
    pairs = [] if upos in UPOS or upos in UNSPECIFIED else [(PART_OF_SPEECH, upos)]
    return pairs + [
        (name, value)
        for name, value in feats.items()
        if value and (_BY_LOWER_CASE.get(name.lower(), name) != name or not _is_uds(value))
    ]


def _is_uds(value: str) -> bool:
    """Whether every value of a feature, of several between commas, is written as UD writes one."""
    return all(_VALUE.fullmatch(one) and one != "None" for one in value.split(","))


def ignored(upos: str, feats: dict[str, str]) -> list[tuple[str, str]]:
    """Return no pair: every feature is an attribute."""
    return []
