"""Schema `ud`: UD's own features and values, with no mapping: every UD language and feature."""

ATTRIBUTES = None
PART_OF_SPEECH = "UPOS"


def analyse(upos: str, feats: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a word's UD features and `UPOS`; a feature with several values is left out."""
    values = {name: value for name, value in feats.items() if value and "," not in value}
    if upos and upos != "_":
        values[PART_OF_SPEECH] = upos
    return values, []
