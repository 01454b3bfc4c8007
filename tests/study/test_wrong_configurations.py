"""Facts about wrong configurations, made from the schema: every key wrong in every way it can be.

What the schema cannot say (an unknown ranking, a layer that a model has not) is in
`test_configuration_file`.
"""

import copy
import json
from pathlib import Path

import pytest
import yaml

from workflow_scripts.rankings.rankers import random
from workflow_scripts.study import configuration_file
from workflow_scripts.study.configuration_file import ConfigError, checked

SCHEMA = json.loads(
    Path(configuration_file.__file__).with_name("config.schema.json").read_text("utf-8")
)
FULL = yaml.safe_load("""
treebanks:
  english: {grammar: english, sentences: 300}
  imst:
    ud: UD_Turkish-IMST
    release: r2.16
    files:
      tr_imst-ud-train.conllu: 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
      tr_imst-ud-dev.conllu: 1f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
      tr_imst-ud-test.conllu: 2f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c
  ewt: {path: data/UD_English-EWT, pipeline: en_core_web_sm}
models:
  demo:
    train: {layers: 3, width: 96, heads: 4, vocabulary: 2000, epochs: 20}
    treebanks: [english]
  mbert: {hub: google-bert/bert-base-multilingual-cased, revision: abc}
  mine: {path: models/mine}
  planted:
    compile:
      attribute: Number
      used: 3
      decoys: [0.5, 0]
      noise: 4
      layers: 3
      xor: true
      rotate: 4
      correlated: true
      seeds: 2
    treebanks: [english]
    truth_only: true
  in-full-2:
    compile: {attribute: Number, layers: 3}
    treebanks: [english]
    copy: 2
    of: in-full
schema: unimorph
min_types: 50
attributes: [Number]
layers: [0, 2]
rankings: [{ranker: linear, name: again}, random]
probes: [linear]
neurons: {max: 60, report: [10, 50], whole: true, describe: 5}
control: {labels: empirical, ranking: control}
interventions:
  - {name: half, method: translation, beta: 8, scaled: true, step: 10, split: test}
concord: [half]
transfer: [half]
analyzer: lexicon
device: cpu
precision: fast
seed: 3
results: elsewhere
only:
  - {model: demo, treebank: [english], attribute: Number, layer: [0, 2]}
skip:
  - {model: [mbert], treebank: imst, attribute: [Number], layer: 2}
sources: {ud: "https://mirror.org/ud", hub: "http://localhost:8080"}
""")
FULL["rankings"] += [{"file": random.__file__, "name": "mine"}]
OF_TYPE = {
    "string": ["x"],
    "integer": [7],
    "number": [2.5, float("nan"), float("inf"), 7.0],
    "boolean": [True, False],
    "array": [[], [5], ["x"], [[]]],
    "object": [{}, {"x": 1}],
    "null": [None],
}
MISSING = object()


def resolved(schema):
    """A part of the schema, with what it refers to in place of the reference."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return resolved(SCHEMA["$defs"][name]) | schema if name else schema


def parts(schema, value, path=()):
    """Yield (path, schema, value) of every key in FULL that the schema describes."""
    schema = resolved(schema)
    yield path, schema, value
    branches = [schema, *map(resolved, schema.get("anyOf", []))]
    for branch in branches:
        if isinstance(value, dict):
            for key, inner in value.items():
                of_key = branch.get("properties", {}).get(key, branch.get("additionalProperties"))
                if isinstance(of_key, dict):
                    yield from parts(of_key, inner, (*path, key))
        elif isinstance(value, list) and "items" in branch:
            for i, inner in enumerate(value):
                yield from parts(branch["items"], inner, (*path, i))


def of_other_types(schema):
    """Values of every type but those that a part of the schema allows."""
    branches = [resolved(branch) for branch in schema.get("anyOf", [schema])]
    allowed = {branch.get("type", "string") for branch in branches}
    for kind, values in OF_TYPE.items():
        if kind not in allowed:
            yield from values


def wrong_values(schema, value):
    """Values that a part of the schema must refuse, where `value` is right."""
    yield from of_other_types(schema)
    if "minimum" in schema:
        yield schema["minimum"] - 1
        yield -(10**30)
    if schema.get("minLength") or "pattern" in schema:
        yield ""
    if "pattern" in schema:
        yield from ("?", "a b", f"{value}\n", f"\n{value}", "$(reboot)", "{value}")
    if "const" in {key for branch in schema.get("anyOf", []) for key in branch}:
        yield "neither"
    if isinstance(value, list):
        if schema.get("uniqueItems"):
            yield value + value[:1]
        if any(resolved(b).get("minItems") for b in [schema, *schema.get("anyOf", [])]):
            yield []
    if isinstance(value, dict):
        if schema.get("minProperties"):
            yield dict(list(value.items())[: schema["minProperties"] - 1])
        if "maxProperties" in schema:
            yield value | {"x-ud-dev.conllu": "0" * 40}


def dotted(path):
    """A key as a person writes it."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def changed(path, value):
    config = copy.deepcopy(FULL)
    inner = config
    for step in path[:-1]:
        inner = inner[step]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return config


PARTS = list(parts(SCHEMA, FULL))
WRONG = {path: list(wrong_values(schema, right)) for path, schema, right in PARTS if path}
WRONG[("models",)].remove([])  # no model is a list too
# Short forms (short_forms.py): a number for a list of one, a folder for a treebank.
WRONG[("neurons", "report")].remove(7)
for name in FULL["treebanks"]:
    WRONG[("treebanks", name)].remove("x")
UNKNOWN = [path for path, schema, _ in PARTS if schema.get("additionalProperties") is False]
NAMES = [(path, value) for path, schema, value in PARTS if "propertyNames" in schema]
REQUIRED = [(*path, key) for path, schema, _ in PARTS for key in schema.get("required", [])]


@pytest.fixture(autouse=True)
def model_folder(tmp_path, monkeypatch):
    """The working directory, with the model folder that FULL names."""
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"num_hidden_layers": 3}')
    monkeypatch.chdir(tmp_path)


def complaint(config):
    before = repr(config)
    with pytest.raises(ConfigError) as caught:
        checked(config)
    assert repr(config) == before
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_the_configuration_that_the_wrong_ones_are_made_of_is_right():
    assert checked(FULL)["results"] == "elsewhere"


def test_every_key_of_the_schema_is_in_it():
    def keys(schema):
        schema = resolved(schema)
        inner = [*schema.get("properties", {}).items()]
        more = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", [])]
        found = {(name,) for name, _ in inner}
        found |= {(name, *rest) for name, part in inner for rest in keys(part)}
        return found | {rest for part in more if isinstance(part, dict) for rest in keys(part)}

    named = {tuple(step for step in path if isinstance(step, str)) for path, *_ in PARTS}
    variable = {*FULL["treebanks"], *FULL["models"], *FULL["treebanks"]["imst"]["files"]}
    met = {tuple(step for step in path if step not in variable) for path in named}
    met |= {(path[0], *path[2:]) for path in named if len(path) > 1 and path[1] in variable}
    assert keys(SCHEMA) <= met
    assert sum(map(len, WRONG.values())) > 500


@pytest.mark.parametrize("path", WRONG, ids=dotted)
def test_a_wrong_value_is_named_with_its_key(path):
    for value in WRONG[path]:
        message = complaint(changed(path, value))
        # A list or a mapping can be wrong in what it holds; then that is named.
        assert message.startswith(dotted(path)), value
        assert message[len(dotted(path))] in ":[.", message
        inner = list(value.values()) if isinstance(value, dict) else value
        values = [value, *(inner if isinstance(inner, list) else [])]
        said = [*map(repr, values), "possible: ", ": missing", "exactly one of"]
        assert any(words in message for words in said), message


@pytest.mark.parametrize("path", UNKNOWN, ids=dotted)
def test_an_unknown_key_is_named_with_what_is_possible(path):
    message = complaint(changed((*path, "unknown"), 1))
    assert message.startswith(f"{dotted((*path, 'unknown'))}: unknown key; possible: ")
    assert str(next(s for p, s, _ in PARTS if p == path)["properties"].popitem()[0]) in message


@pytest.mark.parametrize(("path", "value"), NAMES, ids=[dotted(path) for path, _ in NAMES])
@pytest.mark.parametrize("name", ["", "a b", "a/b", "../a", "-a", "a\n", "é", "{a}", 5, None, True])
def test_a_name_that_cannot_be_part_of_a_path_is_named(path, value, name):
    renamed = dict(value)
    renamed[name] = renamed.pop(next(iter(value)))
    message = complaint(changed(path, renamed))
    assert message.startswith(f"{dotted(path)}: {name!r} is not ")


@pytest.mark.parametrize("path", REQUIRED, ids=dotted)
def test_a_missing_key_is_named(path):
    assert complaint(changed(path, MISSING)) == f"{dotted(path)}: missing"


@pytest.mark.parametrize("config", [None, [], ["treebanks"], "treebanks", 5, True, [("a", 1)]])
def test_what_is_no_mapping_is_no_configuration(config):
    assert complaint(config) == f"the configuration: {config!r} is not a mapping of keys to values"


@pytest.mark.parametrize("key", ["", "a\nb", "\x1b[31m", " layers"])
def test_an_unknown_key_that_a_terminal_would_not_show_stands_in_quotes(key):
    assert complaint(FULL | {key: 1}).startswith(f"{key!r}: unknown key; possible: ")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a\0b", r"'a\x00b' is not a Hugging Face folder (no config.json)"),
        ("x" * 5000, "cannot be read (File name too long)"),
        ("nowhere", "nowhere is not a Hugging Face folder (no config.json)"),
        ("~", f"{Path.home()} is not a Hugging Face folder (no config.json)"),
        ("a\nb", r"'a\nb' is not a Hugging Face folder (no config.json)"),
    ],
)
def test_a_path_that_is_no_model_folder_is_named(path, says):
    message = complaint(changed(("models", "mine", "path"), path))
    assert message.startswith("models.mine.path: ")
    assert says in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "is not JSON; download it again"),
        (b"[]", "is not JSON ("),
        (b"\xff", "is not JSON; download it again"),
        (b"[" * 100_000, "is not JSON (maximum recursion"),
        (b'{"num_hidden_layers": "3"}', "says num_hidden_layers: '3', not an integer"),
        (b'{"num_hidden_layers": 3.0}', "says num_hidden_layers: 3.0, not an integer"),
        (b'{"num_hidden_layers": true}', "says num_hidden_layers: True, not an integer"),
    ],
)
def test_a_model_folder_that_does_not_say_how_many_layers_it_has_is_named(text, says):
    Path("models/mine/config.json").write_bytes(text)
    message = complaint(FULL)
    assert message.startswith("models.mine.path: models/mine/config.json")
    assert says in message


@pytest.mark.parametrize("beta", [10**400, -1, 0.0, float("-inf"), "8", None, [], True])
def test_a_beta_that_is_no_positive_number_is_named(beta):
    message = complaint(changed(("interventions", 0, "beta"), beta))
    expected = f"{beta!r} is not a number above 0"
    if beta == []:
        expected = "[] is empty; give a number, or a list of them"
    assert message == f"interventions[0].beta: {expected}"
