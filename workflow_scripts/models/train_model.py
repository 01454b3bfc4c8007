"""Train a small BERT on the training words of treebanks -> a Hugging Face folder."""

import argparse
import logging
from pathlib import Path

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.progress import progress
from workflow_scripts.command.seeds import generator
from workflow_scripts.command.threads import use_threads
from workflow_scripts.files.artifact import whole_file
from workflow_scripts.files.words import sentences
from workflow_scripts.models.made_tokenizer import MASK
from workflow_scripts.models.training import (
    MAX_SUBTOKENS,
    TrainingPlan,
    train_model,
    train_tokenizer,
)

log = logging.getLogger("train_model")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--words", type=Path, nargs="+", required=True, help="words files")
    for option in ("layers", "width", "heads", "vocabulary", "epochs", "seed"):
        parser.add_argument(f"--{option}", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder to write")
    return parser


def main(options: argparse.Namespace) -> None:
    if options.width % options.heads:
        raise InputError(f"--width: {options.width} is not a multiple of --heads {options.heads}")
    use_threads(1)  # the weights depend on their number
    words = [s.columns["form"] for path in options.words for s in sentences(path, ["form"])]
    tokenizer = train_tokenizer(words, options.vocabulary)
    read = tokenizer(words, is_split_into_words=True, verbose=False)["input_ids"]
    fits = [np.asarray(ids, np.int64) for ids in read if len(ids) <= MAX_SUBTOKENS]
    known = [ids for ids in fits if (ids > MASK).any()]
    log.info(
        "%d sentences; left out are %d that are too long, and %d without a known subtoken",
        len(known),
        len(read) - len(fits),
        len(fits) - len(known),
    )
    if not known:
        raise InputError(
            f"train: of {len(read)} sentences of training words {len(read) - len(fits)} have more "
            f"than {MAX_SUBTOKENS} subtokens, and no other has a known one: there is nothing to "
            "train on"
        )
    plan = TrainingPlan(options.layers, options.width, options.heads, options.epochs)
    stream = generator(options.seed, "train_model")
    steps = plan.epochs * -(-len(known) // plan.batch)
    with progress(steps, f"{len(known)} sentences", "batches") as bar:
        recent: list[float] = []

        def report(loss: float) -> None:
            recent.append(loss)
            bar.update()
            if len(recent) == 50:
                bar.set_postfix(loss=f"{np.mean(recent):.3f}")
                recent.clear()

        model = train_model(known, len(tokenizer), plan, stream, report)
    with whole_file(options.model, options.made_by) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    run(arguments(), main)
