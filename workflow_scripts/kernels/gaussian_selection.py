"""The Gaussian ranking: a greedy search by mutual information (Torroba Hennigen et al. 2020).

Touches no file. All in float64:

    order, mi = greedy_selection(classes, x_dev, y_dev, n_select)

`classes` are the normals of `kernels/gaussian.py`, whose sum over neurons, u_k and v_k the search
rests on too. All that is compiled is in this file: Numba's cache sees edits of no other.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from workflow_scripts import InputError
from workflow_scripts.kernels.gaussian import LOG_2PI, GaussianClasses
from workflow_scripts.kernels.information import entropy, mutual_information

_LANES = 64  # width of the innermost loops, fixed so that they compile to vector code without rest
_WORDS = 128  # words whose losses are multiplied before one logarithm is taken

# Only multiply-add may be fused: any other freedom would let the compiler undo the rounding that
# `exp_nonpositive` is made of, or change results with the place of a neuron.
_COMPILED = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
}


def greedy_selection(
    classes: GaussianClasses,
    x_dev: np.ndarray,
    y_dev: np.ndarray,
    n_select: int,
    highest: bool = True,
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Order the neurons by greedy mutual information on dev words (Torroba Hennigen et al. 2020).

    Start from no neuron; at each step add the one that gives the probe on the set so far and
    itself the highest (or lowest) mutual information. After `n_select` steps the rest follow by
    their mutual information at the last step, that is, each in the place of the neuron that was
    added then: best first, or lowest first. Ties go to the lower neuron index. (Antverg &
    Belinkov 2022 rank by this.)

    With S the neurons so far, a candidate n is judged by log N(h[S]) + log N(r_n; 0, v_n). So per
    value z and word, the residual r of every candidate is kept, and per value its conditional
    variance v. When c is added, with l_n = cov(n, c | S) / √v_c and u = r_c / √v_c,

        log N(h[S]) += -½ (log 2π v_c + u²),   r_n -= u·l_n,   v_n -= l_n²

    so l is the next column of a Cholesky factor whose order of pivots is the ranking. A step costs
    O(n·d·Z) and no factorisation.

    Residuals are the one large array: n·d·Z·8 bytes. In float32 they would take half, but keep the
    absolute error of h while √v_n shrinks: after 150 steps the mutual information was off by up to
    1e-6 bits when that was tried, enough to change close choices.

    Args:
        classes: the normals over all d neurons, of the training words.
        x_dev: (n, d) float32, the dev words.
        y_dev: (n,) int, their values.
        n_select: how many neurons to select greedily, at least 1; more than d means d.
        highest: whether the highest mutual information is sought, or the lowest.
        threads: how many threads work. They change no byte.

    Returns:
        order (d,) int32, a permutation of the neurons, and mi (d,) float64, in bits: at the step
        where the neuron was added, for the rest that of the last step.
    """
    n, d = x_dev.shape
    if n == 0:
        raise InputError("a greedy search needs dev words, and there are none")
    if n_select < 1:
        raise ValueError("a greedy search selects at least one neuron")
    n_select = min(n_select, d)
    H = entropy(y_dev, len(classes.mu))
    with ThreadPoolExecutor(threads) as pool:
        search = _Search(classes, x_dev, y_dev, pool, threads)
        order, scores = np.empty(d, np.int32), np.empty(d)
        for step in range(n_select):
            candidates = np.sort(search.candidates)
            mi = mutual_information(H, search.conditional_entropy()[candidates])
            best = np.argmax(mi) if highest else np.argmin(mi)  # the first of equals
            order[step], scores[step] = candidates[best], mi[best]
            if step + 1 < n_select:
                search.add(candidates[best])
    rest, mi = np.delete(candidates, best), np.delete(mi, best)
    by_mi = np.argsort(-mi if highest else mi, kind="stable")
    order[n_select:], scores[n_select:] = rest[by_mi], mi[by_mi]
    return order, scores


class _Search:
    """The state of a greedy search: the selected neurons, and what they leave of the others.

    Candidates lie in tiles of `_LANES` columns, so that a tile of residuals, (n, Z, lanes), is
    read and written in one stream. The column of a neuron that was added is overwritten by the
    last candidate's.
    """

    def __init__(self, classes, x, y, pool, threads):
        n, d = x.shape
        n_values = len(classes.mu)
        n_tiles = -(-d // _LANES)
        self.Sigma = classes.Sigma
        self.candidates = np.arange(d)  # the neuron in each column, tile after tile
        self.variance = np.diagonal(classes.Sigma, axis1=1, axis2=2).copy()  # (Z, d), v
        self.factors = np.empty((0, n_values, d))  # (step, Z, d), l of each step
        self.log_selected = np.tile(classes.log_prior, (n, 1))  # (n, Z), log p(z) N(h[S])
        self.u = np.zeros((n, n_values))  # u of the last step
        self.y = y.astype(np.int64)
        self.residuals = np.zeros((n_tiles, n, n_values, _LANES))
        for tile, columns in zip(self.residuals, self._tiles(d), strict=True):
            rows = tile[:, :, : columns.stop - columns.start]
            np.subtract(x[:, None, columns], classes.mu[:, columns], out=rows)
        self.pool = pool
        # Products of a group of terms, each at most Z, must stay below 1e308.
        self.group = max(1, min(_WORDS, int(700 / math.log(max(n_values, 2)))))
        n_groups = -(-n // self.group)
        self.loss = np.empty((n_groups, n_tiles, _LANES))
        # More shares than threads, so that a thread that was held up is made up for.
        n_shares = min(n_groups, 1 if threads == 1 else 4 * threads)
        self.bounds = np.linspace(0, n_groups, n_shares + 1).astype(int)

    def conditional_entropy(self) -> np.ndarray:
        """Return (d,) float64: the mean -log₂ p(true value) with each candidate added, in bits.

        Undefined for neurons that are not candidates. Called once between two calls of `add`: it
        also brings the residuals up to date.
        """
        n, n_values = self.u.shape
        n_tiles = -(-len(self.candidates) // _LANES)
        # Columns beyond the candidates get a harmless normal.
        loading = np.zeros((n_tiles, n_values, _LANES))
        log_norm = np.zeros((n_tiles, n_values, _LANES))
        precision = np.zeros((n_tiles, n_values, _LANES))
        for tile, columns in enumerate(self._tiles(len(self.candidates))):
            neurons = self.candidates[columns]
            v = self.variance[:, neurons]
            if len(self.factors):
                loading[tile, :, : len(neurons)] = self.factors[-1][:, neurons]
            log_norm[tile, :, : len(neurons)] = -(LOG_2PI + np.log(v)) / 2
            precision[tile, :, : len(neurons)] = 0.5 / v
        losses_of = _add_two_class_losses if n_values == 2 else _add_candidate_losses
        normals = (loading, log_norm, precision)
        words = (self.u, self.log_selected, self.y)
        args = (self.residuals, *normals, *words, self.group, self.loss)
        shares = [self.pool.submit(losses_of, *args, *ends) for ends in pairwise(self.bounds)]
        for share in shares:
            share.result()
        # Groups are summed in their order, whichever thread did them.
        loss = self.loss[:, :n_tiles].sum(axis=0).ravel()[: len(self.candidates)]
        conditional_entropy = np.full(self.variance.shape[1], np.nan)
        conditional_entropy[self.candidates] = loss / (n * math.log(2))
        return conditional_entropy

    def add(self, c: int) -> None:
        """Add neuron c to the selected ones."""
        v_c = self.variance[:, c]
        covariance = self.Sigma[:, :, c].copy()  # (Z, d): cov(n, c), soon given the selected
        for l_step in self.factors:  # element by element: a product by BLAS may vary with threads
            covariance -= l_step[:, c, None] * l_step
        l_c = covariance / np.sqrt(v_c)[:, None]
        self.factors = np.concatenate([self.factors, l_c[None]])
        column = int(np.flatnonzero(self.candidates == c)[0])
        last = len(self.candidates) - 1
        log_norm = -(LOG_2PI + np.log(v_c)) / 2
        _add_column(
            self.residuals, column, last, 1 / np.sqrt(v_c), log_norm, self.u, self.log_selected
        )
        self.candidates[column] = self.candidates[last]
        self.candidates = self.candidates[:last]
        self.variance -= l_c**2
        if not (self.variance[:, self.candidates] > 0).all():
            raise InputError("a covariance is singular given the neurons selected so far")

    @staticmethod
    def _tiles(n_columns: int) -> list[slice]:
        return [
            slice(start, min(start + _LANES, n_columns)) for start in range(0, n_columns, _LANES)
        ]


# ------------------------------------------------------------------------------ vectorised exp


@intrinsic
def _bits_of(typing_context, number):
    """Read a float64 as int64, bit for bit."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), code


@intrinsic
def _number_of(typing_context, bits):
    """Read an int64 as float64, bit for bit."""

    def code(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), code


_TO_INTEGER = 1.5 * 2.0**52  # a float64 this large has no fraction: adding it rounds
_LOG2_E = math.log2(math.e)
_LN_2_HIGH = float.fromhex("0x1.62e42feep-1")  # ends in zero bits: its product with k is exact
_LN_2_LOW = 1.9082149292705877e-10  # ln 2 - _LN_2_HIGH, to more digits than float64 subtraction
_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12 = (
    1 / math.factorial(n) for n in range(2, 13)
)


@njit(**_COMPILED)
def exp_nonpositive(x):
    """Return eˣ for one float64 x ≤ 0, to 1e-15 of itself; below -708, e⁻⁷⁰⁸ ≈ 3e-308.

    x = k·ln 2 + f with an integer k and |f| ≤ ½ ln 2; eᶠ by its Taylor series, 2ᵏ by adding k to
    the exponent bits. No branch and no call: unlike the library's, loops with it become vector
    code.
    """
    x = x if x > -708.0 else -708.0
    shifted = x * _LOG2_E + _TO_INTEGER
    k = shifted - _TO_INTEGER
    f = (x - k * _LN_2_HIGH) - k * _LN_2_LOW
    p = _C11 + f * _C12
    p = _C10 + f * p
    p = _C9 + f * p
    p = _C8 + f * p
    p = _C7 + f * p
    p = _C6 + f * p
    p = _C5 + f * p
    p = _C4 + f * p
    p = _C3 + f * p
    p = _C2 + f * p
    p = 1.0 + f * p
    p = 1.0 + f * p
    return _number_of(_bits_of(p) + (_bits_of(shifted) << 52))


# --------------------------------------------------------------------------------------- loops


@njit(**_COMPILED)
def _add_column(residuals, column, last, scale, log_norm, u, log_selected):
    """Condition on a column: set u (n, Z), extend log_selected (n, Z), and drop the column.

    residuals (tiles, n, Z, lanes); scale (Z,) is 1/√v_c, log_norm (Z,) is -½ log 2π v_c. The
    column's place is taken by column `last`.
    """
    tile, lane = column // _LANES, column % _LANES
    last_tile, last_lane = last // _LANES, last % _LANES
    n, n_values = u.shape
    for w in range(n):
        for z in range(n_values):
            white = residuals[tile, w, z, lane] * scale[z]
            u[w, z] = white
            log_selected[w, z] += log_norm[z] - 0.5 * white * white
            residuals[tile, w, z, lane] = residuals[last_tile, w, z, last_lane]


@njit(**_COMPILED)
def _add_candidate_losses(
    residuals, loading, log_norm, precision, u, log_selected, y, group, loss, first, last
):
    """Update the residuals of word groups first..last-1, and sum each candidate's loss in them.

    Args:
        residuals: (tiles, n, Z, lanes), updated by r -= u·l.
        loading, log_norm, precision: (tiles, Z, lanes): l, -½ log 2π v and ½/v.
        u, log_selected: (n, Z): u of the neuron added last, and log p(z) N(h[S]).
        y: (n,) int64; group: words in a group.
        loss: (groups, tiles, lanes), set to Σ -ln p(true value) over the words of the group.

    -ln p(t) = m - a_t + ln Σ_z e^(a_z - m), m the largest log joint density a_z. The sum lies
    between 1 and Z, so those of a group are multiplied and one logarithm is taken.
    """
    n_tiles, n_values, _ = loading.shape
    n = len(y)
    joint = np.empty((n_values, _LANES))
    highest = np.empty(_LANES)
    total = np.empty(_LANES)
    linear = np.empty(_LANES)
    product = np.empty(_LANES)
    for g in range(first, last):
        for tile in range(n_tiles):
            for i in range(_LANES):
                linear[i] = 0.0
                product[i] = 1.0
            for w in range(g * group, min((g + 1) * group, n)):
                for i in range(_LANES):
                    highest[i] = -np.inf
                    total[i] = 0.0
                for z in range(n_values):
                    white, constant = u[w, z], log_selected[w, z]
                    for i in range(_LANES):
                        r = residuals[tile, w, z, i] - white * loading[tile, z, i]
                        residuals[tile, w, z, i] = r
                        a = constant + (log_norm[tile, z, i] - precision[tile, z, i] * (r * r))
                        joint[z, i] = a
                        highest[i] = a if a > highest[i] else highest[i]
                for z in range(n_values):
                    for i in range(_LANES):
                        total[i] += exp_nonpositive(joint[z, i] - highest[i])
                t = y[w]
                for i in range(_LANES):
                    linear[i] += highest[i] - joint[t, i]
                    product[i] *= total[i]
            for i in range(_LANES):
                loss[g, tile, i] = linear[i] + np.log(product[i])


@njit(**_COMPILED)
def _add_two_class_losses(
    residuals, loading, log_norm, precision, u, log_selected, y, group, loss, first, last
):
    """Do what `_add_candidate_losses` does, for two values, with one exponential less:

    -ln p(t) = max(δ, 0) + ln(1 + e^-|δ|), δ = a_other - a_t.

    Its bytes are the same, and a search is 1.2 to 1.5 times as fast: medians of paired runs, 150
    steps, d = 384 and 768, 2,000 to 13,000 dev words.
    """
    n_tiles = len(loading)
    n = len(y)
    linear = np.empty(_LANES)
    product = np.empty(_LANES)
    joint = np.empty(_LANES)
    for g in range(first, last):
        for tile in range(n_tiles):
            for i in range(_LANES):
                linear[i] = 0.0
                product[i] = 1.0
            for w in range(g * group, min((g + 1) * group, n)):
                # Value 0, then value 1: the residuals are read as they lie, whatever is true.
                white, constant = u[w, 0], log_selected[w, 0]
                for i in range(_LANES):
                    r = residuals[tile, w, 0, i] - white * loading[tile, 0, i]
                    residuals[tile, w, 0, i] = r
                    joint[i] = constant + (log_norm[tile, 0, i] - precision[tile, 0, i] * (r * r))
                white, constant = u[w, 1], log_selected[w, 1]
                sign = 1.0 if y[w] == 0 else -1.0
                for i in range(_LANES):
                    r = residuals[tile, w, 1, i] - white * loading[tile, 1, i]
                    residuals[tile, w, 1, i] = r
                    a = constant + (log_norm[tile, 1, i] - precision[tile, 1, i] * (r * r))
                    joint[i] = sign * (a - joint[i])
                for i in range(_LANES):
                    delta = joint[i]
                    size = delta if delta > 0 else -delta
                    linear[i] += delta if delta > 0 else 0.0
                    product[i] *= 1.0 + exp_nonpositive(-size)
            for i in range(_LANES):
                loss[g, tile, i] = linear[i] + np.log(product[i])
