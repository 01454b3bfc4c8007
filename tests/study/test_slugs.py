"""Facts about slugs: an attribute's name in a path, one to one whatever a treebank names it."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.test_properties import modest
from tests.support.treebank_files import block, keep, read_text, row
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.slugs import LONGEST, slug
from workflow_scripts.words.schemas import ud, unimorph

# Paths that studies have had from the beginning.

UNIMORPH = {
    "Animacy": "animacy",
    "Aspect": "aspect",
    "Case": "case",
    "Comparison": "comparison",
    "Definiteness": "definiteness",
    "Evidentiality": "evidentiality",
    "Finiteness": "finiteness",
    "Gender and Noun Class": "gender-and-noun-class",
    "Mood": "mood",
    "Number": "number",
    "Part of Speech": "part-of-speech",
    "Person": "person",
    "Polarity": "polarity",
    "Politeness": "politeness",
    "Possession": "possession",
    "Tense": "tense",
    "Valency": "valency",
    "Voice": "voice",
}
UNIVERSAL = (
    "Abbr Animacy Aspect Case Clusivity Definite Degree Deixis DeixisRef Evident ExtPos Foreign "
    "Gender Mood NounClass NumType Number Person Polarity Polite Poss PronType Reflex Tense Typo "
    "VerbForm Voice UPOS"
)


def test_attributes_of_unimorph_keep_their_paths():
    assert sorted(UNIMORPH) == unimorph.ATTRIBUTES
    assert {name: slug(name) for name in UNIMORPH} == UNIMORPH


@pytest.mark.parametrize("name", [*UNIVERSAL.split(), "Number[psor]", "Person[psor]", "Case[x2]"])
def test_features_of_ud_keep_their_paths(name):
    assert slug(name) == re.sub(r"\W+", "-", name.lower()).strip("-")


def test_features_of_real_treebanks_keep_their_paths(shared):
    names = {"UPOS"}
    for path in (shared / "treebanks").glob("*/*.conllu"):
        for line in path.read_text("utf-8").splitlines():
            columns = line.split("\t")
            if len(columns) == 10 and columns[5] != "_":
                names |= {pair.partition("=")[0] for pair in columns[5].split("|")}
    assert len(names) > 25
    assert {name: slug(name) for name in names} == {
        name: re.sub(r"\W+", "-", name.lower()).strip("-") for name in names
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("InfForm", "inf_form"),
        ("Style", "style"),
        ("number", "_number"),
        ("NUMBER", "n_u_m_b_e_r"),
        ("NUMBER[psor]", "n_u_m_b_e_r-psor"),
        ("Number-psor", "number_45_psor"),
        ("Number[PSOR]", "number_91__p_s_o_r_93_"),
        ("Prontype", "prontype_"),
        ("Prontype[x]", "prontype_-x"),
        ("PronType[x]", "prontype-x"),
        ("[]", "_91__93_"),
        ("É/..", "_201__47__46__46_"),
    ],
)
def test_what_other_names_look_like(name, path):
    assert slug(name) == path


# One to one.

KNOWN = (*UNIMORPH, *UNIVERSAL.split(), "Number[psor]")
PATHS = re.compile(r"[a-z0-9_-]+")
TRICKY = st.text("aAbN[]-_9 /.é\u0301İß", max_size=6)
NEAR = st.sampled_from(KNOWN).flatmap(
    lambda name: st.sampled_from(
        [name, name.lower(), name.upper(), name.title(), slug(name), f"{slug(name)}_", f"{name}_"]
    )
)
ANY = st.one_of(
    TRICKY,
    NEAR,
    st.tuples(NEAR, TRICKY).map("".join),
    st.tuples(NEAR, TRICKY).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
    st.tuples(NEAR, st.text("ab", max_size=200)).map("".join),
    st.text(max_size=300),
)


@settings(modest, max_examples=300)
@given(st.sets(ANY, max_size=40))
def test_no_two_names_share_a_path_in_any_case(names):
    paths = {slug(name).lower() for name in names}
    assert len(paths) == len(names)
    assert all(PATHS.fullmatch(path) and len(path) <= LONGEST for path in paths)


def test_no_two_short_names_share_a_path():
    """All of them: what looks like a slug, a layer or a code is another name's no less."""
    names = {
        "".join(letters) for n in range(6) for letters in itertools.product("aA[]-_9", repeat=n)
    }
    names |= {name[:i] + mark + name[i:] for name in KNOWN for i in range(30) for mark in "_-A[]"}
    names |= set(KNOWN) | {slug(name) for name in KNOWN}
    assert len({slug(name) for name in names}) == len(names)


def test_a_path_follows_from_the_name_and_the_slug_of_a_slug_is_another():
    """No slug is the place of the attribute that is named like it."""
    for name in KNOWN:
        assert slug(slug(name)) not in {slug(other) for other in KNOWN}


def test_a_long_name_is_cut_and_told_from_others_that_begin_alike():
    names = ["A" + "b" * 5000 + end for end in "cd"]
    paths = [slug(name) for name in names]
    assert paths[0] != paths[1]
    assert {len(path) for path in paths} == {LONGEST}
    assert slug("A" + "b" * (LONGEST - 1)) == "a" + "b" * (LONGEST - 1)


def test_features_with_any_name_are_attributes_of_their_own(tmp_path):
    names = [
        "Number[psor]",
        "NUMBER[psor]",
        "Number-psor",
        "[]",
        "a/b",
        "A" * 300,
        "{x}",
        "Ä\u0308",
    ]
    rows = [
        row(i, f"form{i}", "X", "|".join(f"{name}={i % 2}" for name in names)) for i in range(1, 9)
    ]
    folder = read_text(tmp_path, "ud", **dict.fromkeys(SPLITS, block(*rows)))
    kept = kept_values(keep(folder, min_types=2))
    assert kept == {name: ["0", "1"] for name in names}
    for name in kept:
        (tmp_path / "paths" / slug(name)).mkdir(parents=True)
    assert len(list((tmp_path / "paths").iterdir())) == len(names)


def test_ud_names_its_universal_features():
    assert {*ud.FEATURES, ud.PART_OF_SPEECH} == set(UNIVERSAL.split())
