"""Facts about the jobs: what each result depends on."""

import json
import os

import pytest

from tests.support.study_on_disk import COLLECTED, KEPT, POS, TABLES, Study, edited, strings
from workflow_scripts.kernels.words import Configuration
from workflow_scripts.study.digests import megabytes
from workflow_scripts.study.fingerprint import reached
from workflow_scripts.study.jobs import Jobs

USED = ("intervention", "concord")
"""The kinds of jobs that change neurons inside the model."""
COMPARED = ("contrasts", "inference")
"""The tables that are made of probes and interventions both, where a study has them."""


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


def different(before, after):
    """The jobs of both studies whose string differs."""
    return {key for key in before.keys() & after.keys() if before[key] != after[key]}


def kinds(keys):
    return {key[0] for key in keys}


def later(keys, *, tables=TABLES, collected=COLLECTED):
    """The collections and tables among `keys`."""
    return {key for key in keys if key[0] in collected or (key[0] == "table" and key[1] in tables)}


def test_a_string_is_code_settings_and_inputs(study):
    for key, string in study.strings().items():
        assert set(json.loads(string)) == {"code", "settings", "inputs"}, key


def test_equal_studies_in_two_folders_have_equal_strings(study, tmp_path):
    assert study.strings() == Study(tmp_path / "elsewhere").strings()


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
        ("methods.translation", "intervention"),
        ("schemas.unimorph", "intervention"),
        ("collections.rankings", "rankings_of"),
        ("collections.probes", "probes_of"),
        ("collections.interventions", "interventions_of"),
        ("collections.contrasts", "contrasts_of"),
        ("tables.contrasts", "table"),
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
    if module == "probe_rankings":
        named = {key for key in named if key[3] != "all"}
    if room == "collections":
        named = {key for key in before if key[0] == kind}
    if room == "methods":
        named = {key for key in before if key[0] in USED and name in key}
    if room == "schemas":
        named = {key for key in before if key[0] in ("words", "intervention")}
    assert code == named


def test_a_generated_treebank_depends_on_its_grammar_and_size(study, monkeypatch):
    def generated(**entry):
        return study.jobs(treebanks={"b": entry}, models=[]).string("treebank", treebank="b")

    before = generated(grammar="english", sentences=300)
    assert before != generated(grammar="english", sentences=301)
    assert before != generated(grammar="spanish", sentences=300)
    edited(monkeypatch, "grammars.spanish")
    assert before == generated(grammar="english", sentences=300)
    assert before == generated(grammar="english", sentences=300, pipeline="en_core_web_sm")
    edited(monkeypatch, "grammars.english")
    assert before != generated(grammar="english", sentences=300)


def test_a_rules_command_line_is_part_of_its_jobs_and_its_white_space_is_not(study):
    plan = study.jobs().plan
    before = strings(Jobs(plan, lambda rule: f"python {rule} --seed 1"))
    assert strings(Jobs(plan, lambda rule: f"\n  python   {rule}\n    --seed 1\n")) == before
    after = strings(
        Jobs(plan, lambda rule: f"python {rule} --seed 1" + " -x" * (rule == "probe_rankings"))
    )
    assert kinds(different(before, after)) == {"probe", "probes_of", "contrasts_of", "table"}


@pytest.mark.parametrize(
    ("module", "kind", "built_on_it"),
    [
        (
            "extract_activations",
            "activations",
            {"statistics", "described", "ranking", "probe", *USED},
        ),
        ("cache_states", "states", {"intervention"}),
        ("build_lexicon", "lexicon", {*USED}),
        ("compute_statistics", "statistics", {"described", "ranking", "probe", *USED}),
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
    always = {key for key in before if key[0] == kind}
    if "intervention" in built_on_it:  # ablation does not look at activations
        of = [key for key in before if key[0] == "intervention"]
        always |= {key for key in of if key[2] == "translation" or "statistics" not in built_on_it}
    if module != "compute_statistics":
        assert always <= changed
    assert {key for key in always if key[2:3] != ("ablation",)} <= changed


def test_statistics_are_part_of_what_uses_them(study, monkeypatch):
    before = study.strings()
    edited(monkeypatch, "compute_statistics")
    changed = different(before, study.strings())
    assert {key[2] for key in changed if key[0] == "ranking"} == {"gaussian", "probeless"}
    unchanged = before.keys() - changed
    assert {key[2:] for key in unchanged if key[0] == "probe"} == {
        ("linear", ranking) for ranking in ("linear-ttb", "linear-btt", "random", "all")
    }


def of_rankers(keys):
    return {key[2] for key in keys if key[0] == "ranking"}


def test_only_rankers_that_run_the_model_depend_on_its_code_the_lexicon_and_the_translation(
    study, monkeypatch
):
    rankers = ["linear", "probeless", "attribution", "integrated"]
    translation = {"method": "translation", "name": "by", "step": 10, "scaled": False}
    before = study.strings(rankings=rankers, interventions=[translation | {"beta": 4}])
    other = study.strings(rankings=rankers, interventions=[translation | {"beta": 2}])
    assert of_rankers(different(before, other)) == {"integrated"}
    scaled = translation | {"beta": 2, "scaled": True, "name": "scaled"}
    more = study.strings(rankings=rankers, interventions=[scaled, translation | {"beta": 4}])
    assert of_rankers(different(before, more)) == set()
    edited(monkeypatch, "build_lexicon")
    lexicon = study.strings(rankings=rankers, interventions=[translation | {"beta": 4}])
    assert of_rankers(different(before, lexicon)) == {"attribution", "integrated"}
    run_the_model = {"models.masked_lm", "kernels.counterparts", "rankings.effects"}
    for ranker in ("attribution", "integrated"):
        assert run_the_model <= all_reached(f"rankings.rankers.{ranker}")
    others = all_reached("rankings.rank_neurons") | all_reached("rankings.rankers.linear")
    others |= all_reached("interventions.intervene") - {"models.masked_lm"}
    assert not run_the_model & others


def test_of_a_model_for_its_truth_alone_only_rankings_are_made_and_collected(study):
    models = {
        name: {"compile": {"attribute": "Number"}, "treebanks": ["a"], **more}
        for name, more in (("whole", {}), ("alone", {"truth_only": True}))
    }
    jobs = study.jobs(models=models)
    made = {
        step: {one["model"] for one in jobs.each(step, {})}
        for step in (
            "rank_neurons",
            "score_rankings",
            "describe_neurons",
            "probe_rankings",
            "intervene",
            "cache_states",
        )
    }
    both, whole = {"whole", "alone"}, {"whole"}
    assert made == {
        **{"rank_neurons": both, "score_rankings": both},
        **{"probe_rankings": whole, "intervene": whole, "cache_states": whole},
        "describe_neurons": whole,
    }
    of_whole = ("probes", "interventions", "neurons")
    for collection, models in {"rankings": both, **dict.fromkeys(of_whole, whole)}.items():
        collected = jobs.each("collect", {"collection": collection})
        assert {one["model"] for one in collected} == models


@pytest.mark.parametrize(
    ("column", "kinds_of_it"),
    [
        (1, {"activations", "states", "lexicon", "statistics", "described", "ranking"}),
        (2, {"lexicon", "statistics", "described", "ranking"}),
        (7, set()),
        (9, set()),
    ],
)
def test_a_job_depends_on_the_columns_of_the_treebank_that_it_reads(study, column, kinds_of_it):
    def written(value):
        columns = ["1", "form", "lemma", "NOUN", "_", "_", "0", "root", "_", "_"]
        columns[column] = value
        study.conllu("a", "train").write_text("# a comment\n" + "\t".join(columns) + "\n\n")
        return study.strings(rankings=["linear"], interventions=[])

    changed = different(written("one"), written("other"))
    of_a = {key[0] for key in changed} - {"table", *COLLECTED, "probe"}
    assert of_a - {"treebank", "words", "attributes"} == kinds_of_it
    assert ("words" in of_a) == (column != 9)
    assert ("attributes" in of_a) == (column in (1, 2))


def test_rankings_that_run_the_model_depend_on_the_kept_values(study):
    rankers = ["attribution"]
    before = study.strings(rankings=rankers)
    study.keep({**KEPT, "a": KEPT["a"] | {"Number": ["DU", "PL", "SG"]}})
    changed = different(before, study.strings(rankings=rankers))
    assert {key[1].attribute for key in changed if key[0] == "ranking"} == {"Number"}


def all_reached(module):
    found, waiting = set(), [module]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [name.partition(".")[2] or "__init__" for name in reached(one)]
    return found


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
        or (key[0] in ("probe", *USED) and key[3].partition("-")[0] == ranker)
    }
    assert different(before, study.strings()) == expected


def test_editing_one_probe_changes_its_scores_and_the_tables_of_probes(study, monkeypatch):
    before = study.strings()
    edited(monkeypatch, "probes.linear")
    expected = {key for key in before if key[0] == "probe" and key[2] == "linear"}
    tables = ("probing", "probing_curves", "wilcoxon", "clusters", "used_vs_encoded", *COMPARED)
    expected |= later(before, tables=tables, collected=("probes_of", "contrasts_of"))
    assert different(before, study.strings()) == expected


def test_editing_one_table_changes_that_table(study, monkeypatch):
    before = study.strings()
    edited(monkeypatch, "tables.saturation")
    assert different(before, study.strings()) == {("table", "saturation")}


INTERVENTION_TABLES = (
    *("interventions", "saturation", "examples", "concord", "used_vs_encoded", *COMPARED),
)
OF_INTERVENTIONS = ("interventions_of", "concord_of", "examples_of", "contrasts_of")


@pytest.mark.parametrize("change", [{"beta": 4}, {"scaled": False}, {"step": 5}])
def test_an_option_of_one_intervention_changes_that_entry_and_the_tables(study, change):
    before = study.strings()
    first, second = study.jobs().plan.config["interventions"]
    after = study.strings(interventions=[first, second | change])
    expected = {key for key in before if key[0] in USED and key[2] == "translation"}
    expected |= later(before, tables=INTERVENTION_TABLES, collected=OF_INTERVENTIONS)
    assert different(before, after) == expected


def test_concord_changes_no_intervention_and_is_of_those_that_it_names(study):
    every = study.strings()
    none, one = study.strings(concord=False), study.strings(concord=["translation"])
    assert kinds(different(none, every)) == {"concord_of", "contrasts_of", "table"}
    assert {key for key in different(none, every) if key[0] == "table"} == {
        ("table", table) for table in ("concord", "used_vs_encoded", *COMPARED)
    }
    of = {
        name: {j["method"] for j in study.jobs(concord=name).each("measure_concord", {})}
        for name in (True, False)
    }
    assert of == {True: {"ablation", "translation"}, False: set()}
    named = study.jobs(concord=["translation"]).each("measure_concord", {})
    assert {job["method"] for job in named} == {"translation"}
    assert different(one, every) <= different(none, every)


def test_a_corrected_arc_changes_concord_and_no_intervention(study):
    def written(value):
        columns = ["1", "form", "lemma", "NOUN", "_", "_", "0", value, "_", "_"]
        study.conllu("a", "train").write_text("\t".join(columns) + "\n\n")
        return study.strings()

    of_a = kinds(different(written("root"), written("dep"))) - {"table", *COLLECTED}
    assert of_a == {"treebank", "words", "concord"}


def transfers(jobs):
    """The strings of all jobs between two treebanks, by what names them."""
    names = ("configuration", "other", "method", "ranker")
    return {
        tuple(one[name] for name in names): jobs.string("measure_transfer", **one)
        for one in jobs.each("measure_transfer", {})
    }


def test_neurons_are_transferred_between_treebanks_that_keep_the_same_values(study):
    """Of translations, and of both treebanks of one model: `b` alone has Tense."""
    found = transfers(study.jobs())
    assert {(of.model, of.treebank, other) for of, other, *_ in found} == {
        ("fixed", "a", "b"),
        ("fixed", "b", "a"),
    }
    assert {(of.attribute, method) for of, _, method, _ in found} == {("Number", "translation")}
    assert len(found) == 2 * 2 * 4  # ordered pairs, layers, rankers
    assert transfers(study.jobs(transfer=False)) == {}
    alone = study.jobs(treebanks={"b": {"path": str(study.folder / "b")}})
    for jobs in (study.jobs(transfer=False), alone):
        assert "transfer" not in jobs.plan.tables
    assert "transfer" in study.jobs().plan.tables
    assert transfers(study.jobs(skip=[{"treebank": "a"}])) == {}
    study.keep({**KEPT, "a": KEPT["a"] | {"Number": ["DU", "PL", "SG"]}})
    assert transfers(study.jobs()) == {}


def test_a_transfer_depends_on_the_ranking_and_means_of_the_other_treebank(study, monkeypatch):
    before = transfers(study.jobs())
    study.conllu("b", "train").write_text("other")
    after = transfers(study.jobs())
    assert all(after[key] != before[key] for key in before)  # b lends, or its words are changed
    more = transfers(study.jobs(neurons={"max": 150, "report": [10]}))
    assert all(more[key] != after[key] for key in after)
    assert transfers(study.jobs(min_types=50)) == after
    edited(monkeypatch, "rankers.linear")
    changed = {key for key, string in transfers(study.jobs()).items() if string != after[key]}
    assert {ranker for *_, ranker in changed} == {"linear"}


def test_of_a_compiled_model_there_is_no_concord(study):
    models = {"made": {"compile": {"attribute": "Number"}, "treebanks": ["a"]}}
    jobs = study.jobs(models=models)
    assert list(jobs.each("intervene", {}))
    assert not list(jobs.each("measure_concord", {}))
    assert "concord" not in jobs.plan.tables
    assert "used_vs_encoded" in jobs.plan.tables


def test_an_intervention_on_a_named_value_is_made_where_the_value_is_kept(study):
    entries = [{"method": "steer", "to": "PST", "beta": 2, "scaled": False, "step": 10}]
    jobs = study.jobs(interventions=entries, treebanks={"b": {"path": str(study.folder / "b")}})
    assert {job["configuration"].attribute for job in jobs.each("intervene", {})} == {"Tense"}
    (tense, *_) = (c for c in jobs.configurations("fixed", "b") if c.attribute == "Tense")
    (number, *_) = (c for c in jobs.configurations("fixed", "b") if c.attribute == "Number")
    stems = jobs.plan.stems
    assert stems("interventions", of=number) == stems("concord", of=number) == []
    assert stems("interventions", of=tense) == stems("interventions") != []


def test_adding_a_beta_changes_no_other_and_dev_is_read_where_it_is_asked_for(study):
    entry = {"method": "translation", "scaled": True, "step": 10}
    one = study.strings(interventions=[entry | {"beta": [2]}])
    two = study.strings(interventions=[entry | {"beta": [2, 4.5]}])
    added = {key[2] for key in two.keys() - one.keys()}
    assert added == {"translation-beta-4.5"}
    assert kinds(different(one, two)) == {*OF_INTERVENTIONS, "table"}
    jobs = study.jobs(interventions=[entry | {"beta": [2], "split": "dev"}])
    assert [job["split"] for job in jobs.each("cache_states", {})] == ["dev"] * 3
    assert not list(jobs.each("measure_concord", {}))
    (name,) = {job["method"] for job in jobs.each("intervene", {})}
    assert name == "translation-beta-2-dev"


def test_adding_an_intervention_changes_no_other(study):
    before = study.strings()
    entries = study.jobs().plan.config["interventions"]
    more = {"method": "translation", "name": "weak", "beta": 2, "scaled": True, "step": 10}
    changed = different(before, study.strings(interventions=[*entries, more]))
    assert changed == later(before, tables=INTERVENTION_TABLES, collected=OF_INTERVENTIONS)


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
        if (key[0] == "probe" and key[3] != "all")
        or (key[0] == "ranking" and key[2] == "gaussian")
        or (key[0] in USED and key[3].startswith("gaussian"))
    }
    assert different(before, after) == expected


def test_what_is_reported_changes_tables_alone(study):
    changed = different(study.strings(), study.strings(neurons={"max": 150, "report": [10]}))
    tables = ("probing", "wilcoxon", "used_vs_encoded", *COMPARED)
    assert kinds(changed) == {"contrasts_of", "table"}
    assert changed >= {("table", table) for table in tables}
    assert {key for key in changed if key[0] == "table"} == {("table", t) for t in tables}


def test_control_changes_statistics_and_probes_alone(study):
    changed = different(study.strings(), study.strings(control=False))
    assert kinds(changed) == {"statistics", "probe", "probes_of", "contrasts_of", "table"}


def test_another_kind_of_control_task_changes_what_no_control_task_would(study):
    without = different(study.strings(), study.strings(control=False))
    assert different(study.strings(), study.strings(control="empirical")) == without


def test_control_rankings_change_the_probes_of_rankers_that_read_labels_alone(study):
    before, by_control = study.jobs(), study.jobs(control={"ranking": "control"})
    changed = different(strings(before), strings(by_control))
    assert kinds(changed) == {"probe", "probes_of", "contrasts_of", "table"}
    every = {key for key in strings(before) if key[0] == "probe"}
    assert {key for key in changed if key[0] == "probe"} == {
        key for key in every if key[3] not in ("random", "all")
    }
    assert list(before.each("rank_by_control", {})) == []
    found = [one["ranker"] for one in by_control.each("rank_by_control", {})]
    assert set(found) == {"linear", "gaussian", "probeless"}


def control_rankings(jobs):
    """The strings of a study's rankings by control labels."""
    return {
        (one["configuration"], one["ranker"]): jobs.string("rank_by_control", **one)
        for one in jobs.each("rank_by_control", {})
    }


@pytest.mark.parametrize(
    ("module", "rankers"),
    [
        ("rankers.probeless", {"probeless"}),
        ("compute_statistics", {"gaussian", "probeless"}),
        ("rank_by_control", {"linear", "gaussian", "probeless"}),
        ("rank_neurons", set()),
    ],
)
def test_a_control_ranking_depends_on_its_own_ranker_and_labels(
    study, monkeypatch, module, rankers
):
    def all_strings():
        jobs = study.jobs(control={"ranking": "control"})
        return control_rankings(jobs), strings(jobs)

    before, others = all_strings()
    edited(monkeypatch, module)
    after, others_after = all_strings()
    assert {ranker for _, ranker in different(before, after)} == rankers
    if module == "rank_by_control":
        changed = different(others, others_after)
        assert kinds(changed) == {"probe", "probes_of", "contrasts_of", "table"}
        assert not any(key[3] in ("random", "all") for key in changed if key[0] == "probe")


def test_other_control_labels_make_other_control_rankings_and_no_real_one(study):
    uniform, empirical, drawn_anew = (
        study.jobs(control={"labels": labels, "ranking": "control"}, seed=seed)
        for labels, seed in (("uniform", 1), ("empirical", 1), ("uniform", 2))
    )
    before = control_rankings(uniform)
    for after in (empirical, drawn_anew):
        assert different(before, control_rankings(after)) == before.keys()
    assert "ranking" not in kinds(different(strings(uniform), strings(empirical)))


def test_device_and_place_of_the_results_change_nothing(study):
    before = study.strings()
    assert study.strings(device="cuda") == before
    (study.folder / "results").rename(study.folder / "moved")
    assert study.strings(results=str(study.folder / "moved")) == before


def test_the_seed_changes_what_draws_and_not_what_reads(study):
    changed = different(study.strings(), study.strings(seed=2))
    assert ("model", "trained") in changed
    of_fixed = {key for key in changed if mentions(key, "fixed")}
    assert kinds(of_fixed) == {"statistics", "ranking", "probe", *USED, *COLLECTED}
    assert {key[2] for key in of_fixed if key[0] == "ranking"} == {"linear", "random"}


def test_the_seed_is_part_of_the_table_that_draws_alone(study):
    found = {
        table: json.loads(study.jobs(seed=2).string("build_table", table=table))["settings"]
        for table in TABLES
    }
    assert {table for table, settings in found.items() if "seed" in settings} == {
        "clusters",
        "inference",
    }
    assert found["clusters"]["seed"] == 2


def test_the_seed_changes_nothing_that_neither_draws_nor_has_a_control_task(study):
    changed = different(study.strings(control=False), study.strings(control=False, seed=2))
    assert not any(key[0] == "statistics" and mentions(key, "fixed") for key in changed)
    of_fixed = {key[2:] for key in changed if key[0] == "probe" and mentions(key, "fixed")}
    drawn = {"linear-ttb", "linear-btt", "random"}
    rankings = [*study.jobs().plan.rankings, "all"]
    assert of_fixed == {("linear", ranking) for ranking in rankings} | {
        ("gaussian", ranking) for ranking in drawn
    }


def test_a_string_names_its_configuration_and_its_own_settings(study):
    jobs = study.jobs()
    (of, *_) = jobs.configurations("fixed", "a")
    settings = json.loads(
        jobs.string("intervene", configuration=of, method="translation", ranker="linear")
    )["settings"]
    assert settings == {
        "model": "fixed",
        "treebank": "a",
        "attribute": of.attribute,
        "layer": of.layer,
        "values": KEPT["a"][of.attribute],
        "ranker": "linear",
        "analyzer": "lexicon",
        "schema": "unimorph",
        "method": "translation",
        "kind_of_method": "translation",
        "method_options": {"beta": 8, "scaled": True},
        "step": 10,
        "split": "test",
        "seed": 1,
    }


def test_a_pipeline_is_part_of_interventions_whose_analyzer_reads_with_it(study):
    def interventions(analyzer, pipeline):
        jobs = study.jobs(analyzer=analyzer)
        jobs.plan.config["treebanks"]["a"]["pipeline"] = pipeline
        (of, *_) = jobs.configurations("fixed", "a")
        return jobs.string("intervene", configuration=of, method="ablation", ranker="random")

    assert interventions("lexicon", "one") == interventions("lexicon", "other")
    assert interventions("spacy", "one") != interventions("spacy", "other")
    assert "lexicon" not in json.loads(interventions("spacy", "one"))["inputs"]


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


def put_what_nobody_reads(folder):
    """What appears in a model's folder beside the model."""
    for name in (
        "README.md",
        ".DS_Store",
        ".gitattributes",
        "model.safetensors.lock",
        "notes.json",
    ):
        (folder / name).write_text(name)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle, beside safetensors")
    (folder / "vocab.txt").write_text("a vocabulary, beside a tokenizer.json")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "b.safetensors"}}')
    (folder / "b.safetensors").write_text("weights of many files, beside those of one")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (folder / "onnx").mkdir()
    (folder / "dangling").symlink_to(folder / "nowhere")
    (folder / "source.json").symlink_to(folder / "nowhere")


def test_what_is_not_read_of_a_model_folder_changes_nothing(study):
    folder = study.folder / "fixed"
    (folder / "tokenizer.json").write_text("{}")
    before, mb = study.strings(), megabytes(str(folder))
    put_what_nobody_reads(folder)
    assert study.strings() == before
    assert megabytes(str(folder)) == mb > 0


READ = {  # what makes it read, and what is read then
    "config.json": {},
    "model.safetensors": {},
    "tokenizer.json": {},
    "tokenizer_config.json": {},
    "special_tokens_map.json": {},
    "vocab.txt": {"tokenizer.json": None},
    "merges.txt": {"tokenizer.json": None},
    "sentencepiece.bpe.model": {"tokenizer.json": None},
    "model.safetensors.index.json": {"model.safetensors": None},
    "b.safetensors": {"model.safetensors": None},
    "named.safetensors": {"config.json": '{"transformers_weights": "named.safetensors"}'},
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_of_a_model_folder_changes_its_jobs(study, name):
    folder = study.folder / "fixed"
    put_what_nobody_reads(folder)
    for other in READ:
        if not (folder / other).exists():
            (folder / other).write_text("{}")
    for other, text in READ[name].items():
        (folder / other).unlink() if text is None else (folder / other).write_text(text)
    before = study.strings()
    text = '{"weight_map": {"z": "b.safetensors"}}' if name.endswith("index.json") else '{"a": 1}'
    (folder / name).write_text(text)
    assert ("activations", "fixed", "a") in different(before, study.strings())


def test_links_of_a_model_folder_are_followed(study, tmp_path):
    """In the library's own cache every file is a link to one without a name."""
    folder = study.folder / "fixed"
    before = study.strings()
    for name in ("config.json", "model.safetensors"):
        (folder / name).rename(tmp_path / name)
        (folder / name).symlink_to(tmp_path / name)
    assert study.strings() == before
    (tmp_path / "model.safetensors").write_text("other weights")
    assert ("activations", "fixed", "a") in different(before, study.strings())


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
            jobs.string("compute_statistics", configuration=of),
            jobs.string("rank_neurons", configuration=of, ranker="probeless"),
            jobs.string("probe_rankings", configuration=of, probe="linear", ranker="random"),
            jobs.string("intervene", configuration=of, method="ablation", ranker="random"),
        ):
            assert json.loads(string)["settings"]["values"] == values
        seen.append(jobs.string("build_table", table="probing"))
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
    model = study.jobs().plan.config["models"]["trained"]
    before, after = (
        study.strings(models={"trained": model | {"treebanks": treebanks}})
        for treebanks in (["a", "b"], ["b", "a"])
    )
    assert ("model", "trained") in different(before, after)


def test_without_probes_on_all_neurons_only_what_has_them_changes(study):
    changed = different(study.strings(), study.strings(neurons={"whole": False}))
    tables = {key for key in changed if key[0] == "table"}
    assert kinds(changed) == {"probes_of", "table"}
    assert ("table", "probing") in tables
    assert ("table", "contrasts") not in tables
