"""Schema `ud`: UD's own features and values, with no mapping: every UD language and feature."""

from workflow_scripts.schemas import UNSPECIFIED, UPOS

ATTRIBUTES = None
PART_OF_SPEECH = "UPOS"

_UNIVERSAL = (
    "Abbr Animacy Aspect Case Clusivity Definite Degree Deixis DeixisRef Evident ExtPos Foreign "
    "Gender Mood NounClass NumType Number Person Polarity Polite Poss PronType Reflex Tense Typo "
    "VerbForm Voice"
)
FEATURES = tuple(_UNIVERSAL.split())
"""UD's universal features."""
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

    They are taken as they are, as other values and other attributes than those of UD's spelling.
    """
    pairs = [] if upos in UPOS or upos in UNSPECIFIED else [(PART_OF_SPEECH, upos)]
    return pairs + [
        (name, value)
        for name, value in feats.items()
        if value and _BY_LOWER_CASE.get(name.lower(), name) != name
    ]


def ignored(upos: str, feats: dict[str, str]) -> list[tuple[str, str]]:
    """Return no pair: every feature is an attribute."""
    return []
