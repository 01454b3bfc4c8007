"""Extract activations: words files and a model -> one Parquet file for each layer and split.

One forward pass serves all layers. Sentences of like length are read together, and written in
corpus order, a bounded number of words at a time.
"""

import argparse
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from workflow_scripts.command_line import run
from workflow_scripts.files import activations as activation_file
from workflow_scripts.files.artifact import ParquetFile, made_by, open_parquet
from workflow_scripts.files.words import Sentence, sentences
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.batching import (
    SUBTOKENS_AT_ONCE,
    WORDS_AT_ONCE,
    by_length,
    in_memory,
    resolve_device,
    windows,
)
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader, Subtokens
from workflow_scripts.models.word_means import word_means, word_spans
from workflow_scripts.progress import progress
from workflow_scripts.threads import use_threads

log = logging.getLogger("extract_activations")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    for split in SPLITS:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="words file")
    parser.add_argument("--layers", type=int, nargs="+", required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--activations",
        required=True,
        help="Parquet files to write, with {layer} and {split} in the name",
    )
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    model = MaskedLM(options.model, resolve_device(options.device))
    model.require_layers(options.layers)
    reader = Reader(options.model)
    for split in SPLITS:
        words = getattr(options, f"words_{split}")
        left_out = {"sentences too long": 0, "words without a subtoken": 0}
        with ExitStack() as stack:
            files = {}
            for sentence, word, x in activations(words, reader, model, options.layers, left_out):
                for layer in options.layers:
                    if layer not in files:
                        path = options.activations.format(layer=layer, split=split)
                        files[layer] = stack.enter_context(
                            ParquetFile(
                                Path(path),
                                activation_file.schema(x[layer].shape[1]),
                                made_by("extract_activations", layer=layer, split=split),
                                compression="none",
                                use_dictionary=False,
                            )
                        )
                    files[layer].write(activation_file.table(sentence, word, x[layer]))
        for what, count in left_out.items():
            log.info("%s: %d %s, left out", split, count, what)


def activations(
    words: Path, reader: Reader, model: MaskedLM, layers: list[int], left_out: dict[str, int]
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]]:
    """Yield blocks of (sentence (n,), word (n,), {layer: (n, d) float32}) in corpus order.

    `left_out` counts what has no vector.
    """
    n_words = open_parquet(words).metadata.num_rows
    with progress(n_words, words.stem, "words") as bar:
        for window in windows(
            sentences(words, ["form"]), lambda s: len(s.columns["form"]), WORDS_AT_ONCE
        ):
            forms = [sentence.columns["form"] for sentence in window]
            read = reader.read(forms)
            fits = [i for i, s in enumerate(read) if len(s.ids) <= model.max_subtokens]
            left_out["sentences too long"] += len(window) - len(fits)
            if fits:
                yield _window(
                    [window[i] for i in fits], [read[i] for i in fits], model, layers, left_out
                )
            bar.update(sum(map(len, forms)))


def _window(
    window: list[Sentence],
    read: list[Subtokens],
    model: MaskedLM,
    layers: list[int],
    left_out: dict[str, int],
) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    found: dict[int, tuple[np.ndarray, dict[int, np.ndarray]]] = {}

    def extract(rows: np.ndarray) -> None:
        batch = model.batch([read[i] for i in rows])
        states = model.lower(batch, layers)
        row, word, first, count = word_spans([read[i] for i in rows], batch.ids.shape[1])
        means = {layer: word_means(states[layer], first, count).cpu().numpy() for layer in layers}
        for i, index in enumerate(rows):
            mine = row == i
            found[index] = word[mine], {layer: means[layer][mine] for layer in layers}

    for rows in by_length([len(s.ids) for s in read], SUBTOKENS_AT_ONCE):
        in_memory(rows, extract, model.device)

    for index, sentence in enumerate(window):
        missing = len(sentence.columns["form"]) - len(found[index][0])
        left_out["words without a subtoken"] += missing
    order = range(len(window))
    return (
        np.concatenate([np.full(len(found[i][0]), window[i].number) for i in order]),
        np.concatenate([found[i][0] for i in order]),
        {layer: np.concatenate([found[i][1][layer] for i in order]) for layer in layers},
    )


if __name__ == "__main__":
    run(arguments(), main)
