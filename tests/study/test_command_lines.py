"""Every command line of the README, the pages and the profiles is one that works.

What takes seconds is run as it stands, Snakemake plans and make says what it would do, and of what
downloads, installs or takes hours the options are read. A new kind of command makes the test fail
until it has a place here.
"""

import re
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.support.workflow import ROOT, SMALL

pytestmark = pytest.mark.slow

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMENTED = [*sorted((ROOT / "profiles").glob("*/config.yaml")), ROOT / "benchmarks/__init__.py"]
PROGRAMS = (
    "snakemake",
    "python",
    "make",
    "pip",
    "git",
    "pytest",
    "generate-slurm-partition-config",
)


def lines_of(path: Path) -> list[str]:
    """The command lines of a page: its indented and `sh` blocks, and what is quoted in a line."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    if path in COMMENTED:
        found = re.findall(r"^(?:# )? {4,}(.*)", text, flags=re.MULTILINE)
        return [line for line in found if line.startswith(PROGRAMS)]
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)  # of test_cluster
    blocks = re.findall(r"^ {4}(\S.*)", text, flags=re.MULTILINE)
    quoted = re.findall(r"`([^`\n]+)`", text)
    return [line for line in blocks if not re.search("-->?", line.replace(" --", ""))] + [
        line for line in quoted if line.startswith(tuple(f"{p} " for p in PROGRAMS))
    ]


def commands() -> list[tuple[str, str]]:
    """(page, command) of all pages, without comments and what stands in brackets for an option."""
    found = []
    for path in (*PAGES, *COMMENTED):
        for line in lines_of(path):
            for command in line.split(" && "):
                bare = re.sub(r"\s+# .*", "", command)
                bare = re.sub(r"(?<!=)\[(.*?)\]", r"\1", bare)  # but the list of a key
                found.append((str(path.relative_to(ROOT)), bare.strip()))
    return list(dict.fromkeys(found))


COMMANDS = commands()


def run(*command: str) -> str:
    """Run a command in the project's root; return what it says."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def snakemake(words: list[str], tmp_path: Path) -> None:
    """Plan what the command would run, with a small study for a configuration of one's own."""
    shutil.copy(SMALL, tmp_path / "mine.yaml")
    shutil.copy(ROOT / "workflow_scripts/rankings/rankers/probeless.py", tmp_path / "mine.py")
    words = [str(tmp_path / "mine.yaml") if w in ("mine.yaml", "...") else w for w in words]
    if "--unlock" not in words:
        assert {"--cores", "--profile", "--dry-run", "-n"} & set(words), "needs --cores"
        words.append("--dry-run")
    command = [sys.executable, "-m", "snakemake", *words, "--directory", str(tmp_path)]
    lacking = pipelines_that_are_not_here(words)
    if not lacking:
        run(*command)
        return
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    advice = f"{lacking[0]} is not installed; pip install -r envs/spacy.txt"
    assert advice in done.stdout + done.stderr


def pipelines_that_are_not_here(words: list[str]) -> list[str]:
    """The spaCy pipelines of the command's study that are not installed, in its order."""
    if "--configfile" not in words:
        return []
    config = yaml.safe_load((ROOT / words[words.index("--configfile") + 1]).read_text())
    if config.get("analyzer") != "spacy":
        return []
    names = [entry["pipeline"] for entry in config["treebanks"].values()]
    return [name for name in names if find_spec(name) is None]


def python(words: list[str], tmp_path: Path) -> None:
    """Read the options, as the module does that is named."""
    assert words[0] == "-m"
    module, options = words[1], words[2:]
    if module.startswith("workflow_scripts.") and options != ["--help"]:
        import_module(module).arguments().parse_args(options)
        return
    help = run(sys.executable, "-m", module, *[w for w in options if w != "--help"], "--help")
    assert [word for word in options if word.startswith("--") and word not in help] == []


def make(words: list[str], tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    run("make", "--dry-run", *words)


def pip(words: list[str], tmp_path: Path) -> None:
    assert words[:2] == ["install", "-r"]
    assert all((ROOT / file).is_file() for file in words[2:])


def partitions(words: list[str], tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("generate-slurm-partition-config")
    if not program.exists():
        pytest.skip("needs envs/cluster.txt")
    assert words[0] in run(str(program), "--help")


def activate(words: list[str], tmp_path: Path) -> None:
    assert words == [".venv/bin/activate"]
    assert ".venv" in (ROOT / "Makefile").read_text()


def open_file(words: list[str], tmp_path: Path) -> None:
    (file,) = words
    results = yaml.safe_load((ROOT / "configs/english.yaml").read_text())["results"]
    assert file == f"{results}/report.html"


def clone(words: list[str], tmp_path: Path) -> None:
    assert words == ["clone", "<address of this repository>"]


def change_folder(words: list[str], tmp_path: Path) -> None:
    assert words == ["neuron-pitfalls"]  # what the clone is called


PLACES = {
    "snakemake": snakemake,
    "python": python,
    "make": make,
    "pip": pip,
    "generate-slurm-partition-config": partitions,
    ".": activate,
    "open": open_file,
    "git": clone,
    "cd": change_folder,
}


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[f"{p}: {c}" for p, c in COMMANDS])
def test_a_command_line_works(page, command, tmp_path):
    program, *words = shlex.split(command.replace("<", "'<").replace(">", ">'"))
    assert program in PLACES, f"{page}: no test knows how to look at {command!r}"
    PLACES[program](words, tmp_path)


def test_commands_of_every_page_are_found():
    found = {page for page, _ in COMMANDS}
    assert {"README.md", "docs/cluster.md", "docs/cost.md", "docs/benchmarks.md"} <= found
    assert {"docs/promises.md", "profiles/slurm/config.yaml", "benchmarks/__init__.py"} <= found
    assert "docs/paper.md" in found
    assert ("README.md", "snakemake --cores all --configfile configs/english.yaml") in COMMANDS


def test_a_target_after_configfile_is_one_that_does_not_work(tmp_path):
    with pytest.raises(AssertionError, match="words"):
        snakemake(shlex.split("--cores 2 --configfile mine.yaml words"), tmp_path)
