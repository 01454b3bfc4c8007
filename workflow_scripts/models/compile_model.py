"""Compile a masked language model in which it is known which neurons hold an attribute.

From the words of one treebank -> a Hugging Face folder; its weights are set and not trained. In it
lies `truth.json`: which neurons hold the attribute, which of them the model uses, and how much each
tells of it.
"""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.artifact import whole_file
from workflow_scripts.files.truth import NAME
from workflow_scripts.files.words import attributes_of, kept_values, sentences
from workflow_scripts.kernels.planted import Knobs, Planted, exact_information, plant
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.compiling import compile_model, compile_tokenizer
from workflow_scripts.models.lexemes import Lexemes, read_lexemes
from workflow_scripts.models.made_tokenizer import SPECIAL

log = logging.getLogger("compile_model")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    for split in SPLITS:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="words file")
    parser.add_argument("--attributes", type=Path, required=True, help="attributes.csv")
    parser.add_argument(
        "--compile", type=json.loads, required=True, help='JSON: {"attribute": "Number", ...}'
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--copy", type=int, default=1, help="which of the models with other draws")
    parser.add_argument("--model", type=Path, required=True, help="folder to write")
    return parser


def main(options: argparse.Namespace) -> None:
    knobs = dict(options.compile)
    attribute, n_layers = knobs.pop("attribute"), knobs.pop("layers")
    paths = [getattr(options, f"words_{split}") for split in SPLITS]
    values = kept_values(options.attributes).get(attribute)
    if values is None:
        raise InputError(
            f"compile: attribute: {options.attributes} keeps no two values of {attribute!r}"
        )
    with_it = [path for path in paths if attribute in attributes_of(path)]
    if paths[0] not in with_it:
        raise InputError(f"compile: attribute: {paths[0]} has no {attribute!r}")
    lexemes = read_lexemes(paths[0], paths[1:], attribute, values)
    stream = generator(options.seed, "compile_model", options.copy)
    planted = plant(lexemes.coded, Knobs(**knobs), stream)
    model = compile_model(planted, n_layers, longest(paths) + 2, stream)
    tokenizer = compile_tokenizer(lexemes.forms)
    truth = truth_of(planted, lexemes, attribute, values, options.compile)
    log.info(
        "%d forms in %d neurons, of which %d are used; %.2f %% of the training words are coded as "
        "something else than they are",
        len(lexemes.forms),
        planted.rows.shape[1],
        len(planted.used),
        100 * truth["other_analysis"],
    )
    with whole_file(options.model, options.made_by) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        text = json.dumps(truth, ensure_ascii=False, indent=1)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")


def longest(paths: list[Path]) -> int:
    """Return how many words the longest sentence of these words files has."""
    return max(len(one.columns["word"]) for path in paths for one in sentences(path, ["word"]))


def truth_of(
    planted: Planted, lexemes: Lexemes, attribute: str, values: list[str], knobs: dict[str, Any]
) -> dict[str, Any]:
    """Return what is known of the neurons; see `files/truth.py`."""
    own = np.where(np.arange(len(values)) == lexemes.coded.values[:, None], lexemes.counts, 0)
    other_value = 1 - own.sum(0) / lexemes.counts.sum(0)
    decoys = [
        {"wrong": wrong, "neurons": neurons.tolist()}
        for wrong, neurons in zip(knobs["decoys"], planted.decoys, strict=True)
    ]
    return {
        "attribute": attribute,
        "values": values,
        "compile": knobs,
        "used": planted.used.tolist(),
        "encoded": planted.encoded.tolist(),
        "copies": [neurons.tolist() for neurons in planted.copies],
        "twins": planted.twins.tolist(),
        "decoys": decoys,
        "cell": planted.cell.tolist(),
        "noise": planted.noise.tolist(),
        "read": np.flatnonzero(planted.reads.any(0)).tolist(),
        "mutual_information": exact_information(planted.rows, lexemes.counts).tolist(),
        "other_value": dict(zip(values, other_value.tolist(), strict=True)),
        "other_analysis": lexemes.n_other / lexemes.n_words,
        "forms": len(lexemes.forms),
        "special_tokens": len(SPECIAL),
    }


if __name__ == "__main__":
    run(arguments(), main)
