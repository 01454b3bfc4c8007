"""Work: the jobs of a study, and how much a job of a model of some shape computes."""

from dataclasses import dataclass

from workflow_scripts.command.plugins import declared

ON_GPU = ("extract_activations", "cache_states", "intervene", "measure_concord", "measure_transfer")
"""What runs a model, and so can run on a GPU."""


@dataclass(frozen=True)
class Shape:
    """What of a model its cost depends on."""

    layers: int
    width: int
    vocabulary: int

    @property
    def layer(self) -> float:
        """Weights of one layer: attention 4 d^2, feed-forward 8 d^2."""
        return 12.0 * self.width**2

    @property
    def weights_mb(self) -> float:
        """All weights in float32."""
        return 4e-6 * (self.layers * self.layer + self.vocabulary * self.width)


@dataclass(frozen=True)
class Job:
    """A job of the larger study: its rule, what tells its kind, and where in the model it works."""

    rule: str
    kind: str
    shape: Shape
    layer: int = 0
    step: int = 1
    ranker: str = ""
    """The project's ranker that it runs, whatever its entry is named; nothing for any other."""

    @property
    def n_edits(self) -> int:
        """How many values of k above 0 an intervention has: the k = 0 of all is computed once."""
        return len(range(self.step, self.shape.width, self.step))


def work(job: Job) -> float:
    """Return how much a job computes, in units that only jobs of one kind share."""
    d = job.shape.width
    if job.rule in ("extract_activations", "cache_states"):
        return job.shape.layers * job.shape.layer
    if job.rule == "compute_statistics" or job.ranker == "gaussian":
        return float(d**2)
    if job.rule == "describe_neurons":
        return float(d)
    if job.rule == "probe_all_neurons":
        return float(d**2) if job.kind == "gaussian" else float(d)
    if job.ranker and "words" in declared("rankers", job.ranker, "USES"):
        return float(d)
    if job.rule in ("intervene", "measure_concord", "measure_transfer"):
        ks = d // job.step + 1
        upper = (job.shape.layers - job.layer) * job.shape.layer
        # Of a pair of words two logits are asked for, and not all of the vocabulary's.
        head = job.shape.vocabulary * d if job.rule == "intervene" else 2 * d
        return ks * (upper + head)
    return 1.0
