"""The configuration: checked before anything runs.

The JSON schema beside this file says what keys there are; rankers, probes, intervention methods,
analyzers, schemas and grammars are whatever files their folders hold. Every complaint names the
key, the value and what is possible.
"""

import copy
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from keyword import iskeyword
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from workflow_scripts import InputError
from workflow_scripts.command.near import did_you_mean
from workflow_scripts.command.plugins import (
    declared,
    functions,
    imported_beside,
    is_file,
    load,
    names,
)
from workflow_scripts.files.columns import ALL, RESERVED
from workflow_scripts.files.model_folder import require_content
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study import own_attributes
from workflow_scripts.study.short_forms import in_full
from workflow_scripts.study.steps import uses
from workflow_scripts.study.treebank_folder import NO_DEV, check_one_treebank

SOURCES = {
    "treebanks": ("path", "ud", "grammar", "labels"),
    "models": ("path", "hub", "train", "compile"),
}
BASES = {
    "ud": "https://raw.githubusercontent.com/UniversalDependencies",
    "hub": "https://huggingface.co",
}


def _matches(validator: Any, pattern: str, value: Any, schema: dict) -> Iterator[ValidationError]:
    """A pattern is of the whole value: Python's `$` also stands before a newline at the end."""
    if isinstance(value, str) and (value.endswith("\n") or not re.search(pattern, value)):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


# JSON Schema takes 2.0 for an integer; in a path it is not one.
_Validator = extend(
    Draft202012Validator,
    {"pattern": _matches},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
SENTENCES = 4000
"""How many sentences a grammar writes where the configuration does not say."""
MAX_NEURONS, REPORT, DESCRIBE = 150, (10, 50, 150), 20
"""The largest k of a probe, the k of the tables, and how many neurons of a ranking are described,
where the configuration does not say."""
OF_ENTRIES = ("name", "ranker", "file", "method", "step", "split")
"""Keys of entries that are no options."""


class ConfigError(InputError):
    """A configuration that cannot be run; the message names key, value and what is possible."""


def expanded(path: str) -> Path:
    """Return the path that a configuration gives: `~` and `$NAME` as a shell reads them.

    Not where there is a file of the very name.
    """
    try:
        if Path(path).exists():
            return Path(path)
    except (OSError, ValueError):  # too long, or a null: whoever reads it says so
        return Path(path)
    # Not that of pathlib, which raises where there is no such user.
    return Path(os.path.expandvars(os.path.expanduser(path)))  # noqa: PTH111


def ranker_of(entry: Mapping[str, Any]) -> str:
    """Return the plugin that an entry of `rankings` names."""
    return str(expanded(entry["file"])) if "file" in entry else entry["ranker"]


def _is_folder(path: str) -> bool:
    try:
        return expanded(path).is_dir()
    except (OSError, ValueError):
        return False


def why_not_there(path: Path) -> str:
    """Say what in a path may not be as meant."""
    text = str(path)
    if unset := re.search(r"\$(\w+|\{\w+\})", text):
        return f" ({unset[0]} is not set)"
    if text.startswith("~"):
        return f" (there is no user {text[1:].partition('/')[0]})"
    if windows := re.match(r"([A-Za-z]):[\\/]", text):
        below = text[3:].replace("\\", "/")
        return f" (in WSL a disk of Windows is /mnt/{windows[1].lower()}/{below})"
    return ""


def _schema() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("config.schema.json").read_text("utf-8"))


def keys() -> list[str]:
    """Return the keys that a configuration may have."""
    return list(_schema()["properties"])


def checked(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with its defaults; raises ConfigError where it cannot be run."""
    if not isinstance(config, Mapping):
        raise ConfigError(f"the configuration: {config!r} is not a mapping of keys to values")
    schema = _schema()
    config = _in_full(copy.deepcopy(dict(config)), schema)
    error = best_match(_Validator(schema).iter_errors(config))
    if error is not None:
        raise ConfigError(_complaint(error))
    for key, part in schema["properties"].items():
        if "default" in part:
            config.setdefault(key, copy.deepcopy(part["default"]))
    config["sources"] = BASES | config["sources"]

    for key in ("treebanks", "models"):
        for name, entry in config[key].items():
            _check_source(key, name, entry)
    for i, name in enumerate(config["probes"]):
        _one_of(f"probes[{i}]", name, names("probes"))
        uses("probes", name)
    _check_rankings(config)
    _one_of("schema", config["schema"], names("schemas"))
    _one_of("analyzer", config["analyzer"], names("analyzers"))
    uses("analyzers", config["analyzer"])
    _check_attributes(config)
    _check_neurons(config["neurons"])
    _check_interventions(config)
    entries = config["interventions"]
    of_test = [entry["name"] for entry in entries if entry["split"] == "test"]
    _check_chosen("concord", config, of_test)
    _check_chosen("transfer", config, movers(entries))
    for key in ("treebanks", "models"):
        _check_cases(key, config[key])
    for key in ("rankings", "interventions"):
        _check_cases(key, [entry["name"] for entry in config[key]])
    _check_names_of_rankings(config["rankings"])
    _check_control(config)
    _check_columns(config)
    _check_models(config)
    _check_analyzer_of_own(config)
    _check_compiled(config, schema)
    _check_filters(config)
    _check_results(config["results"])
    return config


def _in_full(config: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with what it says in short in full; see `short_forms`."""
    if config.get("models") == []:
        config["models"] = {}
    for key in ("treebanks", "models"):
        entries = config.get(key)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(entry, str) or not entry:
                continue
            if _is_folder(entry) or (key == "treebanks" and entry not in names("grammars")):
                entries[name] = {"path": entry}
    if isinstance(config.get("results"), str) and set("~$") & set(config["results"]):
        config["results"] = str(expanded(config["results"]))
    return in_full(config, schema, schema["$defs"])


def _check_source(key: str, name: str, entry: dict[str, Any]) -> None:
    kinds = [kind for kind in SOURCES[key] if kind in entry]
    if len(kinds) != 1:
        raise ConfigError(
            f"{key}.{name}: says {' and '.join(kinds) or 'no source'}; "
            f"give exactly one of {', '.join(SOURCES[key])}"
        )
    kind = kinds[0]
    also = {"ud": {"release", "files", "dev"}, "grammar": {"sentences"}, "hub": {"revision"}}
    also |= {"labels": {"attribute", "dev"}}
    if key == "treebanks" and kind == "path":
        also["path"] = {"dev"}
    also["compile"] = {"truth_only", "copy", "of"}  # the last two where it is written in full
    if key == "models":
        allowed = {kind, "treebanks"} | also.get(kind, set())
    else:
        allowed = {kind} | also.get(kind, set()) | ({"pipeline"} if kind != "labels" else set())
    for option in entry:
        if option not in allowed:
            raise ConfigError(
                f"{key}.{name}.{option}: not an option of {kind}; "
                f"possible: {', '.join(sorted(allowed))}"
            )
    needed = {"ud": ("release", "files"), "labels": ("attribute",)}.get(kind, ())
    for option in needed:
        if option not in entry:
            raise ConfigError(f"{key}.{name}.{option}: missing; a {kind} treebank needs it")
    if kind == "ud":
        _check_files(f"{key}.{name}", entry)
    if kind == "grammar":
        _one_of(f"{key}.{name}.grammar", entry["grammar"], names("grammars"))
        entry.setdefault("sentences", SENTENCES)


def _check_files(key: str, entry: Mapping[str, Any]) -> None:
    """Raise ConfigError where the files of a `ud` treebank are not one of each split."""
    splits = Counter(re.split(r"-ud-|\.", file)[-2] for file in entry["files"])
    if max(splits.values()) > 1:
        raise ConfigError(f"{key}.files: name one file each of train, dev and test")
    lacking = {*SPLITS} - {*splits}
    if lacking == {"dev"} and "dev" not in entry:
        raise ConfigError(f"{key}.files: names no file for dev; {NO_DEV}")
    if "dev" in entry and "dev" in splits:
        raise ConfigError(f"{key}.dev: {entry['dev']}, but files names one for dev; leave one out")
    if lacking - {"dev"}:
        raise ConfigError(f"{key}.files: names no file for {min(lacking - {'dev'})}")
    try:
        check_one_treebank(entry["files"])
    except InputError as error:
        raise ConfigError(f"{key}.files: {error}") from None


def _check_attributes(config: dict[str, Any]) -> None:
    try:
        own_attributes.in_full(config)
    except InputError as error:
        raise ConfigError(str(error)) from None
    known = own_attributes.known_names(config)
    if config["attributes"] == "all" or known is None:
        return
    for i, name in enumerate(config["attributes"]):
        if isinstance(name, str):
            _one_of(f"attributes[{i}]", name, [*known, own_attributes.ALL])


def _check_analyzer_of_own(config: dict[str, Any]) -> None:
    """Raise ConfigError where an analyzer is to find labels in a text that it knows nothing of."""
    own = own_attributes.own_names(config)
    if own and config["interventions"] and "pipeline" in uses("analyzers", config["analyzer"]):
        raise ConfigError(
            f"analyzer: {config['analyzer']} knows nothing of labels of your own, "
            f"{', '.join(own)}; give analyzer: lexicon, or interventions: []"
        )


def _check_neurons(neurons: dict[str, Any]) -> None:
    neurons.setdefault("max", MAX_NEURONS)
    neurons.setdefault("whole", True)
    neurons.setdefault("describe", DESCRIBE)
    neurons.setdefault("report", [k for k in REPORT if k <= neurons["max"]] or [neurons["max"]])
    for i, k in enumerate(neurons["report"]):
        if k > neurons["max"]:
            raise ConfigError(f"neurons.report[{i}]: {k} is above neurons.max, {neurons['max']}")


def _check_rankings(config: dict[str, Any]) -> None:
    """Give each ranker's entry in full: `ranker` or `file`, `name`, and its options."""
    entries = config["rankings"]
    for i, entry in enumerate(entries):
        key = f"rankings[{i}]"
        if isinstance(entry, str):
            entries[i] = entry = {"ranker": entry}
        if len({"ranker", "file"} & set(entry)) != 1:
            raise ConfigError(f"{key}: give a ranker: of the project, or the file: of your own")
        source = "file" if "file" in entry else "ranker"
        if source == "file":
            plugin = ranker_of(entry)
            if not Path(plugin).is_file():
                where = f"{_plain(plugin)} is not there{why_not_there(Path(plugin))}"
                raise ConfigError(f"{key}.file: {where}")
        else:
            plugin = entry["ranker"]
            _one_of(key, plugin, names("rankers"))
        try:
            _check_ranker(plugin)
        except InputError as error:
            raise ConfigError(f"{key}.{source}: {error}") from None
        _check_options(key, "rankers", plugin, entry, [source, "name"])
        entry.setdefault("name", Path(plugin).stem if "file" in entry else plugin)
        name = entry["name"]
        if name.lower() in names("rankers") and name != entry.get("ranker"):
            raise ConfigError(
                f"{key}.name: {name!r} is another ranker, whose results tables and figures would "
                "take these for; give it a name of its own with name:"
            )
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name) or "-by-" in name:
            raise ConfigError(
                f"{key}.name: {name!r} is not possible; possible: letters, digits, hyphens, points "
                "and underscores, a letter or digit first, without -by-"
            )
    _check_names("rankings", [entry["name"] for entry in entries])


def _check_ranker(plugin: str) -> None:
    """Raise InputError where a module has not what a ranker has."""
    directions = declared("rankers", plugin, "DIRECTIONS")
    uses("rankers", plugin)
    if directions not in (("ttb", "btt"), ("",)):
        raise InputError(
            f'{plugin}: DIRECTIONS = {directions!r} is not possible; possible: ("ttb", "btt"), '
            'from the top and from the bottom, or ("",) for one ranking'
        )
    if is_file(plugin) and (beside := imported_beside(plugin)):
        raise InputError(
            f"{plugin}: imports {', '.join(beside)} from beside it, and nothing would rerun when "
            "that changes: put it into the file"
        )
    if "rank" not in functions("rankers", plugin):
        raise InputError(f"{plugin}: def rank(task) is missing")
    options = declared("rankers", plugin, "OPTIONS", None) or {}
    if not isinstance(options, dict) or not all(
        kind in ("number", "boolean") for kind in options.values()
    ):
        raise InputError(
            f'{plugin}: OPTIONS = {options!r} is not possible; possible: {{"penalty": "number"}}, '
            'or "boolean"'
        )
    for option in options:
        if not str(option).isidentifier() or iskeyword(option) or option in (*OF_ENTRIES, "task"):
            raise InputError(
                f"{plugin}: OPTIONS has {option!r}, which is a key of every entry, or no name of "
                "an argument in Python; rename it"
            )


def _check_interventions(config: dict[str, Any]) -> None:
    """Give each entry in full, and one for each number where an option is a list of them."""
    entries = []
    for i, entry in enumerate(config["interventions"]):
        key = f"interventions[{i}]"
        _one_of(f"{key}.method", entry["method"], names("methods"))
        uses("methods", entry["method"])
        for one in _one_by_one(key, entry):
            others = ["method", "name", "step", "split"]
            _check_options(key, "methods", one["method"], one, others)
            entries.append(one)
    _check_names("interventions", [entry["name"] for entry in entries])
    config["interventions"] = entries


def _one_by_one(key: str, entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an entry for each combination of the numbers that its options list, with its name.

    `translation` with `beta: [2, 4]` becomes `translation-beta-2` and `translation-beta-4`, and one
    of `split: dev` has `-dev` at its end.
    """
    options = declared("methods", entry["method"], "OPTIONS")
    lists = {
        option: value
        for option, value in entry.items()
        if isinstance(value, list) and options.get(option) == "number"
    }
    for option, values in lists.items():
        if not values:
            raise ConfigError(f"{key}.{option}: [] is empty; give a number, or a list of them")
        for value in values:
            if values.count(value) > 1:
                raise ConfigError(f"{key}.{option}: {value!r} stands there twice")
    split = entry.get("split", "test")
    for numbers in product(*lists.values()):
        one = entry | dict(zip(lists, numbers, strict=True)) | {"split": split}
        parts = [entry.get("name", entry["method"])]
        for option, number in zip(lists, numbers, strict=True):
            if not is_positive(number):
                break  # which is refused with the other options
            parts += [option, f"{number:.12g}"]
        if split != "test" and not parts[-1].endswith(f"-{split}"):  # as where it is in full
            parts.append(split)
        yield one | {"name": "-".join(parts)}


def movers(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of interventions on test words that move them to another value.

    By means, which another treebank can lend, and not by its words.
    """
    return [
        entry["name"]
        for entry in entries
        if entry["split"] == "test"
        and declared("methods", entry["method"], "TARGET") is not None
        and "words" not in uses("methods", entry["method"])
    ]


def _check_chosen(key: str, config: dict[str, Any], possible: list[str]) -> None:
    """Let a key name interventions in their order; all of them is true, and none is false."""
    asked = config[key]
    if isinstance(asked, bool):
        return
    for i, name in enumerate(asked):
        _one_of(f"{key}[{i}]", name, possible)
    named = [name for name in possible if name in asked]
    config[key] = bool(named) if named in ([], possible) else named


def _check_options(
    key: str, kind: str, plugin: str, entry: dict[str, Any], others: list[str]
) -> None:
    """Raise ConfigError unless an entry has just the options of its plugin, and `others`."""
    options = declared(kind, plugin, "OPTIONS", None) or {}
    for option, value in entry.items():
        _one_of(f"{key}: key", option, [*others, *options])
        wanted = options.get(option)
        if wanted == "text" and not isinstance(value, str):
            hint = (
                "; YAML reads yes, no, on and off as true and false: write it in quotes"
                if isinstance(value, bool)
                else "; write it in quotes"
            )
            raise ConfigError(f"{key}.{option}: {value!r} is not a text{hint}")
        if wanted == "boolean" and not isinstance(value, bool):
            raise ConfigError(f"{key}.{option}: {value!r} is not true or false")
        if wanted == "number":
            if not is_positive(value):
                raise ConfigError(
                    f"{key}.{option}: {value!r} is not a number above 0{_as_number(value)}"
                )
            entry[option] = float(value)  # 8 and 8.0 are the same job
    defaults = declared(kind, plugin, "DEFAULTS", None) or {}
    for option in options:
        if option not in entry and option not in defaults:
            raise ConfigError(f"{key}.{option}: missing; {plugin} needs it")
        entry.setdefault(option, defaults.get(option))


def _check_names(key: str, given: list[str]) -> None:
    """Raise ConfigError where two entries have one name."""
    for name, count in Counter(given).items():
        if count > 1:
            raise ConfigError(
                f"{key}: {count} entries are named {name!r}; give each a name of its own with name:"
            )


def _check_cases(key: str, names: Iterable[str]) -> None:
    """Raise ConfigError where two names are one on a file system that does not tell cases apart."""
    by_lower_case: dict[str, str] = {}
    for name in names:
        if re.search(r"(.+?)\1{19,}$", name):  # which Snakemake takes for a rule without an end
            raise ConfigError(f"{key}: {name!r} ends with one part twenty times; rename it")
        other = by_lower_case.setdefault(name.lower(), name)
        if other != name:
            raise ConfigError(
                f"{key}: {other!r} and {name!r} differ in case alone, and some file systems take "
                "their paths for one; rename one of them"
            )


def _check_names_of_rankings(entries: list[dict[str, Any]]) -> None:
    """Raise ConfigError where two rankings, or one and all neurons, have one name, and one path."""
    names = [
        f"{entry['name']}-{direction}" if direction else entry["name"]
        for entry in entries
        for direction in declared("rankers", ranker_of(entry), "DIRECTIONS")
    ]
    names += [entry["name"] for entry in entries if entry["name"].lower() == ALL]
    for name, count in Counter(map(str.lower, [*names, ALL])).items():
        if count > 1:
            raise ConfigError(
                f"rankings: {name!r} is the name of two rankings, or of all neurons; give one of "
                "them another with name:"
            )


def _check_control(config: dict[str, Any]) -> None:
    """Give `control` in full where the control task has rankings of its own, else in short.

    Raises ConfigError where one of the rankers cannot have them.
    """
    control = config["control"]
    if not isinstance(control, dict):
        return
    control = {"labels": "uniform", "ranking": "real"} | control
    if control["ranking"] == "real":
        config["control"] = True if control["labels"] == "uniform" else control["labels"]
        return
    config["control"] = control
    for i, entry in enumerate(config["rankings"]):
        if "model" in uses("rankers", ranker_of(entry)):
            raise ConfigError(
                f"control.ranking: 'control' is not possible with rankings[{i}], {entry['name']}: "
                "it asks the model, which knows no control label; possible: ranking: real, or "
                "rankings without it"
            )


def _check_columns(config: dict[str, Any]) -> None:
    """Raise ConfigError where an option is no column of its own in the tables, or of two types."""
    of_methods = {o for name in names("methods") for o in declared("methods", name, "OPTIONS")}
    kinds: dict[str, str] = {}
    for key, kind in (("rankings", "rankers"), ("interventions", "methods")):
        for i, entry in enumerate(config[key]):
            plugin = entry.get("method") or ranker_of(entry)
            for option, wanted in (declared(kind, plugin, "OPTIONS", None) or {}).items():
                where = f"{key}[{i}].{option}"
                if option.lower() in RESERVED or (kind == "rankers" and option in of_methods):
                    raise ConfigError(
                        f"{where}: tables have another column of that name; call the option "
                        f"otherwise in OPTIONS of {plugin}"
                    )
                if kinds.setdefault(option, wanted) != wanted:
                    raise ConfigError(
                        f"{where}: is a {wanted} here and a {kinds[option]} elsewhere, and one "
                        f"column of tables; call the option otherwise in OPTIONS of {plugin}"
                    )


def is_positive(value: Any) -> bool:
    """Whether a value is a number above 0, and not beyond every number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value) and value > 0
    except OverflowError:  # an integer beyond every float
        return False


def _check_models(config: dict[str, Any]) -> None:
    for name, entry in config["models"].items():
        for treebank in entry.get("treebanks", ()):
            _one_of(f"models.{name}.treebanks", treebank, list(config["treebanks"]))
        if "train" in entry:
            plan = entry["train"]
            if plan["width"] % plan["heads"]:
                raise ConfigError(
                    f"models.{name}.train.width: {plan['width']} is not a multiple of "
                    f"heads, {plan['heads']}"
                )
            _check_layers(config["layers"], name, plan["layers"])
        elif "path" in entry:
            n_layers = _layers_of_folder(f"models.{name}.path", str(expanded(entry["path"])))
            if n_layers is not None:
                _check_layers(config["layers"], name, n_layers)


def _check_compiled(config: dict[str, Any], schema: dict[str, Any]) -> None:
    """Give the entries of compiled models in full: `compile`, its one treebank, `copy` and `of`.

    An entry with several `seeds` becomes as many models, `name-1`, `name-2` ..., which differ in
    what is drawn; `of` is the name of them all.
    """
    options = schema["properties"]["models"]["additionalProperties"]["properties"]["compile"]
    models: dict[str, Any] = {}
    for name, entry in config["models"].items():
        if "compile" not in entry:
            models[name] = entry
            continue
        key = f"models.{name}"
        for option, part in options["properties"].items():
            if "default" in part:
                entry["compile"].setdefault(option, copy.deepcopy(part["default"]))
        knobs = entry["compile"]
        knobs["decoys"] = [float(wrong) for wrong in knobs["decoys"]]  # 0 and 0.0 are the same job
        for i, wrong in enumerate(knobs["decoys"]):
            if math.isnan(wrong):
                raise ConfigError(f"{key}.compile.decoys[{i}]: {wrong!r} is no share, from 0 to 1")
        treebanks = entry.get("treebanks", list(config["treebanks"]))
        if len(treebanks) != 1:
            raise ConfigError(
                f"{key}.treebanks: a compiled model knows the forms of one treebank; name one of "
                f"{', '.join(config['treebanks']) or 'none'}"
            )
        if "labels" in config["treebanks"].get(treebanks[0], {}):
            raise ConfigError(
                f"{key}.treebanks: {treebanks[0]} has labels alone, and a compiled model numbers "
                "lemmas; name a treebank of CoNLL-U"
            )
        asked = own_attributes.asked(config["attributes"])
        if asked is not None and knobs["attribute"] not in asked:
            raise ConfigError(
                f"{key}.compile.attribute: {knobs['attribute']!r} is none of attributes: "
                f"{', '.join(asked)}"
            )
        known = load("schemas", config["schema"]).ATTRIBUTES
        if known is not None:
            _one_of(f"{key}.compile.attribute", knobs["attribute"], known)
        _check_layers(config["layers"], name, knobs["layers"])
        n_copies = knobs.pop("seeds")
        if "of" in entry:
            models[name] = {"copy": 1, **entry, "treebanks": treebanks}
            continue
        for i in range(1, n_copies + 1):
            of_copy = name if n_copies == 1 else f"{name}-{i}"
            if of_copy in models or (of_copy != name and of_copy in config["models"]):
                raise ConfigError(f"models: {of_copy!r} is one of the {n_copies} of {name}, too")
            models[of_copy] = {
                "compile": dict(knobs),
                "treebanks": treebanks,
                **({"truth_only": True} if entry.get("truth_only") else {}),
                "copy": i,
                "of": name,
            }
    config["models"] = models
    _check_cases("models", models)


def _layers_of_folder(key: str, folder: str) -> int | None:
    """Return how many layers a Hugging Face folder says that it has, None where it does not say."""
    file = Path(folder, "config.json")
    try:
        text = file.read_bytes() if file.is_file() else None
    except OSError as error:
        raise ConfigError(f"{key}: {_plain(folder)} cannot be read ({error.strerror})") from error
    if text is None:
        raise ConfigError(
            f"{key}: {_plain(folder)} is not a Hugging Face folder (no config.json)"
            + why_not_there(Path(folder))
        )
    try:
        require_content(file)
        config = json.loads(text.decode("utf-8"))
        # DistilBERT and XLM have a name of their own for it.
        n_layers = config.get("num_hidden_layers", config.get("n_layers"))
    except InputError as error:
        raise ConfigError(f"{key}: {error}") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{key}: {_plain(str(file))}: is not JSON ({error})") from error
    if n_layers is not None and (isinstance(n_layers, bool) or not isinstance(n_layers, int)):
        raise ConfigError(
            f"{key}: {_plain(str(file))} says num_hidden_layers: {n_layers!r}, not an integer"
        )
    return n_layers


def _check_layers(layers: list[int], model: str, n_layers: int) -> None:
    for layer in layers:
        if layer > n_layers:
            raise ConfigError(f"layers: {layer}, but model {model} has layers 0 to {n_layers}")


def _check_filters(config: dict[str, Any]) -> None:
    attributes = own_attributes.asked(config["attributes"])
    if attributes is None:
        attributes = own_attributes.known_names(config)
    for key in ("only", "skip"):
        for i, entry in enumerate(config[key]):
            for field, values in entry.items():
                entry[field] = values = values if isinstance(values, list) else [values]
                possible = {
                    "model": list(config["models"]),
                    "treebank": list(config["treebanks"]),
                    "attribute": attributes,
                    "layer": config["layers"],
                }.get(field)
                if field == "model":
                    copies = _copies(config["models"])
                    entry[field] = values = [one for v in values for one in copies.get(v, [v])]
                for value in values if possible is not None else ():
                    _one_of(f"{key}[{i}].{field}", value, possible)  # pyright: ignore[reportArgumentType]


def _copies(models: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the models that are compiled of one entry, by its name."""
    found: dict[str, list[str]] = {}
    for name, entry in models.items():
        if "of" in entry:
            found.setdefault(entry["of"], []).append(name)
    return found


def _check_results(results: str) -> None:
    """Raise ConfigError where no folder of results can be, or is, at that path."""
    for path in (Path(results), *Path(results).parents):
        try:
            if path.is_dir():
                return
            what = "a link to nowhere" if path.is_symlink() and not path.exists() else "a file"
            there = path.exists() or path.is_symlink()
        except (OSError, ValueError) as error:
            raise ConfigError(f"results: {_plain(results)} cannot be a folder ({error})") from None
        if there:
            raise ConfigError(
                f"results: {_plain(str(path))} is {what}; name a folder, there or new"
            )


def _one_of(key: str, value: Any, possible: list) -> None:
    if value not in possible:
        raise ConfigError(f"{key}: {value!r} is not possible; {_possible(str(value), possible)}")


def _possible(value: str, possible: list) -> str:
    names = [str(name) for name in possible]
    return f"possible: {', '.join(names) or 'none'}{did_you_mean(value, names)}"


def _complaint(error: ValidationError) -> str:
    key = _key(error.absolute_path) or "the configuration"
    where = "" if key == "the configuration" else f"{key}."
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        possible = sorted(error.schema.get("properties", {}))  # pyright: ignore[reportAttributeAccessIssue]
        unknown = [name for name in error.instance if name not in possible]
        name = _plain(str(unknown[0]))
        return f"{where}{name}: unknown key; {_possible(str(unknown[0]), possible)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]  # pyright: ignore[reportGeneralTypeIssues]
        return f"{where}{missing[0]}: missing"
    if error.validator in ("minItems", "minLength", "minProperties") and not error.instance:
        return f"{key}: {error.instance!r} is empty{_form(error)}"
    hint = ""
    if isinstance(error.instance, bool) and '"string"' in json.dumps(error.schema):
        hint = "; YAML reads yes, no, on and off as true and false: write such a name in quotes"
    if error.validator in ("pattern", "anyOf"):
        possible = error.schema.get("description", f"what matches {error.validator_value}")  # pyright: ignore[reportAttributeAccessIssue]
        return f"{key}: {error.instance!r} is not possible; possible: {possible}{hint}"
    if error.validator == "type":
        hint = hint or _as_number(error.instance) or _form(error)
        return f"{key}: {error.instance!r} is not {_KINDS[error.validator_value]}{hint}"  # pyright: ignore[reportArgumentType]
    return f"{key}: {error.message}"


def _as_number(value: Any) -> str:
    """Say how a number is written that YAML reads as a text: it wants a point and a sign."""
    if isinstance(value, str) and re.fullmatch(r"[0-9.]+[eE][-+]?[0-9]+", value):
        return f"; YAML reads it as a text: write {float(value):g}"
    return ""


_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "object": "a mapping of keys to values",
    "string": "a text",
}


def _form(error: ValidationError) -> str:
    """Say how a key is written, where its schema has an example."""
    return f"; write {error.schema['form']}" if "form" in error.schema else ""  # pyright: ignore[reportIndexIssue, reportOperatorIssue]


def _key(path: Iterable[str | int]) -> str:
    """Return a path in the configuration as a person writes it: interventions[0].name."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_plain(str(part))}" for part in path]
    return "".join(parts).removeprefix(".")


def _plain(text: str) -> str:
    """Return text as it is, in quotes where a message would not show what it is."""
    return text if text.isprintable() and text.strip() == text != "" else repr(text)
