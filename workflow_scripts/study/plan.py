"""The plan: what a checked configuration asks for.

Configurations (model, treebank, attribute, layer) follow from the values that the treebanks keep,
so the plan asks for those where it needs them.
"""

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workflow_scripts import InputError
from workflow_scripts.command.plugins import declared, names
from workflow_scripts.files.words import Size, nearest
from workflow_scripts.kernels.words import SPLITS, Configuration
from workflow_scripts.study.configuration_file import (
    ConfigError,
    expanded,
    why_not_there,
)
from workflow_scripts.study.slugs import slug
from workflow_scripts.study.treebank_folder import check_one_treebank, require_readable, split_file


class PlannedConfiguration(Configuration):
    """A configuration and its place in the results; without values before its words are read."""

    @property
    def path(self) -> str:
        """Its part of a path below `rankings/`, `probes/` and `interventions/`."""
        return f"{self.model}/{self.treebank}/{self.path_in_pair}"

    @property
    def path_in_pair(self) -> str:
        """Its part of a path below the folder of its model and treebank."""
        return f"{slug(self.attribute)}/layer-{self.layer}"


class Plan:
    """A checked configuration (see `configuration_file.checked`) as lists of things to make."""

    def __init__(self, config: dict[str, Any]):
        self.config = config

    @property
    def treebanks(self) -> list[str]:
        return list(self.config["treebanks"])

    @property
    def models(self) -> list[str]:
        return list(self.config["models"])

    def treebanks_of(self, model: str) -> list[str]:
        """Return the treebanks that a model reads."""
        return self.config["models"][model].get("treebanks", self.treebanks)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield every (model, treebank)."""
        for model in self.models:
            for treebank in self.treebanks_of(model):
                yield model, treebank

    def conllu(self, treebank: str, split: str) -> Path:
        """Return the file of one split of a treebank.

        Raises ConfigError where a `path` treebank has not exactly one.
        """
        entry = self.config["treebanks"][treebank]
        if "path" not in entry:
            folder = Path(self.config["results"], "treebanks", treebank)
            return folder / f"{treebank}-ud-{split}.conllu"
        folder = expanded(entry["path"])
        key = f"treebanks.{treebank}.path"
        if not folder.is_dir():
            raise ConfigError(f"{key}: {folder} is not a folder{why_not_there(folder)}")
        try:
            return split_file(folder, split)
        except InputError as error:
            raise ConfigError(f"{key}: {error}") from None

    def check_treebanks(self) -> None:
        """Raise ConfigError where a treebank on disk lacks a split, or they are not of one."""
        for treebank in self.treebanks:
            files = [self.conllu(treebank, split) for split in SPLITS]
            if "path" not in self.config["treebanks"][treebank]:
                continue
            try:
                for file in files:
                    require_readable(file)
                check_one_treebank(file.name for file in files)
            except InputError as error:
                folder = files[0].parent
                raise ConfigError(f"treebanks.{treebank}.path: {folder}: {error}") from None

    @cached_property
    def analyzer_uses(self) -> tuple[str, ...]:
        """What the analyzer takes besides the treebank's forms; nothing without interventions."""
        if not self.config["interventions"]:
            return ()
        return declared("analyzers", self.config["analyzer"], "USES")

    @property
    def packages(self) -> list[str]:
        """The packages that results depend on besides those that every study has."""
        if "pipeline" not in self.analyzer_uses:
            return []
        treebanks = {treebank for _, treebank in self.pairs()}
        return ["spacy", *sorted({self.config["treebanks"][t]["pipeline"] for t in treebanks})]

    def check_pipelines(self, installed: bool) -> None:
        """Raise ConfigError where the analyzer lacks the pipeline of a treebank.

        With `installed`, it must be there for the Python that plans.
        """
        if "pipeline" not in self.analyzer_uses:
            return
        for _, treebank in self.pairs():
            key = f"treebanks.{treebank}.pipeline"
            name = self.config["treebanks"][treebank].get("pipeline")
            if name is None:
                raise ConfigError(
                    f"{key}: missing; analyzer {self.config['analyzer']} needs the language's "
                    "pipeline, as fr_core_news_sm"
                )
            if installed and find_spec(name) is None:
                raise ConfigError(
                    f"{key}: {name} is not installed; pip install -r envs/spacy.txt, then "
                    f"python -m spacy download {name}"
                )

    def pinned_file(self, treebank: str, split: str) -> tuple[str, str]:
        """Return name and git blob hash of a downloaded treebank's split."""
        for name, sha1 in self.config["treebanks"][treebank]["files"].items():
            if name.endswith(f"-ud-{split}.conllu"):
                return name, sha1
        raise ConfigError(f"treebanks.{treebank}.files: names no file for {split}")

    def model_folder(self, model: str) -> Path:
        """Return the Hugging Face folder of a model."""
        entry = self.config["models"][model]
        if "path" in entry:
            return expanded(entry["path"])
        return Path(self.config["results"], "models", model)

    def named(self, source: str) -> list[str]:
        """Return the treebanks or models that come from a source (`grammar`, `hub`, ...)."""
        key = "treebanks" if source in ("grammar", "ud") else "models"
        return [name for name, entry in self.config[key].items() if source in entry]

    @cached_property
    def directions(self) -> dict[str, tuple[str, ...]]:
        """The rankings of each ranker, by their names: {"linear": ("linear-ttb", ...)}."""
        return {
            ranker: tuple(
                f"{ranker}-{direction}" if direction else ranker
                for direction in declared("rankers", ranker, "DIRECTIONS")
            )
            for ranker in self.config["rankings"]
        }

    @property
    def rankings(self) -> list[str]:
        """The names of all rankings: linear-ttb, linear-btt, ..., random."""
        return [name for names in self.directions.values() for name in names]

    @property
    def top_rankings(self) -> list[str]:
        """The names of the rankings that start with the best neuron: all but the reverse ones."""
        return [name for name in self.rankings if not name.endswith("-btt")]

    def ranker_of(self, ranking: str) -> str:
        """Return the ranker that gives a ranking."""
        return next(ranker for ranker, names in self.directions.items() if ranking in names)

    @property
    def control(self) -> str | None:
        """Which control task there is: `uniform`, `empirical`, or None."""
        return {True: "uniform", False: None}.get(self.config["control"], self.config["control"])

    @property
    def whole(self) -> bool:
        """Whether probes are trained on all neurons too."""
        return self.config["neurons"]["whole"] and bool(self.config["probes"])

    def intervention(self, name: str) -> dict[str, Any]:
        """Return the intervention entry of that name."""
        return next(entry for entry in self.config["interventions"] if entry["name"] == name)

    def method_options(self, name: str) -> str:
        """Return the options of an intervention's method as JSON."""
        entry = self.intervention(name)
        options = {k: v for k, v in entry.items() if k not in ("name", "method", "step")}
        return json.dumps(options, sort_keys=True)

    def intervention_entries(self) -> list[str]:
        """Return each intervention as JSON: its name, options, and whether it has a target."""
        return [
            json.dumps(
                json.loads(self.method_options(entry["name"]))
                | {
                    "name": entry["name"],
                    "has_target": declared("methods", entry["method"], "HAS_TARGET"),
                },
                sort_keys=True,
            )
            for entry in self.config["interventions"]
        ]

    @property
    def tables(self) -> list[str]:
        """The tables that the configuration gives: those whose collected files it has."""
        collected: set[str] = set()
        if self.rankings and self.models:
            collected = {"rankings"}
            collected |= {"probes"} if self.config["probes"] else set()
            collected |= {"interventions", "examples"} if self.config["interventions"] else set()
            if self.config["probes"] or self.config["interventions"]:
                collected |= {"contrasts"}
        return [name for name in names("tables") if set(self.reads(name)) <= collected]

    def reads(self, table: str) -> tuple[str, ...]:
        """Return which collected files a table is made of."""
        return declared("tables", table, "READS")

    @cached_property
    def figures(self) -> dict[str, tuple[str, ...]]:
        """The figures that the tables give, by name, each with the tables it is made of."""
        reads = {name: declared("figures", name, "READS") for name in names("figures")}
        return {name: read for name, read in reads.items() if set(read) <= set(self.tables)}

    @property
    def latex(self) -> list[str]:
        """The tables that there are in LaTeX."""
        return [name for name in self.tables if name in names("latex")]

    @property
    def described(self) -> dict[str, Any]:
        """The configuration without what cannot change a result."""
        return {k: v for k, v in self.config.items() if k not in ("device", "results", "sources")}

    def revision_option(self, model: str) -> str:
        """Return the download's option for a hub model's revision; none where it has none."""
        revision = self.config["models"][model].get("revision")
        return f"--revision {revision}" if revision else ""

    def training_options(self, model: str) -> str:
        """Return the plan of a model to train, as options of its command."""
        plan = self.config["models"][model]["train"]
        return " ".join(f"--{option} {value}" for option, value in sorted(plan.items()))

    @property
    def gpus(self) -> int:
        """How many GPUs a job on the device takes: 1 where it may be one."""
        return 0 if self.config["device"] == "cpu" else 1

    def studied(self, kept: dict[str, list[str]]) -> list[str]:
        """Return the attributes of a treebank to study, of those it keeps."""
        if self.config["attributes"] == "all":
            return list(kept)
        return [attribute for attribute in self.config["attributes"] if attribute in kept]

    def configurations(
        self, model: str, treebank: str, kept: dict[str, list[str]]
    ) -> list[PlannedConfiguration]:
        """Return the configurations of a model on a treebank that keeps these values."""
        every = (
            PlannedConfiguration(model, treebank, attribute, layer, tuple(kept[attribute]))
            for attribute in self.studied(kept)
            for layer in self.config["layers"]
        )
        return list(filter(self._wanted, every))

    def _wanted(self, configuration: Configuration) -> bool:
        def matches(entry: dict[str, list]) -> bool:
            return all(getattr(configuration, field) in values for field, values in entry.items())

        only, skip = self.config["only"], self.config["skip"]
        return (not only or any(map(matches, only))) and not any(map(matches, skip))

    def check_attributes(
        self, kept: dict[str, dict[str, list[str]]], largest: dict[str, dict[str, int]]
    ) -> None:
        """Raise ConfigError where an asked attribute is kept in no treebank.

        `kept` has the kept values of every treebank, `largest` the largest `min_types` with which
        each of its attributes would be.
        """
        if self.config["attributes"] == "all":
            return
        for attribute in self.config["attributes"]:
            if not any(attribute in values for values in kept.values()):
                there = sorted({name for values in kept.values() for name in values})
                forms = (f"{name} {found.get(attribute, 0)}" for name, found in largest.items())
                raise ConfigError(
                    f"attributes: no treebank keeps two values of {attribute!r} with "
                    f"min_types: {self.config['min_types']}, its second value has too few forms "
                    f"({', '.join(forms)}); kept are {', '.join(there) or 'none'}"
                )

    def check_configurations(
        self, kept: dict[str, dict[str, list[str]]], largest: dict[str, dict[str, int]]
    ) -> None:
        """Raise ConfigError where there is nothing to study; arguments as in `check_attributes`."""
        lacking = self.treebanks_without(kept, largest)
        if lacking and len(lacking) == len({treebank for _, treebank in self.pairs()}):
            reasons = "; ".join(f"{treebank}: {reason}" for treebank, reason in lacking.items())
            raise ConfigError(f"nothing to study: {reasons}")

    def treebanks_without(
        self, kept: dict[str, dict[str, list[str]]], largest: dict[str, dict[str, int]]
    ) -> dict[str, str]:
        """Return the treebanks that a model reads and that have no configuration, and why not."""
        reasons = {}
        for treebank in self.treebanks:
            models = [model for model, name in self.pairs() if name == treebank]
            if not models or any(self.configurations(m, treebank, kept[treebank]) for m in models):
                continue
            studied = self.studied(kept[treebank])
            if studied:
                reasons[treebank] = f"only and skip leave nothing of {', '.join(studied)}"
            else:
                asked = self.studied({name: [] for name in largest[treebank]})
                near = nearest({name: largest[treebank][name] for name in asked})
                reasons[treebank] = (
                    f"with min_types: {self.config['min_types']} nothing is kept: {near}"
                )
        return reasons

    def check_lemmas(
        self, kept: dict[str, dict[str, list[str]]], test_size: Callable[[str], Size | None]
    ) -> None:
        """Raise ConfigError where a treebank to intervene on has no lemmas to judge by.

        `kept` has the kept values of every treebank, `test_size` gives the size of its test split,
        None where it is not known.
        """
        if "lexicon" not in self.analyzer_uses:
            return
        for model, treebank in self.pairs():
            size = test_size(treebank)
            if size is None or size.without_lemma < size.words:
                continue
            if self.configurations(model, treebank, kept[treebank]):
                raise ConfigError(
                    f"treebanks.{treebank}: no word of its test split has a lemma, and analyzer "
                    f"{self.config['analyzer']} compares lemmas; give interventions: [], or "
                    "analyzer: spacy, or leave the treebank out with skip"
                )
