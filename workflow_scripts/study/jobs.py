"""Jobs: all that can change the result of each job, as one string.

A job's string is JSON with the fingerprint of its code, its own part of the configuration and
a digest of the strings of the jobs it reads from. So it changes when, and only when, something
that can change the result has changed, anywhere before it; time stamps say nothing. Rules give it
to the command, which signs what it writes with it; a plan compares (`rule_steps.py`).
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from workflow_scripts.command.plugins import module
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.digests import COLUMNS, column_digests, file_digest, model_digests
from workflow_scripts.study.fingerprint import fingerprint
from workflow_scripts.study.plan import Plan, PlannedConfiguration
from workflow_scripts.study.slugs import slug
from workflow_scripts.study.steps import CONTROL, STEPS, Read, needs, uses

PAGE = Path(__file__).parents[1] / "report"
"""The folder with the report's HTML, CSS and JavaScript, which no fingerprint reaches."""


def _string(code: str, settings: dict[str, Any], inputs: dict[str, Any]) -> str:
    parts = {"code": code, "settings": settings, "inputs": _digest(_as_json(inputs))}
    return _as_json(parts)


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _digest(string: str) -> str:
    return hashlib.blake2b(string.encode(), digest_size=12).hexdigest()


class Jobs:
    """The strings of a plan's jobs.

    What tells a job from others of its step, `of`, is a mapping: `treebank`, `model`,
    `configuration`, `ranker` ..., as far as the step has it.
    """

    def __init__(self, plan: Plan, command: Callable[[str], str] = lambda step: ""):
        """Take a plan, and a function that gives the command line of a step by its name."""
        self.plan = plan
        self._command = command
        self._config = plan.config
        self._strings: dict[tuple, str] = {}
        self._digests: dict[tuple, str] = {}
        self._codes: dict[tuple, str] = {}
        self._attributes_files = {t: str(self.attributes_file(t)) for t in plan.treebanks}

    def string(self, step: str, without: tuple[str, ...] = (), **of: Any) -> str:
        """Return what the result of a job of a step depends on.

        `without` has settings, and groups of a treebank's columns (`digests.COLUMNS`), that do not
        count, for a reader that does not see what they change.
        """
        return self._string(step, without, of)

    def of_rule(self, step: str, wildcards: Any) -> str:
        """Return what the result of a job depends on, of its wildcards."""
        return self._string(step, (), self.of_wildcards(step, wildcards))

    def of_wildcards(self, step: str, wildcards: Any) -> dict[str, Any]:
        """Return what tells a job from others of its step, of its wildcards."""
        of = dict(wildcards.items())
        if "attribute" in of:
            of["configuration"] = self.configuration(wildcards)
        return of

    def uses(self, step: str, of: Mapping[str, Any]) -> set[str]:
        """Return what a job's plugins use, and `control` where the study has a control task."""
        plugins = ((kind, self.plan.plugin(kind, of)) for kind in STEPS[step].plugins)
        used = {use for kind, plugin in plugins for use in uses(kind, plugin)}
        return used | {CONTROL} if self.plan.control else used

    def setting(self, step: str, key: str, of: Mapping[str, Any]) -> Any:
        """Return a setting of a job, None where its plugins do not use it."""
        needed = needs(STEPS[step].settings[key])
        if needed and not self.uses(step, of) & set(needed):
            return None
        return self.plan.setting(key, of)

    def each(self, step: str, of: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what tells each job of a step from others, of those that agree with `of`.

        In the order of the configuration; of configurations those that are known by now.
        """
        needed = set(STEPS[step].wildcards) if step in STEPS else {step}
        found = [] if step == "probe_all_neurons" and not self.plan.whole else [dict(of)]
        if "attribute" in needed:
            needed |= {"configuration"}
        of_compiled = step in STEPS and STEPS[step].of_compiled
        for name, values in _DIMENSIONS.items():
            if name in needed:
                found = [
                    one | {name: value}
                    for one in found
                    for value in ([one[name]] if name in one else values(self, one))
                    if name != "model" or not of_compiled or value in self.plan.compiled
                ]
        yield from (one for one in found if self.plan.is_made(step, one))

    def _string(self, step: str, without: tuple[str, ...], of: Mapping[str, Any]) -> str:
        """Return a job's string, made once; planning asks for each of thousands many times."""
        key = self._key(step, without, of)
        if key not in self._strings:
            make = self._source if step not in STEPS else self._made
            self._strings[key] = make(step, without, of)
        return self._strings[key]

    def _digest(self, step: str, without: tuple[str, ...], of: Mapping[str, Any]) -> str:
        key = self._key(step, without, of)
        if key not in self._digests:
            self._digests[key] = _digest(self._string(step, without, of))
        return self._digests[key]

    def _key(self, step: str, without: tuple[str, ...], of: Mapping[str, Any]) -> tuple:
        """Return what names a job.

        Reading words may change what a treebank keeps while a plan is made: a configuration has its
        values with it, and what is of several has the counts that there are.
        """
        if step not in STEPS:
            return step, without, of[step], self._planted_from(of)
        wildcards = STEPS[step].wildcards
        if "attribute" in wildcards:
            return (
                step,
                without,
                of["configuration"],
                *(of[name] for name in wildcards[len(_FIELDS) :]),
            )
        names = tuple(of[name] for name in wildcards)
        if STEPS[step].stage in ("tables", "report"):
            alone = "treebank" in wildcards and of.get("collection") != "transfer"
            counted = [of["treebank"]] if alone else self.plan.treebanks
            return step, names, *map(self._counted, counted)
        return step, without, names, self._planted_from(of)

    def _planted_from(self, of: Mapping[str, Any]) -> tuple[int, int] | None:
        """Return which counts a compiled model's values are from; None of others, or without."""
        treebank = self.plan.compiled.get(of.get("model", ""))
        return self._counted(treebank) if treebank else None

    def _made(self, name: str, without: tuple[str, ...], of: Mapping[str, Any]) -> str:
        step = STEPS[name]
        if "attribute" in step.wildcards:
            configuration = of["configuration"]
            of = {**of, **{field: getattr(configuration, field) for field in _FIELDS}}
            own = {name: of[name] for name in step.wildcards} | {"configuration": configuration}
        else:
            own = {name: of[name] for name in step.wildcards}
        used = self.uses(name, own)

        def counts(where: str | tuple[str, ...] | None) -> bool:
            return where is None or not used.isdisjoint(needs(where))

        settings = {wildcard: own[wildcard] for wildcard in step.wildcards}
        for key, where in step.settings.items():
            if key not in without and counts(where):
                settings[key] = self._setting(key, own)
        columns = tuple(name for name in without if name in COLUMNS)
        inputs = {
            kind: [
                self._digest(read.step, read.without + columns, one)
                for one in self.each(read.step, {**_reader(own, read), **read.only})
            ]
            for kind, read in step.reads.items()
            if read.step and counts(read.where)
        }
        code = "" if step.pinned else self._code(name, own)
        return _string(code, settings, inputs)

    def others(self, configuration: PlannedConfiguration) -> list[str]:
        """Return the other treebanks with that configuration, and the same kept values in it."""
        return [
            treebank
            for treebank in self.plan.treebanks_of(configuration.model)
            if treebank != configuration.treebank
            and replace(configuration, treebank=treebank)
            in self.configurations(configuration.model, treebank)
        ]

    def _setting(self, key: str, of: Mapping[str, Any]) -> Any:
        if key == "planted_values":
            kept = self.kept(self.plan.compiled[of["model"]])
            return kept.get(self.plan.planted_attribute(of["model"]) or "", [])
        return self.plan.setting(key, of)

    def _source(self, kind: str, without: tuple[str, ...], of: Mapping[str, Any]) -> str:
        """Return what a treebank or a model is made of, by a step or outside of the study."""
        entry = self._config[f"{kind}s"][of[kind]]
        for source, step in _MADE_BY[kind].items():
            if source in entry:
                return self._string(step, (), of)
        if kind == "model":
            return _string("", {}, model_digests(self.plan.model_folder(of[kind])))
        of_splits = {split: column_digests(self.plan.conllu(of[kind], split)) for split in SPLITS}
        files = {
            f"{split} {name}": digest
            for split, digests in of_splits.items()
            for name, digest in digests.items()
            if name not in without
        }
        return _string("", {}, files)

    def _code(self, name: str, of: Mapping[str, Any]) -> str:
        """Return the meaning of a step's command line and of the modules that a job runs."""
        step = STEPS[name]
        key = (name, *(module(kind, self.plan.plugin(kind, of)) for kind in step.plugins))
        if key not in self._codes:
            meaning = fingerprint(f"{step.stage}.{name}", *key[1:])
            if name == "build_report":
                meaning += "".join(map(file_digest, sorted(PAGE.glob("*.[chj]*"))))
            self._codes[key] = _digest(f"{' '.join(self._command(name).split())} {meaning}")
        return self._codes[key]

    # What it asks of the study

    def attributes_file(self, treebank: str) -> Path:
        """Return the path of a treebank's `attributes.csv`."""
        return Path(self._config["results"], "words", treebank, "attributes.csv")

    def kept(self, treebank: str) -> dict[str, list[str]]:
        """Return the kept values of a treebank; none before its words are read."""
        counted = self._counted(treebank)
        return _kept(self.attributes_file(treebank), *counted) if counted else {}

    def configurations(self, model: str, treebank: str) -> list[PlannedConfiguration]:
        """Return the configurations of a model and a treebank, as far as its words are read."""
        return self.plan.configurations(model, treebank, self.kept(treebank))

    def configuration(self, wildcards: Any) -> PlannedConfiguration:
        """Return the configuration that wildcards (model, treebank, attribute, layer) name."""
        kept = self.kept(wildcards.treebank)
        named = (attribute for attribute in kept if slug(attribute) == wildcards.attribute)
        attribute = next(named, wildcards.attribute)
        values = tuple(kept.get(attribute, ()))
        layer = int(wildcards.layer)
        return PlannedConfiguration(wildcards.model, wildcards.treebank, attribute, layer, values)

    def _counted(self, treebank: str) -> tuple[int, int] | None:
        """Return what tells one `attributes.csv` of a treebank from another, None without one."""
        try:
            stat = os.stat(self._attributes_files[treebank])  # noqa: PTH116  a million times
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_size


@cache
def _kept(path: Path, mtime: int, size: int) -> dict[str, list[str]]:
    return kept_values(path)


_FIELDS = ("model", "treebank", "attribute", "layer")
_MADE_BY = {
    "treebank": {"grammar": "generate_treebank", "ud": "fetch_treebank"},
    "model": {"train": "train_model", "compile": "compile_model", "hub": "fetch_model"},
}
"""Which step makes a treebank or a model, by the key of its entry; none makes one with a `path`."""


def _reader(own: Mapping[str, Any], read: Read) -> dict[str, Any]:
    """Return what tells a reader from others, as the step that it reads from sees it."""
    of = dict(own)
    if read.of_other:
        of["treebank"] = of.pop("other")
        of["configuration"] = replace(own["configuration"], treebank=of["treebank"])
    return of


def _treebanks(jobs: Jobs, of: Mapping[str, Any]) -> list[str]:
    plan = jobs.plan
    return plan.treebanks_of(of["model"]) if "model" in of else plan.treebanks


_DIMENSIONS: dict[str, Callable[[Jobs, Mapping[str, Any]], Iterable]] = {
    "model": lambda jobs, of: jobs.plan.models,
    "treebank": _treebanks,
    "configuration": lambda jobs, of: jobs.configurations(of["model"], of["treebank"]),
    "other": lambda jobs, of: jobs.others(of["configuration"]),
    "ranker": lambda jobs, of: jobs.plan.rankers,
    "probe": lambda jobs, of: jobs._config["probes"],
    "method": lambda jobs, of: jobs.plan.methods(
        of["configuration"].values if "configuration" in of else None
    ),
    "split": lambda jobs, of: (
        [jobs.plan.split(of["method"])] if "method" in of else jobs.plan.splits
    ),
    "table": lambda jobs, of: (
        jobs.plan.figures[of["figure"]] if "figure" in of else jobs.plan.tables
    ),
    "figure": lambda jobs, of: jobs.plan.figures,
}
"""What a step's wildcards may be, of what is known of a job by then."""
