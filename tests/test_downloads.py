"""Facts about the two commands that download, against a server on the loopback."""

import csv
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.loopback import Answer, Cut, Hub, Page, Stall, git_hash, web_server
from workflow_scripts import fetch_treebank
from workflow_scripts.files.download import DownloadError, Patience, download, git_blob_sha1

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
HURRIED = Patience(attempts=3, stall=0.3, wait=0.01)
CONTENT = b"".join(b"%d\tword\n" % i for i in range(30_000))  # several pieces of a download


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    with web_server() as server:
        yield server


@pytest.fixture
def store():
    with web_server() as server:
        yield server


def command(name, *options, folder, **environment):
    """Run a command as a rule would; the package's own setting is that hubs are out of reach."""
    return subprocess.run(
        [sys.executable, "-m", f"workflow_scripts.{name}", *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# ---- one file


def test_the_pinned_hashes_are_those_of_the_shared_treebanks():
    pins = SHARED / "ud_r2.16_files.csv"
    if not pins.exists():
        pytest.skip(f"{SHARED} is not here")
    with pins.open() as file:
        files = [
            (SHARED / "treebanks" / row["treebank"] / row["file"], row["git_blob_sha1"])
            for row in csv.DictReader(file)
        ]
    here = [(path, sha1) for path, sha1 in files if path.exists()]
    assert here
    for path, sha1 in here:
        assert git_blob_sha1(path) == sha1


def test_every_file_of_the_command_arrives_at_its_path(server, tmp_path):
    contents = {f"tr_imst-ud-{split}.conllu": split.encode() * 9 for split in ("train", "test")}
    options = ["--repository", "UD_Turkish-IMST", "--release", "r2.16"]
    options += ["--base", f"{server.url}/ud/"]
    for name, content in contents.items():
        server.pages[f"/ud/UD_Turkish-IMST/r2.16/{name}"] = Page(content)
        options += ["--file", name, git_hash(content), str(tmp_path / "tur" / name)]
    fetch_treebank.main(fetch_treebank.arguments().parse_args(options))
    assert names(tmp_path / "tur") == sorted(contents)
    assert all((tmp_path / "tur" / name).read_bytes() == contents[name] for name in contents)


def test_other_bytes_are_not_kept_and_the_error_has_both_hashes(server, tmp_path):
    server.pages["/ud/UD_X/r1/a.conllu"] = Page(b"# not the one that was pinned\n")
    expected, got = git_hash(b"pinned\n"), git_hash(b"# not the one that was pinned\n")
    path = tmp_path / "data" / "a.conllu"
    done = command(
        "fetch_treebank",
        *("--repository", "UD_X", "--release", "r1", "--base", f"{server.url}/ud"),
        *("--file", "a.conllu", expected, path),
        folder=tmp_path,
    )
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("error: ")
    assert expected in error
    assert got in error
    assert f"{server.url}/ud/UD_X/r1/a.conllu" in error
    assert names(path.parent) == []


def test_a_hash_that_is_none_is_refused_before_anything_is_asked(server, tmp_path):
    options = ["--repository", "UD_X", "--release", "r1", "--base", server.url]
    options += ["--file", "a.conllu", "abc", str(tmp_path / "a.conllu")]
    with pytest.raises(ValueError, match=r"a\.conllu: 'abc'"):
        fetch_treebank.main(fetch_treebank.arguments().parse_args(options))
    assert server.requests == []


def test_a_file_that_is_here_is_not_asked_for(server, tmp_path):
    (tmp_path / "a").write_bytes(CONTENT)
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert server.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_overloaded_is_asked_again(server, tmp_path, status):
    server.pages["/a"] = Page(CONTENT, faults=[Answer(status), Answer(status)])
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [r.status for r in server.requests] == [status, status, 200]


def test_a_server_that_names_a_wait_is_given_it(server, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    server.pages["/a"] = Page(CONTENT, faults=[Answer(503, {"Retry-After": "7"}), Answer(503)])
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert waits[0] == 7
    assert waits[1] < 1


def test_a_missing_file_is_asked_for_once(server, tmp_path):
    with pytest.raises(DownloadError, match=r"/a: 404"):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert len(server.requests) == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize("fault", [Cut(100_000), Stall(100_000)])
@pytest.mark.parametrize("headers", [{}, {"ETag": '"v1"'}, {"ETag": 'W/"v1"'}])
def test_a_broken_download_goes_on_where_it_broke(server, tmp_path, fault, headers):
    server.pages["/a"] = Page(CONTENT, headers, faults=[fault])
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    first, second = server.requests
    assert second.status == 206
    # Less than the whole came twice: the last, incomplete piece at most.
    assert len(CONTENT) <= first.sent + second.sent < len(CONTENT) + (1 << 16)


def test_without_ranges_a_broken_download_starts_over(server, tmp_path):
    server.pages["/a"] = Page(CONTENT, faults=[Cut(100_000)], ranges=False)
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [r.status for r in server.requests] == [200, 200]


def test_two_versions_of_a_file_are_not_joined(server, tmp_path):
    page = Page(CONTENT[::-1], {"ETag": '"old"'}, faults=[Cut(100_000)])
    server.pages["/a"] = page

    def change(_):  # while the command waits for its second attempt
        page.content, page.headers = CONTENT, {"ETag": '"new"'}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", change)
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_patience_ends_and_nothing_is_kept(server, tmp_path):
    server.pages["/a"] = Page(CONTENT, faults=[Cut(70_000)] * 9, ranges=False)
    with pytest.raises(DownloadError, match="/a: "):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert len(server.requests) == HURRIED.attempts
    assert names(tmp_path) == []


def test_a_server_that_does_not_answer_is_one_clear_error(tmp_path):
    with web_server() as gone:
        url = gone.url
    with pytest.raises(DownloadError, match=f"{url}/a: "):
        download(f"{url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert names(tmp_path) == []


# ---- a model


MODEL = "somebody/tiny-bert"
FORMS = ["the", "cats", "sleep", "on", "a", "mat"]
KEPT = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


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
def online(monkeypatch, tmp_path):
    """The hub library within this process, as fetch_model sets it up before the import."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home"))


def fetch(hub, folder, revision="main"):
    from workflow_scripts.files.hub import fetch, look_up

    fetch(look_up(hub.name, revision, hub.hub.url, HURRIED), folder, HURRIED)


def test_a_fetched_model_loads_offline_and_has_nothing_else(server, store, model_files, tmp_path):
    hub = Hub(server, store, MODEL, model_files)
    options = ["--hub", MODEL, "--revision", hub.commit, "--endpoint", server.url]
    first, second = tmp_path / "models" / "first", tmp_path / "models" / "second"
    for folder in (first, second):
        done = command("fetch_model", *options, "--model", folder, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
    assert names(tmp_path / "models") == sorted(
        ["first", "second", *(f"{folder}/{n}" for folder in ("first", "second") for n in KEPT)]
    )
    for name in KEPT:
        content = model_files[name]
        assert (first / name).read_bytes() == (second / name).read_bytes() == content

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
    done = command("fetch_model", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout) == {"hub": MODEL, "revision": hub.commit}
    assert "not pinned" in done.stderr
    assert sum(hub.commit not in r.path for r in server.requests) == 1
    assert names(tmp_path / "model") == KEPT


def test_a_model_without_safetensors_is_one_error_that_names_it(
    server, store, model_files, tmp_path
):
    files = {n: c for n, c in model_files.items() if "safetensors" not in n}
    Hub(server, store, MODEL, files)
    done = command(
        "fetch_model",
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
    "name", ["../x.json", "/x.json", "a/../../x.json", "..\\x.json", "../model.safetensors"]
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
    expected = {*KEPT, *shards, "model.safetensors.index.json"} - {"model.safetensors"}
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
    assert names(tmp_path / "models") == []


def test_a_hub_that_is_overloaded_is_asked_again(server, store, model_files, tmp_path, online):
    hub = Hub(server, store, MODEL, model_files)
    server.pages[f"/api/models/{MODEL}/revision/main"].faults = [Answer(503)]
    hub.page("config.json").faults = [Answer(503)]
    hub.page("model.safetensors").faults = [Answer(503), Answer(429)]
    fetch(hub, tmp_path / "tiny")
    assert names(tmp_path / "tiny") == KEPT


@pytest.mark.parametrize("fault", [Cut(5000), Stall(5000)])
def test_broken_weights_go_on_where_they_broke(
    server, store, model_files, tmp_path, online, monkeypatch, fault
):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)  # it writes 10 MB at a time
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
    reasons = {"v9": "no revision v9", "v10": "private", "v11": "HF_TOKEN", "v12": "not answer as"}
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
