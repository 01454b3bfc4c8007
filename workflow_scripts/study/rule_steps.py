"""Rule steps: what a rule says of its step beyond files and command line.

step = Step("rank_neurons")        # the row of `steps.py`, for the study that is loaded

rule rank_neurons:
    input: unpack(step.inputs(words_train=..., statistics=...))
    log: step.log
    params: job=step.job, seed=step.setting("seed")

What a result depends on is one string, `step.job`, a parameter of every rule, which its outputs
carry. `step.inputs` compares: a job runs again where an output says another, whoever made it, and
whether or not Snakemake knows of it; where all say the same its inputs are `ancient`, so that a
file that was copied, touched, or made again with the same content, reruns nothing.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from os.path import exists
from typing import Any

from snakemake.io import ancient

from workflow_scripts.files.origin import made_by, stamp
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study import snakemake_internals as internals
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.places import Inputs, Places
from workflow_scripts.study.plan import OF_A_JOB
from workflow_scripts.study.snakemake_internals import with_signature
from workflow_scripts.study.steps import CONTROL, ONE_DIRECTION, STEPS, WITHOUT_DEV, needs
from workflow_scripts.study.targets import Targets

_NOTHING: frozenset[str] = frozenset()


class RuleStep:
    """A step of the study, for the rule that runs it."""

    def __init__(
        self,
        name: str,
        *,
        workflow: Any,
        jobs: Jobs,
        places: Places,
        targets: Targets,
        directions: tuple[str, ...] | None = None,
        splits: tuple[str, ...] = SPLITS,
    ):
        """Take the step's name, and which rankings of a ranker a job of the rule has.

        Or which splits of a treebank.
        """
        self._step, self._name = STEPS[name], name
        self._workflow, self._jobs, self._targets = workflow, jobs, targets
        self._places = places
        self._given = {"workflow": workflow, "jobs": jobs, "places": places, "targets": targets}
        self.directions = directions or ()
        alone = directions is not None and len(directions) == 1
        self.splits = splits
        self.rule = (
            f"{name}{ONE_DIRECTION if alone else WITHOUT_DEV if 'dev' not in splits else ''}"
        )
        """The name of the rule."""
        path = self._step.of or name
        self.log = places.results(f"logs/{name}/{path}.log")
        self.benchmark = places.results(f"benchmarks/{name}/{path}.tsv")

    def by_directions(self) -> Iterator["RuleStep"]:
        """Yield the step once for rankers with both directions, and once for those with one.

        Their jobs have two files of each kind and one, which no pattern of a single rule says.
        """
        for directions in (("ttb", "btt"), ("",)):
            yield RuleStep(self._name, **self._given, directions=directions)

    def by_splits(self) -> Iterator["RuleStep"]:
        """Yield the step once for treebanks with all splits, and once for those without dev."""
        for splits in (SPLITS, tuple(split for split in SPLITS if split != "dev")):
            yield RuleStep(self._name, **self._given, splits=splits)

    def treebanks(self, source: str) -> list[str]:
        """Return the names of the treebanks of a source that have these splits and no other."""
        plan = self._jobs.plan
        return [name for name in plan.named(source) if tuple(plan.files_of(name)) == self.splits]

    @property
    def rankers(self) -> list[str]:
        """The names of the rankers that give these directions, of those that the step is for."""
        plan = self._jobs.plan
        return [
            name
            for name, rankings in plan.directions.items()
            if tuple(rankings) == self.directions and plan.is_made(self._name, {"ranker": name})
        ]

    def files(self, folder: str, maker: str = "") -> list[str]:
        """Return the files of a ranker's rankings in a folder of the results, one a direction."""
        return self._places.of_directions(folder, maker, self.directions)

    def control_rankings(self, wildcards: Any) -> list[str]:
        """Return a ranker's rankings by control labels, where the control task has them."""
        if wildcards.ranker not in self._jobs.plan.ranked_by_control:
            return []
        values = dict(wildcards.items())
        return [path.format_map(values) for path in self.files("control_rankings")]

    @cached_property
    def job(self) -> Callable[[Any], str]:
        """All that can change the result of a job, as a function of its wildcards."""
        jobs, name = self._jobs, self._name
        return with_signature(lambda wildcards: jobs.of_rule(name, wildcards))

    def uses(self, use: str) -> Callable[[Any], bool]:
        """Return a function of a job's wildcards: whether its plugins use something."""
        jobs, name = self._jobs, self._name
        return lambda wildcards: use in jobs.uses(name, dict(wildcards.items()))

    def setting(self, key: str) -> Any:
        """Return a setting of the step, or a function of the wildcards: that of a job.

        It is empty where a job's plugins do not use it. Where all jobs have the same, it is that
        value and no function: planning calls each function for every job. Raises KeyError where the
        step's row has no such setting. (`values`, which the words decide, no command line has.)
        """
        if key not in self._step.settings:
            raise KeyError(f"{self.rule}: its result does not depend on {key}")
        jobs, name = self._jobs, self._name
        needed = needs(self._step.settings[key])
        if key not in OF_A_JOB and (not needed or (CONTROL in needed and jobs.plan.control)):
            return jobs.plan.setting(key, {})
        if needed == (CONTROL,):
            return []

        def setting(wildcards: Any) -> Any:
            value = jobs.setting(name, key, dict(wildcards.items()))
            if isinstance(value, dict):
                return json.dumps(value, sort_keys=True, ensure_ascii=False)
            return [] if value is None else value

        setting.key = key  # type: ignore[attr-defined]  of which a test asks
        return with_signature(setting)

    def inputs(self, **paths: Inputs) -> Callable:
        """Return an input function to unpack: patterns, lists of them, or functions of wildcards.

        One function for all inputs and not one for each: planning calls it for every job. A rule
        without inputs has one too, for it is here that its outputs are judged. What a job's plugins
        do not use is none of its inputs.

        Ancient where what is there of the outputs was made by this very job: then nothing before it
        matters, whatever time stamps say and whatever else runs.

        Raises ValueError where the names are not what the step's row says that it reads.
        """
        reads = {name: self._step.reads.get(_kind(name)) for name in paths}
        if None in reads.values() or {*map(_kind, paths)} != {*self._step.reads}:
            raise ValueError(f"{self.rule}: reads {sorted(self._step.reads)}, not {sorted(paths)}")
        needed = {
            name: _NOTHING if read.by_all else needs(read.where) for name, read in reads.items()
        }
        optional = any(needed.values())
        name, jobs, targets = self._name, self._jobs, self._targets
        of_configuration = "attribute" in self._step.wildcards
        of_study = self._step.stage in ("tables", "report")

        def inputs(wildcards: Any) -> dict[str, Any]:
            values = dict(wildcards.items())
            try:
                # Other kept values make it another job: they are counted before it is planned.
                if of_configuration:
                    targets.counted(wildcards.treebank)
                elif "model" in values and values["model"] in jobs.plan.compiled:
                    targets.counted(jobs.plan.compiled[values["model"]])
                elif of_study:
                    targets.check_kept()
                used = jobs.uses(name, values) if optional else _NOTHING
                files = {
                    kind: _files(path, wildcards, values)
                    if not needed[kind] or not used.isdisjoint(needed[kind])
                    else []
                    for kind, path in paths.items()
                }
            except internals.IncompleteCheckpointException as error:
                if not internals.plans(self._workflow):
                    raise  # a job of its own has the counts there, and Snakemake finds them
                # Planned anew once they are; of a whole study at once, not one by one.
                of_all = "treebank" not in values
                counts = targets.all_words(wildcards) if of_all else [internals.missing_file(error)]
                return {key: [] for key in paths} | {"counted": counts}
            if self._is_settled(wildcards):
                files = {kind: ancient(one) for kind, one in files.items()}
            return files

        return with_signature(inputs)

    def _is_settled(self, wildcards: Any) -> bool:
        """Whether what is there of a job's outputs is of this very job; else it is made again."""
        there = list(filter(exists, internals.outputs_of(self._workflow, self.rule, wildcards)))
        expected = stamp(self.job(wildcards)) if there else None
        others = [one for one in there if made_by(one) != expected]
        if others and internals.plans(self._workflow):  # which alone says what runs
            internals.make_again(self._workflow, others)
        return bool(there) and not others


def _kind(name: str) -> str:
    """Return which of a step's reads an input is: `words` for `words_train`."""
    return re.sub(r"_(train|dev|test)$", "", name)


def _files(path: Inputs, wildcards: Any, values: Mapping[str, Any]) -> str | list[str]:
    if callable(path):
        return path(wildcards)
    if isinstance(path, str):
        return path.format_map(values)
    return [one.format_map(values) for one in path]


def hidden(**given: Any) -> Callable:
    """Return a parameter: values for a command line, by name, that must rerun nothing.

    Such are the device, addresses, and paths of what lies outside of the results, whose content
    `step.job` has. Each is a value or a function of the wildcards. Where Snakemake is asked to
    compare a job's parameters with those of its last run (`--rerun-triggers params`), it leaves out
    functions of `input`, as this is one.
    """

    def values(wildcards: Any, input: Any) -> dict[str, Any]:
        return {name: one(wildcards) if callable(one) else one for name, one in given.items()}

    values.hides = set(given)  # type: ignore[attr-defined]  of which a test asks
    return with_signature(values)


def one_of(names: Any) -> str:
    """Return a wildcard constraint that allows these names alone, or none."""
    return "|".join(map(re.escape, names)) or "(?!)"
