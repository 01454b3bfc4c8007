"""The workflow on a scheduler: a real SLURM of one node, and a queue of one's own."""

import re
import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.slurm_node import slurm_node, what_is_missing
from tests.workflow import ROOT, SMALL, changed, command_line, contents, finish, planned, run
from workflow_scripts.kernels.words import SPLITS

needs_slurm = pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing())
ON_SLURM = ["--profile", str(ROOT / "profiles/slurm"), "--latency-wait", "5"]
ON_SLURM += ["--slurm-init-seconds-before-status-checks", "2"]


@pytest.fixture
def node():
    with slurm_node() as node:
        yield node


@contextmanager
def started(node, command: list[str], said):
    """Snakemake, started on a cluster; ended at the end, if it runs then."""
    with said.open("w") as log:
        snakemake = subprocess.Popen(
            command,
            env=node.environment | {"CUDA_VISIBLE_DEVICES": ""},
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )
    try:
        yield snakemake
    finally:
        snakemake.kill()
        snakemake.wait()


def running(node, what: str) -> str | None:
    """The number of a running job that was submitted for this rule or group."""
    jobs = node.queue().items()
    return next((job for job, (state, of) in jobs if state == "RUNNING" and what in of), None)


def wait_until_running(node, what: str, study: subprocess.Popen, said) -> str:
    deadline = time.monotonic() + 180
    while (job := running(node, what)) is None:
        assert study.poll() is None, said.read_text()
        assert time.monotonic() < deadline, said.read_text()
        time.sleep(0.2)
    return job


@needs_slurm
def test_a_study_on_slurm_survives_a_cancelled_job_and_a_lost_node(finished, node, tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    # As where there may be a GPU: its jobs go to that partition, though no job here finds one.
    config = changed(SMALL, tmp_path / "config.yaml", device="auto")
    said = tmp_path / "said.txt"
    with started(node, command_line(study, config, *ON_SLURM), said) as snakemake:
        cancelled = wait_until_running(node, "rule_treebank_", snakemake, said)
        node.says("scancel", cancelled)
        lost = wait_until_running(node, "rule_train_model", snakemake, said)
        node.lose()
        node.start()
        assert snakemake.wait(timeout=900) == 0, said.read_text()
    for room in ("tables", "figures"):
        assert contents(study / "results" / room) == contents(finished / "results" / room)
    assert planned(study, config) == set()

    jobs = node.ended()
    ends = {
        job: [end["JobState"] for end in jobs if end["JobId"] == job] for job in (cancelled, lost)
    }
    assert ends == {cancelled: ["CANCELLED"], lost: ["NODE_FAIL", "COMPLETED"]}
    # What was cancelled was asked for again, with as much memory and time on top.
    first, again = jobs[:2]
    assert [int(job["TimeLimit"]) for job in (first, again)] == [35, 70]
    assert "mem=400M" in first["Tres"]
    assert "mem=800M" in again["Tres"]
    # Some 60 jobs in few of SLURM's; those that may use a GPU in the partition that has one.
    on_gpus = [job for job in jobs if job["Partition"] == "gpu"]
    assert len(on_gpus) == 3
    assert len({job["JobId"] for job in jobs}) == 9


@pytest.mark.long
@needs_slurm
def test_the_default_study_on_slurm_ends_in_the_same_bytes(node, tmp_path):
    for place in ("here", "slurm"):
        (tmp_path / place).mkdir()
    here = finish(tmp_path / "here", None)
    said = tmp_path / "said.txt"
    with started(node, command_line(tmp_path / "slurm", None, *ON_SLURM), said) as snakemake:
        assert snakemake.wait(timeout=1800) == 0, said.read_text()
    for room in ("tables", "figures"):
        assert contents(tmp_path / "slurm/results" / room) == contents(here / room)


def test_ten_lines_of_the_manual_are_a_queue(finished, tmp_path):
    manual = (ROOT / "docs/cluster.md").read_text()
    script, profile = re.search(r"```sh\n(.*?)```.*?```yaml\n(.*?)```", manual, re.DOTALL).groups()
    assert len(script.splitlines()) <= 10
    queue = tmp_path / "queue.sh"
    queue.write_text(script)
    (tmp_path / "config.yaml").write_text(profile.replace("queue.sh", str(queue)))
    options = ["--profile", str(tmp_path), "--seconds-between-status-checks", "1"]
    results = finish(tmp_path, SMALL, *options, "words")
    assert contents(results / "words") == contents(finished / "results/words")

    # A job that fails is asked for again with more, and then said to have failed.
    bad = changed(SMALL, tmp_path / "bad.yaml", treebanks={"bad": {"path": str(tmp_path / "bad")}})
    (tmp_path / "bad").mkdir()
    for split in SPLITS:
        (tmp_path / "bad" / f"x-ud-{split}.conllu").write_text("1\tword\n\n")
    done = run(tmp_path, bad, *options, "--retries", "1", "words")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    asked = re.findall(r"runtime=(\d+), mem_mb=(\d+)", said)
    assert asked == [("15", "400"), ("30", "800")]
