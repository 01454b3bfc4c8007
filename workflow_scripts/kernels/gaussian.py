"""The Gaussian probe (Torroba Hennigen et al. 2020): fit, and evaluate on nested sets of neurons.

Touches no file. All in float64:

    classes = map_parameters(statistics)                               # GaussianClasses
    accuracy, conditional_entropy, correct = nested_losses(classes, neurons, x, y)  # at k = 1..K

The normals are estimated once, on all d neurons. On a set C of neurons the probe is their
marginal, μ_z[C] and Σ_z[C, C], so adding a neuron to C adds one row to a Cholesky factor, and
log N(h[C]) is a sum over the neurons of C, in order, each term the one-dimensional normal density
of that neuron given the ones before it:

    log N(h[C]; μ, Σ) = Σ_k log N(r_k; 0, v_k) = -½ Σ_k (log 2π v_k + u_k²),   u_k = r_k / √v_k

with r_k what is left of h - μ at neuron k, and v_k what is left of its variance, once the
neurons before it are known. With Σ = L Lᵀ, u solves L u = h - μ, and √v_k = L_kk.
"""

import math
from dataclasses import dataclass

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import UnfitValueError

LOG_2PI = math.log(2 * math.pi)
_WORDS = 512  # evaluated at once: memory stays small, and arrays in the cache


@dataclass(frozen=True)
class GaussianClasses:
    """A multivariate normal per value z, over all d neurons, and how frequent the value is."""

    log_prior: np.ndarray
    """(Z,) float64, ln p(z), from the training frequencies."""
    mu: np.ndarray
    """(Z, d) float64, μ_z."""
    Sigma: np.ndarray
    """(Z, d, d) float64, Σ_z, positive definite."""


def map_parameters(statistics: ClassStatistics) -> GaussianClasses:
    """Return the maximum-a-posteriori normals of Torroba Hennigen et al. 2020 (section 4).

    With n_z words of value z, d neurons, S_z the scatter and Σ̂_z = S_z / (n_z - 1):

        μ_z = q_z,   Λ_z = diag(Σ̂_z) + S_z,   Σ_z = Λ_z / (ν + n_z + d + 2),   ν = d + 2

    Where the smallest eigenvalue λ of Σ_z is negative, -10·λ is added to the diagonal. A Cholesky
    factorisation tells whether to look: it exists just where no eigenvalue is negative or zero.

    Raises UnfitValueError for a value with fewer than 2 words or with a singular Σ_z.
    """
    n_values, d = statistics.means.shape
    for z, n_z in enumerate(statistics.counts):
        if n_z < 2:
            raise UnfitValueError(z, f"has {n_z} training words: a covariance needs at least 2")
    nu = d + 2
    Sigma = np.empty((n_values, d, d))
    for z, (n_z, S) in enumerate(zip(statistics.counts, statistics.scatters, strict=True)):
        if not S.diagonal().all():
            n = int(np.flatnonzero(S.diagonal() == 0)[0])
            raise UnfitValueError(z, f"has a singular covariance: neuron {n} is constant in it")
        Lambda = S + np.diag(S.diagonal() / (n_z - 1))
        Sigma[z] = Lambda / (nu + n_z + d + 2)
        if not _is_positive_definite(Sigma[z]):
            smallest = np.linalg.eigvalsh(Sigma[z])[0]
            if smallest < 0:
                Sigma[z][np.diag_indices(d)] += -10 * smallest
            if not _is_positive_definite(Sigma[z]):
                raise UnfitValueError(z, "has a singular covariance: it has no density")
    log_prior = np.log(statistics.counts / statistics.counts.sum())
    return GaussianClasses(log_prior, statistics.means, Sigma)


def _is_positive_definite(matrix: np.ndarray) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def nested_losses(
    classes: GaussianClasses, neurons: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evaluate the probe on the first k neurons of a ranking, for every k = 1..K.

    p(z|h) ∝ p(z) N(h[C]; μ_z[C], Σ_z[C, C]), C the first k of `neurons`.

    Args:
        classes: the normals over all d neurons.
        neurons: (K,) int, the ranking's first K neurons.
        x: (n, K) float32, column i is neuron `neurons[i]`.
        y: (n,) int, the true value.

    Returns:
        accuracy (K,) float64, the share of words whose most probable value is the true one (ties
        go to the lower value), and conditional_entropy (K,) float64, mean -log₂ p(true value) in
        bits, both NaN where there are no words; and correct (K, n) bool, which words are predicted
        right.

    Raises InputError where a Σ_z[C, C] is singular.
    """
    n, K = x.shape
    correct = np.empty((K, n), np.bool_)
    if n == 0:
        return np.full(K, np.nan), np.full(K, np.nan), correct
    try:
        factors = np.linalg.cholesky(classes.Sigma[:, neurons[:, None], neurons])
    except np.linalg.LinAlgError as error:
        raise InputError("a covariance is singular on the ranking's first neurons") from error
    nats = np.zeros(K)
    for start in range(0, n, _WORDS):
        words = slice(start, start + _WORDS)
        true = y[words]
        a = _log_joint(classes.log_prior, classes.mu[:, neurons], factors, x[words])
        # -ln p(t) = m - a_t + ln Σ_z e^(a_z - m), m the largest a_z: no e^… is too large
        m = a.max(axis=0)  # not a number where a word's vector is none: then no value is right
        correct[:, words] = ((a.argmax(axis=0) == true[:, None]) & ~np.isnan(m)).T
        of_true = a[true, np.arange(len(true))]
        nats += (m - of_true + np.log(np.exp(a - m).sum(axis=0))).sum(axis=0)
    return correct.mean(axis=1), nats / (n * math.log(2)), correct


def _log_joint(
    log_prior: np.ndarray, mu: np.ndarray, factors: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Return (Z, n, K) float64, a_z = ln p(z) N(h[C]; μ_z[C], Σ_z[C, C]) at k = 1..K.

    Args: log_prior (Z,); mu (Z, K); factors (Z, K, K), of Cholesky, lower triangular; x (n, K).
    """
    from scipy.linalg import solve_triangular  # here: who ranks needs no SciPy

    a = np.empty((len(mu), *x.shape))
    for z, L in enumerate(factors):
        u = solve_triangular(L, (x - mu[z]).T, lower=True, check_finite=False).T
        log_normal = -(LOG_2PI + 2 * np.log(L.diagonal()) + u**2) / 2
        a[z] = log_prior[z] + np.cumsum(log_normal, axis=1)
    return a
