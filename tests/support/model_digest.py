"""A digest of what a model gives, made without importing the library before a command would."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.models.masked_lm import MaskedLM


def digest(folder: str) -> str:
    """States at every layer, what the LM head reads of those at layer 1, and its predictions."""
    stream = np.random.default_rng(2)
    model = MaskedLM(Path(folder))
    sentences = [
        Subtokens(stream.integers(5, 90, n).astype(np.int32), np.arange(n, dtype=np.int32))
        for n in (9, 4, 12)
    ]
    batch = model.batch(sentences)
    states = model.lower(batch, range(model.n_layers + 1))
    last = model.upper(states[1], batch, 1, torch.arange(batch.ids.numel()))
    given = [*states.values(), last, model.predict(last)]
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in given)).hexdigest()
