"""Findings: what a study says of the paper's two pitfalls, as sentences computed from the tables.

Verdicts are those of `verdicts.py`. Every sentence says of how many configurations it speaks, and
one that names a best ranking in how many it is clearly so. What a study did not measure is said to
be missing, with the key of the configuration that would measure it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION
from workflow_scripts.kernels.treebank_flips import LEAST
from workflow_scripts.report.uses import others_use, side_effects
from workflow_scripts.report.verdicts import (
    BY_CHANCE,
    EQUAL,
    SIGNIFICANT,
    Compared,
    Heap,
    Heaps,
    Named,
    Verdict,
    chance_of,
    compared,
    heaps,
    ranking_heap,
    readable,
    telling_method,
    use_heap,
)
from workflow_scripts.report.wording import (
    best_of,
    configurations,
    from_to,
    less,
    listed,
    names_of,
    percent,
    points,
    readable_ones,
    rows_of,
)

LEAST_VOTERS = 3
"""From how many rankings on a sentence speaks of what they elect together."""


@dataclass(frozen=True)
class Pitfall:
    """One of the paper's two points, and what this study says about it."""

    title: str
    verdict: Verdict
    headline: str
    sentences: list[str] = field(default_factory=list)
    heaps: Mapping[Named, Heap] = field(default_factory=dict)
    """Where each readable configuration falls; nothing where the pitfall is not measured."""
    claims: Mapping[Heap, str] = field(default_factory=dict)
    """What the headline says of a heap."""


@dataclass(frozen=True)
class Findings:
    """What a study found."""

    ranking_is_not_a_probe: Pitfall
    encoded_is_not_used: Pitfall
    more: list[str]
    readable: Collection[Named] | None = None
    """The configurations that count, in the order of names; None where no probe was trained."""


def findings(
    tables: Mapping[str, pl.DataFrame],
    compiled: Collection[str] = (),
    rankers: Mapping[str, Collection[str]] | None = None,
) -> Findings:
    """Return the findings of a study's tables, by their names; any of them may be missing.

    Of models that are `compiled` the pitfalls say nothing: they were made to have them. (Tests over
    all models have none in `model`.) `rankers` are those of the study, each with the treebanks that
    it is left out of, as these have no lemmas.
    """
    truth = _truth(tables)
    tables = {
        name: table.filter(~pl.col("model").is_in(list(compiled)).fill_null(value=False))
        if "model" in table.columns
        else table
        for name, table in tables.items()
    }
    contrasts, probing = rows_of(tables, "contrasts"), rows_of(tables, "probing")
    found = {} if contrasts is None else compared(contrasts)
    # Of probes every k counts, reported or not, and the one on all neurons.
    scores = [rows for rows in (probing, rows_of(tables, "probing_curves")) if rows is not None]
    read = pl.concat(scores, how="diagonal") if scores else None
    counted = set() if read is None else readable(read)
    return Findings(
        ranking_is_not_a_probe(tables, found, counted),
        encoded_is_not_used(tables, found, counted),
        [
            *truth,
            *_unread(read, counted),
            *_unseen_forms(tables),
            *_overlaps(tables),
            *_clusters(tables),
            *_unmeasured(tables),
            *_left_out(tables, rankers or {}),
        ],
        None if read is None else sorted(counted),
    )


# The first pitfall.


def ranking_is_not_a_probe(
    tables: Mapping[str, pl.DataFrame], found: Mapping[Named, Compared], counted: set[Named]
) -> Pitfall:
    """Say in how many configurations the better ranking clearly depends on the probe."""
    title = "A ranking is not a probe"
    probing = rows_of(
        tables, "probing_curves"
    )  # every k; a study may report none of a narrow model
    if probing is None:
        probing = rows_of(tables, "probing")
    if probing is None:
        return Pitfall(
            title,
            "not measured",
            "This study trained no probe, so no ranking was judged.",
            ["To judge rankings, name probes under `probes`."],
        )
    reported = rows_of(tables, "probing")
    background = [] if reported is None else _of_last_neurons(reported)
    background += _significance(tables)
    top = probing.filter(pl.col("direction") == "ttb")
    if top["ranking"].n_unique() < 2:
        return Pitfall(
            title,
            "not measured",
            "This study has fewer than two rankings from the top, so there is none to compare.",
            ["To compare rankings, name several under `rankings`; random is none.", *background],
        )
    if not top.filter(pl.col("split") == "test")["accuracy"].count():
        return Pitfall(
            title,
            "not measured",
            "No word of a test split has an attribute that is studied, so no ranking was judged.",
        )
    judged = {of: here for of, here in found.items() if of in counted and here.area}
    preferred = [
        f"By the area under its accuracy curve, the {probe} probe reads best from "
        f"{best_of([here.area[probe] for here in judged.values() if probe in here.area])} of "
        f"{readable_ones(len(judged))}."
        for probe in top["probe"].unique(maintain_order=True)
        if judged
    ]
    if top["probe"].n_unique() < 2:
        return Pitfall(
            title,
            "not measured",
            "This study has one probe, so no ranking met another judge than that.",
            [*preferred, "To judge by several probes, name them under `probes`.", *background],
        )
    fallen = heaps({of: ranking_heap(here) for of, here in judged.items()}, counted)
    sentences = {
        "clear": "two probes clearly contradict each other on which of two rankings is better",
        "against": "one ranking is clearly best by every probe",
    }
    return Pitfall(
        title,
        fallen.verdict,
        _headline(fallen, sentences),
        [*_chance(fallen), *preferred, *_over_treebanks(tables, "probe"), *background],
        fallen.of,
        sentences,
    )


def _of_last_neurons(probing: pl.DataFrame) -> list[str]:
    """Say how well probes read the neurons that rankings put last."""
    last = probing.filter(
        (pl.col("split") == "test")
        & (pl.col("direction") == "btt")
        & pl.col("accuracy").is_not_null()
    )
    last = last.filter(pl.col("k") == pl.col("k").max().over(CONFIGURATION))
    sentences = []
    for (probe,), rows in last.group_by("probe", maintain_order=True):
        above = (rows["accuracy"] - rows["majority"]).mean()
        sentences.append(
            f"From the {from_to(rows['k'])} neurons that the rankings put last, the {probe} probe "
            f"still reads on average {points(above)} the majority."
        )
    return sentences


def _significance(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Say what the paper's own test finds; it takes all configurations for independent."""
    wilcoxon = rows_of(tables, "wilcoxon")
    if wilcoxon is None:
        return []
    tests = wilcoxon.filter((pl.col("group") == "overall") & pl.col("p").is_not_null())
    tests = tests.filter(pl.col("k") == pl.col("k").min())
    if tests.is_empty():
        return []
    k, n, m = tests["k"][0], tests["pairs"].max(), len(tests)
    if m * 0.5**n > SIGNIFICANT:  # the least p that the signed-rank test can give of n pairs
        return [
            f"{configurations(n).capitalize()} {'is' if n == 1 else 'are'} too few for the "
            f"paper's signed-rank test: adjusted for {m} comparisons, none can be significant."
        ]
    found = tests.filter(pl.col("p_holm") < SIGNIFICANT)
    return [
        f"At k = {k}, the least reported, {len(found)} of {m} ordered comparisons between (probe, "
        f"ranking) pairs are significant by the paper's signed-rank test over "
        f"{configurations(n)} (Holm-adjusted p < {SIGNIFICANT}), which takes those of one "
        "treebank for independent."
    ]


# The second pitfall.


def encoded_is_not_used(
    tables: Mapping[str, pl.DataFrame], found: Mapping[Named, Compared], counted: set[Named]
) -> Pitfall:
    """Say in how many configurations what is read best is clearly not what the model uses most."""
    title = "Encoded is not used"
    saturation = rows_of(tables, "saturation")
    telling = None if "contrasts" not in tables else telling_method(tables["contrasts"])
    if saturation is None and (by_form := _by_form(tables)):
        return Pitfall(
            title,
            "not measured",
            "The changed words have no lemma, so of interventions only error rate and side effects "
            "are known, and not what the model uses.",
            [
                *by_form,
                "What the model uses is known of words with lemmas: CoNLL-U may have these beside "
                "labels of your own, `attributes: [{misc: Key}]`.",
            ],
        )
    if saturation is None or telling is None:
        return Pitfall(
            title,
            "not measured",
            "This study ran no interventions, so nothing is known about what the model uses."
            if "saturation" not in tables
            else "No test word was changed, so nothing is known about what the model uses.",
            ["To find out, name methods under `interventions`."]
            if "saturation" not in tables
            else [
                "No test word carries an attribute, no `step` is below the model's width, or words "
                "of dev alone were changed."
            ],
        )
    method, measure = telling
    effects = _effects(saturation, method, measure)
    beside = side_effects(tables, method, measure)
    if rows_of(tables, "probing") is None and rows_of(tables, "probing_curves") is None:
        return Pitfall(
            title,
            "not measured",
            "This study trained no probe, so nothing is known about what the model encodes.",
            [*effects, *beside, "To find out, name probes under `probes`."],
        )
    judged = {
        of: here for of, here in found.items() if of in counted and here.settings and here.moved
    }
    if not any(here.moved for here in found.values()):
        return Pitfall(
            title,
            "not measured",
            "This study has fewer than two rankings from the top, so there is none to compare.",
            [
                *effects,
                *beside,
                "To compare rankings, name several under `rankings`; random is none.",
            ],
        )
    fallen = heaps({of: use_heap(here) for of, here in judged.items()}, counted)
    sentences = {
        "clear": f"{method} by a ranking that probes read clearly worse moves clearly more words "
        f"({measure.upper()}) than by those that they read best",
        "against": "the ranking that moves most is among those read best, and moves clearly more "
        "than each that is read clearly worse",
    }
    return Pitfall(
        title,
        fallen.verdict,
        _headline(fallen, sentences),
        [
            *_chance(fallen),
            *_still(judged, method, measure),
            *_movers(judged, method, measure),
            *_over_treebanks(tables, "method", method),
            *effects,
            *beside,
            *others_use(tables, judged, method, measure),
        ],
        fallen.of,
        sentences,
    )


def _by_form(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Say how many words of interventions come out as another, where none of them has a lemma.

    With none changed, and with the first k neurons for the largest k; nothing where one has a
    lemma.
    """
    interventions = rows_of(tables, "interventions")
    if interventions is None or interventions["clwv"].count():
        return []
    rates = ("error_rate", "side_effect_rate")
    top = interventions.filter(pl.col("direction").ne_missing("btt"))
    sentences = []
    for (method,), rows in top.group_by("method", maintain_order=True):
        last = rows.filter(pl.col("k") == pl.col("k").max().over(CONFIGURATION))
        means = last.group_by("ranking").agg(pl.col(rates).mean())
        means = means.sort(["error_rate", "ranking"], descending=[True, False])
        error, beside = (
            [
                f"{ranking} {percent(rate)}"
                for ranking, rate in means.select("ranking", one).drop_nulls().iter_rows()
            ]
            for one in rates
        )
        before = rows.filter(pl.col("k") == 0)["error_rate"].mean()
        sentences.append(
            f"{method} of the first {from_to(last['k'])} neurons, the largest k, has on average "
            f"error rates of {listed(error)}; the unchanged model errs in {percent(before)}."
        )
        if beside:
            sentences.append(
                "Of the words without a kept value in the same sentences, which nobody changed, "
                f"there come out as another word than in the unchanged model: {listed(beside)}."
            )
    return sentences


def _still(judged: Mapping[Named, Compared], method: str, measure: str) -> list[str]:
    still = [of for of, here in judged.items() if not here.above_unchanged]
    if not still:
        return []
    return [
        f"In {len(still)} of {readable_ones(len(judged))}, {method} by no ranking from the top "
        f"moves clearly more words ({measure.upper()}) than k = 0 does: encoded, and not seen to "
        f"be used ({names_of(still)})."
    ]


def _movers(judged: Mapping[Named, Compared], method: str, measure: str) -> list[str]:
    moving = [here.moved for here in judged.values() if here.above_unchanged and here.moved]
    if not moving:
        return []
    return [
        f"By the area under its {measure.upper()} curve, {method} moves most by {best_of(moving)} "
        f"of {configurations(len(moving))} in which it moves any clearly."
    ]


def _effects(saturation: pl.DataFrame, method: str, measure: str) -> list[str]:
    """Say how much each ranking from the top moves, where its curve saturates."""
    rows = saturation.filter(
        (pl.col("method") == method)
        & (pl.col("direction") == "ttb")
        & pl.col(measure).is_not_null()
    )
    if rows.is_empty():
        return []
    means = rows.group_by("ranking").agg(pl.col(measure).mean(), pl.col("error_rate").mean())
    parts = [
        f"{row['ranking']} {percent(row[measure])} (error rate {percent(row['error_rate'])})"
        for row in means.sort([measure, "ranking"], descending=[True, False]).iter_rows(named=True)
    ]
    never = int((~rows["saturated"]).sum())
    last = f" ({never} of {len(rows)} curves never do, and have their last k)" if never else ""
    return [
        f"Where its curve saturates{last}, {method} gives on average {measure.upper()} of "
        f"{listed(parts)}; the unchanged model errs in {percent(rows['error_rate_0'].mean())}."
    ]


# What both say.


def _headline(fallen: Heaps, sentences: Mapping[Heap, str]) -> str:
    """Return the three heaps as a sentence."""
    if not fallen.n:
        return "In no configuration can a probe read its attribute clearly above the majority."
    parts = [f"in {fallen[heap]} {sentence}" for heap, sentence in sentences.items()]
    text = f"Of {readable_ones(fallen.n)}, {'; '.join(parts)}; in {fallen['within noise']} the "
    return text + "differences are within noise."


def _chance(fallen: Heaps) -> list[str]:
    """Say how likely so many clear configurations are by chance."""
    clear = fallen["clear"]
    if not clear:
        return []
    p = chance_of(clear, fallen.n)
    return [
        f"Were there nothing, at most {BY_CHANCE:.0%} of configurations would be clear: {clear} or "
        f"more of {fallen.n} then has p = {p:.2g}"
        + ("." if p <= SIGNIFICANT + EQUAL else ", so it may be chance.")
    ]


def _over_treebanks(
    tables: Mapping[str, pl.DataFrame], of: str, name: str | None = None
) -> list[str]:
    """Say which rankings are better over treebanks, on the area; `of` is probe or method."""
    inference = rows_of(tables, "inference")
    if inference is None:
        return []
    rows = inference.filter(
        pl.col("group") == "overall",
        pl.col("measure") == "area",
        pl.col(of).is_not_null() if name is None else pl.col(of) == name,
        pl.col("direction") == "ttb",
        pl.col("other_direction") == "ttb",
    )
    if rows.is_empty():
        return []
    n = rows["treebanks"].max()
    if n < LEAST:
        return [
            f"{n} treebank{' is' if n == 1 else 's are'} too few for a test over treebanks, which "
            f"needs {LEAST}: nothing is said of other languages."
        ]
    clear = rows.filter(pl.col("p_adjusted") <= SIGNIFICANT)
    parts = [
        f"{row[of]}: {one} above {other} by {abs(row['difference']) * 100:.1f} points "
        f"(p = {row['p_adjusted']:.2g})"
        for row in clear.iter_rows(named=True)
        for one, other in [
            (row["ranking"], row["other_ranking"])
            if row["difference"] > 0
            else (row["other_ranking"], row["ranking"])
        ]
    ]
    return [
        f"Over {n} treebanks, on the area, {len(parts)} of {len(rows)} pairs of rankings differ "
        f"(sign flips of treebanks, adjusted p ≤ {SIGNIFICANT})"
        + (f": {'; '.join(parts)}." if parts else ".")
    ]


def _unread(probing: pl.DataFrame | None, counted: set[Named]) -> list[str]:
    """Name the configurations that do not count, because nothing is read there."""
    if probing is None:
        return []
    every = _where(probing, pl.col("split") == "test", pl.col("accuracy").is_not_null())
    unread = [of for of in every if of not in counted]
    if not unread:
        return []
    return [
        f"In {len(unread)} of {configurations(len(every))} no probe reads the attribute clearly "
        f"above the majority; verdicts leave them out: {names_of(unread)}."
    ]


# More than the two.


def _unseen_forms(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Say how much less probes read on forms that training has not, from the largest k.

    Of every configuration whose test split has words of both kinds; in each the mean over the
    rankings from the top.
    """
    probing = rows_of(
        tables, "probing_curves"
    )  # every k; a study may report none of a narrow model
    if probing is None:
        probing = rows_of(tables, "probing")
    if probing is None or "seen_accuracy" not in probing.columns:
        return []
    rows = probing.filter((pl.col("split") == "test") & (pl.col("direction") == "ttb"))
    rows = rows.filter(pl.col("k") == pl.col("k").max().over(CONFIGURATION))
    lost = pl.col("seen_accuracy") - pl.col("unseen_accuracy")
    rows = rows.with_columns(lost=lost).filter(pl.col("lost").is_not_null())
    if rows.is_empty():
        return []
    lost_by_probe = rows.group_by("probe", *CONFIGURATION, maintain_order=True).agg(
        pl.col("lost").mean()
    )
    (probe, lost), *others = [
        (probe, less(of_probe["lost"].mean()))
        for (probe,), of_probe in lost_by_probe.group_by("probe", maintain_order=True)
    ]
    beside = "".join(f", the {probe} probe {lost}" for probe, lost in others)
    n = len(rows.unique(CONFIGURATION))
    words = from_to(rows["unseen"], ",")
    which = "that has" if n == 1 else "that have"
    return [
        f"On forms that training does not have, the {probe} probe reads on average {lost} than on "
        f"those that it has{beside}: from the first {from_to(rows['k'])} neurons of rankings from "
        f"the top, in {configurations(n)} {which} such words in test ({words} of them)."
    ]


def _truth(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Say, of each compiled model, which ranking finds the neurons that are known to be used."""
    truth = rows_of(tables, "truth")
    sentences = []
    for (model,), rows in () if truth is None else truth.group_by("model", maintain_order=True):
        mean = rows.group_by("ranking", "direction", maintain_order=True).agg(
            pl.col("ap_used", "ap_encoded", "vote_ap_used", "vote_ap_encoded").mean()
        )
        made, random = (mean.filter(of) for of in (_IS_MADE, ~_IS_MADE))
        if made.is_empty():
            continue

        def best(score: str, made: pl.DataFrame = made, random: pl.DataFrame = random) -> str:
            highest = made.filter(pl.col(score) > made[score].max() - EQUAL)
            beside = f", random {random[score].mean():.2f}" if len(random) else ""
            return f"by {listed(highest['ranking'])} ({highest[score][0]:.2f}{beside})"

        n = int(rows["seeds"].max())  # pyright: ignore[reportArgumentType]
        drawn = "One draw: another may say otherwise" if n == 1 else f"Means of {n} draws"
        sentences.append(
            f"In the compiled model {model} it is known which neurons are used, and it counts in "
            "neither finding above. By average precision, the neurons that are used are found best "
            f"{best('ap_used')}, and all that hold the attribute, used or not, "
            f"{best('ap_encoded')}.{_vote(made, random)} {drawn}."
        )
    return sentences


def _vote(made: pl.DataFrame, random: pl.DataFrame) -> str:
    """Say whether the rankings' vote finds what is used, of mean scores; random has that of all."""
    if len(made) < LEAST_VOTERS or random.is_empty():
        return ""
    voted, best = random["vote_ap_used"][0], made["ap_used"].max()
    beside = "less than the best alone" if voted < best - EQUAL else "and none of them alone more"  # pyright: ignore[reportOperatorIssue]
    return (
        f" What all {len(made)} rankings elect together has {voted:.2f} for used neurons "
        f"({beside}), {random['vote_ap_encoded'][0]:.2f} for all that hold the attribute."
    )


_IS_MADE = pl.col("direction").is_not_null()
"""Whether a ranking is made of something: random is not."""


def _overlaps(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    overlap = rows_of(tables, "overlap")
    if overlap is None:
        return []
    within = overlap.filter(pl.col("other_treebank").is_null())
    if within.is_empty():
        return []
    parts = []
    for (rankings,), rows in within.group_by("rankings", maintain_order=True):
        more = rows.filter(pl.col("p_holm") < SIGNIFICANT)
        parts.append(
            f"{listed(rankings.split('+'))} {rows['shared'].mean():.1f} (chance "
            f"{rows['chance'].mean():.1f}; more than chance in {len(more)} of {len(rows)})"
        )
    n = from_to(within["n"])
    return [f"Of their top {n} neurons, rankings share on average: {'; '.join(parts)}."]


def _clusters(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    clusters = rows_of(tables, "clusters")
    if clusters is None:
        return []
    parts = []
    for (name, _), rows in clusters.sort("cluster").group_by(
        "name", "cluster", maintain_order=True
    ):
        mean = rows["gaussian_minus_linear"].mean()
        parts.append(f"{len(rows)} {name} ({points(mean)} it)")
    return [
        f"By the shape of their curves, {configurations(len(clusters))} fall into three groups, "
        "in which the Gaussian probe is on average above or below the linear one: "
        f"{listed(parts)}."
    ]


_OF_ONE_VALUE = {
    "dev": "a ranking chosen by mutual information on dev, as gaussian is, tells no values apart",
    "test": "nothing can be told there",
}
"""What follows where a split has one value alone, whose entropy is 0."""


def _unmeasured(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Name what the tables hold a place for and no number."""
    sentences = []
    together = rows_of(tables, "used_vs_encoded")
    if together is not None:
        on_grid = set(together.filter(pl.col("point") == "report")["method"])
        off_grid = [m for m in together["method"].unique(maintain_order=True) if m not in on_grid]
        if off_grid:
            sentences.append(
                f"No k of `neurons.report` is on the grid of {listed(off_grid)}, so "
                "`used_vs_encoded` has its saturation points alone: report k that are multiples "
                "of its `step` and below the model's width."
            )
        curve = [*CONFIGURATION, "method", "ranking"]
        saturated = together.filter((pl.col("point") == "saturation") & (pl.col("k") > 0))
        n = len(saturated.unique(curve))
        beyond = len(saturated.filter(pl.col("accuracy").is_null()).unique(curve))
        if beyond:
            sentences.append(
                f"{beyond} of {n} saturation points lie beyond `neurons.max`, where no probe was "
                "trained: their accuracy is empty in `used_vs_encoded`."
            )
    probing = rows_of(tables, "probing")
    if probing is not None:
        for split, so_that in _OF_ONE_VALUE.items():
            of_split = pl.col("split") == split
            without = _where(probing, of_split, pl.col("accuracy").is_null())
            if without:
                sentences.append(
                    f"The {split} split has no word of the attribute in "
                    f"{configurations(len(without))}: {names_of(without)}."
                )
            one = _where(probing, of_split, pl.col("majority") == 1)
            if one:
                sentences.append(
                    f"The {split} split has one value of the attribute alone in "
                    f"{configurations(len(one))}, so that {so_that}: {names_of(one)}."
                )
    return sentences


def _left_out(
    tables: Mapping[str, pl.DataFrame], rankers: Mapping[str, Collection[str]]
) -> list[str]:
    """Name the rankings from the top that some configurations lack, where they have others.

    Those from the bottom are in fewer tables, and are missing with them. A ranker that is nowhere
    goes by its own name; so does one that is left out of treebanks.
    """
    by_treebanks: dict[tuple[str, ...], list[str]] = {}
    for ranker, treebanks in rankers.items():
        if treebanks:
            by_treebanks.setdefault(tuple(treebanks), []).append(ranker)
    sentences = [
        f"{listed(names)} {'rank' if len(names) > 1 else 'ranks'} by words of one lemma, and "
        f"{'are' if len(names) > 1 else 'is'} left out of {listed(list(treebanks))}, where no word "
        "has a lemma."
        for treebanks, names in by_treebanks.items()
    ]
    is_top = (pl.col("ranking") != ALL) & pl.col("direction").ne_missing("btt")
    found = {
        name: rows.filter(is_top).select(*CONFIGURATION, "ranking", "ranker")
        for name in ("agreement", "probing", "probing_curves", "interventions", "saturation")
        if (rows := rows_of(tables, name)) is not None
    }
    if not found:
        return sentences
    every = pl.concat(found.values()).unique(maintain_order=True)
    of_study = every.select(CONFIGURATION).unique(maintain_order=True)
    named = dict(every.select("ranking", "ranker").rows())
    if found.keys() & {"probing_curves", "interventions"}:  # which have a row of every ranking
        named |= {ranker: ranker for ranker in rankers if ranker not in named.values()}
    lacking: dict[tuple[Named, ...], list[str]] = {}
    for ranking, ranker in named.items():
        rows = every.filter(pl.col("ranking") == ranking)
        without = [
            of
            for of in of_study.join(
                rows, on=CONFIGURATION, how="anti", maintain_order="left"
            ).rows()
            if of[1] not in rankers.get(ranker, ())
        ]
        if without:
            lacking.setdefault(tuple(without), []).append(ranking)
    return sentences + [
        f"{listed(rankings)} found nothing to rank by in {len(without)} of "
        f"{configurations(len(of_study))} and {'are' if len(rankings) > 1 else 'is'} in no table "
        f"there; the logs of `rank_neurons` say why: {names_of(without)}."
        for without, rankings in lacking.items()
    ]


def _where(rows: pl.DataFrame, *conditions: pl.Expr) -> list[Named]:
    return rows.filter(*conditions).select(CONFIGURATION).unique(maintain_order=True).rows()


# Words and numbers.
