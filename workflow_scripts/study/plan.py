"""The plan: what a checked configuration asks for.

Configurations (model, treebank, attribute, layer) follow from the values that the treebanks keep,
so the plan asks for those where it needs them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from importlib.util import find_spec
from operator import getitem
from pathlib import Path
from typing import Any

from workflow_scripts import InputError
from workflow_scripts.command.plugins import declared, names
from workflow_scripts.command.seeds import generator
from workflow_scripts.files.columns import ALL
from workflow_scripts.files.words import Size, nearest
from workflow_scripts.kernels.words import SPLITS, Configuration
from workflow_scripts.study import own_attributes
from workflow_scripts.study.configuration_file import (
    OF_ENTRIES,
    ConfigError,
    expanded,
    movers,
    ranker_of,
    why_not_there,
)
from workflow_scripts.study.slugs import slug
from workflow_scripts.study.steps import reads_labels, uses
from workflow_scripts.study.treebank_folder import (
    CONLLU,
    LABELS,
    check_one_treebank,
    files_of,
    require_readable,
    split_file,
)

OF_A_TREEBANK = ("grammar", "sentences", "ud", "release", "files", "pipeline")
OF_WORDS = ("own", "labels_of", "dev_from_train")
OF_A_MODEL = ("hub", "revision", "train", "compile", "copy", "of")
OF_A_JOB = {
    *OF_A_TREEBANK,
    *OF_WORDS,
    *OF_A_MODEL,
    *("values", "ranker_options", "kind_of_method", "method_options", "step", "split"),
    "ranked_by_control",
}
"""The settings that are not the same for all jobs of a step."""


MEASURING = (
    *("describe_neurons", "cache_states", "rank_by_control", "probe_rankings", "probe_all_neurons"),
    *("intervene", "measure_concord", "measure_transfer"),
)
"""The steps that say what a ranking is worth by its neurons, by probes and interventions."""

ValuesThere = Mapping[str, Mapping[str, Collection[str]]]
"""Of a treebank, by attribute and split, the values that the split has words of."""


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
        """Return the file of one split of a treebank, CoNLL-U or labels.

        Raises ConfigError where a treebank on disk has not exactly one.
        """
        source, folder = self._folder(treebank)
        if folder is None:
            made = Path(self.config["results"], "treebanks", treebank)
            return made / f"{treebank}-ud-{split}.conllu"
        key = f"treebanks.{treebank}.{source}"
        if not folder.is_dir():
            raise ConfigError(f"{key}: {folder} is not a folder{why_not_there(folder)}")
        try:
            return split_file(folder, split, _ENDS[source])
        except InputError as error:
            raise ConfigError(f"{key}: {error}") from None

    def _folder(self, treebank: str) -> tuple[str, Path | None]:
        """Return the key that says where a treebank lies, and its folder; None where it is made."""
        entry = self.config["treebanks"][treebank]
        source = next((key for key in _ENDS if key in entry), "")
        return source, expanded(entry[source]) if source else None

    def files_of(self, treebank: str) -> dict[str, Path]:
        """Return the file of each split that a treebank has: dev may be taken from train."""
        without = {"dev"} if self.takes_dev_from_train(treebank) else set()
        return {split: self.conllu(treebank, split) for split in SPLITS if split not in without}

    def takes_dev_from_train(self, treebank: str) -> bool:
        """Whether every tenth sentence of a treebank's train is its dev."""
        return "dev" in self.config["treebanks"][treebank]

    def is_by_form(self, treebank: str) -> bool:
        """Whether a treebank's words have no lemma, and are judged by their forms alone."""
        return "labels" in self.config["treebanks"].get(treebank, ())

    def reads_misc(self, treebank: str) -> bool:
        """Whether an attribute is read from a treebank's MISC."""
        own = own_attributes.of_treebank(self.config, treebank)
        return any("misc" in source for source in own.values())

    def check_treebanks(self) -> None:
        """Raise ConfigError where a treebank on disk lacks a split, or they are not of one."""
        for treebank in self.treebanks:
            source, folder = self._folder(treebank)
            if folder is None:
                continue
            files = self.files_of(treebank)
            if "dev" not in files and (dev := files_of(folder, "dev", _ENDS[source])):
                raise ConfigError(
                    f"treebanks.{treebank}.dev: from-train, but {dev[0]} is there; leave the key "
                    "out, or put the file elsewhere"
                )
            try:
                for file in files.values():
                    require_readable(file)
                check_one_treebank(file.name for file in files.values())
            except InputError as error:
                raise ConfigError(f"treebanks.{treebank}.{source}: {folder}: {error}") from None

    def plugin(self, kind: str, of: Mapping[str, Any]) -> str:
        """Return the plugin of a kind that a job runs, of what tells it from others."""
        if kind == "rankers":
            return ranker_of(self.rankers[of["ranker"]])
        if kind == "methods":
            return self.intervention(of["method"])["method"]
        if kind == "grammars":
            return self.config["treebanks"][of["treebank"]]["grammar"]
        named_by = {"schemas": "schema", "analyzers": "analyzer"}
        if kind in named_by:
            return self.config[named_by[kind]]
        wildcard = {"probes": "probe", "collections": "collection", "figures": "figure"}
        return of[wildcard.get(kind, "table")]

    def setting(self, key: str, of: Mapping[str, Any]) -> Any:
        """Return a part of the study that a job depends on, of what tells it from others.

        A key of the configuration (`neurons.max`), of the entry of the job's treebank or model
        (`grammar`, `train`), or one of its own: `values`, `control`,
        `ranked_by_control`, `ranker_options`, `kind_of_method`, `method_options`, `step`,
        `configuration`, `part_of_speech`, `beta`.
        """
        if key == "values":
            return of["configuration"].values
        if key == "part_of_speech":
            return declared("schemas", self.config["schema"], "PART_OF_SPEECH")
        if key == "beta":
            return self.first_beta
        if key == "control":
            return self.control
        if key == "ranked_by_control":
            return of["ranker"] in self.ranked_by_control
        if key == "configuration":
            return self.described
        if key == "compiled":
            return list(self.compiled)
        if key == "neurons.report":
            return sorted(self.config["neurons"]["report"])
        if key == "ranker_options":
            return options_of(self.rankers[of["ranker"]])
        if key == "kind_of_method":
            return self.plugin("methods", of)
        if key in ("step", "split"):
            return self.intervention(of["method"])[key]
        if key == "method_options":
            return options_of(self.intervention(of["method"]))
        if key == "own":
            return own_attributes.of_treebank(self.config, of["treebank"])
        if key == "labels_of":
            return self.config["treebanks"][of["treebank"]].get("attribute")
        if key == "dev_from_train":
            is_asked = self.takes_dev_from_train(of["treebank"])
            return int(generator(self.config["seed"], key).integers(10)) if is_asked else None
        if key in OF_A_TREEBANK:
            return self.config["treebanks"][of["treebank"]].get(key)
        if key in OF_A_MODEL:
            return self.config["models"][of["model"]].get(key)
        return reduce(getitem, key.split("."), self.config)

    @cached_property
    def measured(self) -> list[str]:
        """The models of which more is measured than whether rankings find what is planted."""
        models = self.config["models"]
        return [name for name, entry in models.items() if not entry.get("truth_only")]

    @property
    def describes(self) -> bool:
        """Whether the first neurons of rankings are described."""
        return self.config["neurons"]["describe"] > 0 and bool(self.measured)

    @property
    def asks_lm_head(self) -> bool:
        """Whether the models are asked what they predict: by an intervention, or by a ranker."""
        rankers = (self.plugin("rankers", {"ranker": name}) for name in self.rankers)
        return bool(self.config["interventions"]) or any(
            "model" in uses("rankers", ranker) for ranker in rankers
        )

    @property
    def first_beta(self) -> float:
        """β of the first translation that is not scaled; 1 without one."""
        unscaled = (
            entry["beta"]
            for entry in self.config["interventions"]
            if entry["method"] == "translation" and not entry["scaled"]
        )
        return next(unscaled, 1)

    @property
    def analyzer_uses(self) -> tuple[str, ...]:
        """What the analyzer takes besides the treebank's forms; nothing without interventions."""
        return uses("analyzers", self.config["analyzer"]) if self.config["interventions"] else ()

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

    def pinned_files(self, treebank: str) -> dict[str, tuple[str, str]]:
        """Return name and git blob hash of each split's file of a downloaded treebank."""
        files = self.config["treebanks"][treebank]["files"]
        return {
            split: (name, sha1)
            for split in SPLITS
            for name, sha1 in files.items()
            if name.endswith(f"-ud-{split}.conllu")
        }

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
    def rankers(self) -> dict[str, dict[str, Any]]:
        """The entries of the rankers, by their names."""
        return {entry["name"]: entry for entry in self.config["rankings"]}

    @cached_property
    def files_of_rankers(self) -> dict[str, str]:
        """The files of rankers outside of the project, by their names."""
        return {
            name: self.plugin("rankers", {"ranker": name})
            for name, entry in self.rankers.items()
            if "file" in entry
        }

    @cached_property
    def directions(self) -> dict[str, dict[str, str]]:
        """The rankings of each ranker by direction: {"linear": {"ttb": "linear-ttb", ...}, ...}."""
        return {
            name: {
                direction: f"{name}-{direction}" if direction else name
                for direction in declared(
                    "rankers", self.plugin("rankers", {"ranker": name}), "DIRECTIONS"
                )
            }
            for name in self.rankers
        }

    @cached_property
    def rankings(self) -> list[str]:
        """The names of all rankings: linear-ttb, linear-btt, ..., random."""
        return [name for names in self.directions.values() for name in names.values()]

    @cached_property
    def top_rankings(self) -> list[str]:
        """The names of the rankings that start with the best neuron: all but the reverse ones."""
        return [
            name
            for names in self.directions.values()
            for direction, name in names.items()
            if direction != "btt"
        ]

    @cached_property
    def rankers_by_lemma(self) -> set[str]:
        """The rankers that rank by words of one lemma: of words without lemmas there are none."""
        return {
            name
            for name in self.rankers
            if declared("rankers", self.plugin("rankers", {"ranker": name}), "BY_LEMMA", False)
        }

    @property
    def left_out(self) -> dict[str, list[str]]:
        """The rankers, each with the treebanks that it is left out of."""
        return {
            name: [
                treebank
                for treebank in self.treebanks
                if not self.is_made("rank_neurons", {"ranker": name, "treebank": treebank})
            ]
            for name in self.rankers
        }

    @property
    def asking_lemmas(self) -> list[str]:
        """What of the study a treebank without lemmas has not, in words."""
        by_lexicon = "lexicon" in self.analyzer_uses
        return [
            *(["CLWV"] if by_lexicon else []),
            *(["concord"] if self.concord else []),
            *(["transfer"] if by_lexicon and self._asked_transfer else []),
            *(f"ranking by {name}" for name in self.rankers if name in self.rankers_by_lemma),
        ]

    def methods(self, values: Sequence[str] | None = None) -> list[str]:
        """Return the names of the interventions; of a configuration with these values, its own."""
        return [
            entry["name"]
            for entry in self.config["interventions"]
            if values is None or self._aim(entry) in (None, *values)
        ]

    def split(self, method: str) -> str:
        """Return the split whose words an intervention changes."""
        return self.intervention(method)["split"]

    @property
    def splits(self) -> list[str]:
        """The splits that are intervened on."""
        return list(dict.fromkeys(entry["split"] for entry in self.config["interventions"]))

    @cached_property
    def concord(self) -> list[str]:
        """The names of the interventions whose concord is measured."""
        asked = self.config["concord"]
        of_test = [name for name in self.methods() if self.split(name) == "test"]
        return of_test if asked is True else asked or []

    @cached_property
    def transfer(self) -> list[str]:
        """The names of the interventions whose transfer across treebanks is measured."""
        with_lemmas = (
            [name for name in self.treebanks_of(model) if not self.is_by_form(name)]
            for model in self.models
        )
        return self._asked_transfer if any(len(names) > 1 for names in with_lemmas) else []

    @property
    def _asked_transfer(self) -> list[str]:
        """The names of the interventions whose transfer is asked for, where a model has several."""
        asked = self.config["transfer"]
        several = any(len(self.treebanks_of(model)) > 1 for model in self.models)
        every = movers(self.config["interventions"]) if several else []
        return every if asked is True else [name for name in every if name in (asked or ())]

    def _aim(self, entry: Mapping[str, Any]) -> str | None:
        """Return the value that an entry names as its words' target; None where it names none."""
        return entry.get(declared("methods", entry["method"], "TARGET") or "")

    def stems(
        self, folder: str, top: bool = False, of: PlannedConfiguration | None = None
    ) -> list[str]:
        """Return the names of a configuration's files in a folder of the results, less `.parquet`.

        In the order of the study's rankings; with `top`, of those that start with the best neuron;
        with `of`, those of one configuration, else what any has.
        """
        values = None if of is None else of.values
        makers = {
            "rankings": [""],
            "interventions": [f"{name}-by-" for name in self.methods(values)],
            "concord": [
                f"{name}-by-"
                for name in self.methods(values)
                if self.is_made("measure_concord", {"method": name} | _pair_of(of))
            ],
            "transfer": [f"{name}-by-" for name in self.methods(values) if name in self.transfer],
            "probes": [f"{probe}-by-" for probe in self.config["probes"]],
        }
        makers |= {"examples": makers["interventions"], "sentences": makers["probes"]}
        rankings = [
            ranking
            for ranker, names in self.directions.items()
            if self.is_made("rank_neurons", {"ranker": ranker} | _pair_of(of))
            for direction, ranking in names.items()
            if not (top and direction == "btt")
        ]
        return [maker + ranking for ranking in rankings for maker in makers[folder]]

    @property
    def stems_of_all_neurons(self) -> list[str]:
        """The names of a configuration's files of probes on all neurons, less `.parquet`."""
        return [f"{probe}-by-{ALL}" for probe in self.config["probes"]] if self.whole else []

    @property
    def control(self) -> str | None:
        """Which control task there is: `uniform`, `empirical`, or None."""
        control = self.config["control"]
        if isinstance(control, dict):
            return control["labels"]
        return {True: "uniform", False: None}.get(control, control)

    @cached_property
    def ranked_by_control(self) -> set[str]:
        """The rankers whose control task has the neurons that they rank first by control labels.

        Of a study that asks for such (else the control task has the real ranking's), those that
        read labels: any other ranks the same neurons first, whatever the labels.
        """
        if not isinstance(self.config["control"], dict):
            return set()
        return {
            name for name in self.rankers if reads_labels(self.plugin("rankers", {"ranker": name}))
        }

    @property
    def whole(self) -> bool:
        """Whether probes are trained on all neurons too."""
        return self.config["neurons"]["whole"] and bool(self.config["probes"])

    def intervention(self, name: str) -> dict[str, Any]:
        """Return the intervention entry of that name."""
        return next(entry for entry in self.config["interventions"] if entry["name"] == name)

    def step(self, wildcards: Any) -> int:
        """Return the step of the intervention in the wildcards."""
        return self.intervention(wildcards.method)["step"]

    @property
    def tables(self) -> list[str]:
        """The tables that the configuration gives: those whose collected files it has."""
        files: set[str] = set()
        if self.rankings and self.models:
            files |= {"rankings"}
            files |= {"neurons"} if self.describes else set()
        if self.rankings and self.measured:
            files |= {"probes", "sentences"} if self.config["probes"] else set()
            files |= {"interventions", "examples"} if self.config["interventions"] else set()
            pairs = ({"model": model, "treebank": treebank} for model, treebank in self.pairs())
            has_concord = any(self.is_made("measure_concord", pair) for pair in pairs)
            files |= {"concord"} if has_concord else set()
        collected = {
            name
            for name in names("collections")
            if files & set(uses("collections", name))
            and self.is_made("collect", {"collection": name})
        }
        collected |= {"report", "seed", "trained"}
        collected |= {"truth"} if self.rankings and self.compiled else set()
        return [name for name in names("tables") if _needed_by(name) <= collected]

    @cached_property
    def figures(self) -> dict[str, tuple[str, ...]]:
        """The figures that the tables give, by name, each with the tables it is made of."""
        reads = {name: uses("figures", name) for name in names("figures")}
        return {name: read for name, read in reads.items() if set(read) <= set(self.tables)}

    @property
    def latex(self) -> list[str]:
        """The tables that there are in LaTeX."""
        return [name for name in self.tables if name in names("latex")]

    @property
    def described(self) -> dict[str, Any]:
        """The configuration without what cannot change a result."""
        not_said = ("device", "precision", "results", "sources")
        config = {k: v for k, v in self.config.items() if k not in not_said}
        plain = [
            entry["ranker"] if entry == {"ranker": name, "name": name} else entry
            for name, entry in self.rankers.items()
        ]
        return config | {"rankings": plain}

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
        """How many places on GPUs a job on the device takes: 1 where it may be one."""
        return 0 if self.config["device"] == "cpu" else 1

    def studied(self, kept: dict[str, list[str]]) -> list[str]:
        """Return the attributes of a treebank to study, of those it keeps."""
        asked = own_attributes.asked(self.config["attributes"])
        return list(kept) if asked is None else [name for name in asked if name in kept]

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

    def counts(self, kept: dict[str, dict[str, list[str]]]) -> dict[str, int]:
        """Return how many configurations each model has, of the kept values of every treebank."""
        counts = dict.fromkeys(self.models, 0)
        for model, treebank in self.pairs():
            counts[model] += len(self.configurations(model, treebank, kept[treebank]))
        return counts

    def _wanted(self, configuration: Configuration) -> bool:
        def matches(entry: dict[str, list]) -> bool:
            return all(getattr(configuration, field) in values for field, values in entry.items())

        only, skip = self.config["only"], self.config["skip"]
        planted = self.planted_attribute(configuration.model)
        if planted not in (None, configuration.attribute):
            return False
        return (not only or any(map(matches, only))) and not any(map(matches, skip))

    def planted_attribute(self, model: str) -> str | None:
        """Return the attribute that is planted in a compiled model; None of others.

        Of other attributes its truth says nothing.
        """
        return self.config["models"][model].get("compile", {}).get("attribute")

    @cached_property
    def compiled(self) -> dict[str, str]:
        """The compiled models, each with the treebank whose forms it knows."""
        return {name: self.treebanks_of(name)[0] for name in self.named("compile")}

    def is_made(self, step: str, of: Mapping[str, Any]) -> bool:
        """Whether there are jobs of a step, of what tells them from others.

        Of a compiled model that is `truth_only` there is no probe, no intervention, and nothing
        collected but rankings; of any compiled model no concord, as it has no attention. Of a
        treebank without lemmas there is nothing that asks for two words of one.
        """
        collection = of.get("collection") if step == "collect" else None
        if self._asks_lemmas(step, collection, of) and self.is_by_form(of.get("treebank", "")):
            return False
        if step == "measure_transfer" and of.get("method") not in (None, *self.transfer):
            return False
        if collection == "transfer" and not self.transfer:
            return False
        of_neurons = step == "describe_neurons" or of.get("collection") == "neurons"
        if of_neurons and not self.describes:
            return False
        if step == "rank_by_control" and of["ranker"] not in self.ranked_by_control:
            return False
        if step == "measure_concord" or collection == "concord":
            if of.get("model") in self.compiled or not self.concord:
                return False
            if "method" in of and of["method"] not in self.concord:
                return False
        if not self.config["models"].get(of.get("model"), {}).get("truth_only"):
            return True
        return step not in MEASURING and collection in (None, "rankings")

    def _asks_lemmas(self, step: str, collection: str | None, of: Mapping[str, Any]) -> bool:
        return (
            step in ("measure_concord", "measure_transfer")
            or collection in ("concord", "transfer")
            or of.get("ranker") in self.rankers_by_lemma
        )

    def check_attributes(
        self,
        kept: dict[str, dict[str, list[str]]],
        largest: dict[str, dict[str, int]],
        there: Mapping[str, ValuesThere],
    ) -> None:
        """Raise ConfigError where an asked attribute is kept in no treebank.

        `kept` has the kept values of every treebank, `largest` the largest `min_types` with which
        each of its attributes would be, `there` what values each of its splits has.
        """
        for attribute in own_attributes.asked(self.config["attributes"]) or ():
            if not any(attribute in values for values in kept.values()):
                names = sorted({name for values in kept.values() for name in values})
                reasons = (
                    _why_not_kept(name, found.get(attribute, 0), there[name].get(attribute, {}))
                    for name, found in largest.items()
                )
                raise ConfigError(
                    f"attributes: no treebank keeps two values of {attribute!r} with "
                    f"min_types: {self.config['min_types']} ({', '.join(reasons)}); kept are "
                    f"{', '.join(names) or 'none'}"
                )

    def check_aims(self, kept: dict[str, dict[str, list[str]]]) -> None:
        """Raise ConfigError where an intervention's target is a value of no configuration."""
        for i, entry in enumerate(self.config["interventions"]):
            aim = self._aim(entry)
            values = {
                value
                for model, treebank in self.pairs()
                for of in self.configurations(model, treebank, kept[treebank])
                for value in of.values
            }
            if aim is not None and aim not in values:
                raise ConfigError(
                    f"interventions[{i}].{declared('methods', entry['method'], 'TARGET')}: no "
                    f"attribute that is studied has {aim!r}; possible: {', '.join(sorted(values))}"
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

    def lacking_values(
        self, kept: dict[str, dict[str, list[str]]], there: Mapping[str, ValuesThere]
    ) -> dict[str, str]:
        """Return, by treebank, which values that are studied its dev and test have no word of.

        They are kept: a split without a value does not drop it. Arguments as in `check_attributes`.
        """
        found: dict[str, list[str]] = {}
        for treebank, attributes in there.items():
            configurations = (
                of
                for model, name in self.pairs()
                if name == treebank
                for of in self.configurations(model, treebank, kept[treebank])
            )
            for attribute, values in {of.attribute: of.values for of in configurations}.items():
                splits = attributes[attribute]
                parts = [
                    f"{split} {_lacks(values, splits.get(split, ()))}"
                    for split in ("dev", "test")
                    if not {*values} <= {*splits.get(split, ())}
                ]
                if parts:
                    said = f"of {attribute}'s kept values, {' and '.join(parts)}"
                    found.setdefault(treebank, []).append(said)
        return {treebank: "; ".join(said) for treebank, said in found.items()}

    def check_lemmas(
        self, kept: dict[str, dict[str, list[str]]], test_size: Callable[[str], Size | None]
    ) -> None:
        """Raise ConfigError where a treebank to intervene on has no lemmas to judge by.

        Labels of one's own can do without: their words are judged by form. `kept` has the kept
        values of every treebank, `test_size` gives the size of its test split, None where it is not
        known.
        """
        if "lexicon" not in self.analyzer_uses or "test" not in self.splits:
            return
        own = own_attributes.own_names(self.config)
        for model, treebank in self.pairs():
            if not self.has_no_lemmas(treebank, test_size):
                continue
            configurations = self.configurations(model, treebank, kept[treebank])
            named = list(dict.fromkeys(of.attribute for of in configurations))
            of_schema = [attribute for attribute in named if attribute not in own]
            if of_schema and not own:
                raise ConfigError(
                    f"treebanks.{treebank}: no word of its test split has a lemma, and analyzer "
                    f"{self.config['analyzer']} compares lemmas; give interventions: [], or "
                    "analyzer: spacy, or leave the treebank out with skip"
                )
            if of_schema:
                raise ConfigError(
                    f"treebanks.{treebank}: no word of its test split has a lemma, and analyzer "
                    f"{self.config['analyzer']} compares lemmas, but for labels of your own; give "
                    f"interventions: [], or leave {', '.join(of_schema)} out with "
                    f"skip: [{{treebank: {treebank}, attribute: [{', '.join(of_schema)}]}}]"
                )

    def has_no_lemmas(self, treebank: str, test_size: Callable[[str], Size | None]) -> bool:
        """Whether no word of a treebank's test split is known to have a lemma."""
        size = test_size(treebank)
        return self.is_by_form(treebank) or (size is not None and size.without_lemma == size.words)


_ENDS = {"path": CONLLU, "labels": LABELS}
"""How the files of a treebank on disk end, by the key that names their folder."""


def _needed_by(table: str) -> set[str]:
    """Return what of its uses there must be for a table to be made."""
    return set(uses("tables", table)) - set(declared("tables", table, "OPTIONAL", ()))


def _pair_of(of: PlannedConfiguration | None) -> dict[str, str]:
    return {} if of is None else {"model": of.model, "treebank": of.treebank}


def options_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a ranker's or a method's own, of its entry in the configuration."""
    return {k: v for k, v in entry.items() if k not in OF_ENTRIES}


def _why_not_kept(treebank: str, largest: int, splits: Mapping[str, Collection[str]]) -> str:
    """Say why a treebank keeps no two values of an attribute; `largest` of `largest_min_types`."""
    if largest:
        return f"{treebank} has {largest} forms of its second value"
    in_train = ", ".join(splits.get("train", ()))
    return f"train of {treebank} has {f'only {in_train}' if in_train else 'none'}"


def _lacks(values: Collection[str], there: Collection[str]) -> str:
    """Say which of these values a split has, where it has not all of them."""
    found = [value for value in values if value in there]
    if not found:
        return "has none"
    if len(found) == 1:
        return f"has only {found[0]}"
    return f"lacks {', '.join(value for value in values if value not in there)}"
