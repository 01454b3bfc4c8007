"""Build the lexicon of a treebank as a model spells it: every form with its analyses.

Columns: `key` (the form tokenised alone and decoded), `subtoken` (its one subtoken, null where it
has several), `train` (how many training words have this form and analysis), `lemma` (null where
the treebank gives none), `upos`, and the treebank's attributes; distinct rows, sorted. Forms with
the unknown token stay out.
"""

import argparse
import logging
from pathlib import Path

import polars as pl

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.frames import read_frame
from workflow_scripts.files.words import attributes_of
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.reading import Reader

log = logging.getLogger("build_lexicon")

KEYS = {"form": pl.String, "key": pl.String, "subtoken": pl.Int32}


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    for split in SPLITS:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="words file")
    parser.add_argument("--lexicon", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    paths = {split: getattr(options, f"words_{split}") for split in SPLITS}
    attributes = attributes_of(paths["train"])
    analysis = ["lemma", "upos", *attributes]
    words = pl.concat(
        read_frame(path, ["form", *analysis])
        .group_by("form", *analysis)
        .agg(train=pl.len().cast(pl.Int32) * (split == "train"))
        .cast(dict.fromkeys(attributes, pl.String))
        for split, path in paths.items()
    )
    forms = words["form"].unique().sort().to_list()
    keys = spell(Reader(options.model), forms)
    if not keys:
        raise InputError(
            f"{options.model}: its tokenizer spells none of the {len(forms)} forms of "
            f"{paths['train'].parent} without the unknown token, so no predicted word can be "
            "looked up; take another model, or interventions: []"
        )
    log.info("%d of %d forms; the tokenizer does not know the others", len(keys), len(forms))
    lexicon = (
        words.join(pl.DataFrame(keys, schema=KEYS, orient="row"), on="form")
        .group_by("key", "subtoken", *analysis)
        .agg(pl.col("train").sum())
        .select("key", "subtoken", "train", *analysis)
        .sort("key", *analysis, "subtoken", nulls_last=True)
    )
    write_parquet(options.lexicon, lexicon.to_arrow(), made_by("build_lexicon", options.made_by))


def spell(reader: Reader, forms: list[str]) -> list[tuple[str, str, int | None]]:
    """Return (form, key, subtoken) for each form that the model can read."""
    return [
        (form, reader.decode(ids), ids[0] if len(ids) == 1 else None)
        for form, ids in zip(forms, reader.read_alone(forms), strict=True)
        if ids and reader.unknown_id not in ids
    ]


if __name__ == "__main__":
    run(arguments(), main)
