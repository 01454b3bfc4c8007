"""Extraction: every word of a treebank, all layers, to Parquet.

Plain form: one sentence at a time, its states averaged word by word. Limit: the matrix products of
the encoder for the subtokens there are, without padding, at the float32 rate.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from benchmarks import inputs
from benchmarks.machine import THREADS, machine
from benchmarks.measuring import Measured, in_turns, run
from tests.support.commands import call
from tests.support.formulas_models import plain_model, plain_tokenizer, word_vectors
from tests.support.small_tokenizers import word_piece_tokenizer
from tests.support.treebank_files import words_of
from workflow_scripts.activations import extract_activations
from workflow_scripts.files.activations import vectors
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.words import sentences
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader


def model(quick: bool) -> Path:
    """The folder of the real model, or of a random one: of its shape, or small."""
    if inputs.is_real() and not quick:
        return inputs.MODEL
    layers, width = (2, 32) if quick else (6, 384)
    return small_model(layers, width, inputs.treebank(quick))


def small_model(layers: int, width: int, words: Path) -> Path:
    """The folder of a random BERT with a vocabulary of the treebank's forms."""
    folder = inputs.folder() / f"bert-{layers}-{width}"
    if not folder.is_dir():
        forms = read_parquet(words / "train.parquet", ["form"]).column("form")
        tokenizer = word_piece_tokenizer(forms.to_pylist())
        config = AutoConfig.for_model(
            "bert",
            vocab_size=len(tokenizer),
            num_hidden_layers=layers,
            hidden_size=width,
            num_attention_heads=max(2, width // 32),
            intermediate_size=4 * width,
        )
        torch.manual_seed(0)
        AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def products(folder: Path, layers: int) -> float:
    """Return the FLOP of the matrix products of one subtoken in so many layers."""
    layer = MaskedLM(folder)._running.layers[0]  # pyright: ignore[reportAttributeAccessIssue]
    weights = sum(m.weight.numel() for m in layer.modules() if isinstance(m, torch.nn.Linear))
    return 2.0 * weights * layers


def measure(quick: bool) -> Iterator[Measured]:
    folder, words = model(quick), inputs.treebank(quick)
    layers = list(range(MaskedLM(folder).n_layers + 1))
    out = f"{inputs.folder()}/every-layer/{{layer}}-{{split}}.parquet"
    forms = [s.columns["form"] for s in sentences(words / "test.parquet", ["form"])]
    every = sum(
        len(read.ids)
        for split in SPLITS
        for read in Reader(folder).read(
            [s.columns["form"] for s in sentences(words / f"{split}.parquet", ["form"])]
        )
    )
    share = 1 if quick else 8  # of the test sentences
    some = forms[::share]
    subtokens = sum(len(read.ids) for read in Reader(folder).read(some))
    plain, tokenizer = plain_model(folder), plain_tokenizer(folder)
    found: list[dict] = []

    def slow() -> None:
        torch.set_num_threads(THREADS)
        found[:] = [word_vectors(plain, tokenizer, sentence, layers) for sentence in some]

    def fast() -> None:
        call(
            extract_activations,
            model=folder,
            **words_of(words),
            layers=layers,
            activations=out,
            threads=THREADS,
        )

    taken, ours = in_turns(slow, fast, runs=1)
    _check(found, forms, share, layers, out)
    yield Measured(
        kernel="extraction, all layers",
        size=f"{folder.name}, {every:,} subtokens",
        plain=taken * every / subtokens,
        plain_note=f"ran on 1 test sentence in {share}",
        ours=ours,
        limit=every * products(folder, len(layers) - 1) / machine().float32,
        limit_note="the encoder's matrix products at the float32 rate",
    )


def _check(
    found: list[dict], forms: list[list[str]], share: int, layers: list[int], out: str
) -> None:
    """Compare what both forms gave: at most 1e-5 of a vector's length apart."""
    for layer in layers:
        rows = read_parquet(Path(out.format(layer=layer, split="test")))
        x = vectors(rows.column("activation"))
        keys = zip(*(rows.column(name).to_pylist() for name in ("sentence", "word")), strict=True)
        place = {key: i for i, key in enumerate(keys)}
        for number, vectors_of in zip(range(0, len(forms), share), found, strict=True):
            for word, h in vectors_of[layer].items():
                off = np.linalg.norm(x[place[number, word]] - h.numpy()) / np.linalg.norm(h)
                if off > 1e-5:
                    raise AssertionError(f"sentence {number}, word {word}: off by {off}")


if __name__ == "__main__":
    run(measure, __doc__)
