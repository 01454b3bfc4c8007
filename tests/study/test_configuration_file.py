"""Facts about the configuration: every complaint names key, value and what is possible."""

import copy
import csv
import json
from pathlib import Path

import pytest
import yaml

from tests.support.study_on_disk import Study
from tests.support.workflow import ROOT
from workflow_scripts.command import plugins
from workflow_scripts.study import fingerprint, steps
from workflow_scripts.study.configuration_file import ConfigError, checked, expanded
from workflow_scripts.study.configuration_text import check_text
from workflow_scripts.study.plan import Plan
from workflow_scripts.words.schemas import unimorph

VALID = """
treebanks:
  english: {grammar: english, sentences: 300}
  spanish: {grammar: spanish}
  imst:
    ud: UD_Turkish-IMST
    release: r2.16
    files:
      tr_imst-ud-train.conllu: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
      tr_imst-ud-dev.conllu: 1f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
      tr_imst-ud-test.conllu: 2f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
  ewt: {path: data/UD_English-EWT}
models:
  demo:
    train: {layers: 3, width: 96, heads: 4, vocabulary: 2000, epochs: 20}
    treebanks: [english, spanish]
  mbert: {hub: google-bert/bert-base-multilingual-cased, revision: abc}
attributes: [Number, Part of Speech]
layers: [0, 2]
interventions:
  - {method: ablation, step: 10}
  - {method: translation, beta: 8, scaled: true, step: 10}
"""
UD = ["treebanks", "imst"]
FILES = [*UD, "files"]
TRAIN = ["models", "demo", "train"]
TRANSLATION = ["interventions", 1]
MISSING = object()


def valid():
    return yaml.safe_load(VALID)


def changed(config, path, value):
    """A copy of a configuration where the key at `path` has a value, or is missing."""
    config = copy.deepcopy(config)
    *above, key = path
    inner = config
    for step in above:
        inner = inner[step]
    if value is MISSING:
        del inner[key]
    else:
        inner[key] = value
    return config


def complaint(config):
    with pytest.raises(ConfigError) as caught:
        checked(config)
    message = str(caught.value)
    assert "\n" not in message
    return message


COMPLAINTS = {
    # an unknown key at every level
    "key": (["layer"], [2], ["layer: unknown key", "possible: analyzer", "mean layers?"]),
    "key YAML reads as a boolean": ([True], 1, ["True: unknown key", "possible: analyzer"]),
    "treebank's key": (
        ["treebanks", "english", "sentence"],
        9,
        ["treebanks.english.sentence: unknown", "grammar", "path", "ud", "mean sentences?"],
    ),
    "model's key": (
        ["models", "mbert", "revison"],
        "abc",
        ["models.mbert.revison: unknown", "hub", "path", "train", "mean revision?"],
    ),
    "training's key": (
        [*TRAIN, "layer"],
        3,
        ["models.demo.train.layer: unknown", "epochs", "vocabulary", "mean layers?"],
    ),
    "compiling's key": (
        ["models", "planted"],
        {"compile": {"attribute": "Number", "decoy": [0.1]}},
        ["models.planted.compile.decoy: unknown", "attribute, correlated", "mean decoys?"],
    ),
    "several treebanks' compiled model": (
        ["models", "planted"],
        {"compile": {"attribute": "Number"}},
        ["models.planted.treebanks: a compiled model knows the forms of one", "english"],
    ),
    "compiled attribute": (
        ["models", "planted"],
        {"compile": {"attribute": "Tense"}, "treebanks": ["english"]},
        ["models.planted.compile.attribute: 'Tense' is none of attributes", "Number"],
    ),
    "compiled layers": (
        ["models", "planted"],
        {"compile": {"attribute": "Number", "layers": 1}, "treebanks": ["english"]},
        ["layers: 2, but model planted has layers 0 to 1"],
    ),
    "one of several compiled models": (
        ["models"],
        {
            "p-1": {"train": {"layers": 3, "width": 8, "heads": 2, "vocabulary": 200, "epochs": 1}},
            "p": {
                "compile": {"attribute": "Number", "seeds": 2, "layers": 12},
                "treebanks": ["english"],
            },
        },
        ["models: 'p-1' is one of the 2 of p, too"],
    ),
    "neurons' key": (
        ["neurons"],
        {"max": 9, "reports": [3]},
        ["neurons.reports: unknown", "possible: describe, max, report", "mean report?"],
    ),
    "sources' key": (["sources"], {"hubs": "x"}, ["sources.hubs: unknown", "hub, ud", "mean hub?"]),
    "intervention's key": (
        [*TRANSLATION, "scale"],
        True,
        ["interventions[1]", "'scale'", "beta, scaled", "mean scaled?"],
    ),
    "filter's key": (
        ["only"],
        [{"layers": 2}],
        ["only[0].layers: unknown", "attribute, layer, model, treebank", "mean layer?"],
    ),
    # an unknown name
    "ranking": (
        ["rankings"],
        ["random", "linaer"],
        [
            "rankings[1]",
            "'linaer'",
            "possible: attribution, fisher, gaussian",
            "random",
            "mean linear?",
        ],
    ),
    "a direction of a ranking": (["rankings"], ["linear-ttb"], ["'linear-ttb'", "mean linear?"]),
    "probe": (
        ["probes"],
        ["gausian"],
        ["probes[0]", "'gausian'", "gaussian, linear", "mean gaussian?"],
    ),
    "attribute": (
        ["attributes"],
        ["Number", "Gender"],
        ["attributes[1]", "'Gender'", "Animacy", "Gender and Noun Class", "Voice"],
    ),
    "attribute, nearly": (["attributes"], ["Nubmer"], ["'Nubmer'", "mean Number?"]),
    "analyzer": (["analyzer"], "lexicn", ["analyzer", "'lexicn'", "mean lexicon?"]),
    "schema": (["schema"], "unimorf", ["schema", "'unimorf'", "ud, unimorph", "mean unimorph?"]),
    "grammar": (
        ["treebanks", "spanish", "grammar"],
        "spansh",
        ["treebanks.spanish.grammar", "'spansh'", "english, spanish", "mean spanish?"],
    ),
    "a grammar's part": (
        ["treebanks", "spanish", "grammar"],
        "spanish_forms",
        ["'spanish_forms'", "possible: english, spanish"],
    ),
    "method": (
        [*TRANSLATION, "method"],
        "translate",
        ["interventions[1].method", "'translate'", "possible: ablation", "mean translation?"],
    ),
    "device": (["device"], "gpu", ["device", "'gpu'", "auto", "cpu", "cuda"]),
    "precision": (["precision"], "faste", ["precision", "'faste'", "'exact'", "'fast'"]),
    "a model's treebank": (
        ["models", "demo", "treebanks"],
        ["english", "spansh"],
        ["models.demo.treebanks", "'spansh'", "possible: english", "mean spanish?"],
    ),
    "only's model": (
        ["only"],
        [{"layer": 2}, {"model": ["demo", "mbret"]}],
        ["only[1].model", "'mbret'", "demo, mbert", "mean mbert?"],
    ),
    "skip's treebank": (
        ["skip"],
        [{"treebank": "englsh"}],
        ["skip[0].treebank", "'englsh'", "possible: english", "mean english?"],
    ),
    "skip's layer": (["skip"], [{"layer": 7}], ["skip[0].layer", "7", "possible: 0, 2"]),
    # layers
    "layer beyond the model's": (["layers"], [2, 4], ["layers: 4", "demo", "layers 0 to 3"]),
    "negative layer": (["layers"], [-1], ["layers[0]", "-1", "minimum of 0"]),
    "no layer": (["layers"], [], ["layers", "[]"]),
    "a layer twice": (["layers"], [2, 2], ["layers", "[2, 2]", "non-unique"]),
    # sources
    "two sources of a treebank": (
        ["treebanks", "english", "path"],
        "x",
        ["treebanks.english", "path and grammar", "exactly one of path, ud, grammar"],
    ),
    "two sources of a model": (
        ["models", "mbert", "path"],
        "x",
        ["models.mbert", "path and hub", "exactly one of path, hub, train"],
    ),
    "no source of a treebank": (
        ["treebanks", "english"],
        {"sentences": 300},
        ["treebanks.english", "no source", "exactly one of path, ud, grammar"],
    ),
    "no source of a model": (["models", "mbert"], {}, ["models.mbert", "path, hub, train"]),
    "no treebank": (["treebanks"], {}, ["treebanks", "{}"]),
    "nothing said of a treebank": (
        ["treebanks", "ewt"],
        None,
        ["treebanks.ewt", "None", "{path: "],
    ),
    "release of a folder": (
        ["treebanks", "ewt", "release"],
        "r2.16",
        ["treebanks.ewt.release", "not an option of path", "possible: dev, path"],
    ),
    "sentences of a download": (
        [*UD, "sentences"],
        300,
        ["treebanks.imst.sentences", "not an option of ud", "files, pipeline, release, ud"],
    ),
    "revision of a model to train": (
        ["models", "demo", "revision"],
        "abc",
        ["models.demo.revision", "not an option of train", "possible: train, treebanks"],
    ),
    "no release": ([*UD, "release"], MISSING, ["treebanks.imst.release", "missing"]),
    "no pins": (FILES, MISSING, ["treebanks.imst.files", "missing"]),
    "a pin too few": ([*FILES, "tr_imst-ud-dev.conllu"], MISSING, ["treebanks.imst.files"]),
    "a split twice": (
        FILES,
        {f"{name}.conllu": "0" * 40 for name in ("a-ud-train", "a-ud-dev", "b-ud-dev")},
        ["treebanks.imst.files", "train, dev and test"],
    ),
    "no hash": ([*FILES, "tr_imst-ud-dev.conllu"], "abc", [".tr_imst-ud-dev.conllu", "'abc'"]),
    "a hash YAML reads as a number": (
        [*FILES, "tr_imst-ud-dev.conllu"],
        int("1" * 40),
        [".tr_imst-ud-dev.conllu", "1" * 40, "a text"],
    ),
    # names that become parts of paths, and wildcards
    "a treebank's name": (
        ["treebanks", "en ewt"],
        {"path": "x"},
        ["treebanks", "'en ewt'", "letters, digits, hyphens"],
    ),
    "a model's name": (["models", "a/b"], {"path": "x"}, ["models", "'a/b'"]),
    "a method's name": (
        [*TRANSLATION, "name"],
        "a/b",
        ["interventions[1].name", "'a/b'", "letters"],
    ),
    "a treebank's name in other capitals": (
        ["treebanks", "IMST"],
        {"path": "x"},
        ["treebanks", "'imst' and 'IMST'", "case alone", "rename one"],
    ),
    "a model's name in other capitals": (
        ["models", "Demo"],
        {"path": "x"},
        ["models", "'demo' and 'Demo'", "case alone"],
    ),
    "a method's name in other capitals": (
        [*TRANSLATION, "name"],
        "Ablation",
        ["interventions", "'ablation' and 'Ablation'", "case alone"],
    ),
    "a name too long for a path": (
        ["models", "m" * 101],
        {"path": "x"},
        ["models", "m" * 101, "at most 100"],
    ),
    "Norwegian, to YAML a boolean": (
        ["treebanks", False],
        {"grammar": "english"},
        ["treebanks", "False", "write such a name in quotes"],
    ),
    # options of methods
    "no beta": ([*TRANSLATION, "beta"], MISSING, ["interventions[1].beta", "translation needs it"]),
    "no step": ([*TRANSLATION, "step"], MISSING, ["interventions[1]", "step", "missing"]),
    "beta in quotes": ([*TRANSLATION, "beta"], "8", ["interventions[1].beta", "'8'", "above 0"]),
    "beta 0": ([*TRANSLATION, "beta"], 0, ["interventions[1].beta", "0", "above 0"]),
    "beta true": ([*TRANSLATION, "beta"], True, ["interventions[1].beta", "True", "above 0"]),
    "scaled 1": ([*TRANSLATION, "scaled"], 1, ["interventions[1].scaled", "1", "true or false"]),
    "step 0": ([*TRANSLATION, "step"], 0, ["interventions[1].step", "0", "minimum of 1"]),
    "ablation's beta": (
        ["interventions", 0, "beta"],
        8,
        ["interventions[0]", "'beta'", "possible: method, name, step"],
    ),
    "two interventions of one name": (
        ["interventions"],
        [{"method": "translation", "beta": b, "scaled": True, "step": 10} for b in (4, 8)],
        ["interventions", "2 entries", "'translation'", "name:"],
    ),
    "a name given twice": (
        ["interventions"],
        [{"method": "ablation", "step": step, "name": name} for step, name in enumerate("aba", 1)],
        ["interventions", "2 entries", "'a'"],
    ),
    # types and bounds
    "layers no list": (["layers"], {"a": 2}, ["layers", "'a'", "a list; write [2, 7, 12]"]),
    "layers in words": (["layers"], ["two"], ["layers[0]", "'two'", "a whole number"]),
    "layers in one word": (["layers"], "2,7", ["layers[0]", "'2,7'", "a whole number"]),
    "layers true": (["layers"], [True], ["layers[0]", "True", "a whole number"]),
    "rankings no list": (["rankings"], {"linear": 1}, ["rankings", "{'linear'", "write [linear"]),
    "a probe twice": (["probes"], ["linear"] * 2, ["probes", "non-unique"]),
    "no attribute": (["attributes"], [], ["attributes", "[]"]),
    "control in words": (["control"], "maybe", ["control", "'maybe'", "empirical"]),
    "a control ranking misspelt": (
        ["control"],
        {"rankings": "control"},
        ["control.rankings: unknown", "labels, ranking", "mean ranking?"],
    ),
    "control labels in words": (["control"], {"labels": "any"}, ["control.labels", "'any'"]),
    "negative seed": (["seed"], -1, ["seed", "-1", "minimum of 0"]),
    "no k": (["neurons"], {"max": 9, "report": []}, ["neurons.report", "[]"]),
    "k = 0": (["neurons"], {"max": 0, "report": [1]}, ["neurons.max", "0", "minimum of 1"]),
    "min_types 0": (["min_types"], 0, ["min_types", "0", "minimum of 1"]),
    "no results": (["results"], None, ["results", "None", "a text"]),
    "results that a shell reads": (["results"], "a&b", ["results", "'a&b'", "a shell"]),
    "results like an option": (["results"], "-mine", ["results", "'-mine'", "no hyphen"]),
    "an empty filter": (["skip"], [{}], ["skip[0]", "{}"]),
    "no treebanks at all": (["treebanks"], MISSING, ["treebanks", "missing"]),
    "no layers at all": (["layers"], MISSING, ["layers", "missing"]),
    "width no multiple of heads": (
        [*TRAIN, "width"],
        95,
        ["models.demo.train.width", "95", "multiple of heads, 4"],
    ),
    "no heads": ([*TRAIN, "heads"], MISSING, ["models.demo.train", "heads", "missing"]),
    "a model that is not there": (
        ["models", "mine"],
        {"path": "nowhere/mine"},
        ["models.mine.path", "nowhere/mine", "config.json"],
    ),
    "a filter's attribute": (
        ["only"],
        [{"attribute": ["Number", "Nubmer"]}],
        ["only[0].attribute", "'Nubmer'", "Number", "Part of Speech"],
    ),
    "attributes no list": (["attributes"], {"a": 1}, ["attributes", "'a'", "all", "list"]),
    "beta not a number": ([*TRANSLATION, "beta"], float("nan"), ["interventions[1].beta", "nan"]),
    "beta infinite": ([*TRANSLATION, "beta"], float("inf"), ["interventions[1].beta", "inf"]),
    "a treebank twice": (
        ["models", "demo", "treebanks"],
        ["english", "english"],
        ["models.demo.treebanks", "english"],
    ),
    "a layer with a decimal point": (["layers"], [2.0], ["layers", "2.0", "a whole number"]),
    "a step with a decimal point": ([*TRANSLATION, "step"], 10.0, ["interventions", "10.0"]),
}


COMPLAINTS |= {
    "neurons a number": (["neurons"], 50, ["neurons: 50", "write {max: 150, report: [10, 50,"]),
    "neurons a list": (["neurons"], [10], ["neurons: [10]", "write {max: 150"]),
    "treebanks a list": (["treebanks"], ["a"], ["treebanks: ['a']", "write {eng: {path: data/"]),
    "a treebank of a list": (
        ["treebanks", "ewt"],
        ["grammar", "english"],
        ["treebanks.ewt: ['grammar',", "write {path: ", "{grammar: english}"],
    ),
    "the name of a grammar alone": (
        ["treebanks", "ewt"],
        "english",
        ["treebanks.ewt: 'english'", "{grammar: english}"],
    ),
    "a name of a hub alone": (
        ["models", "mbert"],
        "bert-base-cased",
        ["models.mbert: 'bert-base-cased'", "write {path: ", "{hub: owner/name}"],
    ),
    "models a name": (["models"], "bert", ["models: 'bert'", "write {mine: {path: models/mine}}"]),
    "an intervention's name alone": (
        ["interventions"],
        "ablation",
        ["interventions[0]: 'ablation'", "write {method: ablation, step: 10}"],
    ),
    "a filter of a name alone": (["only"], "english", ["only[0]: 'english'", "write {treebank: "]),
    "a schema in capitals": (["schema"], "UD", ["schema: 'UD'", "did you mean ud?"]),
    "an empty path": (["treebanks", "ewt", "path"], "", ["treebanks.ewt.path: '' is empty"]),
    "a path of nothing": (["treebanks", "ewt", "path"], None, ["treebanks.ewt.path: None", "text"]),
    "a filter of no": (["only"], [{"treebank": False}], ["treebank[0]: False", "name in quotes"]),
}


SHORT = {
    "a layer": (["layers"], 2, [2]),
    "layers as --config has them": (["layers"], ["0", "2"], [0, 2]),
    "a layer as --config has it": (["layers"], "2", [2]),
    "an attribute": (["attributes"], "Number", ["Number"]),
    "an attribute of one's own": (
        ["attributes"],
        {"misc": "Sent", "treebanks": "ewt"},
        [{"misc": "Sent", "name": "Sent", "treebanks": ["ewt"]}],
    ),
    "a ranking": (["rankings"], "linear", [{"ranker": "linear", "name": "linear"}]),
    "a probe": (["probes"], "linear", ["linear"]),
    "a k": (["neurons"], {"max": "60", "report": 10}, {"max": 60, "report": [10]}),
    "truth as --config has it": (["control"], "no", False),
    "a number in quotes": (["min_types"], "50", 50),
    "a treebank of a model": (["models", "demo", "treebanks"], "english", ["english"]),
    "a folder of a treebank": (["treebanks", "ewt"], "data/ewt", {"path": "data/ewt"}),
    "an intervention": (
        ["interventions"],
        {"method": "ablation", "step": "10"},
        [{"method": "ablation", "step": 10, "split": "test", "name": "ablation"}],
    ),
    "a filter": (["skip"], {"layer": "2"}, [{"layer": [2]}]),
}


@pytest.mark.parametrize("name", SHORT)
def test_what_can_be_meant_in_one_way_alone_is_read_so(name):
    path, short, full = SHORT[name]
    found = checked(changed(valid(), path, short))
    for key in path:
        found = found[key]
    if name == "a k":
        found = {key: found[key] for key in full}
    assert found == full


def test_all_attributes_are_not_an_attribute_of_that_name():
    assert checked(changed(valid(), ["attributes"], "all"))["attributes"] == "all"


def test_a_folder_of_a_model_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/config.json").write_text("{}")
    found = checked(changed(valid(), ["models", "mbert"], "mine"))
    assert found["models"]["mbert"] == {"path": "mine"}


def test_a_path_is_read_as_a_shell_reads_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/a")
    monkeypatch.setenv("DATA", "data")
    for written in ("~/data/x", "$HOME/data/x", "${HOME}/$DATA/x"):
        assert expanded(written) == Path("/home/a/data/x")
        assert checked(changed(valid(), ["results"], written))["results"] == "/home/a/data/x"
    (tmp_path / "$DATA").mkdir()
    assert expanded("$DATA") == Path("$DATA")  # that is its name


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("$NOT_SET/x", " ($NOT_SET is not set)"),
        ("${NOT_SET}/x", " (${NOT_SET} is not set)"),
        ("C:\\data\\x", " (in WSL a disk of Windows is /mnt/c/data/x)"),
        ("~nobody-here/x", " (there is no user nobody-here)"),
        ("data/x", ""),
    ],
)
def test_a_path_that_is_not_there_says_what_may_not_be_as_meant(path, why):
    with pytest.raises(ConfigError) as caught:
        Plan(checked(changed(valid(), ["treebanks", "ewt", "path"], path))).conllu("ewt", "dev")
    assert str(caught.value) == f"treebanks.ewt.path: {path} is not a folder{why}"


# A ranker of one's own


OWN = """
DIRECTIONS = ("ttb", "btt")
USES = ("words",)
OPTIONS = {"penalty": "number", "sparse": "boolean"}

def rank(task, penalty, sparse):
    return {}
"""
OPTIONS = {"penalty": 0.5, "sparse": True}


@pytest.fixture
def own(tmp_path):
    """A function: the entry of a ranker of one's own, with its text and its options changed."""

    def entry(old="", new="", **options):
        path = tmp_path / "mine.py"
        assert old in OWN
        path.write_text(OWN.replace(old, new, 1))
        plugins.declared.cache_clear()
        steps.uses.cache_clear()
        given = {"file": str(path)} | OPTIONS | options
        return {key: value for key, value in given.items() if value is not MISSING}

    return entry


def test_a_ranker_is_a_name_a_ranker_with_a_name_or_a_file_with_options(own):
    rankings = ["random", {"ranker": "linear", "name": "again"}, own(), own(name="other")]
    assert checked(valid() | {"rankings": rankings})["rankings"] == [
        {"ranker": "random", "name": "random"},
        {"ranker": "linear", "name": "again"},
        own() | {"name": "mine"},
        own() | {"name": "other"},
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return {}", "return {", ["line 7: cannot be read as Python"]),
        ("return {}", "return \0", ["mine.py: cannot be read as Python"]),
        ("USES =", "NEEDS =", ["USES = ... is missing"]),
        (
            '("words",)',
            '("wrods",)',
            ["USES has 'wrods'", "possible: beta, model, seed, select, statistics"],
        ),
        ('("words",)', '("control",)', ["USES has 'control'"]),
        ('("words",)', '("words")', ["USES = 'words' is not a tuple"]),
        ('("words",)', "5", ["USES = 5 is not a tuple"]),
        ('("words",)', "tuple(x)", ["line 3: USES is not a literal"]),
        ('("ttb", "btt")', '("up",)', ["DIRECTIONS = ('up',)", 'possible: ("ttb", "btt")']),
        ('("ttb", "btt")', "5", ["DIRECTIONS = 5 is not"]),
        ("def rank", "def order", ["def rank(task) is missing"]),
        ('"number"', '"float"', ["OPTIONS = {'penalty': 'float'", '"number"', '"boolean"']),
        ("OPTIONS = {", "OPTIONS = [5] or {", ["line 4: OPTIONS is not a literal"]),
        ('{"penalty": "number", "sparse": "boolean"}', "[1]", ["OPTIONS = [1] is not"]),
        ('"penalty"', '"name"', ["OPTIONS has 'name'", "rename it"]),
        ('"penalty"', '"a b"', ["OPTIONS has 'a b'", "rename it"]),
    ],
)
def test_a_file_that_is_no_ranker_says_why(own, old, new, words):
    entry = own(old, new)
    message = complaint(valid() | {"rankings": ["random", entry]})
    assert message.startswith(f"rankings[1].file: {entry['file']}")
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"file": "nowhere/mine.py"}, ".file: nowhere/mine.py is not there"),
        ({"name": "gaussian"}, ".name: 'gaussian' is another ranker, whose results"),
        ({"file": "$NOT_SET/mine.py"}, ".file: $NOT_SET/mine.py is not there ($NOT_SET is not set"),
        ({"ranker": "linear"}, ": give a ranker: of the project, or the file: of your own"),
        ({"file": MISSING}, ": give a ranker: of the project, or the file: of your own"),
        ({"penalyt": 2}, ": key: 'penalyt' is not possible; possible: file, name, penalty, sparse"),
        ({"penalty": MISSING}, ".penalty: missing"),
        ({"penalty": "2"}, ".penalty: '2' is not a number above 0"),
        ({"penalty": 0}, ".penalty: 0 is not a number above 0"),
        ({"sparse": 1}, ".sparse: 1 is not true or false"),
        ({"name": "a/b"}, ".name: 'a/b' is not possible"),
        ({"name": "linear-by-mine"}, ".name: 'linear-by-mine' is not possible"),
    ],
)
def test_a_wrong_entry_of_a_ranker_says_why(own, changes, said):
    assert complaint(valid() | {"rankings": [own(**changes)]}).startswith(f"rankings[0]{said}")


def test_two_rankings_whose_names_differ_in_case_alone_are_named():
    rankings = [{"ranker": "linear", "name": "mine"}, {"ranker": "random", "name": "Mine"}]
    assert "'mine' and 'Mine' differ in case alone" in complaint(valid() | {"rankings": rankings})


@pytest.mark.parametrize(
    ("ranker", "name", "words"),
    [
        ("linear", "linear", ["2 entries are named 'linear'", "name:"]),
        ("random", "linear-TTB", ["'linear-ttb' is the name of two rankings"]),
        ("random", "all", ["'all' is the name of two rankings, or of all neurons"]),
    ],
)
def test_two_rankings_of_one_name_are_named(ranker, name, words):
    rankings = ["linear", {"ranker": ranker, "name": name}]
    message = complaint(valid() | {"rankings": rankings})
    assert message.startswith("rankings: ")
    assert [word for word in words if word not in message] == [], message


def test_a_ranker_that_imports_what_lies_beside_it_is_told_that_nothing_would_rerun(own):
    entry = own("DIRECTIONS", "import helper\nDIRECTIONS")
    Path(entry["file"]).with_name("helper.py").touch()
    message = complaint(valid() | {"rankings": [entry]})
    assert message.startswith(f"rankings[0].file: {entry['file']}: imports helper from beside it")


@pytest.mark.parametrize("option", ["beta", "layer", "k", "accuracy"])
def test_an_option_of_a_ranker_that_is_a_methods_or_another_column_is_named(own, option):
    entry = own('"penalty"', f'"{option}"', penalty=MISSING, **{option: 2})
    message = complaint(valid() | {"rankings": ["random", entry]})
    assert message.startswith(f"rankings[1].{option}: tables have another column of that name")
    assert message.endswith(f"in OPTIONS of {entry['file']}")


def test_its_text_is_part_of_its_jobs_and_where_it_lies_is_not(own, tmp_path):
    study, path = Study(tmp_path / "study"), tmp_path / "mine.py"

    def string(entry):
        fingerprint._meaning.cache_clear()
        fingerprint.fingerprint.cache_clear()
        jobs = study.jobs(rankings=[entry])
        (of, *_) = jobs.configurations("fixed", "a")
        return jobs.string("rank_neurons", configuration=of, ranker="mine")

    first = string(own())
    assert string(own("return", "# a comment\n    return")) == first
    assert string(own("{}", "{1: 2}")) != first
    assert string(own(penalty=2)) != first
    entry = own()
    path = path.rename(tmp_path / "study" / "moved.py")
    assert string(entry | {"file": str(path), "name": "mine"}) == first


# The text of the file


TEXTS = {
    "treebanks:\n  no: {}\n": ":2: YAML reads 'no' as true or false; write \"no\": with the quotes",
    "a: 1\noff: 2\n": ":2: YAML reads 'off' as true or false",
    "1: {}\n": ":1: YAML reads '1' as a number",
    "1.5: {}\n": ":1: YAML reads '1.5' as a number",
    "a: {~: 1}\n": ":1: YAML reads '~' as nothing",
    "2024-01-01: {}\n": ":1: YAML reads '2024-01-01' as a date",
    "a: 1\nb: 2\na: 3\n": ":3: a stands twice, first in line 1; leave one",
    "a:\n  - {b: 1, b: 2}\n": ":2: b stands twice, first in line 2; leave one",
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_yaml_reads_in_silence_as_something_else_is_named_with_its_line(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        check_text(path)
    assert str(caught.value).startswith(f"{path}{TEXTS[text]}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        '"no": 1',
        "treebanks: &x {b: 1}\nmodels: *x\nneurons: {<<: *x, b: 2}\n",
        "\t",
        "[",
        "- a",
    ],
)
def test_what_is_right_or_no_yaml_passes(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    check_text(path)
    check_text(tmp_path / "not there")


@pytest.mark.parametrize("path", sorted([ROOT / "config.yaml", *(ROOT / "configs").iterdir()]))
def test_the_texts_of_the_project_pass(path):
    check_text(path)


def test_the_configuration_that_the_changes_start_from_is_valid():
    checked(valid())


@pytest.mark.parametrize(("path", "value", "words"), COMPLAINTS.values(), ids=COMPLAINTS.keys())
def test_a_complaint_names_key_value_and_what_is_possible(path, value, words):
    message = complaint(changed(valid(), path, value))
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("key", yaml.safe_load(VALID))
def test_no_key_of_the_top_level_may_be_empty(key):
    assert complaint(changed(valid(), [key], None)).startswith(f"{key}: None")


def model_folder(folder, text):
    (folder / "config.json").write_text(text)
    return changed(valid(), ["models", "mine"], {"path": str(folder)})


def test_a_layer_beyond_those_of_a_model_folder_is_named(tmp_path):
    config = model_folder(tmp_path, json.dumps({"num_hidden_layers": 2}))
    assert checked(config)["models"]["mine"] == {"path": str(tmp_path)}
    message = complaint(model_folder(tmp_path, json.dumps({"num_hidden_layers": 1})))
    assert message == "layers: 2, but model mine has layers 0 to 1"


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_model_folder_with_a_broken_config_is_named(tmp_path, text):
    message = complaint(model_folder(tmp_path, text))
    assert "models.mine.path" in message
    assert str(tmp_path / "config.json") in message


def test_the_width_of_every_model_may_be_any_multiple_of_its_heads():
    for width in (4, 96, 100, 768):
        checked(changed(valid(), [*TRAIN, "width"], width))


def test_the_schema_ud_takes_any_attribute():
    config = changed(valid(), ["schema"], "ud")
    assert checked(changed(config, ["attributes"], ["NumType", "Number[psor]"]))["schema"] == "ud"


SPLIT_FILES = {f"en_x-ud-{split}.conllu": "0" * 40 for split in ("train", "test")}


def test_splits_of_two_treebanks_are_no_treebank(tmp_path):
    entry = {"ud": "UD_English-X", "release": "r2.16"}
    files = SPLIT_FILES | {"tr_y-ud-dev.conllu": "0" * 40}
    config = changed(valid(), ["treebanks", "english"], entry | {"files": files})
    assert "treebanks.english.files: en_x-ud-train.conllu and " in complaint(config)
    assert complaint(config).endswith("are not splits of one treebank")
    for name in files:
        (tmp_path / name).touch()
    plan = Plan(checked(changed(valid(), ["treebanks", "english"], {"path": str(tmp_path)})))
    with pytest.raises(ConfigError) as error:
        plan.check_treebanks()
    assert str(error.value) == (
        f"treebanks.english.path: {tmp_path}: en_x-ud-train.conllu and tr_y-ud-dev.conllu and "
        "en_x-ud-test.conllu are not splits of one treebank"
    )


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ("file", "{}/file is a file; name a folder, there or new"),
        ("file/below", "{}/file is a file; name a folder, there or new"),
        ("link", "{}/link is a link to nowhere; name a folder, there or new"),
    ],
)
def test_results_that_are_no_folder_are_named(tmp_path, results, why):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    said = complaint(valid() | {"results": str(tmp_path / results)})
    assert said == f"results: {why.format(tmp_path)}"
    assert checked(valid() | {"results": str(tmp_path / "new/folder")})


@pytest.mark.parametrize(
    ("number", "value"), [("010", 8), ("1_2", 12), ("0x1F", 31), ("-0_7", -7), ("1:30", 90)]
)
def test_a_number_that_yaml_reads_as_another_is_named_with_its_line(tmp_path, number, value):
    path = tmp_path / "config.yaml"
    path.write_text(f"seed: 12\nlayers: [0, {number}]\n")
    with pytest.raises(ConfigError) as error:
        check_text(path)
    assert str(error.value).startswith(f"{path}:2: YAML reads {number} as {value}; ")
    path.write_text(f"seed: 0\nlayers: [12, -1, 1.5]\nresults: '{number}'\n")
    check_text(path)


@pytest.mark.parametrize(
    ("path", "value", "hint"),
    [
        (["seed"], "1e3", "YAML reads it as a text: write 1000"),
        ([*TRANSLATION, "beta"], "1e1", "YAML reads it as a text: write 10"),
        ([*TRANSLATION, "beta"], "1e-3", "YAML reads it as a text: write 0.001"),
        (["models", "mbert", "hub"], "https://hub/a/b", "owner/name, as google-bert/"),
        (["models", "mbert", "revision"], 1234567, 'write "1234567": with the quotes'),
    ],
)
def test_numbers_and_addresses_as_people_write_them_are_answered(path, value, hint):
    assert hint in complaint(changed(valid(), path, value))


def test_a_treebank_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    for split in ("train", "dev", "test"):
        (tmp_path / f"en_x-ud-{split}.conllu").touch()
    plan = Plan(checked(changed(valid(), ["treebanks", "english"], {"path": str(tmp_path)})))

    def refusing(self, *arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refusing)
    with pytest.raises(ConfigError, match=r"en_x-ud-train\.conllu cannot be read \(Permission"):
        plan.check_treebanks()


def test_an_anchor_under_a_key_of_its_own_is_named_with_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\nx-own: &own {grammar: english}\ntreebanks: {english: *own}\n")
    with pytest.raises(ConfigError) as error:
        check_text(path)
    assert str(error.value).startswith(f"{path}:2: x-own: unknown key; ")
    path.write_text("treebanks: &all\n  a: {grammar: english}\nlayers: &layers [0]\n")
    check_text(path)


def test_two_interventions_of_one_method_can_have_names():
    entries = [
        {"method": "translation", "beta": beta, "scaled": True, "step": 10, "name": f"beta{beta}"}
        for beta in (4, 8)
    ]
    found = checked(changed(valid(), ["interventions"], entries))["interventions"]
    assert [entry["name"] for entry in found] == ["beta4", "beta8"]


def test_an_intervention_is_named_by_its_method():
    names = [entry["name"] for entry in checked(valid())["interventions"]]
    assert names == ["ablation", "translation"]


def test_defaults_are_those_of_the_methods():
    assert checked(
        {"treebanks": {"english": {"grammar": "english", "sentences": 4000}}, "layers": [1]}
    ) == {
        "treebanks": {"english": {"grammar": "english", "sentences": 4000}},
        "models": {},
        "schema": "unimorph",
        "min_types": 100,
        "attributes": "all",
        "layers": [1],
        "rankings": [
            {"ranker": name, "name": name} for name in ("linear", "gaussian", "probeless", "random")
        ],
        "probes": ["linear", "gaussian"],
        "neurons": {"max": 150, "report": [10, 50, 150], "whole": True, "describe": 20},
        "control": True,
        "interventions": [],
        "concord": True,
        "transfer": True,
        "analyzer": "lexicon",
        "device": "auto",
        "precision": "exact",
        "seed": 1,
        "results": "results",
        "only": [],
        "skip": [],
        "sources": {
            "ud": "https://raw.githubusercontent.com/UniversalDependencies",
            "hub": "https://huggingface.co",
        },
    }


@pytest.mark.parametrize(
    ("given", "neurons"),
    [
        ({"max": 60}, {"max": 60, "report": [10, 50]}),
        ({"max": 5}, {"max": 5, "report": [5]}),
        ({"report": [3]}, {"max": 150, "report": [3]}),
    ],
)
def test_what_is_not_said_of_the_neurons_has_a_default(given, neurons):
    neurons = neurons | {"whole": True, "describe": 20}
    assert checked(valid() | {"neurons": given})["neurons"] == neurons


@pytest.mark.parametrize(
    ("control", "task"), [(True, "uniform"), ("empirical", "empirical"), (False, None)]
)
def test_the_control_task_is_uniform_empirical_or_none(control, task):
    assert Plan(checked(valid() | {"control": control})).control == task


@pytest.mark.parametrize(
    ("control", "same"),
    [
        ({}, True),
        ({"labels": "uniform"}, True),
        ({"labels": "empirical", "ranking": "real"}, "empirical"),
        ({"ranking": "control"}, {"labels": "uniform", "ranking": "control"}),
    ],
)
def test_a_control_task_is_written_in_one_way(control, same):
    config = checked(valid() | {"control": control})
    assert config["control"] == same
    assert checked(config) == config
    assert Plan(config).control == ("empirical" if same == "empirical" else "uniform")


def test_rankers_that_read_labels_have_control_rankings_where_they_are_asked_for(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text('DIRECTIONS = ("",)\nUSES = ("seed",)\ndef rank(task): ...\n')
    rankings = {"rankings": ["linear", "fisher", "random", {"file": str(mine)}]}
    by_control = {"control": {"ranking": "control"}}
    assert Plan(checked(valid() | rankings | by_control)).ranked_by_control == {"linear", "fisher"}
    assert Plan(checked(valid() | rankings)).ranked_by_control == set()


def test_a_ranker_that_asks_the_model_has_no_control_ranking_and_is_named():
    config = valid() | {"rankings": ["linear", {"ranker": "integrated", "name": "used"}]}
    checked(config)
    with pytest.raises(
        ConfigError, match=r"control\.ranking: 'control' .* rankings\[1\], used: it"
    ):
        checked(config | {"control": {"ranking": "control"}})


def test_names_may_have_hyphens():
    config = valid()
    config["treebanks"] |= {"en-ewt": {"grammar": "english"}}
    assert "en-ewt" in checked(config)["treebanks"]


def test_defaults_are_not_shared_between_studies():
    minimal = {"treebanks": {"english": {"grammar": "english", "sentences": 4000}}, "layers": [1]}
    checked(minimal)["neurons"]["report"].append(3)
    assert checked(minimal)["neurons"]["report"] == [10, 50, 150]


def test_a_mirror_of_one_source_leaves_the_other():
    sources = checked(changed(valid(), ["sources"], {"hub": "https://mirror.org"}))["sources"]
    assert sources["hub"] == "https://mirror.org"
    assert sources["ud"].startswith("https://raw.githubusercontent.com/")


@pytest.mark.parametrize("key", ["models", "rankings", "probes", "interventions"])
def test_these_may_be_empty_lists(key):
    config = changed(valid(), [key], [])
    assert not checked(config)[key]


def test_checking_changes_nothing_in_what_it_is_given_and_twice_is_once():
    config = valid() | {"skip": [{"layer": 2}]}
    before = copy.deepcopy(config)
    once = checked(config)
    assert config == before
    assert checked(once) == once
    assert once["skip"] == [{"layer": [2]}]


def names_in_a_configuration():
    """Every name of the project that a configuration can hold."""
    return [name for kind in plugins.FOLDERS for name in plugins.names(kind)]


def test_no_name_that_a_configuration_can_hold_is_a_boolean_or_number_in_yaml():
    # YAML reads ON, NO and 1 as something else than strings; UniMorph has values ON and 1, which
    # no key of a configuration takes.
    names = [*names_in_a_configuration(), *unimorph.ATTRIBUTES]
    assert yaml.safe_load(f"[{', '.join(names)}]") == names
    assert {"linear", "translation", "lexicon", "spanish", "Part of Speech"} <= set(names)


def test_filters_take_no_values_of_attributes():
    assert "possible: attribute, layer, model, treebank" in complaint(
        changed(valid(), ["only"], [{"value": "ON"}])
    )


CONFIGS = [ROOT / "config.yaml", *sorted((ROOT / "configs").glob("*.yaml"))]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_of_the_project_is_valid(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = yaml.safe_load(path.read_text())
    sources = [*config["treebanks"].values(), *config["models"].values()]
    absent = [s["path"] for s in sources if "path" in s and not Path(s["path"]).exists()]
    if absent:
        pytest.skip(f"{absent[0]} is not there")
    plan = Plan(checked(config))
    assert plan.rankings
    assert list(plan.pairs())


def test_the_default_study_downloads_nothing():
    config = checked(yaml.safe_load((ROOT / "config.yaml").read_text()))
    assert all("grammar" in entry for entry in config["treebanks"].values())
    assert all({"train", "compile"} & set(entry) for entry in config["models"].values())


UNPINNED = {"dccuchile/bert-base-spanish-wwm-cased", "almanach/camembert-base"}
"""Whose commits nobody has said; the download prints the line that pins them."""


@pytest.mark.parametrize("path", CONFIGS[1:], ids=lambda path: path.stem)
def test_whatever_a_study_downloads_is_pinned(path):
    config = yaml.safe_load(path.read_text())
    for entry in config["treebanks"].values():
        assert "ud" not in entry or len(entry["files"]) == 3
    for entry in config["models"].values():
        pinned = entry.get("hub") in UNPINNED or len(entry.get("revision", "")) == 40
        assert "hub" not in entry or pinned


def test_the_paper_is_nine_treebanks_by_two_models_as_pinned(shared):
    with (shared / "ud_r2.16_files.csv").open() as file:
        pins = {row["file"]: row["git_blob_sha1"] for row in csv.DictReader(file)}
    config = yaml.safe_load((ROOT / "configs/paper.yaml").read_text())
    found = {}
    for entry in config["treebanks"].values():
        found |= entry["files"]
    assert found == pins
    assert len(config["treebanks"]) == 9
    assert len(config["models"]) == 2


def test_no_two_studies_write_to_one_folder():
    folders = [yaml.safe_load(path.read_text())["results"] for path in CONFIGS]
    assert len(set(folders)) == len(folders)


def test_a_list_of_numbers_is_an_entry_each_and_dev_is_in_the_name():
    entry = {"method": "translation", "scaled": True, "step": 10}
    entries = [entry | {"beta": [2, 0.5]}, entry | {"beta": 2, "split": "dev"}]
    found = checked(valid() | {"interventions": entries})["interventions"]
    assert [(e["name"], e["beta"], e["split"]) for e in found] == [
        ("translation-beta-2", 2, "test"),
        ("translation-beta-0.5", 0.5, "test"),
        ("translation-dev", 2, "dev"),
    ]
    # As it stands in a report: read again it is the same.
    assert checked(valid() | {"interventions": found})["interventions"] == found
    named = entry | {"name": "constant", "beta": [1, 2], "split": "dev"}
    found = checked(valid() | {"interventions": [named]})["interventions"]
    assert [e["name"] for e in found] == ["constant-beta-1-dev", "constant-beta-2-dev"]


def test_an_option_may_have_a_default_and_may_be_a_text():
    entries = [{"method": "resample", "step": 5}, {"method": "resample", "step": 5, "name": "own"}]
    entries[1]["same"] = True
    entries.append({"method": "steer", "to": "PL", "beta": 2, "scaled": False, "step": 5})
    found = checked(valid() | {"interventions": entries})["interventions"]
    assert [e.get("same") for e in found] == [False, True, None]
    for wrong, hint in ((True, "YAML reads yes, no, on and off"), (3, "write it in quotes")):
        config = valid() | {"interventions": [entries[2] | {"to": wrong}]}
        with pytest.raises(
            ConfigError, match=rf"interventions\[0\].to: {wrong} is not a text; {hint}"
        ):
            checked(config)
    del entries[2]["to"]
    with pytest.raises(ConfigError, match=r"interventions\[2\].to: missing; steer needs it"):
        checked(valid() | {"interventions": entries})


@pytest.mark.parametrize(
    ("concord", "expected"),
    [
        (["translation", "ablation"], True),
        (["translation"], ["translation"]),
        ([], False),
        (True, True),
        (False, False),
    ],
)
def test_concord_is_of_all_interventions_of_some_or_of_none(concord, expected):
    entries = [{"method": "ablation", "step": 5}]
    entries.append({"method": "translation", "beta": 2, "scaled": False, "step": 5})
    entries.append(entries[1] | {"split": "dev"})
    config = valid() | {"interventions": entries, "concord": concord}
    assert checked(config)["concord"] == expected
    with pytest.raises(ConfigError, match=r"concord\[0\]: 'translation-dev' is not possible"):
        checked(config | {"concord": ["translation-dev"]})
