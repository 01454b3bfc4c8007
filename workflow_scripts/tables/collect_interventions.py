"""Collect interventions: the outcomes of one model and treebank, and examples in their sentence.

Counts are summed over sentences, with 95 % intervals of their shares from resampling sentences; of
each curve a few examples are kept, spread over the corpus.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import COUNTS, INTERVALS, SHARES
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA, read_frame
from workflow_scripts.files.words import sentences
from workflow_scripts.kernels.bootstrap import ratio_interval
from workflow_scripts.tables import collection

EXAMPLES = 10
"""How many examples of a curve are kept."""

_NAMES = CONFIGURATION_SCHEMA | {
    "method": pl.String,
    "ranking": pl.String,
}
SCHEMA = (
    _NAMES
    | {"beta": pl.Float64, "scaled": pl.Boolean, "has_target": pl.Boolean}
    | {"k": pl.Int32, "words": pl.Int64}
    | dict.fromkeys(COUNTS, pl.Int64)
    | dict.fromkeys(INTERVALS, pl.Float64)
)
EXAMPLES_SCHEMA = _NAMES | {
    "k": pl.Int32,
    "sentence": pl.Int32,
    "word": pl.Int32,
    "value": pl.String,
    "target": pl.String,
    "form": pl.String,
    "predicted": pl.String,
    "text": pl.String,
    "change": pl.String,
}


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    collection.add_options(parser)
    parser.add_argument(
        "--interventions",
        nargs="+",
        type=json.loads,
        required=True,
        help='JSON each: {"name": ..., "has_target": true, "beta": 8, "scaled": true}',
    )
    parser.add_argument(
        "--folder-of-examples", type=Path, required=True, help="the same of examples"
    )
    parser.add_argument("--words-test", type=Path, required=True, help="words file")
    parser.add_argument("--collected", type=Path, required=True, help="Parquet to write")
    parser.add_argument("--examples", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    curves = [pl.DataFrame(schema=SCHEMA)]
    examples = [pl.DataFrame(schema=EXAMPLES_SCHEMA)]
    text = {s.number: s.columns["form"] for s in sentences(options.words_test, ["form"])}
    for of, ranking, names in collection.names_of(options):
        for entry in options.interventions:
            names = names | {"method": entry["name"], "ranking": ranking}
            file = Path(of.path, f"{entry['name']}-by-{ranking}.parquet")
            counts = read_frame(options.folder / file)
            curves.append(_curve(counts, entry, names))
            found = read_frame(options.folder_of_examples / file)
            examples.append(_in_sentence(_spread(found), text, names))
    rows = pl.concat(part.select(list(SCHEMA)).cast(SCHEMA) for part in curves)  # pyright: ignore[reportArgumentType]
    write_parquet(
        options.collected, rows.to_arrow(), made_by("collect_interventions", options.made_by)
    )
    rows = pl.concat(part.select(list(EXAMPLES_SCHEMA)) for part in examples)
    write_parquet(
        options.examples, rows.to_arrow(), made_by("collect_interventions", options.made_by)
    )


def _curve(counts: pl.DataFrame, entry: dict[str, Any], names: dict[str, Any]) -> pl.DataFrame:
    sums = counts.drop("sentence").group_by("k").sum().sort("k")
    beta = entry.get("beta")
    return collection.named(
        sums.with_columns(**_intervals(counts.sort("k", "sentence"), len(sums), entry)),
        **names,
        beta=None if beta is None else float(beta),
        scaled=entry.get("scaled"),
        has_target=entry["has_target"],
    )


def _intervals(counts: pl.DataFrame, n_points: int, entry: dict[str, Any]) -> dict[str, pl.Series]:
    """Return the columns INTERVALS of a curve; `counts` has the same sentences at each k."""

    def by_sentence(name: str) -> np.ndarray:  # (S, K)
        return counts[name].to_numpy().reshape(n_points, -1).T if n_points else np.empty((0, 0))

    words = by_sentence("words")
    hits = [words - by_sentence("correct"), by_sentence("clwv"), by_sentence("cltv")]
    totals = words[:, 0] if n_points else np.empty(0)
    ends = ratio_interval(np.hstack(hits), totals)
    if not entry["has_target"]:
        for end in ends:
            end[SHARES.index("cltv") * n_points :] = np.nan
    columns = [end.reshape(len(SHARES), n_points)[i] for i in range(len(SHARES)) for end in ends]
    return {
        name: pl.Series(values, dtype=pl.Float64).fill_nan(None)
        for name, values in zip(INTERVALS, columns, strict=True)
    }


def _spread(rows: pl.DataFrame) -> pl.DataFrame:
    """Return at most EXAMPLES rows, evenly spaced."""
    n = min(EXAMPLES, len(rows))
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(int).tolist()] if n else rows


def _in_sentence(
    rows: pl.DataFrame, text: dict[int, list[str]], names: dict[str, Any]
) -> pl.DataFrame:
    changes = []
    for row in rows.iter_rows(named=True):
        words = list(text[row["sentence"]])
        words[row["word"]] = f"[{words[row['word']]} → {row['predicted']}]"
        changes.append(" ".join(words))
    return collection.named(
        rows.with_columns(
            pl.Series("text", [" ".join(text[n]) for n in rows["sentence"].to_list()], pl.String),
            pl.Series("change", changes, pl.String),
        ),
        **names,
    )


if __name__ == "__main__":
    run(arguments(), main)
