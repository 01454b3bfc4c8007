"""How long Snakemake takes to plan a study of the paper's size, and how much memory.

    python -m benchmarks.planning [--attributes 6] [--times 10]

The study is `configs/paper.yaml` where words and attributes are there and nothing else is: small
files stand in for treebanks, words and models. `--attributes` is how many of them every treebank
keeps: nine are more than any treebank at hand has (English-EWT 6, Turkish-IMST 8, French-Sequoia
5); the paper counts 156 configurations, which on three layers are at most 52 attributes of nine
treebanks, six each. `--times` repeats every treebank under other names.

Beside it, in turns, a skeleton with about as many jobs and inputs, whose rules have no functions
and commands of two words: what Snakemake itself takes on this machine.
"""

import argparse
import json
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyarrow as pa
import yaml

from benchmarks.machine import describe
from workflow_scripts.files import words as words_file
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.origin import sign
from workflow_scripts.kernels.words import SPLITS

ROOT = Path(__file__).parents[1]
ATTRIBUTES = {
    "Part of Speech": ["ADJ", "ADV", "N", "NUM", "PROPN", "V", "V.PTCP"],
    "Number": ["PL", "SG"],
    "Tense": ["PRS", "PST"],
    "Gender and Noun Class": ["FEM", "MASC"],
    "Case": ["ACC", "GEN", "NOM"],
    "Person": ["1", "3"],
    "Finiteness": ["FIN", "NFIN"],
    "Aspect": ["IPFV", "PFV"],
    "Definiteness": ["DEF", "INDF"],
}
"""Attributes that a treebank keeps, with as many values as they have."""


ONE_WORD = pa.table(
    [[0], [0], ["cats"], ["cat"], ["NOUN"], [None], ["root"]],
    schema=words_file.schema([]),
)


def stand_in(directory: Path, times: int, n_attributes: int) -> Path:
    """Write a study of the paper's size whose words are read; return its configuration."""
    config = yaml.safe_load((ROOT / "configs/paper.yaml").read_text())
    treebanks = {
        f"{name}{i or ''}": entry
        for i in range(times)
        for name, entry in config["treebanks"].items()
    }
    config |= {"treebanks": treebanks, "results": "results"}
    for name in treebanks:
        folder = directory / "results/treebanks" / name
        folder.mkdir(parents=True)
        for split in SPLITS:
            (folder / f"{name}-ud-{split}.conllu").touch()
    for name in treebanks:
        folder = directory / "results/words" / name
        folder.mkdir(parents=True)
        for split in SPLITS:
            (folder / f"{split}.parquet").touch()
        rows = [
            f"{attribute},{value},{split},1000,500,true"
            for attribute, values in list(ATTRIBUTES.items())[:n_attributes]
            for value in values
            for split in SPLITS
        ]
        text = "\n".join(["attribute,value,split,words,forms,kept", *rows])
        (folder / "attributes.csv").write_text(text + "\n")
    for name in config["models"]:
        (directory / "results/models" / name).mkdir(parents=True)
    path = directory / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    sign_all(directory, path)
    return path


def sign_all(directory: Path, config: Path) -> None:
    """Let all files be what their jobs make: a plan's commands say which these are."""
    options = ["--configfile", str(config), "--dry-run", "--printshellcmds", "--forceall"]
    command = [sys.executable, "-m", "snakemake", "words", "downloads", *options]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(directory)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    for line in re.findall(r"^ +python -m workflow_scripts.*$", said, flags=re.MULTILINE):
        words = shlex.split(line.partition("2>&1")[0])
        job = json.loads(words[words.index("--made-by") + 1])
        for path in (directory / word for word in words if word.startswith("results/")):
            if "read_words" in line:
                if path.suffix == ".parquet":
                    write_parquet(path, ONE_WORD, made_by("read_words", job))
            elif path.exists() and path.suffix != ".parquet":
                sign(path, path, job)


def skeleton(directory: Path, times: int, n_attributes: int) -> Path:
    """Write a workflow of four rules with the inputs that ours have; return its Snakefile."""
    config = yaml.safe_load((ROOT / "configs/paper.yaml").read_text())
    pairs = len(config["models"]) * times * len(config["treebanks"])
    configurations = pairs * n_attributes * len(config["layers"])
    sources = [f"{room}/{split}" for split in SPLITS for room in ("words", "activations")]
    text = "rule all:\n    input:\n        [f'{room}/{i}-{maker}-{ranker}'\n"
    text += (
        f"        for i in range({configurations}) for maker in range(2) for ranker in range(4)\n"
    )
    text += "        for room in ('probes', 'interventions')]\n\n"
    of = "{of}-{maker}-{ranker}"
    for rule, target, inputs in (
        ("statistics", "{of}", sources[:2]),
        ("rankings", "{of}-{ranker}", [*sources[:2], "statistics/{of}"]),
        ("probes", of, [*sources, "statistics/{of}", "rankings/{of}-{ranker}"]),
        ("interventions", of, [*sources[:5], "statistics/{of}", "rankings/{of}-{ranker}"]),
    ):
        text += f"rule {rule}:\n    input: {inputs}\n    output: '{rule}/{target}'\n"
        text += f"    log: 'logs/{rule}/{target}'\n    benchmark: 'benchmarks/{rule}/{target}'\n"
        text += "    params: job='job'\n    resources: mem_mb=1000, runtime=10\n"
        text += "    shell: 'touch {output}'\n\n"
    for source in sources:
        (directory / source).parent.mkdir(parents=True, exist_ok=True)
        (directory / source).touch()
    path = directory / "Snakefile"
    path.write_text(text)
    return path


class Planned(NamedTuple):
    """A dry run: its time, its peak memory in MB, and how many jobs it would run."""

    seconds: float
    memory: float
    jobs: int


def plan(directory: Path, *options: str) -> Planned:
    """Plan a study in a directory of its own."""
    command = [sys.executable, "-m", "snakemake", "--directory", str(directory), *options]
    command += ["--dry-run", "--quiet", "rules"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    (jobs,) = re.findall(r"^total +(\d+)$", done.stdout + done.stderr, flags=re.MULTILINE)[:1]
    return Planned(seconds, memory, int(jobs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    most = len(ATTRIBUTES)
    parser.add_argument(
        "--attributes", type=int, default=most, choices=range(1, most + 1), help="of each treebank"
    )
    parser.add_argument("--times", type=int, default=1, help="as many treebanks as the paper's")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is printed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as floor:
        options = ["--snakefile", str(ROOT / "Snakefile")]
        options += ["--configfile", str(stand_in(Path(ours), asked.times, asked.attributes))]
        bare = ["--snakefile", str(skeleton(Path(floor), asked.times, asked.attributes))]
        # The larger last: a peak of memory is that of all plans before it.
        in_turns = [
            (plan(Path(floor), *bare), plan(Path(ours), *options)) for _ in range(asked.runs)
        ]
    print(describe(), "| study | jobs | seconds | memory |", "|---|---|---|---|", sep="\n")
    medians = []
    for name, runs in zip(
        ("its skeleton", f"{asked.times} x the paper"), zip(*in_turns, strict=True), strict=True
    ):
        seconds = [run.seconds for run in runs]
        medians.append(median(seconds))
        print(
            f"| {name} | {runs[0].jobs:,} | {medians[-1]:.1f} ({min(seconds):.1f} to "
            f"{max(seconds):.1f}) | {runs[0].memory:.0f} MB |"
        )
    print(f"\nratio of the medians: {medians[1] / medians[0]:.2f}")


if __name__ == "__main__":
    main()
