"""Facts about downloading a model, from a hub on the loopback."""

import hashlib
import json

import pytest
import yaml

from tests.support.downloading import HURRIED, command, ended, names, size, started, wait_until
from tests.support.loopback import Answer, Cut, Hub, Page, Stall
from workflow_scripts.files.download import DownloadError

MODEL = "somebody/tiny-bert"
FORMS = ["the", "cats", "sleep", "on", "a", "mat"]
KEPT = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
FOLDER = sorted([*KEPT, "source.json"])


@pytest.fixture(scope="module")
def model_files(tmp_path_factory):
    """The files of a BERT of two layers, and beside them what must never be fetched."""
    from transformers import BertConfig, BertForMaskedLM

    from workflow_scripts.models.training import train_tokenizer

    folder = tmp_path_factory.mktemp("tiny-bert")
    tokenizer = train_tokenizer([FORMS] * 3, 60)
    BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    files = {name: (folder / name).read_bytes() for name in KEPT}
    return files | {
        "pytorch_model.bin": b"a pickle",
        "optimizer.pt": b"a pickle",
        "modeling_tiny.py": b"raise SystemExit\n",
        "onnx/model.safetensors": b"of another program",
        "model.fp16.safetensors": b"of another kind",
        "README.md": b"# tiny\n",
    }


@pytest.fixture
def online(monkeypatch):
    """The hub library within this process, as fetch_model sets it up before the import."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)


def fetch(hub, folder, revision="main"):
    from workflow_scripts.models.hub import fetch, look_up

    fetch(look_up(hub.name, revision, hub.hub.url, HURRIED), folder, HURRIED)


def test_a_fetched_model_loads_offline_and_has_nothing_else(server, store, model_files, tmp_path):
    hub = Hub(server, store, MODEL, model_files)
    options = ["--hub", MODEL, "--revision", hub.commit, "--endpoint", server.url]
    first, second = tmp_path / "models" / "first", tmp_path / "models" / "second"
    for folder in (first, second):
        done = command("models.fetch_model", *options, "--model", folder, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
    assert names(tmp_path / "models") == sorted(
        ["first", "second", *(f"{folder}/{n}" for folder in ("first", "second") for n in FOLDER)]
    )
    for name in KEPT:
        content = model_files[name]
        assert (first / name).read_bytes() == (second / name).read_bytes() == content

    assert (first / "source.json").read_bytes() == (second / "source.json").read_bytes()

    asked = {r.path.rpartition("/")[2] for r in server.requests if "/resolve/" in r.path}
    assert asked == set(KEPT)
    # One commit in every address, and no request but for listing and files.
    assert all(hub.commit in r.path for r in server.requests)

    from transformers import AutoModelForMaskedLM, AutoTokenizer

    before = len(server.requests)
    tokenizer = AutoTokenizer.from_pretrained(first, local_files_only=True)
    model = AutoModelForMaskedLM.from_pretrained(first, local_files_only=True, use_safetensors=True)
    ids = tokenizer(FORMS, is_split_into_words=True, return_tensors="pt")
    assert model(**ids).logits.shape[-1] == len(tokenizer)
    assert len(server.requests) == before


@pytest.mark.parametrize("revision", [None, "main"])
def test_a_model_that_is_not_pinned_is_resolved_once_and_pinned(
    server, store, model_files, tmp_path, revision
):
    hub = Hub(server, store, MODEL, model_files)
    options = ["--hub", MODEL, "--endpoint", server.url, "--model", tmp_path / "model"]
    options += ["--revision", revision] if revision else []
    done = command("models.fetch_model", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout) == {"hub": MODEL, "revision": hub.commit}
    assert "not pinned" in done.stderr
    assert sum(hub.commit not in r.path for r in server.requests) == 1
    assert names(tmp_path / "model") == FOLDER
    record = json.loads((tmp_path / "model" / "source.json").read_text())
    assert (record["hub"], record["revision"]) == (MODEL, revision)
    assert record["commit"] == hub.commit


def test_a_model_without_safetensors_is_one_error_that_names_it(
    server, store, model_files, tmp_path
):
    files = {n: c for n, c in model_files.items() if "safetensors" not in n}
    Hub(server, store, MODEL, files)
    done = command(
        "models.fetch_model",
        *("--hub", MODEL, "--endpoint", server.url, "--model", tmp_path / "models" / "tiny"),
        folder=tmp_path,
    )
    assert done.returncode == 1
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert error == done.stderr.splitlines()[-1]
    assert MODEL in error
    assert "no safetensors weights" in error
    assert "pytorch_model.bin" in error
    assert not (tmp_path / "models" / "tiny").exists()


@pytest.mark.parametrize(
    "name",
    ["../x.json", "/x.json", "a/../../x.json", "..\\x.json", "../model.safetensors", "x\0.json"],
)
def test_a_name_outside_of_the_folder_is_refused(
    server, store, model_files, tmp_path, online, name
):
    hub = Hub(server, store, MODEL, model_files | {name: b"{}"})
    with pytest.raises(DownloadError) as error:
        fetch(hub, tmp_path / "models" / "tiny")
    assert MODEL in str(error.value)
    assert repr(name) in str(error.value)
    assert names(tmp_path) == []
    assert not any("/resolve/" in r.path for r in server.requests)


def test_shards_are_fetched_by_their_index(server, store, model_files, tmp_path, online):
    whole = model_files["model.safetensors"]
    shards = {f"model-0000{i}-of-00002.safetensors": whole for i in (1, 2)}
    files = {n: c for n, c in model_files.items() if n != "model.safetensors"}
    hub = Hub(server, store, MODEL, files | shards | {"model.safetensors.index.json": b"{}"})
    fetch(hub, tmp_path / "tiny")
    expected = {*FOLDER, *shards, "model.safetensors.index.json"} - {"model.safetensors"}
    assert set(names(tmp_path / "tiny")) == expected


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_model_file_of_other_bytes_is_not_kept(
    server, store, model_files, tmp_path, online, file
):
    hub = Hub(server, store, MODEL, model_files)
    page = hub.page(file)
    page.content = page.content[:-1] + b"\0"  # of the same size
    with pytest.raises(DownloadError) as error:
        fetch(hub, tmp_path / "models" / "tiny")
    listed = next(entry for entry in hub.listing if entry["rfilename"] == file)
    assert f"{MODEL}/{file}" in str(error.value)
    assert listed.get("lfs", {}).get("sha256", listed["blobId"]) in str(error.value)
    assert not any(file in name for name in names(tmp_path / "models"))
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_hub_that_falters_is_asked_again(server, store, model_files, tmp_path, online):
    hub = Hub(server, store, MODEL, model_files)
    faults = [Answer(503), Cut(30)]
    server.pages[f"/api/models/{MODEL}/revision/main"].faults = faults
    hub.page("config.json").faults = [Answer(503)]
    hub.page("model.safetensors").faults = [Answer(503), Answer(429)]
    fetch(hub, tmp_path / "tiny")
    assert names(tmp_path / "tiny") == FOLDER


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Cut(50_000), Stall(50_000)])
def test_broken_weights_go_on_where_they_broke(server, store, model_files, tmp_path, online, fault):
    hub = Hub(server, store, MODEL, model_files)
    weights = model_files["model.safetensors"]
    hub.page("model.safetensors").faults = [fault]
    fetch(hub, tmp_path / "tiny")
    assert (tmp_path / "tiny" / "model.safetensors").read_bytes() == weights
    gets = store.asked("GET", f"/{hashlib.sha256(weights).hexdigest()}")
    assert [r.status for r in gets] == [200, 206]


def test_what_a_hub_does_not_have_is_one_clear_error(server, store, model_files, tmp_path, online):
    hub = Hub(server, store, MODEL, model_files)
    api = f"/api/models/{MODEL}/revision/"
    server.pages[f"{api}v9"] = Page(b"", {"X-Error-Code": "RevisionNotFound"}, status=404)
    server.pages[f"{api}v10"] = Page(b"", {"X-Error-Code": "RepoNotFound"}, status=401)
    server.pages[f"{api}v11"] = Page(b"", {"X-Error-Code": "GatedRepo"}, status=403)
    server.pages[f"{api}v12"] = Page(b"<html>Welcome to our WiFi</html>")
    server.pages[f"{api}v13"] = Page(b'["a hub"]')
    server.pages[f"{api}v14"] = Page(b'{"sha": 7, "siblings": [{"name": "config.json"}]}')
    reasons = {
        "v9": "Revision Not Found .*/v9",
        "v10": "HF_TOKEN",
        "v11": "HF_TOKEN",
    }
    reasons |= {f"v{n}": "does not answer as a hub does" for n in (12, 13, 14)}
    for revision, reason in reasons.items():
        with pytest.raises(DownloadError, match=f"^{MODEL}: .*{reason}"):
            fetch(hub, tmp_path / "tiny", revision)
    assert len(server.requests) == len(reasons)
    assert names(tmp_path) == []


def test_a_hub_that_answers_with_another_commit_is_refused(
    server, store, model_files, tmp_path, online
):
    hub = Hub(server, store, MODEL, model_files)
    pinned = "0" * 40
    server.pages[f"/api/models/{MODEL}/revision/{pinned}"] = server.pages[f"/api/models/{MODEL}"]
    with pytest.raises(DownloadError, match=f"asked .* for {pinned}, it answers with {hub.commit}"):
        fetch(hub, tmp_path / "tiny", pinned)


def test_a_very_long_name_is_not_written(server, store, model_files, tmp_path, online):
    hub = Hub(server, store, MODEL, model_files | {"n" * 5000 + ".json": b"{}"})
    fetch(hub, tmp_path / "tiny")
    assert names(tmp_path / "tiny") == FOLDER


def test_a_file_without_a_hash_is_fetched_with_a_warning(
    server, store, model_files, tmp_path, online, caplog
):
    hub = Hub(server, store, MODEL, model_files)
    next(entry for entry in hub.listing if entry["rfilename"] == "config.json").pop("blobId")
    hub.list()
    fetch(hub, tmp_path / "tiny")
    assert names(tmp_path / "tiny") == FOLDER
    assert "lists no hash of config.json: not checked" in caplog.text


def test_a_token_goes_to_the_hub_and_no_further(
    server, store, model_files, tmp_path, online, monkeypatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(Hub(server, store, MODEL, model_files), tmp_path / "tiny")
    assert {r.headers.get("authorization") for r in server.requests} == {"Bearer hf_secret"}
    assert {r.headers.get("authorization") for r in store.requests} == {None}


def test_a_model_that_lists_its_files_but_gives_none_asks_for_a_token(
    server, store, model_files, tmp_path, online
):
    hub = Hub(server, store, MODEL, model_files)
    hub.page("config.json").faults = [Answer(403, {"X-Error-Code": "GatedRepo"})]
    with pytest.raises(DownloadError, match=rf"{MODEL}/config\.json: .*HF_TOKEN"):
        fetch(hub, tmp_path / "models" / "tiny")
    assert names(tmp_path / "models") == []
    hub.page("model.safetensors").faults = [Answer(403)]  # a firewall, say: no token would help
    with pytest.raises(DownloadError, match=rf"{MODEL}/model\.safetensors: .*403"):
        fetch(hub, tmp_path / "models" / "tiny")


@pytest.mark.parametrize("pinned", [True, False])
def test_a_model_that_is_here_needs_no_network(server, store, model_files, tmp_path, pinned):
    hub = Hub(server, store, MODEL, model_files)
    options = ["--hub", MODEL, "--endpoint", server.url, "--model", tmp_path / "tiny"]
    options += ["--revision", hub.commit] if pinned else []
    first = command("models.fetch_model", *options, folder=tmp_path)
    server.requests.clear()
    again = command("models.fetch_model", *options, folder=tmp_path)
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert "is here already" in again.stderr
    assert server.requests == []


@pytest.mark.parametrize("change", ["other bytes", "a file is gone", "another revision"])
def test_a_model_that_is_not_as_recorded_is_fetched_again(
    server, store, model_files, tmp_path, online, change
):
    from workflow_scripts.models.hub import fetched

    hub = Hub(server, store, MODEL, model_files)
    folder, revision = tmp_path / "tiny", "main"
    fetch(hub, folder)
    assert fetched(folder, MODEL, revision) == hub.commit
    if change == "other bytes":
        (folder / "config.json").write_bytes(b"{}")
    elif change == "a file is gone":
        (folder / "model.safetensors").unlink()
    else:
        revision = None
    assert fetched(folder, MODEL, revision) is None
    fetch(hub, folder, revision)
    assert fetched(folder, MODEL, revision) == hub.commit
    assert all((folder / name).read_bytes() == model_files[name] for name in KEPT)


def test_a_failed_fetch_keeps_the_model_that_was_there(
    server, store, model_files, tmp_path, online
):
    hub = Hub(server, store, MODEL, model_files)
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"old")
    page = hub.page("model.safetensors")
    good, page.content = page.content, page.content[::-1]
    with pytest.raises(DownloadError):
        fetch(hub, folder)
    assert names(folder) == ["config.json"]
    assert (folder / "config.json").read_bytes() == b"old"
    page.content = good
    fetch(hub, folder)
    assert names(tmp_path / "models") == ["tiny", *(f"tiny/{name}" for name in FOLDER)]


def test_a_linked_folder_is_replaced_and_not_written_through(
    server, store, model_files, tmp_path, online
):
    hub = Hub(server, store, MODEL, model_files)
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_bytes(b"mine")
    for name in ("tiny", ".tiny.part"):
        (tmp_path / name).symlink_to(other)
    fetch(hub, tmp_path / "tiny")
    assert names(other) == ["config.json"]
    assert (other / "config.json").read_bytes() == b"mine"
    assert names(tmp_path / "tiny") == FOLDER
    assert not (tmp_path / "tiny").is_symlink()


def test_a_killed_fetch_leaves_no_model_and_the_next_asks_for_the_rest(
    server, store, model_files, tmp_path
):
    hub = Hub(server, store, MODEL, model_files)
    page = hub.page("model.safetensors")
    page.faults = [Stall(50_000)]
    folder = tmp_path / "models" / "tiny"
    options = ["--hub", MODEL, "--revision", hub.commit, "--endpoint", server.url]
    process = started("models.fetch_model", *options, "--model", folder, folder=tmp_path)
    part = folder.with_name(".tiny.part")
    wait_until(lambda: size(part / ".model.safetensors.part") > 30_000)
    process.kill()
    ended(process)
    assert not folder.exists()
    (part / "merges.txt").write_bytes(b"of another commit")
    done = command("models.fetch_model", *options, "--model", folder, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert names(folder.parent) == ["tiny", *(f"tiny/{name}" for name in FOLDER)]
    assert (folder / "model.safetensors").read_bytes() == model_files["model.safetensors"]
    assert [r.status for r in store.requests] == [200, 206]
    assert len(server.asked("GET", hub.address("config.json"))) == 1


def test_two_fetches_at_once_end_in_one_whole_model(server, store, model_files, tmp_path):
    hub = Hub(server, store, MODEL, model_files)
    hub.page("model.safetensors").faults = [Stall(50_000)]
    options = ["--hub", MODEL, "--endpoint", server.url, "--model", tmp_path / "tiny"]
    options += ["--stall", 1]
    first = started("models.fetch_model", *options, folder=tmp_path)
    wait_until(lambda: store.requests != [])
    second = started("models.fetch_model", *options, folder=tmp_path)
    for done in (ended(first), ended(second)):
        assert done.returncode == 0, done.stderr
        assert yaml.safe_load(done.stdout) == {"hub": MODEL, "revision": hub.commit}
    assert [r.status for r in store.requests] == [200, 206]
    assert names(tmp_path) == ["tiny", *(f"tiny/{name}" for name in FOLDER)]
