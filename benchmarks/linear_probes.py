"""Linear probes on the first k neurons, k = 1..150: all of them trained for ten epochs.

Plain form: PyTorch, one probe after the other, 32 words at a time. Limit: the multiply-adds of
forward and backward pass, and of Adam, at the float32 rate.
"""

from collections.abc import Iterator

import numpy as np
import torch

from benchmarks import inputs
from benchmarks.machine import THREADS, machine, seconds
from benchmarks.measuring import Measured, once, over_steps, run
from tests.support import formulas_linear
from workflow_scripts.kernels.softmax_regression import (
    BATCH,
    EPOCHS,
    initial_weights,
    nested_losses,
    train_nested,
)

_ADAM = 14
"""Floating-point operations for one weight a step: its penalties, two moments and the step."""


def measure(quick: bool) -> Iterator[Measured]:
    chosen = [inputs.words(quick)]
    if not quick:
        chosen += [inputs.drawn(768, 7, quick)]
    for words in chosen:
        yield _measure(words, n_probes=10 if quick else 150, quick=quick)


def _measure(words: inputs.Words, n_probes: int, quick: bool) -> Measured:
    train, test = words.splits["train"], words.splits["test"]
    neurons = np.random.default_rng(1).permutation(train.x.shape[1])[:n_probes]
    x = np.ascontiguousarray(train.x[:, neurons])
    x_test = np.ascontiguousarray(test.x[:, neurons])
    initial = [
        initial_weights(np.random.default_rng(k), k, words.n_values) for k in range(1, n_probes + 1)
    ]

    def ours() -> np.ndarray:
        probes = train_nested(x, train.y, initial, threads=THREADS)
        return nested_losses(probes, x_test, test.y, threads=THREADS)[0]

    accuracy = ours()
    at = [1, n_probes // 2, n_probes]
    epochs = EPOCHS if quick else 1
    torch.set_num_threads(1)  # tensors so small that threads only wait for each other
    taken = {}
    for k in at:
        slow = once(
            lambda k=k: formulas_linear.train_linear(
                x[:, :k], train.y, *initial[k - 1], epochs=epochs
            )
        )
        taken[k] = slow * EPOCHS / epochs
    fast = seconds(ours, runs=1 if quick else 3)
    if quick:
        for k in at:
            weights, bias, _ = formulas_linear.train_linear(x[:, :k], train.y, *initial[k - 1])[-1]
            plain = formulas_linear.accuracy(x_test[:, :k], test.y, weights, bias)
            if abs(plain - accuracy[k - 1]) > 0.002 + 1 / len(test.y):
                raise AssertionError(f"k = {k}: accuracy {accuracy[k - 1]}, plain {plain}")
    n = len(train.y)
    weights = words.n_values * n_probes * (n_probes + 1) / 2
    steps = -(-n // BATCH)
    return Measured(
        kernel=f"linear probes, k = 1..{n_probes}",
        size=f"{words.name}, {n:,} training words",
        plain=over_steps(taken, 1, n_probes),
        plain_note=f"ran at k = {at}, {epochs} of {EPOCHS} epochs",
        ours=fast,
        limit=EPOCHS * weights * (4 * n + _ADAM * steps) / machine().float32,
        limit_note="the operations of both passes and of Adam at the float32 rate",
    )


if __name__ == "__main__":
    run(measure, __doc__)
