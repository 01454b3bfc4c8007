"""Download a masked language model from a hub -> a Hugging Face folder, for jobs without internet.

One of the two commands that download; the other is fetch_treebank. Configuration, tokenizer and
safetensors weights, nothing else. A folder that holds them already needs no network.
"""

import argparse
import logging
import os
from pathlib import Path

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.download import Patience, add_patience_options, web_address
from workflow_scripts.files.origin import sign

log = logging.getLogger("fetch_model")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument(
        "--hub", required=True, help="such as google-bert/bert-base-multilingual-cased"
    )
    parser.add_argument(
        "--revision", help="the commit (40 digits); without it the latest, and a line that pins it"
    )
    parser.add_argument(
        "--endpoint",
        type=web_address,
        default="https://huggingface.co",
        help="the hub, or a mirror of it (%(default)s)",
    )
    parser.add_argument(
        "--lm-head", action="store_true", help="refuse a model without one: interventions need it"
    )
    parser.add_argument("--model", type=Path, required=True, help="folder to write")
    add_patience_options(parser)
    return parser


def main(options: argparse.Namespace) -> None:
    # Read once, when huggingface_hub is imported. The package keeps every other job off the hub.
    os.environ["HF_HUB_OFFLINE"] = "0"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_ENDPOINT"] = options.endpoint
    from workflow_scripts.models.hub import COMMIT, fetch, fetched, look_up

    commit = fetched(options.model, options.hub, options.revision)
    if commit:
        log.info("%s is here already: %s at %s", options.model, options.hub, commit)
    else:
        patience = Patience(options.attempts, options.stall)
        repository = look_up(options.hub, options.revision, options.endpoint, patience)
        fetch(repository, options.model, patience, options.lm_head)
        commit = repository.commit
    sign(options.model, options.model, options.made_by)
    if not COMMIT.fullmatch(options.revision or ""):
        named = f"{options.hub} at {options.revision}" if options.revision else options.hub
        log.warning("%s is not pinned and moves on; to keep this commit, configure it as", named)
        # In quotes, or YAML reads a commit such as 12e4… as a number.
        print(f'{{hub: {options.hub}, revision: "{commit}"}}', flush=True)


if __name__ == "__main__":
    run(arguments(), main)
