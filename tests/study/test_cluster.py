"""The workflow on a scheduler: a real SLURM of one node, and a queue of one's own."""

import re
import shutil
import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.support.slurm_node import slurm_node, what_is_missing
from tests.support.workflow import (
    ROOT,
    SMALL,
    changed,
    command_line,
    contents,
    finish,
    planned,
    run,
)
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
    while (job := running(node, what)) is None:
        assert study.poll() is None, said.read_text()
        time.sleep(0.2)
    return job


@needs_slurm
def test_a_study_on_slurm_survives_a_cancelled_job_and_a_lost_node(request, node, tmp_path):
    """And ends in the bytes of one that ran without a cluster."""
    study = tmp_path / "study"
    study.mkdir()
    said = tmp_path / "said.txt"
    keys = {"rankings": ["probeless"], "probes": ["linear"], "device": "auto"}
    config = changed(SMALL, tmp_path / "config.yaml", **keys)
    tables = [f"results/tables/{name}.csv" for name in ("probing", "interventions", "concord")]
    with started(node, command_line(study, config, *tables, *ON_SLURM), said) as snakemake:
        cancelled = wait_until_running(node, "rule_treebank_", snakemake, said)
        node.says("scancel", cancelled)
        lost = wait_until_running(node, "rule_train_model", snakemake, said)
        node.lose()
        node.start()
        assert snakemake.wait() == 0, said.read_text()
    assert planned(study, config, *tables) == set()

    jobs = node.ended()
    ends = {
        job: [end["JobState"] for end in jobs if end["JobId"] == job] for job in (cancelled, lost)
    }
    assert ends == {cancelled: ["CANCELLED"], lost: ["NODE_FAIL", "COMPLETED"]}
    # What was cancelled was asked for again, with as much memory and time on top.
    first = next(job for job in jobs if job["JobId"] == cancelled)
    (again,) = (job for job in jobs if int(job["TimeLimit"]) == 70)
    assert int(first["TimeLimit"]) == 35
    assert "mem=400M" in first["Tres"]
    assert "mem=800M" in again["Tres"]
    # Some twenty jobs in few of SLURM's; those that may use a GPU in the partition that has one,
    # though no job here finds any.
    on_gpus = {job["JobId"] for job in jobs if job["Partition"] == "gpu"}
    assert len(on_gpus) == 3  # activations, states, interventions with concord
    assert len({job["JobId"] for job in jobs}) <= 12

    here = request.getfixturevalue("finished")  # last: another process may make it meanwhile
    for room in ("words", "models", "activations", "rankings", "probes", "interventions"):
        made, was = (contents(folder / "results" / room) for folder in (study, here))
        assert made.keys() <= was.keys()
        assert made == {name: was[name] for name in made}
    made = contents(study / "results/tables")
    for room in ("collected", "tables"):
        shutil.rmtree(study / "results" / room)
    finish(study, config, *tables)
    assert contents(study / "results/tables") == made


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
