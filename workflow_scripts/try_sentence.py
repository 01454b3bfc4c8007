"""Try a sentence of one's own on a finished study: what probes read, and what the model says.

Two tables: the value of each word, as training and the probes have it, and what the model says of
each word while the first k neurons of a ranking are changed in the words that have a value, beside
k = 0, where nothing is. Words are what white space separates, so a full stop needs a space before
it. What is not given is chosen, and said. Nothing is written.
"""

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.line import run
from workflow_scripts.files.columns import ALL
from workflow_scripts.files.rankings import read_ranking
from workflow_scripts.inspection.finished_study import (
    FinishedStudy,
    Intervention,
    choose,
    has_rows,
    require_options,
    settings,
)
from workflow_scripts.inspection.sentence import (
    Inside,
    Known,
    Reading,
    Said,
    known_words,
    reading,
    say,
)
from workflow_scripts.inspection.sentence_text import as_text, printable
from workflow_scripts.kernels.words import Configuration

PROBES = ("linear", "gaussian")
KS = (10, 50)
"""The k where the study does not say which it reports."""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", required=True, help='the sentence: "The teachers read ."')
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="of the study; by default results"
    )
    for name in ("model", "treebank", "attribute"):
        parser.add_argument(f"--{name}", help="as in the study; by default its first")
    parser.add_argument("--layer", type=int, help="as in the study; by default its first")
    parser.add_argument("--ranking", help="linear-ttb ...; by default the study's first")
    parser.add_argument(
        "--k", type=int, nargs="+", help="how many neurons are changed; by default those reported"
    )
    parser.add_argument(
        "--method",
        help="an intervention of the study by its name, or any method with its options; by default "
        "the study's first that moves words to another value",
    )
    parser.add_argument(
        "--method-options", nargs="+", default=[], metavar="NAME=VALUE", help="beta=4 scaled=false"
    )
    parser.add_argument(
        "--values",
        nargs="+",
        default=[],
        metavar="WORD=VALUE",
        help="the value of a word, in place of what training or a probe says; WORD= for none",
    )
    parser.add_argument("--probes", nargs="+", default=PROBES, help="linear gaussian")
    parser.add_argument(
        "--probe-neurons",
        help="how many of the ranking's first neurons the probes read, or all; by default the "
        "largest k",
    )
    parser.add_argument("--model-folder", type=Path, help="where the model is not in the results")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


@dataclass(frozen=True)
class Asked:
    """What is tried: all that was given or chosen."""

    of: Configuration
    ranking: str
    neurons: np.ndarray
    ks: list[int]
    probed: int
    intervention: Intervention
    chosen: list[str]


@dataclass(frozen=True)
class Word:
    """A word of the sentence, with the value by which it is edited."""

    form: str
    value: str | None
    source: str
    """Who says so."""
    known: Known | None


def main(options: argparse.Namespace) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in options.text):
        raise InputError(f"--text: {printable(options.text)} is not UTF-8")
    forms = options.text.split()
    if not forms:
        raise InputError("--text: there is no word in it")
    study = FinishedStudy(options.results)
    asked = ask(study, options)
    of, seed = asked.of, study.seed(asked.of, asked.ranking)
    known, others = known_words(forms, study.words(of), of)
    folder = study.model_folder(of.model, options.model_folder)
    inside = Inside(folder, of.layer, forms, options.device, len(asked.neurons))
    for_method = argparse.Namespace(
        method=asked.intervention.method,
        method_options=asked.intervention.options,
        name=asked.intervention.name,
        words_train=study.words(of),
        activations_train=study.activations(of),
        statistics=study.statistics(of),
        seed=seed,
        schema=settings(study.words(of)).get("schema", "unimorph"),
        analyzer="lexicon",
        lexicon=study.lexicon(of),
    )
    train = configuration.labelled(for_method, "train", of)
    neurons = asked.neurons[: asked.probed]
    if options.probe_neurons == ALL:
        neurons = np.sort(asked.neurons)
    loaded = train.load(neurons)
    readings = {
        probe: reading(probe, of, loaded, neurons, inside.vectors, for_method.statistics, seed)
        for probe in options.probes
    }
    words = valued(forms, known, given_values(options.values, forms, of), inside, readings)
    columns = {
        "form": forms,
        "lemma": [word.known.lemma if word.known else None for word in words],
        "upos": [word.known.upos if word.known else "" for word in words],
        of.attribute: [word.value for word in words],
    }
    for i, name in enumerate(others):
        columns[name] = [word.known.others[i] if word.known else None for word in words]
    said = say(inside, for_method, of, columns, others, asked.neurons, asked.ks)
    answer = as_json(asked, words, inside, readings, said)
    answer["training_words"] = len(loaded.y)
    if options.json:
        print(printable_json(answer))
    else:
        print("\n".join(as_text(answer)))


def ask(study: FinishedStudy, options: argparse.Namespace) -> Asked:
    """Return what is tried. Raises InputError, which says what there is, where it cannot be."""
    named = {name: getattr(options, name) for name in ("model", "treebank", "attribute", "layer")}
    of, chosen = study.choose_configuration(named)
    rankings = study.rankings(of)
    there = [name for name, path in rankings.items() if has_rows(path)]
    if not there or (options.ranking in rankings and options.ranking not in there):
        path = rankings[options.ranking or next(iter(rankings))]
        raise InputError(f"{path}: the ranker had nothing to rank by")
    ranking = choose("ranking", options.ranking, there, chosen)
    _, neurons = read_ranking(rankings[ranking], of)
    d = len(neurons)
    reported = study.configuration.get("neurons", {}).get("report", KS)
    ks = sorted(set(options.k or [k for k in reported if k <= d] or [d]))
    if ks[0] < 1 or ks[-1] > d:
        beside = "; k = 0 always stands beside" if ks[0] == 0 else ""
        raise InputError(f"--k: {ks[0] if ks[0] < 1 else ks[-1]} is not between 1 and {d}{beside}")
    probed = d if options.probe_neurons == ALL else _number(options.probe_neurons, ks[-1], d)
    return Asked(
        of, ranking, neurons, ks, probed, _method(study, of, ranking, options, chosen), chosen
    )


def _number(text: str | None, default: int, d: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= d:
        raise InputError(f"--probe-neurons: {text} is neither `{ALL}` nor between 1 and {d}")
    return int(text)


def _method(
    study: FinishedStudy,
    of: Configuration,
    ranking: str,
    options: argparse.Namespace,
    chosen: list[str],
) -> Intervention:
    there = {one.name: one for one in study.interventions(of, ranking)}
    if options.method is None and not there:
        raise InputError(
            f"--method: the study did not intervene on {of}; name one, with its --method-options "
            "(translation, and beta=8 scaled=true)"
        )
    name = options.method
    if name is None or name in there:
        name = choose("method", name, list(there), chosen)
    base = there.get(name, Intervention(name, name, {}))
    given = {}
    for entry in options.method_options:
        option, equals, text = entry.partition("=")
        if not equals:
            raise InputError(f"--method-options: {entry}: write it as name=value")
        given[option] = text
    own = {
        option: json.dumps(v) if not isinstance(v, str) else v for option, v in base.options.items()
    }
    found = require_options(base.method, own | given)
    if isinstance(found.get("to"), str) and found["to"] not in of.values:
        raise InputError(f"--method-options: to={found['to']}: it is one of {', '.join(of.values)}")
    return Intervention(base.name, base.method, found)


def given_values(entries: list[str], forms: list[str], of: Configuration) -> dict[str, str | None]:
    """Return the values that a person gives to words, None for none."""
    found = {}
    for entry in entries:
        form, equals, value = entry.rpartition("=")
        if not equals:
            raise InputError(f"--values: {printable(entry)}: write it as word=value")
        if form not in forms:
            text = printable(" ".join(forms))
            raise InputError(f"--values: {form!r} is no word of the text: {text}")
        if form in found:
            raise InputError(
                f"--values: {printable(form)} is given twice; equal words have one value"
            )
        if value and value not in of.values:
            raise InputError(
                f"--values: {printable(entry)}: {of.attribute} is one of {', '.join(of.values)}"
            )
        found[form] = value or None
    return found


def valued(
    forms: list[str],
    known: list[Known | None],
    given: dict[str, str | None],
    inside: Inside,
    readings: dict[str, Reading],
) -> list[Word]:
    """Return each word with its value: as given, as most training words have it, or as read.

    The first probe reads what training does not know, if the model does: of an unknown token it
    would read what has nothing to do with the word.
    """
    words, read = [], inside.words
    for i, (form, training) in enumerate(zip(forms, known, strict=True)):
        if form in given:
            value, source = given[form], "given"
        elif training:
            as_form = f" as {training.form}" if training.form != form else ""
            value = training.value
            source = f"training: {training.as_it} of {training.words}{as_form}"
        elif i in inside.unknown:
            value, source = None, "not in training, and unknown to the model"
        elif i in read:
            probe = next(iter(readings))
            value, source = readings[probe].values[read.index(i)], f"not in training: {probe} probe"
            value = None if value == "?" else value
        else:
            value, source = None, "not in training, and no subtoken"
        words.append(Word(form, value, source, training))
    return words


def as_json(
    asked: Asked, words: list[Word], inside: Inside, readings: dict[str, Reading], said: Said
) -> dict[str, Any]:
    """Return all that is found, as JSON has it."""
    of, place = asked.of, {word: i for i, word in enumerate(inside.words)}
    rows = []
    for i, word in enumerate(words):
        at = place.get(i)
        shares = {
            probe: None
            if at is None
            else {
                "value": found.values[at],
                "p": dict(zip(of.values, found.share[at].tolist(), strict=True)),
            }
            for probe, found in readings.items()
        }
        answers = [
            {
                "k": k,
                "word": None if at is None else said.words[row][at],
                "outcome": said.outcomes[row][i].name.lower() if i in said.outcomes[row] else None,
            }
            for row, k in enumerate([0, *asked.ks])
        ]
        rows.append(
            {
                "word": word.form,
                "reads": None if at is None else inside.reads[at],
                "unknown": i in inside.unknown,
                "value": word.value,
                "value_from": word.source,
                "edited": i in said.targets,
                "target": said.targets.get(i),
                "probes": shares,
                "model": answers,
            }
        )
    return {
        "model": of.model,
        "treebank": of.treebank,
        "attribute": of.attribute,
        "values": list(of.values),
        "layer": of.layer,
        "ranking": asked.ranking,
        "method": asked.intervention.name,
        "method_options": asked.intervention.options,
        "chosen": asked.chosen,
        "neurons": len(asked.neurons),
        "probe_neurons": asked.probed,
        "words": rows,
    }


def printable_json(answer: dict[str, Any]) -> str:
    """Return JSON, letters as they are, of which no character steers a terminal."""
    text = json.dumps(answer, indent=2, ensure_ascii=False)
    return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)


if __name__ == "__main__":
    run(arguments(), main)
