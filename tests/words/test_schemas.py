"""Facts about the schemas: the UniMorph mapping of the methods, as `TABLE` here, row by row."""

import pytest

from workflow_scripts.words.schemas import ud, unimorph

# (UD feature, UD values, UniMorph values, attribute), values in the same order.
TABLE = [
    (
        "UPOS",
        "ADJ ADP ADV DET INTJ NOUN NUM PART PRON PROPN VERB AUX SCONJ CCONJ",
        "ADJ ADP ADV DET INTJ N NUM PART PRO PROPN V V CONJ CONJ",
        "Part of Speech",
    ),
    ("VerbForm", "Part", "V.PTCP", "Part of Speech"),
    ("VerbForm", "Conv Gdv Sup", "V.CVB V.CVB V.CVB", "Part of Speech"),
    ("VerbForm", "Ger Vnoun", "V.MSDR V.MSDR", "Part of Speech"),
    ("VerbForm", "Fin Inf", "FIN NFIN", "Finiteness"),
    ("Person", "0 1 2 3 4", "0 1 2 3 4", "Person"),
    ("Gender", "Masc Fem Neut Com", "MASC FEM NEUT FEM+MASC", "Gender and Noun Class"),
    ("Animacy", "Anim Hum Inan Nhum", "ANIM HUM INAN NHUM", "Animacy"),
    ("Number", "Sing Plur Dual Tri Pauc Grpl Inv", "SG PL DU TRI PAUC GRPL INVN", "Number"),
    (
        "Case",
        "Nom Acc Abs Erg Dat Gen Voc Par Com Ins Ben",
        "NOM ACC ABS ERG DAT GEN VOC PRT COM INS BEN",
        "Case",
    ),
    ("Case", "Loc Ess Tra Abe Cmp Equ", "ESS FRML TRANS PRIV COMPV EQTV", "Case"),
    (
        "Case",
        "Ine Ill Ela Add All Abl Sup Sub Ade",
        "ESS+IN ALL+IN ABL+IN ALL+IN ALL+AT ABL+AT ESS+ON ALL+ON AT+ESS",
        "Case",
    ),
    ("Definite", "Ind Spec Def", "INDF SPEC DEF", "Definiteness"),
    ("Definite", "Cons", "PSSD", "Possession"),
    ("Degree", "Abs Cmp Equ Sup", "AB CMPR EQT RL", "Comparison"),
    (
        "Mood",
        "Ind Imp Jus Cnd Pot Sub Prp Opt Adm",
        "IND IMP IMP COND POT SBJV PURP OPT ADM",
        "Mood",
    ),
    ("Mood", "Qot", "QUOT", "Evidentiality"),
    ("Evident", "Fh Nfh", "FH NFH", "Evidentiality"),
    ("Tense", "Past Pres Fut Pqp", "PST PRS FUT PST+PRF", "Tense"),
    ("Tense", "Imp", "IPFV", "Aspect"),
    ("Aspect", "Imp Perf Prog Prosp Iter Hab", "IPFV PFV PROG PROSP ITER HAB", "Aspect"),
    ("Voice", "Act Mid Pass Antip Dir Inv", "ACT MID PASS ANTIP DIR INV", "Voice"),
    ("Voice", "Cau Rcp", "CAUS RECP", "Valency"),
    ("Reflex", "Yes", "REFL", "Valency"),
    ("Polarity", "Pos Neg", "POS NEG", "Polarity"),
    ("Polite", "Infm Form Elev Humb", "INFM FORM ELEV HUMB", "Politeness"),
]

MAPPED = [
    (feature, ud_value, value, attribute)
    for feature, ud_values, values, attribute in TABLE
    for ud_value, value in zip(ud_values.split(), values.split(), strict=True)
]

UNMAPPED = [
    *(("UPOS", value) for value in ("PUNCT", "SYM", "X", "_")),
    *(("Number", value) for value in ("Count", "Ptan", "Coll")),
    *(("Case", value) for value in ("Del", "Lat", "Tem", "Ter", "Cau", "Dis")),
    ("Definite", "Com"),
    ("Degree", "Pos"),
    ("Mood", "Des"),
    ("Mood", "Nec"),
    ("Reflex", "No"),
    ("Foreign", "Yes"),
    ("PronType", "Art"),
    ("Gender[psor]", "Masc"),
    ("Polite[psor]", "Form"),
    ("Number[subj]", "Sing"),
    ("Case", ""),
    ("Case", None),
]


def analyse(**feats):
    """Values and clashes of a word; `UPOS` among the features is its word class."""
    return unimorph.analyse(feats.pop("UPOS", "X"), feats)


@pytest.mark.parametrize(("feature", "ud_value", "value", "attribute"), MAPPED)
def test_unimorph_table(feature, ud_value, value, attribute):
    assert analyse(**{feature: ud_value}) == ({attribute: value}, [])


@pytest.mark.parametrize(("feature", "ud_value"), UNMAPPED)
def test_anything_else_has_no_unimorph_value(feature, ud_value):
    assert analyse(**{feature: ud_value}) == ({}, [])


def test_unimorph_names_its_attributes():
    assert sorted({attribute for *_, attribute in TABLE}) == unimorph.ATTRIBUTES


def test_parts_of_a_conjunction_are_sorted_except_in_the_pluperfect():
    given = {
        value
        for feature, ud_value, *_ in MAPPED
        for value in analyse(**{feature: ud_value})[0].values()
    }
    unsorted = {value for value in given if value.split("+") != sorted(value.split("+"))}
    assert unsorted == {"PST+PRF"}


@pytest.mark.parametrize(
    ("feature", "ud_values"),
    [("Case", "Acc,Nom"), ("Gender", "Fem,Masc"), ("VerbForm", "Fin,Inf"), ("Tense", "Imp,Past")],
)
def test_a_feature_with_several_values_has_none(feature, ud_values):
    assert analyse(**{feature: ud_values, "Number": "Sing"}) == ({"Number": "SG"}, [])


@pytest.mark.parametrize("upos", ["VERB", "AUX"])
@pytest.mark.parametrize(
    ("form", "value"),
    [("Part", "V.PTCP"), ("Conv", "V.CVB"), ("Gdv", "V.CVB"), ("Ger", "V.MSDR")],
)
def test_participles_converbs_and_masdars_win_over_verbs(upos, form, value):
    assert analyse(UPOS=upos, VerbForm=form) == ({"Part of Speech": value}, [])


@pytest.mark.parametrize("form", ["Fin", "Inf"])
def test_finiteness_does_not_touch_the_word_class(form):
    assert analyse(UPOS="VERB", VerbForm=form)[0]["Part of Speech"] == "V"


@pytest.mark.parametrize(
    ("feats", "attribute"),
    [
        ({"UPOS": "ADJ", "VerbForm": "Part"}, "Part of Speech"),
        ({"UPOS": "NOUN", "VerbForm": "Vnoun"}, "Part of Speech"),
        ({"Tense": "Imp", "Aspect": "Perf"}, "Aspect"),
        ({"Mood": "Qot", "Evident": "Fh"}, "Evidentiality"),
        ({"Voice": "Cau", "Reflex": "Yes"}, "Valency"),
        ({"Definite": "Cons", "Person[psor]": "1"}, "Possession"),
    ],
)
def test_two_different_values_of_one_attribute_drop_it_and_are_counted(feats, attribute):
    assert analyse(**feats, Number="Plur") == ({"Number": "PL"}, [attribute])


@pytest.mark.parametrize(
    ("feats", "values"),
    [
        ({"Tense": "Imp", "Aspect": "Imp"}, {"Aspect": "IPFV"}),
        ({"Definite": "Cons", "Person[psor]": "None"}, {"Possession": "PSSD"}),
    ],
)
def test_the_same_value_twice_is_one_value(feats, values):
    assert analyse(**feats) == (values, [])


@pytest.mark.parametrize(
    ("person", "number", "value"),
    [
        *(
            (person, number, f"PSS{person}{letter}")
            for person in "123"
            for number, letter in ((None, ""), ("Sing", "S"), ("Plur", "P"), ("Dual", "D"))
        ),
        ("None", None, "PSSD"),
        (None, "Sing", None),
        (None, "Plur", None),
        ("0", "Sing", None),
        ("4", None, None),
        ("1,2", "Sing", None),
        ("1", "Plur,Sing", None),
        ("1", "Coll", None),
    ],
)
def test_possession(person, number, value):
    feats = {"Person[psor]": person, "Number[psor]": number}
    values, clashes = analyse(**{name: v for name, v in feats.items() if v is not None})
    assert (values.get("Possession"), clashes) == (value, [])


def test_possession_is_not_the_person_or_number_of_the_word():
    values, _ = analyse(
        **{"Person[psor]": "1", "Number[psor]": "Sing", "Number": "Plur", "Person": "3"}
    )
    assert values == {"Possession": "PSS1S", "Number": "PL", "Person": "3"}


def test_ud_takes_every_feature_and_the_upos_as_they_are():
    feats = {"Case": "Del", "NounType": "Class", "Person[psor]": "1"}
    assert ud.analyse("NOUN", feats) == (feats | {"UPOS": "NOUN"}, [])


def test_ud_drops_ambiguous_and_empty_values():
    assert ud.analyse("_", {"Case": "Acc,Nom", "Number": "Sing", "Poss": None}) == (
        {"Number": "Sing"},
        [],
    )


# What a schema does not know, and what it has nothing for.

UNKNOWN = [
    ("number", "Sing"),  # another name than UD's
    ("NUMBER", "Sing"),
    ("Case", "nom"),
    ("Case", "Xyz"),
    ("Case", "Nom,xyz"),
    ("Number", "Grpa"),
    ("Person[psor]", "5"),
    ("person[psor]", "1"),
    ("Number[psor]", "sing"),
]


@pytest.mark.parametrize(("feature", "value"), UNKNOWN)
def test_names_and_values_that_are_not_of_ud_are_unknown_to_unimorph(feature, value):
    feats = {feature: value, "Tense": "Past"}
    assert unimorph.unknown("NOUN", feats) == [(feature, value)]
    assert unimorph.ignored("NOUN", feats) == []


@pytest.mark.parametrize("schema", [ud, unimorph])
def test_a_upos_that_is_none_of_the_17_is_unknown(schema):
    for upos in ("noun", "N", "SUBST", "NOUN+X"):
        assert schema.unknown(upos, {}) == [("UPOS", upos)]
    upos = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
    for known in (*upos.split(), "_", ""):
        assert schema.unknown(known, {}) == []


@pytest.mark.parametrize(("feature", "ud_value"), [pair[:2] for pair in MAPPED])
def test_what_has_a_unimorph_value_is_known(feature, ud_value):
    if feature == "UPOS":
        assert unimorph.unknown(ud_value, {}) == []
    else:
        assert unimorph.unknown("X", {feature: ud_value}) == []
        assert unimorph.ignored("X", {feature: ud_value}) == []


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        *(pair for pair in UNMAPPED if pair[0] in ("Number", "Case", "Definite", "Degree", "Mood")),
        *(("Person[psor]", value) for value in ("1", "2", "3", "None", "1,2")),
        *(("Number[psor]", value) for value in ("Sing", "Plur", "Dual", "Plur,Sing")),
        ("Gender[psor]", "Masc"),
        ("Case", "Acc,Nom"),
    ],
)
def test_what_the_methods_leave_without_a_value_on_purpose_is_known(feature, value):
    assert unimorph.unknown("X", {feature: value}) == []
    assert unimorph.ignored("X", {feature: value}) == []


@pytest.mark.parametrize(
    ("feature", "value"), [("PronType", "Art"), ("Foreign", "Yes"), ("Number[subj]", "Sing")]
)
def test_features_of_no_unimorph_attribute_are_apart_from_unknown_ones(feature, value):
    assert unimorph.unknown("X", {feature: value}) == []
    assert unimorph.ignored("X", {feature: value}) == [(feature, value)]


def test_ud_takes_every_feature_and_says_which_are_not_in_its_capitals():
    feats = {"number": "Sing", "Number": "Sing", "Case": "Nom", "Own": "A", "Case[x]": "B1"}
    assert ud.analyse("X", feats) == (feats | {"UPOS": "X"}, [])
    assert ud.unknown("X", feats) == [("number", "Sing")]
    assert ud.ignored("X", feats) == []


@pytest.mark.parametrize("value", ["nom", "None", "none", "-", "Acc,nom", "N_1"])
def test_ud_says_which_values_are_not_written_as_ud_writes_one(value):
    feats = {"Case": value, "Number": "Sing", "Person": "3", "PronType": "Int,Rel"}
    assert ud.unknown("X", feats) == [("Case", value)]


@pytest.mark.parametrize(
    ("upos", "values", "clashes"),
    [("NOUN", {}, ["UPOS"]), ("_", {"UPOS": "VERB"}, []), ("VERB", {"UPOS": "VERB"}, [])],
)
def test_a_feature_named_upos_is_a_second_word_class(upos, values, clashes):
    assert ud.analyse(upos, {"UPOS": "VERB"}) == (values, clashes)
