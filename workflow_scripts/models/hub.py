"""The hub: a model's configuration, tokenizer and safetensors weights at one commit -> a folder.

Nothing else of the repository is asked for: no pickle, no code. The folder also says, in
`source.json`, which model at which commit it is, with the hash of every file.

`huggingface_hub` knows addresses, token and errors of a hub. The files come by `files/download.py`:
the library's own downloads begin anew after a kill, and its log has the addresses, with signatures,
that a hub redirects to. It reads its environment when it is imported, so a command sets that before
it imports this module.
"""

import json
import logging
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import ModelInfo, hf_hub_url
from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, http_backoff

from workflow_scripts import InputError
from workflow_scripts.files.artifact import RECORD, put_in_place
from workflow_scripts.files.download import (
    DownloadError,
    Patience,
    alone,
    download,
    is_here,
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
_OUTSIDE = re.compile(r"^/|\\|(^|/)\.\.(/|$)|[\0-\x1f]")


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
    at = f"/revision/{quote(revision, safe='')}" if revision else ""
    try:
        # As HfApi.model_info asks, which asks once.
        answer = http_backoff(
            "GET",
            f"{endpoint}/api/models/{hub}{at}",
            params={"blobs": True},
            headers=build_hf_headers(),
            timeout=patience.stall,
            max_retries=patience.attempts - 1,
            base_wait_time=patience.wait,
        )
        hf_raise_for_status(answer)
        found = ModelInfo(**answer.json())
        commit = str(found.sha)
        files = {
            str(file.rfilename): file.lfs.sha256 if file.lfs else file.blob_id
            for file in found.siblings or ()
        }
    except HTTPError as error:
        raise DownloadError(f"{hub}: {one_line(error)}{_token(error, endpoint)}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # no JSON, or of other shape
        raise DownloadError(f"{hub}: {endpoint} does not answer as a hub does") from error
    if not COMMIT.fullmatch(commit):
        raise DownloadError(f"{hub}: {endpoint} does not say which commit it has")
    if revision and COMMIT.fullmatch(revision) and commit != revision:
        raise DownloadError(f"{hub}: asked {endpoint} for {revision}, it answers with {commit}")
    for name in filter(_OUTSIDE.search, files):
        raise DownloadError(f"{hub}: lists {name!r}, a name outside of its folder; refused")
    return Repository(hub, endpoint, revision, commit, files)


def _token(error: BaseException | None, endpoint: str) -> str:
    """Return what helps where the hub itself, not where it redirects to, refuses an answer."""
    answer = getattr(error, "response", None)
    refused = answer is not None and answer.status_code in (401, 403)
    if not refused or not str(answer.url).startswith(f"{endpoint}/"):
        return ""
    return "; it may need a token (HF_TOKEN) of an account that may read it"


def needed(names: Collection[str]) -> list[str]:
    """Return which files of a repository make a model, in order of name.

    Raises DownloadError where a configuration, a tokenizer or safetensors weights are missing.
    """
    weights = {WEIGHTS} if WEIGHTS in names else {INDEX, *filter(SHARD.fullmatch, names)}
    if not weights <= set(names):
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
    return sorted(weights | {CONFIGURATION} | TOKENIZERS & set(names))


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
    return commit if same and all(is_here(folder / name, files[name]) for name in files) else None


def fetch(repository: Repository, folder: Path, patience: Patience, lm_head: bool = False) -> None:
    """Write a model's files and their record as a folder, whole or not at all.

    Raises InputError, naming the model, where it is no masked language model, or, with `lm_head`,
    one without an LM head; DownloadError, naming model and file, where one cannot be had or has
    another hash than the hub lists. What has come stays in `.NAME.part` beside the folder, for the
    next fetch to go on from.
    """
    try:
        names = needed(repository.files)
    except DownloadError as error:
        raise DownloadError(
            f"{repository.hub} at {repository.commit} ({repository.endpoint}): {error}"
        ) from error
    part = folder.with_name(f".{folder.name}.part")
    with alone(folder):
        if fetched(folder, repository.hub, repository.revision) == repository.commit:
            return  # by another process meanwhile
        if part.is_symlink():  # written to, it would be a folder elsewhere
            part.unlink()
        part.mkdir(exist_ok=True)
        try:
            for name in names:
                _fetch_file(repository, name, part / name, patience)
        finally:
            with suppress(OSError):
                part.rmdir()  # where nothing came
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
    hub, endpoint, expected = repository.hub, repository.endpoint, repository.files[name]
    if expected is None:
        log.warning("%s lists no hash of %s: not checked", endpoint, name)
    url = hf_hub_url(hub, name, revision=repository.commit, endpoint=endpoint)
    try:
        # A token goes to the hub alone, not to where it redirects.
        download(url, path, expected, patience, build_hf_headers())
    except DownloadError as error:
        token = _token(error.__cause__, endpoint)
        raise DownloadError(f"{hub}/{name}: {error}{token}") from error
