"""Facts about concord: which words agree, and what a change of one does to the other."""

from collections import Counter

import pyarrow as pa
import pytest

from tests.support.formulas_concord import concord_by_hand, pairs_by_hand
from tests.support.intervened import rows_of_concord
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.interventions import measure_concord
from workflow_scripts.interventions.pairs import agreeing_pairs

# Pairs.

SENTENCES = {
    "a subject and its verb": ("dogs:NOUN:PL>1:nsubj run:VERB:PL>:root", [("nsubj", 0, 1, False)]),
    "a subtype": ("dogs:NOUN:PL>1:nsubj:pass run:VERB:PL>:root", [("nsubj", 0, 1, False)]),
    "another relation": ("dogs:NOUN:PL>1:obj run:VERB:PL>:root", []),
    "csubj is none": ("dogs:NOUN:PL>1:csubj run:VERB:PL>:root", []),
    "two values": ("dogs:NOUN:PL>1:nsubj runs:VERB:SG>:root", []),
    "a value that is not kept": ("dogs:NOUN:DU>1:nsubj run:VERB:DU>:root", []),
    "a verb without value, and its auxiliary": (
        "dogs:NOUN:PL>3:nsubj still:ADV:->3:advmod have:AUX:PL>3:aux run:VERB:->:root",
        [("nsubj", 0, 2, False)],
    ),
    "the first auxiliary that has one": (
        "dogs:NOUN:PL>4:nsubj could:AUX:->4:aux have:AUX:PL>4:aux:tense be:AUX:SG>4:aux "
        "run:VERB:->:root",
        [("nsubj", 0, 2, False)],
    ),
    "a verb with a value has no need of it": (
        "dogs:NOUN:PL>2:nsubj have:AUX:PL>2:aux runs:VERB:SG>:root",
        [],
    ),
    "a copula, whose head is a noun": (
        "dogs:NOUN:PL>2:nsubj are:AUX:PL>2:cop animal:NOUN:SG>:root",
        [("nsubj", 0, 1, False)],
    ),
    "a determiner and an adjective": (
        "these:DET:PL>2:det big:ADJ:PL>2:amod dogs:NOUN:PL>:root",
        [("det", 2, 0, False), ("amod", 2, 1, False)],
    ),
    "a subtype of a determiner is none": ("all:DET:PL>1:det:predet dogs:NOUN:PL>:root", []),
    "an attractor between": (
        "dogs:NOUN:PL>3:nsubj of:ADP:->2:case kings:NOUN:SG>0:nmod run:VERB:PL>:root",
        [("nsubj", 0, 3, True)],
    ),
    "one of the same value is none, nor one that is not kept": (
        "dogs:NOUN:PL>3:nsubj two:NUM:DU>2:nummod kings:NOUN:PL>0:nmod run:VERB:PL>:root",
        [("nsubj", 0, 3, False)],
    ),
    "nor one outside": (
        "king:NOUN:SG>1:nmod dogs:NOUN:PL>2:nsubj run:VERB:PL>:root cat:NOUN:SG>2:obj",
        [("nsubj", 1, 2, False)],
    ),
    "a word without a head": ("dogs:NOUN:PL>:nsubj run:VERB:PL>:root", []),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_pairs_are_arcs_of_words_with_the_same_kept_value(name):
    text, expected = SENTENCES[name]
    words = []
    for i, word in enumerate(text.split()):
        about, _, arc = word.partition(">")
        form, upos, value = about.split(":")
        head, _, relation = arc.partition(":")
        words.append(
            {"word": i, "form": form, "upos": upos, "Number": None if value == "-" else value}
            | {"head": int(head) if head else None, "deprel": relation}
        )
    columns = [[word[name] for word in words] for name in ("head", "deprel", "upos", "Number")]
    found = agreeing_pairs(*columns, ["PL", "SG"])
    assert [tuple(pair) for pair in found] == expected
    assert pairs_by_hand(words, "Number", ["PL", "SG"]) == expected


@pytest.mark.parametrize(
    ("treebank", "attribute"),
    [
        ("UD_English-EWT", "Number"),
        ("UD_French-Sequoia", "Gender and Noun Class"),
        ("UD_Turkish-IMST", "Number"),
    ],
)
def test_pairs_of_a_treebank_are_those_by_hand(real_words, treebank, attribute):
    words = read_parquet(real_words(treebank) / "test.parquet").to_pylist()
    sentences = {}
    for word in words:
        sentences.setdefault(word["sentence"], []).append(word)
    values = sorted({word[attribute] for word in words} - {None})[:2]
    seen = Counter()
    for sentence in sentences.values():
        names = ("head", "deprel", "upos", attribute)
        columns = [[word[name] for word in sentence] for name in names]
        found = [tuple(pair) for pair in agreeing_pairs(*columns, values)]
        assert found == pairs_by_hand(sentence, attribute, values)
        seen.update(relation for relation, *_ in found)
    assert seen["nsubj"] > 50


def test_in_a_generated_treebank_all_that_may_agree_does(small_treebank):
    """The grammar makes it so: what the measure takes for agreement is agreement."""
    words = read_parquet(small_treebank / "words" / "test.parquet").to_pylist()
    sentences = {}
    for word in words:
        sentences.setdefault(word["sentence"], []).append(word)
    seen = Counter()
    for sentence in sentences.values():
        for word in sentence:
            own = word["deprel"] in ("nsubj", "det", "amod") and word["head"] is not None
            if own and None not in (word["Number"], sentence[word["head"]]["Number"]):
                assert word["Number"] == sentence[word["head"]]["Number"], sentence
                seen[word["deprel"]] += 1
    assert seen["nsubj"] > 50
    assert seen["det"] > 10


# The measure.

SCALED = '{"beta": 8, "scaled": true}'
SETTINGS = [
    ("Number", 0, "translation", SCALED),
    ("Number", 3, "ablation", "{}"),
    ("Number", 2, "resample", '{"same": false}'),
    ("Number", 2, "mean", "{}"),
    ("Number", 2, "steer", '{"beta": 30, "scaled": false, "to": "SG"}'),
]


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: "-".join(map(str, s[:3])))
def test_margins_and_counts_equal_the_method_by_hand(intervened, tmp_path, setting):
    attribute, layer, method, options = setting
    rows = rows_of_concord(intervened, attribute, layer, method, options, 5, tmp_path)
    stream = generator(1, "tiny", "english", attribute, layer, "concord")
    expected = concord_by_hand(intervened, attribute, layer, method, [0, 5, 10, 15], stream)
    keys = ("k", "sentence", "relation", "attractor", "edited")
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(found) == len(rows)
    assert found.keys() == expected.keys()
    for key, margins in expected.items():
        row = found[key]
        assert row["pairs"] == len(margins)
        assert row["margin"] == pytest.approx(sum(margins), abs=2e-4)
        unsure = sum(abs(margin) < 1e-4 for margin in margins)
        assert abs(row["concordant"] - sum(margin > 0 for margin in margins)) <= unsure
    at = dict.fromkeys(("controller", "other"), 0.0)
    for row in rows:
        if row["k"] == 15:
            first = found[0, *(row[key] for key in keys[1:])]
            at[row["edited"]] += abs(row["margin"] - first["margin"])
    # At the last layer nothing but the word itself is changed, and the mask is another word.
    assert (min(at.values()) > 0.05) == (layer < 3)
    assert layer < 3 or max(at.values()) < 1e-3
    assert {row["relation"] for row in rows} >= {"nsubj", "det"}


def test_at_k_0_the_controller_and_the_other_word_are_of_the_same_pairs(intervened, tmp_path):
    rows = rows_of_concord(intervened, "Number", 2, "ablation", "{}", 15, tmp_path)

    def of(edited, *names):
        return [[row[name] for name in names] for row in rows if row["edited"] == edited]

    every = ("k", "sentence", "relation", "attractor", "pairs")
    assert of("controller", *every) == of("other", *every)
    at_0 = [row for row in rows if row["k"] == 0]
    margins = {e: [r["margin"] for r in at_0 if r["edited"] == e] for e in ("controller", "other")}
    assert margins["controller"] == margins["other"]


def test_pairs_are_measured_in_portions_of_bounded_size(intervened, tmp_path, monkeypatch):
    """And a word's donor is its own whichever portion its pair is in."""
    given = ("Number", 2, "resample", '{"same": false}', 8, tmp_path)
    whole = rows_of_concord(intervened, *given)
    monkeypatch.setattr(measure_concord, "PAIRS_AT_ONCE", 7)
    portions = rows_of_concord(intervened, *given)
    assert len(whole) > 2 * 7
    for one, other in zip(whole, portions, strict=True):
        assert one.pop("margin") == pytest.approx(other.pop("margin"), abs=1e-4)
        one.pop("concordant"), other.pop("concordant")  # a margin may lie at 0
        assert one == other


def test_a_treebank_without_arcs_has_no_pair(intervened, tmp_path):
    """Of a file with no arcs, or of multiword tokens alone, the file has no row."""
    table = read_parquet(intervened.words["words_test"])
    at = table.column_names.index("head")
    bare = table.set_column(at, table.field("head"), pa.nulls(len(table), pa.int32()))
    path = tmp_path / "test.parquet"
    write_parquet(path, bare, made_by("test"))
    given = ("Number", 2, "ablation", "{}", 15, tmp_path)
    assert rows_of_concord(intervened, *given, words_test=path) == []
