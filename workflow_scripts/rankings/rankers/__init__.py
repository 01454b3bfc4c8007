"""Rankers: each module orders the neurons of one configuration by relevance to an attribute.

A ranker is one file here, named in the configuration by its file name. It has

* `DIRECTIONS`: the directions that it gives, `("ttb", "btt")`, or `("",)` where its ranking has
  none, as random has: it is a baseline then, of which the report's verdicts say nothing;
* `USES`: what of the task its result depends on, of `"words"`, `"statistics"`, `"select"` and
  `"seed"` (it draws from `stream`), so that it reruns when, and only when, one of those changed;
  what it does not name, it is refused;
* `OPTIONS`, where it has any: those that its entry in the configuration must have, each with its
  type: `"number"` (above 0) or `"boolean"`; they are columns of its rankings, and of the tables;
* `rank(task: RankingTask, **options) -> dict[str, Ranking]`: one ranking for each direction.

Nothing here reads or writes a file: `rank_neurons` does. A file outside of the project that has
these is a ranker too (`{file: mine.py}`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import LabelledWords


@dataclass(frozen=True)
class RankingTask:
    """What a ranker may look at; splits and statistics are loaded when they are asked for."""

    n_neurons: int
    """d, the width of the model."""
    n_values: Callable[[], int]
    """|Z|, how many values the attribute has; for who uses words or statistics."""
    select: Callable[[], int]
    """How many neurons a greedy search selects (`neurons.max`, at most d)."""
    statistics: Callable[[], ClassStatistics]
    """Class statistics of the training words."""
    words: Callable[[str], LabelledWords]
    """`words("train")`, `words("dev")`: the labelled vectors of a split, in corpus order."""
    stream: Callable[..., np.random.Generator]
    """`stream("linear", 384)`: the random stream of that name in this configuration."""
    threads: int = 1
    """How many threads may work; they change no byte of the result."""


@dataclass(frozen=True)
class Ranking:
    """All neurons, best first."""

    neurons: np.ndarray
    """(d,) int32, a permutation of 0..d-1."""
    scores: np.ndarray
    """(d,) float64, the score of the neuron at each position."""


def order_by_score(scores: np.ndarray) -> Ranking:
    """Order neurons by score, highest first, ties to the lower index. `scores` is (d,)."""
    scores = np.asarray(scores, np.float64)  # of unsigned numbers -scores is none
    neurons = np.argsort(-scores, kind="stable").astype(np.int32)
    return Ranking(neurons, scores[neurons])


def reverse(ranking: Ranking) -> Ranking:
    """Return the exact reverse of a ranking, ties included."""
    return Ranking(ranking.neurons[::-1].copy(), ranking.scores[::-1].copy())
