"""Linear probe: softmax regression with elastic penalty on the first k neurons, for every k.

Antverg & Belinkov (2022), after Dalvi et al. (2019); arithmetic in
`kernels/softmax_regression.py`. Control labels (Hewitt & Liang 2019) are trained and scored alike.
"""

from workflow_scripts.kernels.softmax_regression import (
    initial_weights,
    nested_losses,
    train_nested,
)
from workflow_scripts.probes.probes import Losses, ProbingTask

USES = ("seed",)


def evaluate(task: ProbingTask) -> dict[str, Losses]:
    """Train one probe for each of the task's k on the training words; score them on every split."""
    train = task.words["train"]
    initial = [initial_weights(task.stream("linear", k), k, task.n_values) for k in task.ks]
    probes = train_nested(train.x, train.y, initial, task.threads)
    return {
        split: Losses(*nested_losses(probes, words.x, words.y, task.threads))
        for split, words in task.words.items()
    }
