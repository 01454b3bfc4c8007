"""Values: which values of which attributes a treebank has enough of, and the labels they give.

An attribute's labels are its kept values, sorted; a control task (Hewitt & Liang 2019) gives each
form a label of its own that has nothing to do with its value.
"""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from workflow_scripts.kernels.words import SPLITS


@dataclass
class ValueCounts:
    """Words and distinct forms of each (attribute, value, split), counted in one pass."""

    words: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    forms: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, split: str, attribute: str, forms: Iterable[str], values: Iterable[str | None]):
        """Count words of one split; a word whose value is None does not carry the attribute."""
        for form, value in zip(forms, values, strict=True):
            if value is not None:
                self.words[attribute, value, split] += 1
                self.forms[attribute, value, split].add(form)

    def n_forms(self, attribute: str, value: str, split: str) -> int:
        return len(self.forms.get((attribute, value, split), ()))

    def kept(self, min_types: int) -> dict[str, list[str]]:
        """Return the attributes to study, each with its kept values, sorted.

        A value is dropped where the training split has none of it, or a split that has it has
        fewer than `min_types` distinct forms with it; an attribute needs two values.
        """
        kept = defaultdict(list)
        for attribute, value in sorted({key[:2] for key in self.words}):
            n_forms = [self.n_forms(attribute, value, split) for split in SPLITS]
            if n_forms[0] > 0 and all(n == 0 or n >= min_types for n in n_forms):
                kept[attribute].append(value)
        return {attribute: values for attribute, values in kept.items() if len(values) >= 2}

    def rows(self, min_types: int) -> list[dict]:
        """Return the rows of `attributes.csv`, one for each attribute, value and split."""
        kept = self.kept(min_types)
        return [
            {
                "attribute": attribute,
                "value": value,
                "split": split,
                "words": self.words.get((attribute, value, split), 0),
                "forms": self.n_forms(attribute, value, split),
                "kept": value in kept.get(attribute, ()),
            }
            for attribute, value in sorted({key[:2] for key in self.words})
            for split in SPLITS
        ]


def largest_min_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the largest `min_types` with which each attribute is kept, 0 where with none.

    Of rows with `attribute`, `value`, `split` and `forms`. A value is kept up to its forms in the
    poorest split that has it, if training has it; an attribute as long as two values are.
    """
    forms: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        values = forms.setdefault(row["attribute"], {})
        values.setdefault(row["value"], {})[row["split"]] = row["forms"]
    found = {}
    for attribute, values in forms.items():
        poorest = [
            min(filter(None, splits.values())) if splits.get("train") else 0
            for splits in values.values()
        ]
        found[attribute] = sorted([0, 0, *poorest])[-2]
    return found


def nearest(largest: Mapping[str, int]) -> str:
    """Say which attribute comes nearest to being kept, of those in `largest_min_types`."""
    if not any(largest.values()):
        return "no attribute has two values"
    attribute = max(largest, key=lambda name: (largest[name], name))
    return f"nearest comes {attribute} with {largest[attribute]} forms"


def control_label(form: str, n_values: int, seed: int) -> int:
    """Return a form's control label in 0..n_values-1: the same in every split.

    The BLAKE2b digest (8 bytes, big-endian) of UTF-8 `{seed}\\t{form}`, modulo |Z|.
    """
    return _digest(form, seed) % n_values


def control_labels(control: str, seed: int, counts: Sequence[int]) -> Callable[[str], int]:
    """Return the control task as a function of a form; `counts` has the training words of a label.

    `uniform`: every label is as likely, as in Antverg & Belinkov (2022). `empirical`: each is as
    likely as it is frequent in training (Hewitt & Liang 2019): the digest, as a fraction of 2⁶⁴,
    falls into the label's share.
    """
    if control == "uniform":
        return lambda form: control_label(form, len(counts), seed)
    ends = list(accumulate(counts))
    # In whole numbers, so that no share is rounded: the fraction chooses one of the training words.
    return lambda form: bisect_right(ends, _digest(form, seed) * ends[-1] >> 64)


def _digest(form: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed}\t{form}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
