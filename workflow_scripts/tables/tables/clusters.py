"""Clusters: configurations whose two probes behave alike on all rankings.

k-means on the curves of test accuracy, each scaled to length 1. A cluster is named by the mean of
its configurations' Gaussian less linear accuracy at the largest k: `L>G` the one where that is
lowest, if it is below 0 (there the Gaussian probe collapses), `G>L` the one where it is highest, if
above 0; the others are `standard`.
"""

import logging
from itertools import product

import numpy as np
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.tables.meanings import SHARE

USES = ("probes", "seed", "trained")

PROBES = ("linear", "gaussian")
RANKINGS = ("linear-ttb", "gaussian-ttb", "probeless-ttb", "random")
CLUSTERS = 3
LOWEST, BETWEEN, HIGHEST = "L>G", "standard", "G>L"
STARTS = 10

SCHEMA = CONFIGURATION_SCHEMA | {
    "cluster": pl.Int32,
    "name": pl.String,
    "gaussian_minus_linear": pl.Float64,
}

COLUMNS = {
    "cluster": Meaning(None, "The configuration's cluster, numbered by its mean difference."),
    "name": Meaning(
        None,
        "`L>G`: there the Gaussian probe collapses, `G>L`: there it is the better one, or "
        "`standard`.",
    ),
    "gaussian_minus_linear": Meaning(
        SHARE,
        "Test accuracy of the Gaussian probe less that of the linear one, at the largest k, mean "
        "of four rankings.",
    ),
}


log = logging.getLogger("clusters")


def build(frames: dict[str, pl.DataFrame], seed: int) -> pl.DataFrame:
    """Return one row for each configuration that has every probe on every ranking.

    Empty, with the reason in the log, where fewer than three configurations differ.
    """
    names, curves = complete(frames["probes"])
    vectors = of_unit_length(curves)
    different = len(np.unique(vectors, axis=0))
    if different < CLUSTERS:
        log.warning(
            "an empty table: %d configurations have the probes %s by the rankings %s, and %d of "
            "them differ; %d clusters need as many",
            *(len(names), ", ".join(PROBES), ", ".join(RANKINGS), different, CLUSTERS),
        )
        return pl.DataFrame(schema=SCHEMA)
    gaussian_minus_linear = (curves[:, 1, :, -1] - curves[:, 0, :, -1]).mean(axis=1)
    cluster = by_difference(k_means(vectors, seed), gaussian_minus_linear)
    cluster_names = named(cluster, gaussian_minus_linear)
    rows = [
        (*name, number, cluster_names[number], difference)
        for name, number, difference in zip(
            names, cluster.tolist(), gaussian_minus_linear.tolist(), strict=True
        )
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def complete(probes: pl.DataFrame) -> tuple[list[tuple], np.ndarray]:
    """Return the configurations with all that is needed, sorted, and their test accuracies.

    Accuracies are (n, probes, rankings, K), at k = 1..K, K the largest k that all of them have.
    """
    settings = list(product(PROBES, RANKINGS))
    needed = probes.filter(
        pl.col("split") == "test",
        pl.col("probe").is_in(PROBES),
        pl.col("ranking").is_in(RANKINGS),
        pl.col("accuracy").is_not_null(),
    ).sort(*CONFIGURATION, "k")
    curves: dict[tuple, dict[tuple, list[float]]] = {}
    for (*name, probe, ranking), of in needed.group_by(
        [*CONFIGURATION, "probe", "ranking"], maintain_order=True
    ):
        curves.setdefault(tuple(name), {})[probe, ranking] = of["accuracy"].to_list()
    whole = {name: of for name, of in curves.items() if len(of) == len(settings)}
    if not whole:
        return [], np.empty((0, len(PROBES), len(RANKINGS), 0))
    K = min(len(curve) for of in whole.values() for curve in of.values())
    stacked = np.array([[of[setting][:K] for setting in settings] for of in whole.values()])
    return list(whole), stacked.reshape(len(whole), len(PROBES), len(RANKINGS), K)


def of_unit_length(curves: np.ndarray) -> np.ndarray:
    """Return each configuration as a vector, (n, probes · rankings · K); zeros stay zeros."""
    vectors = curves.reshape(len(curves), int(np.prod(curves.shape[1:])))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)


def k_means(vectors: np.ndarray, seed: int) -> np.ndarray:
    """Return the cluster of each configuration, (n,), numbered as it happens."""
    from sklearn.cluster import KMeans

    means = KMeans(
        n_clusters=CLUSTERS,
        init="k-means++",
        n_init=STARTS,
        random_state=seed % 2**32,  # as large as its seeds may be
    )
    return means.fit_predict(vectors)


def by_difference(clusters: np.ndarray, differences: np.ndarray) -> np.ndarray:
    """Number clusters by the mean of their differences, the lowest first.

    Equal means go by the first configuration, so that nothing depends on the numbers given.
    """
    _, first, numbers = np.unique(clusters, return_index=True, return_inverse=True)
    means = np.bincount(numbers, differences) / np.bincount(numbers)
    place = np.empty(len(first), np.int64)
    place[np.lexsort((first, means))] = np.arange(len(first))
    return place[numbers]


def named(cluster: np.ndarray, differences: np.ndarray) -> list[str]:
    """Return the name of each cluster, numbered as `by_difference` does; both (n,)."""
    means = np.bincount(cluster, differences) / np.bincount(cluster)
    names = [BETWEEN] * len(means)
    if means[-1] > 0:
        names[-1] = HIGHEST
    if means[0] < 0:
        names[0] = LOWEST
    return names
