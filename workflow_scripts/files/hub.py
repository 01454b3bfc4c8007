"""The hub: a model's configuration, tokenizer and safetensors weights at one commit -> a folder.

Nothing else of the repository is asked for: no pickle, no code. `huggingface_hub` reads its
environment when it is imported, so a command sets it before it imports this room.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm import tqdm

from workflow_scripts.files.artifact import whole_file
from workflow_scripts.files.download import (
    DownloadError,
    Patience,
    attempts,
    git_blob_sha1,
    one_line,
)

log = logging.getLogger("hub")

CONFIGURATION = "config.json"
TOKENIZER = frozenset(
    {
        "added_tokens.json",
        "bpe.codes",
        "merges.txt",
        "sentencepiece.bpe.model",
        "special_tokens_map.json",
        "spiece.model",
        "spm.model",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "vocab.json",
        "vocab.txt",
    }
)
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Repository:
    """A model on a hub, at one commit."""

    hub: str
    endpoint: str
    commit: str
    files: dict[str, str | None]
    """The name of each file, and its hash where the hub gives one: SHA-256 of large files (64
    digits), git blob hash of others (40)."""


def look_up(hub: str, revision: str | None, endpoint: str, patience: Patience) -> Repository:
    """Return what a hub has of a model at a revision, by default at its main branch.

    Raises DownloadError, naming model and hub, where there is no such model or revision, or it
    lists a name that would lie outside of a folder.
    """
    api = HfApi(endpoint=endpoint)
    try:
        for attempt in attempts(patience, HTTPError):
            with attempt:
                found = api.model_info(
                    hub, revision=revision, timeout=patience.stall, files_metadata=True
                )
    except (HTTPError, OSError, ValueError) as error:  # ValueError: a bad name, or no JSON
        raise DownloadError(_reason(hub, revision, endpoint, error)) from error
    if not COMMIT.fullmatch(found.sha or ""):
        raise DownloadError(f"{hub}: {endpoint} does not say which commit it has")
    if revision and COMMIT.fullmatch(revision) and found.sha != revision:
        raise DownloadError(f"{hub}: asked {endpoint} for {revision}, it answers with {found.sha}")
    files = {
        file.rfilename: file.lfs.sha256 if file.lfs else file.blob_id
        for file in found.siblings or ()
    }
    for name in files:
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise DownloadError(f"{hub}: lists {name!r}, a name outside of its folder; refused")
    return Repository(hub, endpoint, found.sha, files)


def needed(names: Collection[str]) -> list[str]:
    """Return which files of a repository make a model, in order of name.

    Raises DownloadError where a configuration, a tokenizer or safetensors weights are missing.
    """
    chosen = {CONFIGURATION, *TOKENIZER} & set(names)
    if WEIGHTS in names:
        chosen.add(WEIGHTS)
    elif INDEX in names:
        chosen.update([INDEX], filter(SHARD.fullmatch, names))
    else:
        others = sorted(
            name for name in names if name.endswith((".bin", ".pt", ".h5", ".msgpack", ".ckpt"))
        )
        raise DownloadError(
            f"no safetensors weights ({WEIGHTS})"
            + (f", only {', '.join(others)}" if others else "")
            + "; choose a revision that has them, or convert it and give the folder as a path"
        )
    if CONFIGURATION not in names:
        raise DownloadError(f"no {CONFIGURATION}")
    if TOKENIZER.isdisjoint(names):
        raise DownloadError("no tokenizer")
    return sorted(chosen)


def fetch(repository: Repository, folder: Path, patience: Patience) -> None:
    """Write a model's files as a folder, whole or not at all.

    Raises DownloadError, naming model and file, where one cannot be had or has another hash than
    the hub lists.
    """
    try:
        names = needed(repository.files)
    except DownloadError as error:
        raise DownloadError(
            f"{repository.hub} at {repository.commit} ({repository.endpoint}): {error}"
        ) from error
    with whole_file(folder) as part:
        for name in names:
            try:
                # The library goes on after stalls and cuts; an error status is left to us.
                for attempt in attempts(patience, HTTPError):
                    with attempt:
                        hf_hub_download(
                            repository.hub,
                            name,
                            revision=repository.commit,
                            endpoint=repository.endpoint,
                            local_dir=part,
                            etag_timeout=patience.stall,
                            tqdm_class=tqdm,  # the library's own is silent in a log
                        )
            except (HTTPError, LocalEntryNotFoundError) as error:
                raise DownloadError(
                    _reason(f"{repository.hub}/{name}", None, repository.endpoint, error)
                ) from error
            _check(part / name, repository, name)
        # The library's notes on what it fetched, and when: two fetches shall be the same bytes.
        shutil.rmtree(part / ".cache")


def _check(path: Path, repository: Repository, name: str) -> None:
    """Raise DownloadError unless a file has the hash that the hub lists."""
    expected = repository.files[name]
    if expected is None:
        log.warning("%s lists no hash of %s: not checked", repository.endpoint, name)
        return
    if len(expected) == 64:
        with path.open("rb") as file:
            received = hashlib.file_digest(file, "sha256").hexdigest()
    else:
        received = git_blob_sha1(path)
    if received != expected:
        raise DownloadError(
            f"{repository.hub}/{name}: the hash of what came is {received}, expected {expected}; "
            "nothing kept"
        )


def _reason(what: str, revision: str | None, endpoint: str, error: BaseException) -> str:
    """Return one line on why a hub did not give something."""
    if isinstance(error, GatedRepoError):
        return f"{what}: {endpoint} asks for a token (HF_TOKEN) of an account that may read it"
    if isinstance(error, RepositoryNotFoundError):
        return f"{what}: not at {endpoint}, or private (HF_TOKEN)"
    if isinstance(error, RevisionNotFoundError):
        return f"{what}: {endpoint} has no revision {revision}"
    if isinstance(error, json.JSONDecodeError):
        return f"{what}: {endpoint} does not answer as a hub does"
    if isinstance(error, LocalEntryNotFoundError) and error.__cause__:
        error = error.__cause__  # the library's message is on its cache, the cause says what failed
    return f"{what} from {endpoint}: {one_line(error)}"
