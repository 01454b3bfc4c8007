"""Compiling: a masked language model whose weights are set, and not trained.

It is an ordinary BERT that gives every form back. Its states are the forms' rows at every layer,
for attention and feed-forward layers add nothing, and a LayerNorm leaves a row of mean 0 and
variance 1 as it is. Its LM head reads some signs of a row and compares them with those of every
form: with rows ±s of `transform.dense`, gelu(x) - gelu(-x) = x makes the logit of a form the sum
of the signs that agree less that of those that do not, times one number for all forms.
"""

import numpy as np
import torch
from tokenizers import Tokenizer, models

from workflow_scripts.kernels.planted import Planted
from workflow_scripts.models.from_transformers import (
    BertConfig,
    BertForMaskedLM,
    PreTrainedTokenizerFast,
)
from workflow_scripts.models.made_tokenizer import PAD, SPECIAL, with_special_tokens

POSITIONS = 512
STEEP = 10.0
"""s: of ±s, gelu leaves one and clears the other."""
LOWER_ID_FIRST = 1e-3
"""How much less than its sum a form's logit is for each id before it."""


def compile_tokenizer(forms: list[str]) -> PreTrainedTokenizerFast:
    """Make a tokenizer in which each form is one subtoken."""
    ids = {token: i for i, token in enumerate([*SPECIAL, *forms])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    return with_special_tokens(tokenizer)


@torch.no_grad()
def compile_model(
    planted: Planted, n_layers: int, n_positions: int, stream: np.random.Generator
) -> BertForMaskedLM:
    """Return the model of rows (V, d), whose special tokens have rows of random signs."""
    n_forms, d = planted.rows.shape
    vocabulary = len(SPECIAL) + n_forms
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=d,
            num_hidden_layers=n_layers,
            num_attention_heads=1,
            intermediate_size=8,
            max_position_embeddings=max(POSITIONS, n_positions),
            pad_token_id=PAD,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            tie_word_embeddings=False,
        )
    ).eval()
    for name, weights in model.named_parameters():
        weights.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
    signs = (2 * stream.integers(0, 2, (len(SPECIAL), d // 2)) - 1).astype(np.float32)
    special = np.stack([signs, -signs], axis=2).reshape(len(SPECIAL), d)
    embeddings = model.bert.embeddings.word_embeddings.weight
    embeddings.copy_(torch.from_numpy(np.concatenate([special, planted.rows])))

    head = model.cls.predictions
    n_read = len(planted.reads)
    reads = torch.from_numpy(STEEP * planted.reads).float()
    head.transform.dense.weight[0 : 2 * n_read : 2] = reads
    head.transform.dense.weight[1 : 2 * n_read : 2] = -reads
    signs_of_forms = torch.from_numpy(planted.read_signs).float()
    head.decoder.weight[len(SPECIAL) :, 0 : 2 * n_read : 2] = signs_of_forms
    head.decoder.weight[len(SPECIAL) :, 1 : 2 * n_read : 2] = -signs_of_forms
    head.decoder.bias.copy_(-LOWER_ID_FIRST * torch.arange(vocabulary))
    # One sign more must count for more than all ids; a sign counts 2 at least.
    head.transform.LayerNorm.weight.fill_(max(1.0, LOWER_ID_FIRST * vocabulary / 2))
    return model
