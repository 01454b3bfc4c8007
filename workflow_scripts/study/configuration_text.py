"""The text of a configuration file: what YAML reads in silence as something else than it says.

Of two equal keys it takes the last, and a name such as `no`, `1` or `2024-01-01` is none to it but
a truth value, a number or a date.
"""

import re
from pathlib import Path

import yaml

from workflow_scripts.study.configuration_file import ConfigError, keys

_KINDS = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing"}
_KINDS |= {"timestamp": "a date"}


def check_text(path: Path) -> None:
    """Raise ConfigError, with file and line, where a key stands twice or is not read as a text."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return  # Snakemake, which reads it too, says so
    if isinstance(root, yaml.MappingNode):
        _check_anchors(path, text, root)
    waiting = [root]
    seen_nodes = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen_nodes:  # an alias
            continue
        seen_nodes.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            _check_keys(path, [key for key, _ in node.value])
            waiting += [value for _, value in reversed(node.value)]
        elif isinstance(node, yaml.ScalarNode) and _is_odd_number(node):
            raise ConfigError(
                f"{path}:{node.start_mark.line + 1}: YAML reads {node.value} as "
                f"{yaml.SafeLoader('').construct_yaml_int(node)}; write it with its digits alone"
            )


def _check_anchors(path: Path, text: str, root: yaml.MappingNode) -> None:
    """Raise ConfigError where an unknown key holds what others refer to, as YAML allows."""
    for key, value in root.value:
        anchored = text[value.start_mark.index :].startswith("&")
        if anchored and isinstance(key, yaml.ScalarNode) and key.value not in keys():
            anchor = text[value.start_mark.index :].split(maxsplit=1)[0]
            raise ConfigError(
                f"{path}:{key.start_mark.line + 1}: {key.value}: unknown key; no key may be there "
                f"for {anchor} alone: write {anchor} where its value is first used"
            )


def _is_odd_number(node: yaml.ScalarNode) -> bool:
    """Whether YAML reads a whole number as another than its digits say: 010 is 8 to it, 1_2 12."""
    is_number = node.tag.endswith(":int") and node.style is None
    return is_number and not re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", node.value)


def _check_keys(path: Path, keys: list[yaml.Node]) -> None:
    lines: dict[str, int] = {}
    for key in keys:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        read_as = _KINDS.get(key.tag.rpartition(":")[2])
        if read_as:
            raise ConfigError(
                f'{path}:{line}: YAML reads {key.value!r} as {read_as}; write "{key.value}": with '
                "the quotes"
            )
        if key.value in lines:
            raise ConfigError(
                f"{path}:{line}: {key.value} stands twice, first in line {lines[key.value]}; "
                "leave one"
            )
        lines[key.value] = line
