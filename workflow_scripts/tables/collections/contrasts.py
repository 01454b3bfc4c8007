"""Contrasts: in each configuration, every two rankings compared, sentence by sentence.

By test accuracy of each probe, by the words that each intervention moved, and by those that no
longer agree with them; the comparisons are those of `kernels/contrasts.py`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import ArtifactError, read_parquet
from workflow_scripts.files.columns import CONFIGURATION, CONTROLLER
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.files.probed_sentences import probed_sentences
from workflow_scripts.kernels.contrasts import (
    OTHERS_USE,
    Moved,
    Probed,
    of_interventions,
    of_probes,
)
from workflow_scripts.kernels.saturation import saturation_index
from workflow_scripts.tables.collections import CollectionTask

USES = ("sentences", "interventions", "concord", "report", "seed")

_CONTRASTS = {
    "measure": pl.String,
    "probe": pl.String,
    "method": pl.String,
    "k": pl.Int32,
    "ranking": pl.String,
    "other_probe": pl.String,
    "other_ranking": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p_adjusted": pl.Float64,
}
_DIRECTIONS = {"direction": "ranking", "other_direction": "other_ranking"}
SCHEMA = CONFIGURATION_SCHEMA | _CONTRASTS | dict.fromkeys(_DIRECTIONS, pl.String)


def collect(task: CollectionTask) -> pl.DataFrame:
    """Return the contrasts of each configuration: of its probes, then of each intervention."""
    sentences = _by_configuration(task.files("sentences"))
    interventions = _by_configuration(task.files("interventions"))
    concord = _by_configuration(task.files("concord"))
    parts = [pl.DataFrame(schema=SCHEMA)]
    for name in dict.fromkeys([*sentences, *interventions]):  # one is in memory at a time
        seen, directions = _SameSentences(), {}
        rows = _of_probes(task, name, sentences.get(name, []), seen, directions)
        curves = _curves(interventions.get(name, []), seen, directions)
        rows += _of_interventions(task, name, curves)
        rows += _of_interventions(task, name, _of_concord(concord.get(name, []), curves, seen))
        parts.append(_table(name, rows, directions))
    return pl.concat(parts)


def _by_configuration(paths: list[Path]) -> dict[tuple, list[Path]]:
    """Return the files that have a sentence by the configuration that they are of."""
    found: dict[tuple, list[Path]] = {}
    for path in paths:
        for names in read_parquet(path, CONFIGURATION).slice(0, 1).to_pylist():
            found.setdefault(tuple(names.values()), []).append(path)
    return found


def _read(path: Path) -> tuple[dict[str, Any], Any]:
    """Return what names a file, and its rows."""
    rows = read_parquet(path)
    plain = [name for name in rows.column_names if name != "correct"]
    return rows.select(plain).slice(0, 1).to_pylist()[0], rows


def _of_probes(
    task: CollectionTask,
    name: tuple,
    paths: list[Path],
    seen: "_SameSentences",
    directions: dict[str, str | None],
) -> list[dict[str, Any]]:
    probed, words = [], np.empty(0, np.int64)
    for path in paths:
        names, rows = _read(path)
        of = probed_sentences(rows)
        words = seen.check(path, "probes", of.sentences, of.words)
        probed.append(Probed(names["probe"], names["ranking"], of.correct))
        directions[names["ranking"]] = names["direction"]
    stream = generator(task.seed(), *name, "signs", "probes")
    return of_probes(probed, words, task.report(), stream)


Curves = dict[str, tuple[np.ndarray, list[Moved]]]
"""By method: the words (or pairs) of each sentence, and what each ranking moved of them."""


def _curves(paths: list[Path], seen: "_SameSentences", directions: dict[str, str | None]) -> Curves:
    curves: Curves = {}
    steered: Curves = {}
    for path in paths:
        names, rows = _read(path)
        if names["direction"] == "btt" or names.get("split") == "dev":
            continue  # dev is to choose by, and has other sentences than the probes' test
        directions[names["ranking"]] = names["direction"]
        found = _moved(path, names, pl.DataFrame(pl.from_arrow(rows)), seen)
        if found is not None:
            words, curve = found
            # Last, as the report speaks of the first that has a target: of a translation.
            of = steered if names.get("to") is not None else curves
            of.setdefault(names["method"], (words, []))[1].append(curve)
    return curves | steered


def _of_concord(paths: list[Path], curves: Curves, seen: "_SameSentences") -> Curves:
    """Return the pairs that no longer agree, at the k and saturation points of `curves`."""
    found: Curves = {}
    for path in paths:
        names, rows = _read(path)
        method = names["method"]
        of = [m for m in curves.get(method, (None, []))[1] if m.ranking == names["ranking"]]
        counts = pl.DataFrame(pl.from_arrow(rows)).filter(pl.col("edited") == CONTROLLER)
        if not of or counts.is_empty():
            continue
        (moved,) = of
        sums = counts.group_by("k", "sentence").agg(pl.col("pairs", "concordant").sum())
        sums = sums.sort("k", "sentence")
        if sums["k"].unique().sort().to_list() != list(moved.ks):
            raise ArtifactError(f"{path}: has other k than the interventions; delete it")

        columns = {
            column: sums[column].to_numpy().reshape(len(moved.ks), -1)  # (K, S)
            for column in ("sentence", "pairs", "concordant")
        }
        pairs = seen.check(path, f"pairs {method}", columns["sentence"][0], columns["pairs"][0])
        concordant = columns["concordant"].astype(np.int64).T
        curve = Moved(
            method,
            names["ranking"],
            OTHERS_USE,
            moved.ks,
            concordant[:, :1] - concordant,
            moved.saturation,
        )
        found.setdefault(method, (pairs, []))[1].append(curve)
    return found


def _of_interventions(task: CollectionTask, name: tuple, curves: Curves) -> list[dict[str, Any]]:
    contrasts = []
    for words, of_method in curves.values():
        # One stream for all methods: where they have equal sentences, these have equal signs.
        stream = generator(task.seed(), *name, "signs", "interventions")
        contrasts += of_interventions(of_method, words, task.report(), stream)
    return contrasts


def _moved(
    path: Path, names: dict[str, Any], rows: pl.DataFrame, seen: "_SameSentences"
) -> tuple[np.ndarray, Moved] | None:
    """Return the words of each sentence, and those that an intervention moved; None of none.

    There is none without a word or a lemma, and where `step` is not below the width: nothing is
    changed then.
    """
    counts = rows.sort("k", "sentence").filter(pl.col("words") > 0)
    ks = counts["k"].unique().sort().to_list()
    if len(ks) < 2 or counts["clwv"].null_count():
        return None

    def at_every_k(column: str) -> np.ndarray:  # (K, S)
        return counts[column].to_numpy().reshape(len(ks), -1)

    words = seen.check(path, names["method"], at_every_k("sentence")[0], at_every_k("words")[0])
    clwv = at_every_k("clwv").sum(axis=1) / words.sum()
    measure = "cltv" if names["has_target"] else "clwv"
    point = saturation_index(clwv.tolist())
    moved = at_every_k(measure).T
    return words, Moved(names["method"], names["ranking"], measure, ks, moved, point)


def _table(name: tuple, rows: list[dict[str, Any]], directions: dict[str, Any]) -> pl.DataFrame:
    found = pl.DataFrame(rows, schema=_CONTRASTS)
    ends = {
        end: pl.col(ranking).replace_strict(directions, default=None, return_dtype=pl.String)
        for end, ranking in _DIRECTIONS.items()
    }
    of = zip(CONFIGURATION_SCHEMA.items(), name, strict=True)
    named = [pl.lit(value, kind).alias(column) for (column, kind), value in of]
    return found.with_columns(*named, **ends).select(list(SCHEMA))


class _SameSentences:
    """What is compared sentence by sentence has the same ones."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def check(self, path: Path, what: str, sentences: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Return `words`. Raises ArtifactError where the first file of that kind has others."""
        first = self._first.setdefault(what, (sentences, words))
        if not (np.array_equal(first[0], sentences) and np.array_equal(first[1], words)):
            raise ArtifactError(f"{path}: has other sentences than the files beside it; delete it")
        return words
