"""A study of two treebanks and two models on disk, for facts about its plan and its jobs."""

from dataclasses import replace

from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study import jobs as jobs_module
from workflow_scripts.study.configuration_file import checked
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.plan import Plan

POS = "Part of Speech"
TABLES = (
    "probing",
    "probing_curves",
    "wilcoxon",
    "clusters",
    "interventions",
    "saturation",
    "examples",
    "used_vs_encoded",
    "overlap",
    "agreement",
    *("neurons", "neuron_values", "neuron_words"),
    "contrasts",
    "inference",
    "concord",
)
KEPT = {
    "a": {"Number": ["PL", "SG"], POS: ["ADJ", "N", "V"]},
    "b": {"Number": ["PL", "SG"], "Tense": ["PRS", "PST"]},
}
COLLECTED = (
    *("rankings_of", "probes_of", "interventions_of", "concord_of", "examples_of", "contrasts_of"),
    "neurons_of",
)
OF_TREEBANKS = {"treebank": "treebank", "words": "read_words", "attributes": "keep_values"}
OF_PAIRS = {
    "activations": "extract_activations",
    "states": "cache_states",
    "lexicon": "build_lexicon",
}


class Study:
    """Two treebanks and two models in a folder, with the values that the treebanks keep.

    `fixed` is a folder and reads both treebanks; `trained` is trained on `b` and reads it alone.
    """

    def __init__(self, folder):
        self.folder = folder
        for name in KEPT:
            (folder / name).mkdir(parents=True)
            for split in SPLITS:
                self.conllu(name, split).write_text(f"{name} {split}")
        (folder / "fixed").mkdir()
        (folder / "fixed" / "config.json").write_text('{"num_hidden_layers": 4}')
        (folder / "fixed" / "model.safetensors").write_text("weights")
        self.keep(KEPT)

    def conllu(self, treebank, split):
        return self.folder / treebank / f"{treebank}-ud-{split}.conllu"

    def keep(self, kept):
        """Write what each treebank keeps, as the checkpoint does."""
        for treebank, attributes in kept.items():
            path = self.folder / "results" / "words" / treebank / "attributes.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = ["attribute,value,split,words,forms,kept"] + [
                f"{attribute},{value},{split},9,9,true"
                for attribute, values in attributes.items()
                for value in values
                for split in SPLITS
            ]
            path.write_text("\n".join([*rows, "Case,NOM,train,1,1,false"]) + "\n")

    def jobs(self, **changes):
        """The jobs of the study, with some keys of its configuration changed."""
        plan = {"layers": 4, "width": 8, "heads": 2, "vocabulary": 300, "epochs": 1}
        config = {
            "treebanks": {name: {"path": str(self.folder / name)} for name in KEPT},
            "models": {
                "fixed": {"path": str(self.folder / "fixed")},
                "trained": {"train": plan, "treebanks": ["b"]},
            },
            "layers": [1, 2],
            "interventions": [
                {"method": "ablation", "step": 10},
                {"method": "translation", "beta": 8, "scaled": True, "step": 10},
            ],
            "results": str(self.folder / "results"),
        }
        return Jobs(Plan(checked(config | changes)))

    def strings(self, **changes):
        return strings(self.jobs(**changes))


def strings(jobs):
    """The string of every job of a study, by what names it."""
    plan = jobs.plan
    found = {}
    for treebank in plan.treebanks:
        for kind, step in OF_TREEBANKS.items():
            found[kind, treebank] = jobs.string(step, treebank=treebank)
    for model in plan.models:
        found["model", model] = jobs.string("model", model=model)
    for model, treebank in plan.pairs():
        pair = {"model": model, "treebank": treebank}
        for kind, step in OF_PAIRS.items():
            of_split = {"split": "test"} if step == "cache_states" else {}
            found[kind, model, treebank] = jobs.string(step, **pair, **of_split)
        for kind in COLLECTED:
            collection = kind.removesuffix("_of")
            found[kind, model, treebank] = jobs.string("collect", **pair, collection=collection)
        for of in jobs.configurations(model, treebank):
            name = replace(of, values=())  # what it keeps may differ from study to study
            found["statistics", name] = jobs.string("compute_statistics", configuration=of)
            found["described", name] = jobs.string("describe_neurons", configuration=of)
            for probe in plan.config["probes"]:
                if plan.whole:
                    string = jobs.string("probe_all_neurons", configuration=of, probe=probe)
                    found["probe", name, probe, "all"] = string
            for ranker, rankings in plan.directions.items():
                by = {"configuration": of, "ranker": ranker}
                found["ranking", name, ranker] = jobs.string("rank_neurons", **by)
                for ranking in rankings.values():
                    for probe in plan.config["probes"]:
                        string = jobs.string("probe_rankings", **by, probe=probe)
                        found["probe", name, probe, ranking] = string
                    for entry in plan.config["interventions"]:
                        method = entry["name"]
                        string = jobs.string("intervene", **by, method=method)
                        found["intervention", name, method, ranking] = string
                        string = jobs.string("measure_concord", **by, method=method)
                        found["concord", name, method, ranking] = string
    return found | {("table", table): jobs.string("build_table", table=table) for table in TABLES}


def edited(monkeypatch, *names):
    """Let the code of some modules (`rank_neurons`, `rankers.linear`) be another than it was."""
    real = jobs_module.fingerprint

    def fingerprint(*modules):
        ends = tuple(f".{name}" for name in names)
        return real(*modules) + "edited" * any(module.endswith(ends) for module in modules)

    monkeypatch.setattr(jobs_module, "fingerprint", fingerprint)
