"""One's own attributes: what a configuration says of labels that no schema gives.

`attributes: [Number, {misc: Sent, name: Sentiment}]` takes a key of MISC (or FEATS) of CoNLL-U, of
all such treebanks or of those that the entry names; a treebank `{labels: folder, attribute:
Sentiment}` has label files. `all` in a list stands for all that the schema gives.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from workflow_scripts import InputError
from workflow_scripts.command.plugins import load
from workflow_scripts.files.words import RESERVED

ALL = "all"
SOURCES = ("misc", "feats")


def in_full(config: dict[str, Any]) -> None:
    """Give each entry of `attributes` that is one's own its name and its treebanks.

    Raises InputError where one cannot be an attribute of the study's treebanks.
    """
    treebanks = config["treebanks"]
    for name, entry in treebanks.items():
        if "labels" in entry:
            _check_name(f"treebanks.{name}.attribute", entry["attribute"], config["schema"])
    if config["attributes"] == ALL:
        return
    names: list[str] = []
    for i, entry in enumerate(config["attributes"]):
        key = f"attributes[{i}]"
        if isinstance(entry, dict):
            _check_entry(key, entry, config)
        names.append(entry if isinstance(entry, str) else entry["name"])
        if names[-1] in names[:-1]:
            raise InputError(f"{key}: {names[-1]!r} stands there twice; give one another name:")


def _check_entry(key: str, entry: dict[str, Any], config: Mapping[str, Any]) -> None:
    sources = [source for source in SOURCES if source in entry]
    if len(sources) != 1:
        raise InputError(f"{key}: says {' and '.join(sources) or 'no column'}; give misc or feats")
    source = entry[sources[0]]
    if not source or set("|=") & set(source) or not source.isprintable() or " " in source:
        raise InputError(
            f"{key}.{sources[0]}: {source!r} is not possible; possible: the key of Key=Value"
        )
    if "name" not in entry and sources[0] == "feats" and _names_of(config["schema"]) is None:
        raise InputError(
            f"{key}: with schema: {config['schema']} every feature is an attribute; write "
            f"{source} alone"
        )
    entry.setdefault("name", source)
    _check_name(f"{key}.name", entry["name"], config["schema"])
    treebanks = config["treebanks"]
    analysed = [name for name, of in treebanks.items() if "labels" not in of]
    if not analysed:
        named = dict.fromkeys(of["attribute"] for of in treebanks.values())
        raise InputError(
            f"{key}: {sources[0]} is a column of CoNLL-U, which no treebank of the study is; those "
            f"with labels: have the attribute that they name, here {', '.join(named)}"
        )
    entry.setdefault("treebanks", analysed)
    for name in entry["treebanks"]:
        if name not in analysed:
            raise InputError(
                f"{key}.treebanks: {name!r} is no treebank of CoNLL-U; possible: "
                f"{', '.join(analysed)}"
            )


def _check_name(key: str, name: str, schema: str) -> None:
    """Raise InputError where a name is none, or that of an attribute of the schema."""
    if not name.isprintable() or name.strip() != name or not name:
        raise InputError(f"{key}: {name!r} is not possible; possible: a name as Sentiment")
    if name == ALL or name in RESERVED:
        raise InputError(f"{key}: {name!r} has another meaning here; give it another name")
    module = load("schemas", schema)
    taken = _names_of(schema) or (*getattr(module, "FEATURES", ()), module.PART_OF_SPEECH)
    if name in taken:
        raise InputError(
            f"{key}: {name!r} is an attribute of schema {schema}; give your own another name"
        )


def _names_of(schema: str) -> list[str] | None:
    return load("schemas", schema).ATTRIBUTES


def asked(attributes: str | list) -> list[str] | None:
    """Return the names of the attributes to study; None of all that there are."""
    if ALL in attributes:
        return None
    return [entry if isinstance(entry, str) else entry["name"] for entry in attributes]


def own_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names of all attributes of one's own."""
    named = [entry["name"] for entry in _entries(config)]
    named += [of["attribute"] for of in config["treebanks"].values() if "labels" in of]
    return list(dict.fromkeys(named))


def known_names(config: Mapping[str, Any]) -> list[str] | None:
    """Return all names that an attribute may have; None where they follow from the treebanks.

    Label files have none of the schema's.
    """
    if all("labels" in of for of in config["treebanks"].values()):
        return own_names(config)
    names = _names_of(config["schema"])
    return None if names is None else [*names, *own_names(config)]


def of_treebank(config: Mapping[str, Any], treebank: str) -> dict[str, dict[str, str]]:
    """Return one's own attributes in a treebank of CoNLL-U, each with its column and key."""
    return {
        entry["name"]: {source: entry[source] for source in SOURCES if source in entry}
        for entry in _entries(config)
        if treebank in entry["treebanks"]
    }


def _entries(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in config["attributes"] if config["attributes"] != ALL else ():
        if isinstance(entry, dict):
            yield entry
