"""Facts about the command: what becomes of the words, counted and shown, as the methods say."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from tests.support.commands import call
from tests.support.formulas_interventions import (
    intervene_by_hand,
    plain_lexicon,
    read_by_hand,
)
from tests.support.formulas_models import plain_model
from tests.support.formulas_saturation import saturation_by_hand
from tests.support.intervened import run_intervene
from tests.support.treebank_files import read_text, sentence_of
from workflow_scripts import InputError
from workflow_scripts.activations import build_lexicon, cache_states
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.columns import WATCHED
from workflow_scripts.files.states import read_states
from workflow_scripts.files.words import kept_values, sentences
from workflow_scripts.interventions.analyzers import lexicon
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words.schemas import ud, unimorph

SCALED = '{"beta": 8, "scaled": true}'
STEERED = '{"beta": 30, "scaled": false, "to": "%s"}'


OUTCOMES = (
    "correct",
    "clwv",
    "correct_lemma_correct_value",
    "wrong_lemma_correct_value",
    "wrong_lemma_wrong_value",
    "no_analysis",
)


COUNTS = ("words", "cltv", "no_value", *WATCHED, *OUTCOMES)


SETTINGS = [
    ("Number", 0, "translation", SCALED),
    ("Number", 3, "ablation", "{}"),
    ("Number", 2, "steer", STEERED % "SG"),
    ("Number", 2, "resample", '{"same": false}'),
    ("Part of Speech", 2, "translation", SCALED),
    ("Part of Speech", 3, "ablation", "{}"),
    ("Part of Speech", 2, "steer", STEERED % "V.PTCP"),
    ("Part of Speech", 2, "mean", "{}"),
    ("Part of Speech", 0, "resample", '{"same": true}'),
]
TARGETED = ("translation", "steer")


@pytest.fixture(scope="module", params=SETTINGS, ids=lambda s: "-".join(map(str, s[:3])))
def intervention(request, intervened, tmp_path_factory):
    """A setting, and what the command makes of it."""
    attribute, layer, method, options = request.param
    folder = tmp_path_factory.mktemp("intervention")
    rows, found = run_intervene(intervened, attribute, layer, method, options, 5, folder)
    return SimpleNamespace(
        attribute=attribute,
        layer=layer,
        method="same" if '"same": true' in options else method,
        rows=rows,
        examples=found,
    )


@pytest.mark.slow
def test_counts_and_examples_equal_the_whole_method_by_hand(intervened, intervention):
    ks = [0, 5, 10, 15]
    counts, changed = intervene_by_hand(
        intervened, intervention.attribute, intervention.layer, intervention.method, ks
    )
    assert [(row["k"], row["sentence"]) for row in intervention.rows] == sorted(counts)
    for found in intervention.rows:
        expected = counts[found["k"], found["sentence"]]
        assert {name: found[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
        strict = None if intervention.attribute == "Part of Speech" else expected["cltv_strict"]
        assert found["cltv_strict"] == strict
    # What is edited below the last layer is seen by the other words.
    effects = sum(row["side_effects"] for row in intervention.rows if row["k"])
    assert (effects > 0) == (intervention.layer < 3)
    assert not any(row["side_effects"] for row in intervention.rows if not row["k"])
    assert len({name for count in counts.values() for name in count}) >= 5  # most outcomes

    curve = []
    for k in ks:
        own = [count for (k_, _), count in counts.items() if k_ == k]
        curve.append(sum(c["clwv"] for c in own) / sum(c["words"] for c in own))
    k = ks[saturation_by_hand(curve)]
    more = {"cltv_strict", "no_value"}
    meant = {"clwv", "cltv"} if intervention.method in TARGETED else {"clwv"}
    expected = [
        ((at, *word), *pair[:2])
        for (at, *word), pair in changed.items()
        if pair[2] - more == meant and pair[1] != changed[0, *word][1]
    ]
    assert [
        ((e["k"], e["sentence"], e["word"]), e["form"], e["predicted"])
        for e in intervention.examples
    ] == [example for example in expected if example[0][0] == k]


@pytest.mark.slow
def test_words_whose_lemma_is_taken_away_equal_the_method_by_hand(intervened, tmp_path, caplog):
    """Every second word of all splits loses its lemma; none has another's for that."""
    words = {}
    for name, path in intervened.words.items():
        table = read_parquet(path)
        lemmas = [lemma if i % 2 else None for i, lemma in enumerate(table["lemma"].to_pylist())]
        at = table.column_names.index("lemma")
        table = table.set_column(at, "lemma", pa.array(lemmas, pa.string()))
        words[name] = tmp_path / f"{name}.parquet"
        write_parquet(words[name], table, made_by("test"))
    call(build_lexicon, model=intervened.model, **words, lexicon=tmp_path / "lexicon.parquet")
    half = SimpleNamespace(**(vars(intervened) | {"words": words}))
    setting = ("Part of Speech", 2, "translation", SCALED, 5, tmp_path)
    with caplog.at_level("INFO"):
        rows, _ = run_intervene(half, *setting, lexicon=tmp_path / "lexicon.parquet")
    counts, changed = intervene_by_hand(half, "Part of Speech", 2, "translation", [0, 5, 10, 15])
    assert [(row["k"], row["sentence"]) for row in rows] == sorted(counts)
    for found in rows:
        expected = counts[found["k"], found["sentence"]]
        assert {name: found[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    whole, _ = run_intervene(intervened, *setting)
    assert sum(row["no_analysis"] for row in rows) > sum(row["no_analysis"] for row in whole)
    n_words = len({key[1:] for key in changed})
    assert f"of {n_words} words have no lemma: a change of them is no analysis" in caplog.text


def test_outcomes_of_each_k_add_up_to_the_words(intervened, intervention):
    words = read_parquet(intervened.words["words_test"]).column(intervention.attribute).to_pylist()
    values = kept_values(intervened.attributes)[intervention.attribute]
    steered = {"steer": values[-1]}.get(intervention.method)
    edited = [value for value in values if value != steered]
    for k in (0, 5, 10, 15):
        own = [found for found in intervention.rows if found["k"] == k]
        assert sum(found["words"] for found in own) == sum(value in edited for value in words)
        for found in own:
            assert sum(found[name] for name in OUTCOMES) == found["words"]
            assert found["cltv"] <= found["clwv"]
            assert found["cltv"] == 0 or intervention.method in TARGETED


def test_at_k_0_an_intervention_reports_the_models_own_reconstruction(intervened, intervention):
    tokenizer, model = (
        AutoTokenizer.from_pretrained(intervened.model),
        plain_model(intervened.model),
    )
    values = kept_values(intervened.attributes)[intervention.attribute]
    values = [v for v in values if intervention.method != "steer" or v != values[-1]]
    correct = Counter()
    columns = ["form", intervention.attribute]
    for sentence in sentences(intervened.words["words_test"], columns):
        ids, words = read_by_hand(tokenizer, sentence.columns["form"])
        with torch.no_grad():
            given = model(torch.tensor([ids])).logits[0].argmax(-1).tolist()
        for i, value in enumerate(sentence.columns[intervention.attribute]):
            own = [place for place, word in enumerate(words) if word == i]
            same = [ids[place] for place in own] == [given[place] for place in own]
            correct[sentence.number] += value in values and same
    for found in intervention.rows:
        if found["k"] == 0:
            assert found["correct"] == correct[found["sentence"]]


@pytest.mark.parametrize(
    ("step", "ks"), [(5, [0, 5, 10, 15]), (4, [0, 4, 8, 12]), (15, [0, 15]), (16, [0])]
)
def test_k_goes_from_0_in_steps_and_stays_below_the_width(intervened, tmp_path, step, ks):
    rows, _ = run_intervene(intervened, "Number", 3, "ablation", "{}", step, tmp_path)
    assert sorted({row["k"] for row in rows}) == ks


def test_cached_states_and_predictions_are_the_models_own(intervened):
    tokenizer, model = (
        AutoTokenizer.from_pretrained(intervened.model),
        plain_model(intervened.model),
    )
    cached = read_states(
        intervened.folder / "subtokens.parquet", intervened.folder / "states-2.parquet"
    )
    treebank = list(sentences(intervened.words["words_test"], ["form"]))
    assert [sentence.number for sentence in cached] == [s.number for s in treebank]
    for found, sentence in zip(cached, treebank, strict=True):
        ids, words = read_by_hand(tokenizer, sentence.columns["form"])
        with torch.no_grad():
            output = model(torch.tensor([ids]), output_hidden_states=True)
        best = output.logits[0].argmax(-1).tolist()
        special = [word is None for word in words]
        expected = [i if s else b for i, b, s in zip(ids, best, special, strict=True)]
        assert found.read.ids.tolist() == ids
        assert found.predicted.tolist() == expected
        states = output.hidden_states[2][0].numpy()
        assert np.linalg.norm(found.states - states) <= 1e-5 * np.linalg.norm(states)


def test_a_vocabulary_padded_beyond_the_tokenizer_gives_words_without_analysis(
    intervened, tmp_path
):
    """The padding row stands for the ending of plurals: `dog` and it would be `dog`, a singular."""
    folder = tmp_path / "padded"
    tokenizer = AutoTokenizer.from_pretrained(intervened.model)
    ending = tokenizer.convert_tokens_to_ids("##s")
    model = AutoModelForMaskedLM.from_pretrained(intervened.model)
    model.resize_token_embeddings(len(tokenizer) + 6, mean_resizing=False)
    with torch.no_grad():
        rows = model.bert.embeddings.word_embeddings.weight
        rows[len(tokenizer) :] = 0
        rows[len(tokenizer) + 1] = 3 * rows[ending]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    words = intervened.words["words_test"]
    made = {"subtokens": tmp_path / "subtokens.parquet", "states": f"{tmp_path}/{{layer}}.parquet"}
    call(cache_states, model=folder, words=words, layers=[3], **made)
    given = made | {"model": folder, "states": tmp_path / "3.parquet"}
    found, examples = run_intervene(
        intervened, "Number", 3, "ablation", "{}", 15, tmp_path, **given
    )

    numbers = {s.number: s.columns["Number"] for s in sentences(words, ["Number"])}
    n_padded = 0
    for sentence in read_states(made["subtokens"], given["states"]):
        padded = set(sentence.read.words[sentence.predicted >= len(tokenizer)].tolist()) - {-1}
        labelled = [word for word in padded if numbers[sentence.number][word] in ("SG", "PL")]
        n_padded += len(labelled)
        if labelled:
            [row] = [r for r in found if (r["k"], r["sentence"]) == (0, sentence.number)]
            assert row["no_analysis"] >= len(labelled)
            changed = row["words"] - row["correct"]
            assert changed >= len(labelled)
    assert n_padded > 5
    plain, _ = run_intervene(intervened, "Number", 3, "ablation", "{}", 15, tmp_path)

    def at_0(rows, count):
        return sum(row[count] for row in rows if row["k"] == 0)

    assert at_0(found, "no_analysis") - at_0(plain, "no_analysis") >= n_padded / 2
    assert at_0(found, "clwv") <= at_0(plain, "clwv")
    assert not [e for e in examples if e["predicted"] + "s" == e["form"]]


def test_sentences_too_long_for_the_model_are_not_intervened_on(tiny_model, tmp_path):
    texts = dict.fromkeys(SPLITS, sentence_of(*["the"] * 63) + sentence_of("the", "cat"))
    words = read_text(tmp_path, **texts)
    call(
        cache_states,
        model=tiny_model,
        words=words / "test.parquet",
        layers=[1],
        subtokens=tmp_path / "subtokens.parquet",
        states=f"{tmp_path}/{{layer}}.parquet",
    )
    cached = read_states(tmp_path / "subtokens.parquet", tmp_path / "1.parquet")
    assert [sentence.number for sentence in cached] == [1]


def test_the_lexicon_has_every_word_of_all_splits_as_the_model_spells_it(intervened):
    tokenizer = AutoTokenizer.from_pretrained(intervened.model)
    table = read_parquet(intervened.folder / "lexicon.parquet").to_pylist()
    for attribute in ("Number", "Tense"):
        found = {}
        for entry in table:
            analysis = entry["lemma"], entry["upos"], entry[attribute]
            found.setdefault(entry["key"], set()).add(analysis)
        assert found == plain_lexicon(tokenizer, intervened.words, attribute)


@pytest.mark.parametrize(("attribute", "alone"), [("Part of Speech", True), ("Number", False)])
def test_the_word_class_is_judged_by_the_lemma_alone(
    intervened, tmp_path, monkeypatch, attribute, alone
):
    asked, real = [], lexicon.Analyzer

    def analyzer(task):
        asked.append(task.lemma_alone)
        return real(task)

    monkeypatch.setattr(lexicon, "Analyzer", analyzer)
    run_intervene(intervened, attribute, 3, "ablation", "{}", 16, tmp_path)
    assert asked == [alone]
    assert (unimorph.PART_OF_SPEECH, ud.PART_OF_SPEECH) == ("Part of Speech", "UPOS")


@pytest.mark.parametrize(("analyzer", "needed"), [("lexicon", "lexicon"), ("spacy", "pipeline")])
def test_what_an_analyzer_uses_must_be_given(intervened, tmp_path, analyzer, needed):
    others = {"analyzer": analyzer, needed: []}
    with pytest.raises(InputError, match=f"--{needed}: analyzer {analyzer} uses {needed}"):
        run_intervene(intervened, "Number", 3, "ablation", "{}", 16, tmp_path, **others)
    assert not list(tmp_path.iterdir())
