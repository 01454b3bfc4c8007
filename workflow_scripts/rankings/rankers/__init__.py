"""Rankers: each module orders the neurons of one configuration by relevance to an attribute.

A ranker is one file here, named in the configuration by its file name. It has

* `DIRECTIONS`: the directions that it gives, `("ttb", "btt")`, or `("",)` where its ranking has
  none, as random has: it is a baseline then, of which the report's verdicts say nothing;
* `USES`: what of the task its result depends on, of `"words"`, `"statistics"`, `"select"`, `"seed"`
  (it draws from `stream`), `"model"` and `"beta"`, so that it reruns when, and only when, one of
  those changed; what it does not name, it is refused;
* `OPTIONS`, where it has any: those that its entry in the configuration must have, each with its
  type: `"number"` (above 0) or `"boolean"`; they are columns of its rankings, and of the tables;
* `BY_LEMMA = True`, where it ranks by words of one lemma: it is left out of label files, which
  have none;
* `rank(task: RankingTask, **options) -> dict[str, Ranking]`: one ranking for each direction. Where
  a configuration has nothing to rank by it raises `NothingToRankError`, and is left out there.

The same function ranks by control labels, where a study asks for such rankings: words and
statistics are then those of the control task.

Nothing here reads or writes a file: `rank_neurons` does; who uses the model opens what it is told
where to find (`rankings/effects.py`), maybe on a GPU. A file outside of the project that has
these is a ranker too (`{file: mine.py}`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from workflow_scripts.kernels.class_statistics import ClassStatistics
from workflow_scripts.kernels.words import LabelledWords


@dataclass(frozen=True)
class ModelTask:
    """The model of a configuration, and what of the treebank to let it read."""

    folder: Path
    """The model's Hugging Face folder."""
    device: str
    """As the study names it: `auto`, `cpu`, `cuda`, `cuda:1` ..."""
    layer: int
    words: Path
    """The words file of dev."""
    lexicon: Path
    """The treebank's forms as the model spells them (`files/lexicon.py`)."""
    attribute: str
    """Its name in the schema."""
    values: tuple[str, ...]
    """Its kept values, sorted."""
    lemma_alone: bool
    """Whether the attribute is the word class itself: then a word of the same lemma is the same
    lemma whatever its UPOS."""


def _without() -> NoReturn:
    raise TypeError("this task has no model")


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
    model: Callable[[], ModelTask] = _without
    """The model itself, with dev words and lexicon, to be run."""
    beta: Callable[[], float] = _without
    """β of the study's first translation that is not scaled, else 1."""


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
