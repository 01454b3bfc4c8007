"""Softmax regression: the linear probe for every k at once, and one wide probe for the ranking.

Touches arrays alone. In go the words' vectors and value indices and the initial weights; out come
trained weights, training losses, and accuracy and conditional entropy on a split.

A probe with weights W (Z, k) and bias c (Z,) gives p(z | h) = softmax(W h + c). It is trained as
Antverg & Belinkov (2022) and, for the ranking, Dalvi et al. (2019) do, with an elastic penalty:

    loss of a batch = mean cross-entropy + λ₁ ‖W‖₁ + λ₂ ‖W‖_F            (no penalty on c)
    λ₁ = 0.001, λ₂ = 0.01, but for a wide probe that is given a `Penalty` of its own
    g  = its gradient; sign(0) = 0, and the gradient of ‖W‖_F is W / ‖W‖_F, 0 at W = 0
    m += (1 − β₁)(g − m),   v = β₂ v + (1 − β₂) g²
    W −= lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)                       (Adam, Kingma & Ba 2015)

in batches of 32 words in corpus order, the last short batch too, for 10 epochs, in float32.

**Layout.** All arithmetic runs on *lanes*: vectors of 16 float32. In nested training 16 probes of
neighbouring k share a block, one probe a lane and one vector a class, so a neuron's activation is
read once for 16 probes; a weight beyond a probe's k is held at zero. A block's weights, moments
and gradient stay in the cache of one core through all its steps. The one wide probe of the ranking
has its classes in the lanes. A probe's arithmetic does not depend on the other blocks, so threads,
each with blocks of its own, cannot change a byte.

    initial = [initial_weights(stream("linear", k), k, n_values) for k in range(1, K + 1)]
    probes = train_nested(x, y, initial)             # every k = 1..K
    accuracy, entropy, correct = nested_losses(probes, x_test, y_test)
    trained = train_one(x, y, initial_weights(stream("linear", d), d, n_values))
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit, types

from workflow_scripts import InputError
from workflow_scripts.kernels.lanes import (
    LANES,
    exponential,
    lanes_array,
    load,
    magnitude,
    on_lanes,
    spread,
    square_root,
    store,
    where_greater,
)


class Penalty(NamedTuple):
    """The weights of the two norms of W in the loss; each may be 0."""

    l1: float
    """λ₁, of ‖W‖₁."""
    frobenius: float
    """λ₂, of ‖W‖_F, the norm and not its square."""


ELASTIC = Penalty(l1=0.001, frobenius=0.01)
LEARNING_RATE = 0.01
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
BATCH = 32
EPOCHS = 10

TILE = 8  # rows or columns whose sums are held in registers at once
_ZERO, _ONE = np.float32(0), np.float32(1)


# --- Kernels --------------------------------------------------------------------------
# Shapes: V vectors, R rows (neurons, a multiple of 8), 16 lanes.


@njit
def _gather(x, start, batch):
    """Copy words `start`.. of x (n, ≥ R or fewer) into batch (32, R); return how many there are."""
    present = min(BATCH, x.shape[0] - start)
    columns = min(x.shape[1], batch.shape[1])
    for b in range(present):
        for j in range(columns):
            batch[b, j] = x[start + b, j]
    if present < BATCH:
        batch[present:] = _ZERO
    return present


@njit
def _logits(batch, weights, bias, logits):
    """logits (32, V, 16) = bias (V, 16) + Σ_j batch (32, R)[:, j] · weights (V, R, 16)[:, j]."""
    vectors, rows = weights.shape[0], weights.shape[1]
    for c in range(vectors):
        for b in range(0, BATCH, TILE):
            a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = load(bias, c * LANES)
            for j in range(rows):
                w = load(weights, (c * rows + j) * LANES)
                a0 += spread(batch[b, j]) * w
                a1 += spread(batch[b + 1, j]) * w
                a2 += spread(batch[b + 2, j]) * w
                a3 += spread(batch[b + 3, j]) * w
                a4 += spread(batch[b + 4, j]) * w
                a5 += spread(batch[b + 5, j]) * w
                a6 += spread(batch[b + 6, j]) * w
                a7 += spread(batch[b + 7, j]) * w
            step = vectors * LANES
            to = (b * vectors + c) * LANES
            store(logits, to, a0)
            store(logits, to + step, a1)
            store(logits, to + 2 * step, a2)
            store(logits, to + 3 * step, a3)
            store(logits, to + 4 * step, a4)
            store(logits, to + 5 * step, a5)
            store(logits, to + 6 * step, a6)
            store(logits, to + 7 * step, a7)


@njit
def _slopes_of_probes(logits, y, start, present):
    """Replace logits (32, Z, 16 probes) by the slopes of the mean cross-entropy.

    They are (p − 1[z = y]) / n, where n is how many words are present.
    """
    vectors = logits.shape[1]
    share = _ONE / np.float32(present)
    for b in range(present):
        first = b * vectors * LANES
        top = load(logits, first)
        for c in range(1, vectors):
            a = load(logits, first + c * LANES)
            top = where_greater(a, top, a, top)
        total = spread(_ZERO)
        for c in range(vectors):
            e = exponential(load(logits, first + c * LANES) - top)
            total += e
            store(logits, first + c * LANES, e)
        scale = spread(share) / total
        for c in range(vectors):
            store(logits, first + c * LANES, load(logits, first + c * LANES) * scale)
        true = first + y[start + b] * LANES
        store(logits, true, load(logits, true) - spread(share))
    logits[present:] = _ZERO


@njit
def _slopes_of_classes(logits, y, start, present, n_values):
    """As `_slopes_of_probes` for one probe, its classes in the lanes; return the cross-entropy."""
    flat = logits.reshape((BATCH, logits.shape[1] * LANES))
    width = flat.shape[1]
    share = _ONE / np.float32(present)
    loss = 0.0
    for b in range(present):
        row = flat[b]
        top = row[0]
        for z in range(1, n_values):
            top = max(top, row[z])
        true = row[y[start + b]]
        for i in range(b * width, (b + 1) * width, LANES):
            store(logits, i, exponential(load(logits, i) - spread(top)))
        total = _ZERO
        for z in range(n_values):
            total += row[z]
        loss += math.log(total) + (np.float64(top) - np.float64(true))
        for z in range(n_values):
            row[z] *= share / total
        row[n_values:] = _ZERO
        row[y[start + b]] -= share
    flat[present:] = _ZERO
    return loss / present


@njit
def _adam(at, gradient, w, parameters, first_moments, second_moments, step_size, correction):
    """Update 16 parameters at flat index `at`; `correction` is 1 / √(1 − β₂ᵗ)."""
    m = load(first_moments, at)
    m += (gradient - m) * spread(np.float32(1 - BETA1))
    v = load(second_moments, at) * spread(np.float32(BETA2))
    v += gradient * gradient * spread(np.float32(1 - BETA2))
    w = w - m * spread(step_size) / (
        square_root(v) * spread(correction) + spread(np.float32(EPSILON))
    )
    store(first_moments, at, m)
    store(second_moments, at, v)
    store(parameters, at, w)
    return w


@njit
def _update_weights(
    batch, slopes, live, l1, pull, gradient, weights, m, v, squares, sums, step_size, correction
):
    """One Adam step of weights (V, R, 16), moments m and v alike.

    slopes (32, V, 16) are those of the logits; live (R, 16) is 1 where a lane has the row's neuron;
    l1 is λ₁; pull (V, 16) is λ₂ / ‖W‖_F of the lane's probe; gradient (8, 16) is room for one tile.
    Leaves Σ w² and Σ |w| over rows in squares and sums (V, 16), for the penalties of the next step.
    """
    vectors, rows = weights.shape[0], weights.shape[1]
    zero = spread(_ZERO)
    for c in range(vectors):
        frobenius = load(pull, c * LANES)
        square = absolute = zero
        for j in range(0, rows, TILE):
            g0 = g1 = g2 = g3 = g4 = g5 = g6 = g7 = zero
            for b in range(BATCH):
                s = load(slopes, (b * vectors + c) * LANES)
                g0 += spread(batch[b, j]) * s
                g1 += spread(batch[b, j + 1]) * s
                g2 += spread(batch[b, j + 2]) * s
                g3 += spread(batch[b, j + 3]) * s
                g4 += spread(batch[b, j + 4]) * s
                g5 += spread(batch[b, j + 5]) * s
                g6 += spread(batch[b, j + 6]) * s
                g7 += spread(batch[b, j + 7]) * s
            store(gradient, 0, g0)
            store(gradient, LANES, g1)
            store(gradient, 2 * LANES, g2)
            store(gradient, 3 * LANES, g3)
            store(gradient, 4 * LANES, g4)
            store(gradient, 5 * LANES, g5)
            store(gradient, 6 * LANES, g6)
            store(gradient, 7 * LANES, g7)
            for i in range(TILE):
                at = (c * rows + j + i) * LANES
                w = load(weights, at)
                sign = where_greater(w, zero, spread(l1), zero)
                sign = where_greater(zero, w, spread(-l1), sign)
                g = load(gradient, i * LANES) * load(live, (j + i) * LANES)
                g = g + sign + w * frobenius
                w = _adam(at, g, w, weights, m, v, step_size, correction)
                square += w * w
                absolute += magnitude(w)
        store(squares, c * LANES, square)
        store(sums, c * LANES, absolute)


@njit
def _update_bias(slopes, bias, m, v, step_size, correction):
    """One Adam step of bias (V, 16), moments m and v alike."""
    vectors = bias.shape[0]
    for c in range(vectors):
        g = spread(_ZERO)
        for b in range(BATCH):
            g += load(slopes, (b * vectors + c) * LANES)
        _adam(c * LANES, g, load(bias, c * LANES), bias, m, v, step_size, correction)


@njit
def _penalties_of_probes(frobenius, squares, pull):
    """Write λ₂ / ‖W‖_F of the probe in each lane to pull (V, 16), from Σ w² over rows."""
    for p in range(LANES):
        square = _ZERO
        for c in range(squares.shape[0]):
            square += squares[c, p]
        pull[:, p] = frobenius / math.sqrt(square) if square > _ZERO else _ZERO


@njit
def _penalties_of_classes(l1, frobenius, squares, sums, pull):
    """As `_penalties_of_probes` for one probe; return λ₁ ‖W‖₁ + λ₂ ‖W‖_F."""
    norm = math.sqrt(_sum(squares))
    pull[:] = frobenius / norm if norm > _ZERO else _ZERO
    return l1 * np.float64(_sum(sums)) + frobenius * np.float64(norm)


@njit
def _sum(a):
    """Return Σ a (V, 16). As `a.sum()`, for which every job would import SciPy (0.1 s)."""
    total = _ZERO
    for c in range(a.shape[0]):
        for p in range(a.shape[1]):
            total += a[c, p]
    return total


_MATRIX, _CUBE = types.float32[:, ::1], types.float32[:, :, ::1]
_WORDS = (  # read-only, so that they can be mapped from a file
    types.Array(types.float32, 2, "C", readonly=True),
    types.Array(types.int32, 1, "C", readonly=True),
)
_PENALTY = (types.float32, types.float32)
_PARAMETERS = (_CUBE, _CUBE, _CUBE, _MATRIX, _MATRIX, _MATRIX)
_ROOM = (_MATRIX, _CUBE, _MATRIX, _MATRIX, _MATRIX, _MATRIX, _MATRIX)
_SUMS = types.float64[::1]
_HITS = types.boolean[:, ::1]


@on_lanes(types.float64(*_WORDS, types.int64, types.int64, *_PENALTY, *_PARAMETERS, *_ROOM))
def _train_epoch(
    x,
    y,
    classes_in_lanes,
    steps,
    l1,
    frobenius,
    weights,
    weights_m,
    weights_v,
    bias,
    bias_m,
    bias_v,
    batch,
    logits,
    gradient,
    live,
    pull,
    squares,
    sums,
):
    """Train one epoch in place, after `steps` steps so far.

    `classes_in_lanes` is 0 for 16 probes in the lanes, else the number of classes of one probe.
    Returns the sum of the batches' losses of the one probe (0 for 16 probes).
    """
    loss = 0.0
    for start in range(0, x.shape[0], BATCH):
        present = _gather(x, start, batch)
        _logits(batch, weights, bias, logits)
        if classes_in_lanes:
            loss += _slopes_of_classes(logits, y, start, present, classes_in_lanes)
            loss += _penalties_of_classes(l1, frobenius, squares, sums, pull)
        else:
            _slopes_of_probes(logits, y, start, present)
            _penalties_of_probes(frobenius, squares, pull)
        steps += 1
        step_size = np.float32(LEARNING_RATE / (1 - BETA1**steps))
        correction = np.float32(1 / math.sqrt(1 - BETA2**steps))
        _update_weights(
            batch, logits, live, l1, pull, gradient, weights, weights_m, weights_v, squares, sums,
            step_size, correction,
        )  # fmt: skip
        _update_bias(logits, bias, bias_m, bias_v, step_size, correction)
    return loss


@on_lanes(types.void(*_WORDS, _CUBE, _MATRIX, _MATRIX, _CUBE, _HITS, _SUMS, _SUMS))
def _block_losses(x, y, weights, bias, batch, logits, hits, correct, nats):
    """Add up, over words, right predictions and −ln p(true value) of 16 probes, each (16,).

    Sets `hits` (16, n): whether the prediction of each word is right.
    """
    vectors = weights.shape[0]
    product = np.empty(LANES)
    room = np.empty(3 * LANES, np.float32)
    zero, one = spread(_ZERO), spread(_ONE)
    for start in range(0, x.shape[0], BATCH):
        present = _gather(x, start, batch)
        _logits(batch, weights, bias, logits)
        right = zero
        product[:] = 1.0
        for b in range(present):
            first = b * vectors * LANES
            value = y[start + b]
            top = load(logits, first)
            best = zero
            for c in range(1, vectors):
                a = load(logits, first + c * LANES)
                best = where_greater(a, top, spread(np.float32(c)), best)  # ties: the lower value
                top = where_greater(a, top, a, top)
            total = zero
            for c in range(vectors):
                total += exponential(load(logits, first + c * LANES) - top)
            off = magnitude(best - spread(np.float32(value)))
            hit = where_greater(off, zero, zero, one)
            right += hit
            store(room, 0, top - load(logits, first + value * LANES))
            store(room, LANES, total)
            store(room, 2 * LANES, hit)
            # Σ ln total over the batch is the logarithm of a product, at most Z^32: one ln a batch.
            for p in range(LANES):
                nats[p] += room[p]
                product[p] *= room[LANES + p]
                hits[p, start + b] = room[2 * LANES + p] > _ZERO
        store(room, 0, right)
        for p in range(LANES):
            correct[p] += room[p]
            nats[p] += math.log(product[p])


# --- Probes ---------------------------------------------------------------------------


class _Training:
    """Parameters, Adam moments and room of one block: 16 probes, or one with classes in lanes."""

    def __init__(
        self, vectors: int, n_inputs: int, classes_in_lanes: int, penalty: Penalty = ELASTIC
    ):
        rows = -(-n_inputs // TILE) * TILE
        self.classes_in_lanes = classes_in_lanes
        self.penalty = penalty
        self.steps = 0
        self.weights = lanes_array(vectors, rows, LANES)
        self.bias = lanes_array(vectors, LANES)
        self.live = lanes_array(rows, LANES)
        self._weight_moments = [lanes_array(vectors, rows, LANES) for _ in range(2)]
        self._bias_moments = [lanes_array(vectors, LANES) for _ in range(2)]
        self._batch = lanes_array(BATCH, rows)
        self._logits = lanes_array(BATCH, vectors, LANES)
        self._gradient = lanes_array(TILE, LANES)
        self._pull, self._squares, self._sums = (lanes_array(vectors, LANES) for _ in range(3))

    def epoch(self, x: np.ndarray, y: np.ndarray) -> float:
        """Train one epoch; return the sum of its batches' losses (of the one probe, else 0)."""
        if self.steps == 0:
            self._squares[:] = np.square(self.weights, dtype=np.float64).sum(axis=1)
            self._sums[:] = np.abs(self.weights).sum(axis=1, dtype=np.float64)
        loss = _train_epoch(
            x, y, self.classes_in_lanes, self.steps, *map(np.float32, self.penalty),
            self.weights, *self._weight_moments, self.bias, *self._bias_moments,
            self._batch, self._logits, self._gradient, self.live,
            self._pull, self._squares, self._sums,
        )  # fmt: skip
        self.steps += -(-len(x) // BATCH)
        return loss


Parameters = tuple[np.ndarray, np.ndarray]
"""Weights (Z, k) and bias (Z,) of one probe, float32."""


def initial_weights(stream: np.random.Generator, n_inputs: int, n_values: int) -> Parameters:
    """Draw weights (Z, k), then bias (Z,), from U(−1/√k, 1/√k), as PyTorch's `nn.Linear` does."""
    bound = 1 / math.sqrt(n_inputs)
    weights = stream.uniform(-bound, bound, (n_values, n_inputs)).astype(np.float32)
    bias = stream.uniform(-bound, bound, n_values).astype(np.float32)
    return weights, bias


@dataclass(frozen=True)
class NestedProbes:
    """Probes on the first k columns, each for a k of its own (1..K, say), in blocks of 16."""

    weights: list[np.ndarray]
    """A block's weights, (Z, R, 16) float32: class, neuron, probe; 0 beyond a probe's k."""
    bias: list[np.ndarray]
    """A block's bias, (Z, 16) float32."""
    ks: list[int]
    """The k of each probe, ascending."""

    @property
    def n_probes(self) -> int:
        return len(self.ks)

    def probe(self, k: int) -> Parameters:
        """Return weights (Z, k) and bias (Z,) of the probe on the first k neurons."""
        block, lane = divmod(self.ks.index(k), LANES)
        return self.weights[block][:, :k, lane].copy(), self.bias[block][:, lane].copy()


def _checked(x: np.ndarray, y: np.ndarray, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.ascontiguousarray(x, np.float32), np.ascontiguousarray(y, np.int32)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} vectors for {len(y)} labels")
    if len(y) and (y.min() < 0 or y.max() >= n_values):
        raise ValueError(f"labels {y.min()}..{y.max()} for {n_values} values")
    return x, y


def train_nested(
    x: np.ndarray,
    y: np.ndarray,
    initial: Sequence[Parameters],
    threads: int = 1,
    epochs: int = EPOCHS,
) -> NestedProbes:
    """Train probes on the first k columns, each as if alone, with the weights of the last epoch.

    x is (n, K) float32, columns in ranking order; y (n,) int32, values 0..Z-1; `initial` holds the
    initial weights (Z, k) and bias (Z,) of each probe, k ascending and the last one K. The result
    does not depend on `threads`.
    """
    n_values = len(initial[0][1])
    ks = [weights.shape[1] for weights, _ in initial]
    x, y = _checked(x, y, n_values)
    if len(x) == 0:
        raise InputError("there are no training words")
    if ks != sorted(set(ks)) or x.shape[1] != ks[-1]:
        raise ValueError(f"{x.shape[1]} columns for probes on the first {ks} of them")

    def train_block(first: int) -> tuple[np.ndarray, np.ndarray]:
        of_block = initial[first : first + LANES]
        block = _Training(n_values, of_block[-1][0].shape[1], classes_in_lanes=0)
        for lane, (weights, bias) in enumerate(of_block):
            k = weights.shape[1]
            block.weights[:, :k, lane] = weights
            block.bias[:, lane] = bias
            block.live[:k, lane] = 1
        for _ in range(epochs):
            block.epoch(x, y)
        return block.weights, block.bias

    firsts = range(0, len(initial), LANES)
    with ThreadPoolExecutor(threads) as pool:  # the widest first, so that no thread ends late
        blocks = list(pool.map(train_block, reversed(firsts)))[::-1]
    return NestedProbes([w for w, _ in blocks], [b for _, b in blocks], ks)


def nested_losses(
    probes: NestedProbes, x: np.ndarray, y: np.ndarray, threads: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evaluate every probe on the words x (n, K) float32 with true values y (n,) int32.

    Returns accuracy (K,) (equal logits: the lower value) and conditional entropy (K,), the mean
    −log₂ p(true value) in bits, both float64, and NaN where there are no words; and correct (K, n)
    bool, which words are predicted right. Logits are float32, sums over words float64. Words pass
    through 32 at a time, so memory grows with n by a byte a word and probe.
    """
    x, y = _checked(x, y, len(probes.bias[0]))
    hits = np.empty((LANES * len(probes.weights), len(x)), np.bool_)
    correct = hits[: probes.n_probes]
    if len(x) == 0:
        return np.full(probes.n_probes, np.nan), np.full(probes.n_probes, np.nan), correct

    def block_losses(block: int) -> np.ndarray:
        weights, bias = probes.weights[block], probes.bias[block]
        sums = np.zeros((2, LANES))
        batch = lanes_array(BATCH, weights.shape[1])
        logits = lanes_array(BATCH, len(weights), LANES)
        of_block = hits[block * LANES : (block + 1) * LANES]
        _block_losses(x, y, weights, bias, batch, logits, of_block, *sums)
        return sums

    with ThreadPoolExecutor(threads) as pool:
        sums = np.hstack(list(pool.map(block_losses, range(len(probes.weights)))))
    accuracy, nats = sums[:, : probes.n_probes] / len(x)
    return accuracy, nats / math.log(2), correct


@dataclass(frozen=True)
class BestEpoch:
    """One probe, as it was after the epoch with the lowest training loss."""

    weights: np.ndarray
    """(Z, d) float32."""
    bias: np.ndarray
    """(Z,) float32."""
    epoch: int
    """Which epoch it is, from 0."""
    losses: np.ndarray
    """(epochs,) float64, the sum of each epoch's batch losses, penalties included, as met while
    training (so each batch's loss is that before its own step), in nats."""


def train_one(
    x: np.ndarray,
    y: np.ndarray,
    initial: Parameters,
    epochs: int = EPOCHS,
    penalty: Penalty = ELASTIC,
) -> BestEpoch:
    """Train one probe on x (n, d) float32 and y (n,) int32; keep the epoch with the lowest loss.

    `initial` is weights (Z, d) and bias (Z,). The weights are those at that epoch's end; of equal
    epochs the first wins.
    """
    weights, bias = initial
    n_values, n_inputs = weights.shape
    x, y = _checked(x, y, n_values)
    if x.shape[1] != n_inputs:
        raise ValueError(f"{x.shape[1]} columns for {n_inputs} weights")
    vectors = -(-n_values // LANES)
    training = _Training(vectors, n_inputs, classes_in_lanes=n_values, penalty=penalty)
    training.live[:] = 1

    def in_lanes(parameters: np.ndarray) -> np.ndarray:
        """(V, …, 16) -> (…, all lanes), a view where there is one vector."""
        return np.moveaxis(parameters, 0, -2).reshape(*parameters.shape[1:-1], vectors * LANES)

    padded = np.zeros((n_inputs, vectors * LANES), np.float32)
    padded[:, :n_values] = weights.T
    training.weights[:, :n_inputs] = np.moveaxis(padded.reshape(n_inputs, vectors, LANES), 1, 0)
    training.bias.reshape(-1)[:n_values] = bias

    losses = np.empty(epochs)
    best = 0
    for epoch in range(epochs):
        losses[epoch] = training.epoch(x, y)
        if epoch == 0 or losses[epoch] < losses[best]:
            best = epoch
            weights = in_lanes(training.weights)[:n_inputs, :n_values].T.copy()
            bias = in_lanes(training.bias)[:n_values].copy()
    return BestEpoch(weights, bias, best, losses)
