"""The Gaussian probe on the first k neurons of a ranking, k = 1..150, on the test words.

Plain form: one density for each k and value, from scratch. Limit: the multiply-adds of one
triangular solve a value, which gives every k.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks import inputs
from benchmarks.greedy import fitted
from benchmarks.machine import machine
from benchmarks.measuring import Measured, in_turns, run
from tests.support import formulas_gaussian
from workflow_scripts.kernels.gaussian import nested_losses


def measure(quick: bool) -> Iterator[Measured]:
    chosen = [inputs.words(quick)]
    if not quick:
        chosen += [inputs.drawn(768, 7, quick)]
    for words in chosen:
        yield _measure(words, n_probes=12 if quick else 150, quick=quick)


def _measure(words: inputs.Words, n_probes: int, quick: bool) -> Measured:
    classes, test = fitted(words), words.splits["test"]
    n, d = test.x.shape
    neurons = np.random.default_rng(1).permutation(d)[:n_probes]
    x = np.ascontiguousarray(test.x[:, neurons])
    parameters = (classes.log_prior, classes.mu, classes.Sigma)
    every = [[], []]

    def plain() -> None:
        every[:] = [[], []]
        for k in range(1, n_probes + 1):
            log_p = formulas_gaussian.posterior(parameters, neurons[:k], test.x)
            every[0].append(formulas_gaussian.accuracy(log_p, test.y))
            every[1].append(formulas_gaussian.conditional_entropy(log_p, test.y))

    def ours() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return nested_losses(classes, neurons, x, test.y)

    slow, fast = in_turns(plain, ours, runs=1 if quick else 3)
    accuracy, conditional_entropy, _ = ours()
    np.testing.assert_allclose(conditional_entropy, every[1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(accuracy, every[0], atol=2 / n)
    return Measured(
        kernel=f"Gaussian probe, k = 1..{n_probes}",
        size=f"{words.name}, {n:,} test words",
        plain=slow,
        plain_note="ran whole",
        ours=fast,
        limit=n * words.n_values * n_probes**2 / machine().float64,
        limit_note="the multiply-adds of the triangular solves at the float64 rate",
    )


if __name__ == "__main__":
    run(measure, __doc__)
