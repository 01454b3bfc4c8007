"""Facts about activations: what a model gives each word, and how labels are joined to it."""

import logging

import numpy as np
import pytest
from transformers import AutoModelForMaskedLM, AutoTokenizer

from tests.support.commands import call
from tests.support.formulas_models import plain_model, plain_tokenizer, word_vectors
from tests.support.little_memory import scarce
from tests.support.treebank_files import block, keep, read_text, row, sentence_of, words_of
from workflow_scripts.activations import cache_states, extract_activations
from workflow_scripts.files import activations as activation_file
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.artifact import ArtifactError, made_by, read_parquet, write_parquet
from workflow_scripts.files.statistics import (
    read_configuration,
    read_statistics,
    read_width,
)
from workflow_scripts.files.words import kept_values, sentences
from workflow_scripts.kernels.control_labels import control_label
from workflow_scripts.kernels.words import SPLITS, Configuration
from workflow_scripts.models import batching, treebank_pass
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.rankings import compute_statistics


def plain_activations(model_folder, words_file, layers, n_sentences=None):
    """{layer: [(sentence, word, vector)]}: one sentence at a time."""
    tokenizer, model = plain_tokenizer(model_folder), plain_model(model_folder)
    found = {layer: [] for layer in layers}
    for sentence in sentences(words_file, ["form"]):
        if sentence.number == n_sentences:
            break
        forms = sentence.columns["form"]
        n_subtokens = len(tokenizer(forms, is_split_into_words=True)["input_ids"])
        if n_subtokens > model.config.max_position_embeddings:
            continue
        for layer, vectors in word_vectors(model, tokenizer, forms, layers).items():
            found[layer] += [(sentence.number, word, h.tolist()) for word, h in vectors.items()]
    return found


def assert_same(rows, expected, tolerance=1e-5):
    """Same words in the same order; each vector off by at most `tolerance` of its length."""
    sentence, word, x = rows
    assert list(zip(sentence, word, strict=True)) == [(s, w) for s, w, _ in expected]
    plain = np.array([vector for *_, vector in expected])
    assert x.dtype == np.float32
    off = np.linalg.norm(x - plain, axis=1) / np.linalg.norm(plain, axis=1)
    assert off.max() <= tolerance


def rows_of(path):
    table = read_parquet(path)
    x = activation_file.vectors(table.column("activation"))
    return table.column("sentence").to_pylist(), table.column("word").to_pylist(), x


def extract(model_folder, words_file, layers):
    """{layer: (sentence, word, x)} and what was left out, without a file."""
    return extract_with(MaskedLM(model_folder), model_folder, words_file, layers)


def extract_with(model, model_folder, words_file, layers):
    blocks = list(extract_activations.activations(words_file, Reader(model_folder), model, layers))
    sentence, word = (np.concatenate([b[i] for b in blocks]).tolist() for i in (0, 1))
    return {
        layer: (sentence, word, np.concatenate([b[2][layer] for b in blocks])) for layer in layers
    }


@pytest.fixture(scope="module")
def extracted(tiny_model, small_treebank, tmp_path_factory):
    """The folder of the tiny model's activations, `{layer}/{split}.parquet`."""
    folder = tmp_path_factory.mktemp("activations")
    call(
        extract_activations,
        model=tiny_model,
        **words_of(small_treebank / "words"),
        layers=[0, 1, 2, 3],
        device="cpu",
        activations=f"{folder}/{{layer}}/{{split}}.parquet",
    )
    return folder


@pytest.mark.parametrize("split", SPLITS)
def test_activations_equal_hidden_states_of_one_sentence_at_a_time(
    extracted, tiny_model, small_treebank, split
):
    words = small_treebank / "words" / f"{split}.parquet"
    for layer, expected in plain_activations(tiny_model, words, range(4)).items():
        assert_same(rows_of(extracted / str(layer) / f"{split}.parquet"), expected)


@pytest.mark.parametrize(
    ("model", "treebank", "layers"),
    [
        ("minilm-en-mlm", "UD_English-EWT", [0, 3, 6]),
        ("tiny-multi-mlm", "UD_Turkish-IMST", [0, 2, 7, 12]),
    ],
)
def test_activations_of_pretrained_models_equal_their_hidden_states(
    shared, real_words, tmp_path, model, treebank, layers
):
    """Both are float16 on disk: they are read as float32."""
    folder = shared / "models" / model
    table = read_parquet(real_words(treebank) / "test.parquet")
    first = np.flatnonzero(table.column("sentence").to_numpy() < 20)
    write_parquet(tmp_path / "test.parquet", table.slice(0, len(first)), made_by("test"))
    expected = plain_activations(folder, tmp_path / "test.parquet", layers)
    found = extract(folder, tmp_path / "test.parquet", layers)
    for layer in layers:
        assert_same(found[layer], expected[layer])


@pytest.mark.parametrize(
    ("subtokens", "words"), [(1, 1 << 14), (100, 1 << 14), (1 << 20, 1 << 14), (1 << 12, 50)]
)
def test_numbers_do_not_depend_on_the_batch(
    extracted, tiny_model, small_treebank, monkeypatch, subtokens, words
):
    monkeypatch.setattr(batching, "SUBTOKENS_AT_ONCE", {"cpu": subtokens})
    monkeypatch.setattr(treebank_pass, "WORDS_AT_ONCE", words)
    found = extract(tiny_model, small_treebank / "words" / "dev.parquet", [0, 2, 3])
    for layer in (0, 2, 3):
        sentence, word, x = rows_of(extracted / str(layer) / "dev.parquet")
        assert_same(found[layer], list(zip(sentence, word, x, strict=True)))


def test_the_same_layer_is_the_same_whichever_layers_are_asked_with_it(tiny_model, small_treebank):
    words = small_treebank / "words" / "dev.parquet"
    both = extract(tiny_model, words, [1, 3])
    alone = extract(tiny_model, words, [1])
    np.testing.assert_array_equal(both[1][2], alone[1][2])


@pytest.fixture(scope="module")
def odd_words(tmp_path_factory, tiny_model):
    """A treebank whose test split has a sentence as long as the model reads, and a longer one."""
    reader = Reader(tiny_model)
    assert len(reader.read_alone(["the"])[0]) == 1
    test = "".join(
        [
            sentence_of("the", "cat"),
            sentence_of(*["the"] * 62),  # and two special tokens: all 64 positions
            sentence_of(*["the"] * 63),
            sentence_of("a", "\u3000", "cat", "\u3000"),  # white space has no subtoken
        ]
    )
    short = sentence_of("the", "cat")
    return read_text(tmp_path_factory.mktemp("odd"), train=short, dev=short, test=test)


def test_sentences_beyond_the_models_positions_and_words_without_subtoken_are_left_out(
    odd_words, tiny_model
):
    found = extract(tiny_model, odd_words / "test.parquet", [2])
    expected = plain_activations(tiny_model, odd_words / "test.parquet", [2])[2]
    assert {sentence for sentence, *_ in expected} == {0, 1, 3}
    assert [word for sentence, word, _ in expected if sentence == 3] == [0, 2]
    assert_same(found[2], expected)


def test_what_is_left_out_is_counted_in_the_log(odd_words, tiny_model, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        call(
            extract_activations,
            model=tiny_model,
            **words_of(odd_words),
            layers=[1],
            activations=f"{tmp_path}/{{layer}}/{{split}}.parquet",
        )
    assert "test: 1 sentences too long, left out" in caplog.text
    assert "test: 2 words without a subtoken, left out" in caplog.text
    assert "train: 0 sentences too long, left out" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.INFO):
        call(
            cache_states,
            model=tiny_model,
            words=odd_words / "test.parquet",
            layers=[1],
            subtokens=tmp_path / "subtokens.parquet",
            states=f"{tmp_path}/{{layer}}.parquet",
        )
    assert "test: 1 sentences too long, left out" in caplog.text


def test_a_split_of_sentences_that_are_all_too_long_gives_files_without_rows(tiny_model, tmp_path):
    texts = dict.fromkeys(SPLITS, sentence_of(*["the"] * 63))
    words = read_text(tmp_path, **texts)
    call(
        extract_activations,
        model=tiny_model,
        **words_of(words),
        layers=[1],
        activations=f"{tmp_path}/{{layer}}/{{split}}.parquet",
    )
    assert rows_of(tmp_path / "1" / "dev.parquet")[2].shape == (0, 16)


def test_a_float16_checkpoint_is_read_as_float32(tiny_model, small_treebank, tmp_path):
    model = AutoModelForMaskedLM.from_pretrained(tiny_model).half()
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_model).save_pretrained(tmp_path)
    words = small_treebank / "words" / "dev.parquet"
    found = extract(tmp_path, words, [3])
    assert_same(found[3], plain_activations(tmp_path, words, [3])[3])


def test_out_of_memory_halves_the_batch_and_changes_no_number(
    extracted, tiny_model, small_treebank, monkeypatch
):
    monkeypatch.setattr(MaskedLM, "lower", scarce(MaskedLM.lower, 2))
    found = extract(tiny_model, small_treebank / "words" / "dev.parquet", [1])
    sentence, word, x = rows_of(extracted / "1" / "dev.parquet")
    assert_same(found[1], list(zip(sentence, word, x, strict=True)))


def test_out_of_memory_for_one_sentence_is_a_clear_error(tiny_model, small_treebank, monkeypatch):
    model = MaskedLM(tiny_model)
    monkeypatch.setattr(MaskedLM, "lower", scarce(MaskedLM.lower, 0))
    with pytest.raises(ValueError, match="too little memory for one sentence; set device: cpu"):
        extract_with(model, tiny_model, small_treebank / "words" / "dev.parquet", [1])


def test_a_layer_that_the_model_has_not_is_a_clear_error(tiny_model):
    model = MaskedLM(tiny_model)
    model.require_layers([0, 3])
    for layer in (-1, 4):
        with pytest.raises(ValueError, match=f"layer {layer}: .* has layers 0 to 3"):
            model.require_layers([layer])


# Activations joined to labels.

TEXT = block(
    row(1, "cat", "NOUN", "Number=Sing"),
    row(2, "sees", "VERB"),
    row(3, "dogs", "NOUN", "Number=Plur"),
) + block(
    row(1, "Mice", "NOUN", "Number=Plur"),
    row(2, "mouse", "NOUN", "Number=Sing"),
    row(3, "deer", "NOUN", "Number=Dual"),
    row(4, "dogs", "NOUN", "Number=Plur"),
)
PRESENT = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (1, 3)]  # Mice has no activation
VECTORS = np.arange(6 * 4, dtype=np.float32).reshape(6, 4)


@pytest.fixture
def joined(tmp_path):
    """Words and activations by hand, and their join on Number {PL, SG}."""
    read_text(tmp_path, **dict.fromkeys(SPLITS, TEXT))
    sentence, word = np.array(PRESENT).T
    table = activation_file.table(sentence, word, VECTORS)
    write_parquet(tmp_path / "activations.parquet", table, made_by("test"))
    return lambda: LabelledActivations(
        tmp_path / "activations.parquet", tmp_path / "train.parquet", "Number", ["PL", "SG"]
    )


def test_the_join_gives_labels_forms_and_vectors_of_words_with_a_kept_value(joined):
    words = joined()
    assert words.n_neurons == 4
    assert words.y.tolist() == [1, 0, 1, 0]
    assert words.forms == ["cat", "dogs", "mouse", "dogs"]
    loaded = words.load()
    assert loaded.x.tolist() == VECTORS[[0, 2, 3, 5]].tolist()
    assert loaded.y.tolist() == words.y.tolist()


def test_the_join_gives_the_neurons_asked_for_in_their_order(joined):
    assert joined().load(np.array([3, 0])).x.tolist() == VECTORS[[0, 2, 3, 5]][:, [3, 0]].tolist()


def test_the_join_is_the_same_in_small_blocks(joined, monkeypatch):
    whole = joined().load().x
    monkeypatch.setattr(activation_file, "ROWS", 2)
    assert len(list(joined().batches())) == 3
    np.testing.assert_array_equal(joined().load().x, whole)


def test_activations_of_words_that_the_words_file_has_not_are_an_error(joined, tmp_path):
    table = activation_file.table(np.array([0, 7]), np.array([0, 0]), VECTORS[:2])
    write_parquet(tmp_path / "activations.parquet", table, made_by("test"))
    with pytest.raises(ArtifactError, match=r"activations\.parquet: has words that"):
        joined()


def test_class_statistics_of_a_study_equal_plain_sums(
    extracted, small_treebank, tmp_path, monkeypatch
):
    """n, q and S of Number's values, and of the control labels, from the words in a plain loop."""
    monkeypatch.setattr(activation_file, "ROWS", 300)
    words = small_treebank / "words"
    attributes = keep(words, min_types=20)
    target = tmp_path / "statistics.safetensors"
    call(
        compute_statistics,
        model="tiny",
        treebank="english",
        attribute="Number",
        layer=2,
        seed=5,
        words_train=words / "train.parquet",
        activations_train=extracted / "2" / "train.parquet",
        attributes=attributes,
        control="uniform",
        statistics=target,
    )
    values = kept_values(attributes)["Number"]
    table = read_parquet(words / "train.parquet", ["sentence", "word", "form", "Number"])
    word_of = {(word["sentence"], word["word"]): word for word in table.to_pylist()}
    vectors = {name: {z: [] for z in range(len(values))} for name in ("values", "control")}
    for sentence, number, x in zip(*rows_of(extracted / "2" / "train.parquet"), strict=True):
        word = word_of[sentence, number]
        if word["Number"] in values:
            x = x.astype(np.float64)
            vectors["values"][values.index(word["Number"])].append(x)
            vectors["control"][control_label(word["form"], len(values), 5)].append(x)
    assert read_configuration(target) == Configuration(
        "tiny", "english", "Number", 2, tuple(values)
    )
    assert read_width(target) == 16
    for labels, of_label in vectors.items():
        found = read_statistics(target, labels)
        for label, own in of_label.items():
            mean = sum(own) / len(own)
            scatter = sum(np.outer(x - mean, x - mean) for x in own)
            assert found.counts[label] == len(own)
            np.testing.assert_allclose(found.means[label], mean, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(found.scatters[label], scatter, rtol=1e-9, atol=1e-9)
