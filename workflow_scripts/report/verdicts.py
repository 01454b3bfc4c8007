"""Verdicts: in how many configurations a study shows a pitfall.

A configuration falls into one of three heaps: the pitfall is *clear* there, or the opposite is
(*against*), or the differences are *within noise*. Decisions rest on the adjusted p of the table
`contrasts`, so they have an error rate, which tests/report/test_verdicts.py measures where there is
nothing to be found. Rankings are those from the top.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION
from workflow_scripts.kernels.contrasts import OTHERS_USE

Heap = Literal["clear", "against", "within noise"]
Verdict = Literal["shown", "in part", "not shown", "open", "not measured"]
Named = tuple[str, str, str, int]
"""A configuration: model, treebank, attribute, layer."""

CLEARLY = 0.08
"""The adjusted p up to which a difference is clear; a claim has one side, so 4 % of it."""
BY_CHANCE = 0.05
"""The share of configurations that may be clear though nothing is there."""
SIGNIFICANT = 0.05
FEW_PAIRS = 20
"""Pairs of words that agree: fewer are no evidence of a share."""
EQUAL = 1e-12
"""Numbers that differ by less are equal: areas are sums of fractions, and so is a chance."""


@dataclass(frozen=True)
class Comparisons:
    """What is known of every two of some rankings, or settings, on one measure."""

    clearly: float
    """The adjusted p up to which a difference is clear."""
    found: dict[tuple, tuple[float, float]] = field(default_factory=dict)
    """{(one, other): (difference, adjusted p)}, in both orders."""

    def add(self, one, other, difference: float, p: float) -> None:
        self.found[one, other] = difference, p
        self.found[other, one] = -difference, p

    @cached_property
    def compared(self) -> list:
        """Everything that is compared, in the table's order."""
        return list(dict.fromkeys(one for one, _ in self.found))

    def better(self, one, other) -> bool:
        """Whether one is clearly better than the other."""
        difference, p = self.found[one, other]
        return difference > 0 and p <= self.clearly

    @cached_property
    def best(self) -> list:
        """Those with the highest value: more than one where they are equal."""
        above = dict.fromkeys(self.compared, 0.0)  # differences to all others, which order them
        for (one, _), (difference, _) in self.found.items():
            above[one] += difference
        return [one for one in above if above[one] >= max(above.values()) - EQUAL]

    @cached_property
    def clearly_best(self):
        """The one that is clearly better than each other one, or None."""
        for one in self.compared:
            if all(self.better(one, other) for other in self.compared if other != one):
                return one
        return None


@dataclass
class Compared:
    """The comparisons of one configuration."""

    accuracy: dict[tuple[str, int], Comparisons] = field(default_factory=dict)
    """By probe and k, of rankings."""
    area: dict[str, Comparisons] = field(default_factory=dict)
    """By probe, of rankings."""
    settings: Comparisons | None = None
    """Of (probe, ranking), on the area."""
    moved: Comparisons | None = None
    """Of rankings, on the area of the telling method."""
    above_unchanged: set[str] = field(default_factory=set)
    """The rankings that move clearly more words than k = 0."""
    own: Comparisons | None = None
    """Of rankings, at their saturation points, by the words that the telling method moves."""
    others: Comparisons | None = None
    """The same by the words that no longer agree with them."""
    others_moved: set[str] = field(default_factory=set)
    """The rankings after which clearly fewer words agree than at k = 0."""


def telling_method(contrasts: pl.DataFrame) -> tuple[str, str] | None:
    """Return the first method that has a target, else the first, and its measure (cltv, clwv)."""
    for measure in ("cltv", "clwv"):
        methods = contrasts.filter(pl.col("measure") == measure)["method"]
        if len(methods):
            return methods[0], measure
    return None


def clearly(contrasts: pl.DataFrame) -> float:
    """Return the adjusted p up to which a difference of the study is clear.

    The more probes there are, the more of them can contradict the first.
    """
    return CLEARLY / max(contrasts["probe"].drop_nulls().n_unique() - 1, 1)


def compared(contrasts: pl.DataFrame) -> dict[Named, Compared]:
    """Return the comparisons of each configuration, of rankings from the top."""
    limit = clearly(contrasts)
    telling = telling_method(contrasts)
    found: dict[Named, Compared] = {}
    top = contrasts.filter(
        pl.col("direction") == "ttb",
        pl.col("other_ranking").is_null() | (pl.col("other_direction") == "ttb"),
    )
    columns = ["measure", "probe", "method", "k", "ranking", "other_probe", "other_ranking"]
    for *of, measure, probe, method, k, one, other_probe, other, difference, p in top.select(
        *CONFIGURATION, *columns, "difference", "p_adjusted"
    ).iter_rows():
        here = found.setdefault(tuple(of), Compared())
        if measure == "area" and other_probe is not None:
            if here.settings is None:
                here.settings = Comparisons(limit)
            here.settings.add((probe, one), (other_probe, other), difference, p)
        elif measure == "area" and probe is not None:
            here.area.setdefault(probe, Comparisons(limit)).add(one, other, difference, p)
        elif measure == "accuracy":
            of_k = here.accuracy.setdefault((probe, k), Comparisons(limit))
            of_k.add(one, other, difference, p)
        elif measure == "area" and telling and method == telling[0]:
            if other is None:
                here.above_unchanged |= {one} if difference > 0 and p <= limit else set()
            else:
                if here.moved is None:
                    here.moved = Comparisons(limit)
                here.moved.add(one, other, difference, p)
        elif telling and method == telling[0] and k is None:
            if other is None:
                of_others = measure == OTHERS_USE and difference > 0 and p <= limit
                here.others_moved |= {one} if of_others else set()
            elif measure == OTHERS_USE:
                here.others = here.others or Comparisons(limit)
                here.others.add(one, other, difference, p)
            elif measure == telling[1]:
                here.own = here.own or Comparisons(limit)
                here.own.add(one, other, difference, p)
    return found


def ranking_heap(of: Compared) -> Heap:
    """Return the heap of *a ranking is not a probe*.

    Clear: at one same k, one probe clearly prefers A to B and another B to A. Else against: one
    ranking is clearly best by every probe, on the area.
    """
    preferred: dict[int, set[tuple]] = {}
    for (_, k), pairs in of.accuracy.items():
        preferred.setdefault(k, set()).update(pair for pair in pairs.found if pairs.better(*pair))
    # One probe cannot clearly prefer both ways, so two orders of a pair are those of two probes.
    if any((other, one) in pairs for pairs in preferred.values() for one, other in pairs):
        return "clear"
    best = {pairs.clearly_best for pairs in of.area.values()}
    return "against" if len(best) == 1 and best != {None} else "within noise"


def read_best(of: Compared) -> set[str]:
    """Return the rankings that with some probe are not clearly worse than the best setting."""
    settings = of.settings
    best = settings.best[0]
    return {s[1] for s in settings.compared if s == best or not settings.better(best, s)}


def use_heap(of: Compared) -> Heap:
    """Return the heap of *encoded is not used*, on the area.

    Clear: one ranking that is not among the best read moves clearly more than each of them. Else
    against: the one that moves most is among them, and moves clearly more than each outside.
    """
    if not of.above_unchanged:
        return "within noise"
    moved, read = of.moved, read_best(of)
    others = [ranking for ranking in moved.compared if ranking not in read]
    if any(all(moved.better(one, other) for other in read) for one in others):
        return "clear"
    most = moved.best[0]
    if others and most in read and all(moved.better(most, other) for other in others):
        return "against"
    return "within noise"


def readable(probing: pl.DataFrame) -> set[Named]:
    """Return the configurations in which some probe reads the attribute clearly above the majority.

    On all neurons where that was measured, else at the largest k by a ranking from the top.
    """
    test = probing.filter(pl.col("split") == "test")
    whole = pl.col("ranking") == ALL
    top = (pl.col("direction") == "ttb") & (
        pl.col("k") == pl.col("k").filter(~whole).max().over(CONFIGURATION)
    )
    counts = pl.when(whole.any().over(CONFIGURATION)).then(whole).otherwise(top)
    found = test.filter(counts & (pl.col("above_majority_low") > 0))
    return set(found.select(CONFIGURATION).unique().rows())


@dataclass(frozen=True)
class Heaps:
    """How the readable configurations of a study fall."""

    of: Mapping[Named, Heap]

    def __getitem__(self, heap: Heap) -> int:
        return sum(found == heap for found in self.of.values())

    @property
    def n(self) -> int:
        return len(self.of)

    @property
    def verdict(self) -> Verdict:
        """What a study may say of the pitfall."""
        clear, against = self["clear"], self["against"]
        if clear and chance_of(clear, self.n) <= SIGNIFICANT + EQUAL:
            return "shown" if 2 * clear >= self.n and clear > against else "in part"
        if self.n and not clear and 2 * against >= self.n:
            return "not shown"
        return "open"


def chance_of(clear: int, n: int) -> float:
    """Return P(Bin(n, BY_CHANCE) ≥ clear): so many clear configurations by chance, or more."""
    from scipy.special import bdtrc

    return float(bdtrc(clear - 1, n, BY_CHANCE)) if clear else 1.0


def heaps(found: Mapping[Named, Heap], counted: Iterable[Named]) -> Heaps:
    """Return the heaps of the configurations that count."""
    counted = set(counted)
    return Heaps({of: heap for of, heap in found.items() if of in counted})
