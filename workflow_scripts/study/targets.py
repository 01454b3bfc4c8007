"""Targets: the files that each target of the workflow asks for.

Configurations follow from the words: until all kept values are counted, a target asks for these
alone, and is asked again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from os.path import exists
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from workflow_scripts.files.origin import made_by, stamp
from workflow_scripts.files.words import (
    Size,
    kept_values,
    largest_min_types,
    size_of,
    value_counts,
    values_there,
)
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study import snakemake_internals as internals
from workflow_scripts.study.configuration_file import ConfigError
from workflow_scripts.study.device import why_not_here
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.own_attributes import own_names
from workflow_scripts.study.places import Places
from workflow_scripts.study.plan import PlannedConfiguration
from workflow_scripts.study.slugs import slug
from workflow_scripts.study.steps import ONE_DIRECTION, STEPS, WITHOUT_DEV


def once_counted(files: Callable) -> Callable:
    """Let a target ask for all kept values until they are counted, and then for its files."""

    def or_words(self: "Targets", wildcards: Any) -> list[str]:
        try:
            return files(self, wildcards)
        except internals.IncompleteCheckpointException:
            return self.all_words(wildcards)

    return or_words


class Targets:
    """What there is to make of a study; its methods are input functions."""

    def __init__(self, workflow: Any, jobs: Jobs, places: Places, counted: Callable[[str], str]):
        """`counted(treebank)` is its `attributes.csv`, once its words are read."""
        self._workflow, self._jobs, self._plan = workflow, jobs, jobs.plan
        self._results, self.counted = places.results, counted

    def all_words(self, wildcards: Any) -> list[str]:
        return [self._results(f"words/{name}/attributes.csv") for name in self._plan.treebanks]

    def words_and_their_number(self, wildcards: Any) -> list[str]:
        """Return all kept values; the log says how many configurations follow, once they are."""
        with suppress(internals.IncompleteCheckpointException):
            self._say_how_many  # noqa: B018  once
        return self.all_words(wildcards)

    def all_downloads(self, wildcards: Any) -> list[str]:
        folders = [self._results(f"models/{name}") for name in self._plan.named("hub")]
        files = (self._plan.files_of(name).values() for name in self._plan.named("ud"))
        return folders + [str(file) for of_treebank in files for file in of_treebank]

    def all_activations(self, wildcards: Any) -> list[str]:
        return [
            self._results(f"activations/{model}/{treebank}/layer-{layer}/{split}.parquet")
            for model, treebank in self._plan.pairs()
            for layer in self._plan.config["layers"]
            for split in SPLITS
        ]

    @once_counted
    def all_rankings(self, wildcards: Any) -> list[str]:
        return self._of_all("rank_neurons", "rankings")

    @once_counted
    def all_probes(self, wildcards: Any) -> list[str]:
        return self._of_all("probe_rankings", "probes", self._plan.stems_of_all_neurons)

    @once_counted
    def all_interventions(self, wildcards: Any) -> list[str]:
        return [
            *self._of_all("intervene", "interventions"),
            *self._of_all("measure_concord", "concord"),
            *self._transfers(),
        ]

    @once_counted
    def all_truth(self, wildcards: Any) -> list[str]:
        if "truth" not in self._plan.tables:
            raise WorkflowError(
                "target truth: no compiled model, or no ranking; a model "
                "{compile: {attribute: Number}} has a truth to compare rankings with"
            )
        self.check_kept()
        tables = self.files("tables", ["truth"], "csv", "parquet")
        return [*tables, *self.files("figures", ["truth"], "svg", "pdf", "json")]

    @once_counted
    def all_latex(self, wildcards: Any) -> list[str]:
        self.check_kept()
        return [self._results(f"tables/{table}.tex") for table in self._plan.latex]

    @once_counted
    def everything(self, wildcards: Any) -> list[str]:
        """Return tables, figures and report; without any, the last stage that is asked for."""
        if not self._plan.tables:
            all_of_it = self.all_activations if self._plan.models else self.all_words
            return all_of_it(wildcards)
        # Before the values are counted there is no telling what a table depends on.
        self.check_kept()
        tables = self.files("tables", [*self._plan.tables, "columns"], "csv", "parquet")
        figures = self.files("figures", self._plan.figures, "svg", "pdf", "json")
        pages = map(self._results, ("report.html", "findings.json", "provenance.json"))
        return [*tables, *figures, *pages]

    def files(self, folder: str, names: Any, *kinds: str) -> list[str]:
        """Return the files of these names and kinds in a folder of the results."""
        return [self._results(f"{folder}/{name}.{kind}") for name in names for kind in kinds]

    def collected(self, name: str) -> Callable[[Any], list[str]]:
        """Return an input function: the files of a collection, of every model and treebank."""
        return lambda wildcards: [
            self._results(f"collected/{model}/{treebank}/{name}.parquet")
            for model, treebank in self._plan.pairs()
            if self._plan.is_made(
                "collect", {"model": model, "treebank": treebank, "collection": name}
            )
        ]

    def scored(self, wildcards: Any) -> list[str]:
        """Return the scores of rankings of every configuration of the compiled models."""
        return [
            self._results(f"truth/{of.path}.parquet")
            for model, treebank in self._plan.compiled.items()
            for of in self._jobs.configurations(model, treebank)
        ]

    def configurations(self, wildcards: Any) -> list[PlannedConfiguration]:
        """Return the configurations of the model and treebank in the wildcards."""
        return self._jobs.configurations(wildcards.model, wildcards.treebank)

    def _of_all(self, step: str, folder: str, also: Sequence[str] = ()) -> list[str]:
        """Return the files of every configuration in a folder, and those that are named."""
        self.check_kept()
        return [
            self._results(f"{folder}/{of.path}/{stem}.parquet")
            for model, treebank in self._plan.pairs()
            if self._plan.is_made(step, {"model": model, "treebank": treebank})
            for of in self._jobs.configurations(model, treebank)
            for stem in [*self._plan.stems(folder, of=of), *also]
        ]

    def _transfers(self) -> list[str]:
        """Return the files of every two treebanks between which neurons are transferred."""
        return [
            self._results(f"transfer/{of.path}/{other}/{stem}.parquet")
            for model, treebank in self._plan.pairs()
            if self._plan.is_made("measure_transfer", {"model": model})
            for of in self._jobs.configurations(model, treebank)
            for other in self._jobs.others(of)
            for stem in self._plan.stems("transfer", top=True, of=of)
        ]

    def check_kept(self) -> None:
        """Stop where what is asked for is kept by no treebank, or has not the lemmas that it needs.

        Stop also where there is nothing to study; a treebank without anything, beside others, is
        named. Raises IncompleteCheckpointException before all words are read.
        """
        for name in self._plan.treebanks:
            self.counted(name)
        self._checked  # noqa: B018  once
        self._say_how_many  # noqa: B018  once

    @cached_property
    def _kept(self) -> dict[str, dict[str, list[str]]]:
        """The kept values of every treebank, by attribute."""
        return {name: kept_values(Path(self.counted(name))) for name in self._plan.treebanks}

    @cached_property
    def _say_how_many(self) -> None:
        """Log how many configurations the study has, of each model."""
        counts = self._plan.counts(self._kept)
        if counts and internals.plans(self._workflow):
            of_each = ", ".join(f"{model} {n}" for model, n in counts.items())
            plural = "" if sum(counts.values()) == 1 else "s"
            logger.info(f"{sum(counts.values())} configuration{plural}: {of_each}")

    @cached_property
    def _checked(self) -> None:
        counted = {name: value_counts(Path(self.counted(name))) for name in self._plan.treebanks}
        kept = self._kept
        largest = {name: largest_min_types(rows) for name, rows in counted.items()}
        there = {name: values_there(rows) for name, rows in counted.items()}
        try:
            self._plan.check_attributes(kept, largest, there)
            self._plan.check_configurations(kept, largest)
            self._plan.check_lemmas(kept, self._test_size)
            self._plan.check_aims(kept)
        except ConfigError as error:
            raise WorkflowError(f"configuration: {error}") from None
        if internals.plans(self._workflow):
            for treebank, reason in self._plan.treebanks_without(kept, largest).items():
                logger.warning(f"{treebank} is in no table: {reason}")
            for treebank, lacking in self._plan.lacking_values(kept, there).items():
                logger.warning(f"{treebank}: {lacking}")
            for treebank in filter(self._plan.takes_dev_from_train, self._plan.treebanks):
                logger.info(f"{treebank}: dev is every tenth sentence of train")
            missing = ", no ".join(self._plan.asking_lemmas)
            for treebank in self._plan.treebanks if missing else ():
                if self._plan.has_no_lemmas(treebank, self._test_size):
                    logger.warning(f"{treebank} has no lemmas, and so no {missing}")

    def _test_size(self, treebank: str) -> Size | None:
        """Return the size of a test split; None where its words are missing, or not of the plan."""
        path = Path(self._results(f"words/{treebank}/test.parquet"))
        job = self._jobs.string("read_words", treebank=treebank)
        return size_of(path) if made_by(path) == stamp(job) else None

    @property
    def own_attributes(self) -> dict[str, str]:
        """The names of attributes of one's own, by what stands for them in paths."""
        return {slug(name): name for name in own_names(self._plan.config)}

    def check_device(self) -> None:
        """Stop where jobs are to run here on a device that is not; on a cluster, each job sees."""
        if not internals.runs_jobs_here(self._workflow):
            return
        # What is yet to come follows from the words, once read; models run for all but those.
        to_run, _ = internals.jobs_to_run(self._workflow)
        later = self.is_more_to_come()
        runs_model = any(self._is_on_device(rule, wildcards) for rule, wildcards in to_run)
        if not runs_model and not (later and not all(map(exists, self.all_activations(None)))):
            return
        device = self._plan.config["device"]
        why = why_not_here(device, not internals.has_environments(self._workflow))
        if why:
            raise WorkflowError(f"device: {device}, but {why}; set device: auto or cpu")

    def is_more_to_come(self) -> bool:
        """Whether jobs follow from words that are yet to be read."""
        to_run, targets = internals.jobs_to_run(self._workflow)
        to_count = any(rule == "keep_values" for rule, _ in to_run)
        return to_count and bool(targets - {"words", "downloads", "keep_values"})

    def _is_on_device(self, rule: str, wildcards: Mapping[str, str]) -> bool:
        """Whether a job runs a model on the study's device."""
        name = rule.removesuffix(ONE_DIRECTION).removesuffix(WITHOUT_DEV)
        where = STEPS[name].on_device if name in STEPS else False
        return where is True or (bool(where) and where in self._jobs.uses(name, wildcards))

    def ending(self) -> str:
        """Say where the results are, as far as they are there, and what the study found."""
        folders = {"report": "report.html"} | {
            name: name for name in ("tables", "figures", "words")
        }
        there = {name: Path(self._results(path)) for name, path in folders.items()}
        places = [f"{name}: {path}" for name, path in there.items() if path.exists()]
        return "\n".join([*places, *self._headlines()])

    def _headlines(self) -> list[str]:
        """Return the report's first sentences, where it is of this plan."""
        path = Path(self._results("findings.json"))
        if not path.exists() or made_by(path) != stamp(self._jobs.string("build_report")):
            return []
        found = json.loads(path.read_text(encoding="utf-8"))
        return [f"{one['title']}: {one['headline']}" for one in found["pitfalls"]]
