"""Estimate what a study takes, from the benchmark files of a smaller one.

Prints processor hours, GPU hours, memory and disk by stage, with the assumption beside each. With
`--gpu` the hours of a GPU are those of a card that `python -m benchmarks.gpu` measured.
"""

import argparse
from pathlib import Path
from statistics import fmean

import yaml

from workflow_scripts import InputError
from workflow_scripts.command.line import run
from workflow_scripts.files.model_folder import read_json
from workflow_scripts.files.words import size_of
from workflow_scripts.study.configuration_file import checked
from workflow_scripts.study.plan import Plan
from workflow_scripts.study.usage.card import Assumed, Gpu, read_card
from workflow_scripts.study.usage.cost import ASSUMPTIONS, disk, estimate, jobs, measured
from workflow_scripts.study.usage.records import read_records
from workflow_scripts.study.usage.work import Shape

PRECISIONS = ("exact", "fast")

SHAPES = {
    "google-bert/bert-base-multilingual-cased": Shape(12, 768, 119547),
    "FacebookAI/xlm-roberta-base": Shape(12, 768, 250002),
    "google-bert/bert-base-cased": Shape(12, 768, 28996),
    "dccuchile/bert-base-spanish-wwm-cased": Shape(12, 768, 31002),
    "almanach/camembert-base": Shape(12, 768, 32005),
}
"""Of the models that `configs/` names: layers, width and vocabulary, as their hub says."""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--benchmarks", type=Path, required=True, help="of the measured study")
    parser.add_argument("--measured", type=Path, required=True, help="its configuration")
    parser.add_argument("--model", required=True, help="the measured model, by its name there")
    parser.add_argument(
        "--treebank", required=True, help="the measured treebank, by its name there"
    )
    parser.add_argument("--study", type=Path, required=True, help="the configuration to estimate")
    parser.add_argument(
        "--attributes", type=int, default=6, help="how many attributes each treebank has enough of"
    )
    gpu = parser.add_mutually_exclusive_group()
    gpu.add_argument(
        "--gpu-speed", type=float, default=50, help="a GPU's, in cores, at running a model"
    )
    gpu.add_argument("--gpu", type=Path, help="JSON of python -m benchmarks.gpu, measured instead")
    parser.add_argument(
        "--test-words",
        type=float,
        help="of a treebank of the study on average, with --gpu; by default those of its words "
        "files, where all are there, else as many as a card is measured with",
    )
    return parser


def main(options: argparse.Namespace) -> None:
    study, other = (read_configuration(path) for path in (options.study, options.measured))
    shape = shape_of(options.model, other)
    pair = (options.model, options.treebank)
    found = measured(read_records(options.benchmarks), pair, shape, other)
    shapes = {name: shape_of(name, study) for name in study["models"]}
    lexicon = "lexicon" in Plan(study).analyzer_uses
    planned = list(jobs(study, shapes, options.attributes, lexicon))
    words = options.test_words or test_words(study)
    gpus: dict[str, Gpu] = {"": Assumed(options.gpu_speed)}
    if options.gpu:
        gpus = {p: read_card(options.gpu, p, words) for p in (study["precision"], *PRECISIONS)}
    every = {name: estimate(planned, found, shape, gpu) for name, gpu in gpus.items()}
    stages = next(iter(every.values()))  # of the study's own precision
    disk(stages, planned, found, shape, len(study["layers"]))
    print(
        "| stage | jobs | CPU hours | of them a GPU's, in its hours | GB of the largest job "
        "| GB of disk | assumed |\n|---|---|---|---|---|---|---|"
    )
    for name, stage in stages.items():
        hours = f"{stage.cpu_hours:,.1f} | {stage.gpu_hours:,.1f}"
        space = f"{stage.memory_gb:.1f} | {stage.disk_gb:,.1f}"
        print(f"| {name} | {stage.jobs:,} | {hours} | {space} | {ASSUMPTIONS[name]} |")
    total = sum(stage.cpu_hours for stage in stages.values())
    print(f"\n{total:,.0f} CPU hours; or")
    for name, gpu in gpus.items():
        on_gpu = sum(stage.gpu_hours for stage in every[name].values())
        beside = sum(stage.core_hours for stage in every[name].values())
        print(f"* {on_gpu:,.1f} GPU hours and {beside:,.1f} of a core: {gpu.said}")
    print(
        f"\n{options.attributes} attributes for each treebank; a running model needs three times "
        "its weights beside what the measured one needed."
    )


def test_words(study: dict) -> float | None:
    """Return how many test words a treebank of a study has on average; None: not all are there."""
    folder = Path(study["results"], "words")
    files = [folder / name / "test.parquet" for name in study["treebanks"]]
    if not all(path.exists() for path in files):
        return None
    return fmean(size_of(path).words for path in files)


def read_configuration(path: Path) -> dict:
    """Return a configuration with its defaults; paths in it are relative to where one stands."""
    try:
        return checked(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {error}") from None


# Of most models; DistilBERT and XLM have names of their own.
_SIZES = (("num_hidden_layers", "n_layers"), ("hidden_size", "dim", "emb_dim"))
_SIZES += (("vocab_size", "n_words"),)


def shape_of(name: str, config: dict) -> Shape:
    """Return the shape of a configuration's model: as its folder says, or as its hub does."""
    if name not in config["models"]:
        raise InputError(f"--model: {name!r} is none of {', '.join(config['models'])}")
    entry = config["models"][name]
    folder = Path(entry.get("path", Path(config["results"], "models", name)))
    if (folder / "config.json").exists():
        said = read_json(folder / "config.json")
        sizes = [next((said[k] for k in keys if k in said), None) for keys in _SIZES]
        if not all(isinstance(size, int) for size in sizes):
            raise InputError(f"{folder / 'config.json'}: does not say how large the model is")
        return Shape(*sizes)  # pyright: ignore[reportArgumentType]
    if entry.get("hub") not in SHAPES:
        raise InputError(f"models.{name}: its size is not known, and {folder} is not there")
    return SHAPES[entry["hub"]]


if __name__ == "__main__":
    run(arguments(), main)
