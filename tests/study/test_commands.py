"""Facts about commands: help, one clear error, what they load, and equal bytes."""

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.commands import call
from tests.support.treebank_files import keep, read_text, row, sentence_of, words_of
from workflow_scripts.activations import build_lexicon, cache_states, extract_activations
from workflow_scripts.command import line
from workflow_scripts.files import activations as activation_file
from workflow_scripts.files.artifact import (
    METADATA_KEY,
    ArtifactError,
    made_by,
    open_parquet,
    read_parquet,
    write_parquet,
)
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.rankings import compute_statistics, rank_neurons, ranking
from workflow_scripts.words import keep_values, read_words

ROOT = Path(__file__).resolve().parents[2]


def command_names():
    """Modules of `workflow_scripts` that define `arguments`: `rankings.rank_neurons` ..."""
    package = ROOT / "workflow_scripts"
    for path in sorted(package.rglob("*.py")):
        functions = [n.name for n in ast.parse(path.read_text()).body if hasattr(n, "name")]
        if "arguments" in functions:
            yield ".".join(path.relative_to(package).with_suffix("").parts)


def python(*arguments):
    """Run Python in the project's root."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", list(command_names()))
def test_every_command_has_help_for_each_option(name):
    parser = import_module(f"workflow_scripts.{name}").arguments()
    assert parser.description
    assert "--help" in parser.format_help()


@pytest.mark.parametrize("name", ["words.read_words", "rankings.rank_neurons"])
def test_a_command_runs_alone_and_helps(name):
    done = python("-m", f"workflow_scripts.{name}", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage:")


def error_of(monkeypatch, capsys, command, **options):
    """The one line in which a command ends, after what it logs."""
    argv = [command.__name__]
    for name, value in options.items():
        values = value if isinstance(value, list | tuple) else [value]
        argv += [f"--{name.replace('_', '-')}", *map(str, values)]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as caught:
        line.run(command.arguments(), command.main)
    assert caught.value.code == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def broken_treebank(tmp_path):
    """Three splits; the last line of test has two columns too few."""
    conllu = {split: tmp_path / f"x-ud-{split}.conllu" for split in SPLITS}
    for path in conllu.values():
        path.write_text(sentence_of("fine", "words"))
    with conllu["test"].open("a") as file:
        file.write(row(1, "short").removesuffix("\t_\t_") + "\n")
    return conllu


def test_bad_input_ends_in_one_line_and_exit_code_1_and_leaves_no_output(broken_treebank, tmp_path):
    options = {f"--{split}": path for split, path in broken_treebank.items()}
    options |= {f"--words-{split}": tmp_path / "words" / split for split in SPLITS}
    done = python(
        "-m", "workflow_scripts.words.read_words", "--schema=unimorph", *sum(options.items(), ())
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.replace("\r", "\n").splitlines()[-1]
    test = broken_treebank["test"]
    assert last == f"error: {test}:4: 8 tab-separated columns, CoNLL-U has 10"
    assert not list(tmp_path.glob("words/*"))


def test_a_trace_is_shown_to_who_asks_for_it(broken_treebank, tmp_path, monkeypatch):
    monkeypatch.setenv("NEURON_PITFALLS_DEBUG", "1")
    options = broken_treebank | words_of(tmp_path)
    argv = [text for name, path in options.items() for text in (f"--{name}", str(path))]
    argv = [text.replace("words_", "words-") if text.startswith("--") else text for text in argv]
    monkeypatch.setattr(sys, "argv", ["read_words", "--schema", "ud", *argv])
    with pytest.raises(ValueError, match="8 tab-separated columns"):
        line.run(read_words.arguments(), read_words.main)


def test_a_missing_split_is_named(broken_treebank, tmp_path, monkeypatch, capsys):
    broken_treebank["dev"].unlink()
    error = error_of(
        monkeypatch, capsys, read_words, schema="ud", **broken_treebank, **words_of(tmp_path)
    )
    assert str(broken_treebank["dev"]) in error


@pytest.mark.parametrize("damage", [b"", b"not Parquet", None])
def test_a_damaged_words_file_is_named(tmp_path, monkeypatch, capsys, damage):
    words = words_of(read_text(tmp_path, **dict.fromkeys(SPLITS, sentence_of("a", "b"))))
    whole = words["words_dev"].read_bytes()
    words["words_dev"].write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    target = tmp_path / "attributes.csv"
    error = error_of(monkeypatch, capsys, keep_values, **words, min_types=1, attributes=target)
    assert str(words["words_dev"]) in error
    assert not target.exists()


def test_a_missing_model_and_a_missing_layer_are_named(
    tiny_model, small_treebank, tmp_path, monkeypatch, capsys
):
    words = words_of(small_treebank / "words")
    pattern = f"{tmp_path}/{{layer}}/{{split}}.parquet"
    error = error_of(
        monkeypatch,
        capsys,
        extract_activations,
        model=tmp_path / "nowhere",
        **words,
        layers=[1],
        activations=pattern,
    )
    assert str(tmp_path / "nowhere") in error
    error = error_of(
        monkeypatch,
        capsys,
        extract_activations,
        model=tiny_model,
        **words,
        layers=[1, 4],
        activations=pattern,
    )
    assert error == f"error: layer 4: {tiny_model} has layers 0 to 3"
    assert not list(tmp_path.iterdir())


def test_a_gpu_that_is_not_there_is_a_clear_error(
    tiny_model, small_treebank, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    error = error_of(
        monkeypatch,
        capsys,
        cache_states,
        model=tiny_model,
        words=small_treebank / "words" / "test.parquet",
        layers=[1],
        device="cuda:1",
        subtokens=tmp_path / "subtokens",
        states=f"{tmp_path}/{{layer}}",
    )
    assert "cuda:1, but no GPU is available" in error


OF = {"model": "m", "treebank": "t", "attribute": "Number", "layer": 1}


@pytest.fixture
def ranking_options(small_treebank, tmp_path):
    """The options of `rank_neurons` on activations made up on the spot."""
    words = words_of(small_treebank / "words")
    options = {"seed": 1}
    for split in ("train", "dev"):
        path = tmp_path / f"{split}.parquet"
        table = read_parquet(words[f"words_{split}"], ["sentence", "word"])
        keys = [table.column(name).to_numpy() for name in ("sentence", "word")]
        x = (table.num_rows * [[1.0, 2.0, 3.0]]) + keys[0][:, None] % 7
        write_parquet(path, activation_file.table(*keys, x), made_by("test"))
        options |= {f"words_{split}": words[f"words_{split}"], f"activations_{split}": path}
    statistics = tmp_path / "statistics.safetensors"
    call(
        compute_statistics,
        **{name: value for name, value in options.items() if not name.endswith("dev")},
        **OF,
        attributes=keep(small_treebank / "words", min_types=15),
        statistics=statistics,
    )
    return options | {"statistics": statistics, "max_neurons": 2}


def test_an_attribute_that_the_treebank_has_not_is_a_clear_error(
    ranking_options, small_treebank, tmp_path, monkeypatch, capsys
):
    train = {name: ranking_options[name] for name in ("words_train", "activations_train")}
    error = error_of(
        monkeypatch,
        capsys,
        compute_statistics,
        **train,
        **OF | {"attribute": "Case", "seed": 1},
        attributes=keep(small_treebank / "words", min_types=15),
        statistics=tmp_path / "none.safetensors",
    )
    assert "keeps no values of 'Case'; it has 'Finiteness', 'Number', 'Part of Speech'" in error


@pytest.mark.parametrize(
    ("use", "ask"),
    [
        ("statistics", lambda task: task.statistics()),
        ("words", lambda task: task.words("train")),
        ("seed", lambda task: task.stream("mine")),
    ],
)
def test_a_ranker_is_refused_what_it_does_not_declare(
    ranking_options, tmp_path, monkeypatch, use, ask
):
    """It would not rerun when that changed."""
    ranker = SimpleNamespace(DIRECTIONS=("",), USES=(), rank=ask)
    monkeypatch.setattr(ranking, "load", lambda kind, name: ranker)
    with pytest.raises(TypeError, match=f"must have '{use}' in its USES"):
        call(rank_neurons, **ranking_options, ranker="mine", rankings=tmp_path / "r")


def own_ranker(folder, lines, uses="()"):
    """A file outside of the project with a ranker of both directions: its text is 9 lines long."""
    text = "import numpy as np\nfrom workflow_scripts.rankings.rankers import Ranking\n\n"
    text += f'DIRECTIONS = ("ttb", "btt")\nUSES = {uses}\n\n\ndef rank(task, **options):\n'
    path = folder / "mine.py"
    path.write_text(f"{text}    {lines}\n")
    return path


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("raise ValueError('one\\ntwo')", ", line 9: ValueError: one two"),
        ("return task.words('train').x[:, 99]", "must have 'words' in its USES"),
        ("return task.statistics()", ", line 9: TypeError: what uses this must have 'statistics'"),
        ("return np.zeros(3) @ np.zeros(4)", ", line 9: ValueError: "),
        ("return Ranking([0, 1, 2], [3, 2, 1])", "rank gives Ranking, and not a dictionary of"),
        ("return {'ttb': Ranking([0, 1, 2], [3, 2, 1])}", "rank gives ['ttb'], and not a dict"),
        ("return dict.fromkeys(DIRECTIONS, 5)", ", ttb: rank gives int, and not a Ranking"),
        ("return {d: Ranking([0, 1], [2, 1]) for d in DIRECTIONS}", "ranks (2,) neurons with (2,)"),
        ("return {d: Ranking([0, 1, 2], [2, 1]) for d in DIRECTIONS}", "with (2,) scores"),
        (
            "return {d: Ranking([0, 2, 1], [2, np.nan, np.nan]) for d in DIRECTIONS}",
            "2 scores are not a number, the first that of neuron 2",
        ),
        (
            "return {d: Ranking([0, 1, 2], ['a', 'b', 'c']) for d in DIRECTIONS}",
            "scores are no numbers (ValueError: ",
        ),
        ("return {d: Ranking([0, 1, 1], [3, 2, 1]) for d in DIRECTIONS}", "no permutation of 0..2"),
        ("return {d: Ranking([1, 2, 3], [3, 2, 1]) for d in DIRECTIONS}", "no permutation of 0..2"),
        ("return {d: Ranking([0., 1., 2.], [3, 2, 1]) for d in DIRECTIONS}", "are float64"),
        ("return {'up': 1, 2: 3}", "and not a dictionary of ['ttb', 'btt']"),
        ("open('nowhere')", ", line 9: FileNotFoundError: "),
    ],
)
def test_what_a_ranker_of_ones_own_gives_is_looked_at_and_its_line_is_named(
    ranking_options, tmp_path, monkeypatch, capsys, lines, said
):
    path = own_ranker(tmp_path, lines)
    rankings = [tmp_path / "ttb", tmp_path / "btt"]
    error = error_of(
        monkeypatch, capsys, rank_neurons, **ranking_options, ranker=path, rankings=rankings
    )
    assert f"{path}" in error
    assert said in error
    assert not any(ranking.exists() for ranking in rankings)


def test_a_file_that_does_not_run_is_named_with_its_line(
    ranking_options, tmp_path, monkeypatch, capsys
):
    path = own_ranker(tmp_path, "return {}", uses="() or nothing")
    options = ranking_options | {"rankings": [tmp_path / "ttb", tmp_path / "btt"]}
    error = error_of(monkeypatch, capsys, rank_neurons, **options, ranker=path)
    assert error == f"error: {path}, line 5: NameError: name 'nothing' is not defined"


def test_the_rankings_of_a_file_say_its_name_and_its_options(ranking_options, tmp_path):
    rank = "return {d: Ranking([2, 0, 1], [3, 2, options['penalty']]) for d in DIRECTIONS}"
    rankings = [tmp_path / "ttb", tmp_path / "btt"]
    given = {"ranker": own_ranker(tmp_path, rank), "ranker_options": '{"penalty": 1}'}
    call(rank_neurons, **ranking_options, **given, rankings=rankings)
    first = read_parquet(rankings[1]).to_pylist()[0]
    names = {"ranking": "mine-btt", "ranker": "mine", "direction": "btt", "penalty": 1.0}
    assert first == OF | names | {"position": 0, "neuron": 2, "score": 3.0}
    call(rank_neurons, **ranking_options, **given, name="own", rankings=rankings)
    assert read_parquet(rankings[0])["ranking"].to_pylist() == ["own-ttb"] * 3


def test_a_ranker_that_reads_words_asks_for_them(ranking_options, tmp_path, monkeypatch, capsys):
    options = ranking_options | {"activations_train": []}
    rankings = [tmp_path / "ttb", tmp_path / "btt"]
    error = error_of(
        monkeypatch, capsys, rank_neurons, **options, ranker="linear", rankings=rankings
    )
    assert error == "error: --activations-train: linear uses words"


def test_a_ranking_for_each_direction_is_asked_for(ranking_options, tmp_path, monkeypatch, capsys):
    error = error_of(
        monkeypatch,
        capsys,
        rank_neurons,
        **ranking_options,
        ranker="probeless",
        rankings=[tmp_path / "one"],
    )
    assert "probeless gives 2 rankings, 1 files are named" in error


def test_damaged_statistics_are_named(ranking_options, tmp_path, monkeypatch, capsys):
    ranking_options["statistics"].write_bytes(b"half a file")
    error = error_of(
        monkeypatch,
        capsys,
        rank_neurons,
        **ranking_options,
        ranker="probeless",
        rankings=[tmp_path / "ttb", tmp_path / "btt"],
    )
    assert str(ranking_options["statistics"]) in error
    with pytest.raises(ArtifactError):
        read_statistics(ranking_options["statistics"])


def test_only_what_a_ranker_needs_is_loaded():
    """A ranking without a probe starts neither torch nor transformers."""
    done = python(
        "-c",
        "import sys\n"
        "from workflow_scripts.rankings import rank_neurons\n"
        "from workflow_scripts.rankings.rankers import probeless, random\n"
        "print(sorted({'torch', 'transformers', 'tokenizers'} & set(sys.modules)))",
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "words.read_words",
        "words.keep_values",
        "rankings.compute_statistics",
        "rankings.describe_neurons",
        "rankings.rank_neurons",
        "probes.probe_rankings",
        "activations.build_lexicon",
        "probes.probe_all_neurons",
        "tables.collect",
        "tables.build_table",
        "report.build_figure",
    ],
)
def test_a_light_command_loads_neither_torch_nor_transformers(command):
    code = f"import sys, workflow_scripts.{command}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers"} & set(done.stdout.split())


@pytest.mark.slow
def test_a_command_imports_no_pandas_unless_it_is_asked_for_one():
    code = """
import sys
from workflow_scripts.command import process
process.settle()
import pyarrow as pa
process.keep_pandas_out()
table = pa.table({"form": ["a", None]})
print(table["form"].to_numpy().tolist(), "pandas" in sys.modules)
print(table.to_pandas().shape, "pandas" in sys.modules)
"""
    done = python("-c", code)
    assert (done.stdout, done.stderr) == ("['a', None] False\n(2, 1) True\n", "")


@pytest.mark.slow
def test_a_command_ends_with_all_that_it_wrote():
    """It leaves without taking down what it imported; where it fails, it ends as Python does."""
    code = """
import argparse, logging, sys
from workflow_scripts import InputError
from workflow_scripts.command import line, process
process.settle()
def main(options):
    print("printed", end="")
    logging.getLogger("it").info("logged")
    if options.fail:
        raise InputError("failed")
parser = argparse.ArgumentParser()
parser.add_argument("--fail", action="store_true")
line.run(parser, main)
"""
    done = python("-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "printed", "it: logged\n")
    done = python("-c", code, "--fail")
    assert (done.returncode, done.stdout) == (1, "printed")
    assert done.stderr == "it: logged\nerror: failed\n"


def run_everything(model, conllu, folder):
    """Words, attributes, activations, states, lexicon and a ranking of one treebank."""
    words = words_of(folder / "words")
    call(read_words, schema="unimorph", **conllu, **words)
    attributes = keep(folder / "words", min_types=15)
    activations = f"{folder}/activations/{{layer}}/{{split}}.parquet"
    call(extract_activations, model=model, **words, layers=[1, 3], activations=activations)
    call(
        cache_states,
        model=model,
        words=words["words_test"],
        layers=[1],
        subtokens=folder / "subtokens.parquet",
        states=f"{folder}/states/{{layer}}.parquet",
    )
    call(build_lexicon, model=model, **words, lexicon=folder / "lexicon.parquet")
    made = {"seed": 1, "statistics": folder / "statistics.safetensors"}
    call(
        compute_statistics,
        **OF,
        **made,
        words_train=words["words_train"],
        activations_train=activations.format(layer=1, split="train"),
        attributes=attributes,
        control="uniform",
    )
    call(
        rank_neurons,
        **made,
        ranker="random",
        max_neurons=10,
        rankings=folder / "random.parquet",
    )
    return {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_two_runs_in_two_folders_give_the_same_bytes(tiny_model, small_treebank, tmp_path):
    conllu = {split: small_treebank / f"english-ud-{split}.conllu" for split in SPLITS}
    one, two = (run_everything(tiny_model, conllu, tmp_path / name) for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name, path in one.items():
        assert path.read_bytes() == two[name].read_bytes(), name
        if path.suffix == ".parquet":
            metadata = open_parquet(path).schema_arrow.metadata[METADATA_KEY].decode()
            assert json.loads(metadata).keys() == {"command", "job", "versions"}
            assert str(tmp_path) not in metadata
