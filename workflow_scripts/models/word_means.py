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
    rows, words, firsts, counts = [], [], [], []
    for row, sentence in enumerate(sentences):
        starts = np.flatnonzero(np.diff(sentence.words, prepend=NO_WORD - 1))
        ends = np.append(starts[1:], len(sentence.words))
        kept = sentence.words[starts] != NO_WORD
        rows.append(np.full(kept.sum(), row))
        words.append(sentence.words[starts][kept])
        firsts.append(starts[kept] + row * length)
        counts.append((ends - starts)[kept])
    return tuple(np.concatenate(part).astype(np.int64) for part in (rows, words, firsts, counts))


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
