"""The Gaussian greedy selection, 150 steps: every candidate of every step.

Plain form: for each candidate a multivariate normal of k + 1 neurons from scratch, for each value.
Limit: the residual of every word, value and candidate is read and written once a step.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks import inputs
from benchmarks.machine import THREADS, machine, seconds
from benchmarks.measuring import Measured, once, over_steps, run
from tests.support import formulas_gaussian
from workflow_scripts.kernels.class_statistics import RunningClassStatistics
from workflow_scripts.kernels.gaussian import GaussianClasses, map_parameters
from workflow_scripts.kernels.gaussian_selection import greedy_selection


def fitted(words: inputs.Words) -> GaussianClasses:
    """The normals of the training words."""
    train = words.splits["train"]
    running = RunningClassStatistics(words.n_values, train.x.shape[1])
    running.add(train.x, train.y)
    return map_parameters(running.read())


def measure(quick: bool) -> Iterator[Measured]:
    chosen = [inputs.words(quick)]
    if not quick:
        chosen += [inputs.drawn(768, 2, quick), inputs.drawn(768, 7, quick)]
    for words in chosen:
        yield _measure(words, n_select=12 if quick else 150, quick=quick)


def _measure(words: inputs.Words, n_select: int, quick: bool) -> Measured:
    classes, dev = fitted(words), words.splits["dev"]
    n, d = dev.x.shape
    order, scores = greedy_selection(classes, dev.x, dev.y, n_select, threads=THREADS)
    parameters = (classes.log_prior, classes.mu, classes.Sigma)
    H = formulas_gaussian.entropy(dev.y)

    def plain_step(k: int, candidates: list[int]) -> np.ndarray:
        """The mutual information of each candidate after the first k chosen neurons."""
        return np.array(
            [
                H
                - formulas_gaussian.conditional_entropy(
                    formulas_gaussian.posterior(parameters, [*order[:k], c], dev.x), dev.y
                )
                for c in candidates
            ]
        )

    at = [0, n_select // 2, n_select - 1]
    share = 2 if quick else 16  # of the candidates of a step, the chosen one among them
    taken = {}
    for k in at:
        rest = [c for c in range(d) if c not in order[:k]]
        some = sorted({int(order[k]), *rest[::share]})
        found: list[np.ndarray] = []
        plain = once(lambda k=k, some=some, found=found: found.append(plain_step(k, some)))
        taken[k] = plain * len(rest) / len(some)
        (mi,) = found
        if abs(mi.max() - scores[k]) > 1e-9 or some[int(mi.argmax())] != order[k]:
            raise AssertionError(f"step {k}: the plain form chooses another neuron")
    ours = seconds(
        lambda: greedy_selection(classes, dev.x, dev.y, n_select, threads=THREADS),
        runs=1 if quick else 3,
    )
    traffic = sum(2 * 8 * n * words.n_values * (d - k) for k in range(n_select))
    return Measured(
        kernel=f"greedy selection, {n_select} steps",
        size=f"{words.name}, {n:,} dev words",
        plain=over_steps(taken, 0, n_select - 1),
        plain_note=f"ran at steps {at} on 1 candidate in {share}",
        ours=ours,
        limit=traffic / machine().bandwidth,
        limit_note="one read and one write of all residuals a step",
    )


if __name__ == "__main__":
    run(measure, __doc__)
