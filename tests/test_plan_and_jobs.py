"""Facts about the plan (what there is to do) and the jobs (what each result depends on)."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.workflow import ROOT
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.schemas import unimorph
from workflow_scripts.study import jobs as jobs_module
from workflow_scripts.study.configuration_file import ConfigError, checked
from workflow_scripts.study.jobs import Jobs
from workflow_scripts.study.plan import Configuration, Plan, slug

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
)
KEPT = {
    "a": {"Number": ["PL", "SG"], POS: ["ADJ", "N", "V"]},
    "b": {"Number": ["PL", "SG"], "Tense": ["PRS", "PST"]},
}


COLLECTED = ("rankings_of", "probes_of", "interventions_of")


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


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def strings(jobs):
    """The string of every job of a study, by what names it."""
    plan = jobs._plan
    found = {}
    for treebank in plan.treebanks:
        for kind in ("treebank", "words", "attributes"):
            found[kind, treebank] = getattr(jobs, kind)(treebank)
    for model in plan.models:
        found["model", model] = jobs.model(model)
    for model, treebank in plan.pairs():
        for kind in ("activations", "states", "lexicon", *COLLECTED):
            found[kind, model, treebank] = getattr(jobs, kind)(model, treebank)
        for of in jobs.configurations(model, treebank):
            name = replace(of, values=())  # what it keeps may differ from study to study
            found["statistics", name] = jobs.statistics(of)
            for ranker in plan.directions:
                found["ranking", name, ranker] = jobs.ranking(of, ranker)
            for ranking in plan.rankings:
                for probe in plan.config["probes"]:
                    found["probe", name, probe, ranking] = jobs.probe(of, probe, ranking)
                for entry in plan.config["interventions"]:
                    method = entry["name"]
                    string = jobs.intervention(of, method, ranking)
                    found["intervention", name, method, ranking] = string
    return found | {("table", table): jobs.table(table) for table in TABLES}


def different(before, after):
    """The jobs of both studies whose string differs."""
    return {key for key in before.keys() & after.keys() if before[key] != after[key]}


def kinds(keys):
    return {key[0] for key in keys}


def later(keys, *, tables=TABLES, collected=COLLECTED):
    """The collections and tables among `keys`."""
    return {key for key in keys if key[0] in collected or (key[0] == "table" and key[1] in tables)}


# The plan


@pytest.mark.parametrize(
    ("attribute", "path"),
    [
        ("Number", "number"),
        (POS, "part-of-speech"),
        ("Gender and Noun Class", "gender-and-noun-class"),
        ("UPOS", "upos"),
        ("Person[psor]", "person-psor"),
        ("VerbForm", "verbform"),
    ],
)
def test_an_attribute_in_a_path_is_lower_case_with_hyphens(attribute, path):
    assert slug(attribute) == path
    assert Configuration("m", "t", attribute, 7, ()).path == f"m/t/{path}/layer-7"


def test_no_two_attributes_of_a_schema_share_a_path():
    assert len({slug(name) for name in unimorph.ATTRIBUTES}) == len(unimorph.ATTRIBUTES)


def test_rankings_have_both_directions_and_random_has_one(study):
    plan = study.jobs()._plan
    assert plan.directions == {
        "linear": ("linear-ttb", "linear-btt"),
        "gaussian": ("gaussian-ttb", "gaussian-btt"),
        "probeless": ("probeless-ttb", "probeless-btt"),
        "random": ("random",),
    }
    assert plan.rankings == [name for names in plan.directions.values() for name in names]
    assert {plan.ranker_of(name) for name in plan.directions["gaussian"]} == {"gaussian"}
    assert plan.ranker_of("random") == "random"


def test_a_model_reads_all_treebanks_or_those_it_names(study):
    plan = study.jobs()._plan
    assert list(plan.pairs()) == [("fixed", "a"), ("fixed", "b"), ("trained", "b")]


def test_the_rankings_that_start_with_the_best_neuron_are_all_but_the_reverse_ones(study):
    plan = study.jobs()._plan
    assert plan.top_rankings == ["linear-ttb", "gaussian-ttb", "probeless-ttb", "random"]


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        ({}, set(TABLES)),
        ({"probes": []}, {"interventions", "saturation", "examples", "overlap", "agreement"}),
        (
            {"interventions": []},
            {"probing", "probing_curves", "wilcoxon", "clusters", "overlap", "agreement"},
        ),
        ({"probes": [], "interventions": []}, {"overlap", "agreement"}),
        ({"rankings": []}, set()),
        ({"models": []}, set()),
    ],
)
def test_a_study_has_the_tables_that_its_rankings_probes_and_interventions_give(
    study, changes, tables
):
    names = study.jobs(**changes)._plan.tables
    assert (set(names), len(names)) == (tables, len(tables))


def test_a_table_reads_what_its_module_says(study):
    plan = study.jobs()._plan
    assert plan.reads("overlap") == plan.reads("agreement") == ("rankings",)
    assert plan.reads("wilcoxon") == plan.reads("clusters") == ("probes",)
    assert plan.reads("used_vs_encoded") == ("probes", "interventions")


def test_planning_loads_no_statistics_package(study):
    """Though it reads what every table says of itself."""
    code = "import sys; from importlib import import_module\n"
    code += f"for table in {TABLES}: import_module(f'workflow_scripts.tables.{{table}}')\n"
    code += "print({'scipy.stats', 'sklearn', 'statsmodels', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def attributes_and_layers(jobs, model, treebank):
    return [(of.attribute, of.layer) for of in jobs.configurations(model, treebank)]


def test_all_attributes_are_those_that_each_treebank_keeps(study):
    jobs = study.jobs()
    assert attributes_and_layers(jobs, "fixed", "a") == [
        ("Number", 1),
        ("Number", 2),
        (POS, 1),
        (POS, 2),
    ]
    assert attributes_and_layers(jobs, "trained", "b") == [
        ("Number", 1),
        ("Number", 2),
        ("Tense", 1),
        ("Tense", 2),
    ]


def test_a_list_of_attributes_gives_those_that_a_treebank_keeps_in_its_order(study):
    jobs = study.jobs(attributes=["Tense", "Number"], layers=[2])
    assert attributes_and_layers(jobs, "fixed", "a") == [("Number", 2)]
    assert attributes_and_layers(jobs, "fixed", "b") == [("Tense", 2), ("Number", 2)]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"only": [{"attribute": "Number"}]}, lambda of: of.attribute == "Number"),
        ({"skip": [{"attribute": "Number"}]}, lambda of: of.attribute != "Number"),
        (
            {"only": [{"model": "fixed", "layer": [2]}]},  # every field of an entry must match
            lambda of: of.model == "fixed" and of.layer == 2,
        ),
        (
            {"only": [{"treebank": "a"}, {"layer": 1}]},  # any entry may
            lambda of: of.treebank == "a" or of.layer == 1,
        ),
        (
            {"only": [{"treebank": ["a", "b"]}], "skip": [{"model": "trained"}, {"layer": [1]}]},
            lambda of: of.model != "trained" and of.layer != 1,
        ),
    ],
)
def test_only_and_skip_filter_configurations(study, filters, left):
    everything = study.jobs()
    filtered = study.jobs(**filters)
    for pair in everything._plan.pairs():
        assert filtered.configurations(*pair) == [
            of for of in everything.configurations(*pair) if left(of)
        ]


def test_an_attribute_that_no_treebank_keeps_is_named(study):
    plan = study.jobs(attributes=["Number", "Mood"])._plan
    with pytest.raises(ConfigError, match=r"'Mood' with min_types: 100; kept are Number, Part of"):
        plan.check_attributes(KEPT)
    study.jobs(attributes=["Number", "Tense"])._plan.check_attributes(KEPT)  # kept in b alone
    study.jobs()._plan.check_attributes({"a": {}, "b": {}})  # all of none


def test_a_folder_that_is_no_treebank_is_named(study):
    plan = study.jobs()._plan
    assert plan.conllu("a", "dev") == study.conllu("a", "dev")
    study.conllu("a", "dev").unlink()
    with pytest.raises(ConfigError, match=r"treebanks\.a\.path: .* 0 files \*-ud-dev\.conllu"):
        plan.conllu("a", "dev")
    (study.folder / "b" / "more-ud-test.conllu").touch()
    with pytest.raises(ConfigError, match=r"treebanks\.b\.path: .* 2 files \*-ud-test\.conllu"):
        plan.conllu("b", "test")
    plan = study.jobs(treebanks={"a": {"path": "nowhere"}}, models=[])._plan
    with pytest.raises(ConfigError, match=r"treebanks\.a\.path: nowhere is not a folder"):
        plan.conllu("a", "train")


def test_a_folder_is_used_where_it_is_and_what_is_made_lies_in_the_results(study):
    plan = study.jobs()._plan
    assert plan.model_folder("fixed") == study.folder / "fixed"
    assert plan.model_folder("trained") == study.folder / "results" / "models" / "trained"
    plan = study.jobs(treebanks={"b": {"grammar": "english"}}, models=[], results="r")._plan
    assert str(plan.conllu("b", "dev")) == "r/treebanks/b/b-ud-dev.conllu"


@pytest.mark.parametrize(("device", "gpus"), [("cpu", 0), ("auto", 1), ("cuda:1", 1)])
def test_a_job_takes_a_gpu_where_it_may_run_on_one(study, device, gpus):
    assert study.jobs(device=device)._plan.gpus == gpus


def test_a_method_is_given_its_options_and_nothing_else(study):
    plan = study.jobs()._plan
    assert json.loads(plan.method_options("ablation")) == {}
    assert json.loads(plan.method_options("translation")) == {"beta": 8, "scaled": True}
    assert [json.loads(entry)["has_target"] for entry in plan.intervention_entries()] == [
        False,
        True,
    ]


def test_a_path_names_its_attribute_again(study):
    wildcards = SimpleNamespace(model="fixed", treebank="a", attribute="part-of-speech", layer="2")
    assert study.jobs().configuration(wildcards) == Configuration(
        "fixed", "a", POS, 2, tuple(KEPT["a"][POS])
    )


# The jobs


def test_a_string_is_code_settings_and_inputs(study):
    for key, string in study.strings().items():
        assert set(json.loads(string)) == {"code", "settings", "inputs"}, key


def test_equal_studies_in_two_folders_have_equal_strings(study, tmp_path):
    assert study.strings() == Study(tmp_path / "elsewhere").strings()


def edited(monkeypatch, *names):
    """Let the code of some modules be another than it was."""
    real = jobs_module.fingerprint
    monkeypatch.setattr(
        jobs_module,
        "fingerprint",
        lambda *modules: real(*modules) + "edited" * any(name in modules for name in names),
    )


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("read_words", "words"),
        ("schemas.unimorph", "words"),
        ("keep_values", "attributes"),
        ("train_model", "model"),
        ("extract_activations", "activations"),
        ("cache_states", "states"),
        ("build_lexicon", "lexicon"),
        ("compute_statistics", "statistics"),
        ("rank_neurons", "ranking"),
        ("rankers.linear", "ranking"),
        ("probe_rankings", "probe"),
        ("probes.gaussian", "probe"),
        ("intervene", "intervention"),
        ("interventions.translation", "intervention"),
        ("schemas.unimorph", "intervention"),
        ("collect_rankings", "rankings_of"),
        ("collect_probes", "probes_of"),
        ("collect_interventions", "interventions_of"),
        ("build_table", "table"),
        ("tables.used_vs_encoded", "table"),
        ("tables.wilcoxon", "table"),
    ],
)
def test_a_jobs_code_is_its_command_and_the_files_that_the_configuration_names(
    study, monkeypatch, module, kind
):
    before = study.strings()
    edited(monkeypatch, module)
    code = {
        key
        for key, string in study.strings().items()
        if json.loads(string)["code"] != json.loads(before[key])["code"]
    }
    room, _, name = module.rpartition(".")
    named = {key for key in before if key[0] == kind and (not room or name in key)}
    if kind == "model":
        named = {("model", "trained")}
    if room == "schemas":
        named = {key for key in before if key[0] in ("words", "intervention")}
    assert code == named


def test_a_generated_treebank_depends_on_its_grammar_and_size(study, monkeypatch):
    def generated(**entry):
        return study.jobs(treebanks={"b": entry}, models=[]).treebank("b")

    before = generated(grammar="english", sentences=300)
    assert before != generated(grammar="english", sentences=301)
    assert before != generated(grammar="spanish", sentences=300)
    edited(monkeypatch, "grammars.spanish")
    assert before == generated(grammar="english", sentences=300)
    edited(monkeypatch, "grammars.english")
    assert before != generated(grammar="english", sentences=300)


def test_a_rules_command_line_is_part_of_its_jobs_and_its_white_space_is_not(study):
    plan = study.jobs()._plan
    before = strings(Jobs(plan, lambda rule: f"python {rule} --seed 1"))
    assert strings(Jobs(plan, lambda rule: f"\n  python   {rule}\n    --seed 1\n")) == before
    after = strings(Jobs(plan, lambda rule: f"python {rule} --seed 1" + " -x" * (rule == "probe")))
    assert kinds(different(before, after)) == {"probe", "probes_of", "table"}


@pytest.mark.parametrize(
    ("module", "kind", "built_on_it"),
    [
        ("extract_activations", "activations", {"statistics", "ranking", "probe", "intervention"}),
        ("cache_states", "states", {"intervention"}),
        ("build_lexicon", "lexicon", {"intervention"}),
        ("compute_statistics", "statistics", {"ranking", "probe", "intervention"}),
        ("keep_values", "attributes", set()),
    ],
)
def test_editing_a_stage_changes_what_is_built_on_it_and_nothing_before_or_beside(
    study, monkeypatch, module, kind, built_on_it
):
    before = study.strings()
    edited(monkeypatch, module)
    changed = different(before, study.strings())
    assert kinds(changed) - {"table", *COLLECTED} == {kind, *built_on_it}
    always = {kind} | built_on_it & {"intervention"}
    assert {key for key in before if key[0] in always} <= changed


def test_statistics_are_part_of_what_uses_them(study, monkeypatch):
    before = study.strings()
    edited(monkeypatch, "compute_statistics")
    changed = different(before, study.strings())
    assert {key[2] for key in changed if key[0] == "ranking"} == {"gaussian", "probeless"}
    unchanged = before.keys() - changed
    assert {key[2:] for key in unchanged if key[0] == "probe"} == {
        ("linear", ranking) for ranking in ("linear-ttb", "linear-btt", "random")
    }


@pytest.mark.parametrize("name", [("ranking", "random"), ("probe", "linear", "random")])
def test_what_draws_has_a_string_of_its_own_in_every_configuration(study, name):
    found = [s for key, s in study.strings().items() if (key[0], *key[2:]) == name]
    assert len(set(found)) == len(found) == 12


@pytest.mark.parametrize("ranker", ["linear", "gaussian", "probeless", "random"])
def test_editing_one_ranker_changes_its_rankings_what_is_built_on_them_and_the_tables(
    study, monkeypatch, ranker
):
    before = study.strings()
    edited(monkeypatch, f"rankers.{ranker}")
    expected = later(before) | {
        key
        for key in before
        if (key[0] == "ranking" and key[2] == ranker)
        or (key[0] in ("probe", "intervention") and key[3].partition("-")[0] == ranker)
    }
    assert different(before, study.strings()) == expected


def test_editing_one_probe_changes_its_scores_and_the_tables_of_probes(study, monkeypatch):
    before = study.strings()
    edited(monkeypatch, "probes.linear")
    expected = {key for key in before if key[0] == "probe" and key[2] == "linear"}
    tables = ("probing", "probing_curves", "wilcoxon", "clusters", "used_vs_encoded")
    expected |= later(before, tables=tables, collected=("probes_of",))
    assert different(before, study.strings()) == expected


def test_editing_one_table_changes_that_table(study, monkeypatch):
    before = study.strings()
    edited(monkeypatch, "tables.saturation")
    assert different(before, study.strings()) == {("table", "saturation")}


INTERVENTION_TABLES = ("interventions", "saturation", "examples", "used_vs_encoded")


@pytest.mark.parametrize("change", [{"beta": 4}, {"scaled": False}, {"step": 5}])
def test_an_option_of_one_intervention_changes_that_entry_and_the_tables(study, change):
    before = study.strings()
    first, second = study.jobs()._config["interventions"]
    after = study.strings(interventions=[first, second | change])
    expected = {key for key in before if key[0] == "intervention" and key[2] == "translation"}
    expected |= later(before, tables=INTERVENTION_TABLES, collected=("interventions_of",))
    assert different(before, after) == expected


def test_adding_an_intervention_changes_no_other(study):
    before = study.strings()
    entries = study.jobs()._config["interventions"]
    more = {"method": "translation", "name": "weak", "beta": 2, "scaled": True, "step": 10}
    changed = different(before, study.strings(interventions=[*entries, more]))
    assert changed == later(before, tables=INTERVENTION_TABLES, collected=("interventions_of",))


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": [1, 2, 4]},
        {"layers": [2]},
        {"attributes": ["Number"]},
        {"rankings": ["random"]},
        {"skip": [{"layer": 1}]},
    ],
)
def test_asking_for_more_or_less_changes_no_job_that_stays(study, changes):
    before, after = study.strings(), study.strings(**changes)
    assert len(before) != len(after)
    assert different(before, after) == later(before)


def test_adding_a_treebank_changes_no_job_of_another(study):
    before = study.strings(treebanks={"b": {"path": str(study.folder / "b")}})
    after = study.strings()
    assert len(before) < len(after)
    assert different(before, after) == {key for key in before if key[0] == "table"}


def test_min_types_alone_changes_which_values_are_kept_and_no_more(study):
    changed = different(study.strings(), study.strings(min_types=50))
    assert changed == {("attributes", "a"), ("attributes", "b")}


def test_other_kept_values_change_the_jobs_of_that_attribute_and_treebank(study):
    before = study.strings()
    study.keep({"a": KEPT["a"] | {POS: ["ADJ", "N"]}})
    changed = different(before, study.strings(min_types=200))
    of_attribute = {
        key
        for key in before
        if isinstance(key[1], Configuration) and (key[1].treebank, key[1].attribute) == ("a", POS)
    }
    of_attribute = looking_at_words(of_attribute)
    assert of_attribute
    assert changed == {
        ("attributes", "a"),
        ("attributes", "b"),
        *of_attribute,
        *((kind, "fixed", "a") for kind in COLLECTED),
        *(("table", table) for table in TABLES),
    }


def test_neurons_max_changes_what_searches_that_far_and_every_probe(study):
    before = study.strings()
    after = study.strings(neurons={"max": 100, "report": [10, 50]})
    expected = later(before) | {
        key
        for key in before
        if key[0] == "probe"
        or (key[0] == "ranking" and key[2] == "gaussian")
        or (key[0] == "intervention" and key[3].startswith("gaussian"))
    }
    assert different(before, after) == expected


def test_what_is_reported_changes_tables_alone(study):
    changed = different(study.strings(), study.strings(neurons={"max": 150, "report": [10]}))
    assert kinds(changed) == {"table"}
    assert changed == {("table", table) for table in ("probing", "wilcoxon", "used_vs_encoded")}


def test_control_changes_statistics_and_probes_alone(study):
    changed = different(study.strings(), study.strings(control=False))
    assert kinds(changed) == {"statistics", "probe", "probes_of", "table"}


def test_device_and_place_of_the_results_change_nothing(study):
    before = study.strings()
    assert study.strings(device="cuda") == before
    (study.folder / "results").rename(study.folder / "moved")
    assert study.strings(results=str(study.folder / "moved")) == before


def test_the_seed_changes_what_draws_and_not_what_reads(study):
    changed = different(study.strings(), study.strings(seed=2))
    assert ("model", "trained") in changed
    of_fixed = {key for key in changed if mentions(key, "fixed")}
    assert kinds(of_fixed) == {"statistics", "ranking", "probe", "intervention", *COLLECTED}
    assert {key[2] for key in of_fixed if key[0] == "ranking"} == {"linear", "random"}


def test_the_seed_is_part_of_the_table_that_draws_alone(study):
    found = {table: json.loads(study.jobs(seed=2).table(table))["settings"] for table in TABLES}
    assert {table for table, settings in found.items() if "seed" in settings} == {"clusters"}
    assert found["clusters"]["seed"] == 2


def test_the_seed_changes_nothing_that_neither_draws_nor_has_a_control_task(study):
    changed = different(study.strings(control=False), study.strings(control=False, seed=2))
    assert not any(key[0] == "statistics" and mentions(key, "fixed") for key in changed)
    of_fixed = {key[2:] for key in changed if key[0] == "probe" and mentions(key, "fixed")}
    drawn = {"linear-ttb", "linear-btt", "random"}
    assert of_fixed == {("linear", ranking) for ranking in study.jobs()._plan.rankings} | {
        ("gaussian", ranking) for ranking in drawn
    }


def test_a_string_names_its_configuration_and_its_own_settings(study):
    jobs = study.jobs()
    (of, *_) = jobs.configurations("fixed", "a")
    settings = json.loads(jobs.intervention(of, "translation", "linear-ttb"))["settings"]
    assert settings == {
        "model": "fixed",
        "treebank": "a",
        "attribute": of.attribute,
        "layer": of.layer,
        "values": KEPT["a"][of.attribute],
        "ranker": "linear",
        "analyzer": "lexicon",
        "method": "translation",
        "beta": 8,
        "scaled": True,
        "step": 10,
    }


def looking_at_words(keys):
    """Jobs without the random rankings, which depend on a model's width alone."""
    return {key for key in keys if not (key[0] == "ranking" and key[2] == "random")}


def mentions(key, name):
    """Whether a job is one of that treebank or model."""
    of = key[1]
    return name in ((of.model, of.treebank) if isinstance(of, Configuration) else key)


def test_another_content_of_a_treebank_changes_its_jobs_and_none_of_another(study):
    before = study.strings()
    study.conllu("a", "test").write_text("another text")
    expected = {key for key in before if mentions(key, "a") or key[0] == "table"}
    assert different(before, study.strings()) == looking_at_words(expected)


def test_another_content_of_the_same_length_is_seen(study):
    path = study.conllu("a", "dev")
    before = study.strings()
    path.write_text(path.read_text()[::-1])
    os.utime(path, (1, 1))
    assert ("words", "a") in different(before, study.strings())


def test_a_trained_model_depends_on_the_treebanks_that_it_reads(study):
    before = study.strings()
    study.conllu("b", "train").write_text("another text")
    expected = {key for key in before if mentions(key, "b") or key[0] == "table"}
    changed = different(before, study.strings())
    of_trained = {key for key in expected if mentions(key, "trained")} | {("model", "trained")}
    assert changed == looking_at_words(expected) | of_trained


def test_another_content_of_a_model_folder_changes_its_jobs_and_none_of_another(study):
    before = study.strings()
    (study.folder / "fixed" / "model.safetensors").write_text("other weights")
    expected = {key for key in before if mentions(key, "fixed") or key[0] == "table"}
    assert different(before, study.strings()) == expected


def test_touching_sources_changes_nothing(study):
    before = study.strings()
    for path in sorted(study.folder.rglob("*")):
        if path.is_file():
            os.utime(path, (1, 1))
    assert study.strings() == before


def test_kept_values_that_change_while_a_plan_is_made_are_seen(study):
    folder = study.folder / "results" / "words" / "a"
    (folder / "attributes.csv").unlink()
    jobs = study.jobs(layers=[1])
    assert jobs.kept("a") == {}
    assert jobs.configurations("fixed", "a") == []
    seen = []
    for time, values in enumerate((["N", "V"], ["N", "X"], ["ADJ", "N", "V"])):
        study.keep({"a": {POS: values}})
        os.utime(folder / "attributes.csv", (time, time))
        assert jobs.kept("a") == {POS: values}
        (of,) = jobs.configurations("fixed", "a")
        for string in (
            jobs.statistics(of),
            jobs.ranking(of, "probeless"),
            jobs.probe(of, "linear", "random"),
            jobs.intervention(of, "ablation", "random"),
        ):
            assert json.loads(string)["settings"]["values"] == values
        seen.append(jobs.table("probing"))
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"layers": [2, 1]}, [("probes_of", "fixed", "a"), ("table", "probing")]),
        ({"rankings": ["random", "linear"]}, [("interventions_of", "fixed", "a")]),
        ({"probes": ["gaussian", "linear"]}, [("table", "probing_curves")]),
    ],
)
def test_another_order_of_rows_changes_the_tables(study, changes, keys):
    before = study.strings(**{key: value[::-1] for key, value in changes.items()})
    assert set(keys) <= different(before, study.strings(**changes))


def test_another_order_of_treebanks_changes_the_model_that_is_trained_on_them(study):
    model = study.jobs()._config["models"]["trained"]
    before, after = (
        study.strings(models={"trained": model | {"treebanks": treebanks}})
        for treebanks in (["a", "b"], ["b", "a"])
    )
    assert ("model", "trained") in different(before, after)
