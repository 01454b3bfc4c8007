"""Facts about the library of models as a command imports it: less of it, and the same models."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.model_digest import digest
from tests.support.small_models import FAMILIES, REFUSED

ROOT = Path(__file__).resolve().parents[2]
UNUSED = {"scipy.optimize", "torch._dynamo", "torch.distributed.tensor", "sympy", "pandas"}
AS_A_COMMAND = """
from workflow_scripts.command import process
process.settle()
"""


def python(code, *arguments):
    """The lines that a new process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_commands_that_run_models_import_nothing_that_they_do_not_use(tiny_model):
    code = """
import sys
import workflow_scripts.interventions.intervene
from workflow_scripts.activations import cache_states, extract_activations
print(*sys.modules)
from tests.support.model_digest import digest
digest(sys.argv[1])
print(*sys.modules)
print(sys.modules["transformers"]._has_run, sys.modules["transformers.models"]._has_run)
"""
    imported, with_a_model, have_run = python(AS_A_COMMAND + code, tiny_model)
    assert UNUSED & set(imported.split()) == set()
    assert UNUSED & set(with_a_model.split()) == set()
    assert have_run == "False False"


def test_every_family_is_the_same_model_in_a_command(folder_of):
    folders = {family: str(folder_of(family)) for family in FAMILIES if family not in REFUSED}
    code = """
import json, sys
from tests.support.model_digest import digest
print(type(sys.modules["transformers"]).__name__)
print(json.dumps({family: digest(folder) for family, folder in json.loads(sys.argv[1]).items()}))
"""
    package, found = python(AS_A_COMMAND + code, json.dumps(folders))
    assert package == "_Package"
    assert json.loads(found) == {family: digest(folder) for family, folder in folders.items()}


NAMES = """
from workflow_scripts.models.from_transformers import AutoModelForMaskedLM
import sys
import transformers
print(AutoModelForMaskedLM is transformers.AutoModelForMaskedLM)
print(transformers.RobertaForMaskedLM.__name__, transformers.models.bert.BertModel.__name__)
print("torch.distributed.tensor" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "as_published"),
    [
        ("", True),
        (AS_A_COMMAND, False),
        ("import transformers.modeling_layers\n" + AS_A_COMMAND, True),
    ],
    ids=["notebook", "command", "imported before"],
)
def test_all_names_of_the_library_are_there(before, as_published):
    """And a command alone, where it is the first to import it, leaves out what it does not use."""
    same, classes, distributed = python(before + NAMES)
    assert (same, classes) == ("True", "RobertaForMaskedLM BertModel")
    assert distributed == str(as_published)


@pytest.mark.slow
def test_what_was_kept_out_is_there_when_it_is_asked_for():
    code = """
import torch
from workflow_scripts.models import masked_lm
from transformers import masking_utils
from transformers.utils import is_scipy_available, is_torch_distributed_available
print(is_scipy_available(), is_torch_distributed_available())
with masking_utils.TransformGetItemToIndex():
    print(torch.compiler.disable(len)([1, 2]))
print(torch._dynamo.__name__, type(torch._dynamo).__name__)
"""
    assert python(AS_A_COMMAND + code) == ["True True", "2", "torch._dynamo module"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "from_transformers.OF_ALL_FAMILIES = ('nowhere',)",
        "from_transformers._Compiler.MARKS = ()",
        "from_transformers._TOLD = {'is_nothing_available': from_transformers._is_not_there}",
        "from_transformers.PLACES['AutoModelForMaskedLM'] = 'nowhere'",
    ],
)
def test_another_version_of_the_library_costs_time_alone(change, tiny_model):
    code = f"""
import sys
from workflow_scripts.models import from_transformers
{change}
from tests.support.model_digest import digest
print(digest(sys.argv[1]))
"""
    assert python(AS_A_COMMAND + code, tiny_model) == [digest(tiny_model)]
