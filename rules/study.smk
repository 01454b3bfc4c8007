"""The study: the one place that reads the configuration, and gives the rules what they say of it.

Needs `config`. Gives `plan` (what there is to do), `Step` (a rule's step: log, benchmark, inputs,
and what its result depends on), `jobs`, `results(path)` and `places` (paths), `targets`, `terminal`
(what a person sees of a run, None where Snakemake's own log stays), `requests` and `each_attempt`
(memory and time), `ENVIRONMENT`; and to rule files, from where it is imported, `hidden`, `one_of`,
`of_other`, `SPLITS`, `CONFIGURATION`, `repository`. What these are stands in
`workflow_scripts/study/`.
"""

import atexit
import gc
import json
import sys
from functools import cache, partial
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError

sys.path.insert(0, workflow.basedir)

from workflow_scripts import InputError
from workflow_scripts.command.line import TOO_LITTLE
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study import repository, snakemake_internals
from workflow_scripts.study.configuration_file import checked
from workflow_scripts.study.configuration_text import check_text
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.models import check_models
from workflow_scripts.study.places import Places, of_other
from workflow_scripts.study.plan import Plan
from workflow_scripts.study.requests import Requests
from workflow_scripts.study.rule_steps import RuleStep, hidden, one_of
from workflow_scripts.study.steps import CONFIGURATION
from workflow_scripts.study.targets import Targets
from workflow_scripts.study.terminal import Terminal

HAS_ENVIRONMENTS = snakemake_internals.has_environments(workflow)

try:
    for file in workflow.configfiles:
        check_text(file)
    plan = Plan(checked(config))
    plan.check_treebanks()
    check_models(plan)
    plan.check_pipelines(installed=not HAS_ENVIRONMENTS)
except InputError as error:
    raise WorkflowError(f"configuration: {error}") from None

# The commands find this project's Python wherever the study runs; and without an environment of
# its own a rule uses the Python that runs Snakemake.
if set(":{}") & set(str(workflow.basedir)):
    raise WorkflowError(
        f"{workflow.basedir}: move the project to a folder without colons and braces; "
        "PYTHONPATH and Snakemake read them as something else"
    )
_prefix = "set -euo pipefail; "  # what Snakemake sets where there is no other prefix
# A job that the system killed for its memory says nothing itself; Snakemake names it, and what it
# had asked for.
_prefix += f"trap 'test $? != 137 || echo \"error: killed, as happens without memory: {TOO_LITTLE}\"' EXIT; "
# And no other: what lies in the working directory is no module, whatever its name.
_prefix += f"export PYTHONSAFEPATH=1 PYTHONPATH={quote(str(workflow.basedir))}; "
if not HAS_ENVIRONMENTS:
    _prefix += f'export PATH={quote(str(Path(sys.executable).parent))}:"$PATH"; '


wildcard_constraints:
    treebank=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    model=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    attribute=r"[^/]+",
    layer=r"\d+",
    table=r"\w+",
    figure=r"\w+",


@cache  # what is counted stays so while Snakemake runs, and every job asks
def counted(treebank):
    """The file of a treebank's kept values, once its words are read."""
    return checkpoints.keep_values.get(treebank=treebank).output.attributes


jobs = Jobs(plan, partial(snakemake_internals.command_of, workflow))
places = Places(plan)
results = places.results
targets = Targets(workflow, jobs, places, counted)
Step = partial(RuleStep, workflow=workflow, jobs=jobs, places=places, targets=targets)
requests = Requests(plan, places)
each_attempt = requests.each_attempt
terminal = Terminal.of(workflow, targets)
if terminal:  # it says what became of a job; what the job says itself is in its log
    _prefix += "exec > /dev/null; "
shell.prefix(_prefix)

ENVIRONMENT = workflow.source_path("../envs/workflow.yaml")
# An analyzer reads predicted sentences with a language's pipeline, or looks words up in a lexicon.
READS_SENTENCES = "pipeline" in plan.analyzer_uses
ENVIRONMENT_OF_ANALYZER = ENVIRONMENT
if READS_SENTENCES:
    ENVIRONMENT_OF_ANALYZER = workflow.source_path("../envs/spacy.yaml")

# A plan is millions of objects that all stay to the end: looking through them for garbage, as often
# as Python does and then once more at the end, takes a quarter of the time.
gc.set_threshold(100_000, 20, 100)
atexit.register(gc.freeze)
