"""The study: the one place that reads the configuration.

Needs `config`. Gives `plan` (what there is to do), `jobs` (what each job's result depends on),
`results(path)`, and the functions that list targets.

What a result depends on is one string, `job_of(rule)`, a parameter of every rule, which its outputs
carry. `inputs_of(rule, ...)` compares: a job runs again where an output says another, whoever made
it, and whether or not Snakemake knows of it; where all say the same its inputs are `ancient`, so that
a file that was copied, touched, or made again with the same content, reruns nothing. Values for a
command line are `STUDY[key]` and `passed(name=function)`.
"""

import atexit
import gc
import json
import re
import sys
from functools import cache, reduce
from inspect import signature
from itertools import chain
from math import ceil
from operator import getitem
from os.path import exists
from pathlib import Path
from shlex import quote

from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.logging import logger

sys.path.insert(0, workflow.basedir)

from workflow_scripts.command.line import TOO_LITTLE
from workflow_scripts.files.origin import made_by, stamp
from workflow_scripts.files.words import kept_values, size_of, value_counts
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study import repository
from workflow_scripts.study.configuration_file import ConfigError, checked
from workflow_scripts.study.configuration_text import check_text
from workflow_scripts.command.plugins import declared
from workflow_scripts.study.device import why_not_here
from workflow_scripts.study.digests import megabytes
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.models import check_models
from workflow_scripts.study.plan import Plan
from workflow_scripts.study.reruns import make_again
from workflow_scripts.files.words import largest_min_types

try:
    for file in workflow.configfiles:
        check_text(file)
    plan = Plan(checked(config))
    plan.check_treebanks()
    check_models(plan)
    plan.check_pipelines(installed=not workflow.deployment_settings.deployment_method)
except ConfigError as error:
    raise WorkflowError(f"configuration: {error}") from None
jobs = Jobs(plan, lambda rule: workflow.get_rule(rule).shellcmd)

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
_prefix += f"export PYTHONPATH={quote(str(workflow.basedir))}; "
if not workflow.deployment_settings.deployment_method:
    _prefix += f'export PATH={quote(str(Path(sys.executable).parent))}:"$PATH"; '
shell.prefix(_prefix)

ENVIRONMENT = workflow.source_path("../envs/workflow.yaml")
# An analyzer reads predicted sentences with a language's pipeline, or looks words up in a lexicon.
READS_SENTENCES = "pipeline" in plan.analyzer_uses
ENVIRONMENT_OF_ANALYZER = ENVIRONMENT
if READS_SENTENCES:
    ENVIRONMENT_OF_ANALYZER = workflow.source_path("../envs/spacy.yaml")
LAYERS = plan.config["layers"]
PROBES = plan.config["probes"]
WHOLE = ["all"] if plan.whole else []
ON_DEVICE = {"activations_of_model", "states_of_model", "intervention"}
ON_DEVICE |= {"intervention_of_one_direction"}
METHODS = [entry["name"] for entry in plan.config["interventions"]]
CONTROL = f"--control {plan.control}" if plan.control else ""
CONFIGURATION = "{model}/{treebank}/{attribute}/layer-{layer}"


# A plan is millions of objects that all stay to the end: looking through them for garbage, as often
# as Python does and then once more at the end, takes a quarter of the time.
gc.set_threshold(100_000, 20, 100)
atexit.register(gc.freeze)


wildcard_constraints:
    treebank=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    model=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    attribute=r"[^/]+",
    layer=r"\d+",
    table=r"\w+",
    figure=r"\w+",


_RESULTS = str(Path(plan.config["results"], "_")).removesuffix("_")  # however it is spelled


def results(path):
    """A path below the study's results."""
    return _RESULTS + path


STATISTICS = results(f"statistics/{CONFIGURATION}.safetensors")


def log_of(rule, *wildcards):
    """The log of a rule's job."""
    return str(Path(results("logs"), rule, *wildcards)) + ".log"


def benchmark_of(rule, *wildcards):
    """The measured time and memory of a rule's job."""
    return str(Path(results("benchmarks"), rule, *wildcards)) + ".tsv"


def rankers(directions):
    """A wildcard constraint: the rankers that give so many rankings."""
    return one_of(name for name, names in plan.directions.items() if len(names) == directions)


def of_treebank(key):
    """A value for a command line: a key of the entry of the treebank in the wildcards."""
    return lambda w: plan.config["treebanks"][w.treebank][key]


def of_model(key):
    """A value for a command line: a key of the entry of the model in the wildcards."""
    return lambda w: plan.config["models"][w.model][key]


def of_method(key):
    """A value for a command line: a key of the intervention in the wildcards."""
    return lambda w: plan.intervention(w.method)[key]


class _Study:
    """A parameter: the configuration, for a command line, by its keys (`STUDY[neurons.max]`).

    Snakemake compares a job's parameters with
    those of its last run where they are plain values, and this is none: what can change the result
    stands in `job_of`, and what cannot (device, addresses) must not rerun anything.
    """

    def __getitem__(self, key):
        return reduce(getitem, key.split("."), plan.config)


STUDY = _Study()


def noted(function):
    """A function whose parameters are noted on it: planning asks for them several times a job."""
    function.__signature__ = signature(function)
    return function


def passed(**functions):
    """A parameter: values for a command line, by name, of functions of the wildcards.

    Not compared with those of the job's last run either, as Snakemake does not compare what is
    derived from inputs, and this one claims to be.
    """

    @noted
    def values(wildcards, input):
        return {name: function(wildcards) for name, function in functions.items()}

    return values


def asked(amount):
    """A resource, in MB or minutes: the amount, and as much again in every retry.

    The amount is a number, or a function (mb, wildcards), where `mb(name, ...)` is how many MB inputs
    have, as far as it is there: a plan that is made before the files asks for less than the job will.
    The numbers are from benchmark files (docs/cluster.md). No command may be told what its job
    asked for: a retry must give the same result.
    """

    @noted
    def first_and_retries(wildcards, input, attempt):
        def mb(*names):
            # A model may lie outside of the results, and is no input then.
            found = [model_path(wildcards) if n == "model" else input[n] for n in names]
            files = [[one] if isinstance(one, str) else one for one in found]
            return sum(map(megabytes, chain.from_iterable(files)))

        first = amount(mb, wildcards) if callable(amount) else amount
        return attempt * ceil(first)

    return first_and_retries


def on_cpu(minutes):
    """A time that a processor takes to run a model, and a GPU a tenth of, where one is asked for."""
    return minutes / 10 if plan.gpus else minutes


def ranker_reads_words(wildcards):
    """Whether the ranker in the wildcards reads labelled words, or their statistics alone."""
    return "words" in declared("rankers", wildcards.ranker, "USES")


def one_of(names):
    """A wildcard constraint that allows these names alone, or none."""
    return "|".join(map(re.escape, names)) or "(?!)"


_OF_CONFIGURATION = {
    "statistics": lambda of, w: jobs.statistics(of),
    "ranking": lambda of, w: jobs.ranking(of, w.ranker),
    "probe": lambda of, w: jobs.probe(of, w.probe, plan.directions[w.ranker][0]),
    "probe_of_all_neurons": lambda of, w: jobs.probe_of_all_neurons(of, w.probe),
    "intervention": lambda of, w: jobs.intervention(of, w.method, plan.directions[w.ranker][0]),
}
_OF_OTHERS = {
    "generate_treebank": lambda w: jobs.treebank(w.treebank),
    "fetch_treebank": lambda w: jobs.treebank(w.treebank),
    "train_model": lambda w: jobs.model(w.model),
    "fetch_model": lambda w: jobs.model(w.model),
    "words_of_treebank": lambda w: jobs.words(w.treebank),
    "attributes": lambda w: jobs.attributes(w.treebank),
    "activations_of_model": lambda w: jobs.activations(w.model, w.treebank),
    "states_of_model": lambda w: jobs.states(w.model, w.treebank),
    "lexicon": lambda w: jobs.lexicon(w.model, w.treebank),
    "collected_probes": lambda w: jobs.probes_of(w.model, w.treebank),
    "collected_rankings": lambda w: jobs.rankings_of(w.model, w.treebank),
    "compare_rankings": lambda w: jobs.contrasts_of(w.model, w.treebank),
    "collected_interventions": lambda w: jobs.interventions_of(w.model, w.treebank),
    "table": lambda w: jobs.table(w.table),
    "figure": lambda w: jobs.figure(w.figure),
    "report": lambda w: jobs.report(),
    "provenance": lambda w: jobs.provenance(),
    "latex_table": lambda w: jobs.latex(w.table),
}

_OF_WHOLE_STUDY = ("table", "figure", "report", "provenance", "latex_table")


def job_of(rule):
    """All that can change the result of a rule's job, as a function of its wildcards."""
    kind = rule.removesuffix("_of_one_direction")
    if kind in _OF_CONFIGURATION:
        return noted(lambda w: _OF_CONFIGURATION[kind](jobs.configuration(w), w))
    return _OF_OTHERS[kind]


@cache  # what is counted stays so while Snakemake runs, and every job asks
def counted(treebank):
    """The file of a treebank's kept values, once its words are read."""
    return checkpoints.attributes.get(treebank=treebank).output.attributes


def inputs_of(rule, **paths):
    """An input function to unpack: named patterns, lists of them, or functions of the wildcards.

    One function for all inputs and not one for each: planning calls it for every job. A rule whose
    outputs are to be judged by what they say of themselves has one, were it of no input.

    Ancient where what is there of the outputs was made by this very job: then nothing before it
    matters, whatever time stamps say and whatever else runs.
    """

    def settled(wildcards):
        outputs = (one.apply_wildcards(wildcards) for one in workflow.get_rule(rule).output)
        there = list(filter(exists, outputs))
        expected = stamp(job_of(rule)(wildcards)) if there else None
        others = [one for one in there if made_by(one) != expected]
        if others and workflow.is_main_process:  # which alone says what runs
            make_again(workflow.dag, others)
        return bool(there) and not others

    def found(path, wildcards, values):
        if callable(path):
            return path(wildcards)
        if isinstance(path, str):
            return path.format_map(values)
        return [one.format_map(values) for one in path]

    kind = rule.removesuffix("_of_one_direction")

    @noted
    def inputs(wildcards):
        values = dict(wildcards.items())
        try:
            # Other kept values make it another job: they are counted before it is planned.
            if kind in _OF_CONFIGURATION:
                counted(wildcards.treebank)
            elif kind in _OF_WHOLE_STUDY:
                check_attributes()
            files = {name: found(path, wildcards, values) for name, path in paths.items()}
        except IncompleteCheckpointException as error:
            if not workflow.is_main_process:
                raise  # a job of its own has the counts there, and Snakemake finds them
            # Planned anew once they are; of a whole study at once, not a treebank after the other.
            of_all = "treebank" not in values
            counts = all_words(wildcards) if of_all else [str(error.targetfile)]
            return dict.fromkeys(paths, []) | {"counted": counts}
        if settled(wildcards):
            files = {name: ancient(one) for name, one in files.items()}
        return files

    return inputs


def words_of(splits=SPLITS):
    """The words files of the treebank in the wildcards, named words_train and so on."""
    return {f"words_{s}": results(f"words/{{treebank}}/{s}.parquet") for s in splits}


def activations_of(splits=SPLITS):
    """The activation files of a configuration, named activations_train and so on."""
    path = "activations/{model}/{treebank}/layer-{layer}"
    return {f"activations_{s}": results(f"{path}/{s}.parquet") for s in splits}


def where(needed, **paths):
    """Named patterns of files that a job reads only where `needed(wildcards)`."""

    def of(path):
        return lambda w: path.format_map(dict(w.items())) if needed(w) else []

    return {name: of(path) for name, path in paths.items()}


def by_rankings(room, maker, directions=("-ttb", "-btt")):
    """The files of a ranker's rankings in a room, one for each direction."""
    return [results(f"{room}/{CONFIGURATION}/{maker}{{ranker}}{d}.parquet") for d in directions]


# What lies outside of the results is no input of any rule: Snakemake reads braces in its path as a
# wildcard. Its content is in the strings of the jobs, its path on their command lines.


def conllu_of(split):
    """An input function: the file of a split of the treebank in the wildcards, if a rule makes it."""
    return lambda w: made_here("treebanks", w.treebank, plan.conllu(w.treebank, split))


def model_of(wildcards):
    """The folder of the model in the wildcards, if a rule makes it."""
    return made_here("models", wildcards.model, plan.model_folder(wildcards.model))


def made_here(key, name, path):
    """The path of a treebank or a model as inputs, none where the configuration gives it."""
    return [] if "path" in plan.config[key][name] else [str(path)]


def conllu_path(split):
    """A value for a command line: the file of a split of the treebank in the wildcards."""
    return lambda w: argument(plan.conllu(w.treebank, split))


def model_path(wildcards):
    """A value for a command line: the folder of the model in the wildcards."""
    return argument(plan.model_folder(wildcards.model))


def argument(path):
    """A path as an argument of a command: never taken for an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def attributes_of(wildcards):
    """The kept values of the treebank in the wildcards, once its words are read."""
    return counted(wildcards.treebank)


def attribute_of(wildcards):
    """The attribute in the wildcards, by its name in the schema."""
    return jobs.configuration(wildcards).attribute


def configurations(model, treebank):
    """The configurations of a model and a treebank, once its words are read."""
    counted(treebank)
    return jobs.configurations(model, treebank)


@cache
def check_attributes():
    """Stop where an attribute is asked for that no treebank keeps, or lemmas that it has not.

    Stop also where there is nothing to study; a treebank without anything, beside others, is named.
    """
    kept = {name: kept_values(counted(name)) for name in plan.treebanks}
    largest = {name: largest_min_types(value_counts(counted(name))) for name in plan.treebanks}
    try:
        plan.check_attributes(kept, largest)
        plan.check_configurations(kept, largest)
        plan.check_lemmas(kept, test_size)
    except ConfigError as error:
        raise WorkflowError(f"configuration: {error}") from None
    if workflow.is_main_process:
        for treebank, reason in plan.treebanks_without(kept, largest).items():
            logger.warning(f"{treebank} is in no table: {reason}")


def test_size(treebank):
    """The size of a treebank's test split; None where its words are missing, or to be read again."""
    path = Path(results(f"words/{treebank}/test.parquet"))
    return size_of(path) if made_by(path) == stamp(jobs.words(treebank)) else None


def check_device():
    """Stop where jobs are to run here on a device that is not here; on a cluster, each job sees."""
    if not (workflow.is_main_process and workflow.local_exec) or workflow.touch:
        return
    # What is yet to come depends on the words, once they are read; models run for all but those.
    to_run = {job.rule.name for job in workflow.dag.needrun_jobs()}
    targets = {job.rule.name for job in workflow.dag.targetjobs}
    later = "attributes" in to_run and targets - {"words", "downloads", "attributes"}
    if not to_run & ON_DEVICE and not (later and not all(map(exists, all_activations(None)))):
        return
    device = plan.config["device"]
    why = why_not_here(device, not workflow.deployment_settings.deployment_method)
    if why:
        raise WorkflowError(f"device: {device}, but {why}; set device: auto or cpu")


def once_counted(targets):
    """An input function of a target: its files; until all kept values are counted, these alone."""

    def files(wildcards):
        try:
            return targets(wildcards)
        except IncompleteCheckpointException:
            return all_words(wildcards)

    return files


def all_downloads(wildcards):
    folders = expand(results("models/{model}"), model=plan.named("hub"))
    conllu = [str(plan.conllu(name, s)) for name in plan.named("ud") for s in SPLITS]
    return folders + conllu


def all_activations(wildcards):
    return [
        results(f"activations/{model}/{treebank}/layer-{layer}/{split}.parquet")
        for model, treebank in plan.pairs()
        for layer in LAYERS
        for split in SPLITS
    ]


def _of_all(room, makers, rankings):
    check_attributes()
    return [
        results(f"{room}/{of.path}/{maker}{ranking}.parquet")
        for model, treebank in plan.pairs()
        for of in configurations(model, treebank)
        for maker in makers
        for ranking in rankings
    ]


@once_counted
def all_rankings(wildcards):
    return _of_all("rankings", [""], plan.rankings)


@once_counted
def all_probes(wildcards):
    probes = [f"{name}-by-" for name in PROBES]
    return _of_all("probes", probes, plan.rankings) + _of_all("probes", probes, WHOLE)


@once_counted
def all_interventions(wildcards):
    return _of_all("interventions", [f"{name}-by-" for name in METHODS], plan.rankings)


def files_of_pair(room, makers, rankings):
    """An input function: the files in a room of the model and treebank in the wildcards."""

    def files(wildcards):
        check_attributes()
        return [
            results(f"{room}/{of.path}/{maker}{ranking}.parquet")
            for of in configurations(wildcards.model, wildcards.treebank)
            for maker in makers
            for ranking in rankings
        ]

    return files


def configuration_options(wildcards):
    """The configurations of the model and treebank in the wildcards, for a command line."""
    return [
        quote(f"{of.attribute}={of.path_in_pair}")
        for of in jobs.configurations(wildcards.model, wildcards.treebank)
    ]


def collected(name):
    """An input function: the collected files of one kind, where the table in the wildcards reads it."""

    def files(wildcards):
        if name not in plan.reads(wildcards.table):
            return []
        return [
            results(f"collected/{model}/{treebank}/{name}.parquet")
            for model, treebank in plan.pairs()
        ]

    return files


def tables_of_figure(wildcards):
    """The tables that the figure in the wildcards is made of."""
    return [results(f"tables/{table}.parquet") for table in plan.figures[wildcards.figure]]


@once_counted
def everything(wildcards):
    """Tables, figures and report of the configuration; without any, the last stage it asks for."""
    if plan.tables:
        # Before the values are counted there is no telling what a table depends on.
        check_attributes()
        tables = expand(
            results("tables/{table}.{kind}"), table=plan.tables, kind=["csv", "parquet"]
        )
        kinds = ["svg", "pdf", "json"]
        figures = expand(results("figures/{figure}.{kind}"), figure=plan.figures, kind=kinds)
        return [*tables, *figures, results("report.html"), results("provenance.json")]
    return all_activations(wildcards) if plan.models else all_words(wildcards)


@once_counted
def all_latex(wildcards):
    check_attributes()
    return expand(results("tables/{table}.tex"), table=plan.latex)


def whereabouts():
    """Say where the results are, as far as they are there."""
    rooms = {"report": "report.html", "tables": "tables", "figures": "figures", "words": "words"}
    there = {name: Path(results(path)) for name, path in rooms.items()}
    return "\n".join(f"{name}: {path}" for name, path in there.items() if path.exists())


def all_words(wildcards):
    return expand(results("words/{treebank}/attributes.csv"), treebank=plan.treebanks)
