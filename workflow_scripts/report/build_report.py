"""Build the report: tables, figures and what was run -> one HTML file that opens offline, findings.

The findings are the page's sentences, as JSON: `pitfalls` (`title, verdict, headline, sentences`)
and `more`.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.files.artifact import read_batches, versions, whole_file
from workflow_scripts.files.dictionary import columns_of
from workflow_scripts.files.frames import read_frame
from workflow_scripts.files.origin import stamp
from workflow_scripts.files.words import kept_values, placeholders, share_of_varied, size_of
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.report.findings import findings
from workflow_scripts.report.page import Figure, Run, page

WITHOUT_LEMMA = "without lemma"


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="Parquet files")
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help="figures as JSON")
    parser.add_argument(
        "--words", nargs="+", required=True, help="treebank=folder with its words files"
    )
    parser.add_argument(
        "--configuration", type=json.loads, required=True, help="JSON: the study's configuration"
    )
    parser.add_argument(
        "--rankers",
        type=json.loads,
        default={},
        help='JSON: those of the study, each with the treebanks it is left out of: {"linear": []}',
    )
    parser.add_argument(
        "--packages", nargs="*", default=[], help="whose versions matter besides the usual ones"
    )
    parser.add_argument("--report", type=Path, required=True, help="HTML to write")
    parser.add_argument("--findings", type=Path, required=True, help="its sentences, JSON to write")
    return parser


def main(options: argparse.Namespace) -> None:
    tables = {path.stem: read_frame(path) for path in options.tables}
    figures = [_figure(path) for path in options.figures]
    study = Run(
        options.configuration,
        versions(*options.packages),
        sizes(options.words),
        tuple(notes(options.words, options.configuration)),
    )
    models = options.configuration["models"]
    compiled = [name for name, entry in models.items() if "compile" in entry]
    found = findings(tables, compiled, options.rankers)
    text = page(found, figures, tables, study, dictionary(options.tables))
    said = {
        "pitfalls": [
            {name: getattr(pitfall, name) for name in ("title", "verdict", "headline", "sentences")}
            for pitfall in (found.ranking_is_not_a_probe, found.encoded_is_not_used)
        ],
        "more": found.more,
    }
    if options.made_by:
        said["written_by"] = stamp(options.made_by)  # the last, as `files/origin.py` has it
    with whole_file(options.report, options.made_by) as part:
        part.write_text(text, encoding="utf-8")
    with whole_file(options.findings) as part:
        part.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def dictionary(tables: Sequence[Path]) -> dict[str, dict[str, tuple[str, str]]]:
    """Return of the columns of tables: table -> column -> unit, which may be empty, meaning."""
    return {
        path.stem: {name: (of.unit or "", of.meaning) for name, of in columns_of(path).items()}
        for path in tables
    }


def sizes(words: list[str]) -> pl.DataFrame:
    """Return the words of each split of each treebank, given as `treebank=folder`.

    Where a treebank has words without a lemma, the column "without lemma" says how many.
    """
    rows = []
    for treebank, folder in _folders(words):
        found = [size_of(folder / f"{split}.parquet") for split in SPLITS]
        without_lemma = sum(size.without_lemma for size in found)
        rows.append((treebank, *(size.words for size in found), without_lemma))
    columns = (*SPLITS, WITHOUT_LEMMA)
    schema = {"treebank": pl.String} | dict.fromkeys(columns, pl.Int64)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table if table[WITHOUT_LEMMA].sum() else table.drop(WITHOUT_LEMMA)


def notes(words: list[str], configuration: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of the words, given as `treebank=folder`, may not be as meant."""
    same: dict[str, str] = {}
    for treebank, folder in _folders(words):
        for split in SPLITS:
            for found in placeholders(folder / f"{split}.parquet"):
                yield f"{treebank}, {split}: {found}."
        if "dev" in configuration["treebanks"].get(treebank, {}):
            yield (
                f"{treebank} has no dev of its own: it is every tenth sentence of train, drawn by "
                "seed, and train is the other nine."
            )
        if configuration["interventions"] and configuration["analyzer"] == "lexicon":
            size = size_of(folder / "test.parquet")
            if size.without_lemma == size.words:
                yield (
                    f"{treebank} has no lemmas: an intervention has an error rate and side effects "
                    "there, but no CLWV or CLTV, no saturation point, no concord or transfer, and "
                    "no part in the second verdict."
                )
            else:
                yield from _unvaried(treebank, folder, configuration)
        digest = _digest(folder / "test.parquet")
        if digest in same:
            yield (
                f"{treebank} has the same test sentences as {same[digest]}: where the table "
                "inference counts treebanks, it counts them twice."
            )
        same.setdefault(digest, treebank)


VARIED = 0.05
"""The share of words of varied lexemes below which lemmas may not be lemmas. In two treebanks of UD
the least of an attribute is 22 %, in those of the grammars 15 %."""


def _unvaried(treebank: str, folder: Path, configuration: Mapping[str, Any]) -> Iterator[str]:
    schema = load("schemas", configuration["schema"])
    paths = [folder / f"{split}.parquet" for split in SPLITS]
    for attribute, values in kept_values(folder / "attributes.csv").items():
        asked = configuration["attributes"]
        names = [one if isinstance(one, str) else one["name"] for one in asked]
        studied = "all" in asked or attribute in names
        share = share_of_varied(paths, attribute, values, attribute == schema.PART_OF_SPEECH)
        if studied and share < VARIED:
            yield (
                f"{treebank}: {share:.1%} of the words with a value of {attribute} have a lemma "
                "that occurs with another value of it: where lemmas are not those of a lexicon "
                "(the form itself, say), no word can be turned to another value."
            )


def _digest(path: Path) -> str:
    """Return a digest of the words of a file, in their order."""
    digest = hashlib.blake2b(digest_size=12)
    for batch in read_batches(path, 1 << 15, ["sentence", "form"]):
        digest.update(json.dumps(batch.to_pydict()).encode())
    return digest.hexdigest()


def _folders(words: list[str]) -> Iterator[tuple[str, Path]]:
    for entry in words:
        treebank, _, folder = entry.partition("=")
        yield treebank, Path(folder)


def _figure(path: Path) -> Figure:
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
        words = spec["usermeta"]
        return Figure(path.stem, words["title"], words["caption"], spec, words["lead"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not a figure of this study; delete it to draw it again"
        ) from None


if __name__ == "__main__":
    run(arguments(), main)
