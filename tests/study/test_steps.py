"""Every rule is what its row in the table of steps says: name, inputs, parameters, command line."""

import json
import re
import subprocess
import sys

import pytest

from tests.support.workflow import ROOT
from workflow_scripts.study.configuration_file import checked
from workflow_scripts.study.digests import COLUMNS
from workflow_scripts.study.places import Places
from workflow_scripts.study.plan import Plan
from workflow_scripts.study.rule_steps import RuleStep
from workflow_scripts.study.steps import STEPS

LOAD = """
import json, re, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings
root, config, folder = map(Path, sys.argv[1:])


def plain(path):  # without the constraints of its wildcards
    return re.sub(r"{(\\w+),[^{}]*}", r"{\\1}", str(path))


with SnakemakeApi(OutputSettings(quiet=["all"])) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(),
        config_settings=ConfigSettings(configfiles=[config]),
        snakefile=root / "Snakefile",
        workdir=folder,
    )._workflow
    print(json.dumps({
        rule.name: {
            "log": plain(*rule.log),
            "benchmark": plain(rule.benchmark),
            "command": rule.shellcmd,
            "wildcards": sorted(rule.wildcard_names),
            "settings": {n: p.key for n, p in rule.params.items() if hasattr(p, "key")},
            "hidden": {n: sorted(p.hides) for n, p in rule.params.items() if hasattr(p, "hides")},
            "others": [
                name for name, parameter in rule.params.items()
                if not hasattr(parameter, "key") and not hasattr(parameter, "hides")
            ],
        }
        for rule in workflow.rules
        if rule.shellcmd
    }))
"""
STUDY = {
    "treebanks": {
        "generated": {"grammar": "english", "sentences": 300},
        "fetched": {
            "ud": "UD_Faroese-FarPaHC",
            "release": "r2.16",
            "files": {f"fo-ud-{split}.conllu": "0" * 40 for split in ("train", "dev", "test")},
        },
    },
    "models": {
        "trained": {
            "train": {"layers": 2, "width": 16, "heads": 2, "vocabulary": 500, "epochs": 1}
        },
        "fetched": {"hub": "some/model"},
    },
    "layers": [1],
    "interventions": [{"method": "ablation", "step": 5}],
}
FOLLOWS = {
    ("fetch_treebank", "files"): "files",
    ("fetch_model", "revision"): "revision",
    ("train_model", "options"): "train",
    ("compute_statistics", "attribute"): "attribute",
    ("extract_activations", "files"): "treebank",
    ("cache_states", "files"): "split",
    ("probe_rankings", "max_neurons"): "neurons.max",
    ("measure_transfer", "report"): "neurons.report",
    ("build_report", "words"): "configuration",
    ("build_report", "packages"): "configuration",
    ("build_provenance", "packages"): "configuration",
}
"""Parameters made of a setting or a wildcard of the step, and which."""
NOT_ON_A_COMMAND_LINE = {
    ("describe_neurons", "values"),
    ("rank_neurons", "values"),  # which the statistics have
    ("collect", "neurons.whole"),  # there are files of such probes, or none
    ("rank_by_control", "values"),
    ("probe_rankings", "values"),
    ("probe_rankings", "ranked_by_control"),  # there are files of such rankings, or none
    ("probe_all_neurons", "values"),
    ("intervene", "values"),
    ("measure_concord", "values"),
    ("measure_transfer", "values"),
    ("compute_statistics", "values"),  # of attributes.csv
    ("compile_model", "planted_values"),
    ("score_rankings", "values"),
}
CHANGES_NOTHING = {
    *("base", "endpoint", "lm_head"),  # where a download comes from; what it is checked for
    *(
        "train",
        "dev",
        "test",
        "model",
        "ranker",
        "treebanks",
        "models",
    ),  # paths of what is digested
    *("device", "layers", "precision"),
    *(
        "configurations",
        "rankings",
        "neurons",
        "probes",
        "whole",
        "sentences",
        "interventions",
        "examples",
    ),
    *("concord", "transfer"),
    *(
        "configuration",
        "project",
        "rankers",
        "digest",
    ),  # the first is a setting as it is; the commit is not
}
"""What a rule hides from Snakemake: the job's string has its content, or it changes no result."""


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    config = folder / "config.yaml"
    config.write_text(json.dumps(STUDY))
    command = [sys.executable, "-c", LOAD, ROOT, config, folder]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def step_of(rule):
    return rule.removesuffix("_of_one_direction")


def test_there_is_a_rule_for_each_step_and_none_besides(rules):
    assert {step_of(rule) for rule in rules} == set(STEPS)


def test_a_step_has_one_name(rules):
    """That of its rule, its command, its logs and its benchmarks."""
    for rule, found in rules.items():
        name = step_of(rule)
        path = STEPS[name].of or name
        assert found["log"] == f"results/logs/{name}/{path}.log", rule
        assert found["benchmark"] == f"results/benchmarks/{name}/{path}.tsv", rule
        (module,) = re.findall(r"python -m workflow_scripts\.([\w.]+)", found["command"])
        assert module == f"{STEPS[name].stage}.{name}"
        assert sorted(STEPS[name].wildcards) == found["wildcards"], rule


def test_a_command_line_has_nothing_but_what_the_step_depends_on(rules):
    for rule, found in rules.items():
        name, step = step_of(rule), STEPS[step_of(rule)]
        command = found["command"]
        read = {re.sub("_(train|dev|test)$", "", n) for n in re.findall(r"{input\.(\w+)", command)}
        assert read <= set(step.reads), rule
        assert set(re.findall(r"{wildcards\.(\w+)", command)) <= set(step.wildcards), rule
        given = set(re.findall(r"{params\.(\w+)", command))
        assert given == {*found["settings"], *found["hidden"], *found["others"]}, rule
        for parameter in set(found["others"]) - {"job"}:
            follows = FOLLOWS.get((name, parameter), parameter)
            assert follows in step.settings or follows in step.wildcards, (rule, parameter)
        for parameter, hidden in found["hidden"].items():
            assert set(hidden) <= CHANGES_NOTHING, (rule, parameter)
        said = {*found["settings"].values(), *(FOLLOWS.get((name, p), p) for p in found["others"])}
        said |= {one for hidden in found["hidden"].values() for one in hidden}
        silent = {key for step_name, key in NOT_ON_A_COMMAND_LINE if step_name == name}
        assert set(step.settings) - said == silent, rule


def test_a_rule_whose_inputs_are_not_those_of_its_step_cannot_be_loaded(tmp_path):
    places = Places(Plan(checked(STUDY | {"results": str(tmp_path)})))
    step = RuleStep("keep_values", workflow=None, jobs=None, places=places, targets=None)
    step.inputs(**places.words())
    for wrong in ({}, places.words() | {"model": places.model}, {"statistics": "x"}):
        with pytest.raises(ValueError, match=r"keep_values: reads \['words'\], not"):
            step.inputs(**wrong)
    with pytest.raises(KeyError, match="does not depend on seed"):
        step.setting("seed")


def test_every_step_reads_what_another_makes():
    known = {*STEPS, "treebank", "model", None}
    for name, step in STEPS.items():
        for read in step.reads.values():
            assert read.step in known, name
            of_step = STEPS[read.step].settings if read.step in STEPS else {}
            assert set(read.without) <= {*of_step, *COLUMNS}, name
