"""Facts about interventions: what is changed inside the model, and what becomes of its words.

The by-hand versions run a BERT on one unpadded sentence (`formulas_models`) and change its states
in plain loops, as the methods say.
"""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from tests.support.formulas_models import plain_model, predict_by_hand
from tests.support.formulas_saturation import saturation_by_hand
from tests.support.little_memory import scarce
from tests.support.treebank_files import call, keep, read_text, sentence_of, words_of
from workflow_scripts import InputError
from workflow_scripts.activations import cache_states, extract_activations
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.states import read_states
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import kept_values, sentences
from workflow_scripts.interventions import build_lexicon, intervene
from workflow_scripts.interventions.analyzers import lexicon
from workflow_scripts.interventions.methods import EditTask, ablation, target, translation
from workflow_scripts.interventions.prediction import EditedSentence, Edits, predict_edited
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models import batching
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.rankings import compute_statistics, rank_neurons
from workflow_scripts.words.schemas import ud, unimorph

METHODS = {
    "ablation": (ablation, {}),
    "translation": (translation, {"beta": 8.0, "scaled": True}),
    "unscaled": (translation, {"beta": 1.5, "scaled": False}),
}


def alpha(position, d, beta, scaled):
    return beta * (0.001 / beta) ** (position / (d - 1)) if scaled else beta


def change_by_hand(h, value, k, neurons, means, method):
    """The vector `h` (d,) of a subtoken whose word has the value of that index."""
    module, options = METHODS[method]
    d = len(h)
    h = h.tolist()
    for position in range(k):
        n = neurons[position]
        if module is ablation:
            h[n] = 0.0
        else:
            step = means[(value + 1) % len(means)][n] - means[value][n]
            h[n] += alpha(position, d, **options) * step
    return torch.tensor(h, dtype=torch.float32)


def read_by_hand(tokenizer, forms):
    """Ids, and the word of every subtoken (None: a special token)."""
    encoded = tokenizer(forms, is_split_into_words=True)
    return encoded["input_ids"], encoded.word_ids()


def labelled_sentences(folder, words_file, attribute, values, n_sentences):
    """(ids, word of each subtoken, {place: value index}) of sentences with such a word."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for sentence in sentences(words_file, ["form", attribute]):
        ids, words = read_by_hand(tokenizer, sentence.columns["form"])
        labels = [None if w is None else sentence.columns[attribute][w] for w in words]
        value_of = {i: values.index(v) for i, v in enumerate(labels) if v in values}
        if value_of:
            found.append((ids, words, value_of))
        if len(found) == n_sentences:
            return found
    raise AssertionError("too few sentences")


def assert_predicts_as_by_hand(folder, sentences, layer, methods, ks, n_values):
    """`predict_edited` of all sentences at once, against each alone, for random class means."""
    plain, model = plain_model(folder), MaskedLM(folder)
    stream = np.random.default_rng(4)
    d = plain.config.hidden_size
    neurons = stream.permutation(d)
    given = []
    for ids, words, value_of in sentences:
        with torch.no_grad():
            states = plain(torch.tensor([ids]), output_hidden_states=True).hidden_states[layer][0]
        read = Subtokens(
            np.array(ids, np.int32), np.array([-1 if w is None else w for w in words], np.int32)
        )
        places, values = np.array(list(value_of)), np.array(list(value_of.values()))
        given.append(EditedSentence(read, states.numpy().copy(), places, values))
    spread = np.concatenate([sentence.states for sentence in given]).std()
    means = stream.normal(0, spread / 4, (n_values, d))
    for method in methods:
        module, options = METHODS[method]
        edit = module.edit(EditTask(neurons, len(means), lambda: means), **options)
        (found,) = predict_edited(model, given, layer, [Edits(edit, neurons, ks)]).of
        expected = np.array(
            [
                [
                    predicted
                    for ids, _, value_of in sentences
                    for place, predicted in enumerate(
                        predict_by_hand(
                            plain,
                            ids,
                            value_of,
                            layer,
                            lambda h, z, k=k, method=method: change_by_hand(
                                h, z, k, neurons, means, method
                            ),
                        )
                    )
                    if place in value_of
                ]
                for k in ks
            ]
        )
        np.testing.assert_array_equal(found, expected)
        read_ids = np.array([ids[place] for ids, _, value_of in sentences for place in value_of])
        assert (found[-1] != read_ids).any()  # the edit does something
        assert (found[0] != found[-1]).any()


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_predictions_equal_a_forward_pass_by_hand(tiny_model, small_treebank, layer):
    words = small_treebank / "words" / "test.parquet"
    values = ["ADJ", "N", "V"]
    given = labelled_sentences(tiny_model, words, "Part of Speech", values, 25)
    assert_predicts_as_by_hand(tiny_model, given, layer, METHODS, [1, 5, 15], 3)


@pytest.mark.parametrize("layer", [0, 3, 6])
def test_predictions_of_a_pretrained_model_equal_a_forward_pass_by_hand(shared, real_words, layer):
    folder = shared / "models" / "minilm-en-mlm"
    words = real_words("UD_English-EWT") / "test.parquet"
    given = labelled_sentences(folder, words, "Number", ["PL", "SG"], 5)
    methods = ["ablation", "translation"]
    assert_predicts_as_by_hand(folder, given, layer, methods, [10, 60, 300], 2)


# A whole study of one small model, by the project's commands.


@pytest.fixture(scope="module")
def study(tiny_model, small_treebank, tmp_path_factory):
    """Files of the tiny model's Number and Part of Speech at layers 0, 2 and 3."""
    folder = tmp_path_factory.mktemp("study")
    words = words_of(small_treebank / "words")
    attributes = keep(small_treebank / "words", min_types=15)
    layers = [0, 2, 3]
    activations = f"{folder}/activations/{{layer}}/{{split}}.parquet"
    call(extract_activations, model=tiny_model, **words, layers=layers, activations=activations)
    call(
        cache_states,
        model=tiny_model,
        words_test=words["words_test"],
        layers=layers,
        subtokens=folder / "subtokens.parquet",
        states=f"{folder}/states-{{layer}}.parquet",
    )
    call(build_lexicon, model=tiny_model, **words, lexicon=folder / "lexicon.parquet")
    for attribute in ("Number", "Part of Speech"):
        for layer in layers:
            made = {"seed": 1, "statistics": folder / f"{attribute}-{layer}.safetensors"}
            call(
                compute_statistics,
                **made,
                model="tiny",
                treebank="english",
                attribute=attribute,
                layer=layer,
                words_train=words["words_train"],
                activations_train=activations.format(layer=layer, split="train"),
                attributes=attributes,
            )
            call(
                rank_neurons,
                **made,
                ranker="random",
                max_neurons=16,
                rankings=[folder / f"{attribute}-{layer}.parquet"],
            )
    return SimpleNamespace(folder=folder, model=tiny_model, words=words, attributes=attributes)


def run_intervene(study, attribute, layer, method, options, step, folder, **others):
    """Run the command; return its outcomes and examples, as rows."""
    given = {
        "model": study.model,
        "words_test": study.words["words_test"],
        "schema": "unimorph",
        "subtokens": study.folder / "subtokens.parquet",
        "states": study.folder / f"states-{layer}.parquet",
        "statistics": study.folder / f"{attribute}-{layer}.safetensors",
        "rankings": study.folder / f"{attribute}-{layer}.parquet",
        "analyzer": "lexicon",
        "lexicon": study.folder / "lexicon.parquet",
        "method": method,
        "method_options": options,
        "step": step,
        "outcomes": folder / "outcomes.parquet",
        "examples": folder / "examples.parquet",
    }
    call(intervene, **(given | others))
    return (
        read_parquet(folder / "outcomes.parquet").to_pylist(),
        read_parquet(folder / "examples.parquet").to_pylist(),
    )


def spell(tokenizer, ids):
    return "".join(tokenizer.decode(ids, skip_special_tokens=False).split())


def plain_lexicon(tokenizer, words, attribute):
    """{key: {(lemma, upos, value)}} of all words of a treebank."""
    lexicon = {}
    for path in words.values():
        for word in read_parquet(path).to_pylist():
            ids = tokenizer([word["form"]], is_split_into_words=True, add_special_tokens=False)
            ids = ids["input_ids"]
            if ids and tokenizer.unk_token_id not in ids:
                analysis = word["lemma"], word["upos"], word[attribute]
                lexicon.setdefault(spell(tokenizer, ids), set()).add(analysis)
    return lexicon


def outcome_by_hand(word, predicted, value, aim, lexicon, attribute):
    """The outcome of a word (a row of the words file) whose predicted word differs."""
    if predicted not in lexicon or word["lemma"] is None:
        return {"no_analysis"}
    found = lexicon[predicted]
    same_lemma = [
        (lemma, upos, v)
        for lemma, upos, v in found
        if lemma == word["lemma"] and (attribute == "Part of Speech" or upos == word["upos"])
    ]
    if same_lemma:
        if any(v == value for *_, v in same_lemma):
            return {"correct_lemma_correct_value"}
        reached = aim is not None and any(v == aim for *_, v in same_lemma)
        return {"clwv", "cltv"} if reached else {"clwv"}
    if any(v == value for *_, v in found):
        return {"wrong_lemma_correct_value"}
    return {"wrong_lemma_wrong_value"}


def intervene_by_hand(study, attribute, layer, method, ks):
    """{(k, sentence): Counter}, and {(k, sentence, word): (word, predicted, outcome)}."""
    tokenizer = AutoTokenizer.from_pretrained(study.model)
    model = plain_model(study.model)
    values = kept_values(study.attributes)[attribute]
    lexicon = plain_lexicon(tokenizer, study.words, attribute)
    means = read_statistics(study.folder / f"{attribute}-{layer}.safetensors").means.tolist()
    ranking = read_parquet(study.folder / f"{attribute}-{layer}.parquet")
    neurons = ranking.column("neuron").to_pylist()
    counts, changed = {}, {}
    treebank = {}
    for word in read_parquet(study.words["words_test"]).to_pylist():
        treebank.setdefault(word["sentence"], []).append(word)
    for number, words in treebank.items():
        ids, places = read_by_hand(tokenizer, [word["form"] for word in words])
        kept = {i: word for i, word in enumerate(words) if word[attribute] in values}
        value_of = {
            place: values.index(words[w][attribute]) for place, w in enumerate(places) if w in kept
        }
        for k in ks if kept else ():
            given = predict_by_hand(
                model,
                ids,
                value_of,
                layer,
                lambda h, z, k=k: change_by_hand(h, z, k, neurons, means, method),
            )
            count = counts[k, number] = Counter(words=len(kept))
            for i, word in kept.items():
                own = [place for place, w in enumerate(places) if w == i]
                before = spell(tokenizer, [ids[place] for place in own])
                after = spell(tokenizer, [given[place] for place in own])
                value = word[attribute]
                aim = values[(values.index(value) + 1) % len(values)]
                aim = None if method == "ablation" else aim
                found = {"correct"}
                if before != after:
                    found = outcome_by_hand(word, after, value, aim, lexicon, attribute)
                count.update(found)
                changed[k, number, i] = before, after, found
    return counts, changed


SCALED = '{"beta": 8, "scaled": true}'
OUTCOMES = (
    "correct",
    "clwv",
    "correct_lemma_correct_value",
    "wrong_lemma_correct_value",
    "wrong_lemma_wrong_value",
    "no_analysis",
)
COUNTS = ("words", "cltv", *OUTCOMES)
SETTINGS = [
    ("Number", 0, "translation", SCALED),
    ("Number", 3, "ablation", "{}"),
    ("Part of Speech", 2, "translation", SCALED),
    ("Part of Speech", 3, "ablation", "{}"),
]


@pytest.fixture(scope="module", params=SETTINGS, ids=lambda s: f"{s[0]}-{s[1]}-{s[2]}")
def intervention(request, study, tmp_path_factory):
    """A setting, and what the command makes of it."""
    attribute, layer, method, options = request.param
    folder = tmp_path_factory.mktemp("intervention")
    rows, found = run_intervene(study, attribute, layer, method, options, 5, folder)
    return SimpleNamespace(
        attribute=attribute, layer=layer, method=method, rows=rows, examples=found
    )


@pytest.mark.slow
def test_counts_and_examples_equal_the_whole_method_by_hand(study, intervention):
    ks = [0, 5, 10, 15]
    counts, changed = intervene_by_hand(
        study, intervention.attribute, intervention.layer, intervention.method, ks
    )
    assert [(row["k"], row["sentence"]) for row in intervention.rows] == sorted(counts)
    for found in intervention.rows:
        expected = counts[found["k"], found["sentence"]]
        assert {name: found[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    assert len({name for count in counts.values() for name in count}) >= 5  # most outcomes

    curve = []
    for k in ks:
        own = [count for (k_, _), count in counts.items() if k_ == k]
        curve.append(sum(c["clwv"] for c in own) / sum(c["words"] for c in own))
    k = ks[saturation_by_hand(curve)]
    meant = {"clwv"} if intervention.method == "ablation" else {"clwv", "cltv"}
    expected = [
        ((at, *word), *pair[:2])
        for (at, *word), pair in changed.items()
        if pair[2] == meant and pair[1] != changed[0, *word][1]
    ]
    assert [
        ((e["k"], e["sentence"], e["word"]), e["form"], e["predicted"])
        for e in intervention.examples
    ] == [example for example in expected if example[0][0] == k]


@pytest.mark.slow
def test_words_whose_lemma_is_taken_away_equal_the_method_by_hand(study, tmp_path, caplog):
    """Every second word of all splits loses its lemma; none has another's for that."""
    words = {}
    for name, path in study.words.items():
        table = read_parquet(path)
        lemmas = [lemma if i % 2 else None for i, lemma in enumerate(table["lemma"].to_pylist())]
        at = table.column_names.index("lemma")
        table = table.set_column(at, "lemma", pa.array(lemmas, pa.string()))
        words[name] = tmp_path / f"{name}.parquet"
        write_parquet(words[name], table, made_by("test"))
    call(build_lexicon, model=study.model, **words, lexicon=tmp_path / "lexicon.parquet")
    half = SimpleNamespace(**(vars(study) | {"words": words}))
    setting = ("Part of Speech", 2, "translation", SCALED, 5, tmp_path)
    with caplog.at_level("INFO"):
        rows, _ = run_intervene(half, *setting, lexicon=tmp_path / "lexicon.parquet")
    counts, changed = intervene_by_hand(half, "Part of Speech", 2, "translation", [0, 5, 10, 15])
    assert [(row["k"], row["sentence"]) for row in rows] == sorted(counts)
    for found in rows:
        expected = counts[found["k"], found["sentence"]]
        assert {name: found[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    whole, _ = run_intervene(study, *setting)
    assert sum(row["no_analysis"] for row in rows) > sum(row["no_analysis"] for row in whole)
    n_words = len({key[1:] for key in changed})
    assert f"of {n_words} words have no lemma: a change of them is no analysis" in caplog.text


def test_outcomes_of_each_k_add_up_to_the_words(study, intervention):
    words = read_parquet(study.words["words_test"]).column(intervention.attribute).to_pylist()
    values = kept_values(study.attributes)[intervention.attribute]
    for k in (0, 5, 10, 15):
        own = [found for found in intervention.rows if found["k"] == k]
        assert sum(found["words"] for found in own) == sum(value in values for value in words)
        for found in own:
            assert sum(found[name] for name in OUTCOMES) == found["words"]
            assert found["cltv"] <= found["clwv"]
            assert found["cltv"] == 0 or intervention.method == "translation"


def test_at_k_0_an_intervention_reports_the_models_own_reconstruction(study, intervention):
    tokenizer, model = AutoTokenizer.from_pretrained(study.model), plain_model(study.model)
    values = kept_values(study.attributes)[intervention.attribute]
    correct = Counter()
    columns = ["form", intervention.attribute]
    for sentence in sentences(study.words["words_test"], columns):
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
def test_k_goes_from_0_in_steps_and_stays_below_the_width(study, tmp_path, step, ks):
    rows, _ = run_intervene(study, "Number", 3, "ablation", "{}", step, tmp_path)
    assert sorted({row["k"] for row in rows}) == ks


def test_cached_states_and_predictions_are_the_models_own(study):
    tokenizer, model = AutoTokenizer.from_pretrained(study.model), plain_model(study.model)
    cached = read_states(study.folder / "subtokens.parquet", study.folder / "states-2.parquet")
    treebank = list(sentences(study.words["words_test"], ["form"]))
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


def test_a_vocabulary_padded_beyond_the_tokenizer_gives_words_without_analysis(study, tmp_path):
    """The padding row stands for the ending of plurals: `dog` and it would be `dog`, a singular."""
    folder = tmp_path / "padded"
    tokenizer = AutoTokenizer.from_pretrained(study.model)
    ending = tokenizer.convert_tokens_to_ids("##s")
    model = AutoModelForMaskedLM.from_pretrained(study.model)
    model.resize_token_embeddings(len(tokenizer) + 6, mean_resizing=False)
    with torch.no_grad():
        rows = model.bert.embeddings.word_embeddings.weight
        rows[len(tokenizer) :] = 0
        rows[len(tokenizer) + 1] = 3 * rows[ending]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    words = study.words["words_test"]
    made = {"subtokens": tmp_path / "subtokens.parquet", "states": f"{tmp_path}/{{layer}}.parquet"}
    call(cache_states, model=folder, words_test=words, layers=[3], **made)
    given = made | {"model": folder, "states": tmp_path / "3.parquet"}
    found, examples = run_intervene(study, "Number", 3, "ablation", "{}", 15, tmp_path, **given)

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
    plain, _ = run_intervene(study, "Number", 3, "ablation", "{}", 15, tmp_path)

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
        words_test=words / "test.parquet",
        layers=[1],
        subtokens=tmp_path / "subtokens.parquet",
        states=f"{tmp_path}/{{layer}}.parquet",
    )
    cached = read_states(tmp_path / "subtokens.parquet", tmp_path / "1.parquet")
    assert [sentence.number for sentence in cached] == [1]


def edited_study(study):
    """The study's Number at layer 2, as `predict_edited` takes it."""
    cached = read_states(study.folder / "subtokens.parquet", study.folder / "states-2.parquet")
    given = [
        EditedSentence(s.read, s.states, places, places % 2)
        for s in cached
        for places in [np.flatnonzero(s.read.words >= 0)]
    ]
    means = read_statistics(study.folder / "Number-2.safetensors").means
    edit = translation.edit(EditTask(np.arange(16), len(means), lambda: means), beta=8, scaled=True)
    edits = [Edits(edit, np.arange(16), [3, 8]), Edits(edit, np.arange(16)[::-1], [8])]
    return lambda: [
        found.tolist() for found in predict_edited(MaskedLM(study.model), given, 2, edits).of
    ]


@pytest.mark.parametrize("subtokens", [1, 100, 1 << 20])
def test_predictions_do_not_depend_on_the_batch(study, monkeypatch, subtokens):
    expected = edited_study(study)()
    monkeypatch.setattr(batching, "SUBTOKENS_AT_ONCE", {"cpu": subtokens})
    assert edited_study(study)() == expected


def test_out_of_memory_halves_the_batch_and_changes_no_prediction(study, monkeypatch):
    expected = edited_study(study)()
    monkeypatch.setattr(MaskedLM, "upper", scarce(MaskedLM.upper, 2))
    assert edited_study(study)() == expected


def test_the_states_that_are_given_stay_as_they_are(study):
    cached = read_states(study.folder / "subtokens.parquet", study.folder / "states-2.parquet")
    before = cached[0].states.copy()
    sentence = EditedSentence(cached[0].read, cached[0].states, np.array([1]), np.array([0]))
    edit = ablation.edit(EditTask(np.arange(16), 2, lambda: np.zeros((2, 16))))
    edits = [Edits(edit, np.arange(16), [1, 16])]
    predict_edited(MaskedLM(study.model), [sentence], 2, edits)
    np.testing.assert_array_equal(cached[0].states, before)


def test_the_lexicon_has_every_word_of_all_splits_as_the_model_spells_it(study):
    tokenizer = AutoTokenizer.from_pretrained(study.model)
    table = read_parquet(study.folder / "lexicon.parquet").to_pylist()
    for attribute in ("Number", "Tense"):
        found = {}
        for entry in table:
            analysis = entry["lemma"], entry["upos"], entry[attribute]
            found.setdefault(entry["key"], set()).add(analysis)
        assert found == plain_lexicon(tokenizer, study.words, attribute)


@pytest.mark.parametrize(("attribute", "alone"), [("Part of Speech", True), ("Number", False)])
def test_the_word_class_is_judged_by_the_lemma_alone(
    study, tmp_path, monkeypatch, attribute, alone
):
    asked, real = [], lexicon.Analyzer

    def analyzer(task):
        asked.append(task.lemma_alone)
        return real(task)

    monkeypatch.setattr(lexicon, "Analyzer", analyzer)
    run_intervene(study, attribute, 3, "ablation", "{}", 16, tmp_path)
    assert asked == [alone]
    assert (unimorph.PART_OF_SPEECH, ud.PART_OF_SPEECH) == ("Part of Speech", "UPOS")


@pytest.mark.parametrize(("analyzer", "needed"), [("lexicon", "lexicon"), ("spacy", "pipeline")])
def test_what_an_analyzer_uses_must_be_given(study, tmp_path, analyzer, needed):
    others = {"analyzer": analyzer, needed: []}
    with pytest.raises(InputError, match=f"--{needed}: analyzer {analyzer} uses {needed}"):
        run_intervene(study, "Number", 3, "ablation", "{}", 16, tmp_path, **others)
    assert not list(tmp_path.iterdir())


# Methods: what becomes of a neuron.


@pytest.mark.parametrize("d", [2, 16, 160, 768])
@pytest.mark.parametrize("beta", [8.0, 0.5])
def test_scaled_alpha_falls_geometrically_from_beta_to_a_thousandth_over_the_models_width(d, beta):
    found = translation.alphas(d, beta, scaled=True)
    np.testing.assert_allclose(found, [alpha(i, d, beta, True) for i in range(d)], rtol=1e-12)
    assert found[0] == beta
    assert found[-1] == pytest.approx(0.001)
    np.testing.assert_allclose(found[1:] / found[:-1], found[1] / found[0], rtol=1e-9)


def test_unscaled_alpha_is_beta():
    assert translation.alphas(5, 8, scaled=False).tolist() == [8.0] * 5


def test_translation_goes_to_the_next_value_and_from_the_last_to_the_first():
    assert [target(value, 3) for value in range(3)] == [1, 2, 0]
    assert [target(value, 2) for value in range(2)] == [1, 0]


@pytest.mark.parametrize("method", METHODS)
def test_an_edit_is_the_formula_neuron_by_neuron(method):
    stream = np.random.default_rng(5)
    d, n_values = 7, 3
    neurons, means = stream.permutation(d), stream.normal(size=(n_values, d))
    module, options = METHODS[method]
    edit = module.edit(EditTask(neurons, len(means), lambda: means), **options)
    h = stream.normal(size=d)
    for value in range(n_values):
        expected = change_by_hand(h, value, d, neurons, means, method)
        np.testing.assert_allclose(edit.scale * h + edit.shift[value], expected, atol=1e-5)
