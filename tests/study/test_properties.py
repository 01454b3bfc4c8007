"""Facts about whatever a reader, a schema or the configuration may be given, on made-up examples.

What is right is written down plainly here, from the words of the methods.
"""

import re
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.test_wrong_configurations import FULL, PARTS, changed
from tests.support.commands import call
from tests.support.treebank_files import words_of
from tests.words.test_schemas import MAPPED
from tests.words.test_surface_words import features
from workflow_scripts.command import plugins
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.words import COLUMNS
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.configuration_file import ConfigError, checked
from workflow_scripts.treebanks import generate_treebank
from workflow_scripts.treebanks.generate_treebank import conllu_blocks
from workflow_scripts.words import read_words
from workflow_scripts.words.schemas import ud, unimorph
from workflow_scripts.words.surface import Tally, TreebankError, read_sentences

# The same examples in every run, and few enough for all of them to take seconds.
modest = settings(max_examples=100, derandomize=True, deadline=None, database=None)


def words_in(text, schema=features):
    """The sentences of CoNLL-U text or bytes, each word as (form, lemma, upos, values)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.conllu")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return [
            [(word.form, word.lemma, word.upos, word.values) for word in words]
            for words in read_sentences(path, schema, Tally())
        ]


def one_line(error):
    """Whether a message is one line, and is there."""
    return len(str(error).splitlines()) == 1


# Surface words.

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r")
# conllu takes two spaces for one, which is shown in test_surface_words.
TEXTS = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: "  " not in text)
NAMES = st.text("abcAB[]-19", min_size=1, max_size=3)
FORMS = TEXTS.filter(lambda text: text.strip("_"))  # most words a `_` would be withheld text
WORDS = st.tuples(
    FORMS,
    st.one_of(TEXTS, st.sampled_from(["_", "", " "])),
    st.sampled_from(["NOUN", "VERB", "X", "_"]),
    st.dictionaries(NAMES, st.text("abAB,+1", min_size=1, max_size=3), max_size=4),
)
# A group is a multiword token's form with the words inside it, or None with one word.
GROUPS = st.one_of(
    st.tuples(st.none(), st.lists(WORDS, min_size=1, max_size=1)),
    st.tuples(FORMS, st.lists(WORDS, min_size=1, max_size=4)),
)
SENTENCES = st.lists(GROUPS, min_size=1, max_size=4)
ASIDES = st.sampled_from(["", "# a comment\n", "{}.1\tempty\t_\tX\t_\tA=B\t_\t_\t0:x\t_\n"])


def line(word_id, form, lemma, upos, feats):
    column = "|".join(f"{name}={value}" for name, value in feats.items()) or "_"
    return "\t".join([str(word_id), form, lemma, upos, "_", column, "_", "_", "_", "_"]) + "\n"


def conllu_of(groups, asides):
    """A sentence as text, with a comment or an empty node behind some words."""
    text, position = "", 0
    for form, words in groups:
        if form is not None:
            text += line(f"{position + 1}-{position + len(words)}", form, "_", "_", {})
        for word in words:
            position += 1
            text += line(position, *word)
            text += asides[position % len(asides)].format(position)
    return text + "\n"


def seen(lemma):
    """A lemma without what cannot be seen at its ends; nothing where all of it shows nothing."""
    while lemma and (lemma[0].isspace() or unicodedata.category(lemma[0])[0] in "CZ"):
        lemma = lemma[1:]
    while lemma and (lemma[-1].isspace() or unicodedata.category(lemma[-1])[0] in "CZ"):
        lemma = lemma[:-1]
    blank = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    return lemma if re.sub(rf"[{blank}\u180b-\u180f\ufe00-\ufe0f\s]", "", lemma) else ""


def joined(lemmas):
    """METHODS 1: a lemma `_`, or an empty one, is none, and a word with such a part has none.

    What cannot be seen at its ends is no part of it.
    """
    lemmas = list(map(seen, lemmas))
    return None if {"", "_"} & set(lemmas) else "+".join(lemmas)


def expected_of(groups):
    """METHODS 1: a multiword token is one word, and takes what exactly one of its parts carries."""
    for form, words in groups:
        carried = Counter(name for *_, feats in words for name in feats)
        yield (
            words[0][0] if form is None else form,
            joined([lemma for _, lemma, _, _ in words]),
            "+".join(upos for _, _, upos, _ in words),
            {name: v for *_, feats in words for name, v in feats.items() if carried[name] == 1},
        )


@modest
@given(
    st.lists(SENTENCES, min_size=1, max_size=3),
    st.lists(ASIDES, min_size=1, max_size=4),
    st.sampled_from(["", "\ufeff"]),
    st.booleans(),
    st.integers(0, 2),
)
def test_every_sentence_is_read_as_the_methods_say(sentences, asides, mark, windows, cut):
    text = mark + "".join(conllu_of(groups, asides) for groups in sentences)
    text = text[: len(text) - cut]  # without the blank line, and without a line end at all
    text = text.replace("\n", "\r\n") if windows else text
    assert words_in(text) == [list(expected_of(groups)) for groups in sentences]


# Whatever bytes there are.

PIECES = [
    "1",
    "2",
    "1-2",
    "2.1",
    "-",
    "_",
    "\t",
    "\t_\t_\t_\t_",
    "\n",
    "\n\n",
    "#",
    "A=B",
    "|",
    "é",
]
NEARLY = st.lists(st.sampled_from(PIECES), max_size=60).map("".join).map(str.encode)
VALID = line("1-2", "ab", "_", "_", {}) + line(1, "a", "a", "X", {"A": "B"})
VALID = (VALID + line(2, "b", "b", "X", {"A": "C", "D": "E"}) + "\n").encode()


@st.composite
def damaged(draw):
    """Good CoNLL-U with some of its bytes replaced, taken away or put in."""
    content = bytearray(VALID * draw(st.integers(1, 3)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 4))
        new = draw(st.one_of(st.binary(max_size=4), st.sampled_from(PIECES).map(str.encode)))
        content[start : start + length] = new
    return bytes(content)


@settings(modest, max_examples=400)
@given(st.one_of(st.binary(max_size=200), NEARLY, damaged()))
def test_any_bytes_are_sentences_or_an_error_of_one_line_that_names_the_file(content):
    try:
        sentences = words_in(content)
    except TreebankError as error:
        message = str(error)
        assert "x.conllu:" in message
        assert len(message.splitlines()) == 1
    else:
        assert sentences
        for words in sentences:
            assert words
            assert all(form for form, *_ in words)


# Schemas.

UD_VALUES = sorted({(feature, value) for feature, value, *_ in MAPPED if feature != "UPOS"})
PERSONS, NUMBERS = (
    ["1", "2", "3", "None", "4", "1,2"],
    ["Sing", "Plur", "Dual", "Coll", "Plur,Sing"],
)
KNOWN = st.sampled_from(UD_VALUES)
UNKNOWN = st.tuples(
    st.one_of(st.sampled_from([feature for feature, _ in UD_VALUES]), st.text(max_size=5)),
    st.one_of(st.none(), st.text(max_size=5), KNOWN.map(lambda pair: f"{pair[1]},Nom")),
)
POSSESSORS = st.one_of(
    st.tuples(st.just("Person[psor]"), st.sampled_from(PERSONS)),
    st.tuples(st.just("Number[psor]"), st.sampled_from(NUMBERS)),
)
FEATURES = st.lists(st.one_of(KNOWN, KNOWN, UNKNOWN, POSSESSORS), max_size=8).map(dict)
UPOS = st.one_of(
    st.sampled_from([value for feature, value, *_ in MAPPED if feature == "UPOS"]),
    st.text(max_size=5),
)


def possession(feats):
    """The table of the methods for Person[psor] with or without Number[psor]."""
    person, number = feats.get("Person[psor]"), feats.get("Number[psor]")
    if "," in (number or ""):
        return None
    if person == "None":
        return "PSSD"
    letters = {None: "", "Sing": "S", "Plur": "P", "Dual": "D"}
    return f"PSS{person}{letters[number]}" if person in "123" and number in letters else None


def unimorph_of(upos, feats):
    """Every value that the table of the methods gives each attribute."""
    found = {}
    for feature, ud_value, value, attribute in MAPPED:
        if {**feats, "UPOS": upos}.get(feature) == ud_value:
            found.setdefault(attribute, set()).add(value)
    if feats.get("Person[psor]") and possession(feats):
        found.setdefault("Possession", set()).add(possession(feats))
    if found.get("Part of Speech", set()) & {"V.PTCP", "V.CVB", "V.MSDR"}:
        found["Part of Speech"].discard("V")
    return found


@settings(modest, max_examples=300)
@given(UPOS, FEATURES)
def test_unimorph_keeps_what_is_said_once_and_no_clash(upos, feats):
    values, clashes = unimorph.analyse(upos, feats)
    found = unimorph_of(upos, feats)
    assert values == {a: min(said) for a, said in found.items() if len(said) == 1}
    assert sorted(clashes) == sorted(a for a, said in found.items() if len(said) > 1)
    assert {*values, *clashes} <= set(unimorph.ATTRIBUTES)
    for value in values.values():
        assert value == "PST+PRF" or value.split("+") == sorted(value.split("+"))


@modest
@given(UPOS, FEATURES)
def test_ud_keeps_every_feature_of_one_value_and_the_upos(upos, feats):
    values, clashes = ud.analyse(upos, feats)
    expected = {name: value for name, value in feats.items() if value and "," not in value}
    assert values == expected | ({"UPOS": upos} if upos not in ("", "_") else {})
    assert clashes == []


# The configuration.

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["all", "english", "demo", "Number", "linear", "lexicon", "ud", "cpu"]),
)
KEYS = st.one_of(
    st.sampled_from(sorted({step for path, *_ in PARTS for step in path if isinstance(step, str)})),
    st.text(max_size=3),
    st.booleans(),
    st.integers(),
    st.none(),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def is_checked_or_named(config):
    """Whether a configuration is right; a wrong one gives a ConfigError of one line."""
    try:
        once = checked(config)
    except ConfigError as error:
        complaint = error
    else:
        assert checked(once) == once
        return True
    assert one_line(complaint)
    return False


@modest
@given(ANYTHING)
def test_anything_is_a_configuration_or_a_config_error(config):
    is_checked_or_named(config)


@pytest.mark.slow
@settings(modest, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from([p for p, *_ in PARTS if p]), ANYTHING), max_size=1))
def test_a_configuration_with_anything_in_one_place_is_right_or_a_config_error(changes):
    with pytest.MonkeyPatch.context() as monkeypatch, tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        Path("models/mine").mkdir(parents=True)
        Path("models/mine/config.json").write_text('{"num_hidden_layers": 3}')
        config = FULL
        for path, value in changes:
            config = changed(path, value)
        assert is_checked_or_named(config) or changes


# Generated treebanks, there and back.

GRAMMARS = st.sampled_from(plugins.names("grammars"))


def features_of(column):
    return dict(pair.split("=") for pair in column.split("|")) if column != "_" else {}


def groups_of(rows):
    """A sentence of a grammar as groups of words."""
    groups, inside = [], 0
    for row in rows:
        if "-" in row.id:
            first, last = map(int, row.id.split("-"))
            groups.append((row.form, []))
            inside = last - first + 1
            continue
        if not inside:
            groups.append((None, []))
        groups[-1][1].append((row.form, row.lemma, row.upos, features_of(row.feats)))
        inside = max(0, inside - 1)
    return groups


@settings(modest, max_examples=20)
@given(GRAMMARS, st.integers(0, 2**32), st.integers(1, 40))
def test_a_generated_sentence_is_read_as_the_grammar_made_it(grammar, seed, n_sentences):
    stream = generator(seed, "grammar", grammar)
    sentences = list(plugins.load("grammars", grammar).generate(n_sentences, stream))
    assert len(sentences) == n_sentences
    found = words_in("".join(conllu_blocks(sentences, "x")))
    assert found == [list(expected_of(groups_of(rows))) for rows in sentences]


@settings(modest, max_examples=5)
@given(GRAMMARS, st.integers(0, 2**31))
def test_the_words_files_of_a_generated_treebank_hold_what_the_grammar_says(grammar, seed):
    stream = generator(seed, "grammar", grammar)
    sentences = list(plugins.load("grammars", grammar).generate(100, stream))
    expected = []
    for rows in sentences:
        # What a part carries is what the table gives it, so the values are looked up first.
        analysed = [
            (form, [(*word[:3], unimorph.analyse(word[2], word[3])[0]) for word in words])
            for form, words in groups_of(rows)
        ]
        expected.append(list(expected_of(analysed)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        conllu = {split: folder / f"{split}.conllu" for split in SPLITS}
        call(generate_treebank, grammar=grammar, sentences=100, seed=seed, **conllu)
        call(read_words, schema="unimorph", **conllu, **words_of(folder))
        found = []
        for path in words_of(folder).values():
            rows = read_parquet(path).to_pylist()
            for row in rows:
                if row["word"] == 0:
                    found.append([])
                values = {k: v for k, v in row.items() if k not in COLUMNS and v is not None}
                found[-1].append((row["form"], row["lemma"], row["upos"], values))
    assert found == expected
