"""Facts about the environments: one set of exact pins, for pip and for conda."""

import ast
import re
import sys
import tomllib

import pytest
import yaml

from envs.write_conda import environments
from tests.support.workflow import ROOT

EXACT = re.compile(r"[A-Za-z0-9_.-]+==\d+(\.\d+)+(\.post\d+)?")
REQUIREMENTS = ROOT / "envs" / "requirements.txt"
SPACY = ROOT / "envs" / "spacy.txt"


def lines(path):
    """The requirements of a pip file, without comments."""
    text = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in text if line]


def conda(name):
    """A conda environment, and the list that it gives to pip."""
    environment = yaml.safe_load((ROOT / "envs" / name).read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    return environment, pip


def test_conda_has_the_pins_of_pip_without_snakemake():
    pins = [pin for pin in lines(REQUIREMENTS) if not pin.startswith("snakemake==")]
    assert conda("workflow.yaml")[1] == pins
    assert conda("spacy.yaml")[1] == pins + lines(SPACY)


def test_conda_files_are_what_make_pins_writes():
    written = {path.name: path.read_text() for path in (ROOT / "envs").glob("*.yaml")}
    assert written == environments()


@pytest.mark.parametrize("name", ["workflow.yaml", "spacy.yaml"])
def test_conda_takes_python_and_pip_from_one_channel_and_python_as_the_project_needs_it(name):
    environment, _ = conda(name)
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    python, pip, _ = environment["dependencies"]
    assert pip == "pip"
    version = re.fullmatch(r"python=(\d+\.\d+)", python)[1]
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert tuple(map(int, version.split("."))) >= tuple(map(int, needed[2:].split(".")))


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.txt")), ids=lambda path: path.name)
def test_every_pin_is_exact_and_given_once(path):
    pins = lines(path)
    assert [pin for pin in pins if not EXACT.fullmatch(pin)] == []
    assert pins == sorted(pins, key=str.lower)
    assert len({pin.partition("==")[0].lower() for pin in pins}) == len(pins)


def test_no_package_is_pinned_in_two_files():
    pins = [pin for path in (ROOT / "envs").glob("*.txt") for pin in lines(path)]
    assert len({pin.partition("==")[0] for pin in pins}) == len(pins)


def test_every_package_that_the_workflow_imports_is_pinned():
    modules = {"vl-convert-python": "vl_convert"}  # those of another name than their package
    packages = {pin.partition("==")[0] for pin in lines(REQUIREMENTS) + lines(SPACY)}
    pinned = {modules.get(package, package) for package in packages}
    imported = set()
    for path in (ROOT / "workflow_scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.partition(".")[0])
    brought = {"llvmlite"}  # the compiler of numba, at the version that numba asks for
    imported = {{"sklearn": "scikit-learn", "yaml": "PyYAML"}.get(name, name) for name in imported}
    assert imported - set(sys.stdlib_module_names) - {"workflow_scripts"} - brought <= pinned


def test_ci_runs_what_must_hold_with_the_oldest_python_that_the_project_allows():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    job = workflow["jobs"]["run"]
    assert job["steps"][-1] == {"run": ".ci/run"}
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert job["strategy"]["matrix"]["python"][0] == needed.removeprefix(">=")


def test_the_container_has_the_pins_of_pip_and_runs_the_workflow():
    text = (ROOT / "envs/Dockerfile").read_text()
    steps = dict.fromkeys(
        line.partition(" ")[0] for line in text.splitlines() if line[:1].isupper()
    )
    assert next(iter(steps)) == "FROM"
    python = conda("workflow.yaml")[0]["dependencies"][0].partition("=")[2]
    assert f"FROM python:{python}-slim\n" in text
    assert "pip install --no-cache-dir --requirement envs/requirements.txt\n" in text
    copied = re.findall(r"^COPY (\S+) (\S+)$", text, flags=re.MULTILINE)
    assert copied == [("envs/requirements.txt", "envs/requirements.txt"), (".", ".")]
    assert "==" not in text  # no pin of its own
    [folder] = re.findall(r"^WORKDIR (/neuron-pitfalls)$", text, flags=re.MULTILINE)
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", text, flags=re.MULTILINE)
    assert ast.literal_eval(entry) == ["snakemake", "--snakefile", f"{folder}/Snakefile"]
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".venv", "results"} <= set(ignored)
    assert not [name for name in ignored if name.startswith(("workflow_scripts", "rules", "envs"))]
