"""Extract activations: words files and a model -> one Parquet file for each layer and split.

One forward pass serves all layers. Sentences of like length are read together, and written in
corpus order, a bounded number of words at a time.
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import torch

from workflow_scripts.command.beside import behind
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files import activations as activation_file
from workflow_scripts.files.artifact import ParquetFile, made_by
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.batching import Batches
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.treebank_pass import n_words_of, read_through
from workflow_scripts.models.word_means import word_means, word_spans


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    for split in SPLITS:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="words file")
    parser.add_argument("--layers", type=int, nargs="+", required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    add_threads(parser)
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
    metadata = made_by("extract_activations", options.made_by)
    for split in SPLITS:
        with ExitStack() as stack:
            write = {}
            for layer in options.layers:
                file = stack.enter_context(
                    ParquetFile(
                        Path(options.activations.format(layer=layer, split=split)),
                        activation_file.schema(model.width),
                        metadata,
                        compression="none",
                        use_dictionary=False,
                    )
                )
                # Writing takes longer than a GPU takes to compute: a thread for each layer.
                write[layer] = stack.enter_context(behind(partial(_write, file)))
            words = getattr(options, f"words_{split}")
            for sentence, word, x in activations(words, reader, model, options.layers):
                for layer, later in write.items():
                    later(sentence, word, x[layer])


def _write(file: ParquetFile, sentence: np.ndarray, word: np.ndarray, x: torch.Tensor) -> None:
    file.write(activation_file.table(sentence, word, x.cpu().numpy()))


def activations(
    words: Path, reader: Reader, model: MaskedLM, layers: list[int]
) -> Iterator[tuple[np.ndarray, np.ndarray, dict[int, torch.Tensor]]]:
    """Yield blocks of (sentence (n,), word (n,), {layer: (n, d) float32}) in corpus order.

    The vectors are on the model's device.
    """
    batches = Batches(model.device)
    for window, read in read_through(words, reader, model):
        n_words = np.array([n_words_of(sentence) for sentence in read])
        number = np.repeat([sentence.number for sentence in window], n_words)
        word, x = _window(read, n_words, model, layers, batches)
        yield number, word, x


def _window(
    read: list[Subtokens],
    n_words: np.ndarray,
    model: MaskedLM,
    layers: list[int],
    batches: Batches,
) -> tuple[np.ndarray, dict[int, torch.Tensor]]:
    """Return (word (n,), {layer: (n, d) float32}) of sentences with so many words each."""
    ends = np.cumsum(n_words)
    words = np.empty(ends[-1], np.int64)
    x = {layer: torch.empty(len(words), model.width, device=model.device) for layer in layers}

    def extract(rows: np.ndarray) -> None:
        batch = model.batch([read[i] for i in rows])
        states = model.lower(batch, layers)
        _, word, first, count = word_spans([read[i] for i in rows], batch.ids.shape[1])
        places = np.concatenate([np.arange(ends[i] - n_words[i], ends[i]) for i in rows])  # pyright: ignore[reportArgumentType, reportCallIssue]
        words[places] = word
        to = torch.from_numpy(places).to(model.device)
        for layer in layers:
            x[layer][to] = word_means(states[layer], first, count)

    batches.each([len(s.ids) for s in read], extract)
    return words, x


if __name__ == "__main__":
    run(arguments(), main)
