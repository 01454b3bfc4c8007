"""Schema `unimorph`: UD features as UniMorph 3.0 values, each in its UniMorph dimension.

The mapping follows McCarthy et al. 2018 (UDW), without language-specific rules. What no table
below names has no counterpart and is left out; so is a feature with several values.
"""

from workflow_scripts.files.words import UNSPECIFIED
from workflow_scripts.words.schemas import UPOS

PART_OF_SPEECH = "Part of Speech"


def _pairs(ud: str, unimorph: str) -> dict[str, str]:
    return dict(zip(ud.split(), unimorph.split(), strict=True))


_UPOS = _pairs(
    "ADJ ADP ADV DET INTJ NOUN NUM PART PRON PROPN VERB AUX SCONJ CCONJ",
    "ADJ ADP ADV DET INTJ N    NUM PART PRO  PROPN V    V   CONJ  CONJ",
)

# UD feature -> tables of (UniMorph dimension, UD value -> UniMorph value).
_FEATURES: dict[str, list[tuple[str, dict[str, str]]]] = {
    "VerbForm": [
        (
            PART_OF_SPEECH,
            _pairs("Part Conv Gdv Sup Ger Vnoun", "V.PTCP V.CVB V.CVB V.CVB V.MSDR V.MSDR"),
        ),
        ("Finiteness", _pairs("Fin Inf", "FIN NFIN")),
    ],
    "Person": [("Person", _pairs("0 1 2 3 4", "0 1 2 3 4"))],
    "Gender": [("Gender and Noun Class", _pairs("Masc Fem Neut Com", "MASC FEM NEUT FEM+MASC"))],
    "Animacy": [("Animacy", _pairs("Anim Hum Inan Nhum", "ANIM HUM INAN NHUM"))],
    "Number": [
        ("Number", _pairs("Sing Plur Dual Tri Pauc Grpl Inv", "SG PL DU TRI PAUC GRPL INVN"))
    ],
    "Case": [
        (
            "Case",
            _pairs(
                "Nom Acc Abs Erg Dat Gen Voc Par Com Ins Ben",
                "NOM ACC ABS ERG DAT GEN VOC PRT COM INS BEN",
            )
            | _pairs("Loc Ess Tra Abe Cmp Equ", "ESS FRML TRANS PRIV COMPV EQTV")
            | _pairs(
                "Ine    Ill    Ela    Add    All    Abl    Sup    Sub    Ade",
                "ESS+IN ALL+IN ABL+IN ALL+IN ALL+AT ABL+AT ESS+ON ALL+ON AT+ESS",
            ),
        )
    ],
    "Definite": [
        ("Definiteness", _pairs("Ind Spec Def", "INDF SPEC DEF")),
        ("Possession", {"Cons": "PSSD"}),
    ],
    "Degree": [("Comparison", _pairs("Abs Cmp Equ Sup", "AB CMPR EQT RL"))],
    "Mood": [
        (
            "Mood",
            _pairs(
                "Ind Imp Jus Cnd  Pot Sub  Prp  Opt Adm",
                "IND IMP IMP COND POT SBJV PURP OPT ADM",
            ),
        ),
        ("Evidentiality", {"Qot": "QUOT"}),
    ],
    "Evident": [("Evidentiality", _pairs("Fh Nfh", "FH NFH"))],
    "Tense": [
        # Pqp keeps the order that UniMorph gives it, unlike other conjunctions.
        ("Tense", _pairs("Past Pres Fut Pqp", "PST PRS FUT PST+PRF")),
        ("Aspect", {"Imp": "IPFV"}),
    ],
    "Aspect": [("Aspect", _pairs("Imp Perf Prog Prosp Iter Hab", "IPFV PFV PROG PROSP ITER HAB"))],
    "Voice": [
        ("Voice", _pairs("Act Mid Pass Antip Dir Inv", "ACT MID PASS ANTIP DIR INV")),
        ("Valency", _pairs("Cau Rcp", "CAUS RECP")),
    ],
    "Reflex": [("Valency", {"Yes": "REFL"})],
    "Polarity": [("Polarity", _pairs("Pos Neg", "POS NEG"))],
    "Polite": [("Politeness", _pairs("Infm Form Elev Humb", "INFM FORM ELEV HUMB"))],
}

_POSSESSOR_NUMBER = {None: "", "Sing": "S", "Plur": "P", "Dual": "D"}

# Values of UD that have no UniMorph value: nothing to tell anyone about.
_WITHOUT_COUNTERPART = {
    "Number": "Count Ptan Coll",
    "Case": "Del Lat Tem Ter Cau Dis",
    "Definite": "Com",
    "Degree": "Pos",
    "Mood": "Des Nec",
}
_KNOWN = {
    feature: {value for _, table in tables for value in table}
    | set(_WITHOUT_COUNTERPART.get(feature, "").split())
    for feature, tables in _FEATURES.items()
} | {"Person[psor]": {"1", "2", "3", "None"}, "Number[psor]": {"Sing", "Plur", "Dual"}}
_BY_LOWER_CASE = {name.lower(): name for name in _KNOWN}

ATTRIBUTES = sorted({dimension for tables in _FEATURES.values() for dimension, _ in tables})


def analyse(upos: str, feats: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a word's value for each UniMorph dimension, and the dimensions that clash.

    Participles, converbs and masdars win over V; any other two different values of one
    dimension drop it.
    """
    found: dict[str, set[str]] = {}
    if upos in _UPOS:
        found[PART_OF_SPEECH] = {_UPOS[upos]}
    for feature, ud_value in feats.items():
        for dimension, table in _FEATURES.get(feature, ()):
            if ud_value in table:
                found.setdefault(dimension, set()).add(table[ud_value])
    possessor = _possession(feats)
    if possessor:
        found.setdefault("Possession", set()).add(possessor)

    word_classes = found.get(PART_OF_SPEECH, set())
    if "V" in word_classes and any(value.startswith("V.") for value in word_classes):
        word_classes.discard("V")
    clashes = [dimension for dimension, values in found.items() if len(values) > 1]
    return {d: min(values) for d, values in found.items() if len(values) == 1}, clashes


def unknown(upos: str, feats: dict[str, str]) -> list[tuple[str, str]]:
    """Return a UPOS that is none of UD's, and pairs of a feature in other capitals than UD's, or
    with a value that its table has not. A feature with several values is known by each of them.
    """
    pairs = [] if upos in UPOS or upos in UNSPECIFIED else [("UPOS", upos)]
    return pairs + [(name, value) for name, value in feats.items() if not _is_known(name, value)]


def _is_known(name: str, value: str | None) -> bool:
    feature = _BY_LOWER_CASE.get(name.lower())
    if feature is None or not value:
        return True
    return feature == name and _KNOWN[name].issuperset(value.split(","))


def ignored(upos: str, feats: dict[str, str]) -> list[tuple[str, str]]:
    """Return the pairs of features that no table is of, other features of a possessor apart."""
    return [
        (name, value)
        for name, value in feats.items()
        if value and name.lower() not in _BY_LOWER_CASE and not name.endswith("[psor]")
    ]


def _possession(feats: dict[str, str]) -> str | None:
    """Person[psor] and Number[psor] as one UniMorph value: PSS3, PSS1S, PSSD."""
    person, number = feats.get("Person[psor]"), feats.get("Number[psor]")
    if person == "None" and "," not in (number or ""):
        return "PSSD"
    if person in ("1", "2", "3") and number in _POSSESSOR_NUMBER:
        return f"PSS{person}{_POSSESSOR_NUMBER[number]}"
    return None
