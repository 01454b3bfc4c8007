"""Facts about outcomes: what the lexicon analyzer says became of a word, and what is counted."""

import numpy as np
import pytest

from tests.support.commands import call
from tests.support.treebank_files import block, read_text, row, sentence_of, words_of
from workflow_scripts import InputError
from workflow_scripts.activations import build_lexicon, cache_states
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.columns import COUNTS, WATCHED
from workflow_scripts.files.lexicon import Analysis
from workflow_scripts.files.states import CachedSentence, read_states
from workflow_scripts.interventions import subjects as subjects_module
from workflow_scripts.interventions.analyzers import (
    TO_TARGET,
    AnalyzerTask,
    Change,
    Outcome,
    TrueWord,
)
from workflow_scripts.interventions.analyzers.lexicon import Analyzer
from workflow_scripts.interventions.outcomes import count, differing, examples, judge
from workflow_scripts.interventions.subjects import Bystander, Subject, find_bystanders
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.reading import Reader
from workflow_scripts.words.schemas import unimorph

# The lexicon analyzer.

LEXICON = [
    ("dog", ("dog", "NOUN", "SG")),
    ("dogs", ("dog", "NOUN", "PL")),
    ("dogs", ("dog", "VERB", None)),
    ("dogged", ("dog", "VERB", None)),
    ("doggy", ("dog", "NOUN", None)),
    ("dogz", ("dog", "NOUN", "DU")),
    ("doge", ("dog", "NOUN", "SG")),
    ("doge", ("dog", "NOUN", "PL")),
    ("cat", ("cat", "NOUN", "SG")),
    ("cats", ("cat", "NOUN", "PL")),
    ("dawg", ("dog", "PROPN", "SG")),
    ("run", ("run", "VERB", None)),
]


def lexicon_analyzer(analyses, lemma_alone=False):
    """The analyzer of a lexicon written out as (key, analysis) pairs, of one attribute."""
    return Analyzer(
        AnalyzerTask(
            attribute="any",
            lemma_alone=lemma_alone,
            lexicon=lambda: [(key, Analysis(*of, ())) for key, of in analyses],
            pipeline=lambda: None,
            analyse=unimorph.analyse,
            forms=lambda sentence: [],
        )
    )


@pytest.mark.parametrize(
    ("predicted", "outcome"),
    [
        ("dogs", Outcome.CLTV_STRICT),
        ("dogz", Outcome.CLWV),  # another value than the target
        ("doggy", Outcome.CLWV_NO_VALUE),
        ("doge", Outcome.CORRECT_LEMMA_CORRECT_VALUE),  # the true value, and the target's too
        ("cat", Outcome.WRONG_LEMMA_CORRECT_VALUE),
        ("dawg", Outcome.WRONG_LEMMA_CORRECT_VALUE),  # another UPOS is another lemma
        ("cats", Outcome.WRONG_LEMMA_WRONG_VALUE),
        ("run", Outcome.WRONG_LEMMA_NO_VALUE),
        ("dogged", Outcome.WRONG_LEMMA_NO_VALUE),
        ("Dogs", Outcome.NO_ANALYSIS),
        ("", Outcome.NO_ANALYSIS),
    ],
)
def test_the_lexicon_judges_lemma_upos_and_value(predicted, outcome):
    word = TrueWord(0, 0, "dog", "NOUN", "SG", "PL")
    analyzer = lexicon_analyzer(LEXICON)
    assert analyzer.judge([Change(word, predicted)] * 2) == [outcome] * 2


def test_without_a_target_the_correct_lemma_with_another_value_is_clwv():
    word = TrueWord(0, 0, "dog", "NOUN", "SG", None)
    analyzer = lexicon_analyzer(LEXICON)
    changes = [Change(word, predicted) for predicted in ("dogs", "doggy")]
    assert analyzer.judge(changes) == [Outcome.CLWV, Outcome.CLWV_NO_VALUE]


@pytest.mark.parametrize(
    ("predicted", "outcome"),
    [
        ("walks", Outcome.CLTV_STRICT),
        ("walking", Outcome.CLWV_NO_VALUE),
        ("walk", Outcome.CORRECT_LEMMA_CORRECT_VALUE),
        ("talk", Outcome.WRONG_LEMMA_CORRECT_VALUE),
        ("talks", Outcome.WRONG_LEMMA_WRONG_VALUE),
    ],
)
def test_for_the_word_class_the_lemma_alone_decides(predicted, outcome):
    entries = [
        ("walk", ("walk", "NOUN", "N")),
        ("walk", ("walk", "VERB", "V")),
        ("walks", ("walk", "VERB", "V")),
        ("walking", ("walk", "ADJ", None)),
        ("talk", ("talk", "NOUN", "N")),
        ("talks", ("talk", "VERB", "V")),
    ]
    word = TrueWord(0, 0, "walk", "NOUN", "N", "V")
    assert lexicon_analyzer(entries, lemma_alone=True).judge([Change(word, predicted)]) == [outcome]


def test_a_verdict_is_for_a_word_and_not_for_another_of_the_same_prediction():
    analyzer = lexicon_analyzer(LEXICON)
    dog = TrueWord(0, 0, "dog", "NOUN", "SG", "PL")
    cat = TrueWord(0, 1, "cat", "NOUN", "SG", "PL")
    verdicts = [Outcome.CLTV_STRICT, Outcome.WRONG_LEMMA_WRONG_VALUE]
    assert analyzer.judge([Change(dog, "dogs"), Change(cat, "dogs")]) == verdicts


NO_LEMMA = TrueWord(0, 0, None, "NOUN", "SG", "PL")
WITHOUT_LEMMAS = [
    ("dog", ("dog", "NOUN", "SG")),
    ("dogs", ("dog", "NOUN", "PL")),
    ("cat", (None, "NOUN", "SG")),
    ("cats", (None, "NOUN", "PL")),
    ("stone", (None, "NOUN", "PL")),
    ("doge", (None, "NOUN", "SG")),
    ("doge", ("dog", "NOUN", "PL")),
]


@pytest.mark.parametrize("lemma_alone", [False, True])
@pytest.mark.parametrize("predicted", ["cats", "stone", "cat", "dog", "dogs", "doge", "unheard"])
def test_a_change_of_a_word_without_lemma_is_no_analysis(predicted, lemma_alone):
    """Also where the prediction has no lemma either: cats to stone is no change of number."""
    analyzer = lexicon_analyzer(WITHOUT_LEMMAS, lemma_alone)
    assert analyzer.judge([Change(NO_LEMMA, predicted)]) == [Outcome.NO_ANALYSIS]


@pytest.mark.parametrize(
    ("predicted", "outcome"),
    [
        ("cat", Outcome.WRONG_LEMMA_CORRECT_VALUE),
        ("cats", Outcome.WRONG_LEMMA_WRONG_VALUE),
        ("doge", Outcome.CLTV_STRICT),  # by its other analysis
        ("dogs", Outcome.CLTV_STRICT),
    ],
)
def test_an_analysis_without_lemma_counts_for_the_value_only(predicted, outcome):
    word = TrueWord(0, 0, "dog", "NOUN", "SG", "PL")
    assert lexicon_analyzer(WITHOUT_LEMMAS).judge([Change(word, predicted)]) == [outcome]


def test_the_lexicon_of_a_treebank_has_null_for_lemmas_that_it_does_not_give(tiny_model, tmp_path):
    texts = dict.fromkeys(SPLITS, block(row(1, "the", lemma="_"), row(2, "the")))
    words = read_text(tmp_path, **texts)
    target = tmp_path / "lexicon.parquet"
    call(build_lexicon, model=tiny_model, **words_of(words), lexicon=target)
    assert read_parquet(target, ["key", "train", "lemma", "upos"]).to_pylist() == [
        {"key": "the", "train": 1, "lemma": "the", "upos": "X"},
        {"key": "the", "train": 1, "lemma": None, "upos": "X"},
    ]


def test_a_treebank_that_the_tokenizer_cannot_spell_is_an_error(tiny_model, tmp_path):
    words = read_text(tmp_path, **dict.fromkeys(SPLITS, sentence_of("☃", "☂☃", "☂")))
    target = tmp_path / "lexicon.parquet"
    with pytest.raises(InputError) as error:
        call(build_lexicon, model=tiny_model, **words_of(words), lexicon=target)
    assert str(error.value) == (
        f"{tiny_model}: its tokenizer spells none of the 3 forms of {tmp_path} without the unknown "
        "token, so no predicted word can be looked up; take another model, or interventions: []"
    )
    assert not target.exists()


def test_a_form_with_the_unknown_token_or_without_subtoken_has_no_key(tiny_model, tmp_path):
    texts = dict.fromkeys(SPLITS, block(*(row(i, f) for i, f in enumerate(["a☃"], start=1))))
    texts["test"] = sentence_of("\u3000", "the", "☃")
    words = read_text(tmp_path, **texts)
    target = tmp_path / "lexicon.parquet"
    call(build_lexicon, model=tiny_model, **words_of(words), lexicon=target)
    assert read_parquet(target).column("key").to_pylist() == ["the"]


# From predicted subtokens to counts.

WORDS = [TrueWord(3, 0, "dog", "NOUN", "SG", "PL"), TrueWord(8, 2, "cat", "NOUN", "PL", "SG")]
SUBJECTS = [Subject(WORDS[0], 0, 2), Subject(WORDS[1], 2, 3)]
LETTERS = {1: "Do", 2: "g", 3: "cats", 4: "CATS", 5: "gs", 6: "Dogs", 7: ""}


def judged(predicted, decode):
    return judge(
        np.array(predicted), np.array([1, 2, 3]), SUBJECTS, lexicon_analyzer(LEXICON), decode
    )


def decode_lower(ids):
    return "".join(LETTERS[i] for i in ids).lower()


def test_a_word_is_compared_with_what_the_model_reads_and_not_with_its_form():
    """A lower-casing tokenizer makes no errors: `Dog` is read, and given back, as `dog`."""
    found, words = judged([[1, 2, 3]], decode_lower)
    assert found.tolist() == [[Outcome.CORRECT, Outcome.CORRECT]]
    assert dict(words) == {}


def test_other_subtokens_that_spell_the_same_word_are_no_error():
    found, words = judged([[1, 2, 4]], decode_lower)
    assert found.tolist() == [[Outcome.CORRECT, Outcome.CORRECT]]
    assert dict(words) == {}


def test_a_word_is_all_its_subtokens():
    found, words = judged([[1, 2, 3], [1, 5, 3], [6, 7, 2]], decode_lower)
    assert found.tolist() == [
        [Outcome.CORRECT, Outcome.CORRECT],
        [Outcome.CLTV_STRICT, Outcome.CORRECT],
        [Outcome.CLTV_STRICT, Outcome.NO_ANALYSIS],
    ]
    assert dict(words) == {(1, 0): ("dog", "dogs"), (2, 0): ("dog", "dogs"), (2, 1): ("cats", "g")}


def test_a_word_with_a_prediction_that_the_tokenizer_has_no_token_for_has_no_analysis():
    """A padding row of the vocabulary decodes to nothing: `dogs` of which half is one is no word.

    Nor is `dog` given back by `dog` and one such, though what is left of it is the word itself.
    """
    predicted = np.array([[1, 2, 3], [6, 7, 3], [1, 2, 7], [6, 2, 3]])
    without_token = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]], bool)
    letters = LETTERS | {2: "g", 7: ""}

    def decode(ids):
        return "".join(letters[i] for i in ids).lower()

    analyzer = lexicon_analyzer([*LEXICON, ("", ("cat", "NOUN", "SG"))])
    arguments = (np.array([1, 2, 3]), SUBJECTS, analyzer, decode)
    found, _ = judge(predicted, *arguments, without_token)
    assert found.tolist() == [
        [Outcome.CORRECT, Outcome.CORRECT],
        [Outcome.NO_ANALYSIS, Outcome.CORRECT],
        [Outcome.CORRECT, Outcome.NO_ANALYSIS],
        [Outcome.NO_ANALYSIS, Outcome.CORRECT],
    ]
    # What would be said of that half alone.
    assert judge(predicted, *arguments)[0][1:3].tolist() == [
        [Outcome.CLTV_STRICT, Outcome.CORRECT],
        [Outcome.CORRECT, Outcome.CLTV_STRICT],
    ]
    same = judge(np.array([[1, 7, 3]]), np.array([1, 2, 3]), *arguments[1:3], lambda ids: "dog")
    assert same[0].tolist() == [[Outcome.CORRECT, Outcome.CORRECT]]
    same = judge(
        *(np.array([[1, 7, 3]]), np.array([1, 2, 3]), *arguments[1:3], lambda ids: "dog"),
        np.array([[False, True, False]]),
    )
    assert same[0].tolist() == [[Outcome.NO_ANALYSIS, Outcome.CORRECT]]


def test_counts_have_a_row_for_each_k_and_sentence():
    subjects = [*SUBJECTS, Subject(TrueWord(8, 4, "x", "X", "SG", "PL"), 3, 4)]
    found = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 2]], np.int8)
    names = ["k", "sentence", "words", *COUNTS, *WATCHED]
    expected = [
        (0, 3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
        (0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1),
        (0, 8, 2, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (10, 3, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0),
        (10, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1),
        (10, 8, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0),
        (20, 3, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0),
        (20, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0),
        (20, 8, 2, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0),
    ]
    beside = [Bystander(3, 1, 0, 1), Bystander(5, 0, 1, 2)]
    said = {
        "side_effects": np.array([[0, 0], [1, 0], [0, 1]], bool),
        "unedited_errors": np.array([[0, 1], [0, 1], [0, 0]], bool),
    }
    table = count(found, subjects, [0, 10, 20], beside, said)
    assert table.to_pylist() == [dict(zip(names, row, strict=True)) for row in expected]
    alone = count(found, subjects, [0, 10, 20], beside, said, strict=False)
    assert alone.drop("cltv_strict").equals(table.drop("cltv_strict"))
    assert alone["cltv_strict"].null_count == len(alone)


def test_a_word_beside_has_changed_where_it_is_spelled_otherwise_than_at_k_0():
    """Other subtokens that spell the same word change nothing, nor does an error of k = 0."""
    beside = [Bystander(3, 1, 0, 2), Bystander(5, 0, 2, 3)]
    unchanged = np.array([1, 2, 3])
    predicted = np.array([[1, 2, 3], [1, 2, 4], [1, 5, 3], [6, 7, 4]])
    found = differing(predicted, unchanged, beside, decode_lower)
    assert found.tolist() == [[False, False], [False, False], [True, False], [True, False]]
    assert differing(predicted[:, :0], unchanged[:0], [], decode_lower).shape == (4, 0)


def test_the_words_beside_are_all_without_a_kept_value_in_sentences_that_have_one_with():
    """And at most so many, drawn; words that the model does not read are none."""
    read = Subtokens(np.arange(6), np.array([-1, 0, 1, 1, 3, -1]))
    sentence = [CachedSentence(n, read, np.arange(6), np.empty((6, 2))) for n in range(900)]
    values = {
        0: ["SG", None, "PL", "DU", "SG"],  # DU is not kept; the last two words have no subtokens
        1: [None, None, "SG", "DU", "SG"],  # nor has the one with a kept value
        2: [None, None, None, "SG", None],
    }
    words = {n: {"Number": values[n % 3]} for n in range(900)}
    stream = np.random.default_rng
    found, places = find_bystanders(sentence[:6], words, "Number", ["PL", "SG"], stream(1))
    assert [(b.sentence, b.word, b.start, b.end) for b in found] == [
        (0, 1, 0, 2),
        (0, 3, 2, 3),
        (2, 0, 3, 4),
        (2, 1, 4, 6),
        (3, 1, 6, 8),
        (3, 3, 8, 9),
        (5, 0, 9, 10),
        (5, 1, 10, 12),
    ]
    assert [p.tolist() for p in places] == [[2, 3, 4], [], [1, 2, 3]] * 2
    every, _ = find_bystanders(sentence, words, "Number", ["PL", "SG"], stream(1))
    assert len(every) == 1200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subjects_module, "MOST_BYSTANDERS", 200)
        drawn, places = find_bystanders(sentence, words, "Number", ["PL", "SG"], stream(1))
        other, _ = find_bystanders(sentence, words, "Number", ["PL", "SG"], stream(2))
    assert len(drawn) == 200
    assert drawn != other
    assert {(b.sentence, b.word) for b in drawn} <= {(b.sentence, b.word) for b in every}
    assert [b.start for b in drawn] == [0, *[b.end for b in drawn[:-1]]]
    assert sum(map(len, places)) == drawn[-1].end
    spread = np.bincount([b.sentence // 300 for b in drawn])
    assert spread.min() > 40


@pytest.mark.parametrize(
    ("predicted", "outcome"),
    [
        ("perros", Outcome.CLTV_STRICT),
        ("perras", Outcome.CLTV),  # another gender
        ("perres", Outcome.CLTV),  # none
        ("perroz", Outcome.CLTV_STRICT),  # by one of its analyses
        ("perra", Outcome.CORRECT_LEMMA_CORRECT_VALUE),
    ],
)
def test_what_changes_nothing_else_is_strict(predicted, outcome):
    analyses = [
        ("perros", Analysis("perro", "NOUN", "PL", ("MASC", None))),
        ("perras", Analysis("perro", "NOUN", "PL", ("FEM", None))),
        ("perres", Analysis("perro", "NOUN", "PL", (None, None))),
        ("perroz", Analysis("perro", "NOUN", "PL", ("FEM", None))),
        ("perroz", Analysis("perro", "NOUN", "PL", ("MASC", None))),
        ("perra", Analysis("perro", "NOUN", "SG", ("FEM", None))),
    ]
    task = AnalyzerTask("Number", False, lambda: analyses, str, unimorph.analyse, lambda n: [])
    word = TrueWord(0, 0, "perro", "NOUN", "SG", "PL", ("MASC", None))
    assert Analyzer(task).judge([Change(word, predicted)]) == [outcome]


def test_examples_are_the_words_that_changed_as_meant_at_the_saturation_point():
    """CLWV, in which CLTV counts, is 0, 1/2, 1, 1, 1; CLWV without CLTV would be 0 till k = 40."""
    found = np.array([[0, 0], [2, 0], [2, 2], [2, 2], [2, 1]], np.int8)
    pairs = [("dog", "dogs"), ("cats", "cat")]
    words = {(row, i): pairs[i] for row in (1, 2, 3, 4) for i in (0, 1)}
    given = examples(found, words, SUBJECTS, [0, 10, 20, 30, 40], TO_TARGET).to_pylist()
    names = ("k", "sentence", "word", "value", "target", "form", "predicted")
    expected = [
        (20, 3, 0, "SG", "PL", "dog", "dogs"),
        (20, 8, 2, "PL", "SG", "cats", "cat"),
    ]
    assert given == [dict(zip(names, example, strict=True)) for example in expected]


def test_what_the_unchanged_model_gives_back_the_same_way_is_no_example():
    pairs = [("dog", "dogs"), ("cats", "cat")]
    words = {(row, i): pairs[i] for row in (0, 1, 2) for i in (0, 1)}
    at_once = np.array([[2, 2], [2, 2], [2, 2]], np.int8)
    assert len(examples(at_once, words, SUBJECTS, [0, 10, 20], TO_TARGET)) == 0
    # The second word comes out wrong at k = 0 as well, but in another way.
    words[0, 1] = ("cats", "cast")
    rises = np.array([[2, 5], [2, 2], [2, 2], [2, 2]], np.int8)
    words |= {(3, i): pairs[i] for i in (0, 1)}
    found = examples(rises, words, SUBJECTS, [0, 10, 20, 30], TO_TARGET)
    assert found.column("k").to_pylist() == [10]
    assert found.column("form").to_pylist() == ["cats"]


def test_a_lower_casing_models_reconstruction_has_few_errors(shared, real_words, tmp_path):
    """Words with capital letters are no worse than others at k = 0."""
    folder = shared / "models" / "minilm-en-mlm"
    table = read_parquet(real_words("UD_English-EWT") / "test.parquet")
    table = table.slice(0, 300)
    path = tmp_path / "test.parquet"
    write_parquet(path, table, made_by("test"))
    call(
        cache_states,
        model=folder,
        words=path,
        layers=[6],
        subtokens=tmp_path / "subtokens.parquet",
        states=f"{tmp_path}/{{layer}}.parquet",
    )
    forms = {(w["sentence"], w["word"]): w["form"] for w in table.to_pylist()}
    ids, unchanged, subjects = [], [], []
    for sentence in read_states(tmp_path / "subtokens.parquet", tmp_path / "6.parquet"):
        for word in range(sentence.read.words.max() + 1):
            if not forms[sentence.number, word].islower():
                own = sentence.read.words == word
                start = len(ids)
                ids += sentence.read.ids[own].tolist()
                unchanged += sentence.predicted[own].tolist()
                subjects.append(
                    Subject(TrueWord(sentence.number, word, "", "", "", None), start, len(ids))
                )
    found, _ = judge(
        np.array([unchanged]),
        np.array(ids),
        subjects,
        lexicon_analyzer([]),
        Reader(folder).decode,
    )
    assert len(subjects) > 50
    assert (found != Outcome.CORRECT).mean() < 0.15


def test_many_words_are_judged_as_each_would_be_alone():
    """Words of one to three subtokens, under many k: of few tokens, so many are the same change."""
    stream = np.random.default_rng(7)
    vocabulary = ["a", "b", "c", "ab", "bc", ""]
    lexicon = [("a", ("x", "NOUN", "SG")), ("a", ("y", "NOUN", "PL")), ("b", ("x", "NOUN", "PL"))]
    lexicon += [("ab", ("y", "NOUN", "SG")), ("abc", ("x", "NOUN", None))]
    subjects, ids = [], []
    for sentence in range(60):
        n, value = int(stream.integers(1, 4)), str(stream.choice(["SG", "PL"]))
        word = TrueWord(sentence, 0, str(stream.choice(["x", "y"])), "NOUN", value, "PL")
        subjects.append(Subject(word, len(ids), len(ids) + n))
        ids += stream.integers(0, 5, n).tolist()
    predicted = np.where(stream.random((20, len(ids))) < 0.5, ids, 0)
    changed = stream.random(predicted.shape) < 0.5
    predicted = np.where(changed, stream.integers(0, 6, predicted.shape), predicted)
    analyzer = lexicon_analyzer(lexicon)

    def decode(tokens):
        return "".join(vocabulary[i] for i in tokens)

    found, words = judge(
        predicted, np.array(ids), subjects, analyzer, decode, without_token=predicted == 5
    )
    expected_words = {}
    for k, given in enumerate(predicted.tolist()):
        for i, subject in enumerate(subjects):
            span = slice(subject.start, subject.end)
            word, spelled = decode(ids[span]), decode(given[span])
            outcome = Outcome.CORRECT
            if word != spelled:
                expected_words[k, i] = (word, spelled)
                (outcome,) = analyzer.judge([Change(subject.word, spelled)])
            if 5 in given[span]:
                outcome = Outcome.NO_ANALYSIS
            assert found[k, i] == outcome
    assert dict(words) == expected_words
    assert len(words) == len(expected_words)
    assert len(set(expected_words.values())) < len(expected_words)  # some coincide
    with pytest.raises(KeyError):
        words[0, len(subjects)]
