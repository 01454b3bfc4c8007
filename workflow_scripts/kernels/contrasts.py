"""Contrasts: within one configuration, which ranking is better, and is it clearly so?

Touches no file: counts of each test sentence go in, rows come out. Every pair of rankings is
compared on each measure: accuracy of each probe, how many words each intervention moved, and how
many other words no longer agree with them. A row
has the difference of the shares with its 95 % interval over sentences (`bootstrap.py`), for its
size, and the adjusted p of a sign-flip test over sentences (`sign_flips.py`), for a decision.

Families, within which p is adjusted: all pairs at all reported k of one measure; all pairs at the
saturation points; all pairs on the area (`area.py`); all pairs of settings (probe, ranking) on the
area of accuracy; and each of the first three again, of every ranking against k = 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from workflow_scripts.kernels.area import area_weights
from workflow_scripts.kernels.bootstrap import RESAMPLES, ratio_interval
from workflow_scripts.kernels.sign_flips import DRAWS, adjusted_p, paired_differences

Names = dict[str, Any]
"""A row's columns that say what is compared."""


@dataclass(frozen=True)
class Probed:
    """The right words of one probe on one ranking."""

    probe: str
    ranking: str
    correct: np.ndarray
    """(S, K) right words of each sentence at k = 1..K."""


@dataclass(frozen=True)
class Moved:
    """The words that one intervention moved by one ranking."""

    method: str
    ranking: str
    measure: str
    """`cltv` where the method has a target, else `clwv`; or OTHERS_USE."""
    ks: Sequence[int]
    """0, step, 2·step ..."""
    moved: np.ndarray
    """(S, len(ks)) moved words of each sentence; of OTHERS_USE, pairs in which the target no longer
    agrees, less those of k = 0."""
    saturation: int
    """The index of the saturation point in `ks`."""


OTHERS_USE = "others_use"
"""The measure of a word's use for the words that agree with it; it has no area."""


class _Comparisons:
    """Columns of sentences' numbers, and which of them are compared in which family."""

    def __init__(self) -> None:
        self.columns: list[np.ndarray] = []
        self.pairs: list[tuple[int, int]] = []
        self.families: list[int] = []
        self.names: list[Names] = []

    def add(self, column: np.ndarray) -> int:
        """Add a column (S,); return its number."""
        self.columns.append(column)
        return len(self.columns) - 1

    def family(self, compared: Iterator[tuple[int, int, Names]]) -> None:
        """Add a family of compared columns."""
        number = self.families[-1] + 1 if self.families else 0
        for one, other, names in compared:
            self.pairs.append((one, other))
            self.families.append(number)
            self.names.append(names)

    def rows(
        self, words: np.ndarray, stream: np.random.Generator, draws: int, resamples: int
    ) -> list[Names]:
        """Return a row for each comparison; `words` (S,) are each sentence's."""
        if not self.pairs or not len(words):
            return []
        values, pairs = np.column_stack(self.columns), np.array(self.pairs)
        p = adjusted_p(values, pairs, np.array(self.families), stream, draws)
        differences = paired_differences(values, pairs)
        low, high = ratio_interval(differences, words, resamples)
        shares = differences.sum(axis=0) / words.sum()
        found = zip(shares.tolist(), low.tolist(), high.tolist(), p.tolist(), strict=True)
        return [
            names | {"difference": share, "low": a, "high": b, "p_adjusted": adjusted}
            for names, (share, a, b, adjusted) in zip(self.names, found, strict=True)
        ]


def of_probes(
    probed: Sequence[Probed],
    words: np.ndarray,
    report: Sequence[int],
    stream: np.random.Generator,
    draws: int = DRAWS,
    resamples: int = RESAMPLES,
) -> list[Names]:
    """Return the contrasts of accuracy.

    Args:
        probed: every probe on every ranking, all over the same sentences, in the table's order.
        words: (S,) words of each sentence, at least one; no sentence gives no row.
        report: the k to compare at; those beyond K are left out.
        stream: where the signs are drawn from.
        draws: how many signs each sentence gets.
        resamples: how many times sentences are drawn for intervals.
    """
    comparisons = _Comparisons()
    probes = list(dict.fromkeys(one.probe for one in probed))
    areas: dict[tuple[str, str], int] = {}
    for probe in probes:
        names = {"probe": probe}
        of = {one.ranking: one.correct for one in probed if one.probe == probe}
        K = min((correct.shape[1] for correct in of.values()), default=0)
        at_k = {
            k: {ranking: comparisons.add(correct[:, k - 1]) for ranking, correct in of.items()}
            for k in sorted(report)
            if k <= K
        }
        comparisons.family(_each_pair(at_k, names | {"measure": "accuracy"}))
        weights = area_weights(np.arange(1, K + 1)) if K else np.empty(0)
        of_area = {
            ranking: comparisons.add(correct[:, :K] @ weights) for ranking, correct in of.items()
        }
        comparisons.family(_each_pair({None: of_area}, names | {"measure": "area"}))
        areas |= {(probe, ranking): column for ranking, column in of_area.items()}
    comparisons.family(
        (
            areas[one],
            areas[other],
            {"measure": "area", "probe": one[0], "ranking": one[1]}
            | {"other_probe": other[0], "other_ranking": other[1]},
        )
        for one, other in combinations(areas, 2)
    )
    return comparisons.rows(words, stream, draws, resamples)


def of_interventions(
    moved: Sequence[Moved],
    words: np.ndarray,
    report: Sequence[int],
    stream: np.random.Generator,
    draws: int = DRAWS,
    resamples: int = RESAMPLES,
) -> list[Names]:
    """Return the contrasts of the words that one method moves, by every ranking; see `of_probes`.

    A k off the method's grid is left out. `words` are pairs of words where that is what is moved.
    """
    if not moved:
        return []
    comparisons = _Comparisons()
    names, measure = {"method": moved[0].method}, {"measure": moved[0].measure}
    ks = list(moved[0].ks)
    at_k = {
        k: {one.ranking: comparisons.add(one.moved[:, ks.index(k)]) for one in moved}
        for k in sorted(report)
        if k in ks
    }
    at_saturation = {
        None: {one.ranking: comparisons.add(one.moved[:, one.saturation]) for one in moved}
    }
    families = [(at_k, measure), (at_saturation, measure)]
    if moved[0].measure != OTHERS_USE:
        weights = area_weights(np.array(ks))
        of_area = {None: {one.ranking: comparisons.add(one.moved @ weights) for one in moved}}
        families.append((of_area, {"measure": "area"}))
    unchanged = comparisons.add(moved[0].moved[:, 0])
    for points, kind in families:
        comparisons.family(_each_pair(points, names | kind))
        comparisons.family(_each_against(unchanged, points, names | kind))
    return comparisons.rows(words, stream, draws, resamples)


def _each_pair(
    points: dict[int | None, dict[str, int]], names: Names
) -> Iterator[tuple[int, int, Names]]:
    """Yield every pair of rankings at every point; a point is a k, or None."""
    for k, columns in points.items():
        for one, other in combinations(columns, 2):
            named = names | {"k": k, "ranking": one, "other_ranking": other}
            yield columns[one], columns[other], named


def _each_against(
    unchanged: int, points: dict[int | None, dict[str, int]], names: Names
) -> Iterator[tuple[int, int, Names]]:
    """Yield every ranking against k = 0 at every point."""
    for k, columns in points.items():
        for ranking, column in columns.items():
            yield column, unchanged, names | {"k": k, "ranking": ranking}
