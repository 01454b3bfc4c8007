"""Facts about reading: words to subtokens and back, with every kind of tokenizer."""

import numpy as np
import pytest
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from tests.support.formulas_models import plain_model, plain_tokenizer, word_vectors
from tests.support.small_models import save_random_model
from tests.support.small_tokenizers import (
    byte_level_tokenizer,
    unigram_tokenizer,
    word_piece_tokenizer,
)
from workflow_scripts.activations import extract_activations
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.words import sentences
from workflow_scripts.kernels.subtokens import NO_WORD
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader

KINDS = {  # how a subtoken that starts a word, and one that does not, are spelled; special tokens
    "WordPiece": ("", "##", ("[CLS]", "[SEP]")),
    "byte-level BPE": ("Ġ", "", ("<s>", "</s>")),
    "Unigram": ("▁", "", ("<s>", "</s>")),
    "Unigram in brackets": ("▁", "", ("[CLS]", "[SEP]")),
}
TOKENIZER_OF = {
    "bert": "WordPiece",
    "distilbert": "WordPiece",
    "electra": "WordPiece",
    "roberta": "byte-level BPE",
    "modernbert": "byte-level BPE",
    "xlm-roberta": "Unigram",
    "camembert": "Unigram",
    "albert": "Unigram in brackets",
    "deberta-v2": "Unigram in brackets",
}


@pytest.fixture(scope="module")
def forms(small_treebank):
    path = small_treebank / "words" / "train.parquet"
    return [sentence.columns["form"] for sentence in sentences(path, ["form"])][:100]


@pytest.fixture(scope="module")
def tokenizer_of(forms, tmp_path_factory):
    """`tokenizer_of("Unigram")` is a folder with a tokenizer of that kind, and the tokenizer."""
    all_forms = [form for words in forms for form in words]
    made = {
        "WordPiece": word_piece_tokenizer(all_forms),
        "byte-level BPE": byte_level_tokenizer(forms),
        "Unigram": unigram_tokenizer(forms, roberta=True),
        "Unigram in brackets": unigram_tokenizer(forms, roberta=False),
    }

    def folder(kind):
        path = tmp_path_factory.mktemp("tokenizer")
        made[kind].save_pretrained(path)
        return path, made[kind]

    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_has_its_own_subtokens_and_the_special_tokens_have_no_word(
    tokenizer_of, forms, kind
):
    folder, tokenizer = tokenizer_of(kind)
    start, inside, special = KINDS[kind]
    for read, words in zip(Reader(folder).read(forms), forms, strict=True):
        tokens = tokenizer.convert_ids_to_tokens(read.ids.tolist())
        assert (tokens[0], tokens[-1]) == special
        assert [w for w in read.words if w == NO_WORD] == [NO_WORD] * 2
        assert read.words[1:-1].tolist() == sorted(read.words[1:-1])
        for word in range(len(words)):
            own = [tokens[i] for i in np.flatnonzero(read.words == word)]
            assert own[0].startswith(start)
            if kind == "WordPiece":
                # A sign, or a word that a sign splits, starts anew inside of a word.
                assert not own[0].startswith(inside)
            else:
                assert not any(token.startswith(start) for token in own[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_words_subtokens_decode_to_the_word(tokenizer_of, forms, kind):
    reader = Reader(tokenizer_of(kind)[0])
    for read, words in zip(reader.read(forms), forms, strict=True):
        for word, form in enumerate(words):
            assert reader.decode(read.ids[read.words == word].tolist()) == form


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_read_alone_has_the_subtokens_that_it_has_in_a_sentence(tokenizer_of, forms, kind):
    reader = Reader(tokenizer_of(kind)[0])
    for read, words in zip(reader.read(forms), forms, strict=True):
        for word, alone in enumerate(reader.read_alone(words)):
            assert read.ids[read.words == word].tolist() == alone


@pytest.mark.parametrize("kind", KINDS)
def test_decoding_keeps_special_tokens_of_every_kind(tokenizer_of, forms, kind):
    folder, tokenizer = tokenizer_of(kind)
    reader = Reader(folder)
    form = forms[0][1]
    [ids] = reader.read_alone([form])
    special = (tokenizer.cls_token_id, tokenizer.mask_token_id)
    assert reader.decode([special[0], *ids, special[1]]) == (
        f"{tokenizer.cls_token}{form}{tokenizer.mask_token}"
    )
    assert reader.unknown_id == tokenizer.unk_token_id


@pytest.mark.parametrize("kind", ["WordPiece", "Unigram", "Unigram in brackets"])
def test_reading_is_that_of_the_tokenizer_on_split_words(tokenizer_of, forms, kind):
    folder, _ = tokenizer_of(kind)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for read, words in zip(Reader(folder).read(forms), forms, strict=True):
        assert read.ids.tolist() == tokenizer(words, is_split_into_words=True)["input_ids"]


@pytest.mark.parametrize("kind", ["byte-level BPE", "Unigram", "Unigram in brackets"])
def test_words_marked_by_a_space_are_read_as_the_text_with_a_space_before_each(
    tokenizer_of, forms, kind
):
    folder, _ = tokenizer_of(kind)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for read, words in zip(Reader(folder).read(forms), forms, strict=True):
        assert read.ids.tolist() == tokenizer(" " + " ".join(words))["input_ids"]


@pytest.mark.parametrize("family", TOKENIZER_OF)
def test_activations_of_a_family_with_its_kind_of_tokenizer_equal_hidden_states(
    tokenizer_of, small_treebank, tmp_path, family
):
    """Of 20 sentences, each read alone by the published model and tokenizer."""
    _, tokenizer = tokenizer_of(TOKENIZER_OF[family])
    save_random_model(
        family,
        tmp_path,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        max_position_embeddings=120,
    )
    tokenizer.save_pretrained(tmp_path)
    table = read_parquet(small_treebank / "words" / "dev.parquet")
    n_words = int((table.column("sentence").to_numpy() < 20).sum())
    write_parquet(tmp_path / "dev.parquet", table.slice(0, n_words), made_by("test"))
    blocks = extract_activations.activations(
        tmp_path / "dev.parquet", Reader(tmp_path), MaskedLM(tmp_path), [0, 2, 3]
    )
    [(sentence, word, x)] = list(blocks)
    plain, read = plain_model(tmp_path), plain_tokenizer(tmp_path)
    if TOKENIZER_OF[family] == "byte-level BPE":
        read.backend_tokenizer.pre_tokenizer.add_prefix_space = True
    expected = [
        (s.number, own, {layer: vectors[layer][own] for layer in (0, 2, 3)})
        for s in sentences(tmp_path / "dev.parquet", ["form"])
        for vectors in [word_vectors(plain, read, s.columns["form"], [0, 2, 3])]
        for own in vectors[0]
    ]
    assert list(zip(sentence, word, strict=True)) == [(s, own) for s, own, _ in expected]
    for layer in (0, 2, 3):
        vectors = np.array([by_layer[layer].tolist() for *_, by_layer in expected])
        off = np.linalg.norm(x[layer] - vectors, axis=1) / np.linalg.norm(vectors, axis=1)
        assert off.max() <= 1e-5


# Other ways in which tokenizers mark the start of a word by a space.

BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False)
WORDS_OR_SIGNS = pre_tokenizers.Split(Regex(r"\s?\w+|\s?[^\w\s]+"), "isolated")
SPACE_MARKING = {  # normalizer, pre-tokenizer, decoder, mark
    "RoBERTa": (None, BYTES, decoders.ByteLevel(), "Ġ"),
    "XLM-R": (None, pre_tokenizers.Metaspace(), decoders.Metaspace(), "▁"),
    "EuroBERT": (
        None,
        pre_tokenizers.Sequence(
            [WORDS_OR_SIGNS, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
        ),
        decoders.ByteLevel(),
        "Ġ",
    ),
    "Gemma": (
        normalizers.Replace(" ", "▁"),
        pre_tokenizers.Split(" ", "merged_with_previous"),
        decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()]),
        "▁",
    ),
}


def space_marking_reader(style, forms, folder):
    """A Reader of a BPE tokenizer made as that of a family of models, trained on the spot."""
    normalizer, pre_tokenizer, decoder, _ = SPACE_MARKING[style]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=[*pre_tokenizers.ByteLevel.alphabet(), "▁"],
        show_progress=False,
    )
    tokenizer.train_from_iterator((" ".join(words) for words in forms), trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>"
    ).save_pretrained(folder)
    return Reader(folder)


@pytest.mark.parametrize("style", SPACE_MARKING)
def test_a_tokenizer_that_marks_word_starts_by_a_space_gives_every_word_one(tmp_path, forms, style):
    reader = space_marking_reader(style, forms, tmp_path)
    token = reader._tokenizer.id_to_token
    for read, words in zip(reader.read(forms), forms, strict=True):
        for word, form in enumerate(words):
            ids = read.ids[read.words == word].tolist()
            assert token(ids[0]).startswith(SPACE_MARKING[style][-1])
            assert reader.decode(ids) == form


def test_reading_equals_the_tokenizer_on_one_sentence_with_its_special_tokens(tiny_model, forms):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    for read, words in zip(Reader(tiny_model).read(forms), forms, strict=True):
        encoded = tokenizer(words, is_split_into_words=True)
        assert read.ids.tolist() == encoded["input_ids"]
        assert read.words.tolist() == [NO_WORD if w is None else w for w in encoded.word_ids()]
        assert read.words[0] == read.words[-1] == NO_WORD


def test_decoding_keeps_special_tokens_and_no_white_space(tiny_model):
    reader = Reader(tiny_model)
    [ids] = reader.read_alone(["10 000"])
    assert reader.decode(ids) == "10000"
    assert reader.decode([2, *ids, 4]) == "[CLS]10000[MASK]"
    assert reader.decode([]) == ""
