"""Steps: what each rule runs, and what its result depends on, one row a rule.

A step has one name: that of its rule, its command, its logs and its benchmarks. From its row
`jobs.py` makes the string of each of its jobs, and `rule_steps.py` holds the rule to it: inputs
that are not its `reads`, and a setting that is none of its `settings`, are refused when the rules
are loaded. That nothing else stands on a command line is a test.

What only some plugins need stands here with the word that these declare in their `USES`: a job of
another plugin depends on it no more, and is not given it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from workflow_scripts import InputError
from workflow_scripts.command.plugins import declared, names

CONFIGURATION = "{model}/{treebank}/{attribute}/layer-{layer}"
PAIR = "{model}/{treebank}"
ONE_DIRECTION = "_of_one_direction"
"""The end of the name of a rule for rankers with one ranking; its step's name is without."""
CONTROL = "control"
"""The use of whatever a job does where the study has a control task, whatever its plugins use."""


@dataclass(frozen=True)
class Read:
    """What a step reads: the files that another step makes."""

    step: str | None
    """Its name; `treebank` or `model`, which one of two steps makes or none. None: what matters of
    the files stands in the reader's settings."""
    where: str | tuple[str, ...] | None = None
    """The use (or one of several) that a plugin must declare; None: every job reads it."""
    without: tuple[str, ...] = ()
    """Settings of that step, or groups of a treebank's columns, that what is read of it does not
    depend on."""
    only: Mapping[str, str] = field(default_factory=dict)
    """What names the jobs that are read, where the reader's own wildcards do not say it."""
    of_other: bool = False
    """Of the treebank that the wildcard `other` names, not of the reader's own."""
    by_all: bool = False
    """Given to every job, as the file that says which configuration it is; it counts only for those
    whose plugins declare the use."""


@dataclass(frozen=True)
class Step:
    """What a rule runs, and what the results of its jobs depend on."""

    stage: str
    """The folder of its command: `rankings`, with rule file `rules/5-rankings.smk`."""
    of: str = ""
    """What tells its jobs apart: a pattern of wildcards, the path of its logs and benchmarks."""
    plugins: tuple[str, ...] = ()
    """The kinds of plugins that a job runs; which one, the configuration says (`Plan.plugin`)."""
    settings: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    """Its part of the study, by key (see `Plan.setting`), each with the use (or one of several)
    that a plugin must declare, or None."""
    reads: Mapping[str, Read] = field(default_factory=dict)
    """The inputs of its rule, by name, less `_train`, `_dev` and `_test`."""
    on_device: bool | str = False
    """Whether it runs a model on the study's device; or the use of plugins whose jobs do."""
    of_compiled: bool = False
    """Whether its jobs are of compiled models alone."""
    pinned: bool = False
    """Whether its result follows from its settings, whatever code fetched it."""

    @cached_property
    def wildcards(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.of))


_OF_TWO = {"methods": {"means", "words"}, "analyzers": {"lexicon", "pipeline"}}
"""Who of the two plugins of `intervene` may declare what."""


def given_to(kind: str) -> set[str]:
    """Return what a plugin of a kind may declare in its `USES`."""
    if kind in _OF_TWO:
        return _OF_TWO[kind]
    steps = [step for step in STEPS.values() if kind in step.plugins]
    places = [where for step in steps for where in step.settings.values()]
    places += [read.where for step in steps for read in step.reads.values()]
    return {use for where in places for use in needs(where)} - {CONTROL}


def needs(where: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the uses of which one must be declared; none where every job has it."""
    return (where,) if isinstance(where, str) else where or ()


_FORMS = Read("read_words", without=("analyses", "arcs"))
_ANALYSED = ("arcs",)
_WORDS = Read("read_words", without=_ANALYSED)
_MODEL = Read("model")
_LABELLED = {"words": _WORDS, "activations": Read("extract_activations")}
_METHOD = dict.fromkeys(("kind_of_method", "method_options", "step", "values"))
"""The settings of every step that changes neurons."""
_JUDGED = {"schema": None, "analyzer": None, "pipeline": "pipeline"}
"""Those of a step that judges what words become."""
_INSIDE = {
    "words": _WORDS,
    "model": _MODEL,
    "states": Read("cache_states"),
    "subtokens": Read("cache_states"),
    "lexicon": Read("build_lexicon", "lexicon"),
}
"""What such a step reads besides rankings and statistics."""
_OF_VALUES_ALONE = ("control", "seed")
"""Statistics by value do not change with those by control label, which lie beside them."""

STEPS: dict[str, Step] = {
    "generate_treebank": Step(
        "treebanks",
        "{treebank}",
        plugins=("grammars",),
        settings={"grammar": None, "sentences": None, "seed": None},
    ),
    "fetch_treebank": Step(
        "treebanks",
        "{treebank}",
        settings={"ud": None, "release": None, "files": None},
        pinned=True,
    ),
    "fetch_model": Step("models", "{model}", settings={"hub": None, "revision": None}, pinned=True),
    "train_model": Step(
        "models",
        "{model}",
        settings={"train": None, "seed": None},
        reads={"words": _FORMS},
    ),
    "compile_model": Step(
        "models",
        "{model}",
        settings={"compile": None, "copy": None, "seed": None, "planted_values": None},
        reads={"words": _WORDS, "attributes": Read(None)},
        of_compiled=True,
    ),
    "read_words": Step(
        "words",
        "{treebank}",
        plugins=("schemas",),
        settings={"schema": None},
        reads={"conllu": Read("treebank")},
    ),
    "keep_values": Step(
        "words",
        "{treebank}",
        settings={"min_types": None},
        reads={"words": _WORDS},
    ),
    # Layers are files of their own: which others were asked for changes none of them.
    "extract_activations": Step(
        "activations", PAIR, reads={"words": _FORMS, "model": _MODEL}, on_device=True
    ),
    "cache_states": Step(
        "activations", f"{PAIR}/{{split}}", reads={"words": _FORMS, "model": _MODEL}, on_device=True
    ),
    "build_lexicon": Step("activations", PAIR, reads={"words": _WORDS, "model": _MODEL}),
    "compute_statistics": Step(
        "rankings",
        CONFIGURATION,
        settings={"values": None, "control": "control", "seed": "control"},
        reads=_LABELLED | {"attributes": Read(None)},
    ),
    # Of every neuron, whatever the rankings: what stands first in them is chosen afterwards.
    "describe_neurons": Step(
        "rankings",
        CONFIGURATION,
        settings={"values": None},
        reads=_LABELLED | {"statistics": Read("compute_statistics", None, _OF_VALUES_ALONE)},
    ),
    "rank_neurons": Step(
        "rankings",
        f"{CONFIGURATION}/{{ranker}}",
        plugins=("rankers",),
        settings={
            "ranker_options": None,
            "values": ("words", "statistics", "model"),
            "neurons.max": "select",
            "seed": "seed",
            "part_of_speech": "model",
            "beta": "beta",
        },
        reads={
            "words": Read("read_words", ("words", "model"), _ANALYSED),
            "activations": Read("extract_activations", "words"),
            "statistics": Read("compute_statistics", "statistics", _OF_VALUES_ALONE, by_all=True),
            "lexicon": Read("build_lexicon", "model"),
            "model": _MODEL,  # at least its width
        },
        on_device="model",
    ),
    # Beside the real rankings, which know nothing of it: with it or without, they stay.
    "rank_by_control": Step(
        "rankings",
        f"{CONFIGURATION}/{{ranker}}",
        plugins=("rankers",),
        settings={
            "ranker_options": None,
            "values": None,
            "neurons.max": "select",
            "control": "control",
            "seed": "control",
        },
        reads={
            "words": Read("read_words", "words", _ANALYSED),
            "activations": Read("extract_activations", "words"),
            "statistics": Read("compute_statistics", "statistics", by_all=True),
        },
    ),
    "probe_rankings": Step(
        "probes",
        f"{CONFIGURATION}/{{probe}}-by-{{ranker}}",
        plugins=("probes",),
        settings={
            "values": None,
            "neurons.max": None,
            "control": "control",
            "ranked_by_control": "control",
            "seed": ("seed", "control"),
        },
        reads=_LABELLED
        | {
            "statistics": Read("compute_statistics", "statistics", by_all=True),
            "rankings": Read("rank_neurons"),
            "control_rankings": Read("rank_by_control", "control"),
        },
    ),
    "probe_all_neurons": Step(
        "probes",
        f"{CONFIGURATION}/{{probe}}-by-all",
        plugins=("probes",),
        settings={"values": None, "control": "control", "seed": ("seed", "control")},
        reads=_LABELLED | {"statistics": Read("compute_statistics", "statistics", by_all=True)},
    ),
    "intervene": Step(
        "interventions",
        f"{CONFIGURATION}/{{method}}-by-{{ranker}}",
        plugins=("methods", "schemas", "analyzers"),
        settings={
            **_METHOD,
            **_JUDGED,
            "split": None,
            "seed": None,
        },
        reads={
            **_INSIDE,
            "activations": Read("extract_activations", "words"),
            "statistics": Read("compute_statistics", "means", _OF_VALUES_ALONE, by_all=True),
            "rankings": Read("rank_neurons"),
        },
        on_device=True,
    ),
    "measure_concord": Step(
        "interventions",
        f"{CONFIGURATION}/{{method}}-by-{{ranker}}",
        plugins=("methods",),
        settings={
            **_METHOD,
            "seed": None,
            "part_of_speech": None,
        },
        reads={
            "words": Read("read_words"),
            "activations": Read("extract_activations", "words"),
            "model": _MODEL,
            "lexicon": Read("build_lexicon"),
            "statistics": Read("compute_statistics", "means", _OF_VALUES_ALONE, by_all=True),
            "rankings": Read("rank_neurons"),
        },
        on_device=True,
    ),
    "measure_transfer": Step(
        "interventions",
        f"{CONFIGURATION}/{{other}}/{{method}}-by-{{ranker}}",
        plugins=("methods", "schemas", "analyzers"),
        settings={
            **_METHOD,
            **_JUDGED,
            "neurons.report": None,
        },
        reads={
            **_INSIDE,
            "statistics": Read("compute_statistics", None, _OF_VALUES_ALONE),
            "rankings": Read("rank_neurons"),
            "other_statistics": Read("compute_statistics", None, _OF_VALUES_ALONE, of_other=True),
            "other_rankings": Read("rank_neurons", of_other=True),
        },
        on_device=True,
    ),
    "score_rankings": Step(
        "interventions",
        CONFIGURATION,
        plugins=("schemas",),
        settings={"schema": None, "seed": None, "values": None, "of": None},
        reads=_LABELLED
        | {
            "model": _MODEL,
            "lexicon": Read("build_lexicon"),
            "statistics": Read("compute_statistics", None, _OF_VALUES_ALONE),
            "rankings": Read("rank_neurons"),
        },
        on_device=True,
        of_compiled=True,
    ),
    "collect": Step(
        "tables",
        f"{PAIR}/{{collection}}",
        plugins=("collections",),
        settings={
            "neurons.report": "report",
            "neurons.describe": "describe",
            "seed": "seed",
            "neurons.whole": "probes",
        },
        reads={
            "words": Read("read_words", "words", _ANALYSED),
            "rankings": Read("rank_neurons", "rankings"),
            "probes": Read("probe_rankings", "probes"),
            "whole": Read("probe_all_neurons", "probes"),
            "sentences": Read("probe_rankings", "sentences"),
            "interventions": Read("intervene", "interventions"),
            "concord": Read("measure_concord", "concord"),
            "transfer": Read("measure_transfer", "transfer"),
            "examples": Read("intervene", "examples"),
            "neurons": Read("describe_neurons", "neurons"),
        },
    ),
    "build_table": Step(
        "tables",
        "{table}",
        plugins=("tables",),
        settings={"neurons.report": "report", "seed": "seed", "compiled": "trained"},
        reads={
            name: Read("collect", name, only={"collection": name}) for name in names("collections")
        }
        | {"truth": Read("score_rankings", "truth")},
    ),
    "build_latex": Step(
        "tables",
        "{table}",
        plugins=("latex",),
        reads={"table": Read("build_table")},
    ),
    "build_figure": Step(
        "report",
        "{figure}",
        plugins=("figures",),
        settings={"compiled": None},
        reads={"tables": Read("build_table")},
    ),
    "build_report": Step(
        "report",
        settings={"configuration": None},
        reads={
            "tables": Read("build_table"),
            "figures": Read("build_figure"),
            "words": _WORDS,
            "attributes": Read("keep_values"),
        },
    ),
    "build_provenance": Step(
        "report",
        settings={"configuration": None},
        reads={
            "tables": Read("build_table"),
            "csv": Read("build_table"),
            "treebanks": Read("treebank"),
            "models": _MODEL,
        },
    ),
}


@cache
def uses(kind: str, plugin: str) -> tuple[str, ...]:
    """Return the `USES` of a plugin; none where its kind has none.

    Raises InputError where it uses what no step gives such a plugin.
    """
    if kind in ("grammars", "schemas", "latex"):
        return ()
    used = declared(kind, plugin, "USES")
    if not isinstance(used, tuple) or not all(isinstance(use, str) for use in used):
        raise InputError(f"{plugin}: USES = {used!r} is not a tuple of texts")
    given = set(names("tables")) if kind == "figures" else given_to(kind)
    for use in used:
        if use not in given:
            raise InputError(f"{plugin}: USES has {use!r}; possible: {', '.join(sorted(given))}")
    return tuple(used)


def reads_labels(ranker: str) -> bool:
    """Whether a ranking of a ranker depends on the labels of words."""
    return not {"words", "statistics"}.isdisjoint(uses("rankers", ranker))
