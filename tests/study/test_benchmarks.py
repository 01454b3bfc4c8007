"""The benchmarks run, and each kernel agrees in them with its plain form; no time is asserted."""

import re
import subprocess
import sys

import pytest

from tests.support.workflow import ROOT

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
