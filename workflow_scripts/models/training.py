"""Training a small BERT from scratch on a study's own treebanks, for studies without a download.

It learns to fill in masked words and to give back the words that it sees: interventions read the
unmasked sentence, so what a model does with a visible word matters as much as with a hidden one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from workflow_scripts import InputError
from workflow_scripts.models.from_transformers import (
    BertConfig,
    BertForMaskedLM,
    PreTrainedTokenizerFast,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, CLS, SEP, MASK = 0, 2, 3, 4
MAX_SUBTOKENS = 128
"""The longest sentence that the model can read; longer ones are not trained on."""


@dataclass(frozen=True)
class TrainingPlan:
    """What to train, and for how long."""

    layers: int
    width: int
    heads: int
    vocabulary: int
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
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def train_model(
    sentences: Sequence[np.ndarray],
    vocabulary: int,
    plan: TrainingPlan,
    stream: np.random.Generator,
    progress: Callable[[float], None],
) -> BertForMaskedLM:
    """Train a BERT on sentences of subtoken ids (special tokens included).

    Each sentence has a word, or there would be nothing to ask of it. `progress` is called with each
    batch's loss. The weights are the same in every run with one number of torch threads.
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
    vectors = torch.from_numpy(vectors_by_neighbours(sentences, vocabulary, plan.width))
    with torch.no_grad():
        # Half of a subtoken's vector says what it stands beside, half is its own.
        embeddings = model.bert.embeddings.word_embeddings.weight.normal_()
        embeddings.add_(vectors, alpha=plan.width**0.5).mul_(0.1 / 2**0.5)
    optimizer = torch.optim.AdamW(
        model.parameters(), plan.learning_rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    lengths = np.array([len(ids) for ids in sentences])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        plan.learning_rate,
        total_steps=n_batches(sentences, plan),
        pct_start=0.05,
        anneal_strategy="linear",
    )
    model.train()
    for _ in range(plan.epochs):
        for rows in batches_of(lengths, plan.batch, stream):
            ids = np.stack([sentences[i] for i in rows])
            given, asked = mask_words(ids, vocabulary, stream)
            states = model.bert(input_ids=torch.from_numpy(given)).last_hidden_state
            # The vocabulary product for the subtokens that count, not for all.
            logits = model.cls(states[torch.from_numpy(asked)])
            optimizer.zero_grad()
            progress(backward(logits, torch.from_numpy(ids[asked])))
            optimizer.step()
            schedule.step()
    return model.eval()


def backward(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Add to the weights' gradients those of the mean cross-entropy, which is returned.

    Its derivative is the probabilities less the label's one; PyTorch's own takes four times as long
    on a CPU, a third of a step.
    """
    probabilities = torch.softmax(logits.detach(), 1)
    rows = torch.arange(len(labels))
    loss = -probabilities[rows, labels].log().mean().item()
    probabilities[rows, labels] -= 1
    logits.backward(probabilities.div_(len(labels)))
    return loss


def n_batches(sentences: Sequence[np.ndarray], plan: TrainingPlan) -> int:
    """Return how many batches a training has."""
    _, counts = np.unique([len(ids) for ids in sentences], return_counts=True)
    return plan.epochs * sum(_shares(n, plan.batch) for n in counts)


def _shares(n_sentences: int, size: int) -> int:
    """Return into how many batches of about `size` so many sentences of one length go."""
    return max(1, round(n_sentences / size))


def batches_of(lengths: np.ndarray, size: int, stream: np.random.Generator) -> list[np.ndarray]:
    """Return the indices of sentences in batches of about `size` and one length, in random order.

    Without padding there is nothing to leave out of attention, nor to compute for nothing.
    """
    order = np.argsort(lengths + stream.random(len(lengths)), kind="stable")
    batches: list[np.ndarray] = []
    for equal in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        batches += np.array_split(equal, _shares(len(equal), size))
    return [batches[i] for i in stream.permutation(len(batches))]


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
    column = np.full(vocabulary, -1)
    column[frequent] = np.arange(len(frequent))
    left, right = text[:-1], text[1:]
    inside = left != SEP
    counts = np.concatenate(
        [
            _pairs(left[inside], column[right[inside]], vocabulary, len(frequent)),
            _pairs(right[inside], column[left[inside]], vocabulary, len(frequent)),
        ],
        axis=1,
    )
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / counts.sum()
    information = np.log(np.maximum(counts, expected), out=np.zeros_like(counts), where=counts > 0)
    information -= np.log(expected, out=np.zeros_like(counts), where=counts > 0)
    directions = np.linalg.eigh(information.T @ information)[1][:, ::-1][:, :width]
    vectors = np.zeros((vocabulary, width))
    vectors[:, : directions.shape[1]] = information @ directions
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=vectors, where=length > 0).astype(np.float32)


def _pairs(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    """Return how often each row met each column, (n_rows, n_columns) float64; -1 is no column."""
    met = columns >= 0
    cells = np.bincount(rows[met] * n_columns + columns[met], minlength=n_rows * n_columns)
    return cells.reshape(n_rows, n_columns).astype(np.float64)
