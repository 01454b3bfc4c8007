"""Judging: the analyzer of a job, with all that it may look at."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from workflow_scripts.command.given import given, require
from workflow_scripts.command.plugins import load
from workflow_scripts.files.lexicon import analyses
from workflow_scripts.interventions.analyzers import Analyzer, AnalyzerTask
from workflow_scripts.kernels.words import Configuration


def add_analyzer_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say who judges predicted words, and by what."""
    parser.add_argument("--schema", required=True, help="unimorph or ud")
    parser.add_argument("--analyzer", required=True, help="who gives a predicted word its lemma")
    parser.add_argument(
        "--lexicon", type=Path, nargs="?", help="forms with their analyses, for analyzer lexicon"
    )
    parser.add_argument("--pipeline", nargs="?", help="of the language, for analyzer spacy")


class Judge(NamedTuple):
    """An analyzer, and what it was made of."""

    analyzer: Analyzer
    uses: tuple[str, ...]
    lemma_alone: bool
    """Whether the attribute is the word class itself."""
    packages: tuple[str, ...]
    """What its verdicts depend on besides the project."""


def judge_of(
    options: argparse.Namespace,
    of: Configuration,
    test: Mapping[int, Mapping[str, list]],
    others: Sequence[str],
) -> Judge:
    """Return the analyzer of a command's options.

    `test` has the forms of each sentence, by its number; `others` are the other attributes.
    """
    schema = load("schemas", options.schema)
    module = load("analyzers", options.analyzer)
    uses = module.USES
    needed = {"lexicon": ["lexicon"], "pipeline": ["pipeline"]}
    require(options, uses, needed, f"analyzer {options.analyzer}")
    lemma_alone = of.attribute == schema.PART_OF_SPEECH
    task = AnalyzerTask(
        attribute=of.attribute,
        lemma_alone=lemma_alone,
        lexicon=given("lexicon", uses, lambda: analyses(options.lexicon, of.attribute, others)),
        pipeline=given("pipeline", uses, lambda: options.pipeline),
        analyse=schema.analyse,
        forms=lambda sentence: test[sentence]["form"],
    )
    packages = ("spacy", options.pipeline) if "pipeline" in uses else ()
    return Judge(module.Analyzer(task), uses, lemma_alone, packages)
