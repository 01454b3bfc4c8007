"""A pass over a treebank: its sentences as a model reads them, a bounded number of words at a time.

A sentence that has more subtokens than the model has positions is left out, never cut; so is a
word that gets no subtoken. Both are counted in the log.
"""

import logging
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from workflow_scripts.command.beside import ahead
from workflow_scripts.command.progress import progress
from workflow_scripts.files.artifact import open_parquet
from workflow_scripts.files.words import Sentence, sentences
from workflow_scripts.kernels.subtokens import NO_WORD, Subtokens
from workflow_scripts.models.batching import WORDS_AT_ONCE, windows
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader

log = logging.getLogger("treebank_pass")


def read_through(
    words: Path, reader: Reader, model: MaskedLM
) -> Iterator[tuple[list[Sentence], list[Subtokens]]]:
    """Yield the sentences of a words file that fit the model, and their subtokens, in order.

    The next portion is read while the caller works on one.
    """
    if model.device.type == "cuda":
        # A card computes faster than one core reads: with all of them it waits less. What a
        # sentence becomes does not depend on it.
        os.environ["TOKENIZERS_PARALLELISM"] = "true"
    yield from ahead(_portions(words, reader, model))


def _portions(
    words: Path, reader: Reader, model: MaskedLM
) -> Iterator[tuple[list[Sentence], list[Subtokens]]]:
    too_long = without_subtoken = 0
    n_words = open_parquet(words).metadata.num_rows
    with progress(n_words, words.stem, "words") as bar:
        for window in windows(sentences(words, ["form"]), _length, WORDS_AT_ONCE):
            forms = [sentence.columns["form"] for sentence in window]
            reader.compare_with_library(chain.from_iterable(forms))
            read = reader.read(forms)
            fits = [i for i, s in enumerate(read) if len(s.ids) <= model.max_subtokens]
            too_long += len(window) - len(fits)
            without_subtoken += sum(_length(window[i]) - n_words_of(read[i]) for i in fits)
            if fits:
                yield [window[i] for i in fits], [read[i] for i in fits]
            bar.update(sum(map(_length, window)))
    log.info("%s: %d sentences too long, left out", words.stem, too_long)
    log.info("%s: %d words without a subtoken, left out", words.stem, without_subtoken)


def n_words_of(read: Subtokens) -> int:
    """Return how many words of a sentence have a subtoken."""
    begins = np.diff(read.words, prepend=NO_WORD) != 0  # a word's subtokens stand side by side
    return int(np.count_nonzero(begins & (read.words != NO_WORD)))


def _length(sentence: Sentence) -> int:
    return len(sentence.columns["form"])
