"""The workflow on a downloaded treebank and model: sources, no network, a kill in the middle."""

import hashlib
import os
import shutil
import signal
import subprocess

import pytest
import yaml

from tests.support.downloading import size, wait_until
from tests.support.loopback import Hub, Page, Stall, git_hash
from tests.support.workflow import ROOT, STUDIES, changed, command_line, finish, run
from workflow_scripts.files.frames import read_frame
from workflow_scripts.kernels.words import SPLITS

MODEL = "somebody/tiny-bert"


@pytest.fixture
def sources(server, store, small_treebank, tiny_model):
    """A treebank and a model on the loopback: the keys of a configuration that asks for them."""
    pins = {}
    for split in SPLITS:
        content = (small_treebank / f"english-ud-{split}.conllu").read_bytes()
        name = f"en_small-ud-{split}.conllu"
        server.pages[f"/ud/UD_English-Small/r2.16/{name}"] = Page(content)
        pins[name] = git_hash(content)
    hub = Hub(server, store, MODEL, {p.name: p.read_bytes() for p in tiny_model.iterdir()})
    return {
        "treebanks": {"english": {"ud": "UD_English-Small", "release": "r2.16", "files": pins}},
        "models": {"tiny": {"hub": MODEL, "revision": hub.commit}},
        "sources": {"ud": f"{server.url}/ud", "hub": server.url},
    }


def test_a_study_of_downloads_is_finished_without_the_network(
    server, store, sources, small_treebank, tmp_path
):
    del sources["models"]["tiny"]["revision"]
    config = changed(STUDIES / "small.yaml", tmp_path / "study.yaml", **sources)
    results = finish(tmp_path, config, "words", "results/models/tiny")
    for split in SPLITS:
        there = small_treebank / f"english-ud-{split}.conllu"
        here = results / "treebanks" / "english" / there.name
        assert here.read_bytes() == there.read_bytes()
    names = {path.name for path in (results / "treebanks" / "english").iterdir()}
    files = [f"english-ud-{split}.conllu" for split in SPLITS]
    assert names == {*files, *(f".{name}.job" for name in files)}
    log = (results / "logs/fetch_treebank/english.log").read_text()
    assert "english-ud-train.conllu: 100%|" in log
    log = (results / "logs/fetch_model/tiny.log").read_text()
    assert "model.safetensors: 100%|" in log
    assert f"{MODEL} is not pinned" in log
    pin = next(line for line in log.splitlines() if line.startswith("{hub: "))
    commit = hashlib.sha1(MODEL.encode()).hexdigest()
    assert yaml.safe_load(pin) == {"hub": MODEL, "revision": commit}

    asked = len(server.requests)
    server.shutdown()
    server.server_close()
    shutil.rmtree(results / "words")
    finish(tmp_path, config, "activations")
    made = {path.stem for path in (results / "activations/tiny/english/layer-1").iterdir()}
    assert made == set(SPLITS)
    assert len(server.requests) == asked


def test_a_downloaded_treebank_without_dev_takes_it_from_train(server, sources, tmp_path):
    treebank = sources["treebanks"]["english"]
    del treebank["files"]["en_small-ud-dev.conllu"]
    del server.pages["/ud/UD_English-Small/r2.16/en_small-ud-dev.conllu"]
    config = changed(STUDIES / "small.yaml", tmp_path / "study.yaml", **sources)
    done = run(tmp_path, config, "words")
    assert done.returncode != 0
    assert "dev: from-train" in done.stdout + done.stderr
    treebank["dev"] = "from-train"
    config = changed(STUDIES / "small.yaml", tmp_path / "study.yaml", **sources)
    results = finish(tmp_path, config, "words")
    there = {path.name for path in (results / "treebanks/english").glob("*.conllu")}
    assert there == {"english-ud-train.conllu", "english-ud-test.conllu"}
    n = {
        split: read_frame(results / f"words/english/{split}.parquet", ["sentence"])
        .get_column("sentence")
        .n_unique()
        for split in ("train", "dev")
    }
    assert n["dev"] in {sum(n.values()) // 10, sum(n.values()) // 10 + 1}


WITHOUT_NETWORK = ["unshare", "--net", "--map-root-user"]


def no_namespace() -> bool:
    """Whether there is no network namespace to be had here."""
    if not shutil.which(WITHOUT_NETWORK[0]):
        return True
    return subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True).returncode != 0


@pytest.mark.skipif(no_namespace(), reason="unshare --net is not allowed here")
def test_after_the_target_downloads_a_study_needs_no_network(server, store, sources, tmp_path):
    few = {"rankings": ["random"], "probes": ["gaussian"], "neurons": {"max": 8, "report": [8]}}
    few["interventions"] = [{"method": "ablation", "step": 8}]
    config = changed(STUDIES / "small.yaml", tmp_path / "study.yaml", **sources, **few)
    results = finish(tmp_path, config, "downloads")
    assert {path.name for path in results.iterdir()} == {
        "treebanks",
        "models",
        "logs",
        "benchmarks",
    }
    # A namespace of its own, with not even a loopback that is up: where a server would be asked,
    # the job would fail.
    command = [*WITHOUT_NETWORK, *command_line(tmp_path, config)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (results / "report.html").is_file()


def test_a_study_that_is_killed_in_a_download_takes_nothing_half_for_whole(
    server, store, sources, tiny_model, tmp_path
):
    weights = (tiny_model / "model.safetensors").read_bytes()
    page = store.pages[f"/{hashlib.sha256(weights).hexdigest()}"]
    page.faults = [Stall(len(weights) // 2)]
    config = changed(STUDIES / "small.yaml", tmp_path / "study.yaml", **sources)
    models = tmp_path / "results" / "models"
    study = subprocess.Popen(
        command_line(tmp_path, config, "results/models/tiny"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: size(models / ".tiny.part" / ".model.safetensors.part") > 0)
    os.killpg(study.pid, signal.SIGKILL)
    study.wait()
    assert not (models / "tiny").exists()

    assert run(tmp_path, config, "--unlock").returncode == 0
    finish(tmp_path, config, "results/models/tiny")
    assert (models / "tiny" / "model.safetensors").read_bytes() == weights
    assert [r.status for r in store.requests] == [200, 206]
    assert [path.name for path in models.iterdir()] == ["tiny"]


def test_a_pin_that_does_not_hold_ends_the_study_and_keeps_nothing(server, sources, tmp_path):
    files = sources["treebanks"]["english"]["files"]
    got = files["en_small-ud-test.conllu"]
    files["en_small-ud-test.conllu"] = expected = "0" * 40
    config = changed(STUDIES / "small.yaml", tmp_path / "study.yaml", **sources)
    done = run(tmp_path, config, "words")
    assert done.returncode != 0
    assert f"{got}, expected {expected}; not kept" in done.stdout + done.stderr
    folder = tmp_path / "results" / "treebanks" / "english"
    assert not folder.exists() or list(folder.iterdir()) == []
