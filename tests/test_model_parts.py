"""Facts about a model in parts: below a layer, above it, and the LM head, as the whole model is.

Every family is a random model of its own configuration; what differs between families (positions,
final norms, heads, what a layer returns) is the model's own code.
"""

import numpy as np
import pytest
import torch
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
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertModel,
    PreTrainedTokenizerFast,
)

from workflow_scripts.files.words import sentences
from workflow_scripts.kernels.subtokens import NO_WORD, Subtokens
from workflow_scripts.models import masked_lm, vocabulary
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader

SIZES = {
    "vocab_size": 90,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
    "initializer_range": 0.3,
}
XLM = {"emb_dim": 16, "n_layers": 3, "n_heads": 2, "n_words": 90}
FAMILIES = {
    "bert": {},
    "distilbert": {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32},
    "electra": {"embedding_size": 8},
    "modernbert": {
        "global_attn_every_n_layers": 2,
        "local_attention": 8,
        "pad_token_id": 0,
        **{f"{token}_token_id": 1 for token in ("bos", "eos", "cls", "sep")},
    },
    "mpnet": {"pad_token_id": 1},
    "eurobert": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "mask_token_id": 3},
    "rembert": {"input_embedding_size": 8, "output_embedding_size": 8},
    "roberta": {"pad_token_id": 1},
    "xlm-roberta": {"pad_token_id": 1},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "xlm": XLM,
    "flaubert": XLM,
}
REFUSED = {
    "deberta-v2": "DebertaV2ForMaskedLM",
    "xlm": "XLMWithLMHeadModel",
    "flaubert": "FlaubertWithLMHeadModel",
}
PARTED = [family for family in FAMILIES if family not in REFUSED]
LENGTHS = (9, 4, 12)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """`folder_of("roberta")` is a folder with a random model of that family."""
    made = {}

    def folder(family):
        if family not in made:
            torch.manual_seed(1)
            config = AutoConfig.for_model(family, **SIZES | FAMILIES[family])
            model = AutoModelForMaskedLM.from_config(config)
            for weights in model.parameters():
                if weights.dim() == 1:  # norms and biases that do something
                    weights.data += 0.3 * torch.randn_like(weights)
            made[family] = tmp_path_factory.mktemp(family)
            model.save_pretrained(made[family])
        return made[family]

    return folder


def random_sentences(lengths=LENGTHS):
    stream = np.random.default_rng(2)
    return [
        Subtokens(stream.integers(5, 90, n).astype(np.int32), np.arange(n, dtype=np.int32))
        for n in lengths
    ]


def whole(folder, sentence):
    """Hidden states [(s, d)] and arg max (s,) of the plain model on one sentence."""
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    with torch.no_grad():
        output = model(
            torch.tensor(sentence.ids[None], dtype=torch.long), output_hidden_states=True
        )
    return [h[0] for h in output.hidden_states], output.logits[0].argmax(-1)


def assert_close(a, b):
    assert torch.linalg.norm(a - b) <= 1e-5 * torch.linalg.norm(b)


def above(model, states, batch, layer):
    """What the LM head reads, (b, s, d), of every subtoken."""
    last = model.upper(states, batch, layer, torch.arange(batch.ids.numel()))
    return last.view(*batch.ids.shape, -1)


def assert_parts_equal_whole(folder, lengths=LENGTHS):
    model = MaskedLM(folder)
    read = random_sentences(lengths)
    batch = model.batch(read)
    plain = [whole(folder, sentence) for sentence in read]
    for layer in range(model.n_layers + 1):
        states = model.lower(batch, [layer])[layer]
        last = above(model, states, batch, layer)
        for row, (hidden, best) in enumerate(plain):
            n = len(best)
            assert_close(states[row, :n], hidden[layer])
            assert_close(last[row, :n], hidden[-1])
            assert model.predict(last[row, :n]).tolist() == best.tolist()
    several = model.lower(batch, range(model.n_layers + 1))
    for layer, states in several.items():
        assert_close(states[-1, : lengths[-1]], plain[-1][0][layer])


@pytest.mark.parametrize("family", PARTED)
def test_lower_upper_and_predict_equal_the_whole_model_at_every_layer(folder_of, family):
    assert_parts_equal_whole(folder_of(family))


@pytest.mark.parametrize("family", REFUSED)
def test_a_family_that_does_not_run_in_parts_is_refused_by_name(folder_of, family):
    """One whose layers return more than states, two whose layers are spread over several lists."""
    folder = folder_of(family)
    with pytest.raises(ValueError, match=f"{folder}: {REFUSED[family]} cannot be run in parts"):
        MaskedLM(folder)


def test_albert_whose_layers_share_weights_is_refused_by_name(tmp_path):
    config = AutoConfig.for_model("albert", **SIZES, embedding_size=8)
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="no list of 3 layers found in AlbertForMaskedLM"):
        MaskedLM(tmp_path)


@pytest.mark.parametrize("layer", range(4))
def test_upper_runs_on_from_the_states_that_it_is_given(folder_of, layer):
    """Not from the sentence's own: two sentences with their states exchanged exchange the rest."""
    model = MaskedLM(folder_of("bert"))
    batch = model.batch(random_sentences((7, 7)))
    states = model.lower(batch, [layer])[layer]
    there = above(model, states, batch, layer)
    exchanged = above(model, states.flip(0), batch, layer)
    assert_close(exchanged, there.flip(0))


@pytest.mark.parametrize("family", PARTED)
def test_the_wanted_rows_are_those_of_all_rows(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    wanted = torch.tensor([0, 3, 11, 12, 15, 30])  # of each sentence, in no regular pattern
    for layer in range(4):
        states = model.lower(batch, [layer])[layer]
        every = above(model, states, batch, layer).flatten(0, 1)
        assert_close(model.upper(states, batch, layer, wanted), every[wanted])
        assert_close(model.upper(states, batch, layer, wanted[:1]), every[wanted[:1]])


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta", "distilbert", "electra"])
def test_behind_the_last_attention_only_wanted_rows_are_computed(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    rows = []
    for module in model._layers[-1].modules():
        if isinstance(module, torch.nn.Linear) and 32 in (module.in_features, module.out_features):
            module.register_forward_pre_hook(lambda _, args: rows.append(args[0].shape[:-1]))
    model.upper(model.lower(batch, [2])[2], batch, 2, torch.tensor([1, 5]))
    rows = rows[-2:]  # of the pass itself; what was tried before it came first
    assert rows == [(1, 2), (1, 2)]


def test_predictions_do_not_depend_on_how_many_go_through_the_head_at_once(folder_of, monkeypatch):
    model = MaskedLM(folder_of("bert"))
    rows = torch.randn(50, 16, generator=torch.Generator().manual_seed(3))
    at_once = model.predict(rows)
    monkeypatch.setattr(vocabulary, "LOGITS_AT_ONCE", 90 * 7)
    assert model.predict(rows).tolist() == at_once.tolist()
    assert model.predict(rows[:0]).tolist() == []


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_the_model_is_unchanged_afterwards(folder_of, family):
    model = MaskedLM(folder_of(family))
    batch = model.batch(random_sentences())
    inner = model._model
    weights = {name: tensor.clone() for name, tensor in inner.state_dict().items()}
    modules = [name for name, _ in inner.named_modules()]
    with torch.no_grad():
        before = inner(input_ids=batch.ids, attention_mask=batch.mask).logits
    for layer in range(4):
        model.predict(above(model, model.lower(batch, [0, layer])[layer], batch, layer)[0])
    assert_untouched(inner, weights, modules)
    with torch.no_grad():
        after = inner(input_ids=batch.ids, attention_mask=batch.mask).logits
    assert torch.equal(before, after)


def assert_untouched(inner, weights, modules):
    assert [name for name, _ in inner.named_modules()] == modules
    for name, tensor in inner.state_dict().items():
        assert torch.equal(tensor, weights[name])
    for module in inner.modules():
        assert not module._forward_pre_hooks
        assert "forward" not in vars(module)


@pytest.mark.parametrize("part", ["lower", "upper", "predict"])
def test_the_model_is_unchanged_after_an_error_inside_it(folder_of, part):
    model = MaskedLM(folder_of("bert"))
    batch = model.batch(random_sentences())
    inner = model._model
    weights = {name: tensor.clone() for name, tensor in inner.state_dict().items()}
    modules = [name for name, _ in inner.named_modules()]
    states = torch.zeros(3, 12, 16)
    wrong = masked_lm.Batch(batch.ids, batch.mask[:, :5])  # a mask of another length
    run = {
        "lower": lambda: model.lower(wrong, [2]),
        "upper": lambda: model.upper(states, wrong, 2, torch.tensor([3])),
        "predict": lambda: model.predict(torch.zeros(4, 17)),  # one neuron too many
    }
    with pytest.raises(RuntimeError):
        run[part]()
    assert_untouched(inner, weights, modules)


@pytest.mark.parametrize(
    ("family", "positions"), [("bert", 40), ("distilbert", 40), ("roberta", 38), ("mpnet", 38)]
)
def test_the_longest_sentence_is_the_last_that_the_positions_can_address(
    folder_of, family, positions
):
    model = MaskedLM(folder_of(family))
    assert model.max_subtokens == positions
    model.lower(model.batch(random_sentences((positions,))), [1])
    with pytest.raises((IndexError, RuntimeError)):
        model.lower(model.batch(random_sentences((positions + 1,))), [1])


def test_a_checkpoint_without_lm_head_is_a_clear_error_for_interventions_only(folder_of, tmp_path):
    BertModel.from_pretrained(folder_of("bert")).save_pretrained(tmp_path)
    model = MaskedLM(tmp_path)
    read = random_sentences()
    states = model.lower(model.batch(read), [2])[2]
    assert_close(states[0, :9], whole(folder_of("bert"), read[0])[0][2])
    with pytest.raises(ValueError, match=f"{tmp_path}: the checkpoint has no LM head"):
        model.require_lm_head()


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_a_checkpoint_with_a_tied_lm_head_has_one(folder_of, family):
    MaskedLM(folder_of(family)).require_lm_head()


def test_a_checkpoint_that_lacks_weights_of_a_layer_is_refused(folder_of, tmp_path):
    """A configuration with one layer more than the weights have."""
    AutoModelForMaskedLM.from_pretrained(folder_of("bert")).save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    config.num_hidden_layers = 4
    config.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=str(tmp_path)):
        MaskedLM(tmp_path)


def test_damaged_weights_are_a_clear_error(folder_of, tmp_path):
    AutoModelForMaskedLM.from_pretrained(folder_of("bert")).save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match=str(tmp_path)):
        MaskedLM(tmp_path)


@pytest.mark.parametrize("what", [MaskedLM, Reader])
def test_an_empty_folder_is_a_clear_error(tmp_path, what):
    with pytest.raises(ValueError, match=f"{tmp_path}(: no .* that can be|.*cannot be read)"):
        what(tmp_path)


# Reading: words to subtokens and back.


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


@pytest.fixture(scope="module")
def forms(small_treebank):
    path = small_treebank / "words" / "train.parquet"
    return [sentence.columns["form"] for sentence in sentences(path, ["form"])][:100]


@pytest.mark.parametrize("style", SPACE_MARKING)
def test_a_tokenizer_that_marks_word_starts_by_a_space_gives_every_word_one(tmp_path, forms, style):
    reader = space_marking_reader(style, forms, tmp_path)
    tokens = reader._tokenizer.convert_ids_to_tokens
    for read, words in zip(reader.read(forms), forms, strict=True):
        for word, form in enumerate(words):
            ids = read.ids[read.words == word].tolist()
            assert tokens(ids)[0].startswith(SPACE_MARKING[style][-1])
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
