"""Voting: the neurons that rankings elect together (Fan et al. 2023)."""

from collections import Counter
from collections.abc import Sequence

VOTES = 100
"""Position i (from 0) of a ranking gives VOTES - i points, as long as that is above 0."""


def borda(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Return the neurons by their Borda count, best first; equal ones by their index.

    Neurons without a point, which stand among the first VOTES of no ranking, are left out.
    """
    points: Counter[int] = Counter()
    for ranking in rankings:
        for i, neuron in enumerate(ranking[:VOTES]):
            points[int(neuron)] += VOTES - i
    return sorted(points, key=lambda neuron: (-points[neuron], neuron))
