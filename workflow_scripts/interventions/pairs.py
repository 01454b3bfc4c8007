"""Pairs: a word and another that agrees with it, by the arcs of the treebank.

A pair (controller, target) has the same kept value of the attribute, and is an arc of one of these
relations:

* `nsubj`, subtypes too: the controller is the dependent; the target is its head, if that is a verb
  or an auxiliary with a value of the attribute, else the first auxiliary or copula of the head that
  has one;
* `det`, `amod`: the controller is the head, the target the dependent.

Multiword tokens have no arcs, so neither word is one.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

SUBJECT, MODIFIERS = "nsubj", ("det", "amod")
VERBS = ("VERB", "AUX")
OF_VERB = ("aux", "cop")


class Pair(NamedTuple):
    """Two words of a sentence that agree, by their places."""

    relation: str
    controller: int
    target: int
    attractor: bool
    """Whether a word strictly between them has another kept value."""


def agreeing_pairs(
    heads: Sequence[int | None],
    relations: Sequence[str | None],
    upos: Sequence[str],
    values: Sequence[str | None],
    kept: Collection[str],
) -> list[Pair]:
    """Return the pairs of a sentence, in the order of their arcs' dependents.

    Of each word: its head in the sentence, its relation to it, its UPOS and its value; `kept` are
    the attribute's kept values.
    """
    base = [relation.partition(":")[0] if relation else "" for relation in relations]
    pairs = []
    for dependent, (head, relation) in enumerate(zip(heads, relations, strict=True)):
        is_subject = base[dependent] == SUBJECT
        if head is None or not (is_subject or relation in MODIFIERS):
            continue
        if is_subject:
            controller, target = dependent, head
            if upos[head] not in VERBS or values[head] is None:
                inflected = (
                    word
                    for word, (of, what) in enumerate(zip(heads, base, strict=True))
                    if of == head and what in OF_VERB and values[word] is not None
                )
                target = next(inflected, None)
        else:
            controller, target = head, dependent
        if target is None or target == controller:
            continue
        if values[controller] in kept and values[controller] == values[target]:
            first, last = sorted((controller, target))
            between = (values[word] for word in range(first + 1, last))
            attractor = any(v in kept and v != values[controller] for v in between)
            pairs.append(Pair(base[dependent], controller, target, attractor))
    return pairs
