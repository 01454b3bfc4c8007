"""Studies drawn at random, of which it is known what is there: counts of sentences, and contrasts.

Words lie in sentences that share an effect, so they are not independent; a ranking has effects of
its own on words and sentences, and its curve over k is smooth. Where two rankings are drawn alike,
neither is better.
"""

import numpy as np
import polars as pl

from tests.support.study_tables import with_rankers
from workflow_scripts.kernels.contrasts import Moved, Probed, of_interventions, of_probes
from workflow_scripts.tables.collections.contrasts import SCHEMA

RANKINGS = ("linear-ttb", "gaussian-ttb", "probeless-ttb", "random")
PROBES = ("linear", "gaussian")
K = 12
REPORT = (3, 6, 12)
KS = (0, 3, 6, 9, 12)
SIGNS, RESAMPLES = 499, 2


def sentences(rng, n=150, heavy=False):
    """Words of each sentence: a few; where `heavy`, some sentences have dozens."""
    words = 1 + rng.poisson(2, n)
    if heavy:
        words[rng.random(n) < 0.03] += rng.integers(20, 60)
    return words


def correct(rng, words, shift=0.0, shared=None, clumped=0.5):
    """Right words of each sentence, (S, K): more the larger k, about 65 to 80 % of them.

    `shared` are the words' own effects, the same for all rankings and probes of a configuration;
    `shift` moves all words' scores; `clumped` is the part of a ranking's effect that its sentences
    have in common.
    """
    of = np.repeat(np.arange(len(words)), words)
    n = len(of)
    own = clumped * rng.normal(size=len(words))[of] + rng.normal(size=n) * 0.7
    rise = np.linspace(0.4, 0.9, K) + shift
    wobble = rng.normal(size=(n, K)) * 0.3
    right = shared[:, None] + own[:, None] + rise + wobble > 0
    return np.add.reduceat(right, np.r_[0, np.cumsum(words)[:-1]], axis=0, dtype=np.int64)


def probed(rng, words, shifts, clumped=0.5, probes=PROBES):
    """Every probe on every ranking; `shifts` is {(probe, ranking): shift}, 0 where not said."""
    shared = rng.normal(size=words.sum())
    return [
        Probed(p, r, correct(rng, words, shifts.get((p, r), 0.0), shared, clumped))
        for p in probes
        for r in RANKINGS
    ]


def moved(rng, words, rates, clumped=0.5, at_0=0.0):
    """The words that translation moves by each ranking, at KS; `rates` is {ranking: score}."""
    of = np.repeat(np.arange(len(words)), words)
    shared = rng.normal(size=len(of))
    starts = np.r_[0, np.cumsum(words)[:-1]]
    already = rng.random(len(of)) < at_0
    curves = []
    for ranking in RANKINGS:
        own = clumped * rng.normal(size=len(words))[of] + rng.normal(size=len(of)) * 0.7
        score = shared + own + rates[ranking]
        ups = np.array([already | ((k > 0) & (score + 0.08 * k > 1.6)) for k in KS]).T
        counts = np.add.reduceat(ups, starts, axis=0, dtype=np.int64)
        curves.append(Moved("translation", ranking, "cltv", KS, counts, saturation=3))
    return curves


def few_moved(rng, words, n, clumped):
    """`n` words that each ranking moves or not, by a coin; in one sentence where `clumped`."""
    curves = []
    where = rng.integers(len(words), size=n)
    if clumped and n:
        where[:] = where[0]
    for ranking in RANKINGS:
        counts = np.zeros((len(words), len(KS)), np.int64)
        for sentence in where:
            if rng.random() < 0.5:
                counts[sentence, rng.integers(1, len(KS)) :] += 1
        curves.append(Moved("translation", ranking, "cltv", KS, counts, saturation=3))
    return curves


def contrasts(draws):
    """The table `contrasts` of configurations drawn one by one: (rng) -> words, probed, moved."""
    rows = []
    for i, (rng, words, of_probed, of_moved) in enumerate(draws):
        name = {"model": "m", "treebank": "t", "attribute": "a", "layer": i}
        found = of_probes(of_probed, words, REPORT, rng, SIGNS, RESAMPLES)
        if of_moved:
            found += of_interventions(of_moved, words, REPORT, rng, SIGNS, RESAMPLES)
        rows += [name | row for row in found]
    return with_rankers(pl.DataFrame(rows, schema=SCHEMA), ["direction"])
