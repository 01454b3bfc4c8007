"""Word vectors: the mean of a word's subtokens' hidden states."""

from collections.abc import Sequence

import numpy as np
import torch

from workflow_scripts.kernels.subtokens import NO_WORD, Subtokens


def word_spans(sentences: Sequence[Subtokens], length: int) -> tuple[np.ndarray, ...]:
    """Return where the words of a padded batch stand.

    Four int64 arrays, one entry a word that has a subtoken, in order: the sentence's row in the
    batch, the word, its first subtoken in the batch of shape (b, length) laid flat, and how many
    it has. A word's subtokens are contiguous.
    """
    lengths = np.array([len(sentence.words) for sentence in sentences], np.int64)
    words = np.concatenate([sentence.words for sentence in sentences]).astype(np.int64)
    rows = np.repeat(np.arange(len(sentences)), lengths)
    starts = np.flatnonzero(
        (np.diff(words, prepend=NO_WORD - 1) != 0) | (np.diff(rows, prepend=-1) != 0)
    )
    counts = np.diff(starts, append=len(words))
    kept = words[starts] != NO_WORD
    starts, counts = starts[kept], counts[kept]
    within = starts - (np.cumsum(lengths) - lengths)[rows[starts]]
    return rows[starts], words[starts], within + rows[starts] * length, counts


def word_means(states: torch.Tensor, firsts: np.ndarray, counts: np.ndarray) -> torch.Tensor:
    """Return the mean hidden state of each word, (w, d), from states (b, s, d).

    Summed in subtoken order, the same order on every device and in every batch.
    """
    flat = states.flatten(0, 1)
    first = torch.from_numpy(firsts).to(flat.device)
    count = torch.from_numpy(counts).to(flat.device)
    total = flat[first]
    for i in range(1, int(counts.max(initial=1))):
        more = torch.nonzero(count > i).squeeze(1)
        total[more] += flat[first[more] + i]
    return total / count[:, None]
