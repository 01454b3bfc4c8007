"""What many tests share: real treebanks and models, and small ones made on the spot.

Every library has one thread, as in the commands: tensors here are so small that threads would only
wait for each other.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Studies share the cores with each other here: a thread that waits must not keep from working the
# one that it waits for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from tests.support.commands import call
from tests.support.loopback import web_server
from tests.support.small_tokenizers import word_piece_tokenizer
from tests.support.treebank_files import keep, read, words_of
from tests.support.workflow import SMALL, copy_of_a_study, finish
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.treebanks import generate_treebank

WHOLE_STUDIES = (
    "cluster",
    "default_study",
    "real_study",
    "faults",
    "reproducible",
    "incremental",
    "workflow",
    "treebanks_in_the_workflow",
)
"""The files whose tests take longest: where several processes share the files, these come first."""


SLOW_FIXTURES = {
    "finished",  # a study, from nothing to its report
    "default_study",
    "node",  # a cluster
    "browser",
    "report",  # with all its figures
    "real_words",
    "shared",  # real treebanks and models
    "folder_of",  # a model of any of fifty families
    "rows_by_hand",  # a table of probes, by plain formulas
}
"""What takes long to make: a test that uses one is marked `slow`, and `make quick` leaves it out.

So is a test that takes a second for another reason; it says so itself, with `@pytest.mark.slow`.
"""

SLOW_CALLS = {
    "tests.support.workflow": {"run", "finish", "planned"},
    "tests.support.downloading": {"command", "started"},
}
"""What starts another program: a test that calls one by its name is marked `slow`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {f"test_{name}": i for i, name in enumerate(WHOLE_STUDIES)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    for item in items:
        if item.path.stem in order or SLOW_FIXTURES & set(item.fixturenames) or _calls_slow(item):
            item.add_marker("slow")


def _calls_slow(test: pytest.Function) -> bool:
    """Say whether a test's own lines call what starts another program."""
    for name in inspect.unwrap(test.function).__code__.co_names:
        called = getattr(test.module, name, None)
        if name in SLOW_CALLS.get(getattr(called, "__module__", ""), ()):
            return True
    return False


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real treebanks and pretrained models beside the project."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs real treebanks and models, in ../shared beside the project's root")
    return folder


@pytest.fixture(scope="session")
def real_words(shared, tmp_path_factory):
    """`real_words("UD_English-EWT")` is a folder with the words files of that treebank."""

    @cache
    def words(name: str) -> Path:
        files = {s: next((shared / "treebanks" / name).glob(f"*-ud-{s}.conllu")) for s in SPLITS}
        return one_for_all_processes(tmp_path_factory, name, lambda folder: read(files, folder))

    return words


@pytest.fixture(scope="session")
def small_treebank(tmp_path_factory) -> Path:
    """A folder with 400 generated English sentences: CoNLL-U, and words files in `words`."""
    folder = tmp_path_factory.mktemp("small_treebank")
    conllu = {split: folder / f"english-ud-{split}.conllu" for split in SPLITS}
    call(generate_treebank, grammar="english", sentences=400, **conllu)
    read(conllu, folder / "words")
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """The working directory of a finished small study; a test that changes it copies it first."""
    return one_for_all_processes(tmp_path_factory, "small-study", lambda to: finish(to, SMALL))


@pytest.fixture(scope="session")
def default_study(tmp_path_factory) -> Path:
    """The working directory of the finished default study."""
    return one_for_all_processes(tmp_path_factory, "default-study", lambda to: finish(to, None))


def one_for_all_processes(tmp_path_factory, name: str, make: Callable[[Path], object]) -> Path:
    """Let what takes long be made in a folder, once even where tests run in several processes."""
    folder = tmp_path_factory.getbasetemp()
    directory = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / name
    with FileLock(f"{directory}.lock"):
        if not (directory / "finished").exists():
            directory.mkdir(exist_ok=True)
            make(directory)
            (directory / "finished").touch()
    return directory


@pytest.fixture
def study(finished, tmp_path) -> Path:
    """A copy of the finished small study."""
    return copy_of_a_study(finished, tmp_path / "study")


@pytest.fixture(scope="session")
def tiny_model(small_treebank, tmp_path_factory) -> Path:
    """A folder with a random BERT (3 layers, 16 neurons, 2 heads, 64 positions).

    Its LM head gives back most of what the model reads, so that an intervention has something to
    change: word vectors of one length, and a transformation that only shifts.
    """
    import torch
    from transformers import BertConfig, BertForMaskedLM

    folder = tmp_path_factory.mktemp("tiny_model")
    train = read_parquet(small_treebank / "words" / "train.parquet", ["form"])
    tokenizer = word_piece_tokenizer(train.column("form").to_pylist())
    torch.manual_seed(0)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
            initializer_range=0.16,
        )
    )
    with torch.no_grad():
        words = torch.randn(len(tokenizer), 16)
        words -= words.mean(dim=1, keepdim=True)
        model.bert.embeddings.word_embeddings.weight.copy_(4 * words / words.norm(dim=1)[:, None])
        head = model.cls.predictions.transform
        head.dense.weight.copy_(torch.eye(16))
        head.dense.bias.fill_(5.0)  # so far above 0 that GELU is the identity
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def intervened(tiny_model, small_treebank, tmp_path_factory):
    """Files of the tiny model's Number and Part of Speech at layers 0, 2 and 3."""
    from workflow_scripts.activations import build_lexicon, cache_states, extract_activations
    from workflow_scripts.rankings import compute_statistics, rank_neurons

    folder = tmp_path_factory.mktemp("intervened")
    words = words_of(small_treebank / "words")
    attributes = keep(small_treebank / "words", min_types=15)
    layers = [0, 2, 3]
    activations = f"{folder}/activations/{{layer}}/{{split}}.parquet"
    call(extract_activations, model=tiny_model, **words, layers=layers, activations=activations)
    call(
        cache_states,
        model=tiny_model,
        words=words["words_test"],
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


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory):
    """`folder_of("roberta")` is a folder with a random model of that family."""
    from tests.support.small_models import save_random_model

    @cache
    def folder(family: str) -> Path:
        folder = tmp_path_factory.mktemp(family)
        save_random_model(family, folder)
        return folder

    return folder


@pytest.fixture
def server(monkeypatch):
    """A web server on the loopback, for this process and the commands that it starts."""
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    with web_server() as server:
        yield server


@pytest.fixture
def store(server):
    """Another one, where a hub keeps its large files."""
    with web_server() as store:
        yield store
