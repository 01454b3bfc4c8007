"""Inputs: English-EWT's nouns in a pretrained model where they are at hand, else of that shape.

The real ones are read from `../shared` beside the project: UD English-EWT, and a six-layer BERT
that is 384 wide. Their activations are extracted once for each run of the benchmarks.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.machine import THREADS
from tests.support.commands import call
from tests.support.treebank_files import keep, read, words_of
from workflow_scripts.activations import extract_activations
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS, LabelledWords
from workflow_scripts.treebanks import generate_treebank

SHARED = Path(__file__).resolve().parents[2] / "shared"
MODEL = SHARED / "models" / "minilm-en-mlm"
TREEBANK = SHARED / "treebanks" / "UD_English-EWT"
ATTRIBUTE, LAYER = "Number", 4


@dataclass(frozen=True)
class Words:
    """The labelled words of an attribute, in every split."""

    name: str
    splits: dict[str, LabelledWords]
    n_values: int


def is_real() -> bool:
    """Whether the real treebank and model are at hand."""
    return MODEL.is_dir() and TREEBANK.is_dir()


@cache
def folder() -> Path:
    """A folder for this process, removed at its end."""
    kept = tempfile.TemporaryDirectory(prefix="neuron-pitfalls-benchmarks-")
    _KEPT.append(kept)
    return Path(kept.name)


_KEPT: list[tempfile.TemporaryDirectory] = []


@cache
def treebank(quick: bool) -> Path:
    """A folder with the words files of EWT; where it is not at hand, of generated English."""
    if is_real() and not quick:
        conllu = {s: next(TREEBANK.glob(f"*-ud-{s}.conllu")) for s in SPLITS}
        return read(conllu, folder() / "words")
    conllu = {split: folder() / f"english-ud-{split}.conllu" for split in SPLITS}
    call(generate_treebank, grammar="english", sentences=300 if quick else 16000, **conllu)
    return read(conllu, folder() / "words")


@cache
def words(quick: bool) -> Words:
    """Number in EWT at layer 4 of the model, or normal vectors of that size."""
    if quick or not is_real():
        return drawn(d=40 if quick else 384, n_values=2, quick=quick)
    activations = f"{folder()}/activations/{{layer}}/{{split}}.parquet"
    here = words_of(treebank(quick))
    files = {"layers": [LAYER], "activations": activations, "threads": THREADS}
    call(extract_activations, model=MODEL, **here, **files)
    values = kept_values(keep(treebank(quick), min_types=100))[ATTRIBUTE]
    splits = {
        split: LabelledActivations(
            Path(activations.format(layer=LAYER, split=split)),
            here[f"words_{split}"],
            ATTRIBUTE,
            values,
        ).load()
        for split in SPLITS
    }
    return Words("EWT, Number, layer 4, d = 384", splits, len(values))


@cache
def drawn(d: int, n_values: int, quick: bool) -> Words:
    """Correlated normal vectors; a value moves a part of the neurons, each by another amount."""
    sizes = {"train": 2000, "dev": 300, "test": 300}
    if not quick:
        sizes = {"train": 60000, "dev": 7500, "test": 7500}
    stream = np.random.default_rng(0)
    mixing = np.eye(d) + stream.normal(0, 0.3 / np.sqrt(d), (d, d))
    moved = stream.normal(0, 0.3, (n_values, d)) * (stream.random(d) < 0.2)
    splits = {}
    for split, n in sizes.items():
        y = stream.integers(0, n_values, n).astype(np.int32)
        x = (stream.normal(0, 1, (n, d)) @ mixing + moved[y]).astype(np.float32)
        splits[split] = LabelledWords(x, y)
    return Words(f"drawn, {n_values} values, d = {d}", splits, n_values)
