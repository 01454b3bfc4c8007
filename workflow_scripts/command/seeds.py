"""Seeds: one independent random stream for each thing that is named, from the study's one seed.

Touches nothing; a name in, a generator out. Streams depend on names alone, never on the order
in which jobs run, so a study is the same on one core and on a cluster.
"""

import hashlib
import json

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random stream of `names` (for example model, treebank, attribute, layer)."""
    text = json.dumps([seed, *names], ensure_ascii=False)
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
