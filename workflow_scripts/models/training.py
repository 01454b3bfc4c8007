"""Training a small BERT from scratch on a study's own treebanks, for studies without a download.

It learns to fill in masked words and to give back the words that it sees: interventions read the
unmasked sentence, so what a model does with a visible word matters as much as with a hidden one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from workflow_scripts import InputError
from workflow_scripts.models.from_transformers import (
    BertConfig,
    BertForMaskedLM,
    PreTrainedTokenizerFast,
)
from workflow_scripts.models.made_tokenizer import MASK, PAD, SEP, SPECIAL, with_special_tokens

MAX_SUBTOKENS = 128
"""The longest sentence that the model can read; longer ones are not trained on."""


@dataclass(frozen=True)
class TrainingPlan:
    """What to train, and for how long."""

    layers: int
    width: int
    heads: int
    epochs: int
    batch: int = 32
    learning_rate: float = 3e-3


def train_tokenizer(sentences: Sequence[list[str]], vocabulary: int) -> PreTrainedTokenizerFast:
    """Make a cased WordPiece tokenizer of at most `vocabulary` subtokens.

    Its subtokens are every character, at the start and inside of a word, and the most frequent
    words. (The trainers of `tokenizers` give another vocabulary at every run.)
    """
    pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    normalizer = normalizers.NFC()
    counts = Counter(
        piece
        for words in sentences
        for word in words
        for piece, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(word))
    )
    characters = sorted({character for piece in counts for character in piece})
    subtokens = [*SPECIAL, *characters, *(f"##{character}" for character in characters)]
    if len(subtokens) > vocabulary:
        raise InputError(
            f"train: vocabulary: {vocabulary} is less than {len(subtokens)}: {len(SPECIAL)} special"
            " tokens, and each character at the start of a word and inside"
        )
    frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))
    words = [piece for piece in frequent if len(piece) > 1]
    subtokens += words[: vocabulary - len(subtokens)]

    ids = {subtoken: i for i, subtoken in enumerate(subtokens)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.WordPiece()
    return with_special_tokens(tokenizer)


def train_model(
    sentences: Sequence[np.ndarray],
    vocabulary: int,
    plan: TrainingPlan,
    stream: np.random.Generator,
    progress: Callable[[float], None],
) -> BertForMaskedLM:
    """Train a BERT on sentences of subtoken ids (special tokens included).

    Each sentence has a word, or there would be nothing to ask of it. `progress` is called with each
    batch's loss. The weights are the same in every run with one number of torch threads. Raises
    InputError where the loss becomes infinite, or no number.
    """
    torch.manual_seed(int(stream.integers(2**31)))
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=plan.width,
            num_hidden_layers=plan.layers,
            num_attention_heads=plan.heads,
            intermediate_size=4 * plan.width,
            max_position_embeddings=MAX_SUBTOKENS,
            pad_token_id=PAD,
            # At this width the library's 0.02 leaves attention even for thousands of batches.
            initializer_range=0.06,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    )
    start_from(model, vectors_by_neighbours(sentences, vocabulary, plan.width))
    optimizer = torch.optim.AdamW(
        model.parameters(), plan.learning_rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    n_batches = plan.epochs * -(-len(sentences) // plan.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rates(n_batches).__getitem__)
    lengths = np.array([len(ids) for ids in sentences])
    model.train()
    for _ in range(plan.epochs):
        # Like lengths together, yet another order each epoch.
        order = np.argsort(lengths + stream.random(len(lengths)), kind="stable")
        for start in stream.permutation(np.arange(0, len(order), plan.batch)):
            ids, attention = padded([sentences[i] for i in order[start : start + plan.batch]])
            given, asked = mask_words(ids, vocabulary, stream)
            states = model.bert(torch.from_numpy(given), attention).last_hidden_state
            # The vocabulary product for the subtokens that count, not for all.
            logits = model.cls(states[torch.from_numpy(asked)])
            optimizer.zero_grad()
            loss = backward(logits, torch.from_numpy(ids[asked]))
            if not np.isfinite(loss):
                raise InputError(
                    f"train: the loss became {loss}; make the model smaller, or train it less"
                )
            optimizer.step()
            schedule.step()
            progress(loss)
    return model.eval()


@torch.no_grad()
def start_from(model: BertForMaskedLM, vectors: np.ndarray) -> None:
    """Let half of a subtoken's embedding be the given vector (V, d) of length 1, half its own.

    Both of the length √d / 10: about that of embeddings whose standard deviation is 0.1.
    """
    embeddings = model.bert.embeddings.word_embeddings.weight.normal_()
    embeddings.add_(torch.from_numpy(vectors), alpha=vectors.shape[1] ** 0.5).mul_(0.1 / 2**0.5)


def rates(n_batches: int) -> np.ndarray:
    """Return the learning rate of each batch as a share of the highest, (n_batches + 1,).

    It rises over the first twentieth, and falls to 0 after the last batch. (PyTorch's OneCycleLR
    divides by 0 where the twentieth is one batch.)
    """
    warm = max(1, n_batches // 20)
    batch = np.arange(n_batches + 1)
    return np.minimum((batch + 1) / warm, (n_batches - batch) / max(1, n_batches - warm + 1))


def padded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, torch.Tensor | None]:
    """Return sentences as ids (b, s) int64, and which of them are no padding; None: all."""
    ids = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for row, sentence in enumerate(rows):
        ids[row, : len(sentence)] = sentence
    there = ids != PAD
    return ids, None if there.all() else torch.from_numpy(there.astype(np.int64))


def backward(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Add to the weights' gradients those of the mean cross-entropy, which is returned.

    Its derivative is the probabilities less the label's one; PyTorch's own takes up to four times
    as long on a CPU, which is up to a fifth of a step.
    """
    log_p = torch.log_softmax(logits.detach(), 1)
    rows = torch.arange(len(labels))
    loss = -log_p[rows, labels].mean().item()
    probabilities = log_p.exp_()
    probabilities[rows, labels] -= 1
    logits.backward(probabilities.div_(len(labels)))
    return loss


def mask_words(
    ids: np.ndarray, vocabulary: int, stream: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the model reads of a batch (b, s) int64, and what it is asked for (b, s) bool.

    Of the subtokens, 40 % are asked for: half of those hidden, a twentieth replaced by a random
    subtoken, the rest left to see. One of each sentence that has any is always asked for, since
    the loss of a batch that asks for none is NaN.
    """
    words = ids > MASK  # special tokens come first in the vocabulary
    asked = words & (stream.random(ids.shape) < 0.4)
    for row in np.flatnonzero(words.any(1) & ~asked.any(1)):
        asked[row, stream.choice(np.flatnonzero(words[row]))] = True
    draw = stream.random(ids.shape)
    noise = stream.integers(len(SPECIAL), vocabulary, ids.shape)
    given = np.where(asked & (draw < 0.5), MASK, ids)
    given = np.where(asked & (draw >= 0.5) & (draw < 0.55), noise, given)
    return given, asked


def vectors_by_neighbours(
    sentences: Sequence[np.ndarray], vocabulary: int, width: int, n_neighbours: int = 250
) -> np.ndarray:
    """Return a vector of length 1 for each subtoken, (v, width) float32, by what stands beside it.

    The main directions of the positive pointwise mutual information of a subtoken and its left and
    right neighbours, of the `n_neighbours` most frequent subtokens (Levy & Goldberg 2014): words of
    one kind begin near each other. A subtoken without such neighbours has the vector 0.
    """
    text = np.concatenate(sentences)
    frequent = np.argsort(-np.bincount(text, minlength=vocabulary), kind="stable")[:n_neighbours]
    n = len(frequent)
    column = np.full(vocabulary, -1)
    column[frequent] = np.arange(n)
    inside = text[:-1] != SEP
    left, right = text[:-1][inside], text[1:][inside]
    counts = np.empty((vocabulary, 2 * n), np.float32)
    counts[:, :n] = _pairs(left, column[right], vocabulary, n)
    counts[:, n:] = _pairs(right, column[left], vocabulary, n)
    expected = counts.sum(1, keepdims=True) / counts.sum() * counts.sum(0, keepdims=True)
    # No less than expected, so none at all where they never met: there the logarithm is 0.
    ratio = np.divide(
        np.maximum(counts, expected, out=counts), expected, out=counts, where=expected > 0
    )
    ratio[expected == 0] = 1
    information = np.log(ratio, out=ratio)
    shared = (information.T @ information).astype(np.float64)
    directions = np.linalg.eigh(shared)[1][:, ::-1][:, :width].astype(np.float32)
    vectors = np.zeros((vocabulary, width), np.float32)
    vectors[:, : directions.shape[1]] = information @ directions
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=vectors, where=length > 0)


def _pairs(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    """Return how often each row met each column, (n_rows, n_columns) int64; -1 is no column."""
    met = columns >= 0
    cells = np.bincount(rows[met] * n_columns + columns[met], minlength=n_rows * n_columns)
    return cells.reshape(n_rows, n_columns)
