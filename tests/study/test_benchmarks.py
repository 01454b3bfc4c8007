"""The benchmarks run, and each kernel agrees in them with its plain form; no time is asserted."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import gpu, gpu_inputs
from benchmarks.gpu import QUICK
from tests.support.treebank_files import sentence_of
from tests.support.workflow import ROOT
from workflow_scripts.interventions.prediction import EditedSentence
from workflow_scripts.kernels.subtokens import Subtokens

pytestmark = pytest.mark.slow


def test_every_kernel_agrees_with_its_plain_form_and_is_in_the_table():
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for kernel in ("greedy selection", "Gaussian probe", "linear probes", "extraction", "interv"):
        assert re.search(rf"^\| {kernel}.*×.*%", done.stdout, flags=re.MULTILINE), kernel
    for command in ("read_words", "extract_activations", "compute_statistics", "rank_neurons"):
        assert re.search(rf"^\| {command}.* MB \|", done.stdout, flags=re.MULTILINE), command


def test_a_study_of_the_papers_kind_is_planned_beside_its_skeleton():
    options = ["--attributes", "1", "--runs", "1"]
    command = [sys.executable, "-m", "benchmarks.planning", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ratio of the medians: \d", done.stdout, flags=re.MULTILINE)


BARE = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("polars", "conllu", "snakemake"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
runpy.run_module("benchmarks.gpu", run_name="__main__", alter_sys=True)
"""


def on_a_bare_machine(*options):
    """Run the benchmark of a card, on the CPU, where polars, conllu and Snakemake are missing."""
    command = [sys.executable, "-c", BARE, "--quick", "--device", "cpu", *map(str, options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_card_is_measured_on_a_bare_machine(tmp_path):
    done = on_a_bare_machine("--out", tmp_path / "gpu.json")
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\| 0 of [\d,]+ \| 0 of \d+ \|$", done.stdout, flags=re.MULTILINE)) == 4
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["rates"].keys() >= {"float32", "TF32", "bfloat16", "to the card"}
    for shape in found["shapes"]:
        assert shape["extraction"] > 0
        for row in shape["interventions"]:
            assert 0.9 * QUICK.edited <= row["edited"] <= QUICK.edited
            assert QUICK.touched <= row["subtokens"] < QUICK.touched + 200
            assert row["exact"] > 0
            assert row["computed_again"] is None  # a CPU has no faster products


@pytest.mark.parametrize(
    "text",
    [
        "".join(sentence_of("The", "old", "keys", "open", "it", ".") for _ in range(9)),
        "The old keys open it .\n\nIt is a key .\n" * 9,
    ],
)
def test_a_card_can_be_measured_on_a_text(tmp_path, text):
    path = tmp_path / "text"
    path.write_text(text)
    first = next(gpu_inputs.sentences(path, 0))
    assert first == ["The", "old", "keys", "open", "it", "."]


def test_what_an_edit_needs_is_counted_by_hand():
    """Two layers above: the first for all subtokens, the last's FFN for the edited ones alone."""
    ids = np.arange(5)
    sentence = EditedSentence(Subtokens(ids, ids), np.empty((5, 64)), ids[:2], ids[:2])
    shape = gpu_inputs.Shape("s", "bert", vocabulary=1000, layers=3, width=64)
    layer = 24 * 64**2 * 5 + 4 * 64 * 25
    last = 8 * 64**2 * 5 + 4 * 64 * 25 + 16 * 64**2 * 2
    vocabulary = 2 * 1000 * 64 * 2
    assert gpu.needed(shape, 1, [sentence]) == layer + last + vocabulary
    assert gpu.needed(shape, 2, [sentence]) == last + vocabulary
    assert gpu.needed(shape, 3, [sentence]) == vocabulary
