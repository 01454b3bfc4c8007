"""Compare the rankings of one model and treebank: in each configuration, every two of them.

By test accuracy of each probe, and by the words that each intervention moved; the comparisons
are those of `kernels/contrasts.py`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import ArtifactError, made_by, write_parquet
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.files.probed_sentences import read_probed_sentences
from workflow_scripts.kernels.contrasts import Moved, Probed, of_interventions, of_probes
from workflow_scripts.kernels.saturation import saturation_index
from workflow_scripts.tables import collection

SCHEMA = CONFIGURATION_SCHEMA | {
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


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    collection.add_options(parser)
    parser.add_argument(
        "--folder-of-interventions", type=Path, required=True, help="the same of interventions"
    )
    parser.add_argument("--probes", nargs="*", default=[], help="linear, gaussian ...")
    parser.add_argument(
        "--interventions",
        nargs="*",
        type=json.loads,
        default=[],
        help='JSON each: {"name": ..., "has_target": true}',
    )
    parser.add_argument("--report", type=int, nargs="+", required=True, help="the k to report")
    parser.add_argument("--seed", type=int, required=True, help="of the signs")
    parser.add_argument("--collected", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    parts = [pl.DataFrame(schema=SCHEMA)]
    for of in options.configurations:
        names = collection.columns_of(options, of)
        rows = _of_probes(options, of.path, names)
        for entry in options.interventions:
            rows += _of_method(options, of.path, names, entry)
        found = pl.DataFrame(rows, schema={k: SCHEMA[k] for k in SCHEMA if k not in names})
        parts.append(collection.named(found, **names).select(list(SCHEMA)))
    metadata = made_by("compare_rankings", options.made_by)
    write_parquet(options.collected, pl.concat(parts).to_arrow(), metadata)


def _of_probes(options: argparse.Namespace, path: str, names: dict) -> list[dict[str, Any]]:
    """Return the contrasts of a configuration's probes."""
    curves = []
    sentences, words = np.empty(0, np.int32), np.empty(0, np.int64)
    for probe in options.probes:
        for ranking in options.rankings:
            file = options.folder / path / f"{probe}-by-{ranking}.parquet"
            probed = read_probed_sentences(file)
            if curves:
                _check_equal(file, sentences, probed.sentences, words, probed.words)
            sentences, words = probed.sentences, probed.words
            curves.append(Probed(probe, ranking, probed.correct))
    stream = generator(options.seed, *names.values(), "signs", "probes")
    return of_probes(curves, words, options.report, stream)


def _of_method(
    options: argparse.Namespace, path: str, names: dict, entry: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the contrasts of one intervention in a configuration."""
    measure = "cltv" if entry["has_target"] else "clwv"
    curves = []
    sentences, words = np.empty(0, np.int32), np.empty(0, np.int64)
    for ranking in options.rankings:
        file = options.folder_of_interventions / path / f"{entry['name']}-by-{ranking}.parquet"
        counts = read_frame(file).sort("k", "sentence").filter(pl.col("words") > 0)
        ks = counts["k"].unique().sort().to_list()
        if len(ks) < 2:  # no word, or a step that is not below the width: nothing is changed
            return []

        def at_every_k(name: str, counts: pl.DataFrame = counts, n: int = len(ks)) -> np.ndarray:
            return counts[name].to_numpy().reshape(n, -1)

        found = at_every_k("sentence")[0], at_every_k("words")[0]
        if curves:
            _check_equal(file, sentences, found[0], words, found[1])
        sentences, words = found
        clwv = at_every_k("clwv").sum(axis=1) / words.sum()
        point = saturation_index(clwv.tolist())
        curves.append(Moved(entry["name"], ranking, measure, ks, at_every_k(measure).T, point))
    # One stream for all methods: where they have equal sentences, these have equal signs.
    stream = generator(options.seed, *names.values(), "signs", "interventions")
    return of_interventions(curves, words, options.report, stream)


def _check_equal(file: Path, *pairs: np.ndarray) -> None:
    """Raise ArtifactError unless arrays are equal, two by two."""
    if not all(np.array_equal(a, b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)):
        raise ArtifactError(f"{file}: has other sentences than the files beside it; delete it")


if __name__ == "__main__":
    run(arguments(), main)
