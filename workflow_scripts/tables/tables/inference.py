"""Inference: is one ranking better than another over treebanks, on each measure of `contrasts`?

`difference` is the mean over treebanks of the mean over each one's configurations, with Student's
95 % interval; `p` is that of sign flips of treebanks, `p_adjusted` over all pairs of rankings of
one measure and k. Both are empty below six treebanks, where none can be below 0.05.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.treebank_flips import LEAST, flip_p, mean_interval
from workflow_scripts.tables.meanings import NEURONS, OF_GROUPS, SHARE, P
from workflow_scripts.tables.tables import GROUPS

USES = ("contrasts", "seed", "trained")

MEASURE = ["measure", "probe", "method", "k"]
PAIR = ["ranking", "other_ranking"]
DIRECTIONS = ["direction", "other_direction"]
NUMBERS = ("difference", "low", "high", "p", "p_adjusted")
SCHEMA = CONFIGURATION_SCHEMA | {
    "group": pl.String,
    "measure": pl.String,
    "probe": pl.String,
    "method": pl.String,
    "k": pl.Int32,
    "ranking": pl.String,
    "other_ranking": pl.String,
    "treebanks": pl.Int32,
    **dict.fromkeys(NUMBERS, pl.Float64),
    "direction": pl.String,
    "other_direction": pl.String,
}

COLUMNS = OF_GROUPS | {
    "probe": Meaning(None, "The probe whose accuracy is compared; empty of interventions."),
    "method": Meaning(None, "The intervention that is compared; empty of probes."),
    "k": Meaning(
        NEURONS, "At how many neurons; empty for an area, and at each curve's saturation point."
    ),
    "treebanks": Meaning("treebanks", "How many treebanks the mean is over."),
    "difference": Meaning(
        SHARE,
        "The measure of the first ranking less that of the second: mean over treebanks of the "
        "mean over each one's configurations.",
    ),
    "low": Meaning(
        SHARE, "Lower end of Student's 95 % interval of `difference`; empty for one treebank."
    ),
    "high": Meaning(
        SHARE, "Upper end of Student's 95 % interval of `difference`; empty for one treebank."
    ),
    "p": Meaning(P, "p of the difference by sign flips of treebanks; empty below six of them."),
    "p_adjusted": Meaning(
        P, "`p` adjusted over all pairs of rankings of one measure and k; empty as `p` is."
    ),
}


def build(frames: dict[str, pl.DataFrame], seed: int) -> pl.DataFrame:
    """Return one row for each group, measure and pair of rankings."""
    contrasts = frames["contrasts"].filter(
        pl.col("other_ranking").is_not_null() & pl.col("other_probe").is_null()
    )
    rows: list[dict[str, Any]] = []
    for names, of in contrasts.group_by(MEASURE, maintain_order=True):
        pairs = of.select(PAIR).unique(maintain_order=True).rows()
        differences: dict[tuple, dict[tuple, float]] = {}
        for *name, one, other, difference in of.select(*CONFIGURATION, *PAIR, "difference").rows():
            differences.setdefault(tuple(name), {})[one, other] = difference
        whole = sorted(name for name, found in differences.items() if len(found) == len(pairs))
        for group, columns, inside in groups(whole):
            by_treebank: dict[str, list[list[float]]] = {}
            for name in inside:
                found = [differences[name][pair] for pair in pairs]
                by_treebank.setdefault(name[1], []).append(found)
            d = np.array([np.mean(found, axis=0) for found in by_treebank.values()])  # (T, P)
            p = p_adjusted = np.full(len(pairs), np.nan)
            if len(d) >= LEAST:
                p, p_adjusted = flip_p(d, np.random.default_rng(seed))
            numbers = np.array([*mean_interval(d), p, p_adjusted]).T.tolist()
            rows += [
                columns
                | {"group": group, "treebanks": len(d)}
                | dict(zip([*MEASURE, *PAIR, *NUMBERS], [*names, *pair, *of_pair], strict=True))
                for pair, of_pair in zip(pairs, numbers, strict=True)
            ]
    directions = contrasts.select(*PAIR, *DIRECTIONS).unique()
    of = dict(directions.select(PAIR[0], DIRECTIONS[0]).rows())
    of |= dict(directions.select(PAIR[1], DIRECTIONS[1]).rows())
    ends = {
        end: pl.col(ranking).replace_strict(of, return_dtype=pl.String)
        for end, ranking in zip(DIRECTIONS, PAIR, strict=True)
    }
    table = pl.DataFrame(rows, schema=SCHEMA)
    return table.with_columns(pl.col(NUMBERS).fill_nan(None), **ends)


def groups(configurations: Sequence[tuple]) -> Iterator[tuple[str, dict[str, Any], list[tuple]]]:
    """Yield each group, the column that names it, and its configurations."""
    if configurations:
        yield "overall", {}, list(configurations)
    for group in GROUPS[1:]:
        place = CONFIGURATION.index(group)
        for value in sorted({of[place] for of in configurations}):
            yield group, {group: value}, [of for of in configurations if of[place] == value]
