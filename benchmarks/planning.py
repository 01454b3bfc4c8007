"""How long Snakemake takes to plan a study of the paper's size, and how much memory.

    python -m benchmarks.planning [--times 10]

The study is `configs/paper.yaml` where words and attributes are there and nothing else is: small
files stand in for treebanks, words and models. `--times` repeats every treebank under other names.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

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
"""About what the nine treebanks keep: 9 attributes each, where METHODS' rule keeps 3 to 9."""


def stand_in(directory: Path, times: int) -> Path:
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
            for attribute, values in ATTRIBUTES.items()
            for value in values
            for split in SPLITS
        ]
        text = "\n".join(["attribute,value,split,words,forms,kept", *rows])
        (folder / "attributes.csv").write_text(text + "\n")
    for name in config["models"]:
        (directory / "results/models" / name).mkdir(parents=True)
    path = directory / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def plan(directory: Path, config: Path) -> tuple[float, float, float, int]:
    """Plan a study; return seconds, CPU seconds, peak memory in MB, and how many jobs."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += [
        "--directory",
        str(directory),
        "--configfile",
        str(config),
        "--dry-run",
        "--quiet",
        "rules",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (jobs,) = re.findall(r"^total +(\d+)$", done.stdout + done.stderr, flags=re.MULTILINE)[:1]
    return seconds, cpu, after.ru_maxrss / 1024, int(jobs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=1, help="as many treebanks as the paper's")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as directory:
        config = stand_in(Path(directory), times)
        seconds, cpu, memory, jobs = plan(Path(directory), config)
    print(
        f"{times} x the paper: {jobs:,} jobs planned in {seconds:.1f} s ({cpu:.1f} s of a core, "
        f"{os.cpu_count()} cores), {memory:.0f} MB"
    )


if __name__ == "__main__":
    main()
