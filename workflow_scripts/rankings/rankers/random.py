"""Random ranking: a permutation drawn for the configuration, the baseline of every comparison.

It looks at no word, so it has one direction, and it is the same for all that is done with the
configuration.
"""

import numpy as np

from workflow_scripts.rankings.rankers import Ranking, RankingTask

DIRECTIONS = ("",)
USES = ("seed",)


def rank(task: RankingTask) -> dict[str, Ranking]:
    """Return a permutation of the neurons from the configuration's stream `random`.

    Scores only repeat the order: d at the first position down to 1 at the last.
    """
    neurons = task.stream("random").permutation(task.n_neurons).astype(np.int32)
    return {"": Ranking(neurons, np.arange(task.n_neurons, 0, -1, dtype=np.float64))}
