"""Facts about surface words: what of a CoNLL-U file is a word, and what its analysis is."""

import conllu
import pytest

from tests.support.treebank_files import block, row, sentence_of
from workflow_scripts.words.schemas import unimorph
from workflow_scripts.words.surface import Tally, TreebankError, merge, read_sentences

FIELDS = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"]


def features(upos, feats):
    """A schema that takes features as they are."""
    return dict(feats), []


def read(tmp_path, text, schema=features, tally=None):
    path = tmp_path / "x.conllu"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_sentences(path, schema, tally or Tally()))


DEL = (
    row("1", "près", "ADV"),
    row("2-3", "du", "_", lemma="_"),
    row("2", "de", "ADP", "AdpType=Prep|Foreign=No"),
    row("3", "le", "DET", "Gender=Masc|Number=Sing|Foreign=No"),
    row("4", "lac", "NOUN", "Gender=Masc|Number=Sing"),
)


def test_a_multiword_token_is_one_word_and_its_parts_are_none(tmp_path):
    [words] = read(tmp_path, block(*DEL))
    assert [word.form for word in words] == ["près", "du", "lac"]


def test_a_multiword_token_joins_lemma_and_upos_of_its_parts(tmp_path):
    [[_, du, _]] = read(tmp_path, block(*DEL))
    assert (du.lemma, du.upos) == ("de+le", "ADP+DET")


def test_a_multiword_token_takes_what_exactly_one_part_carries(tmp_path):
    [[_, du, _]] = read(tmp_path, block(*DEL))
    assert du.values == {"AdpType": "Prep", "Gender": "Masc", "Number": "Sing"}


def arc(word_id, form, head="_", deprel="_"):
    """One line of CoNLL-U with an arc."""
    columns = row(word_id, form).split("\t")
    columns[6:8] = head, deprel
    return "\t".join(columns)


def test_arcs_are_between_words_that_are_no_multiword_token(tmp_path):
    tally = Tally()
    text = block(
        arc("1", "He", "4", "nsubj"),
        row("2-3", "didn't"),
        arc("2", "did", "4", "aux"),
        arc("3", "n't", "4", "advmod"),
        arc("4", "sleep", "0", "root"),
        arc("4.1", "and", "_", "_"),
        arc("5", "there", "2", "obl"),
        arc("6", "yet", "4", "advmod:emph"),
    )
    [words] = read(tmp_path, text, tally=tally)
    assert [(word.head, word.deprel) for word in words] == [
        *((2, "nsubj"), (None, None), (None, "root"), (None, "obl"), (2, "advmod:emph"))
    ]
    assert tally.wrong_heads == 0


@pytest.mark.parametrize("head", ["7", "x", "-1", "1", "²", "1.1"])
def test_a_head_that_is_no_other_word_of_the_sentence_is_no_arc_and_counted(tmp_path, head):
    tally = Tally()
    text = block(arc("1", "a", head, "dep"), arc("2", "b", "1", "dep"), arc("3", "c", "", ""))
    [words] = read(tmp_path, text, tally=tally)
    assert [word.head for word in words] == [None, 0, None]
    assert [word.deprel for word in words] == ["dep", "dep", None]
    assert tally.wrong_heads == 1


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([{"Number": "SG"}, {}], {"Number": "SG"}),
        ([{}, {"Number": "SG"}], {"Number": "SG"}),
        ([{"Number": "SG"}, {"Number": "PL"}], {}),
        ([{"Number": "SG"}, {"Number": "SG"}], {}),
        ([{"Number": "SG"}, {"Case": "ACC"}, {"Number": "SG"}], {"Case": "ACC"}),
        ([{"Number": "SG"}, {"Number": "SG"}, {"Number": "SG"}], {}),
        ([{}, {}], {}),
    ],
)
def test_an_attribute_of_two_parts_is_dropped_even_with_the_same_value(parts, whole):
    assert merge(parts) == whole


def test_a_part_that_lost_an_attribute_to_a_clash_does_not_carry_it(tmp_path):
    tally = Tally()
    text = block(
        row("1-2", "unknownthing", "_"),
        row("1", "unknown", "ADJ", "VerbForm=Part"),
        row("2", "thing", "NOUN", "Number=Sing"),
    )
    [[word]] = read(tmp_path, text, unimorph.analyse, tally)
    assert word.values == {"Part of Speech": "N", "Number": "SG"}
    assert tally.clashes == {"Part of Speech": 1}


def test_a_whole_sentence_can_be_one_multiword_token(tmp_path):
    text = block(row("1-3", "dámelo", "_"), *(row(i, f) for i, f in enumerate("abc", start=1)))
    [[word]] = read(tmp_path, text)
    assert (word.form, word.lemma) == ("dámelo", "a+b+c")


def test_empty_nodes_are_no_words(tmp_path):
    text = block(
        row("0.1", "first"), row("1", "Sue"), row("1.1", "likes"), row("1.2", "x"), row("2", "tea")
    )
    [words] = read(tmp_path, text)
    assert [word.form for word in words] == ["Sue", "tea"]


@pytest.mark.parametrize("form", ["10 000", "parce que", "a  b"])
def test_a_form_with_spaces_is_one_word_and_its_features_stay_in_place(tmp_path, form):
    [[word, other]] = read(
        tmp_path, block(row("1", form, "NUM", "NumType=Card", lemma="l m"), row("2", "x"))
    )
    assert word.form.split() == form.split()
    assert (word.lemma, word.upos, word.values) == ("l m", "NUM", {"NumType": "Card"})
    assert other.form == "x"


def test_global_columns_rename_nothing(tmp_path):
    columns = "# global.columns = ID FORM LEMMA UPOS XPOS MORPH HEAD DEPREL DEPS MISC\n"
    plain = block("# sent_id = 1", row("1", "cats", "NOUN", "Number=Plur"))
    assert read(tmp_path, columns + plain) == read(tmp_path, plain)
    assert read(tmp_path, columns + plain)[0][0].values == {"Number": "Plur"}


@pytest.mark.parametrize(
    "text",
    [
        sentence_of("a", "b") + sentence_of("c"),
        (sentence_of("a", "b") + sentence_of("c")).rstrip("\n"),
        (sentence_of("a", "b") + sentence_of("c")).replace("\n", "\r\n"),
        "\n\n" + sentence_of("a", "b") + "\n \n# comment\n" + sentence_of("c"),
    ],
)
def test_sentences_end_at_blank_lines_or_with_the_file(tmp_path, text):
    assert [[w.form for w in words] for words in read(tmp_path, text)] == [["a", "b"], ["c"]]


WHOLE = sentence_of("fine", "so", "far")


@pytest.mark.parametrize(
    ("wrong", "line", "message"),
    [
        ("1\ttoo\tfew", 5, "3 tab-separated columns, CoNLL-U has 10"),
        (row("1", "a") + "\tmore", 5, "11 tab-separated columns"),
        ("word", 5, "1 tab-separated columns"),
        (row("one", "a"), 5, "'one' is not a valid ID"),
        (row("2-1", "a"), 5, "'2-1' is not a valid ID"),
        (row("_", "a"), 5, "no id"),
        (row("0", "a"), 5, "word id 0, expected 1"),
        (block(row("1", "a"), row("3", "b")), 6, "word id 3, expected 2"),
        (block(row("1", "a"), row("1", "b")), 6, "word id 1, expected 2"),
        (row("1", "", lemma="a"), 5, "the token has no form"),
        (row("1", "a", feats="Number"), 5, "features 'Number', expected _ or Name=Value"),
        (row("1", "a", feats="A=B=C"), 5, "features 'A=B=C', expected"),
        (row("1", "a", feats="A=|B=C"), 5, "features 'A=|B=C', expected"),
        (row("1", "a", feats="A=B|A=C"), 5, "features 'A=B|A=C' name a feature twice"),
        (block(row("1-3", "ab"), row("1", "a"), row("2", "b")), 5, "1-3 runs past the last word"),
        (
            block(row("1-2", "ab"), row("1", "a"), row("2-3", "bc"), row("2", "b"), row("3", "c")),
            7,
            "2-3 overlaps the one before",
        ),
    ],
)
def test_a_malformed_line_is_an_error_that_names_file_and_line(tmp_path, wrong, line, message):
    with pytest.raises(TreebankError) as caught:
        read(tmp_path, WHOLE + wrong + "\n")
    assert str(caught.value).startswith(f"{tmp_path / 'x.conllu'}:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n\n", "# only = a comment\n\n"])
def test_a_file_without_a_sentence_is_an_error_that_names_it(tmp_path, text):
    with pytest.raises(TreebankError, match=r"x\.conllu: holds no sentence"):
        read(tmp_path, text)


def test_a_file_that_is_not_utf_8_is_an_error_that_names_it(tmp_path):
    with pytest.raises(TreebankError, match=r"x\.conllu.*not UTF-8"):
        read(tmp_path, WHOLE.encode() + row("1", "été").encode("latin-1"))


def test_a_line_that_is_not_utf_8_is_named(tmp_path):
    with pytest.raises(TreebankError, match=r"x\.conllu:5: not UTF-8"):
        read(tmp_path, WHOLE.encode() + row("1", "été").encode("latin-1"))


def test_sentences_come_before_the_rest_of_the_file_is_read(tmp_path):
    path = tmp_path / "x.conllu"
    path.write_text(WHOLE + "broken\n")
    sentences = read_sentences(path, features, Tally())
    assert [word.form for word in next(sentences)] == ["fine", "so", "far"]
    with pytest.raises(TreebankError):
        next(sentences)


def surface_words(sentence):
    """The plain definition, on one sentence that `conllu` parsed."""
    inside = {}
    for token in sentence:
        if isinstance(token["id"], tuple) and token["id"][1] == "-":
            first, _, last = token["id"]
            inside |= dict.fromkeys(range(first, last + 1), (first, token["form"]))
    groups = {}
    for token in sentence:
        if isinstance(token["id"], int):
            first, form = inside.get(token["id"], (token["id"], token["form"]))
            groups.setdefault((first, form), []).append(token)
    for (_, form), parts in groups.items():
        values = {}
        for part in parts:
            for feature, value in (part["feats"] or {}).items():
                values.setdefault(feature, []).append(value)
        lemmas = [part["lemma"] for part in parts]
        yield (
            form,
            None if "_" in lemmas else "+".join(lemmas),
            "+".join(part["upos"] for part in parts),
            {feature: found[0] for feature, found in values.items() if len(found) == 1},
        )


@pytest.mark.parametrize("name", ["UD_English-EWT", "UD_Turkish-IMST", "UD_French-Sequoia"])
def test_real_treebanks_give_the_words_of_the_plain_definition(shared, name):
    path = next((shared / "treebanks" / name).glob("*-ud-dev.conllu"))
    parsed = conllu.parse(path.read_text("utf-8"), fields=FIELDS)
    expected = [list(surface_words(sentence)) for sentence in parsed]
    found = [
        [(word.form, word.lemma, word.upos, word.values) for word in words]
        for words in read_sentences(path, features, Tally())
    ]
    assert found == expected


# Lemmas that the treebank does not give.


@pytest.mark.parametrize(
    "lemma", ["_", "", " ", "_ ", "\u200b", "\ufeff", "\xa0", "\u200f_", "\u3164", "\u2068\u2069"]
)
def test_an_unspecified_lemma_is_no_lemma(tmp_path, lemma):
    tally = Tally()
    text = block(row(1, "cats", "NOUN", lemma=lemma), row(2, "sleep", "VERB"))
    [[cats, sleep]] = read(tmp_path, text, tally=tally)
    assert (cats.lemma, sleep.lemma) == (None, "sleep")
    assert tally.without_lemma == 1


@pytest.mark.parametrize(
    ("lemmas", "whole"), [(("à", "le"), "à+le"), (("à", "_"), None), (("", "le"), None)]
)
def test_a_multiword_token_with_a_part_without_lemma_has_none(tmp_path, lemmas, whole):
    """Its own line says `_` in any case."""
    parts = [row(i, form, lemma=lemma) for i, form, lemma in zip((1, 2), "ab", lemmas, strict=True)]
    [[word]] = read(tmp_path, block(row("1-2", "au", "_", lemma="_"), *parts))
    assert word.lemma == whole


@pytest.mark.parametrize("lemma", ["_x", "__", "-", "+"])
def test_a_lemma_is_what_is_there_however_odd(tmp_path, lemma):
    [[word]] = read(tmp_path, block(row(1, "a", lemma=lemma)))
    assert word.lemma == lemma


@pytest.mark.parametrize("lemma", ["cat ", " cat", "cat\xa0", "\u200ecat"])
def test_white_space_around_a_lemma_is_no_part_of_it(tmp_path, lemma):
    [[cats]] = read(tmp_path, block(row(1, "cats", lemma=lemma)))
    assert cats.lemma == "cat"


def test_words_without_lemma_of_turkish_are_those_of_a_plain_count(shared):
    """A word whose lemma is `_` is one, and so is a multiword token with such parts."""
    tally, count = Tally(), 0
    for path in (shared / "treebanks" / "UD_Turkish-IMST").glob("*.conllu"):
        list(read_sentences(path, features, tally))
        for sentence in conllu.parse(path.read_text("utf-8"), fields=FIELDS):
            ranges = [t["id"] for t in sentence if isinstance(t["id"], tuple) and "-" in t["id"]]
            unspecified = {t["id"] for t in sentence if t["lemma"] == "_" and t["id"] not in ranges}
            for first, _, last in ranges:
                inside = set(range(first, last + 1))
                count += bool(inside & unspecified)
                unspecified -= inside
            count += len(unspecified)
    assert tally.without_lemma == count > 100


# Withheld text.


def rows_of(forms_and_lemmas):
    return block(
        *(row(i, form, lemma=lemma) for i, (form, lemma) in enumerate(forms_and_lemmas, start=1))
    )


@pytest.mark.parametrize(
    "words",
    [
        [("_", "the"), ("_", "cat"), ("_", "sleep")],
        [("_", "_"), ("_", "_"), ("_", "_")],  # lemmas are withheld too
        [("_", "the"), ("___", "cat"), ("_", "sleep")],  # a line a letter
        [("_", "the"), ("_", "cat"), (".", ".")],  # all but punctuation
    ],
)
def test_a_file_whose_words_are_hidden_is_withheld_text(tmp_path, words):
    n = sum(not form.strip("_") for form, _ in words)
    with pytest.raises(TreebankError) as error:
        read(tmp_path, rows_of(words))
    path = tmp_path / "x.conllu"
    assert str(error.value).startswith(
        f"{path}: the text is withheld: {n} of {len(words)} words have the form _;"
    )


def test_literal_underscores_among_other_words_are_words(tmp_path):
    tally = Tally()
    words = [("a", "a"), ("_", "_"), ("b", "b"), ("___", "___"), ("_", "c"), ("d", "d")]
    [found] = read(tmp_path, rows_of(words), tally=tally)
    assert [word.form for word in found] == ["a", "_", "b", "___", "_", "d"]
    assert (tally.hidden, tally.hidden_with_lemma) == (3, 1)


def test_hidden_parts_of_words_that_are_there_are_not_withheld(tmp_path):
    """In Turkish treebanks the parts of a word can have the form `_`."""
    rows = [row("1-2", "liralık", "_", lemma="_"), row(1, "_", lemma="lira")]
    [[word]] = read(tmp_path, block(*rows, row(2, "liralık", lemma="_")))
    assert word.form == "liralık"
