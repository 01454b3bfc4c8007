"""Write a small treebank from one of the project's own grammars: three CoNLL-U files.

The sentences, no two alike, go to train, dev and test by their shares, in the order in which they
are generated. The same grammar, number of sentences, shares and seed give the same bytes.
"""

import argparse
import itertools
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load, names
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import whole_file
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.treebanks.grammars.sentence_trees import Row, text_of

log = logging.getLogger("generate_treebank")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--grammar", required=True, help=", ".join(names("grammars")))
    parser.add_argument("--sentences", type=int, default=4000, help="in all splits together")
    parser.add_argument(
        "--shares",
        type=float,
        nargs=3,
        default=(0.6, 0.15, 0.25),
        metavar=("TRAIN", "DEV", "TEST"),
        help="what part of the sentences each split gets (default: 0.6 0.15 0.25)",
    )
    parser.add_argument("--seed", type=int, default=1, help="equal seeds give equal files")
    for split in SPLITS:
        parser.add_argument(f"--{split}", type=Path, required=True, help="CoNLL-U file to write")
    return parser


def main(options: argparse.Namespace) -> None:
    sizes = split_sizes(options.sentences, options.shares)
    stream = generator(options.seed, "grammar", options.grammar)
    sentences = load("grammars", options.grammar).generate(options.sentences, stream)
    for split, size in zip(SPLITS, sizes, strict=True):
        blocks = conllu_blocks(itertools.islice(sentences, size), f"{options.grammar}-{split}")
        target = getattr(options, split)
        with (
            whole_file(target, options.made_by) as part,
            part.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.writelines(blocks)
        log.info("%s: %d sentences", split, size)


def split_sizes(n_sentences: int, shares: Iterable[float]) -> list[int]:
    """Return how many of the sentences each split gets; the sizes add up to all of them."""
    parts = list(shares)
    if min(parts) <= 0:
        raise InputError(f"every split needs a share above 0, not {parts}")
    ends = [round(n_sentences * end / sum(parts)) for end in itertools.accumulate(parts)]
    sizes = [end - start for start, end in itertools.pairwise([0, *ends])]
    if min(sizes) < 1:
        raise InputError(f"{n_sentences} sentences are too few for shares {parts}")
    return sizes


def conllu_blocks(sentences: Iterable[list[Row]], name: str) -> Iterator[str]:
    """Yield each sentence as CoNLL-U text, with `name` in its sent_id."""
    for i, rows in enumerate(sentences, start=1):
        lines = [f"# sent_id = {name}-{i:05d}", f"# text = {text_of(rows)}"]
        lines += ["\t".join(row) for row in rows]
        yield "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    run(arguments(), main)
