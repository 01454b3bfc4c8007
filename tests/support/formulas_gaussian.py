"""The Gaussian probe and ranking, class statistics and information, written as their formulas.

Slow on purpose: one word, one candidate, one set of neurons at a time, with scipy's normal
density. The kernels must equal these.
"""

import math

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


def class_statistics(x, y, n_values):
    """Return (counts, means, scatters), from float64 differences to the mean."""
    counts, means, scatters = [], [], []
    for z in range(n_values):
        h = x[y == z].astype(np.float64)
        q = h.sum(axis=0) / len(h)
        counts.append(len(h))
        means.append(q)
        scatters.append(sum(np.outer(row - q, row - q) for row in h))
    return np.array(counts), np.array(means), np.array(scatters)


def map_parameters(x, y, n_values):
    """Return (log priors, means, covariances) of the maximum-a-posteriori normals."""
    d = x.shape[1]
    nu = d + 2
    counts, means, scatters = class_statistics(x, y, n_values)
    Sigma = []
    for n_z, S in zip(counts, scatters, strict=True):
        Sigma_hat = S / (n_z - 1)
        Lambda = np.diag(np.diag(Sigma_hat)) + S
        Sigma_z = Lambda / (nu + n_z + d + 2)
        smallest = np.linalg.eigvalsh(Sigma_z).min()
        if smallest < 0:
            Sigma_z = Sigma_z - 10 * smallest * np.eye(d)
        Sigma.append(Sigma_z)
    return np.log(counts / len(y)), means, np.array(Sigma)


def log_density(mu, Sigma, neurons, h):
    """Return ln N(h[C]; μ[C], Σ[C, C]) of the full vectors `h` (n, d)."""
    return multivariate_normal(mu[neurons], Sigma[np.ix_(neurons, neurons)]).logpdf(
        h[:, neurons].astype(np.float64)
    )


def posterior(parameters, neurons, h):
    """Return (n, Z) ln p(z | h[C])."""
    log_prior, mu, Sigma = parameters
    joint = np.stack(
        [
            prior + np.reshape(log_density(mu_z, Sigma_z, neurons, h), -1)
            for prior, mu_z, Sigma_z in zip(log_prior, mu, Sigma, strict=True)
        ],
        axis=1,
    )
    return joint - logsumexp(joint, axis=1, keepdims=True)


def entropy(y):
    """Return the entropy of the label frequencies in bits."""
    return -sum(
        share * math.log2(share) for share in (np.mean(y == z) for z in np.unique(y)) if share
    )


def accuracy(log_p, y):
    """Return the share of words whose most probable value is the true one."""
    return float(np.mean(log_p.argmax(axis=1) == y))


def conditional_entropy(log_p, y):
    """Return the mean -log₂ p(true value)."""
    return -sum(row[t] for row, t in zip(log_p, y, strict=True)) / len(y) / math.log(2)


def greedy(parameters, h, y, n_select, highest):
    """Return (order, scores): every candidate of every step from scratch."""
    d = h.shape[1]
    H = entropy(y)
    order, scores = [], []
    for _ in range(min(n_select, d)):
        rest = [n for n in range(d) if n not in order]
        mi = [H - conditional_entropy(posterior(parameters, [*order, n], h), y) for n in rest]
        best = mi.index(max(mi) if highest else min(mi))
        order.append(rest[best])
        scores.append(mi[best])
    left = [(-m if highest else m, n, m) for n, m in zip(rest, mi, strict=True) if n not in order]
    for _, n, m in sorted(left):
        order.append(n)
        scores.append(m)
    return np.array(order), np.array(scores)


def probeless(means):
    """Return the sum over unordered pairs of values of the distance of their means."""
    n_values, d = means.shape
    return np.array(
        [
            sum(
                abs(means[z, n] - means[other, n])
                for z in range(n_values)
                for other in range(z + 1, n_values)
            )
            for n in range(d)
        ]
    )
