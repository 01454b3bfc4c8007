"""Cost: what a larger study takes, scaled from the records of a measured one, stage by stage.

What a job takes is its work times what a unit of work took in the measured jobs of its kind (the
same rule, and ranker, probe or method) of one model and treebank. The work is how a job's
arithmetic grows with the model (layers L, width d, vocabulary V); `ASSUMPTIONS` says it in words.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from workflow_scripts import InputError
from workflow_scripts.study.usage.records import Record


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


def work(job: Job) -> float:
    """Return how much a job computes, in units that only jobs of one kind share."""
    d = job.shape.width
    if job.rule in ("activations_of_model", "states_of_model"):
        return job.shape.layers * job.shape.layer
    if job.rule == "statistics" or (job.rule == "ranking" and job.kind == "gaussian"):
        return float(d**2)
    if job.rule == "probe_of_all_neurons":
        return float(d**2) if job.kind == "gaussian" else float(d)
    if job.rule == "ranking" and job.kind == "linear":
        return float(d)
    if job.rule == "intervention":
        ks = d // job.step + 1
        upper = (job.shape.layers - job.layer) * job.shape.layer
        return ks * (upper + job.shape.vocabulary * d)
    return 1.0


STAGES = {
    "words_of_treebank": "words",
    "attributes": "words",
    "activations_of_model": "activations",
    "states_of_model": "activations",
    "lexicon": "activations",
    "statistics": "rankings",
    "ranking": "rankings",
    "probe": "probing",
    "probe_of_all_neurons": "probing",
    "intervention": "interventions",
    "collected_rankings": "tables",
    "collected_probes": "tables",
    "collected_interventions": "tables",
    "compare_rankings": "tables",
    "table": "tables",
    "figure": "tables",
    "report": "tables",
    "provenance": "tables",
}
ASSUMPTIONS = {
    "words": "each treebank as large as the measured one",
    "activations": "time as L 12 d^2 (every layer runs); one layer asked for is words x d float32",
    "rankings": "Gaussian and statistics as d^2, linear as d, Probeless and random as measured",
    "probing": "as measured: a probe sees k, not d; on all neurons as d, or d^2 where Gaussian",
    "interventions": "as the values of k (d / step + 1) x (layers above x 12 d^2 + V d)",
    "tables": "as many times as there are more configurations",
}
OF_PAIRS = (
    *("collected_rankings", "collected_probes", "collected_interventions"),
    "compare_rankings",
)
ON_GPU = ("activations_of_model", "states_of_model", "intervention")
_DIRECTIONS = "_of_one_direction"


def jobs(
    config: Mapping[str, Any], shapes: Mapping[str, Shape], attributes: int, lexicon: bool
) -> Iterator[Job]:
    """Yield the jobs of a checked configuration, with so many attributes for each treebank.

    `lexicon` is whether its analyzer reads one. Jobs of tables are not among them: they follow the
    number of configurations.
    """
    for treebank in config["treebanks"]:
        for rule in ("words_of_treebank", "attributes"):
            yield Job(rule, "", Shape(0, 0, 0))
        for model, entry in config["models"].items():
            if treebank not in (entry.get("treebanks") or config["treebanks"]):
                continue
            shape = shapes[model]
            yield Job("activations_of_model", "", shape)
            if config["interventions"]:
                yield Job("states_of_model", "", shape)
                if lexicon:
                    yield Job("lexicon", "", shape)
            for layer in config["layers"] * attributes:
                yield Job("statistics", "", shape)
                if config["neurons"]["whole"]:
                    yield from (Job("probe_of_all_neurons", p, shape) for p in config["probes"])
                for ranker in config["rankings"]:
                    yield Job("ranking", ranker, shape)
                    yield from (Job("probe", f"{p} {ranker}", shape) for p in config["probes"])
                    for entry in config["interventions"]:
                        kind = f"{entry['name']} {ranker}"
                        yield Job("intervention", kind, shape, layer, entry["step"])


def measured(
    records: Sequence[Record], pair: tuple[str, str], shape: Shape, steps: Mapping[str, int]
) -> dict[tuple[str, str], list[tuple[Record, float]]]:
    """Return the records of one (model, treebank) by rule and kind, each with its work.

    `steps` has the step of each intervention. Raises InputError where the pair has no record.
    """
    found = defaultdict(list)
    for record in records:
        of, rule = record.wildcards, record.rule.removesuffix(_DIRECTIONS)
        here = (of.get("model", pair[0]), of.get("treebank", pair[1])) == pair
        if rule in STAGES and here:
            step = steps.get(of.get("method", ""), 1)
            job = Job(rule, _kind(of), shape, int(of.get("layer", 0)), step)
            found[rule, job.kind].append((record, work(job)))
    if not any(rule == "activations_of_model" for rule, _ in found):
        raise InputError(f"no record of model {pair[0]!r} on treebank {pair[1]!r}")
    return dict(found)


def _kind(wildcards: Mapping[str, str]) -> str:
    parts = (wildcards.get(name) for name in ("probe", "method", "ranker"))
    return " ".join(part for part in parts if part)


@dataclass
class Stage:
    """What one stage of the larger study takes."""

    jobs: int = 0
    cpu_hours: float = 0.0
    gpu_hours: float = 0.0
    memory_gb: float = 0.0  # of the largest job
    disk_gb: float = 0.0


def estimate(
    planned: Sequence[Job],
    found: Mapping[tuple[str, str], Sequence[tuple[Record, float]]],
    shape: Shape,
    gpu_speed: float,
) -> dict[str, Stage]:
    """Return what each stage takes where processors do all, and the part that GPUs could do.

    `shape` is the measured model's; a GPU runs a model `gpu_speed` times as fast as one core.
    Raises InputError where a job has no measured one of its kind.
    """
    stages = {name: Stage() for name in ASSUMPTIONS}
    for job in planned:
        if (job.rule, job.kind) not in found:
            raise InputError(f"no record of {job.rule} {job.kind}: measure a study that has it")
        records = found[job.rule, job.kind]
        seconds = work(job) * fmean(record.cpu_seconds / amount for record, amount in records)
        stage = stages[STAGES[job.rule]]
        stage.jobs += 1
        stage.cpu_hours += seconds / 3600
        if job.rule in ON_GPU:
            stage.gpu_hours += seconds / 3600 / gpu_speed
        used = max((record.used_mb or 0.0 for record, _ in records), default=0.0)
        stage.memory_gb = max(stage.memory_gb, _memory_mb(job, used, shape) / 1e3)
    growth = sum(job.rule == "statistics" for job in planned) / len(found["statistics", ""])
    pairs = sum(job.rule == "activations_of_model" for job in planned)
    tables = stages["tables"]
    for (rule, _), records in found.items():
        if STAGES[rule] == "tables":
            tables.jobs += pairs if rule in OF_PAIRS else len(records)
            tables.cpu_hours += growth * sum(record.cpu_seconds for record, _ in records) / 3600
            used = max(record.used_mb or 0.0 for record, _ in records)
            tables.memory_gb = max(tables.memory_gb, used / 1e3)
    return stages


def _memory_mb(job: Job, used: float, measured: Shape) -> float:
    """Memory: a running model has its weights thrice; what reads activations grows as d."""
    if job.rule in ON_GPU:
        return used + 3 * (job.shape.weights_mb - measured.weights_mb)
    if job.rule in ("statistics", "ranking", "probe", "probe_of_all_neurons"):
        return used * max(1.0, job.shape.width / measured.width)
    return used


def disk(
    stages: Mapping[str, Stage],
    planned: Sequence[Job],
    found: Mapping[tuple[str, str], Sequence[tuple[Record, float]]],
    shape: Shape,
    layers: int,
) -> None:
    """Add to stages what they write, from what the measured jobs read; `layers` are asked for."""

    def read(rule: str, room: str) -> float:
        """GB that a measured job of a rule reads of a room."""
        sizes = next(records[0][0].input_mb for (name, _), records in found.items() if name == rule)
        return sum(mb for path, mb in sizes.items() if f"/{room}/" in path) * 2**20 / 1e9

    words = read("activations_of_model", "words")
    activations = read("probe", "activations")
    states = read("intervention", "states")
    statistics = read("probe", "statistics")
    for job in planned:
        wider = job.shape.width / shape.width
        if job.rule == "words_of_treebank":
            stages["words"].disk_gb += words
        elif job.rule == "activations_of_model":
            stages["activations"].disk_gb += layers * wider * activations
        elif job.rule == "states_of_model":
            stages["activations"].disk_gb += layers * wider * states
        elif job.rule == "statistics":
            stages["rankings"].disk_gb += wider**2 * statistics
