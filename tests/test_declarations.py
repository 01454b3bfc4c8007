"""What modules declare of themselves is read as they mean it, and loads nothing that computes."""

import subprocess
import sys
from importlib import import_module

import pytest

from tests.workflow import ROOT, SMALL
from workflow_scripts.study import declarations
from workflow_scripts.study.configuration_file import ConfigError, available
from workflow_scripts.study.declarations import declared

NAMES = {
    "rankers": ("DIRECTIONS", "USES"),
    "probes": ("USES",),
    "interventions": ("HAS_TARGET",),
    "analyzers": ("USES",),
    "tables": ("READS", "USES_REPORT", "USES_SEED"),
    "figures": ("READS",),
}


@pytest.mark.parametrize(
    ("room", "module", "name"),
    [
        (room, module, name)
        for room, names in NAMES.items()
        for module in available(room)
        for name in names
        if module != "style"  # what figures share
    ],
)
def test_what_is_declared_is_what_the_module_has(room, module, name):
    there = getattr(import_module(f"workflow_scripts.{room}.{module}"), name)
    assert declared(room, module, name) == there


@pytest.mark.parametrize("text", ["", "USES = tuple(others)", "def USES(): ..."])
def test_a_module_that_declares_nothing_to_read_is_named(tmp_path, monkeypatch, text):
    (tmp_path / "rankers").mkdir()
    (tmp_path / "rankers/mine.py").write_text(text)
    monkeypatch.setattr(declarations, "ROOT", tmp_path)
    with pytest.raises(ConfigError, match=r"mine\.py: USES = \.\.\. is missing, or is not"):
        declared("rankers", "mine", "USES")


def test_planning_loads_nothing_that_computes_or_draws():
    code = (
        "import sys, yaml\n"
        "from workflow_scripts.study.configuration_file import checked\n"
        "from workflow_scripts.study.jobs import Jobs\n"
        "from workflow_scripts.study.plan import Plan\n"
        f"plan = Plan(checked(yaml.safe_load(open({str(SMALL)!r}))))\n"
        "jobs = Jobs(plan)\n"
        "made = [jobs.table(t) for t in plan.tables] + [jobs.figure(f) for f in plan.figures]\n"
        "assert len(made) > 10\n"
        "heavy = 'torch transformers numba scipy sklearn polars altair vl_convert'.split()\n"
        "print(*set(heavy) & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")
