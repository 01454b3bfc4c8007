"""Facts about model folders that cannot be used: one error that names what is wrong, no output.

No code of a folder is run and no pickle is read, whatever its files say.
"""

import json
import logging
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, BertModel

from tests.study.test_commands import error_of, python
from tests.support.commands import call
from tests.support.small_models import assert_close, random_sentences, save_random_model
from tests.support.small_tokenizers import word_piece_tokenizer
from tests.support.treebank_files import words_of
from workflow_scripts import InputError
from workflow_scripts.activations import build_lexicon, cache_states, extract_activations
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader

INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(tiny_model, tmp_path):
    """A copy of the tiny model, to damage."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


@pytest.fixture
def shards(folder):
    """The same model, its weights in many files."""
    model = AutoModelForMaskedLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="5KB")
    return sorted(folder.glob("model-*.safetensors"))


def edit(path, **changes):
    """Change keys of a JSON file; None takes one away."""
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


@pytest.fixture
def failed(folder, small_treebank, monkeypatch, capsys):
    """`failed(command)`: the error of a command on the folder, which leaves no output."""
    outputs = folder.parent / "outputs"
    words = words_of(small_treebank / "words")
    options = {
        extract_activations: words
        | {"layers": [1, 3], "activations": f"{outputs}/{{layer}}/{{split}}.parquet"},
        cache_states: {"words": words["words_test"], "layers": [1]}
        | {"subtokens": outputs / "subtokens", "states": f"{outputs}/{{layer}}"},
        build_lexicon: words | {"lexicon": outputs / "lexicon"},
    }

    def error(command=extract_activations):
        found = error_of(monkeypatch, capsys, command, model=folder, **options[command])
        assert not [path for path in outputs.rglob("*") if path.is_file()], "an output was left"
        assert str(folder) in found
        return found

    return error


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A pickle and Python code that would leave a mark; at the end there is none."""
    mark = tmp_path / "mark"
    opened = []
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: opened.append(args))

    class Leaves:
        def __reduce__(self):
            return open, (str(mark), "w")

    yield pickle.dumps(Leaves()), f"open({str(mark)!r}, 'w')\n"
    assert not mark.exists(), "what the folder holds was run"
    assert opened == [], "a pickle was read"


def test_what_is_planted_would_leave_a_mark(tmp_path):
    mark = tmp_path / "mark"

    class Leaves:
        def __reduce__(self):
            return open, (str(mark), "w")

    # The one pickle that is read: proof that the trap would spring, so that no mark means no read.
    pickle.loads(pickle.dumps(Leaves())).close()
    assert mark.exists()


# Weights.


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "tf_model.h5"])
def test_weights_that_are_no_safetensors_alone_are_named_and_not_read(
    folder, failed, planted, name
):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(planted[0])
    error = failed()
    assert error == (
        f"error: {folder}: no safetensors weights (model.safetensors), "
        f"only {name}, which is not read"
    )


def test_a_pickle_beside_safetensors_is_not_read(folder, planted):
    (folder / "pytorch_model.bin").write_bytes(planted[0])
    MaskedLM(folder)


def test_a_pickle_by_the_name_of_safetensors_is_not_read(folder, failed, planted):
    (folder / "model.safetensors").write_bytes(planted[0])
    assert "model.safetensors: is no safetensors file; download it again" in failed()


@pytest.mark.parametrize("name", ["evil.bin", "../evil.safetensors", "/evil.safetensors", "x", 5])
def test_an_index_that_names_other_files_than_safetensors_of_the_folder_is_refused(
    folder, shards, failed, planted, name
):
    (folder / "evil.bin").write_bytes(planted[0])
    weight_map = json.loads((folder / INDEX).read_text())["weight_map"]
    edit(folder / INDEX, weight_map=weight_map | {min(weight_map): name})
    assert failed().startswith(
        f"error: {folder / INDEX}: names {str(name)!r} for weights; only safe"
    )


@pytest.mark.parametrize("name", ["adapter_model.bin", "pytorch_model.bin", "../x.safetensors", 5])
def test_a_configuration_that_names_other_weights_than_safetensors_is_refused(
    folder, failed, planted, name
):
    (folder / str(name).replace("..", "dots").replace("/", "")).write_bytes(planted[0])
    edit(folder / "config.json", transformers_weights=name)
    assert failed().startswith(f"error: {folder / 'config.json'}: names {name!r} for weights")


def test_a_missing_shard_is_named(folder, shards, failed):
    shards[2].unlink()
    assert failed() == f"error: {shards[2]}: is missing; {INDEX} names it"


def test_a_shard_cut_short_is_an_error_that_names_the_folder(folder, shards, failed):
    size = shards[2].stat().st_size
    shards[2].write_bytes(shards[2].read_bytes()[:-1])
    assert f"{shards[2]}: has {size - 1} bytes of {size}; download it again" in failed()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON (Expecting property name"),
        ("[]", "is not a JSON object"),
        ("{}", "has no weight_map"),
        ('{"weight_map": {}}', "has no weight_map"),
        ('{"weight_map": ["a"]}', "has no weight_map"),
    ],
)
def test_a_broken_index_is_named(folder, shards, failed, text, says):
    (folder / INDEX).write_text(text)
    assert failed().startswith(f"error: {folder / INDEX}: {says}")


def test_whole_shards_and_links_to_weights_are_read(folder, shards, tmp_path):
    """The library's own cache holds links, under the names of the files, to what has no suffix."""
    target = shards[0].rename(tmp_path / "blob")
    shards[0].symlink_to(target)
    MaskedLM(folder).require_lm_head()


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"{}"])
def test_weights_that_are_none_are_an_error_that_names_the_folder(folder, failed, content):
    (folder / "model.safetensors").write_bytes(content)
    assert "model.safetensors: is no safetensors file; download it again" in failed()


def test_a_folder_without_weights_and_one_that_is_not_there_are_named(folder, failed):
    (folder / "model.safetensors").unlink()
    assert failed() == f"error: {folder}: no safetensors weights (model.safetensors)"
    shutil.rmtree(folder)
    assert (
        failed() == f"error: {folder / 'config.json'}: cannot be read (No such file or directory)"
    )


def test_a_model_without_lm_head_is_refused_where_interventions_start(folder, failed):
    BertModel.from_pretrained(folder).save_pretrained(folder)
    assert "the checkpoint has no LM head" in failed(cache_states)


# Weights that no module takes, and modules that no weight is of.


def add(folder, *names):
    """Put weights of these names beside those of a folder."""
    weights = load_file(folder / "model.safetensors")
    weights |= {name: torch.zeros(2) for name in names}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def drop(folder, *ends):
    """Take the weights away whose names end so."""
    weights = load_file(folder / "model.safetensors")
    left = {name: weight for name, weight in weights.items() if not name.endswith(ends)}
    assert len(left) < len(weights)
    save_file(left, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("family", "made", "said", "named"),
    [
        ("flaubert", {}, {"n_layers": 2}, r"transformer\.\w+\.2\."),
        ("xlm", {}, {"n_layers": 2}, r"transformer\.\w+\.2\."),
        ("distilbert", {}, {"n_layers": 2}, r"distilbert\.transformer\.layer\.2\."),
        ("albert", {"num_hidden_groups": 2}, {"num_hidden_groups": 1}, r"albert_layer_groups\.1\."),
    ],
)
def test_layers_of_weights_that_the_configuration_has_not_are_refused(
    tmp_path, family, made, said, named
):
    save_random_model(family, tmp_path, **made)
    MaskedLM(tmp_path)
    edit(tmp_path / "config.json", **said)
    with pytest.raises(
        InputError, match=rf"{tmp_path}: the weights have .*{named}.* knows nothing"
    ):
        MaskedLM(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "bert.extra.weight",
        "bert.embeddings.extra",
        "bert.encoder.layer.0.attention.self.query.lora_A.weight",
        "bert.encoder.layer.0.attention.self.distance_embedding.weight",
    ],
)
def test_any_weight_of_the_encoder_that_no_module_takes_is_refused_by_name(folder, failed, name):
    add(folder, name)
    assert (
        failed() == f"error: {folder}: the weights have {name}, which config.json knows nothing of"
    )


@pytest.mark.parametrize("name", ["encoder.extra", "extra.weight"])
def test_so_is_one_of_an_encoder_saved_without_its_head(folder, failed, name):
    BertModel.from_pretrained(folder).save_pretrained(folder)
    MaskedLM(folder)
    add(folder, name)
    assert f"{folder}: the weights have {name}, which" in failed()


def test_what_models_are_published_with_and_do_not_read_is_no_hindrance(folder, caplog):
    add(
        folder,
        *("bert.pooler.dense.weight", "bert.pooler.dense.bias", "bert.embeddings.position_ids"),
        *("bert.embeddings.token_type_ids", "cls.seq_relationship.weight", "classifier.weight"),
    )
    with caplog.at_level(logging.INFO):
        MaskedLM(folder).require_lm_head()
    assert caplog.messages == [
        f"{folder}: 1 weights of other heads, such as classifier.weight, are not used"
    ]


def test_another_lm_head_than_the_configurations_is_refused_where_interventions_start(
    folder, failed
):
    add(folder, "cls.predictions.extra.weight")
    MaskedLM(folder)
    assert "the LM head's weights have cls.predictions.extra.weight" in failed(cache_states)


@pytest.mark.parametrize(
    "end", ["layer.1.output.dense.weight", "LayerNorm.bias", "word_embeddings.weight"]
)
def test_weights_that_are_missing_below_the_head_are_refused_by_name(folder, failed, end):
    drop(folder, end)
    assert f"{folder}: the weights lack bert." in failed()


@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "deberta-v2"])
@pytest.mark.parametrize("end", ["decoder.bias", "head.bias"])
def test_a_decoder_of_its_own_whose_bias_is_saved_once_is_read(tmp_path, family, end):
    """With `tie_word_embeddings: false` the bias of the head is still that of its decoder."""
    save_random_model(family, tmp_path, tie_word_embeddings=False)
    weights = load_file(tmp_path / "model.safetensors")
    bias = next(name for name in weights if name.endswith("decoder.bias"))
    other = bias.replace("decoder.", "")
    weights |= {name: torch.linspace(-2, 2, 90) for name in (bias, other)}
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    read = random_sentences((9,))
    expected = MaskedLM(tmp_path)
    states = expected.lower(expected.batch(read), [3])[3][0]
    del weights[bias if end == "decoder.bias" else other]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    model = MaskedLM(tmp_path)
    model.require_lm_head()
    assert torch.equal(model._head(states), expected._head(states))


def test_a_decoder_of_its_own_that_is_missing_is_named_with_its_key(folder, failed):
    edit(folder / "config.json", tie_word_embeddings=False)
    assert (
        "has no LM head (missing cls.predictions.decoder.weight, which tie_word_embeddings: false "
        "in config.json asks for)" in failed(cache_states)
    )


def test_an_adapter_is_refused_whatever_is_installed(folder, failed):
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "x"}')
    assert "adapter_config.json: an adapter of another model; merge the two" in failed()


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_pointer_of_git_lfs_is_named_with_the_remedy(folder, failed, name):
    (folder / name).write_text(POINTER)
    assert failed() == (
        f"error: {folder / name}: a Git LFS pointer and not the file; in its repository run: "
        "git lfs pull"
    )


def test_a_shard_that_is_a_pointer_of_git_lfs_is_named(folder, shards, failed):
    shards[1].write_text(POINTER)
    assert failed().startswith(f"error: {shards[1]}: a Git LFS pointer")


# The configuration.


@pytest.mark.parametrize(
    ("family", "keys"),
    [
        ("bert", {"return_dict": False, "output_attentions": True, "output_hidden_states": True}),
        ("xlm", {"return_dict": False}),
        ("roberta", {"return_dict": False, "output_hidden_states": True}),
        ("bert", {"pad_token_id": -1}),
        ("distilbert", {"pad_token_id": -1}),
        ("albert", {"pad_token_id": None}),
    ],
)
def test_keys_that_change_no_number_are_no_hindrance(tmp_path, family, keys):
    save_random_model(family, tmp_path)
    expected = MaskedLM(tmp_path)
    batch = expected.batch(random_sentences())
    content = json.loads((tmp_path / "config.json").read_text()) | keys
    (tmp_path / "config.json").write_text(json.dumps(content))
    model = MaskedLM(tmp_path)
    assert model.max_subtokens == expected.max_subtokens
    padded = model.batch(random_sentences())
    for layer in range(4):
        found = model.lower(padded, [layer])[layer][batch.mask.bool()]
        assert_close(found, expected.lower(batch, [layer])[layer][batch.mask.bool()])


@pytest.mark.parametrize("family", ["roberta", "mpnet", "esm"])
def test_a_model_that_counts_positions_from_its_padding_token_must_have_one(tmp_path, family):
    save_random_model(family, tmp_path)
    edit(tmp_path / "config.json", pad_token_id=-1)
    with pytest.raises(InputError, match=r"config\.json: pad_token_id: -1: .* write the id of its"):
        MaskedLM(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("is_decoder", True, "is_decoder: true: a decoder reads nothing to the right"),
        ("add_cross_attention", True, "add_cross_attention: true: a decoder reads nothing to"),
        ("quantization_config", {"quant_method": "fp8"}, "quantized weights are not read"),
        ("num_hidden_layers", 10**6, "num_hidden_layers: 1000000, but there are 5"),
    ],
)
def test_a_key_that_asks_for_another_computation_is_named(folder, failed, key, value, says):
    edit(folder / "config.json", **{key: value})
    error = failed()
    assert error.startswith(f"error: {folder / 'config.json'}: {key}")
    assert says in error


def test_a_model_that_is_no_masked_one_is_a_short_line(folder, failed):
    """The library's own has the names of all its classes."""
    edit(folder / "config.json", model_type="gpt2")
    assert failed() == (
        f"error: {folder}: model_type gpt2 is no masked language model of the installed "
        "transformers; choose another model"
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", 32),
        ("hidden_size", 8),
        ("intermediate_size", 64),
        ("vocab_size", 7),
        ("max_position_embeddings", 8),
        ("type_vocab_size", 5),
    ],
)
def test_a_size_that_is_not_that_of_the_weights_is_named_with_both_shapes(
    folder, failed, key, value
):
    edit(folder / "config.json", **{key: value})
    error = failed()
    assert "the weights have bert." in error
    assert f"{value}" in error.partition("by config.json it is ")[2]


@pytest.mark.parametrize(("layers", "says"), [(4, "lack bert.encoder.layer.3."), (2, "layer.2.")])
def test_another_number_of_layers_than_the_weights_have_is_named(folder, failed, layers, says):
    edit(folder / "config.json", num_hidden_layers=layers)
    assert says in failed()


KEYS = ["hidden_size", "num_hidden_layers", "vocab_size", "num_attention_heads", "model_type"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", ["x", -1, 0, 1.5, [], {}], ids=repr)
def test_a_wrong_value_in_the_configuration_is_one_line(folder, failed, key, value):
    edit(folder / "config.json", **{key: value})
    failed()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_configuration_that_is_no_json_object_is_named(folder, failed, text):
    (folder / "config.json").write_bytes(text)
    assert failed().startswith(f"error: {folder / 'config.json'}: is not ")


# The tokenizer.


@pytest.mark.parametrize("command", [extract_activations, cache_states, build_lexicon])
def test_a_folder_without_tokenizer_is_named(folder, failed, command):
    """The library would make one that takes every word for the unknown token."""
    for path in folder.glob("tokenizer*"):
        path.unlink()
    assert failed(command) == f"error: {folder}: no tokenizer with a vocabulary (tokenizer.json)"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", "{}"])
def test_a_broken_tokenizer_is_an_error_that_names_it(folder, failed, text):
    (folder / "tokenizer.json").write_text(text)
    error = failed(build_lexicon)
    json_of = f"error: {folder / 'tokenizer.json'}: is not JSON; download it again"
    start = f"error: {folder}: no tokenizer that can be loaded (tokenizer.json: "
    assert error == json_of if text in ("", "null", "5") else error.startswith(start)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5"])
def test_broken_settings_of_a_tokenizer_are_an_error_that_names_them(folder, failed, text):
    (folder / "tokenizer_config.json").write_text(text)
    assert failed(build_lexicon).startswith(f"error: {folder / 'tokenizer_config.json'}: is not ")


def test_a_tokenizer_of_another_model_is_named_where_it_leaves_the_vocabulary(folder, failed):
    rare = [f"rare{i}" for i in range(3000)]
    word_piece_tokenizer([*2 * rare, "the", "the"]).save_pretrained(folder)
    error = failed()
    assert "the tokenizer gives subtoken 3" in error
    assert "the model's vocabulary has" in error


# Code of the folder.

CODE = {
    "AutoConfig": "code.Config",
    "AutoModel": "code.Model",
    "AutoModelForMaskedLM": "code.Model",
    "AutoTokenizer": ["code.Tokenizer", "code.Tokenizer"],
}


@pytest.fixture
def with_code(folder, planted):
    """A folder whose configurations ask for the code that stands in it."""
    (folder / "code.py").write_text(planted[1])
    (folder / "__init__.py").write_text(planted[1])
    edit(folder / "config.json", auto_map=CODE, model_type="its-own", architectures=["Model"])
    edit(folder / "tokenizer_config.json", auto_map=CODE, tokenizer_class="Tokenizer")
    return folder


@pytest.mark.parametrize("command", [extract_activations, cache_states, build_lexicon])
def test_code_of_a_folder_is_not_run(with_code, failed, command):
    assert "it needs code of its own, auto_map in its configuration, and no such" in failed(command)


def test_code_beside_a_model_that_the_library_knows_is_not_run(with_code):
    edit(with_code / "config.json", model_type="bert")
    MaskedLM(with_code)


def test_code_of_a_folder_is_not_run_where_the_environment_and_a_terminal_would_agree(
    with_code, small_treebank, tmp_path, monkeypatch
):
    """The library asks on a terminal unless it is told; the command tells it."""
    monkeypatch.setenv("HF_HUB_TRUST_REMOTE_CODE", "1")
    monkeypatch.setenv("TRUST_REMOTE_CODE", "1")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(ValueError, match="code of its own"):
        MaskedLM(with_code)
    with pytest.raises(ValueError, match="code of its own"):
        Reader(with_code)
    with pytest.raises(ValueError, match="code of its own"):
        call(
            build_lexicon,
            model=with_code,
            **words_of(small_treebank / "words"),
            lexicon=tmp_path / "lexicon",
        )


@pytest.mark.slow
def test_a_broken_model_ends_a_command_in_one_line_and_exit_code_1(
    with_code, small_treebank, tmp_path
):
    options = words_of(small_treebank / "words") | {"model": with_code}
    options |= {"layers": 1, "activations": f"{tmp_path}/{{layer}}-{{split}}.parquet"}
    argv = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    done = python("-m", "workflow_scripts.activations.extract_activations", *argv)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {with_code}: ")
    assert not list(tmp_path.glob("*.parquet"))
