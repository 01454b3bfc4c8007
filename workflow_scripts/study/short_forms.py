"""Short forms of a configuration, in full: what can be meant in one way alone is read so.

layers: 4                     ->  layers: [4]
treebanks: {ewt: data/ewt}    ->  treebanks: {ewt: {path: data/ewt}}
--config layers=[4] control=no    texts all, by Snakemake  ->  layers: [4], control: false
"""

import re
from typing import Any

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def in_full(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """Return a value with lists, numbers and truth as its JSON schema has them.

    What a schema has no place for stays, for the schema to refuse.
    """
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        if "const" in choice and choice["const"] == value:
            return value
    for choice in schema.get("anyOf", (schema,)):
        read = _of_type(value, choice, definitions)
        if _is_of_type(read, choice):
            return read
    return value


def _of_type(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "array":
        items = schema["items"]
        is_one = not isinstance(value, list) and value is not None
        if is_one and (not isinstance(value, dict) or _is_item(value, items)):
            value = [value]
        if isinstance(value, list):
            return [in_full(item, items, definitions) for item in value]
    elif kind == "object" and isinstance(value, dict):
        others = schema.get("additionalProperties")
        parts = schema.get("properties", {})
        of_others = others if isinstance(others, dict) else {}
        return {
            name: in_full(part, parts.get(name, of_others), definitions)
            for name, part in value.items()
        }
    elif isinstance(value, str):
        if kind == "integer" and re.fullmatch("[0-9]+", value):
            return int(value)
        if kind == "boolean":
            return _TRUTH.get(value.lower(), value)
    return value


def _is_item(value: dict[str, Any], items: dict[str, Any]) -> bool:
    """Whether a mapping is one item of a list; of items that may be texts, by a key of its own."""
    return items.get("type") == "object" or any(
        not value.keys().isdisjoint(one.get("properties", ())) for one in items.get("anyOf", ())
    )


def _is_of_type(value: Any, schema: dict[str, Any]) -> bool:
    python = {"array": list, "object": dict, "integer": int, "boolean": bool, "string": str}
    kind = schema.get("type")
    if kind == "integer" and isinstance(value, bool):
        return False
    return kind in python and isinstance(value, python[kind])
