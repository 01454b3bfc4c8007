"""The hub: a model's configuration, tokenizer and safetensors weights at one commit -> a folder.

Nothing else of the repository is asked for: no pickle, no code. The folder also says, in
`source.json`, which model at which commit it is, with the hash of every file.

`huggingface_hub` reads its environment when it is imported, so a command sets it before it imports
this room.
"""

import json
import logging
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils import build_hf_headers

from workflow_scripts import InputError
from workflow_scripts.files.artifact import RECORD, put_in_place
from workflow_scripts.files.download import (
    DownloadError,
    Patience,
    WrongBytesError,
    alone,
    attempts,
    download,
    hash_like,
    one_line,
)
from workflow_scripts.files.lm_head import require_lm_head, require_masked_lm
from workflow_scripts.files.model_folder import (
    CONFIGURATION,
    INDEX,
    TOKENIZER,
    TOKENIZER_SETTINGS,
    VOCABULARIES,
    WEIGHTS,
)

log = logging.getLogger("hub")

TOKENIZERS = frozenset({TOKENIZER, *TOKENIZER_SETTINGS, *VOCABULARIES})
SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Repository:
    """A model on a hub, at one commit."""

    hub: str
    endpoint: str
    revision: str | None
    """As it was asked for: a commit, a name that moves, or none."""
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
        commit, files = _said(found)
    except (HTTPError, OSError, ValueError) as error:  # ValueError: a bad name, or no JSON
        raise DownloadError(_reason(hub, revision, endpoint, error)) from error
    except (AttributeError, KeyError, TypeError) as error:  # JSON of another shape
        raise DownloadError(f"{hub}: {endpoint} does not answer as a hub does") from error
    if not COMMIT.fullmatch(commit):
        raise DownloadError(f"{hub}: {endpoint} does not say which commit it has")
    if revision and COMMIT.fullmatch(revision) and commit != revision:
        raise DownloadError(f"{hub}: asked {endpoint} for {revision}, it answers with {commit}")
    for name in files:
        if (
            name.startswith("/")
            or "\\" in name
            or ".." in name.split("/")
            or any(letter < " " for letter in name)
        ):
            raise DownloadError(f"{hub}: lists {name!r}, a name outside of its folder; refused")
    return Repository(hub, endpoint, revision, commit, files)


def _said(found: ModelInfo) -> tuple[str, dict[str, str | None]]:
    """Return the commit, and the hashes by file name, that a hub's answer has."""
    files = {
        str(file.rfilename): file.lfs.sha256 if file.lfs else file.blob_id
        for file in found.siblings or ()
    }
    return str(found.sha), files


def needed(names: Collection[str]) -> list[str]:
    """Return which files of a repository make a model, in order of name.

    Raises DownloadError where a configuration, a tokenizer or safetensors weights are missing.
    """
    chosen = {CONFIGURATION, *TOKENIZERS} & set(names)
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
    if TOKENIZERS.isdisjoint(names):
        raise DownloadError("no tokenizer")
    return sorted(chosen)


def fetched(folder: Path, hub: str, revision: str | None) -> str | None:
    """Return the commit of a folder that holds all of a model, as an earlier fetch recorded it.

    None where it is not there, or of another model or revision, or changed since.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    match record:
        case {"hub": str(name), "revision": asked, "commit": str(commit), "files": dict(files)}:
            same = name == hub and revision in (asked, commit)
        case _:
            return None
    return commit if same and all(_has(folder / name, files[name]) for name in files) else None


def _has(path: Path, expected: str | None) -> bool:
    return path.is_file() and (expected is None or hash_like(expected, path) == expected)


def fetch(repository: Repository, folder: Path, patience: Patience, lm_head: bool = False) -> None:
    """Write a model's files and their record as a folder, whole or not at all.

    Raises InputError, naming the model, where it is no masked language model, or, with `lm_head`,
    one without an LM head; DownloadError, naming model and file, where one cannot be had or has
    another hash than the hub lists. What has come stays in `.NAME.part` beside the folder, for the
    next fetch to go on from; of a model with wrong bytes nothing stays.
    """
    try:
        names = needed(repository.files)
    except DownloadError as error:
        raise DownloadError(
            f"{repository.hub} at {repository.commit} ({repository.endpoint}): {error}"
        ) from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.part")
    with alone(folder.with_name(f".{folder.name}.lock")):
        if fetched(folder, repository.hub, repository.revision) == repository.commit:
            return  # by another process meanwhile
        if part.is_symlink():  # written to, it would be a folder elsewhere
            part.unlink()
        part.mkdir(exist_ok=True)
        try:
            for name in names:
                _fetch_file(repository, name, part / name, patience)
        except WrongBytesError:
            shutil.rmtree(part)
            raise
        except DownloadError:
            if not any(part.iterdir()):
                part.rmdir()
            raise
        for path in part.iterdir():
            if path.name not in names:  # of another commit, by a run that did not end
                path.unlink()
        try:
            require_masked_lm(part)
            if lm_head:
                require_lm_head(part)
        except InputError as error:
            raise InputError(str(error).replace(str(part), repository.hub)) from error
        record = {
            "hub": repository.hub,
            "revision": repository.revision,
            "commit": repository.commit,
            "files": {name: repository.files[name] for name in names},
        }
        (part / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        put_in_place(part, folder)


def _fetch_file(repository: Repository, name: str, path: Path, patience: Patience) -> None:
    """Download one file of a model, checked against the hash that the hub lists."""
    expected = repository.files[name]
    if expected is None:
        log.warning("%s lists no hash of %s: not checked", repository.endpoint, name)
    url = f"{repository.endpoint}/{repository.hub}/resolve/{repository.commit}/{name}"
    try:
        # A token goes to the hub alone, not to where it redirects.
        download(url, path, expected, patience, build_hf_headers())
    except DownloadError as error:
        answer = getattr(error.__cause__, "response", None)
        gated = (
            answer is not None
            and answer.status_code in (401, 403)
            and answer.url.startswith(f"{repository.endpoint}/")  # not what it redirects to
        )
        reason = _GATED.format(repository.endpoint) if gated else error
        raise type(error)(f"{repository.hub}/{name}: {reason}") from error


_GATED = "{} asks for a token (HF_TOKEN) of an account that may read it"


def _reason(what: str, revision: str | None, endpoint: str, error: BaseException) -> str:
    """Return one line on why a hub did not give something."""
    if isinstance(error, GatedRepoError):
        return f"{what}: {_GATED.format(endpoint)}"
    if isinstance(error, RepositoryNotFoundError):
        return f"{what}: not at {endpoint}, or private (HF_TOKEN)"
    if isinstance(error, RevisionNotFoundError):
        return f"{what}: {endpoint} has no revision {revision}"
    if isinstance(error, json.JSONDecodeError):
        return f"{what}: {endpoint} does not answer as a hub does"
    return f"{what} from {endpoint}: {one_line(error)}"
