"""What goes wrong while a study runs: it says so once, loses nothing, and the next run goes on."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.workflow import ROOT, SMALL, command_line, contents, finish, run


def start(directory: Path, *options: str, cores: int = 2) -> subprocess.Popen:
    """Start a small study; what it says goes to `said.txt` in its directory."""
    directory.mkdir(exist_ok=True)
    command = command_line(directory, SMALL, *options, cores=cores)
    with (directory / "said.txt").open("w") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, cwd=ROOT)


def wait_for(directory: Path, text: str, running: subprocess.Popen) -> None:
    """Wait until a run has said something, however long that takes."""
    while text not in (directory / "said.txt").read_text():
        assert running.poll() is None, (directory / "said.txt").read_text()
        time.sleep(0.05)


def kill(process: psutil.Process) -> None:
    """End a process and all that it started, at once and without notice."""
    family = [process, *process.children(recursive=True)]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.send_signal(signal.SIGKILL)
    psutil.wait_procs(family)


STAGES = (
    "read_words",
    "train_model",
    "extract_activations",
    "rank_neurons",
    "probe_rankings",
    "intervene",
    "build_table",
)


def test_kills_in_every_stage_one_core_another_folder_and_environment_give_equal_bytes(
    finished, tmp_path, monkeypatch
):
    """One run from nothing that meets all of it: each alone would take a run of its own.

    Threads per job are set by the rules, whatever the environment tells libraries.
    """
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "C")
    draw = random.Random(1)
    study = tmp_path / "another folder"
    for stage in STAGES:
        running = start(study, "--nolock", cores=1)
        wait_for(study, f"rule {stage}:", running)
        time.sleep(draw.uniform(0, 1.5))
        kill(psutil.Process(running.pid))
        running.wait()
    # The last kill left its lock, which names the way out; the next run goes on.
    running = start(study, cores=1)
    wait_for(study, "Building DAG", running)
    kill(psutil.Process(running.pid))
    running.wait()
    if list((study / ".snakemake/locks").glob("*")):
        refused = run(study, SMALL)
        assert refused.returncode == 1
        assert "--unlock" in refused.stdout + refused.stderr
        assert run(study, SMALL, "--unlock").returncode == 0
    made, expected = (written(of) for of in (finish(study, SMALL, cores=1), finished / "results"))
    assert made.keys() == expected.keys()
    assert [name for name in made if made[name] != expected[name]] == []


def written(results: Path) -> dict[str, bytes]:
    """Whatever any stage wrote, not only the end, but for what was measured and said of it."""
    apart = ("logs/", "benchmarks/")
    return {name: made for name, made in contents(results).items() if not name.startswith(apart)}


def test_a_second_run_in_one_directory_is_refused(study):
    shutil.rmtree(study / "results/models/tiny")
    running = start(study, "results/models/tiny")
    wait_for(study, "rule train_model:", running)
    first = psutil.Process(running.pid)
    stopped = [first, *first.children(recursive=True)]
    for process in stopped:  # or it may end before the second begins
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    second = run(study, SMALL)
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.resume()
    assert second.returncode == 1
    assert "cannot be locked" in second.stdout + second.stderr
    assert running.wait() == 0


# Memory


def test_a_job_that_the_system_kills_is_named_with_what_helps(study):
    shutil.rmtree(study / "results/models/tiny")
    running = start(study, "results/models/tiny")
    wait_for(study, "rule train_model:", running)
    trains = []
    while not trains and running.poll() is None:
        children = psutil.Process(running.pid).children(recursive=True)
        trains = [
            c for c in children if "python -m workflow_scripts.models.train_model" in name_of(c)
        ]
        time.sleep(0.05)
    for process in trains:
        process.send_signal(signal.SIGKILL)
    assert running.wait() == 1
    said = (study / "said.txt").read_text()
    assert "error: killed, as happens without memory" in said
    assert "lower neurons.max" in said
    assert "Error in rule train_model" in said
    assert "mem_mb=" in said
    assert not (study / "results/models/tiny").exists()
    finish(study, SMALL, "results/models/tiny")
    assert (study / "results/models/tiny/model.safetensors").exists()


def name_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        ("import numpy; numpy.empty(10**15)", "Unable to allocate 7.11 PiB"),
        ("import torch; torch.empty(10**15)", "you tried to allocate 4000000000000000 bytes"),
    ],
    ids=["numpy", "torch"],
)
def test_memory_that_runs_out_is_one_line_with_what_was_needed_and_what_helps(statement, needed):
    program = (
        "import argparse, sys; from workflow_scripts.command.line import run\n"
        f"def main(options):\n    {statement}\n"
        "run(argparse.ArgumentParser(prog='probe_rankings'), main)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: probe_rankings: out of memory (")
    assert needed in line
    assert "neurons.max" in line


def test_an_error_of_torch_that_is_none_of_memory_keeps_its_trace():
    program = (
        "import argparse; from workflow_scripts.command.line import run\n"
        "def main(options):\n    import torch; torch.ones(2) @ torch.ones(3)\n"
        "run(argparse.ArgumentParser(), main)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert "Traceback" in done.stderr


# A disk that is full


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 12 MB, and a function that makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *options])]
        return subprocess.run([*command, "tmpfs", str(folder)], capture_output=True, check=False)

    if os.geteuid() != 0 or mount("12m").returncode != 0:
        pytest.skip("needs leave to mount a small tmpfs")
    yield folder, lambda: mount("500m", "remount")
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_is_said_and_with_room_the_study_goes_on(finished, study, small_disk):
    disk, enlarge = small_disk
    shutil.rmtree(study / "results/activations")
    shutil.copytree(study, disk / "study", ignore=shutil.ignore_patterns("locks"))
    (disk / "filling").write_bytes(bytes(room_of(disk) - (100 << 10)))
    done = run(disk / "study", SMALL, "activations")
    assert done.returncode == 1
    assert "No space left on device" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout
    assert not list((disk / "study/results").rglob("*.part"))
    assert enlarge().returncode == 0
    run(disk / "study", SMALL, "--unlock")
    results = finish(disk / "study", SMALL, "activations")
    made = contents(results / "activations")
    assert made == contents(finished / "results/activations")


def room_of(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
