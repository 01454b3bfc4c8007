"""Facts about model folders that cannot be used: one error that names what is wrong, no output.

No code of a folder is run and no pickle is read, whatever its files say.
"""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM, BertModel

from tests.small_tokenizers import word_piece_tokenizer
from tests.test_commands import error_of, python
from tests.treebank_files import call, words_of
from workflow_scripts import build_lexicon, cache_states, extract_activations
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
        cache_states: {"words_test": words["words_test"], "layers": [1]}
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
    assert "no masked language model that can be loaded (Error while deser" in failed()


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
    shards[2].write_bytes(shards[2].read_bytes()[:-1])
    assert f"{folder}: no masked language model that can be loaded" in failed()


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
    assert f"{folder}: no masked language model that can be loaded" in failed()


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


# The configuration.


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


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5"])
def test_a_broken_tokenizer_is_an_error_that_names_the_folder(folder, failed, name, text):
    (folder / name).write_text(text)
    assert f"{folder}: no tokenizer that can be loaded" in failed(build_lexicon)


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


def test_a_broken_model_ends_a_command_in_one_line_and_exit_code_1(
    with_code, small_treebank, tmp_path
):
    options = words_of(small_treebank / "words") | {"model": with_code}
    options |= {"layers": 1, "activations": f"{tmp_path}/{{layer}}-{{split}}.parquet"}
    argv = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    done = python("-m", "workflow_scripts.extract_activations", *argv)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {with_code}: ")
    assert not list(tmp_path.glob("*.parquet"))
