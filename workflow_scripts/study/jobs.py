"""Jobs: all that can change the result of each job, as one string.

A job's string is JSON with the fingerprint of its code, its own part of the configuration and
a digest of the strings of the jobs it reads from. So it changes when, and only when, something
that can change the result has changed, anywhere before it; time stamps say nothing. Rules give it
to Snakemake as a parameter, which reruns a job whose string is not that of its last run,
and to the command, which writes it into the metadata of its Parquet files.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from workflow_scripts.command.plugins import declared, module
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS, Configuration
from workflow_scripts.study.digests import file_digest, model_digests
from workflow_scripts.study.fingerprint import fingerprint
from workflow_scripts.study.plan import Plan, PlannedConfiguration
from workflow_scripts.study.slugs import slug

PAGE = Path(__file__).parents[1] / "report"
"""The folder with the report's HTML, CSS and JavaScript, which no fingerprint reaches."""


def _string(
    code: str, settings: dict[str, Any], inputs: dict[str, str] | list[tuple[str, str]]
) -> str:
    """Return a job's string; `inputs` is a list where their order shows in the result."""
    read = _digest(json.dumps(inputs, sort_keys=True, ensure_ascii=False))
    parts = {"code": code, "settings": settings, "inputs": read}
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def _digest(string: str) -> str:
    return hashlib.blake2b(string.encode(), digest_size=12).hexdigest()


class Jobs:
    """The strings of a plan's jobs, one method for each rule."""

    def __init__(self, plan: Plan, command: Callable[[str], str] = lambda rule: ""):
        """Take a plan, and a function that gives the command line of a rule by its name."""
        self._plan = plan
        self._command = command
        self._config = plan.config
        self._strings: dict[tuple, str] = {}
        self._attributes_files = {t: str(self.attributes_file(t)) for t in plan.treebanks}

    # Sources

    def treebank(self, treebank: str) -> str:
        """Return what a treebank's files are made of."""
        entry = self._config["treebanks"][treebank]
        entry = {key: value for key, value in entry.items() if key != "pipeline"}
        if "grammar" in entry:
            code = self._code(
                "generate_treebank",
                "treebanks.generate_treebank",
                module("grammars", entry["grammar"]),
            )
            return _string(code, entry | {"seed": self._config["seed"]}, {})
        if "ud" in entry:
            return _string("", entry, {})
        files = {split: file_digest(self._plan.conllu(treebank, split)) for split in SPLITS}
        return _string("", {}, files)

    def model(self, model: str) -> str:
        """Return what a model's folder is made of."""
        entry = {k: v for k, v in self._config["models"][model].items() if k != "treebanks"}
        if "train" in entry:
            treebanks = self._plan.treebanks_of(model)
            words = [(name, _digest(self.words(name))) for name in treebanks]
            settings = entry | {"seed": self._config["seed"]}
            return _string(self._code("train_model", "models.train_model"), settings, words)
        if "hub" in entry:
            return _string("", entry, {})
        # Once a plan: which files are read stands in some of them.
        return self._once("model", model)(
            lambda: _string("", {}, model_digests(self._plan.model_folder(model)))
        )

    # Words and what models make of them

    def words(self, treebank: str) -> str:
        schema = self._config["schema"]
        code = self._code("words_of_treebank", "words.read_words", module("schemas", schema))
        return self._once("words", treebank)(
            lambda: _string(
                code,
                {"treebank": treebank, "schema": schema},
                {"treebank": _digest(self.treebank(treebank))},
            )
        )

    def attributes(self, treebank: str) -> str:
        settings = {"min_types": self._config["min_types"]}
        inputs = {"words": _digest(self.words(treebank))}
        return _string(self._code("attributes", "words.keep_values"), settings, inputs)

    def activations(self, model: str, treebank: str) -> str:
        return self._reading(
            "activations_of_model", "activations.extract_activations", model, treebank
        )

    def states(self, model: str, treebank: str) -> str:
        return self._reading("states_of_model", "activations.cache_states", model, treebank)

    def lexicon(self, model: str, treebank: str) -> str:
        return self._reading("lexicon", "interventions.build_lexicon", model, treebank)

    def _reading(self, rule: str, module: str, model: str, treebank: str) -> str:
        # Layers are files of their own: which others were asked for changes none of them.
        return self._once(rule, model, treebank)(
            lambda: _string(
                self._code(rule, module),
                {"model": model, "treebank": treebank},
                {"model": _digest(self.model(model)), "words": _digest(self.words(treebank))},
            )
        )

    # Configurations

    def statistics(self, of: Configuration) -> str:
        return self._statistics(of, ("values", "control") if self._plan.control else ("values",))

    def _statistics(self, of: Configuration, labels: tuple[str, ...]) -> str:
        """Return what statistics by these labels depend on; who reads them may read one of two."""
        seed = {}
        if "control" in labels:
            seed = {"seed": self._config["seed"], "control": self._plan.control}
        return self._once("statistics", of, labels)(
            lambda: _string(
                self._code("statistics", "rankings.compute_statistics"),
                self._name(of) | self._values(of) | seed | {"labels": labels},
                self._labelled(of),
            )
        )

    def ranking(self, of: Configuration, ranker: str) -> str:
        def make() -> str:
            uses = declared("rankers", ranker, "USES")
            settings = self._name(of) | self._seed(uses) | {"ranker": ranker}
            if "words" in uses or "statistics" in uses:
                settings |= self._values(of)
            if "select" in uses:
                settings["select"] = self._config["neurons"]["max"]
            inputs = {"model": _digest(self.model(of.model))}  # at least its width
            if "words" in uses:
                inputs |= self._labelled(of)
            if "statistics" in uses:
                inputs["statistics"] = _digest(self._statistics(of, ("values",)))
            return _string(
                self._code("ranking", "rankings.rank_neurons", module("rankers", ranker)),
                settings,
                inputs,
            )

        return self._once("ranking", of, ranker)(make)

    def probe(self, of: Configuration, probe: str, ranking: str) -> str:
        def make() -> str:
            ranker = self._plan.ranker_of(ranking)
            settings = {"ranker": ranker, "max": self._config["neurons"]["max"]}
            return self._probe(of, probe, settings, {"ranking": _digest(self.ranking(of, ranker))})

        return self._once("probe", of, probe, ranking)(make)

    def probe_of_all_neurons(self, of: Configuration, probe: str) -> str:
        return self._once("probe_of_all_neurons", of, probe)(
            lambda: self._probe(of, probe, {"neurons": "all"}, {})
        )

    def _probe(
        self, of: Configuration, probe: str, settings: dict[str, Any], inputs: dict[str, str]
    ) -> str:
        uses = declared("probes", probe, "USES")
        control = self._plan.control
        settings = settings | self._name(of) | self._values(of)
        settings |= self._seed((*uses, "seed") if control else uses)  # control labels draw too
        settings |= {"probe": probe, "control": control}
        inputs = inputs | self._labelled(of)
        if "statistics" in uses:
            inputs["statistics"] = _digest(self.statistics(of))
        return _string(
            self._code("probe", "probes.probe_rankings", module("probes", probe)), settings, inputs
        )

    def intervention(self, of: Configuration, name: str, ranking: str) -> str:
        def make() -> str:
            entry = self._plan.intervention(name)
            method, schema = entry["method"], self._config["schema"]
            ranker = self._plan.ranker_of(ranking)
            analyzer = self._config["analyzer"]
            modules = (
                module("methods", method),
                module("schemas", schema),
                module("analyzers", analyzer),
            )
            code = self._code("intervention", "interventions.intervene", *modules)
            settings = self._name(of) | self._values(of) | {"ranker": ranker, "analyzer": analyzer}
            settings |= {k: v for k, v in entry.items() if k != "name"}
            inputs = {
                "states": _digest(self.states(of.model, of.treebank)),
                "statistics": _digest(self._statistics(of, ("values",))),
                "ranking": _digest(self.ranking(of, ranker)),
            }
            if "pipeline" in self._plan.analyzer_uses:
                settings["pipeline"] = self._config["treebanks"][of.treebank]["pipeline"]
            if "lexicon" in self._plan.analyzer_uses:
                inputs["lexicon"] = _digest(self.lexicon(of.model, of.treebank))
            return _string(code, settings, inputs)

        return self._once("intervention", of, name, ranking)(make)

    # Tables

    def probes_of(self, model: str, treebank: str) -> str:
        """Return what the probes of one model and treebank, put together, depend on."""

        def make() -> str:
            inputs = [
                (f"{of.path}/{probe}/{ranking}", _digest(self.probe(of, probe, ranking)))
                for of in self.configurations(model, treebank)
                for ranking in self._plan.rankings
                for probe in self._config["probes"]
            ]
            if self._plan.whole:
                inputs += [
                    (f"{of.path}/{probe}/all", _digest(self.probe_of_all_neurons(of, probe)))
                    for of in self.configurations(model, treebank)
                    for probe in self._config["probes"]
                ]
            settings = {"model": model, "treebank": treebank}
            return _string(
                self._code("collected_probes", "tables.collect_probes"), settings, inputs
            )

        return self._once_counted([treebank], "probes_of", model, treebank)(make)

    def interventions_of(self, model: str, treebank: str) -> str:
        """Return what the interventions of one model and treebank, put together, depend on."""

        def make() -> str:
            inputs = [
                (name, _digest(self.intervention(of, entry["name"], ranking)))
                for of in self.configurations(model, treebank)
                for ranking in self._plan.rankings
                for entry in self._config["interventions"]
                if (name := f"{of.path}/{entry['name']}/{ranking}")
            ]
            settings = {"model": model, "treebank": treebank}
            code = self._code("collected_interventions", "tables.collect_interventions")
            return _string(code, settings, inputs)

        return self._once_counted([treebank], "interventions_of", model, treebank)(make)

    def rankings_of(self, model: str, treebank: str) -> str:
        """Return what the rankings of one model and treebank, put together, depend on."""

        def make() -> str:
            inputs = [
                (f"{of.path}/{ranking}", _digest(self.ranking(of, self._plan.ranker_of(ranking))))
                for of in self.configurations(model, treebank)
                for ranking in self._plan.top_rankings
            ]
            settings = {"model": model, "treebank": treebank}
            return _string(
                self._code("collected_rankings", "tables.collect_rankings"), settings, inputs
            )

        return self._once_counted([treebank], "rankings_of", model, treebank)(make)

    def contrasts_of(self, model: str, treebank: str) -> str:
        """Return what the comparisons of one model and treebank's rankings depend on."""

        def make() -> str:
            inputs = []
            for of in self.configurations(model, treebank):
                for ranking in self._plan.top_rankings:
                    inputs += [
                        (f"{of.path}/{probe}/{ranking}", _digest(self.probe(of, probe, ranking)))
                        for probe in self._config["probes"]
                    ]
                    inputs += [
                        (f"{of.path}/{name}/{ranking}", _digest(job))
                        for name in (entry["name"] for entry in self._config["interventions"])
                        if (job := self.intervention(of, name, ranking))
                    ]
            settings = {"model": model, "treebank": treebank, "seed": self._config["seed"]}
            settings["report"] = sorted(self._config["neurons"]["report"])
            return _string(
                self._code("compare_rankings", "tables.compare_rankings"), settings, inputs
            )

        return self._once_counted([treebank], "contrasts_of", model, treebank)(make)

    def table(self, table: str) -> str:
        """Return what a table depends on."""

        def make() -> str:
            collected = {
                "probes": self.probes_of,
                "interventions": self.interventions_of,
                "examples": self.interventions_of,
                "rankings": self.rankings_of,
                "contrasts": self.contrasts_of,
            }
            inputs = [
                (f"{read}/{model}/{treebank}", _digest(collected[read](model, treebank)))
                for read in self._plan.reads(table)
                for model, treebank in self._plan.pairs()
            ]
            settings: dict[str, Any] = {"table": table}
            if declared("tables", table, "USES_REPORT"):
                settings["report"] = sorted(self._config["neurons"]["report"])
            if declared("tables", table, "USES_SEED"):
                settings["seed"] = self._config["seed"]
            return _string(
                self._code("table", "tables.build_table", module("tables", table)), settings, inputs
            )

        return self._once_counted(self._plan.treebanks, "table", table)(make)

    def figure(self, figure: str) -> str:
        """Return what a figure depends on."""
        inputs = {table: _digest(self.table(table)) for table in self._plan.figures[figure]}
        code = self._code("figure", "report.build_figure", module("figures", figure))
        return _string(code, {"figure": figure}, inputs)

    def report(self) -> str:
        """Return what the report depends on."""
        inputs = {f"tables/{name}": _digest(self.table(name)) for name in self._plan.tables}
        inputs |= {f"figures/{name}": _digest(self.figure(name)) for name in self._plan.figures}
        inputs |= {f"words/{name}": _digest(self.attributes(name)) for name in self._plan.treebanks}
        settings = {
            "configuration": self._plan.described,
            "page": {part.name: file_digest(part) for part in sorted(PAGE.glob("page.*"))},
        }
        return _string(self._code("report", "report.build_report"), settings, inputs)

    def provenance(self) -> str:
        """Return what the provenance depends on: not on the commit, which changes with any word."""
        inputs = {f"tables/{name}": _digest(self.table(name)) for name in self._plan.tables}
        inputs |= {f"treebanks/{name}": self.treebank(name) for name in self._plan.treebanks}
        inputs |= {f"models/{name}": self.model(name) for name in self._plan.models}
        settings = {"configuration": self._plan.described}
        return _string(self._code("provenance", "report.build_provenance"), settings, inputs)

    def latex(self, table: str) -> str:
        """Return what a table in LaTeX depends on."""
        code = self._code("latex_table", "tables.build_latex", module("latex", table))
        return _string(code, {"table": table}, {"table": _digest(self.table(table))})

    # What they share

    def attributes_file(self, treebank: str) -> Path:
        """Return the path of a treebank's `attributes.csv`."""
        return Path(self._config["results"], "words", treebank, "attributes.csv")

    def kept(self, treebank: str) -> dict[str, list[str]]:
        """Return the kept values of a treebank; none before its words are read."""
        counted = self._counted(treebank)
        return _kept(self.attributes_file(treebank), *counted) if counted else {}

    def configurations(self, model: str, treebank: str) -> list[PlannedConfiguration]:
        """Return the configurations of a model and a treebank, as far as its words are read."""
        return self._plan.configurations(model, treebank, self.kept(treebank))

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

    def _once_counted(self, treebanks: list[str], *key: Any) -> Callable:
        """Cache a string of whole treebanks, as long as their counts are the same."""
        return self._once(*key, *map(self._counted, treebanks))

    def _once(self, *key: Any) -> Callable[[Callable[[], str]], str]:
        """Cache a string by what names its job; planning asks for each of thousands many times.

        A configuration has its values with it: reading the words may change them while a plan is
        made.
        """

        def remember(make: Callable[[], str]) -> str:
            if key not in self._strings:
                self._strings[key] = make()
            return self._strings[key]

        return remember

    def _code(self, rule: str, *modules: str) -> str:
        """Return the meaning of a rule's command line and of the modules it runs."""
        return _digest(f"{' '.join(self._command(rule).split())} {fingerprint(*modules)}")

    def _values(self, of: Configuration) -> dict[str, Any]:
        return {"values": of.values}

    def _name(self, of: Configuration) -> dict[str, Any]:
        return {name: getattr(of, name) for name in ("model", "treebank", "attribute", "layer")}

    def _seed(self, uses: tuple[str, ...]) -> dict[str, int]:
        return {"seed": self._config["seed"]} if "seed" in uses else {}

    def _labelled(self, of: Configuration) -> dict[str, str]:
        return {
            "words": _digest(self.words(of.treebank)),
            "activations": _digest(self.activations(of.model, of.treebank)),
        }


@cache
def _kept(path: Path, mtime: int, size: int) -> dict[str, list[str]]:
    return kept_values(path)
