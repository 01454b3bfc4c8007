"""Run the real workflow on a study, from a test."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.forked_snakemake import snakemake

ROOT = Path(__file__).parents[2]
STUDIES = Path(__file__).parents[1] / "studies"
SMALL = STUDIES / "small.yaml"
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
STAGES = ("words", "activations", "rankings", "probing", "interventions")
TARGETS = ("all", "downloads", *STAGES, "truth", "latex")
TABLES = ("results/tables/columns.csv", "results/provenance.json")
"""What is made of all tables, but figures and report: for a test that looks at none."""


def run(
    directory: Path, config: Path | None, *options: str, cores: int = 2, root: Path = ROOT
) -> subprocess.CompletedProcess:
    """Run Snakemake in `directory`, with the project at `root`; the caller looks at the status."""
    command = command_line(directory, config, *options, cores=cores, root=root)
    return snakemake(command[len(SNAKEMAKE) :], ROOT)


def command_line(
    directory: Path, config: Path | None, *options: str, cores: int = 2, root: Path = ROOT
) -> list[str]:
    """Return the command that `run` runs, for a test that does more than wait for its end.

    With Snakemake's own log, which `jobs_in` reads, and with what the commands say.
    """
    command = [*SNAKEMAKE, "--snakefile", str(root / "Snakefile")]
    command += ["--directory", str(directory), "--cores", str(cores), "--printshellcmds", *options]
    if config is not None:
        command += ["--configfile", str(config)]
    return command


def finish(directory: Path, config: Path | None, *options: str, cores: int = 2) -> Path:
    """Run a study to its end; return its results."""
    done = run(directory, config, *options, cores=cores)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory / "results"


def planned(directory: Path, config: Path | None, *options: str, root: Path = ROOT) -> set:
    """Return the jobs that a dry run would run, each as `job` names it."""
    said = run(directory, config, "--dry-run", *options, root=root)
    assert said.returncode == 0, said.stdout + said.stderr
    return jobs_in(said.stdout + said.stderr)


def jobs_in(log: str) -> set:
    """Return the jobs of a run's log, each as `job` names it."""
    found = set()
    for block in log.split("\n[")[1:]:
        rule = re.search(r"^(?:local)?(?:rule|checkpoint) (\w+):$", block, flags=re.MULTILINE)
        if rule and rule[1] not in TARGETS:
            pairs = re.search(r"^ +wildcards: (.*)$", block, flags=re.MULTILINE)
            parts = pairs[1].split(", ") if pairs else []
            found.add(job(rule[1], **dict(part.split("=", 1) for part in parts)))
    return found


def job(rule: str, **wildcards: str) -> tuple:
    """Name a job by its rule and wildcards."""
    return rule, frozenset(wildcards.items())


def copy_of_the_project(to: Path) -> Path:
    """Copy what the workflow runs, for a test that edits it; return its root."""
    for name in ("Snakefile", "config.yaml"):
        shutil.copy2(ROOT / name, to / name)
    for name in ("rules", "envs", "profiles", "workflow_scripts"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    return to


def copy_of_a_study(study: Path, to: Path) -> Path:
    """Copy a working directory with what Snakemake remembers of it; return the copy."""
    shutil.copytree(study, to, ignore=shutil.ignore_patterns("locks"))
    return to


def changed(config: Path, to: Path, **keys) -> Path:
    """Write a copy of a config file with some keys changed; return its path.

    Where the small study's translation is left out, concord is of all that there is.
    """
    methods = {entry["method"] for entry in keys.get("interventions", [{"method": "translation"}])}
    keys = ({} if "translation" in methods else {"concord": True}) | keys
    to.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | keys))
    return to


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
