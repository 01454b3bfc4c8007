"""What modules declare of themselves is read as they mean it, and loads nothing that computes."""

import subprocess
import sys

import pytest

from tests.support.workflow import ROOT, SMALL
from workflow_scripts import InputError
from workflow_scripts.command import plugins
from workflow_scripts.command.plugins import declared, load, module, names

NAMES = {
    "rankers": ("DIRECTIONS", "USES"),
    "probes": ("USES",),
    "methods": ("USES", "OPTIONS", "TARGET"),
    "analyzers": ("USES",),
    "collections": ("USES",),
    "tables": ("USES",),
    "figures": ("USES",),
}


@pytest.mark.parametrize(
    ("kind", "name", "what"),
    [
        (kind, name, what)
        for kind, declares in NAMES.items()
        for name in names(kind)
        for what in declares
    ],
)
def test_what_is_declared_is_what_the_module_has(kind, name, what):
    assert declared(kind, name, what) == getattr(load(kind, name), what)


@pytest.mark.parametrize("kind", plugins.FOLDERS)
def test_every_plugin_can_be_loaded_and_no_other(kind):
    for name in names(kind):
        assert load(kind, name).__name__ == f"workflow_scripts.{module(kind, name)}"
    with pytest.raises(InputError, match=r"'mine'; there are: \w+"):
        load(kind, "mine")


def test_a_new_file_in_a_folder_is_a_plugin(tmp_path, monkeypatch):
    folder = tmp_path / plugins.FOLDERS["rankers"]
    folder.mkdir(parents=True)
    for name in ("__init__", "mine", "_parts", "._mine"):  # the last as macOS leaves it
        (folder / f"{name}.py").touch()
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    assert names("rankers") == ["mine"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"mine\.py: USES = \.\.\. is missing, or is not"),
        ("\nUSES = tuple(others)", r"mine\.py, line 2: USES is not a literal"),
        ("def USES(): ...", r"mine\.py: USES = \.\.\. is missing, or is not"),
    ],
)
def test_a_module_that_declares_nothing_to_read_is_named(tmp_path, monkeypatch, text, said):
    folder = tmp_path / plugins.FOLDERS["rankers"]
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(text)
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    plugins.declared.cache_clear()
    with pytest.raises(InputError, match=said):
        declared("rankers", "mine", "USES")


def test_planning_loads_nothing_that_computes_or_draws():
    code = (
        "import sys, yaml\n"
        "from workflow_scripts.study.configuration_file import checked\n"
        "from workflow_scripts.study.jobs import Jobs\n"
        "from workflow_scripts.study.plan import Plan\n"
        f"plan = Plan(checked(yaml.safe_load(open({str(SMALL)!r}))))\n"
        "jobs = Jobs(plan)\n"
        "made = [jobs.string('build_figure', figure=f) for f in plan.figures]\n"
        "assert made\n"
        "heavy = 'torch transformers numba scipy sklearn polars altair vl_convert'.split()\n"
        "print(*set(heavy) & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")
