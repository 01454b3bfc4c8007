"""Values: which values of which attributes a treebank has enough of, and the labels they give."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

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
