"""Wilcoxon: which probe and ranking has the lower test accuracy, over many configurations.

One-sided signed-rank tests (Wilcoxon 1945) at each k of `neurons.report`, over all configurations
and over those of one treebank, layer, attribute or model; Holm-adjusted (1979) over all ordered
pairs of settings of one k and one such group.
"""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION, RANKING
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.holm import holm
from workflow_scripts.tables.meanings import OF_GROUPS, P
from workflow_scripts.tables.tables import GROUPS

USES = ("probes", "report", "trained")

SETTING = ["probe", "ranking"]
TIED_EXACT = 13
"""The most configurations with ties, or with differences of 0, that the test is exact for."""

SCHEMA = CONFIGURATION_SCHEMA | {
    "group": pl.String,
    "k": pl.Int32,
    "probe": pl.String,
    "ranking": pl.String,
    "other_probe": pl.String,
    "other_ranking": pl.String,
    "p": pl.Float64,
    "p_holm": pl.Float64,
    "pairs": pl.Int32,
    **{f"{other}{name}": pl.String for other in ("", "other_") for name in ("ranker", "direction")},
}

COLUMNS = OF_GROUPS | {
    "p": Meaning(
        P,
        "p of the one-sided signed-rank test that the first setting has the lower test accuracy; "
        "empty where all differences are 0.",
    ),
    "p_holm": Meaning(
        P, "`p` adjusted over all ordered pairs of settings of one k and group; empty as `p` is."
    ),
    "pairs": Meaning("configurations", "How many configurations have both settings."),
    "other_probe": Meaning(None, "The probe of the second setting."),
    "other_ranker": Meaning(None, "The ranker of `other_ranking`."),
}


def build(frames: dict[str, pl.DataFrame], report: Sequence[int]) -> pl.DataFrame:
    """Return one row for each group, k and ordered pair of settings that a configuration has.

    The smaller `p`, the surer it is that (probe, ranking) has lower accuracy than the other.
    """
    scores = (
        frames["probes"]
        .filter(
            pl.col("split") == "test",
            pl.col("ranking") != ALL,
            pl.col("k").is_in(list(report)),
            pl.col("accuracy").is_not_null(),
        )
        .sort("k", *CONFIGURATION, *SETTING)
    )
    parts = [pl.DataFrame(schema=SCHEMA)]
    for group in GROUPS:
        keys = ["k"] if group == "overall" else [group, "k"]
        for values, of in scores.sort(keys, maintain_order=True).group_by(
            keys, maintain_order=True
        ):
            names = dict(zip(keys, values, strict=True))
            rows = [names | {"group": group} | row for row in compared(of)]
            parts.append(pl.DataFrame(rows, schema=SCHEMA))
    return with_rankers(pl.concat(parts), scores)


def with_rankers(table: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Return the table with the ranker and the direction of both rankings."""
    of = {name: names for name, *names in scores.select(RANKING).unique().rows()}
    return table.with_columns(
        pl.col(f"{other}ranking")
        .replace_strict({name: names[i] for name, names in of.items()}, return_dtype=pl.String)
        .alias(f"{other}{column}")
        for other in ("", "other_")
        for i, column in enumerate(RANKING[1:])
    )


def compared(scores: pl.DataFrame) -> list[dict]:
    """Return the tests of every ordered pair of settings, from accuracies at one k."""
    accuracy: dict[tuple, dict[tuple, float]] = {}
    for *name, probe, ranking, value in scores.select(*CONFIGURATION, *SETTING, "accuracy").rows():
        accuracy.setdefault((probe, ranking), {})[tuple(name)] = value
    rows = []
    for one, other in permutations(sorted(accuracy), 2):
        both = [name for name in accuracy[one] if name in accuracy[other]]
        if both:
            x, y = (np.array([accuracy[s][name] for name in both]) for s in (one, other))
            rows.append(
                dict(zip(SETTING, one, strict=True))
                | {"other_probe": other[0], "other_ranking": other[1]}
                | {"p": p_lower(x, y), "pairs": len(both)}
            )
    tested = [row for row in rows if row["p"] is not None]
    for row, p_holm in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row["p_holm"] = p_holm
    return rows


def p_lower(x: np.ndarray, y: np.ndarray) -> float | None:
    """Return p of the one-sided test that x (n,) is lower than y (n,).

    That of scipy's `wilcoxon` with `zero_method="wilcox"` and `method="auto"`: exact up to n = 50
    without ties and zeros, and up to n = 13 with them, else by the normal distribution. None where
    all differences are 0.
    """
    from scipy.stats import rankdata, wilcoxon

    difference = x - y
    size = np.abs(difference[difference != 0])
    if len(size) == 0:
        return None
    if len(x) <= TIED_EXACT and len(np.unique(size)) < len(x):
        # scipy goes through the signs one by one, in 0.7 s at n = 13.
        ranks = rankdata(size)
        return p_of_rank_sum(ranks, ranks[difference[difference != 0] > 0].sum())
    return float(wilcoxon(x, y, alternative="less", zero_method="wilcox", method="auto").pvalue)


def p_of_rank_sum(ranks: np.ndarray, positive: float) -> float:
    """Return the share of all signs of `ranks` whose positive ones sum to at most `positive`.

    Mean ranks of ties end in ½, so the ways to reach each sum are counted in halves.
    """
    halves = (2 * ranks).astype(int)
    ways = np.zeros(halves.sum() + 1, np.int64)
    ways[0] = 1
    for rank in halves:
        ways[rank:] += ways[:-rank].copy()
    return float(ways[: int(2 * positive) + 1].sum() / ways.sum())
