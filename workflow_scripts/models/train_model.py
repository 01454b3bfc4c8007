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
from workflow_scripts.models.training import (
    MASK,
    MAX_SUBTOKENS,
    TrainingPlan,
    n_batches,
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
    use_threads(1)  # the weights depend on their number
    words = [s.columns["form"] for path in options.words for s in sentences(path, ["form"])]
    tokenizer = train_tokenizer(words, options.vocabulary)
    read = tokenizer(words, is_split_into_words=True, verbose=False)["input_ids"]
    fits = [np.asarray(ids, np.int64) for ids in read if len(ids) <= MAX_SUBTOKENS]
    log.info("%d sentences, %d too long and left out", len(fits), len(read) - len(fits))
    fits = [ids for ids in fits if (ids > MASK).any()]
    if not fits:
        raise InputError(
            f"train: the training words have no sentence of at most {MAX_SUBTOKENS} subtokens"
        )
    plan = TrainingPlan(
        options.layers, options.width, options.heads, options.vocabulary, options.epochs
    )
    stream = generator(options.seed, "train_model")
    with progress(n_batches(fits, plan), f"{len(fits)} sentences", "batches") as bar:
        recent: list[float] = []

        def report(loss: float) -> None:
            recent.append(loss)
            bar.update()
            if len(recent) == 50:
                bar.set_postfix(loss=f"{np.mean(recent):.3f}")
                recent.clear()

        model = train_model(fits, len(tokenizer), plan, stream, report)
    with whole_file(options.model, options.made_by) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    run(arguments(), main)
