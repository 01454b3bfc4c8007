"""Facts about the plan: what a configuration asks for."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.support.study_on_disk import KEPT, POS, TABLES, Study
from tests.support.workflow import ROOT
from workflow_scripts.command import plugins
from workflow_scripts.files.words import Size
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.configuration_file import ConfigError
from workflow_scripts.study.plan import Plan, PlannedConfiguration
from workflow_scripts.study.slugs import slug

COMPARED = {"contrasts", "inference"}
DESCRIBED = {"neurons", "neuron_values", "neuron_words"}
OF_RANKINGS = {"overlap", "agreement", *DESCRIBED}


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


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
    assert PlannedConfiguration("m", "t", attribute, 7, ()).path == f"m/t/{path}/layer-7"


def test_a_path_names_the_attribute_that_the_treebank_has(study):
    names = ["Number[psor]", "NUMBER[psor]", "Number-psor", "[]"]
    study.keep({"a": {name: ["0", "1"] for name in names}})
    jobs = study.jobs(schema="ud")
    planned = jobs.configurations("fixed", "a")
    assert len({of.path.lower() for of in planned}) == len(planned) == 2 * len(names)
    for of in planned:
        _, _, attribute, layer = of.path.split("/")
        wildcards = {"model": "fixed", "treebank": "a", "attribute": attribute}
        number = layer.removeprefix("layer-")
        assert jobs.configuration(SimpleNamespace(**wildcards, layer=number)) == of


def test_rankings_have_both_directions_and_random_has_one(study):
    plan = study.jobs().plan
    assert plan.directions == {
        "linear": {"ttb": "linear-ttb", "btt": "linear-btt"},
        "gaussian": {"ttb": "gaussian-ttb", "btt": "gaussian-btt"},
        "probeless": {"ttb": "probeless-ttb", "btt": "probeless-btt"},
        "random": {"": "random"},
    }
    assert plan.rankings == [r for found in plan.directions.values() for r in found.values()]


def test_every_ranker_of_the_project_can_be_named(study):
    rankers = plugins.names("rankers")
    plan = study.jobs(rankings=rankers).plan
    assert list(plan.rankers) == rankers
    assert [plan.plugin("rankers", {"ranker": ranker}) for ranker in rankers] == rankers
    assert plan.directions["mutual-information"] == {
        "ttb": "mutual-information-ttb",
        "btt": "mutual-information-btt",
    }


def test_an_entry_with_a_name_runs_its_ranker_and_names_its_rankings(study):
    plan = study.jobs(rankings=[{"ranker": "linear", "name": "again"}, "linear"]).plan
    assert [plan.plugin("rankers", {"ranker": name}) for name in plan.rankers] == ["linear"] * 2
    assert plan.rankings == ["again-ttb", "again-btt", "linear-ttb", "linear-btt"]


def test_a_model_reads_all_treebanks_or_those_it_names(study):
    plan = study.jobs().plan
    assert list(plan.pairs()) == [("fixed", "a"), ("fixed", "b"), ("trained", "b")]


def test_the_rankings_that_start_with_the_best_neuron_are_all_but_the_reverse_ones(study):
    plan = study.jobs().plan
    assert plan.top_rankings == ["linear-ttb", "gaussian-ttb", "probeless-ttb", "random"]


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        ({}, {*TABLES, "transfer"}),
        (
            {"probes": []},
            COMPARED
            | {"interventions", "saturation", "examples", "concord", "transfer", *OF_RANKINGS},
        ),
        (
            {"interventions": []},
            {"probing", "probing_curves", "wilcoxon", "clusters", *OF_RANKINGS} | COMPARED,
        ),
        ({"probes": [], "interventions": []}, OF_RANKINGS),
        (
            {"probes": [], "interventions": [], "neurons": {"describe": 0}},
            OF_RANKINGS - DESCRIBED,
        ),
        ({"rankings": []}, set()),
        ({"models": []}, set()),
    ],
)
def test_a_study_has_the_tables_that_its_rankings_probes_and_interventions_give(
    study, changes, tables
):
    names = study.jobs(**changes).plan.tables
    assert (set(names), len(names)) == (tables, len(tables))


def test_planning_loads_no_statistics_package(study):
    """Though it reads what every table says of itself."""
    code = "import sys; from importlib import import_module\n"
    code += f"for table in {TABLES}: import_module(f'workflow_scripts.tables.tables.{{table}}')\n"
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
    for pair in everything.plan.pairs():
        assert filtered.configurations(*pair) == [
            of for of in everything.configurations(*pair) if left(of)
        ]


def test_an_attribute_that_no_treebank_keeps_is_named(study):
    plan = study.jobs(attributes=["Number", "Mood"]).plan
    with pytest.raises(ConfigError) as raised:
        plan.check_attributes(KEPT, {"a": {"Mood": 43}, "b": {}}, NONE)
    assert str(raised.value) == (
        "attributes: no treebank keeps two values of 'Mood' with min_types: 100 (a has 43 forms of "
        "its second value, train of b has none); kept are Number, Part of Speech, Tense"
    )
    one = {"a": {"Mood": {"train": ["IND"], "dev": ["IND", "IMP"]}}, "b": {"Mood": {"train": []}}}
    with pytest.raises(ConfigError, match=r"\(train of a has only IND, train of b has none\);"):
        plan.check_attributes(KEPT, {"a": {"Mood": 0}, "b": {"Mood": 0}}, one)
    asked = study.jobs(attributes=["Number", "Tense"]).plan
    asked.check_attributes(KEPT, NONE, NONE)  # in b alone
    study.jobs().plan.check_attributes(NONE, NONE, NONE)  # all of none


def test_kept_values_that_a_split_has_no_word_of_are_named_where_they_are_studied(study):
    whole = {
        treebank: {
            attribute: dict.fromkeys(SPLITS, values) for attribute, values in of_treebank.items()
        }
        for treebank, of_treebank in KEPT.items()
    }

    def lacking(study_of=None, **of_a):
        there = whole | {"a": whole["a"] | of_a}
        return (study_of or study.jobs().plan).lacking_values(KEPT, there)

    of_number = {"train": ["PL", "SG"], "dev": ["DU", "SG"], "test": []}
    of_pos = {"train": KEPT["a"][POS], "dev": KEPT["a"][POS], "test": ["V", "N"]}
    assert lacking() == {}
    assert lacking(Number=of_number) == {
        "a": "of Number's kept values, dev has only SG and test has none"
    }
    assert lacking(**{"Number": of_number, POS: of_pos}) == {
        "a": "of Number's kept values, dev has only SG and test has none; "
        "of Part of Speech's kept values, test lacks ADJ"
    }
    assert lacking(study.jobs(attributes=[POS]).plan, Number=of_number) == {}
    assert lacking(study.jobs(skip=[{"treebank": "a"}]).plan, Number=of_number) == {}


LARGEST = {"a": {"Number": 43, POS: 12, "Mood": 0}, "b": {"Tense": 99, "Number": 5}}
NONE = {"a": {}, "b": {}}


@pytest.mark.parametrize(
    ("changes", "kept", "reasons"),
    [
        (
            {},
            NONE,
            "a: with min_types: 100 nothing is kept: nearest comes Number with 43 forms; "
            "b: with min_types: 100 nothing is kept: nearest comes Tense with 99 forms",
        ),
        (
            {"attributes": [POS]},
            NONE,
            f"a: with min_types: 100 nothing is kept: nearest comes {POS} with 12 forms; "
            "b: with min_types: 100 nothing is kept: no attribute has two values",
        ),
        (
            {"skip": [{"layer": [1, 2]}]},
            KEPT,
            f"a: only and skip leave nothing of Number, {POS}; "
            "b: only and skip leave nothing of Number, Tense",
        ),
        (
            {"only": [{"attribute": "Mood"}]},
            KEPT | {"b": {}},
            f"a: only and skip leave nothing of Number, {POS}; "
            "b: with min_types: 100 nothing is kept: nearest comes Tense with 99 forms",
        ),
    ],
)
def test_a_study_without_any_configuration_ends_and_says_why(study, changes, kept, reasons):
    plan = study.jobs(**changes).plan
    with pytest.raises(ConfigError) as raised:
        plan.check_configurations(kept, LARGEST)
    assert str(raised.value) == f"nothing to study: {reasons}"


def test_a_treebank_that_keeps_nothing_beside_others_ends_nothing_and_is_named(study):
    plan = study.jobs().plan
    kept = KEPT | {"a": {}}
    plan.check_configurations(kept, LARGEST)
    reason = "with min_types: 100 nothing is kept: nearest comes Number with 43 forms"
    assert plan.treebanks_without(kept, LARGEST) == {"a": reason}
    assert plan.treebanks_without(KEPT, LARGEST) == {}


def test_a_treebank_that_no_model_reads_or_a_study_without_models_lacks_nothing(study):
    models = {"fixed": study.jobs()._config["models"]["fixed"] | {"treebanks": ["b"]}}
    assert study.jobs(models=models).plan.treebanks_without(KEPT | {"a": {}}, LARGEST) == {}
    study.jobs(models={}).plan.check_configurations(NONE, LARGEST)


def test_configurations_are_counted_for_each_model(study):
    assert study.jobs().plan.counts(KEPT) == {"fixed": 8, "trained": 4}
    only = study.jobs(only=[{"attribute": "Tense", "layer": 1}]).plan
    assert only.counts(KEPT) == {"fixed": 1, "trained": 1}
    assert study.jobs().plan.counts(NONE) == {"fixed": 0, "trained": 0}
    assert study.jobs(models={}).plan.counts(KEPT) == {}


ABLATION = [{"method": "ablation", "step": 10}]


@pytest.mark.parametrize(
    ("changes", "without_lemma", "named"),
    [
        ({}, {"a": 10}, "a"),
        ({}, {"b": 10}, "b"),
        ({}, {"a": 9, "b": 9}, None),  # some lemmas are there
        ({"interventions": []}, {"a": 10}, None),
        ({"analyzer": "spacy"}, {"a": 10}, None),  # a pipeline gives lemmas
        ({"skip": [{"treebank": "a"}]}, {"a": 10}, None),
        ({"only": [{"attribute": "Tense"}]}, {"a": 10}, None),  # which a has not
    ],
)
def test_interventions_on_a_treebank_without_lemmas_are_an_error(
    study, changes, without_lemma, named
):
    plan = study.jobs(**({"interventions": ABLATION} | changes)).plan

    def test_size(treebank):
        return Size(10, without_lemma.get(treebank, 0))

    if named is None:
        plan.check_lemmas(KEPT, test_size)
        return
    with pytest.raises(ConfigError) as error:
        plan.check_lemmas(KEPT, test_size)
    assert str(error.value) == (
        f"treebanks.{named}: no word of its test split has a lemma, and analyzer lexicon compares "
        "lemmas; give interventions: [], or analyzer: spacy, or leave the treebank out with skip"
    )


SENT = {"attributes": ["Number", {"misc": "Sent"}], "interventions": ABLATION}


def test_labels_of_ones_own_are_intervened_on_without_lemmas(study):
    """And an attribute of the schema beside them is named, with what helps: spaCy is refused."""
    kept = {"a": {"Sent": ["x", "y"]}, "b": {"Number": ["PL", "SG"], "Sent": ["x", "y"]}}
    plan = study.jobs(**SENT).plan

    def test_size(without):
        return lambda treebank: Size(10, 10 if treebank in without else 0)

    plan.check_lemmas(kept, test_size("a"))
    assert plan.has_no_lemmas("a", test_size("a"))
    with pytest.raises(ConfigError) as error:
        plan.check_lemmas(kept, test_size("ab"))
    assert str(error.value) == (
        "treebanks.b: no word of its test split has a lemma, and analyzer lexicon compares lemmas, "
        "but for labels of your own; give interventions: [], or leave Number out with "
        "skip: [{treebank: b, attribute: [Number]}]"
    )
    skip = [{"treebank": "b", "attribute": ["Number"]}]
    study.jobs(**SENT, skip=skip).plan.check_lemmas(kept, test_size("ab"))


KIND = {"labels": "data/mine", "attribute": "Kind"}


def test_what_asks_for_lemmas_is_not_made_of_label_files(study):
    plan = study.jobs(
        treebanks={"mine": KIND},
        models={"fixed": {"path": str(study.folder / "fixed")}},
        rankings=["linear", "attribution", "integrated"],
    ).plan
    of = PlannedConfiguration("fixed", "mine", "Kind", 1, ("A", "B"))
    assert plan.stems("rankings", of=of) == ["linear-ttb", "linear-btt"]
    assert plan.stems("probes", top=True, of=of) == [
        "linear-by-linear-ttb",
        "gaussian-by-linear-ttb",
    ]
    assert "attribution-ttb" in plan.stems("rankings")
    assert plan.stems("concord", of=of) == []
    assert {"concord", "transfer"}.isdisjoint(plan.tables)
    assert plan.left_out == {"linear": [], "attribution": ["mine"], "integrated": ["mine"]}
    assert plan.asking_lemmas == [
        *("CLWV", "concord", "ranking by attribution", "ranking by integrated")
    ]


def test_label_files_beside_a_treebank_take_nothing_from_it(study):
    plain = study.jobs(rankings=["linear", "attribution"]).plan
    treebanks = plain.config["treebanks"] | {"mine": KIND}
    plan = study.jobs(rankings=["linear", "attribution"], treebanks=treebanks).plan
    assert plan.tables == plain.tables
    assert "concord" in plan.tables
    for folder in ("rankings", "concord", "transfer", "interventions"):
        of = PlannedConfiguration("fixed", "a", "Number", 1, ("PL", "SG"))
        assert plan.stems(folder, of=of) == plain.stems(folder, of=of)
        of = PlannedConfiguration("fixed", "mine", "Kind", 1, ("A", "B"))
        assert not any("attribution" in stem for stem in plan.stems(folder, of=of))
    of = {"model": "fixed", "collection": "transfer"}
    assert plan.is_made("collect", of | {"treebank": "a"})
    assert not plan.is_made("collect", of | {"treebank": "mine"})


def test_a_study_of_planted_models_alone_has_the_tables_of_their_rankings(study):
    planted = {"compile": {"attribute": "Number"}, "treebanks": ["a"], "truth_only": True}
    plan = study.jobs(models={"planted": planted}).plan
    assert set(plan.tables) == {"agreement", "overlap", "truth"}
    assert set(plan.figures) == {"agreement", "overlap", "truth"}
    every = study.jobs(models={"planted": planted, "other": planted | {"truth_only": False}}).plan
    assert {"probing", "interventions", "truth"} <= set(every.tables)


def test_a_folder_that_is_no_treebank_is_named(study):
    plan = study.jobs().plan
    assert plan.conllu("a", "dev") == study.conllu("a", "dev")
    study.conllu("a", "dev").unlink()
    with pytest.raises(ConfigError, match=r"treebanks\.a\.path: .* 0 files \*-ud-dev\.conllu"):
        plan.conllu("a", "dev")
    (study.folder / "b" / "more-ud-test.conllu").touch()
    with pytest.raises(ConfigError, match=r"treebanks\.b\.path: .* 2 files \*-ud-test\.conllu"):
        plan.conllu("b", "test")
    plan = study.jobs(treebanks={"a": {"path": "nowhere"}}, models=[]).plan
    with pytest.raises(ConfigError, match=r"treebanks\.a\.path: nowhere is not a folder"):
        plan.conllu("a", "train")


def complaint_of(study, **splits):
    """What the plan says of treebank `a` where splits are in other files: {split: names}."""
    for split, names in splits.items():
        study.conllu("a", split).unlink()
        for name in names:
            (study.folder / "a" / name).write_text("")
    with pytest.raises(ConfigError) as error:
        study.jobs().plan.check_treebanks()
    message = str(error.value)
    start = f"treebanks.a.path: {study.folder / 'a'} has "
    assert message.startswith(start)
    assert len(message.splitlines()) == 1
    return message.removeprefix(start).replace(f"{study.folder}/", "")


def test_hidden_files_beside_the_treebanks_are_no_splits(study):
    for split in SPLITS:
        beside = study.conllu("a", split).with_name(f"._a-ud-{split}.conllu")
        beside.write_bytes(b"\x00\x05\x16\x07")  # what macOS writes
    plan = study.jobs().plan
    assert [plan.conllu("a", split) for split in SPLITS] == [
        study.conllu("a", split) for split in SPLITS
    ]
    study.conllu("a", "dev").unlink()
    with pytest.raises(ConfigError, match=r"has 0 files \*-ud-dev\.conllu"):
        plan.check_treebanks()


@pytest.mark.parametrize(
    ("names", "command"),
    [
        (
            ["cs-ud-train-b.conllu", "cs-ud-train-a.conllu", "._cs-ud-train-a.conllu"],
            "cat a/cs-ud-train-a.conllu a/cs-ud-train-b.conllu > a/cs-ud-train.conllu",
        ),
        (
            ["c s-ud-train_1.conllu", "c s-ud-train_2.conllu"],
            "cat 'a/c s-ud-train_1.conllu' 'a/c s-ud-train_2.conllu' > 'a/c s-ud-train.conllu'",
        ),
    ],
)
def test_a_split_in_parts_is_told_how_to_become_one(study, names, command):
    assert complaint_of(study, train=names).replace(f"'{study.folder}/", "'") == (
        f"0 files *-ud-train.conllu, one is needed; it is in parts: {command}"
    )


@pytest.mark.parametrize(
    ("end", "command"), [("gz", "gunzip --keep"), ("zip", "unzip"), ("xz", "unxz --keep")]
)
def test_a_packed_split_is_told_how_to_be_unpacked(study, end, command):
    assert complaint_of(study, dev=[f"cs-ud-dev.conllu.{end}"]) == (
        f"0 files *-ud-dev.conllu, one is needed; it is packed: {command} a/cs-ud-dev.conllu.{end}"
    )


def test_two_files_of_a_split_are_named(study):
    assert complaint_of(study, test=["b-ud-test.conllu", "a-ud-test.conllu"]) == (
        "2 files *-ud-test.conllu, one is needed (a-ud-test.conllu, b-ud-test.conllu)"
    )


def test_a_folder_of_treebanks_is_told_from_a_treebank(study):
    plan = study.jobs(treebanks={"all": {"path": str(study.folder)}}, models=[]).plan
    with pytest.raises(ConfigError, match=r"; name the folder of one treebank, as .*/a$"):
        plan.check_treebanks()


def test_a_link_to_a_split_that_is_not_there_is_named(study):
    """As git-annex leaves files that are not fetched."""
    path = study.conllu("a", "train")
    path.unlink()
    path.symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"a-ud-train\.conllu is a link to a file that is not th"):
        study.jobs().plan.check_treebanks()


def test_a_folder_is_used_where_it_is_and_what_is_made_lies_in_the_results(study):
    plan = study.jobs().plan
    assert plan.model_folder("fixed") == study.folder / "fixed"
    assert plan.model_folder("trained") == study.folder / "results" / "models" / "trained"
    plan = study.jobs(treebanks={"b": {"grammar": "english"}}, models=[], results="r").plan
    assert str(plan.conllu("b", "dev")) == "r/treebanks/b/b-ud-dev.conllu"


@pytest.mark.parametrize(("device", "gpus"), [("cpu", 0), ("auto", 1), ("cuda:1", 1)])
def test_a_job_takes_a_gpu_where_it_may_run_on_one(study, device, gpus):
    assert study.jobs(device=device).plan.gpus == gpus


def test_an_analyzer_that_reads_with_a_pipeline_has_one_for_every_treebank_that_is_read(study):
    def plan(**pipelines):
        config = study.jobs(analyzer="spacy").plan.config
        treebanks = {
            name: entry | ({"pipeline": pipelines[name]} if name in pipelines else {})
            for name, entry in config["treebanks"].items()
        }
        return Plan(config | {"treebanks": treebanks})

    read = sorted({treebank for _, treebank in plan().pairs()})
    with pytest.raises(ConfigError, match=rf"treebanks\.{read[0]}\.pipeline: missing"):
        plan().check_pipelines(installed=False)
    named = plan(**dict.fromkeys(read, "xx_no_such"))
    named.check_pipelines(installed=False)
    assert named.packages == ["spacy", "xx_no_such"]
    with pytest.raises(ConfigError, match="xx_no_such is not installed; pip install -r envs/spacy"):
        named.check_pipelines(installed=True)
    lexicon = study.jobs().plan
    lexicon.check_pipelines(installed=True)
    assert lexicon.packages == []


def test_a_method_is_given_its_options_and_nothing_else(study):
    jobs = study.jobs()

    def options(method):
        return jobs.setting("intervene", "method_options", {"method": method})

    assert options("ablation") == {}
    assert options("translation") == {"beta": 8, "scaled": True}


def test_a_path_names_its_attribute_again(study):
    wildcards = SimpleNamespace(model="fixed", treebank="a", attribute="part-of-speech", layer="2")
    assert study.jobs().configuration(wildcards) == PlannedConfiguration(
        "fixed", "a", POS, 2, tuple(KEPT["a"][POS])
    )
