"""Cache states: what every intervention on a model and treebank starts from.

One pass over the sentences of a split gives the hidden states of every subtoken at each layer, and
the model's own reconstruction (k = 0), so that no intervention runs the layers below it, and none
runs the model unchanged.
"""

import argparse
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files import states as states_file
from workflow_scripts.files.artifact import ParquetFile, made_by
from workflow_scripts.files.words import Sentence
from workflow_scripts.kernels.subtokens import NO_WORD, Subtokens
from workflow_scripts.models.batching import Batches
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.treebank_pass import read_through


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    parser.add_argument("--words", type=Path, required=True, help="words file")
    parser.add_argument("--layers", type=int, nargs="+", required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    add_threads(parser)
    parser.add_argument("--subtokens", type=Path, required=True, help="Parquet to write")
    parser.add_argument(
        "--states", required=True, help="Parquet files to write, with {layer} in the name"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    model = MaskedLM(options.model, resolve_device(options.device))
    model.require_lm_head()
    model.require_layers(options.layers)
    reader = Reader(options.model)
    metadata = made_by("cache_states", options.made_by)
    with ExitStack() as stack:
        subtokens = stack.enter_context(
            ParquetFile(options.subtokens, states_file.SUBTOKENS, metadata)
        )
        files = {
            layer: stack.enter_context(
                ParquetFile(
                    Path(options.states.format(layer=layer)),
                    states_file.schema(model.width),
                    metadata,
                    compression="none",
                    use_dictionary=False,
                )
            )
            for layer in options.layers
        }
        batches = Batches(model.device)
        for window, read in read_through(options.words, reader, model):
            predicted, states = _window(read, model, options.layers, batches)
            subtokens.write(_rows(window, read, predicted))
            for layer, file in files.items():
                file.write(states_file.table(states[layer]))


def _window(
    read: list[Subtokens], model: MaskedLM, layers: list[int], batches: Batches
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Return predicted ids (s,) and states {layer: (s, d)} of all subtokens, in corpus order."""
    lengths = [len(sentence.ids) for sentence in read]
    starts = np.cumsum(lengths) - lengths
    predicted = np.concatenate([sentence.ids for sentence in read])
    states = {layer: np.empty((len(predicted), model.width), np.float32) for layer in layers}

    def compute(rows: np.ndarray) -> None:
        batch = model.batch([read[i] for i in rows])
        found = model.lower(batch, sorted({*layers, model.n_layers}))
        of_words = [np.flatnonzero(read[i].words != NO_WORD) for i in rows]
        places = np.concatenate([p + row * batch.ids.shape[1] for row, p in enumerate(of_words)])
        last = found[model.n_layers].flatten(0, 1)[torch.from_numpy(places).to(model.device)]
        to = np.concatenate([p + starts[i] for i, p in zip(rows, of_words, strict=True)])
        predicted[to] = model.predict(last).cpu().numpy()  # pyright: ignore[reportArgumentType, reportCallIssue]
        for layer in layers:
            on_host = found[layer].cpu().numpy()
            for row, i in enumerate(rows):
                states[layer][starts[i] : starts[i] + lengths[i]] = on_host[row, : lengths[i]]

    batches.each(lengths, compute)
    return predicted, states


def _rows(window: list[Sentence], read: list[Subtokens], predicted: np.ndarray) -> pa.Table:
    columns = [
        np.repeat([sentence.number for sentence in window], [len(s.ids) for s in read]),
        np.concatenate([s.words for s in read]),
        np.concatenate([s.ids for s in read]),
        predicted,
    ]
    return pa.Table.from_arrays(
        [pa.array(column, pa.int32()) for column in columns], schema=states_file.SUBTOKENS
    )


if __name__ == "__main__":
    run(arguments(), main)
