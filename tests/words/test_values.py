"""Facts about values: which a treebank keeps, and the control labels."""

import csv
import hashlib
import logging
from collections import Counter, defaultdict
from fractions import Fraction

import conllu
import numpy as np
import pytest

from tests.support.treebank_files import block, keep, read_text, row, words_of
from tests.words.test_schemas import MAPPED
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.words import (
    Size,
    attributes_of,
    kept_values,
    largest_min_types,
    size_of,
    value_counts,
    values_there,
)
from workflow_scripts.kernels.control_labels import control_label, control_labels
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words.values import ValueCounts


def counts(**forms):
    """Counts of attribute A: `SG=(3, 0, 2)` is 3, 0 and 2 distinct forms in train, dev, test."""
    found = ValueCounts()
    for value, numbers in forms.items():
        for split, n in zip(SPLITS, numbers, strict=True):
            found.add(split, "A", [f"{value}{i}" for i in range(n)], [value] * n)
    return found


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [
        ((5, 5, 5), True),
        ((9, 5, 7), True),
        ((5, 0, 0), True),  # a split without the value does not drop it
        ((5, 0, 5), True),
        ((4, 5, 5), False),
        ((5, 4, 5), False),
        ((5, 5, 1), False),
        ((0, 5, 5), False),  # train must have it
    ],
)
def test_a_value_needs_enough_forms_in_every_split_that_has_it(numbers, kept):
    found = counts(X=numbers, Y=(5, 5, 5), Z=(5, 5, 5)).kept(min_types=5)
    assert found == {"A": ["X", "Y", "Z"] if kept else ["Y", "Z"]}


@pytest.mark.parametrize(
    ("values", "largest"),
    [
        ({"X": (9, 5, 7), "Y": (8, 8, 4), "Z": (2, 2, 2)}, 4),
        ({"X": (9, 0, 7), "Y": (6, 6, 0)}, 6),  # a split without the value counts for nothing
        ({"X": (9, 9, 9), "Y": (0, 9, 9)}, 0),  # training has none of Y
        ({"X": (9, 9, 9)}, 0),
    ],
)
def test_the_largest_min_types_is_the_last_with_which_an_attribute_is_kept(values, largest):
    found = counts(**values)
    assert largest_min_types(found.rows(min_types=1)) == {"A": largest}
    assert found.kept(min_types=largest + 1) == {}
    assert largest == 0 or found.kept(min_types=largest).keys() == {"A"}


def test_the_values_there_are_those_that_a_split_has_words_of():
    found = counts(X=(9, 0, 7), Y=(6, 6, 0), Z=(0, 0, 1)).rows(min_types=5)
    assert values_there(found) == {"A": {"train": ["X", "Y"], "dev": ["Y"], "test": ["X", "Z"]}}


@pytest.mark.slow
def test_the_largest_min_types_is_the_last_of_every_attribute_of_a_treebank(small_treebank):
    largest = largest_min_types(value_counts(keep(small_treebank / "words", min_types=10)))
    assert len(largest) > 3
    for attribute, n in largest.items():
        for min_types, is_kept in ((n, n > 0), (n + 1, False)):
            path = keep(small_treebank / "words", max(min_types, 1))
            assert (attribute in kept_values(path)) == is_kept


def test_a_treebank_that_keeps_nothing_says_so_in_its_log(small_treebank, caplog):
    keep(small_treebank / "words", min_types=100_000)
    (said,) = (r.getMessage() for r in caplog.records if r.levelname == "WARNING")
    assert "with min_types 100000 nothing is kept: nearest comes Part of Speech with " in said


def test_an_attribute_with_one_value_left_is_not_studied():
    assert counts(X=(5, 5, 5), Y=(4, 5, 5)).kept(min_types=5) == {}


def test_forms_are_counted_once_and_case_counts():
    found = ValueCounts()
    found.add("train", "A", ["The", "the", "the", "cat"], ["X", "X", "X", None])
    assert found.n_forms("A", "X", "train") == 2
    assert found.words["A", "X", "train"] == 3


def small(numbers):
    """A treebank's three splits: nouns, `numbers[split]` singular and plural each, and one verb."""
    return {
        split: "".join(
            block(
                row(1, f"cat{i}", "NOUN", "Number=Sing"),
                row(2, f"cats{i}", "NOUN", "Number=Plur"),
                row(3, "is", "VERB", "Number=Sing"),
            )
            for i in range(n)
        )
        for split, n in numbers.items()
    }


def test_attributes_csv_has_a_row_for_each_attribute_value_and_split(tmp_path):
    path = keep(read_text(tmp_path, **small({"train": 3, "dev": 2, "test": 2})), min_types=2)
    assert path.read_text() == (
        "attribute,value,split,words,forms,kept\n"
        "Number,PL,train,3,3,true\n"
        "Number,PL,dev,2,2,true\n"
        "Number,PL,test,2,2,true\n"
        "Number,SG,train,6,4,true\n"
        "Number,SG,dev,4,3,true\n"
        "Number,SG,test,4,3,true\n"
        "Part of Speech,N,train,6,6,false\n"
        "Part of Speech,N,dev,4,4,false\n"
        "Part of Speech,N,test,4,4,false\n"
        "Part of Speech,V,train,3,1,false\n"
        "Part of Speech,V,dev,2,1,false\n"
        "Part of Speech,V,test,2,1,false\n"
    )
    assert kept_values(path) == {"Number": ["PL", "SG"]}


def test_attributes_csv_equals_a_plain_count(small_treebank):
    """One more pass over the words files, with sets and a loop."""
    folder = small_treebank / "words"
    words, forms = defaultdict(int), defaultdict(set)
    for split, path in zip(SPLITS, words_of(folder).values(), strict=True):
        for word in read_parquet(path).to_pylist():
            for attribute in attributes_of(path):
                if word[attribute] is not None:
                    words[attribute, word[attribute], split] += 1
                    forms[attribute, word[attribute], split].add(word["form"])
    with keep(folder, min_types=10).open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = defaultdict(set)
    for attribute, value in {key[:2] for key in words}:
        sizes = {split: len(forms[attribute, value, split]) for split in SPLITS}
        if sizes["train"] and not any(0 < n < 10 for n in sizes.values()):
            kept[attribute].add(value)
    for found in rows:
        key = found["attribute"], found["value"], found["split"]
        assert (int(found["words"]), int(found["forms"])) == (words[key], len(forms[key]))
        studied = len(kept[key[0]]) > 1 and key[1] in kept[key[0]]
        assert found["kept"] == str(studied).lower()
    assert {(row["attribute"], row["value"]) for row in rows} == {key[:2] for key in words}
    assert "true" in {row["kept"] for row in rows}


def test_a_treebank_without_features_keeps_nothing(tmp_path):
    path = keep(read_text(tmp_path, **dict.fromkeys(SPLITS, block(row(1, "x")))), min_types=1)
    assert kept_values(path) == {}


def test_words_that_lose_an_attribute_to_a_clash_are_counted_in_the_log(tmp_path, caplog):
    texts = dict.fromkeys(SPLITS, block(row(1, "known", "ADJ", "VerbForm=Part")))
    with caplog.at_level(logging.INFO):
        read_text(tmp_path, **texts)
    assert "x-ud-dev.conllu: 1 words with two values of Part of Speech" in caplog.text


def logged(tmp_path, caplog, text, schema="unimorph"):
    """What the log says of the dev split, by line."""
    with caplog.at_level(logging.INFO):
        read_text(tmp_path, schema, **dict.fromkeys(SPLITS, text))
    dev = str(tmp_path / "x-ud-dev.conllu")
    return [m.removeprefix(f"{dev}: ") for m in caplog.messages if m.startswith(f"{dev}: ")]


def test_pairs_that_the_schema_does_not_know_are_counted_most_frequent_first(tmp_path, caplog):
    rows = [
        row(1, "a", "noun", "number=Sing|Case=nom"),
        row(2, "b", "noun", "Case=nom|PronType=Prs"),
        row(3, "c", "PUNCT", "Case=nom|Degree=Pos"),
    ]
    lines = logged(tmp_path, caplog, block(*rows))
    assert lines[1:] == [
        "6 values that schema unimorph does not know: 3 Case=nom, 2 UPOS=noun, 1 number=Sing",
        "1 values of features that schema unimorph has no attribute for: 1 PronType=Prs",
    ]


def test_of_many_unknown_pairs_the_most_frequent_are_named_and_the_rest_counted(tmp_path, caplog):
    rows = [row(i, "a", "X", f"Case=x{i % 30:02}") for i in range(1, 61)]
    [line] = logged(tmp_path, caplog, block(*rows, row(61, "a", "X", "Case=x25")))[1:]
    assert line.startswith(
        "61 values that schema unimorph does not know: 3 Case=x25, 2 Case=x00, 2 Case=x01, "
    )
    assert line.endswith(", 2 Case=x18, 20 of 10 other pairs")


def test_a_treebank_that_the_schema_knows_has_no_such_line(tmp_path, caplog):
    text = block(row(1, "a", "NOUN", "Case=Dis|Number=Sing"), row(2, "b", "_"))
    assert logged(tmp_path, caplog, text) == ["2 words"]


def test_words_without_lemma_and_hidden_words_are_counted_in_the_log(tmp_path, caplog):
    rows = [row(1, "a", lemma="_"), row(2, "b"), row(3, "_", lemma="c"), row(4, "_", lemma="_")]
    lines = logged(tmp_path, caplog, block(*rows))
    assert lines[1:] == [
        "2 words without a lemma",
        "1 words have the form _ and a lemma: their text may be withheld",
    ]


def test_a_words_file_says_how_many_of_its_words_have_no_lemma(tmp_path):
    """In its footer, so that planning need not read the words."""
    texts = {
        "train": block(row(1, "a", lemma="_"), row(2, "b"), row(3, "c", lemma="")),
        "dev": block(row(1, "a")),
        "test": block(row(1, "a", lemma="_")) * 40_000,  # more than one group of rows
    }
    words = words_of(read_text(tmp_path, **texts))
    assert [size_of(path) for path in words.values()] == [
        Size(3, 2),
        Size(1, 0),
        Size(40_000, 40_000),
    ]
    assert read_parquet(words["words_train"]).column("lemma").to_pylist() == [None, "b", None]


@pytest.mark.parametrize("name", ["1", "1.5", "true", "null", "2020-01-01"])
def test_the_name_of_an_attribute_is_text_whatever_it_looks_like(tmp_path, name):
    rows = [row(i, f"form{i}", "_", f"{name}={i % 2}") for i in range(1, 9)]
    path = keep(read_text(tmp_path, "ud", **dict.fromkeys(SPLITS, block(*rows))), min_types=2)
    assert kept_values(path) == {name: ["0", "1"]}


KEPT = {
    "UD_English-EWT": {
        "Finiteness": ["FIN", "NFIN"],
        "Mood": ["IMP", "IND"],
        "Number": ["PL", "SG"],
        "Part of Speech": ["ADJ", "ADV", "N", "NUM", "PROPN", "V", "V.PTCP"],
        "Person": ["1", "3"],
        "Tense": ["PRS", "PST"],
    },
    "UD_Turkish-IMST": {
        "Aspect": ["HAB", "PFV", "PROG"],
        "Case": ["ABL+AT", "ACC", "DAT", "ESS", "GEN", "INS", "NOM"],
        "Number": ["PL", "SG"],
        "Part of Speech": ["ADJ", "ADV", "N", "PROPN", "V", "V.CVB", "V.MSDR", "V.PTCP"],
        "Person": ["1", "2", "3"],
        "Polarity": ["NEG", "POS"],
        "Possession": ["PSS1S", "PSS3S"],
        "Tense": ["PRS", "PST"],
    },
}


@pytest.mark.parametrize("name", KEPT)
def test_values_kept_of_english_and_turkish(real_words, name):
    assert kept_values(keep(real_words(name), min_types=100)) == KEPT[name]


def values_by_table(token):
    """The UniMorph values of one syntactic word, without possession: few French forms have it."""
    feats = {"UPOS": token["upos"], **(token["feats"] or {})}
    found = defaultdict(set)
    for feature, ud_value, value, attribute in MAPPED:
        if feats.get(feature) == ud_value:
            found[attribute].add(value)
    if len(found["Part of Speech"]) > 1:
        found["Part of Speech"].discard("V")  # participles are more than verbs
    return {attribute: min(values) for attribute, values in found.items() if len(values) == 1}


def surface_words_by_hand(sentence):
    """(form, values) of each word: a multiword token has what exactly one of its parts has."""
    syntactic = {t["id"]: values_by_table(t) for t in sentence if isinstance(t["id"], int)}
    inside = set()
    for token in sentence:
        if isinstance(token["id"], tuple):
            first, dash, last = token["id"]
            assert dash == "-"  # no empty nodes here
            parts = [syntactic[i] for i in range(first, last + 1)]
            inside.update(range(first, last + 1))
            carried = Counter(attribute for part in parts for attribute in part)
            yield (
                token["form"],
                {a: value for part in parts for a, value in part.items() if carried[a] == 1},
            )
        elif token["id"] not in inside:
            yield token["form"], syntactic[token["id"]]


def test_values_kept_of_french_are_those_with_100_forms_in_the_split_with_the_fewest(
    shared, real_words
):
    forms = {split: defaultdict(set) for split in SPLITS}
    for split in SPLITS:
        [path] = (shared / "treebanks" / "UD_French-Sequoia").glob(f"*-ud-{split}.conllu")
        for sentence in conllu.parse(path.read_text(encoding="utf-8")):
            for form, values in surface_words_by_hand(sentence):
                for attribute, value in values.items():
                    forms[split][attribute, value].add(form)
    kept = defaultdict(list)
    for attribute, value in sorted(forms["train"]):
        sizes = [len(forms[split][attribute, value]) for split in SPLITS]
        if min(size for size in sizes if size) >= 100:
            kept[attribute].append(value)
    kept = {attribute: values for attribute, values in kept.items() if len(values) > 1}
    assert kept_values(keep(real_words("UD_French-Sequoia"), min_types=100)) == kept
    assert kept["Number"] == ["PL", "SG"]


@pytest.mark.parametrize("form", ["cat", "Cat", "été", "İstanbul", "10 000", "", "\t"])
@pytest.mark.parametrize("n_values", [2, 7])
def test_a_control_label_is_a_digest_of_seed_and_form(form, n_values):
    text = b"41\t" + form.encode("utf-8")
    number = 0
    for byte in hashlib.blake2b(text, digest_size=8).digest():
        number = 256 * number + byte  # big-endian
    assert control_label(form, n_values, 41) == number % n_values


def test_control_labels_are_roughly_uniform_and_another_seed_gives_others():
    forms = [f"form{i}" for i in range(14_000)]
    labels = np.array([control_label(form, 7, 1) for form in forms])
    shares = np.bincount(labels) / len(forms)
    np.testing.assert_allclose(shares, 1 / 7, atol=0.015)  # five standard deviations
    other = np.array([control_label(form, 7, 2) for form in forms])
    assert (labels == other).mean() == pytest.approx(1 / 7, abs=0.015)


def test_empirical_control_labels_are_as_frequent_as_the_values_are_in_training():
    """The digest, as a fraction of 2⁶⁴, falls into the share of one label."""
    counts = [700, 0, 250, 50]
    label = control_labels("empirical", 41, counts)
    for form in ("dog", "İ", "New York", ""):
        digest = hashlib.blake2b(f"41\t{form}".encode(), digest_size=8).digest()
        fraction = Fraction(int.from_bytes(digest, "big"), 2**64)
        ends = [Fraction(sum(counts[: z + 1]), 1000) for z in range(4)]
        assert label(form) == next(z for z, end in enumerate(ends) if fraction < end)
    drawn = np.bincount([label(f"form{i}") for i in range(20_000)], minlength=4) / 20_000
    assert drawn == pytest.approx(np.array(counts) / 1000, abs=0.01)


def test_uniform_control_labels_do_not_look_at_the_counts():
    label = control_labels("uniform", 41, [700, 0, 300])
    assert [label(f"w{i}") for i in range(50)] == [control_label(f"w{i}", 3, 41) for i in range(50)]
