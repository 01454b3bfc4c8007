"""Inputs of `gpu`: sentences as long as English-EWT's, and models of random weights, trained a bit.

As `gpu`, it imports neither polars nor conllu nor Snakemake: so it reads CoNLL-U by itself, where
it is given some, and writes words files without their command.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from workflow_scripts.files import words as words_file
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.made_tokenizer import MASK
from workflow_scripts.models.precision import RATES, fast_products
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.training import mask_words, padded, train_tokenizer
from workflow_scripts.treebanks.grammars import english

PERCENTS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100)
EWT_LENGTHS = (1, 2, 5, 7, 10, 13, 16, 19, 23, 31, 38, 54, 158)
"""Percentiles of how many words a sentence of English-EWT has."""
ATTRIBUTE, VALUES = "Number", ["PL", "SG"]
TRAINED_ON = 64
"""Subtokens; longer sentences would need much memory for their logits."""
NOT_ASKED = -100
"""The label of what the loss leaves out."""


@dataclass(frozen=True)
class Shape:
    """A model's family and size, of heads that are 64 wide."""

    name: str
    family: str
    vocabulary: int
    layers: int = 12
    width: int = 768


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    shapes: tuple[Shape, ...]
    layers: tuple[int, ...]
    sentences: int
    """That are trained on, and that the grammar makes."""
    training: float
    """Seconds."""
    subtokens: int
    """Of the treebank that is extracted; EWT's 251,000 words have 325,000 in an English BERT."""
    touched: int
    """Subtokens of the sentences that are intervened on."""
    edited: int
    """Those of them that are edited."""
    test_words: int
    """How many words a test split has where so many are touched and edited: EWT's, with Number."""
    matrix: int
    """Rows and columns of the matrices that are multiplied."""
    run: float
    """About how many seconds a run of interventions shall take."""
    runs: int
    """Of which the median is taken."""


def sentences(text: Path | None, n: int) -> Iterator[list[str]]:
    """Yield sentences without end: those of a file, or of n of our grammar, cut as EWT's are."""
    if text is not None:
        yield from cycle(_read(text))
    stream = np.random.default_rng(0)
    rows = cycle(english.generate(n, stream))
    forms = (row.form for sentence in rows for row in sentence)
    while True:
        yield list(islice(forms, round(np.interp(100 * stream.random(), PERCENTS, EWT_LENGTHS))))


def _read(text: Path) -> list[list[str]]:
    """Return the words of a CoNLL-U file's sentences, or of the lines of any other file."""
    blocks = text.read_text(encoding="utf-8").split("\n\n")
    if not any("\t" in block for block in blocks):
        found = [line.split() for block in blocks for line in block.splitlines()]
    else:
        rows = [[line.split("\t") for line in block.splitlines()] for block in blocks]
        found = [[row[1] for row in block if row[0].isdecimal()] for block in rows]
    return [forms for forms in found if forms]


def make_model(folder: Path, shape: Shape, some: Sequence[list[str]], subtokens: int) -> None:
    """Write a random model with a tokenizer of so many subtokens; its vocabulary is padded."""
    tokenizer = train_tokenizer(some, subtokens)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        shape.family,
        vocab_size=shape.vocabulary,
        num_hidden_layers=shape.layers,
        hidden_size=shape.width,
        num_attention_heads=shape.width // 64,
        intermediate_size=4 * shape.width,
        max_position_embeddings=514,
        pad_token_id=0,  # the tokenizer's
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def fast(device: torch.device) -> AbstractContextManager[None]:
    """Run products at the device's faster rate, where it has one."""
    return fast_products(device) if device.type in RATES else nullcontext()


def train(folder: Path, some: Sequence[list[str]], seconds: float, device: torch.device) -> str:
    """Train a folder's model to fill in words and to give them back; say what came of it."""
    model = AutoModelForMaskedLM.from_pretrained(folder, trust_remote_code=False)
    model = model.to(device).train()
    read = [sentence.ids for sentence in Reader(folder).read(some)]
    read = [ids for ids in read if len(ids) <= TRAINED_ON and (ids > MASK).any()]
    if not read:
        return "none: the text has no sentence of known words that is short enough"
    read.sort(key=len)
    n_subtokens, n_batch = 1 + max(int(ids.max()) for ids in read), 64
    stream = np.random.default_rng(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, 0.01, total_iters=100)
    losses: list[float] = []
    start = time.perf_counter()
    with fast(device):
        while time.perf_counter() - start < seconds:
            first = stream.integers(max(1, len(read) - n_batch))
            ids, attention = padded(read[first : first + n_batch])
            given, asked = mask_words(ids, n_subtokens, stream)
            labels = np.where(asked, ids, NOT_ASKED).astype(np.int64)
            loss = model(
                input_ids=torch.from_numpy(given).to(device),
                labels=torch.from_numpy(labels).to(device),
                attention_mask=None if attention is None else attention.to(device),
            ).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            warm_up.step()
            losses.append(loss.item())
    model.save_pretrained(folder)
    return f"{len(losses)} batches, loss {losses[0]:.2f} to {np.mean(losses[-20:]):.2f}"


def write_words(folder: Path, reader: Reader, sizes: Sizes, source: Iterator[list[str]]) -> int:
    """Write words files of as many subtokens as are asked for; return how many words they have.

    In the test split, Number stands at random words, one in each sentence first, until so many
    subtokens have it as shall be edited.
    """
    test: list[list[str]] = []
    others: list[list[str]] = []
    n_words: list[np.ndarray] = []  # of each test sentence, how many subtokens each word has
    total = 0
    while total < sizes.subtokens:
        portion = list(islice(source, 100))
        for forms, read in zip(portion, reader.read(portion), strict=True):
            if total < sizes.touched:
                test.append(forms)
                n_words.append(np.bincount(read.words[read.words >= 0]))
            else:
                others.append(forms)
            total += len(read.ids)
    stream = np.random.default_rng(2)
    places = [(i, word) for i, forms in enumerate(test) for word in range(len(forms))]
    places = [places[i] for i in stream.permutation(len(places))]
    first_of = {i: (i, word) for i, word in places}  # of each sentence, any word
    chosen: dict[tuple[int, int], str] = {}
    n_edited = 0
    for i, word in sorted(places, key=lambda place: first_of[place[0]] != place):
        n_edited += int(n_words[i][word])
        if n_edited > sizes.edited:
            break
        chosen[i, word] = VALUES[stream.integers(2)]
    tenth = len(others) // 10
    for split, own in zip(SPLITS, (others[tenth:], others[:tenth], test), strict=True):
        values = chosen if split == "test" else {}
        _write(folder / f"{split}.parquet", own, values)
    return sum(map(len, [*test, *others]))


def _write(path: Path, own: list[list[str]], values: dict[tuple[int, int], str]) -> None:
    """Write a words file in which some words, by sentence and place, have a value of Number."""
    rows = [(i, w, form) for i, forms in enumerate(own) for w, form in enumerate(forms)]
    number, word, form = (list(column) for column in zip(*rows, strict=True))
    lemma = [one.lower() for one in form]
    of_attribute = [values.get((i, w)) for i, w, _ in rows]
    no_arcs = [[None] * len(rows)] * 2
    columns = [number, word, form, lemma, ["X"] * len(rows), *no_arcs, of_attribute]
    schema = words_file.schema([ATTRIBUTE])
    arrays = [pa.array(x, field.type) for x, field in zip(columns, schema, strict=True)]
    write_parquet(path, pa.Table.from_arrays(arrays, schema=schema), made_by("gpu"))
