"""One's own labels: what a key of MISC or FEATS says of a word, as an attribute of the words.

The word has no value where the key is not there, or has nothing or `_` after its `=`; nor where it
stands there twice with different values (which is a clash), or a feature has several. Of a
multiword token the key on its own line, `3-4`, counts; without it each attribute is taken that
exactly one of its parts carries, as all others are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workflow_scripts.command.near import did_you_mean
from workflow_scripts.files.words import UNSPECIFIED

COLUMNS = ("misc", "feats")
_SHOWN = 12  # keys in a message


@dataclass
class OwnLabels:
    """Attributes by keys of two columns, and what was found of them."""

    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For each attribute its column and key: {"Sentiment": {"misc": "Sent"}}."""
    found: set[str] = field(default_factory=set)
    """The attributes of which some word has a value."""
    keys: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in COLUMNS})
    """All keys of the columns that are read."""

    def of(self, token: Mapping) -> tuple[dict[str, str], list[str]]:
        """Return a token's value for each attribute, and the attributes that clash."""
        values: dict[str, str] = {}
        clashes = []
        pairs: dict[str, list[tuple[str, str]]] = {}
        for attribute, source in self.attributes.items():
            for column, key in source.items():
                if column not in pairs:
                    pairs[column] = _pairs(token, column)
                    self.keys[column].update(name for name, _ in pairs[column])
                here = {value for name, value in pairs[column] if name == key} - {*UNSPECIFIED}
                if len(here) > 1:
                    clashes.append(attribute)
                elif here and not (column == "feats" and "," in min(here)):
                    values[attribute] = min(here)
        self.found.update(values)
        return values, clashes

    def missing(self) -> Iterable[str]:
        """Yield, for each attribute that no word has, what is not there, and what there is."""
        for attribute, source in self.attributes.items():
            for column, key in source.items():
                if attribute not in self.found:
                    there = sorted(self.keys[column])
                    more = ", ..." if len(there) > _SHOWN else ""
                    names = (", ".join(there[:_SHOWN]) or "none") + more
                    # Without `key`: it is there, too, where it has no value anywhere.
                    near = did_you_mean(key, set(there) - {key})
                    yield f"no word has a {column.upper()} {key}=...; there are: {names}{near}"


def _pairs(token: Mapping, column: str) -> list[tuple[str, str]]:
    """Return the keys of a column with their values, in order; one without `=` has none."""
    if column == "feats":
        return [(name, value or "") for name, value in (token["feats"] or {}).items()]
    parts = [part.partition("=") for part in token["misc"].split("|")]
    return [(name.strip(), value.strip()) for name, equals, value in parts if equals]
