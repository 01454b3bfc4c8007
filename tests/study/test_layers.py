"""The house: nine stages in the order of the flow, and what all of them stand on."""

import re

import pytest

from tests.support.workflow import ROOT
from workflow_scripts.command.plugins import FOLDERS
from workflow_scripts.study import fingerprint

PACKAGE = ROOT / "workflow_scripts"
BELOW = ["kernels", "files", "command", "study"]
"""What all stages stand on; each imports from those before it alone."""
STAGES = [path.stem.partition("-")[2] for path in sorted((ROOT / "rules").glob("?-*.smk"))]
ABOVE = ["inspection"]
BY_A_PERSON = ["compare_studies", "try_sentence"]
"""Commands that a person runs on finished results, and what they share: no steps."""
MODULES = [
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent != PACKAGE
]


def folder(module):
    return module.partition(".")[0]


def test_there_are_nine_stages_with_four_folders_below_them_and_one_above():
    there = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}
    assert there == {*BELOW, *STAGES, *ABOVE, "__init__.py", *(f"{c}.py" for c in BY_A_PERSON)}
    assert len(STAGES) == 9


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_from_its_own_stage_and_from_below(module):
    own = folder(module)
    allowed = set(BELOW[: BELOW.index(own)] if own in BELOW else BELOW[:3]) | {own, ""}
    if own in ("activations", "rankings", "interventions"):
        allowed.add("models")  # which they run
    if own in ABOVE:
        allowed |= {*BELOW, *STAGES}
    name = module.removesuffix(".__init__")
    imported = {m.partition(".")[2] for m in fingerprint.reached(name)}
    assert {m for m in imported if folder(m) not in allowed} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_rules_run_what_lies_in_the_folder_of_their_name(stage):
    """And all that lies at its top and can be run is run by a rule."""
    [rules] = (ROOT / "rules").glob(f"?-{stage}.smk")
    run = set(re.findall(r"python -m workflow_scripts\.([\w.]+)", rules.read_text()))
    commands = (p for p in (PACKAGE / stage).glob("*.py") if "run(arguments()" in p.read_text())
    assert run == {f"{stage}.{path.stem}" for path in commands}


@pytest.mark.parametrize("name", [*ABOVE, *BY_A_PERSON])
def test_no_rule_runs_what_a_person_runs_alone(name):
    """So nothing there can change a result, and no job's string depends on it."""
    for rules in (ROOT / "rules").glob("*.smk"):
        assert f"workflow_scripts.{name}" not in rules.read_text()
    importers = [m for m in MODULES if folder(m) not in ABOVE]
    for module in importers:
        reached = fingerprint.reached(module.removesuffix(".__init__"))
        assert not {m for m in reached if m.partition(".")[2].partition(".")[0] == name}, module


def test_every_kind_of_plugin_lies_below_its_stage():
    assert {path.partition("/")[0] for path in FOLDERS.values()} <= set(STAGES)
