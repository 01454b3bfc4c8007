"""Cache states: what every intervention on a model and treebank starts from.

One pass over the test sentences gives the hidden states of every subtoken at each layer, and the
model's own reconstruction (k = 0), so that no intervention runs the layers below it, and none
runs the model unchanged.
"""

import argparse
import logging
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa

from workflow_scripts.command_line import run
from workflow_scripts.files import states as states_file
from workflow_scripts.files.artifact import ParquetFile, made_by, open_parquet
from workflow_scripts.files.words import sentences
from workflow_scripts.models.batching import (
    SUBTOKENS_AT_ONCE,
    WORDS_AT_ONCE,
    by_length,
    in_memory,
    resolve_device,
    windows,
)
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import NO_WORD, Reader, Subtokens
from workflow_scripts.progress import progress
from workflow_scripts.threads import use_threads

log = logging.getLogger("cache_states")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    parser.add_argument("--words-test", type=Path, required=True, help="words file")
    parser.add_argument("--layers", type=int, nargs="+", required=True)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--threads", type=int, default=1)
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
    n_words = open_parquet(options.words_test).metadata.num_rows
    with ExitStack() as stack:
        subtokens = stack.enter_context(
            ParquetFile(options.subtokens, states_file.SUBTOKENS, made_by("cache_states"))
        )
        files: dict[int, ParquetFile] = {}
        bar = stack.enter_context(progress(n_words, "test", "words"))
        for window in windows(
            sentences(options.words_test, ["form"]),
            lambda sentence: len(sentence.columns["form"]),
            WORDS_AT_ONCE,
        ):
            forms = [sentence.columns["form"] for sentence in window]
            read = [
                (sentence.number, subtokens_of)
                for sentence, subtokens_of in zip(window, reader.read(forms), strict=True)
                if len(subtokens_of.ids) <= model.max_subtokens
            ]
            if read:
                predicted, states = _window([s for _, s in read], model, options.layers)
                subtokens.write(_rows(read, predicted))
                for layer, x in states.items():
                    if layer not in files:
                        files[layer] = stack.enter_context(
                            ParquetFile(
                                Path(options.states.format(layer=layer)),
                                states_file.schema(x.shape[1]),
                                made_by("cache_states", layer=layer),
                                compression="none",
                                use_dictionary=False,
                            )
                        )
                    files[layer].write(states_file.table(x))
            bar.update(sum(map(len, forms)))


def _window(
    read: list[Subtokens], model: MaskedLM, layers: list[int]
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Return predicted ids (s,) and states {layer: (s, d)} of all subtokens, in corpus order."""
    predicted: dict[int, np.ndarray] = {}
    states: dict[int, dict[int, np.ndarray]] = {layer: {} for layer in layers}

    def compute(rows: np.ndarray) -> None:
        batch = model.batch([read[i] for i in rows])
        found = model.lower(batch, sorted({*layers, model.n_layers}))
        for row, index in enumerate(rows):
            length = len(read[index].ids)
            for layer in layers:
                states[layer][index] = found[layer][row, :length].cpu().numpy()
            of_words = read[index].words != NO_WORD
            ids = read[index].ids.copy()
            last = found[model.n_layers][row, :length][np.flatnonzero(of_words)]
            ids[of_words] = model.predict(last).cpu().numpy()
            predicted[index] = ids

    for rows in by_length([len(s.ids) for s in read], SUBTOKENS_AT_ONCE):
        in_memory(rows, compute, model.device)
    order = range(len(read))
    return (
        np.concatenate([predicted[i] for i in order]),
        {layer: np.concatenate([states[layer][i] for i in order]) for layer in layers},
    )


def _rows(read: list[tuple[int, Subtokens]], predicted: np.ndarray) -> pa.Table:
    columns = [
        np.concatenate([np.full(len(s.ids), number) for number, s in read]),
        np.concatenate([s.words for _, s in read]),
        np.concatenate([s.ids for _, s in read]),
        predicted,
    ]
    return pa.Table.from_arrays(
        [pa.array(column, pa.int32()) for column in columns], schema=states_file.SUBTOKENS
    )


if __name__ == "__main__":
    run(arguments(), main)
