"""Facts about the analyzer `spacy`: a pipeline on the sentence as it is and as predicted."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.workflow import SMALL, changed, finish, planned
from workflow_scripts import InputError
from workflow_scripts.files.artifact import METADATA_KEY, read_parquet
from workflow_scripts.interventions.analyzers import AnalyzerTask, Change, Outcome, TrueWord
from workflow_scripts.interventions.analyzers import spacy as analyzer
from workflow_scripts.words.schemas import ud, unimorph

spacy = pytest.importorskip("spacy", reason="needs spaCy (envs/spacy.txt)")
pytestmark = pytest.mark.slow
PIPELINE = "fr_core_news_sm"
if not spacy.util.is_package(PIPELINE):
    pytest.skip(f"needs the pipeline {PIPELINE} (envs/spacy.txt)", allow_module_level=True)

SENTENCES = [
    "Les enfants mangeaient des pommes rouges dans le jardin .",
    "La petite fille regarde le grand chat noir .",
    "Nous avons acheté trois livres anciens aujourd'hui .",
    "Le professeur parlera de l' histoire des rois .",
    "Cette maison blanche est plus belle que les autres maisons .",
    "Il mange l'orange et elle boit une tasse de thé .",
]
FORMS = dict(enumerate(sentence.split() for sentence in SENTENCES))


@pytest.fixture(scope="module")
def whole():
    """The pipeline, whole."""
    return spacy.load(PIPELINE)


def task(attribute, schema=unimorph, forms=FORMS, pipeline=PIPELINE):
    return AnalyzerTask(
        attribute=attribute,
        lemma_alone=attribute == schema.PART_OF_SPEECH,
        lexicon=lambda: [],
        pipeline=lambda: pipeline,
        analyse=schema.analyse,
        forms=forms.__getitem__,
    )


def word_of(sentence, word, target=None):
    return TrueWord(sentence, word, "not read", "not read", "not read", target)


def analysis_by_hand(pipeline, forms, word, attribute, schema):
    """(lemma, value, other values) of a word in its sentence; None where it is not one token."""
    start = len(" ".join(forms[:word])) + (word > 0)
    span = pipeline(" ".join(forms)).char_span(start, start + len(forms[word]))
    if span is None or len(span) != 1:
        return None
    (token,) = span
    features = {} if attribute == schema.PART_OF_SPEECH else token.morph.to_dict()
    values = schema.analyse(token.pos_, features)[0]
    others = {name: value for name, value in values.items() if name != attribute}
    return token.lemma_.lower(), values.get(attribute), others


def outcome_by_hand(true, given, target):
    if true is None or given is None:
        return Outcome.NO_ANALYSIS
    same_lemma, same_value = true[0] == given[0], true[1] == given[1]
    if same_lemma and same_value:
        return Outcome.CORRECT_LEMMA_CORRECT_VALUE
    if same_lemma and given[1] is None:
        return Outcome.CLWV_NO_VALUE
    if same_lemma and given[1] == target:
        return Outcome.CLTV_STRICT if true[2] == given[2] else Outcome.CLTV
    if same_lemma:
        return Outcome.CLWV
    if same_value:
        return Outcome.WRONG_LEMMA_CORRECT_VALUE
    return Outcome.WRONG_LEMMA_NO_VALUE if given[1] is None else Outcome.WRONG_LEMMA_WRONG_VALUE


OTHERS = ("enfant", "mange", "grandes", "chats", "noirs", "l'enfant", "", "[UNK]", "maison", "roi")


@pytest.mark.parametrize(
    ("schema", "attribute", "target"),
    [
        (unimorph, "Number", "SG"),
        (unimorph, "Gender and Noun Class", "FEM"),
        (unimorph, "Tense", None),
        (unimorph, "Part of Speech", "N"),
        (ud, "Number", "Plur"),
        (ud, "UPOS", "NOUN"),
    ],
)
def test_both_sentences_are_read_and_their_analyses_compared(whole, schema, attribute, target):
    random = np.random.default_rng(len(attribute))
    found = analyzer.Analyzer(task(attribute, schema))
    seen = set()
    for k in range(4):  # as at four values of k
        changes, predicted = [], {number: list(forms) for number, forms in FORMS.items()}
        for number, forms in FORMS.items():
            if (number + k) % 3:
                for word in random.choice(len(forms) - 1, 3, replace=False).tolist():
                    form = forms[word]  # now and then in another form, so that its lemma stays
                    others = (
                        (form.removesuffix("s"), f"{form}s") if random.random() < 0.5 else OTHERS
                    )
                    predicted[number][word] = str(random.choice(others))
                    change = Change(word_of(number, word, target), predicted[number][word])
                    changes.append(change)
        expected = []
        for change in changes:
            at = change.word.sentence, change.word.word
            true, given = (
                analysis_by_hand(whole, forms[at[0]], at[1], attribute, schema)
                for forms in (FORMS, predicted)
            )
            expected.append(outcome_by_hand(true, given, target))
        assert found.judge(changes) == expected
        seen |= set(expected)
    assert {Outcome.NO_ANALYSIS, Outcome.WRONG_LEMMA_WRONG_VALUE} < seen
    assert Outcome.CORRECT_LEMMA_CORRECT_VALUE in seen
    if attribute == "Number":
        assert {Outcome.CLWV, Outcome.CLTV, Outcome.CLTV_STRICT} & seen


FEM = {"Gender and Noun Class": "FEM"}
SG, PL, NONE = (analyzer.Word("pomme", value, FEM) for value in ("SG", "PL", None))
OTHER, NOTHING = (analyzer.Word("livre", value, FEM) for value in ("PL", None))
GENDERED = analyzer.Word("pomme", "SG", FEM | {"Gender and Noun Class": "MASC"})
BARE_SG, BARE_PL = (analyzer.Word(None, value, FEM) for value in ("SG", "PL"))


@pytest.mark.parametrize(
    ("true", "given", "target", "outcome"),
    [
        (PL, SG, "SG", Outcome.CLTV_STRICT),
        (PL, GENDERED, "SG", Outcome.CLTV),
        (PL, NOTHING, "SG", Outcome.WRONG_LEMMA_NO_VALUE),
        (PL, SG, "DU", Outcome.CLWV),
        (PL, SG, None, Outcome.CLWV),
        (PL, NONE, "SG", Outcome.CLWV_NO_VALUE),
        (NONE, SG, "SG", Outcome.CLTV_STRICT),
        (PL, PL, "SG", Outcome.CORRECT_LEMMA_CORRECT_VALUE),
        (NONE, NONE, "SG", Outcome.CORRECT_LEMMA_CORRECT_VALUE),
        (PL, OTHER, "SG", Outcome.WRONG_LEMMA_CORRECT_VALUE),
        (SG, OTHER, "PL", Outcome.WRONG_LEMMA_WRONG_VALUE),
        (None, SG, "SG", Outcome.NO_ANALYSIS),
        (PL, None, "SG", Outcome.NO_ANALYSIS),
        # A word without a lemma of its own has no other with the same.
        (BARE_PL, BARE_SG, "SG", Outcome.NO_ANALYSIS),
        (BARE_PL, BARE_PL, "SG", Outcome.NO_ANALYSIS),
        (BARE_PL, SG, "SG", Outcome.NO_ANALYSIS),
        (PL, BARE_PL, "SG", Outcome.WRONG_LEMMA_CORRECT_VALUE),
        (PL, BARE_SG, "SG", Outcome.WRONG_LEMMA_WRONG_VALUE),
    ],
)
def test_what_became_of_a_word(true, given, target, outcome):
    assert analyzer.outcome(word_of(0, 4, target), true, given) == outcome


@pytest.mark.parametrize(
    ("word", "predicted"), [((5, 2), "pomme"), ((0, 4), "l'orange"), ((0, 4), "")]
)
def test_a_word_that_either_sentence_splits_has_no_analysis(word, predicted):
    judged = analyzer.Analyzer(task("Number"))
    assert judged.judge([Change(word_of(*word), predicted)]) == [Outcome.NO_ANALYSIS]


@pytest.mark.parametrize("lemma", ["", "_"])
def test_a_lemma_that_the_pipeline_does_not_give_is_none(whole, monkeypatch, lemma):
    """A pipeline learns `_` from a treebank with such lemmas."""

    def without_lemmas(text):
        doc = whole(text)
        for token in doc:
            if token.text in ("chat", "chats"):
                token.lemma_ = lemma
        return doc

    pipeline = SimpleNamespace(pipe=lambda texts: map(without_lemmas, texts))
    monkeypatch.setattr(analyzer, "load", lambda name: pipeline)
    forms = {0: ["Le", "chat", "regarde", "les", "chats", "."]}
    judged = analyzer.Analyzer(task("Number", forms=forms))
    changes = [Change(word_of(0, 1, "PL"), "chats"), Change(word_of(0, 2), "regardent")]
    assert judged.judge(changes)[0] == Outcome.NO_ANALYSIS
    assert judged.judge([Change(word_of(0, 4, "SG"), "chat")]) == [Outcome.NO_ANALYSIS]


def test_lemmas_are_compared_in_lower_case():
    forms = {0: ["Marie", "voit", "Paris", "."]}
    judged = analyzer.Analyzer(task("Part of Speech", forms=forms))
    (outcome,) = judged.judge([Change(word_of(0, 2), "PARIS")])
    assert outcome == Outcome.CORRECT_LEMMA_CORRECT_VALUE


def test_a_form_with_a_space_has_no_analysis_and_moves_no_other_word():
    forms = {0: ["Les", "trois pommes", "rouges", "et", "les", "livres", "."]}
    judged = analyzer.Analyzer(task("Number", forms=forms))
    changes = [Change(word_of(0, 1), "pommes"), Change(word_of(0, 5), "cahiers")]
    assert judged.judge(changes) == [Outcome.NO_ANALYSIS, Outcome.WRONG_LEMMA_CORRECT_VALUE]


def test_a_sentence_that_stays_is_read_once(monkeypatch):
    judged = analyzer.Analyzer(task("Number"))
    read, pipe = [], judged._pipeline.pipe

    def noted(texts):
        texts = list(texts)
        read.extend(texts)
        return pipe(texts)

    monkeypatch.setattr(judged._pipeline, "pipe", noted)
    changes = [Change(word_of(0, 4), "pomme"), Change(word_of(1, 5), "chats")]
    first = judged.judge(changes)
    assert len(read) == 4
    assert judged.judge([*changes, Change(word_of(2, 4), "livre")])[:2] == first
    assert len(read) == 6


def test_what_is_not_installed_is_named(monkeypatch):
    def broken(name, **options):
        raise ValueError("[E002] Can't find factory for 'curated_transformer'")

    with pytest.raises(InputError, match="pipeline xx_no_such: not installed"):
        analyzer.Analyzer(task("Number", pipeline="xx_no_such"))
    monkeypatch.setattr(spacy.util, "load_model", broken)
    with pytest.raises(InputError, match=f"pipeline {PIPELINE}: cannot be loaded"):
        analyzer.Analyzer(task("Number"))
    monkeypatch.setattr(spacy, "load", lambda name, exclude: spacy.blank("fr"))
    with pytest.raises(InputError, match=f"pipeline {PIPELINE}: gives words no LEMMA and no POS"):
        analyzer.Analyzer(task("Number")).judge([Change(word_of(0, 4), "pomme")])
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(InputError, match=r"analyzer spacy: pip install -r envs/spacy\.txt"):
        analyzer.Analyzer(task("Number"))


def test_a_study_with_the_other_analyzer_makes_its_interventions_anew_and_reads_no_lexicon(
    study, tmp_path
):
    treebanks = {"english": {"grammar": "english", "sentences": 300, "pipeline": PIPELINE}}
    config = changed(SMALL, tmp_path / "spacy.yaml", analyzer="spacy", treebanks=treebanks)
    interventions = {"intervene", "intervene_of_one_direction", "collect"}
    tables = {"build_table", "build_dictionary", "build_figure"}
    tables |= {"build_report", "build_provenance"}
    jobs = planned(study, config)
    assert {rule for rule, _ in jobs} == interventions | tables
    collections = {dict(of)["collection"] for rule, of in jobs if rule == "collect"}
    assert collections == {"interventions", "examples", "contrasts"}
    (study / "results/lexicons/tiny/english.parquet").unlink()
    target = "results/interventions/tiny/english/number/layer-1/ablation-by-random.parquet"
    finish(study, config, target)
    assert not (study / "results/lexicons/tiny/english.parquet").exists()
    table = read_parquet(study / target)
    made = json.loads(table.schema.metadata[METADATA_KEY])
    assert made["job"]["settings"]["pipeline"] == PIPELINE
    assert {"spacy", PIPELINE} < set(made["versions"])
