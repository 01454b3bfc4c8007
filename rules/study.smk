"""The study: the one place that reads the configuration.

Needs `config`. Gives `plan` (what there is to do), `jobs` (what each job's result depends on),
`results(path)`, and the functions that list targets. What a result depends on is a job's one
parameter, `job`; so inputs are `ancient`, and a file that was only touched reruns nothing.
"""

import sys
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError

sys.path.insert(0, workflow.basedir)

from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.configuration_file import ConfigError, checked
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.plan import Plan

try:
    plan = Plan(checked(config))
except ConfigError as error:
    raise WorkflowError(f"configuration: {error}") from None
jobs = Jobs(plan)

# The commands find this project's Python wherever the study runs; and without an environment of
# its own a rule uses the Python that runs Snakemake.
_prefix = f"export PYTHONPATH={quote(str(workflow.basedir))}; "
if not workflow.deployment_settings.deployment_method:
    _prefix += f'export PATH={quote(str(Path(sys.executable).parent))}:"$PATH"; '
shell.prefix(_prefix)

ENVIRONMENT = workflow.source_path("../envs/workflow.yaml")


wildcard_constraints:
    treebank=r"[A-Za-z0-9][A-Za-z0-9_.]*",
    model=r"[A-Za-z0-9][A-Za-z0-9_.]*",
    attribute=r"[^/]+",
    layer=r"\d+",
    split="|".join(SPLITS),
    labels="values|control",
    table=r"\w+",


def results(path):
    """A path below the study's results."""
    return f"{plan.config['results']}/{path}"


def log_of(rule, *wildcards):
    """The log of a rule's job."""
    return results("/".join(["logs", rule, *wildcards]) + ".log")


def benchmark_of(rule, *wildcards):
    """The measured time and memory of a rule's job."""
    return results("/".join(["benchmarks", rule, *wildcards]) + ".tsv")


def one_of(names):
    """A wildcard constraint that allows these names alone, or none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def words_of(splits=SPLITS):
    """The words files of the treebank in the wildcards, named words_train and so on."""
    return {f"words_{s}": ancient(results(f"words/{{treebank}}/{s}.parquet")) for s in splits}


def activations_of(splits=SPLITS):
    """The activation files of a configuration, named activations_train and so on."""
    path = "activations/{model}/{treebank}/layer-{layer}"
    return {f"activations_{s}": ancient(results(f"{path}/{s}.parquet")) for s in splits}


def model_of(wildcards):
    """The folder of the model in the wildcards."""
    return ancient(str(plan.model_folder(wildcards.model)))


def attributes_of(wildcards):
    """The kept values of the treebank in the wildcards, once its words are read."""
    return ancient(checkpoints.attributes.get(treebank=wildcards.treebank).output.attributes)


def attribute_of(wildcards):
    """The attribute in the wildcards, by its name in the schema."""
    return jobs.configuration(wildcards).attribute


def configurations(model, treebank):
    """The configurations of a model and a treebank, once its words are read."""
    checkpoints.attributes.get(treebank=treebank)
    return jobs.configurations(model, treebank)


def all_attributes():
    """Stop where an attribute is asked for that no treebank keeps."""
    kept = {
        name: kept_values(checkpoints.attributes.get(treebank=name).output.attributes)
        for name in plan.treebanks
    }
    try:
        plan.check_attributes(kept)
    except ConfigError as error:
        raise WorkflowError(f"configuration: {error}") from None


def all_activations(wildcards):
    return [
        results(f"activations/{model}/{treebank}/layer-{layer}/{split}.parquet")
        for model, treebank in plan.pairs()
        for layer in plan.config["layers"]
        for split in SPLITS
    ]


def _of_all(room, makers, wildcards):
    all_attributes()
    return [
        results(f"{room}/{of.path}/{maker}{ranking}.parquet")
        for model, treebank in plan.pairs()
        for of in configurations(model, treebank)
        for maker in makers
        for ranking in plan.rankings
    ]


def all_rankings(wildcards):
    return _of_all("rankings", [""], wildcards)


def all_probes(wildcards):
    return _of_all("probes", [f"{name}-by-" for name in plan.config["probes"]], wildcards)


def all_interventions(wildcards):
    names = [entry["name"] for entry in plan.config["interventions"]]
    return _of_all("interventions", [f"{name}-by-" for name in names], wildcards)


def collected(name):
    """The collected files of one kind, of every model and treebank."""
    return [
        ancient(results(f"collected/{model}/{treebank}/{name}.parquet"))
        for model, treebank in plan.pairs()
    ]


def tables():
    """The tables that the configuration gives."""
    names = []
    if plan.rankings and plan.models:
        if plan.config["probes"]:
            names += ["probing", "probing_curves"]
        if plan.config["interventions"]:
            names += ["interventions", "saturation", "examples"]
        if plan.config["probes"] and plan.config["interventions"]:
            names += ["used_vs_encoded"]
    paths = expand(results("tables/{table}.{kind}"), table=names, kind=["csv", "parquet"])
    return paths or rules.words.input
