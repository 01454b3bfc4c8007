"""Cost: what a larger study takes, scaled from the records of a measured one, stage by stage.

What a job takes is its work times what a unit of work took in the measured jobs of its kind (the
same rule, and ranker, probe, method or collection) of one model and treebank. The work is how a
job's arithmetic grows with the model (layers L, width d, vocabulary V); `ASSUMPTIONS` says it in
words.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from workflow_scripts import InputError
from workflow_scripts.study.configuration_file import movers, ranker_of
from workflow_scripts.study.steps import ONE_DIRECTION, reads_labels
from workflow_scripts.study.usage.card import Gpu
from workflow_scripts.study.usage.records import Record
from workflow_scripts.study.usage.work import ON_GPU, Job, Shape, work

STAGES = {
    "read_words": "words",
    "keep_values": "words",
    "extract_activations": "activations",
    "cache_states": "activations",
    "build_lexicon": "activations",
    "compute_statistics": "rankings",
    "describe_neurons": "rankings",
    "rank_neurons": "rankings",
    "rank_by_control": "rankings",
    "probe_rankings": "probing",
    "probe_all_neurons": "probing",
    "intervene": "interventions",
    "measure_concord": "interventions",
    "measure_transfer": "interventions",
    "collect": "tables",
    "build_table": "tables",
    "build_figure": "tables",
    "build_report": "tables",
    "build_provenance": "tables",
}
_RANKING = ("rank_neurons", "rank_by_control")
ASSUMPTIONS = {
    "words": "each treebank as large as the measured one",
    "activations": "time as L 12 d^2 (every layer runs); one layer asked for is words x d float32",
    "rankings": "Gaussian and statistics as d^2, rankers of words as d, others as measured",
    "probing": "as measured: a probe sees k, not d; on all neurons as d, or d^2 where Gaussian",
    "interventions": "as the values of k (d / step + 1) x (layers above x 12 d^2 + V d)",
    "tables": "as many times as there are more configurations",
}


def jobs(
    config: Mapping[str, Any], shapes: Mapping[str, Shape], attributes: int, lexicon: bool
) -> Iterator[Job]:
    """Yield the jobs of a checked configuration, with so many attributes for each treebank.

    `lexicon` is whether its analyzer reads one. Jobs of tables are not among them: they follow the
    number of configurations.
    """
    concord = config["concord"]
    if concord is True:
        entries = config["interventions"]
        concord = [entry["name"] for entry in entries if entry.get("split", "test") == "test"]
    transfer = config["transfer"]
    if transfer is True:
        transfer = movers(config["interventions"])
    for treebank in config["treebanks"]:
        for rule in ("read_words", "keep_values"):
            yield Job(rule, "", Shape(0, 0, 0))
        for model, entry in config["models"].items():
            if treebank not in (entry.get("treebanks") or config["treebanks"]):
                continue
            shape = shapes[model]
            entry_treebanks = entry.get("treebanks") or config["treebanks"]
            yield Job("extract_activations", "", shape)
            if config["interventions"]:
                splits = {entry.get("split", "test") for entry in config["interventions"]}
                yield from (Job("cache_states", "", shape) for _ in splits)
                if lexicon or concord:
                    yield Job("build_lexicon", "", shape)
            for layer in config["layers"] * attributes:
                yield Job("compute_statistics", "", shape)
                if config["neurons"]["describe"] and config["rankings"]:
                    yield Job("describe_neurons", "", shape)
                if config["neurons"]["whole"]:
                    yield from (Job("probe_all_neurons", p, shape) for p in config["probes"])
                for ranking in config["rankings"]:
                    ranker = ranking["name"]
                    yield Job("rank_neurons", ranker, shape, ranker=ranking.get("ranker", ""))
                    if isinstance(config["control"], Mapping) and reads_labels(ranker_of(ranking)):
                        yield Job(
                            "rank_by_control", ranker, shape, ranker=ranking.get("ranker", "")
                        )
                    yield from (
                        Job("probe_rankings", f"{p} {ranker}", shape) for p in config["probes"]
                    )
                    for entry in config["interventions"]:
                        kind = f"{entry['name']} {ranker}"
                        yield Job("intervene", kind, shape, layer, entry["step"])
                        # At most: of treebanks that keep the same values.
                        lenders = (
                            len(entry_treebanks) - 1 if entry["name"] in (transfer or ()) else 0
                        )
                        for _ in range(lenders):
                            yield Job("measure_transfer", kind, shape, layer, entry["step"])
                        if entry["name"] in (concord or ()):
                            yield Job("measure_concord", kind, shape, layer, entry["step"])


def measured(
    records: Sequence[Record], pair: tuple[str, str], shape: Shape, config: Mapping[str, Any]
) -> dict[tuple[str, str], list[tuple[Record, float]]]:
    """Return the records of one (model, treebank) by rule and kind, each with its work.

    `config` is the measured configuration. Raises InputError where the pair has no record.
    """
    steps = {entry["name"]: entry["step"] for entry in config["interventions"]}
    rankers = {entry["name"]: entry.get("ranker", "") for entry in config["rankings"]}
    found = defaultdict(list)
    for record in records:
        of, rule = record.wildcards, record.rule.removesuffix(ONE_DIRECTION)
        here = (of.get("model", pair[0]), of.get("treebank", pair[1])) == pair
        if rule in STAGES and here:
            step = steps.get(of.get("method", ""), 1)
            ranker = rankers.get(of.get("ranker", ""), "") if rule in _RANKING else ""
            job = Job(rule, _kind(of), shape, int(of.get("layer", 0)), step, ranker)
            found[rule, job.kind].append((record, work(job)))
    if not any(rule == "extract_activations" for rule, _ in found):
        raise InputError(f"no record of model {pair[0]!r} on treebank {pair[1]!r}")
    return dict(found)


def _kind(wildcards: Mapping[str, str]) -> str:
    parts = (wildcards.get(name) for name in ("probe", "method", "ranker", "collection"))
    return " ".join(part for part in parts if part)


@dataclass
class Stage:
    """What one stage of the larger study takes."""

    jobs: int = 0
    cpu_hours: float = 0.0
    gpu_hours: float = 0.0
    core_hours: float = 0.0  # beside the GPU's, where GPUs run models
    memory_gb: float = 0.0  # of the largest job
    disk_gb: float = 0.0


def estimate(
    planned: Sequence[Job],
    found: Mapping[tuple[str, str], Sequence[tuple[Record, float]]],
    shape: Shape,
    gpu: Gpu,
) -> dict[str, Stage]:
    """Return what each stage takes where processors do all, and where a GPU runs models.

    `shape` is the measured model's. Raises InputError where a job
    has no measured one of its kind.
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
            alone = all(record.rule.endswith(ONE_DIRECTION) for record, _ in records)
            takes = gpu.takes(job, 1 if alone else 2, seconds)
            stage.gpu_hours += takes.card / 3600
            stage.core_hours += takes.core / 3600
        else:
            stage.core_hours += seconds / 3600
        used = max((record.used_mb or 0.0 for record, _ in records), default=0.0)
        stage.memory_gb = max(stage.memory_gb, _memory_mb(job, used, shape) / 1e3)
    growth = sum(job.rule == "compute_statistics" for job in planned) / len(
        found["compute_statistics", ""]
    )
    pairs = sum(job.rule == "extract_activations" for job in planned)
    tables = stages["tables"]
    for (rule, _), records in found.items():
        if STAGES[rule] == "tables":
            tables.jobs += pairs if rule == "collect" else len(records)
            tables.cpu_hours += growth * sum(record.cpu_seconds for record, _ in records) / 3600
            used = max(record.used_mb or 0.0 for record, _ in records)
            tables.memory_gb = max(tables.memory_gb, used / 1e3)
    tables.core_hours = tables.cpu_hours
    return stages


def _memory_mb(job: Job, used: float, measured: Shape) -> float:
    """Memory: a running model has its weights thrice; what reads activations grows as d."""
    if job.rule in ON_GPU:
        return used + 3 * (job.shape.weights_mb - measured.weights_mb)
    of_probes = ("probe_rankings", "probe_all_neurons")
    if job.rule in (*_RANKING, "compute_statistics", "describe_neurons", *of_probes):
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

    def read(rule: str, folder: str) -> float:
        """GB that a measured job of a rule reads of a folder."""
        sizes = next(records[0][0].input_mb for (name, _), records in found.items() if name == rule)
        return sum(mb for path, mb in sizes.items() if f"/{folder}/" in path) * 2**20 / 1e9

    words = read("extract_activations", "words")
    activations = read("probe_rankings", "activations")
    states = read("intervene", "states")
    statistics = read("probe_rankings", "statistics")
    for job in planned:
        wider = job.shape.width / shape.width
        if job.rule == "read_words":
            stages["words"].disk_gb += words
        elif job.rule == "extract_activations":
            stages["activations"].disk_gb += layers * wider * activations
        elif job.rule == "cache_states":
            stages["activations"].disk_gb += layers * wider * states
        elif job.rule == "compute_statistics":
            stages["rankings"].disk_gb += wider**2 * statistics
