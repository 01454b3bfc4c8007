"""Training a small BERT from scratch on a study's own treebanks, for studies without a download.

It learns to fill in masked words and to give back the words that it sees: interventions read the
unmasked sentence, so what a model does with a visible word matters as much as with a hidden one.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Read when MKL is loaded. Without it, a product that threads share may be summed in another order
# on a busy machine, and training makes other weights of that.
os.environ.setdefault("MKL_CBWR", "AUTO")

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
IGNORED = -100
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
    batch: int = 64
    learning_rate: float = 2e-3


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

    `progress` is called with each batch's loss. Reproducible for one number of torch threads.
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
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=0.01)
    lengths = np.array([len(ids) for ids in sentences])
    n_batches = -(-len(sentences) // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.learning_rate, total_steps=plan.epochs * n_batches, pct_start=0.1
    )
    model.train()
    for _ in range(plan.epochs):
        # Like lengths together, yet another order each epoch.
        order = np.argsort(lengths + stream.random(len(lengths)), kind="stable")
        for start in stream.permutation(np.arange(0, len(order), plan.batch)):
            rows = [sentences[i] for i in order[start : start + plan.batch]]
            ids, labels, mask = mask_words(rows, vocabulary, stream)
            hidden = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            # The vocabulary product for the subtokens that count, not for all.
            asked = labels != IGNORED
            logits = model.cls(hidden[asked])
            loss = torch.nn.functional.cross_entropy(logits, labels[asked])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            progress(loss.item())
    return model.eval()


def mask_words(
    rows: Sequence[np.ndarray], vocabulary: int, stream: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, labels and attention mask (b, s) int64 of one batch.

    Of the subtokens, 30 % are asked for: half of those hidden, a tenth replaced by a random
    subtoken, the rest left to see. One of each sentence is always asked for, since the loss of a
    batch that asks for none is NaN.
    """
    length = max(map(len, rows))
    ids = np.full((len(rows), length), PAD, np.int64)
    for row, sentence in enumerate(rows):
        ids[row, : len(sentence)] = sentence
    words = ids > MASK  # special tokens come first in the vocabulary
    asked = words & (stream.random(ids.shape) < 0.3)
    for row in range(len(rows)):
        places = np.flatnonzero(words[row])
        if len(places) and not asked[row].any():
            asked[row, stream.choice(places)] = True
    labels = np.where(asked, ids, IGNORED)
    draw = stream.random(ids.shape)
    given = np.where(asked & (draw < 0.5), MASK, ids)
    noise = stream.integers(len(SPECIAL), vocabulary, ids.shape)
    given = np.where(asked & (draw >= 0.5) & (draw < 0.6), noise, given)
    attention = (ids != PAD).astype(np.int64)
    return torch.from_numpy(given), torch.from_numpy(labels), torch.from_numpy(attention)
