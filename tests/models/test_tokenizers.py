"""Facts about a folder's tokenizer: `tokenizer.json` as it is, and what is said of any other.

What the library makes of a `tokenizer.json` depends on the class that the folder names. Here the
two differ, as in folders that people have.
"""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

from tests.support.commands import call
from tests.support.small_tokenizers import byte_level_tokenizer, word_piece_tokenizer
from tests.support.treebank_files import words_of
from workflow_scripts import InputError
from workflow_scripts.activations import build_lexicon, cache_states, extract_activations
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.kernels.subtokens import NO_WORD
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.tokenizer import _read_whole_and_alike

FORMS = ["The", "Dogs", "sleep", "in", "cafés", ",", "don't", "10 000", "Ärzte", "naïve"]


def written(tokenizer, folder, tokenizer_class, model_type, **edits):
    """A folder with a tokenizer.json, some parts changed, and a class that is not its own."""
    content = json.loads(tokenizer.backend_tokenizer.to_str()) | edits
    (folder / "tokenizer.json").write_text(json.dumps(content))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    special = {f"{name}_token": str(token) for name, token in special_of(tokenizer).items()}
    settings = special | {"tokenizer_class": tokenizer_class}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def special_of(tokenizer):
    names = ("pad", "unk", "cls", "sep", "mask")
    return {name: getattr(tokenizer, f"{name}_token") for name in names}


LOWER = {"type": "Lowercase"}
STRIPPED = {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}
DIFFERENT = {  # the kind of tokenizer.json, the class, the model's type, a part of the file
    "WordPiece in RoBERTa": (word_piece_tokenizer, "RobertaTokenizer", "roberta", {}),
    "cased BERT": (word_piece_tokenizer, "BertTokenizer", "bert", {}),
    "cased BERT, fast": (word_piece_tokenizer, "BertTokenizerFast", "bert", {}),
    "BERT without a class": (word_piece_tokenizer, None, "bert", {}),
    "accents in BERT": (word_piece_tokenizer, "BertTokenizer", "bert", {"normalizer": STRIPPED}),
    "lower-casing RoBERTa": (
        lambda forms: byte_level_tokenizer([forms]),
        *("RobertaTokenizer", "roberta", {"normalizer": LOWER}),
    ),
    "RoBERTa in BERT": (lambda forms: byte_level_tokenizer([forms]), "BertTokenizer", "bert", {}),
}


@pytest.fixture(params=DIFFERENT)
def differing(request, tmp_path):
    make, *rest, edits = DIFFERENT[request.param]
    return written(make(3 * FORMS), tmp_path, *rest, **edits)


def test_a_tokenizer_json_is_the_tokenizer_whatever_class_is_named(differing):
    plain = Tokenizer.from_file(str(differing / "tokenizer.json"))
    # RoBERTa's marks a word's start by a space, and does not put one itself.
    space = " " if plain.model.__class__.__name__ == "BPE" else ""
    [read] = Reader(differing).read([FORMS])
    expected = plain.encode([space + form for form in FORMS], is_pretokenized=True)
    assert read.ids.tolist() == expected.ids
    assert read.words.tolist() == [NO_WORD if w is None else w for w in expected.word_ids]


def test_a_word_that_the_library_would_read_otherwise_is_named(differing, caplog):
    reader = Reader(differing)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            reader.compare_with_library(FORMS)
    [said] = caplog.messages  # once, and not for every word
    word = next(form for form in FORMS if repr(form) in said)
    assert str(differing) in said
    librarys = AutoTokenizer.from_pretrained(differing)
    ids = [
        tokenizer.encode([word], is_pretokenized=True).ids
        for tokenizer in (librarys.backend_tokenizer, reader._tokenizer)
    ]
    assert ids[0] != ids[1]
    assert type(librarys).__name__ in said


@pytest.mark.parametrize("kind", ["tiny", "minilm-en-mlm", "tiny-multi-mlm"])
def test_of_a_tokenizer_that_the_library_reads_alike_nothing_is_said(
    tiny_model, request, kind, caplog
):
    folder = tiny_model if kind == "tiny" else request.getfixturevalue("shared") / "models" / kind
    with caplog.at_level(logging.INFO):
        Reader(folder).compare_with_library(FORMS)
    assert not caplog.messages


@pytest.mark.parametrize("model", ["minilm-en-mlm", "tiny-multi-mlm"])
@pytest.mark.parametrize("treebank", ["UD_English-EWT", "UD_French-Sequoia", "UD_Turkish-IMST"])
def test_words_of_real_treebanks_are_read_as_the_models_published_tokenizer_does(
    shared, real_words, treebank, model
):
    folder = shared / "models" / model
    forms = read_parquet(real_words(treebank) / "test.parquet", ["form"]).column("form")
    forms = forms.unique().to_pylist()
    published = AutoTokenizer.from_pretrained(folder)
    ids = published([[form] for form in forms], is_split_into_words=True)["input_ids"]
    reader = Reader(folder)
    assert [read.ids.tolist() for read in reader.read([[form] for form in forms])] == ids
    assert reader.unknown_id == published.unk_token_id
    alone = reader.read_alone(forms)
    assert alone == [own[1:-1] for own in ids]
    for own in alone[:500]:
        assert reader.decode(own) == "".join(published.decode(own).split())


def test_activations_and_reconstruction_are_those_of_the_folder_with_its_own_class(
    tiny_model, small_treebank, tmp_path
):
    """Read as letters by another class, the same model gave back other words, and exit code 0."""
    other = Path(shutil.copytree(tiny_model, tmp_path / "other"))
    for name, key in (("config.json", "model_type"), ("tokenizer_config.json", "tokenizer_class")):
        content = json.loads((other / name).read_text())
        content["tokenizer_class"] = "RobertaTokenizer"
        assert key in content
        (other / name).write_text(json.dumps(content))
    words = words_of(small_treebank / "words")
    found = {}
    for name, folder in (("own", tiny_model), ("other", other)):
        at = tmp_path / name
        call(
            extract_activations,
            model=folder,
            **words,
            layers=[2],
            activations=f"{at}-{{layer}}-{{split}}.parquet",
        )
        call(
            cache_states,
            model=folder,
            words=words["words_test"],
            layers=[2],
            subtokens=f"{at}-subtokens.parquet",
            states=f"{at}-states-{{layer}}.parquet",
        )
        call(build_lexicon, model=folder, **words, lexicon=f"{at}-lexicon.parquet")
        ends = ("2-train", "2-test", "subtokens", "states-2", "lexicon")
        found[name] = [read_parquet(f"{at}-{end}.parquet") for end in ends]
    for own, others in zip(found["own"], found["other"], strict=True):
        assert own.equals(others)
    # It is a folder of which the library makes something else.
    librarys = AutoTokenizer.from_pretrained(other)
    assert librarys.tokenize("the") != AutoTokenizer.from_pretrained(tiny_model).tokenize("the")


# Without a tokenizer.json the library decides.

LETTERS = "abcdefghijklmnopqrstuvwxyzDT"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CASED = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), "The", "dog", "Dogs"]


def with_vocabulary(folder, vocabulary, **settings):
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def tokens_of(folder, *forms):
    reader = Reader(folder)
    [read] = reader.read([list(forms)])
    return [reader._tokenizer.id_to_token(i) for i in read.ids]


def test_a_cased_vocabulary_that_is_read_lower_cased_is_said_with_a_word(tmp_path, caplog):
    with_vocabulary(tmp_path, CASED)
    assert tokens_of(tmp_path, "Dogs") == ["[CLS]", "dog", "##s", "[SEP]"]
    [said] = caplog.messages
    assert said.startswith(f"{tmp_path}: 'Dogs', a word of its vocabulary, is read as dog ##s: ")
    assert "do_lower_case: false" in said


def test_a_cased_vocabulary_whose_words_are_all_unknown_lower_cased_is_said_too(tmp_path, caplog):
    tokens_of(with_vocabulary(tmp_path, [*SPECIAL, "Dogs", "The"]), "Dogs")
    assert "'Dogs', a word of its vocabulary, is read as [UNK]" in caplog.text


@pytest.mark.parametrize(
    ("vocabulary", "settings", "read"),
    [
        (CASED, {"do_lower_case": False}, ["Dogs"]),
        (CASED, {"do_lower_case": True}, ["dog", "##s"]),  # asked for
        ([token for token in CASED if token.islower() or token in SPECIAL], {}, ["dog", "##s"]),
    ],
)
def test_where_the_folder_decides_or_nothing_is_cased_nothing_is_said(
    tmp_path, caplog, vocabulary, settings, read
):
    with_vocabulary(tmp_path, vocabulary, **settings)
    assert tokens_of(tmp_path, "Dogs") == ["[CLS]", *read, "[SEP]"]
    assert not caplog.messages


def test_a_sentencepiece_model_alone_is_one_line_that_says_what_would_be_right(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "xlm-roberta"}')
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"\x0a\x0e\x0a\x05<unk>")
    with pytest.raises(InputError) as error:
        Reader(tmp_path)
    start = f"{tmp_path}: no tokenizer.json, and no tokenizer that can be loaded from sentencepiece"
    assert str(error.value).startswith(start)
    assert str(error.value).endswith(
        "give it the tokenizer.json of a model with the same vocabulary"
    )
    assert "tiktoken" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_tokenizer_that_the_library_has_no_fast_form_of_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "esm"}')
    (tmp_path / "vocab.txt").write_text("<cls>\n<pad>\n<eos>\n<unk>\nL\nA\n")
    with pytest.raises(
        InputError, match=r"vocab\.txt \(the library's EsmTokenizer is a slow one\)"
    ):
        Reader(tmp_path)


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "vocab.txt"])
def test_a_pointer_of_git_lfs_in_place_of_a_tokenizer_is_named_with_the_remedy(tmp_path, name):
    with_vocabulary(tmp_path, CASED)
    (tmp_path / name).write_text(POINTER)
    with pytest.raises(InputError) as error:
        Reader(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / name}: a Git LFS pointer and not the file; in its repository run: "
        "git lfs pull"
    )


@pytest.mark.parametrize("name", ["tokenizer_config.json", "vocab.txt"])
def test_a_byte_order_mark_before_a_part_of_a_tokenizer_is_named(tmp_path, name):
    """Before a vocabulary it would make another token of the first, without a word."""
    with_vocabulary(tmp_path, CASED, do_lower_case=False)
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (tmp_path / name).read_bytes())
    with pytest.raises(InputError, match=f"{name}: begins with a byte order mark"):
        Reader(tmp_path)


def test_a_token_that_the_library_adds_is_named_with_what_the_file_reads(tmp_path, caplog):
    """As in a model of a domain beside its base model's tokenizer.json."""
    folder = written(word_piece_tokenizer(FORMS), tmp_path, "BertTokenizer", "bert")
    (folder / "added_tokens.json").write_text(json.dumps({"covid19": 900}))
    Reader(folder).compare_with_library(FORMS)
    assert "'covid19' is read as" in caplog.text
    assert "would read [CLS] covid19 [SEP]" in caplog.text or "would read covid19" in caplog.text


@pytest.mark.parametrize("kind", [models.WordPiece, models.WordLevel])
def test_an_unknown_token_that_is_not_in_the_vocabulary_is_one_line(tmp_path, kind):
    tokenizer = Tokenizer(kind({"[unk]": 0, "cat": 1, "a": 2}, unk_token="<none>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    reader = Reader(tmp_path)
    assert reader.read_alone(["cat"]) == [[1]]
    with pytest.raises(InputError, match=f"{tmp_path}: its tokenizer reads no word"):
        reader.read_alone(["dog"])


# Tokenizers that draw how a word is cut, as in training.


@pytest.mark.parametrize("drawing", [{"dropout": 0.5}, {"dropout": 1.0}])
def test_a_tokenizer_with_dropout_cuts_a_word_always_as_without_it(tmp_path, caplog, drawing):
    for name, edits in (("plain", {}), ("drawing", drawing)):
        (tmp_path / name).mkdir()
        written(byte_level_tokenizer([FORMS]), tmp_path / name, "RobertaTokenizer", "roberta")
        file = tmp_path / name / "tokenizer.json"
        content = json.loads(file.read_text())
        content["model"] |= edits
        file.write_text(json.dumps(content))
    [plain] = Reader(tmp_path / "plain").read([FORMS])
    assert caplog.text == ""
    reader = Reader(tmp_path / "drawing")
    assert f"draws how a word is cut (dropout {drawing['dropout']:g})" in caplog.text
    for _ in range(5):
        [read] = reader.read([FORMS])
        assert read.ids.tolist() == plain.ids.tolist()
    reader.compare_with_library(FORMS)
    assert len(caplog.records) == 1  # the library's is compared without it too


def test_a_unigram_tokenizer_that_samples_cuts_a_word_always_alike(tmp_path, caplog):
    pieces = [("<unk>", 0.0), *((piece, -1.0 - i) for i, piece in enumerate(("a", "aa", "aaa")))]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    plain = tokenizer.encode("a" * 20).ids
    tokenizer.model.alpha, tokenizer.model.nbest_size = 0.1, 64
    assert _read_whole_and_alike(tokenizer) == ["alpha 0.1", "nbest_size 64"]
    assert all(tokenizer.encode("a" * 20).ids == plain for _ in range(20))


# Tokenizers that strip the space which marks the start of a word.

STRIPPING = {
    "Strip": normalizers.Strip(left=True, right=False),
    "Strip in a sequence": normalizers.Sequence([normalizers.NFC(), normalizers.Strip()]),
    "a replacement": normalizers.Replace(Regex(r"^\s+"), ""),
}


@pytest.mark.parametrize("normalizer", STRIPPING)
def test_a_tokenizer_that_strips_the_space_before_a_word_still_marks_its_start(
    tmp_path, normalizer
):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = STRIPPING[normalizer]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\s?\w+|\s?[^\w\s]+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(FORMS)] * 3, trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    in_text = tokenizer.encode("a " + " ".join(form.replace(" ", "") for form in FORMS)).ids[1:]
    reader = Reader(tmp_path)
    forms = [form.replace(" ", "") for form in FORMS]
    [read] = reader.read([forms])
    assert read.ids.tolist() == in_text
    for word, form in enumerate(forms):
        own = read.ids[read.words == word].tolist()
        assert tokenizer.id_to_token(own[0]).startswith("Ġ")
        assert reader.read_alone([form]) == [own]
        assert reader.decode(own) == form


def test_ids_beyond_the_tokenizer_have_no_token(tiny_model):
    reader = Reader(tiny_model)
    n_tokens = len(AutoTokenizer.from_pretrained(tiny_model))
    ids = np.array([[0, n_tokens - 1], [n_tokens, 10**6]], np.int32)
    assert reader.without_token(ids).tolist() == [[False, False], [True, True]]
    assert reader.decode([n_tokens]) == ""


@pytest.mark.parametrize("named", ["settings", "class", "vocabulary", "nowhere"])
def test_the_mask_is_the_one_that_the_folder_names_or_the_librarys(named, tmp_path):
    """Folders of well-known models name none: the class of the library knows it."""
    tokenizer = word_piece_tokenizer(["the", "cat"])
    written(tokenizer, tmp_path, "BertTokenizer" if named == "class" else None, "bert")
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    if named != "settings":
        settings = {"do_lower_case": False} | (
            {"tokenizer_class": "BertTokenizer"} if named == "class" else {}
        )
    if named in ("vocabulary", "nowhere"):  # of no class that the library knows
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "nobody-knows"}))
    if named == "nowhere":
        content = json.loads((tmp_path / "tokenizer.json").read_text())
        content["added_tokens"] = [
            token for token in content["added_tokens"] if token["content"] != "[MASK]"
        ]
        (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    reader = Reader(tmp_path)
    if named == "nowhere":
        with pytest.raises(InputError, match="has no mask_token, so no word can be hidden"):
            _ = reader.mask_id
    else:
        assert reader.mask_id == tokenizer.mask_token_id
