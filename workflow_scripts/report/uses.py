"""Uses: what a study says of side effects, and of other words' use of a word's neurons.

Sentences computed from the tables; what a study did not measure is not said. *Clearly* is that of
`verdicts.py`, on the saturation point, where own and others' use are both compared.
"""

from collections.abc import Mapping

import polars as pl

from workflow_scripts.files.columns import ALL, CONFIGURATION, CONTROLLER, OTHER
from workflow_scripts.report.verdicts import FEW, Compared, Named
from workflow_scripts.report.wording import listed, names_of, percent, readable_ones, rows_of


def side_effects(tables: Mapping[str, pl.DataFrame], method: str, measure: str) -> list[str]:
    """Say what else changes where a curve saturates."""
    saturation = rows_of(tables, "saturation")
    if saturation is None or "side_effect_rate" not in saturation.columns:
        return []
    rows = saturation.filter(pl.col("method") == method, pl.col("direction") == "ttb")
    sentences = []
    beside = rows.filter(pl.col("side_effect_rate").is_not_null())
    if len(beside):
        means = beside.group_by("ranking").agg(pl.col(measure, "side_effect_rate").mean())
        ordered = means.sort([measure, "ranking"], descending=[True, False])
        parts = [
            f"{row['ranking']} {percent(row['side_effect_rate'])}"
            for row in ordered.iter_rows(named=True)
        ]
        sentences.append(
            "Of the words without a kept value in the same sentences, which nobody changed, there "
            f"come out as another word than in the unchanged model: with {listed(parts)} (in the "
            f"order of {measure.upper()})."
        )
    moved = _moved(rows, rows_of(tables, "interventions"))
    if len(moved):
        strict = (moved["cltv_strict"] / moved["cltv"]).mean()
        sentences.append(
            f"Of the words that {method} moves to the target there, on average {percent(strict)} "
            "keep every other attribute."
        )
    return sentences


def _moved(saturation: pl.DataFrame, interventions: pl.DataFrame | None) -> pl.DataFrame:
    """Return the curves that at their saturation point moved enough words to say a share of."""
    strict = saturation.filter(pl.col("cltv_strict").is_not_null())
    if interventions is None or strict.is_empty():
        return strict.clear()
    curve = [*CONFIGURATION, "method", "ranking"]
    of = interventions.select(*curve, "words", saturation_k="k")
    with_words = strict.join(of, on=[*curve, "saturation_k"])
    return with_words.filter((pl.col("cltv") * pl.col("words")).round() >= FEW)


def others_use(
    tables: Mapping[str, pl.DataFrame],
    judged: Mapping[Named, Compared],
    method: str,
    measure: str,
) -> list[str]:
    """Say whether other words use the neurons, and whether own use and others' use agree.

    Of configurations with enough pairs; those with some, and too few, are named.
    """
    concord, saturation = rows_of(tables, "concord"), rows_of(tables, "saturation")
    found = {of: here for of, here in judged.items() if here.others is not None}
    if concord is None or saturation is None or not found:
        return []
    there = concord.filter(
        pl.col("method") == method, pl.col("relation") == ALL, pl.col("attractor").is_null()
    )
    enough = set(there.filter(pl.col("pairs") >= FEW).select(CONFIGURATION).rows())
    few = [of for of in found if of not in enough]
    too_few = (
        [
            f"Fewer than {FEW} pairs of words that agree are too few to tell of others' use: "
            f"{names_of(few)}."
        ]
        if few
        else []
    )
    found = {of: here for of, here in found.items() if of in enough}
    if not found:
        return too_few
    used = [of for of, here in found.items() if here.others_moved]
    sentences = [
        f"Others' use: in {len(used)} of {readable_ones(len(found))} with pairs of words that "
        f"agree, {method} of the one by some ranking from the top makes clearly fewer others agree "
        "with it than k = 0 does, where its curve saturates."
    ]
    of = pl.DataFrame(list(found), schema=CONFIGURATION, orient="row")
    of = of.cast({name: there.schema[name] for name in CONFIGURATION})
    there = there.join(of, on=CONFIGURATION, how="semi")
    sentences += _concord(there, saturation, method)
    sentences += _unexpected(there)
    both = [here for of, here in found.items() if here.own is not None and of in used]
    if both:
        same = sum(not set(here.own.best).isdisjoint(here.others.best) for here in both)
        contradict = sum(_contradict(here) for here in both)
        sentences.append(
            f"Own use and others' use: in {same} of these {len(both)} the ranking that moves most "
            f"words ({measure.upper()}) is also the one after which fewest others agree; in "
            f"{contradict} they clearly contradict each other, one ranking moving "
            "more words and another more of those that agree with them."
        )
    return sentences + too_few


def _unexpected(there: pl.DataFrame) -> list[str]:
    """Name the configurations whose unchanged model does not clearly expect words to agree."""
    before = there.filter(pl.col("k") == 0, pl.col("edited") == CONTROLLER)
    before = before.unique(CONFIGURATION, maintain_order=True)
    not_clearly = before.filter(pl.col("concord_low").fill_null(0) <= 0.5)
    if not_clearly.is_empty():
        return []
    names = names_of(not_clearly.select(CONFIGURATION).rows())
    return [
        f"In {len(not_clearly)} of these {len(before)} the unchanged model does not clearly expect "
        "the form that agrees (concord is not clearly above 50 %), so a change has little to "
        f"undo: {names}."
    ]


def _contradict(of: Compared) -> bool:
    """Whether own use clearly prefers one of two rankings and others' use the other."""
    return any(of.own.better(*pair) and of.others.better(*pair[::-1]) for pair in of.own.found)


def _concord(there: pl.DataFrame, saturation: pl.DataFrame, method: str) -> list[str]:
    """Say what concord is on average, and what it is with another word changed."""
    curve = [*CONFIGURATION, "method", "ranking"]
    at = saturation.filter(pl.col("method") == method).select(
        *curve, "direction", k=pl.col("saturation_k")
    )
    columns = [*curve, "ranker", "k", "edited", "concord"]
    rows = there.select(*columns).join(at, on=[*curve, "k"])
    left = {
        edited: rows.filter(pl.col("edited") == edited, pl.col("direction") == "ttb")
        .group_by("ranking")
        .agg(pl.col("concord").mean())
        .sort("concord", "ranking")
        for edited in (CONTROLLER, OTHER)
    }
    if left[CONTROLLER].is_empty():
        return []
    own = pl.col("edited") == CONTROLLER
    before = there.filter(pl.col("k") == 0, own)
    before = before.unique(CONFIGURATION)["concord"].mean()
    parts = [f"{ranking} {percent(share)}" for ranking, share in left[CONTROLLER].rows()]
    other = dict(left[OTHER].rows())
    beside = [f"{ranking} {percent(other[ranking])}" for ranking, _ in left[CONTROLLER].rows()]
    random = rows.filter(pl.col("ranker") == "random", own)["concord"]
    drawn = f" (random neurons {percent(random.mean())})" if len(random) else ""
    return [
        f"Concord is {percent(before)} before, and there on average with {listed(parts)}{drawn}; "
        f"with the same change of another word of the sentence: {listed(beside)}."
    ]
