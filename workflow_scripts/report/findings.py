"""Findings: the paper's two pitfalls, or their refutation, as sentences computed from the tables.

Every sentence says of how many configurations it speaks. What a study did not measure is said to be
missing, with the key of the configuration that would measure it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from workflow_scripts.tables import CONFIGURATION

Verdict = Literal["shown", "in part", "not shown", "unknown"]
SIGNIFICANT = 0.05
READABLE = 0.1
"""How far above the majority an accuracy is for the attribute to count as encoded."""
MOVED = 0.01
"""The share of words from which on an intervention counts as having moved the attribute."""


@dataclass(frozen=True)
class Pitfall:
    """One of the paper's two points, and what this study says about it."""

    title: str
    verdict: Verdict
    headline: str
    sentences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Findings:
    """What a study found."""

    ranking_is_not_a_probe: Pitfall
    encoded_is_not_used: Pitfall
    more: list[str]


def findings(tables: Mapping[str, pl.DataFrame]) -> Findings:
    """Return the findings of a study's tables, by their names; any of them may be missing."""
    return Findings(
        ranking_is_not_a_probe(tables),
        encoded_is_not_used(tables),
        [*_overlaps(tables), *_clusters(tables)],
    )


# The first pitfall.


def ranking_is_not_a_probe(tables: Mapping[str, pl.DataFrame]) -> Pitfall:
    """Say in how many configurations the best ranking depends on the probe that judges it.

    Of the rankings from the top, at the least reported k; equal accuracies share the place.
    """
    title = "A ranking is not a probe"
    probing = _rows(tables, "probing")
    if probing is None:
        return Pitfall(
            title,
            "unknown",
            "This study trained no probe, so no ranking was judged.",
            ["To judge rankings, name probes under `probes`."],
        )
    test = probing.filter(pl.col("split") == "test")
    k = test["k"].min()
    top = test.filter((pl.col("k") == k) & pl.col("ranking").str.ends_with("-ttb"))
    best = {
        probe: _best(rows, "accuracy")
        for (probe,), rows in top.group_by("probe", maintain_order=True)
    }
    background = [*_of_last_neurons(test), *_significance(tables, k)]
    if top["ranking"].n_unique() < 2:
        return Pitfall(
            title,
            "unknown",
            "This study has one ranking, so there is none to compare it with.",
            ["To compare rankings, name several under `rankings`.", *background],
        )
    preferred = [
        f"On the first {k} neurons the {probe} probe reads best from "
        f"{_counted(best[probe].values())} of {_configurations(len(best[probe]))}."
        for probe in best
    ]
    if len(best) < 2:
        return Pitfall(
            title,
            "unknown",
            "This study has one probe, so no ranking met another judge than that.",
            [*preferred, "To judge by several probes, name them under `probes`.", *background],
        )
    shared = set.intersection(*(set(of_probe) for of_probe in best.values()))
    differ = sum(
        not set.intersection(*(of_probe[name] for of_probe in best.values())) for name in shared
    )
    headline = (
        f"Which ranking is best depends on the probe that judges it in {differ} of "
        f"{_configurations(len(shared))}."
        if differ
        else f"The probes prefer the same ranking in all {_configurations(len(shared))}: "
        "this study does not show the pitfall."
    )
    return Pitfall(title, _verdict(differ, len(shared)), headline, [*preferred, *background])


def _of_last_neurons(test: pl.DataFrame) -> list[str]:
    """Say how well probes read the neurons that rankings put last."""
    k = test["k"].max()
    last = test.filter((pl.col("k") == k) & pl.col("ranking").str.ends_with("-btt"))
    sentences = []
    for (probe,), rows in last.group_by("probe", maintain_order=True):
        above = (rows["accuracy"] - rows["majority"]).mean()
        sentences.append(
            f"From the {k} neurons that the rankings put last, the {probe} probe still reads on "
            f"average {_points(above)} the majority."
        )
    return sentences


def _significance(tables: Mapping[str, pl.DataFrame], k: int) -> list[str]:
    wilcoxon = _rows(tables, "wilcoxon")
    if wilcoxon is None:
        return []
    tests = wilcoxon.filter((pl.col("group") == "overall") & (pl.col("k") == k))
    tests = tests.filter(pl.col("p").is_not_null())
    if tests.is_empty():
        return []
    n, m = tests["pairs"].max(), len(tests)
    if m * 0.5**n > SIGNIFICANT:  # the least p that the signed-rank test can give of n pairs
        return [
            f"{_configurations(n).capitalize()} {'is' if n == 1 else 'are'} too few for a "
            f"signed-rank test: adjusted for {m} comparisons, none can be significant."
        ]
    found = tests.filter(pl.col("p_holm") < SIGNIFICANT)
    return [
        f"At k = {k}, {len(found)} of {m} ordered comparisons between (probe, ranking) pairs are "
        f"significant (signed-rank test over {_configurations(n)}, Holm-adjusted p < "
        f"{SIGNIFICANT})."
    ]


# The second pitfall.


def encoded_is_not_used(tables: Mapping[str, pl.DataFrame]) -> Pitfall:
    """Say in how many configurations what is read best is not what the model uses most.

    Of the rankings from the top, at the least reported k that was intervened at. A ranking is read
    as well as by its best probe; used as much as the intervention moves words as meant: CLTV
    where it has a target, CLWV where not. Where no ranking moves a word in a hundred at any k
    though the attribute can be read, it is encoded and not used at all.
    """
    title = "Encoded is not used"
    saturation = _rows(tables, "saturation")
    if saturation is None:
        return Pitfall(
            title,
            "unknown",
            "This study ran no interventions, so nothing is known about what the model uses.",
            ["To find out, name methods under `interventions`."],
        )
    method = _telling_method(saturation)
    effects = _effects(saturation, method)
    together = _rows(tables, "used_vs_encoded")
    if together is None:
        return Pitfall(
            title,
            "unknown",
            "This study trained no probe, so nothing is known about what the model encodes.",
            [*effects, "To find out, name probes under `probes`."],
        )
    measure = _measure(together, method)
    rows = together.filter(
        (pl.col("method") == method)
        & pl.col("ranking").str.ends_with("-ttb")
        & pl.col("accuracy").is_not_null()
    )
    idle, readable = _idle(tables, method, measure)
    reported = rows.filter(pl.col("point") == "report")
    rows = reported if len(reported) else rows
    if rows["ranking"].n_unique() < 2:
        return Pitfall(
            title,
            "shown" if idle else "unknown",
            _idle_sentence(idle, readable, method, measure)
            or "This study has one ranking, so there is none to compare it with.",
            [*effects, "To compare rankings, name several under `rankings`."],
        )
    k = rows["k"].min()
    if len(reported):
        rows = rows.filter(pl.col("k") == k)
    at = f"the first {k} neurons" if len(reported) else "the neurons at its saturation point"
    read = _best(
        rows.group_by([*CONFIGURATION, "ranking"]).agg(pl.col("accuracy").max()), "accuracy"
    )
    used = _best(rows, measure, above=0)
    differ = {name for name in used if not used[name] & read[name]}
    still = read.keys() - used.keys()
    against = differ | still | idle
    n = len(read)
    headline = (
        f"In {len(against)} of {_configurations(n)} what a probe reads best is not what the model "
        "uses most."
        if against
        else f"In all {_configurations(n)} the ranking that is read best is also the one that the "
        "model uses most: this study does not show the pitfall."
    )
    sentences = [
        f"Judged by {at}, the ranking that probes read best and the one whose {method} moves most "
        f"words ({measure.upper()}) differ in {len(differ)} of "
        f"{_configurations(n)}" + (f"; in {len(still)} none of them moves any." if still else ".")
    ]
    sentences += [text for text in [_idle_sentence(idle, readable, method, measure)] if text]
    return Pitfall(title, _verdict(len(against), n), headline, [*sentences, *effects])


def _telling_method(saturation: pl.DataFrame) -> str:
    """Return the first method that has a target, or else the first."""
    aimed = saturation.filter(pl.col("cltv").is_not_null())
    return (aimed if len(aimed) else saturation)["method"][0]


def _measure(rows: pl.DataFrame, method: str) -> str:
    aimed = rows.filter((pl.col("method") == method) & pl.col("cltv").is_not_null())
    return "cltv" if len(aimed) else "clwv"


def _idle(
    tables: Mapping[str, pl.DataFrame], method: str, measure: str
) -> tuple[set[tuple], set[tuple]]:
    """Return the configurations that are read and never moved, and those that are read."""
    probing, interventions = _rows(tables, "probing"), _rows(tables, "interventions")
    if probing is None or interventions is None:
        return set(), set()
    above = pl.col("accuracy") - pl.col("majority")
    read = (
        probing.filter(pl.col("split") == "test").group_by(CONFIGURATION).agg(above.max())
    ).filter(pl.col("accuracy") >= READABLE)
    curves = interventions.filter(pl.col("method") == method)
    at_0 = pl.col(measure).filter(pl.col("k") == 0).max()
    unmoved = curves.group_by(CONFIGURATION).agg(still=pl.col(measure).max() - at_0 < MOVED)
    readable = set(read.select(CONFIGURATION).rows())
    return readable & set(unmoved.filter("still").select(CONFIGURATION).rows()), readable


def _idle_sentence(idle: set, readable: set, method: str, measure: str) -> str:
    if not idle:
        return ""
    return (
        f"In {len(idle)} of the {_configurations(len(readable))} where a probe is at least "
        f"{READABLE * 100:.0f} points above the majority, {method} by no ranking "
        f"and at no k moves {_percent(MOVED, 0)} of the words more ({measure.upper()}) than k = 0 "
        "does: encoded, and not used."
    )


def _effects(saturation: pl.DataFrame, method: str) -> list[str]:
    """Say how much each ranking from the top moves, where its curve saturates."""
    measure = _measure(saturation, method)
    rows = saturation.filter((pl.col("method") == method) & pl.col("ranking").str.ends_with("-ttb"))
    if rows.is_empty():
        return []
    means = rows.group_by("ranking").agg(pl.col(measure).mean(), pl.col("error_rate").mean())
    parts = [
        f"{row['ranking']} {_percent(row[measure])} (error rate {_percent(row['error_rate'])})"
        for row in means.sort([measure, "ranking"], descending=[True, False]).iter_rows(named=True)
    ]
    return [
        f"Where its curve saturates, {method} gives on average {measure.upper()} of "
        f"{_listed(parts)}; the unchanged model errs in {_percent(rows['error_rate_0'].mean())}."
    ]


# More than the two.


def _overlaps(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    overlap = _rows(tables, "overlap")
    if overlap is None:
        return []
    within = overlap.filter(pl.col("other_treebank").is_null() & (pl.col("chance") < pl.col("n")))
    means = (
        within.group_by("rankings", maintain_order=True)
        .agg(pl.col("shared").mean(), pl.col("chance").mean())
        .rows(named=True)
    )
    parts = [
        f"{_listed(row['rankings'].split('+'))} {row['shared']:.1f} (chance {row['chance']:.1f})"
        for row in means
    ]
    if not parts:
        return []
    n = within["n"].min()
    return [f"Of their top {n} neurons, rankings share on average: {'; '.join(parts)}."]


def _clusters(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    clusters = _rows(tables, "clusters")
    if clusters is None:
        return []
    counts = Counter(clusters["name"].to_list())
    n = len(clusters)
    return [
        f"By the shape of their curves, {counts['L>G']} of {_configurations(n)} are those where "
        f"the Gaussian probe does worst beside the linear one, {counts['G>L']} those where it "
        f"does best, {counts['standard']} lie between."
    ]


# Words and numbers.


def _rows(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame | None:
    """Return a table; None where it is missing or empty."""
    table = tables.get(name)
    return None if table is None or table.is_empty() else table


def _best(rows: pl.DataFrame, column: str, above: float | None = None) -> dict[tuple, set[str]]:
    """Return for each configuration the rankings with the highest value, where over `above`."""
    highest = rows.filter(pl.col(column) == pl.col(column).max().over(CONFIGURATION))
    if above is not None:
        highest = highest.filter(pl.col(column) > above)
    found: dict[tuple, set[str]] = {}
    for *name, ranking in highest.sort(CONFIGURATION).select(*CONFIGURATION, "ranking").rows():
        found.setdefault(tuple(name), set()).add(ranking)
    return found


def _counted(best: Iterable[set[str]]) -> str:
    """Return rankings with how often each is among the best: `linear-ttb in 3, random in 1`."""
    best = list(best)
    counts = Counter(ranking for rankings in best for ranking in rankings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = _listed([f"{ranking} in {count}" for ranking, count in ordered])
    return text + (" (equals count for each)" if sum(counts.values()) > len(best) else "")


def _verdict(against: int, n: int) -> Verdict:
    if not against:
        return "not shown"
    return "shown" if 2 * against >= n else "in part"


def _configurations(n: int) -> str:
    return f"{n} configuration{'' if n == 1 else 's'}"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _percent(share: float, digits: int = 1) -> str:
    return f"{share * 100:.{digits}f} %"


def _points(difference: float) -> str:
    """Return a difference of accuracies in words: `4.2 points above`."""
    size = f"{abs(difference) * 100:.1f} points"
    return f"{size} {'above' if difference >= 0 else 'below'}"
