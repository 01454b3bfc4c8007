"""Card: what a job takes where a GPU runs the model, of its time and of a core's beside it.

Either as an assumed number of cores, or as `python -m benchmarks.gpu` measured a card: seconds of
an edit (one k of one ranking) at some layers in each precision, on EWT's test split.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from workflow_scripts import InputError
from workflow_scripts.study.usage.work import Job, Shape


class Takes(NamedTuple):
    """Seconds of a job."""

    card: float
    """Of the GPU."""
    core: float
    """Of a core beside it, which starts the job, reads, decodes and writes."""


class Gpu(Protocol):
    """What runs models."""

    @property
    def said(self) -> str:
        """What is known of it, for a line below the table."""
        ...

    def takes(self, job: Job, directions: int, cpu_seconds: float) -> Takes:
        """Return what a job that a core needs `cpu_seconds` for takes.

        `directions` are the rankings of an intervention.
        """
        ...


@dataclass(frozen=True)
class Assumed:
    """A GPU that runs a model as fast as so many cores; nothing is left to the core."""

    cores: float

    @property
    def said(self) -> str:
        return f"assumed to run a model as fast as {self.cores:g} cores"

    def takes(self, job: Job, directions: int, cpu_seconds: float) -> Takes:
        return Takes(cpu_seconds / self.cores, 0.0)


@dataclass(frozen=True)
class Card:
    """A GPU that was measured."""

    name: str
    shapes: Sequence[Mapping[str, Any]]
    """As the benchmark writes them."""
    precision: str
    test_words: float | None = None
    """Of a treebank of the study on average; None: as many as were measured."""

    @property
    def said(self) -> str:
        words = self.test_words or _row(self.shapes[0], 0)["test_words"]
        return (
            f"precision {self.precision}, as measured on {self.name}; {words:,.0f} test words a "
            "treebank, as large a share of them edited as there"
        )

    def takes(self, job: Job, directions: int, cpu_seconds: float) -> Takes:
        """Scale a job's seconds from those of the measured shape whose vocabulary is nearest.

        Whoever extracts or caches holds the card while a core reads and writes; interventions are
        started, and their predictions judged, while the card serves other jobs.
        """
        near = min(self.shapes, key=lambda s: abs(s["vocabulary"] - job.shape.vocabulary))
        measured = Shape(near["layers"], near["width"], near["vocabulary"])
        if job.rule in ("extract_activations", "cache_states"):
            deeper = job.shape.layers * job.shape.layer / (measured.layers * measured.layer)
            name = "extraction" if job.rule == "extract_activations" else "states"
            seconds = near[name] * deeper
            return Takes(seconds, seconds + near["start"])
        share = 1.0 if self.test_words is None else self.test_words / _row(near, 0)["test_words"]
        edits = directions * job.n_edits
        judging = edits * share * _row(near, 0)["judging"]
        core = near["start"] + share * _row(near, 0)["reading"] + judging
        return Takes(edits * share * self._edit(near, measured, job), core)

    def _edit(self, near: Mapping[str, Any], measured: Shape, job: Job) -> float:
        """Return the seconds of an edit: the vocabulary's as V d, those of layers as d²."""
        above = {measured.layers - row["layer"]: row for row in near["interventions"]}
        vocabulary = above[0][self.precision]
        at = sorted(above)
        asked = job.shape.layers - job.layer
        # Straight lines between layers; of a deeper model, as much a layer as down to the lowest.
        of_layers = np.interp(asked, at, [above[n][self.precision] - vocabulary for n in at])
        deeper, wider = max(1.0, asked / max(at)), job.shape.width / measured.width
        vocabulary *= wider * job.shape.vocabulary / measured.vocabulary
        return float(of_layers * deeper * wider**2 + vocabulary)


def _row(shape: Mapping[str, Any], above: int) -> Mapping[str, Any]:
    """Return what was measured at a layer with so many above it."""
    return next(r for r in shape["interventions"] if shape["layers"] - r["layer"] == above)


def read_card(path: Path, precision: str, test_words: float | None) -> Card:
    """Return the card that a benchmark's file is of; raise InputError where it is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        card = Card(found["card"], found["shapes"], precision, test_words)
        for shape in card.shapes:  # all that is read, so that a lack is found here
            of_edits = "layer", "test_words", "reading", "judging", precision
            _ = [
                row[name] for row in [*shape["interventions"], _row(shape, 0)] for name in of_edits
            ]
            _ = [shape[name] for name in ("width", "vocabulary", "start", "extraction", "states")]
        _ = card.shapes[0]
    except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
        raise InputError(
            f"{path}: not what python -m benchmarks.gpu --out writes ({error!r})"
        ) from error
    return card
