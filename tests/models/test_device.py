"""The device of a job: jobs spread over the cards, and free their place when they end."""

import subprocess
import sys

import pytest
import torch

from tests.support.workflow import ROOT
from workflow_scripts import InputError
from workflow_scripts.models import device
from workflow_scripts.models.device import resolve_device

TAKE = """
import sys
from pathlib import Path
from workflow_scripts.models.device import _least_used
print(_least_used(["a", "b", "c"], Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def cards(monkeypatch, n):
    """Let PyTorch see so many cards."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n)
    monkeypatch.setattr(device, "_identity", str)
    monkeypatch.setattr(device, "_held", [])


def taking(folder):
    """A process that takes a card, and keeps it until its input ends; and the card."""
    job = subprocess.Popen(
        [sys.executable, "-c", TAKE, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return job, int(job.stdout.readline())


def test_without_a_card_auto_is_the_processor(monkeypatch):
    cards(monkeypatch, 0)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(InputError, match="device: cuda, but no GPU is available here"):
        resolve_device("cuda")


def test_the_one_card_and_a_named_card_are_taken_as_they_are(monkeypatch):
    cards(monkeypatch, 1)
    assert [resolve_device(name) for name in ("auto", "cuda", "cuda:0", "cpu")] == [
        *("cuda", "cuda", "cuda:0", "cpu"),
    ]
    cards(monkeypatch, 4)
    assert resolve_device("cuda:3") == "cuda:3"
    with pytest.raises(InputError, match="device: cuda:4, but 4 GPU is available here"):
        resolve_device("cuda:4")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:", "cuda1", "", "cpu:0", "mps"])
def test_what_is_no_device_is_one_clear_error(monkeypatch, name):
    cards(monkeypatch, 1)
    with pytest.raises(InputError, match=f"device: {name}; possible: auto, cpu, cuda, cuda:1"):
        resolve_device(name)


def test_jobs_spread_over_the_cards_and_free_their_place_when_they_end(tmp_path):
    jobs = [taking(tmp_path) for _ in range(5)]
    assert [card for _, card in jobs] == [0, 1, 2, 0, 1]
    killed, _ = jobs[2]
    killed.kill()
    killed.wait()
    jobs.append(taking(tmp_path))
    assert jobs[-1][1] == 2
    for job, _ in jobs:
        job.communicate()


def test_a_folder_that_cannot_be_written_costs_the_order_alone(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    assert device._least_used(["a", "b"], tmp_path / "file") in (0, 1)


def test_auto_and_cuda_take_turns(monkeypatch, tmp_path):
    cards(monkeypatch, 2)
    monkeypatch.setattr(device.tempfile, "gettempdir", lambda: str(tmp_path))
    assert [resolve_device(name) for name in ("auto", "cuda", "auto")] == [
        *("cuda:0", "cuda:1", "cuda:0"),
    ]


def test_convolutions_are_float32_too():
    resolve_device("cpu")
    assert not torch.backends.cudnn.allow_tf32
