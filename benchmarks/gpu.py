"""A card: what it computes, and what a study's jobs reach of that; for `estimate_cost --gpu`.

    python -m benchmarks.gpu --out gpu.json    # some minutes; --text FILE: CoNLL-U, or lines

For a bare machine: it downloads nothing, and imports neither polars nor conllu nor Snakemake. Two
models of random weights, of the shapes of M-BERT and XLM-R, are trained for some seconds, so that
predictions lead as those of a trained model, on sentences as long as English-EWT's. Then the
project's own functions extract a treebank of EWT's size, and intervene on as many subtokens as
Number has in EWT's test split. An edit is one k of one ranking; its seconds are medians of three
runs, both precisions in turn, of which exact takes a second or more.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import torch

from benchmarks import gpu_inputs
from benchmarks.gpu_inputs import ATTRIBUTE, VALUES, Shape, Sizes
from benchmarks.machine import THREADS
from tests.support.commands import call
from workflow_scripts.activations import cache_states, extract_activations
from workflow_scripts.command.plugins import load
from workflow_scripts.files.lexicon import Analysis
from workflow_scripts.files.states import read_states
from workflow_scripts.files.words import sentences
from workflow_scripts.interventions.analyzers import AnalyzerTask
from workflow_scripts.interventions.methods import EditTask, ablation
from workflow_scripts.interventions.outcomes import judge
from workflow_scripts.interventions.prediction import EditedSentence, Edits, predict_edited
from workflow_scripts.interventions.subjects import edited_sentences, find_subjects, read_ids
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.precision import EXACT, FAST, leads
from workflow_scripts.models.reading import Reader

ROOT = Path(__file__).resolve().parents[1]
REAL = Sizes(
    shapes=(Shape("M-BERT's", "bert", 119547), Shape("XLM-R's", "xlm-roberta", 250002)),
    layers=(2, 7, 12),
    sentences=16000,
    training=20,
    subtokens=325_000,
    touched=34_675,
    edited=13_020,
    test_words=24_740,
    matrix=8192,
    run=1.2,
    runs=3,
)
QUICK = Sizes(
    shapes=(
        Shape("a small BERT's", "bert", 2500, 3, 64),
        Shape("a small XLM-R's", "xlm-roberta", 3000, 3, 64),
    ),
    layers=(1, 3),
    sentences=1000,
    training=1,
    subtokens=2500,
    touched=600,
    edited=200,
    test_words=500,
    matrix=128,
    run=0.01,
    runs=1,
)
NEAR = 1e-4
"""By how much a logit may lead where two devices differ on which is the largest."""


class Folders(NamedTuple):
    """Of one shape."""

    model: Path
    words: Path
    states: Path


def once(work: Callable[[], object]) -> float:
    """Return the seconds of a call, and of all that a card then still has to do of it."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def rates(n: int, device: torch.device) -> dict[str, float]:
    """Return FLOP/s of matrix products, and bytes/s of copies to and from the card."""

    def seconds(work: Callable[[], object]) -> float:
        work()
        return median(once(work) for _ in range(5))

    def product(kind: torch.dtype) -> float:
        a, b = (torch.randn(n, n, device=device).to(kind) for _ in range(2))
        return 2 * n**3 / seconds(lambda: a @ b)

    found = {"float32": product(torch.float32), "bfloat16": product(torch.bfloat16)}
    with gpu_inputs.fast(device):
        found["TF32"] = product(torch.float32)
    here = torch.randn(n, n)
    there = here.to(device, copy=True)
    found["to the card"] = here.nbytes / seconds(lambda: here.to(device, copy=True))
    found["from the card"] = here.nbytes / seconds(lambda: there.to("cpu", copy=True))
    return found


def needed(shape: Shape, layer: int, touched: Sequence[EditedSentence]) -> float:
    """Return the FLOP that an edit needs: those of the layers above, and of the vocabulary.

    A layer's are 24 d² a subtoken and those of its attention; of the last layer's feed-forward
    part, 16 d², and of the vocabulary's 2 V d, only edited subtokens need any.
    """
    d, above = shape.width, shape.layers - layer
    lengths = np.array([len(sentence.read.ids) for sentence in touched], float)
    n_edited = sum(len(sentence.edited) for sentence in touched)
    attention = 8 * d**2 * lengths.sum() + 4 * d * (lengths**2).sum()
    feed_forward = 16 * d**2 * (max(0, above - 1) * lengths.sum() + (above > 0) * n_edited)
    return float(above * attention + feed_forward + 2 * shape.vocabulary * d * n_edited)


def start_a_job(model: Path, device: torch.device) -> None:
    """Do what every job of interventions does first, in a process of its own."""
    code = "import sys, workflow_scripts.interventions.intervene as job\n"
    code += "job.Reader(sys.argv[1]), job.MaskedLM(job.Path(sys.argv[1]), sys.argv[2])"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(model), str(device)]
    subprocess.run(command, env=environment, check=True)


def other_by_hand(
    model: MaskedLM, layer: int, touched: Sequence[EditedSentence], edits: Edits, found: np.ndarray
) -> tuple[list[float], int]:
    """Return how the CPU predicts for a few ablated sentences other than `found` (K, R).

    By how much its predictions lead where they are others, and how many were compared.
    """
    off: list[float] = []
    row = 0
    for sentence in touched[:6]:
        rows = torch.from_numpy(sentence.edited.astype(np.int64))
        for k, predicted in zip(edits.ks, found[:, row : row + len(rows)], strict=True):
            states = torch.from_numpy(sentence.states.copy())[None]
            states[0, rows[:, None], torch.from_numpy(edits.neurons[:k])] = 0
            with torch.inference_mode():
                last = model.upper(states, model.batch([sentence.read]), layer, rows)
                first, lead = leads(model.logits(last))
            off += lead[first != torch.from_numpy(predicted)].tolist()
        row += len(rows)
    return off, row * len(edits.ks)


def interventions(
    shape: Shape, model: MaskedLM, on_cpu: MaskedLM, of: Folders, layer: int, sizes: Sizes
) -> dict:
    """Measure edits at a layer, in both precisions."""
    reader = Reader(of.model)
    read = partial(read_states, of.states / "subtokens.parquet", of.states / f"{layer}.parquet")
    reading = once(read)
    cached = read()
    columns = ["lemma", "upos", ATTRIBUTE]
    test = {s.number: s.columns for s in sentences(of.words / "test.parquet", columns)}
    subjects, edited = find_subjects(cached, test, ATTRIBUTE, dict.fromkeys(VALUES))
    touched = edited_sentences(cached, edited, np.zeros(len(subjects), np.int64))
    ranking = np.random.default_rng(3).permutation(shape.width)

    def edits(n: int) -> list[Edits]:
        """Ablations at n values of k, in both directions of the ranking."""
        ks = np.linspace(0, shape.width, n + 1).astype(int)[1:].tolist()
        both = ranking, ranking[::-1].copy()
        tasks = [EditTask(neurons, VALUES) for neurons in both]
        return [Edits(ablation.edit(task), task.neurons, ks) for task in tasks]

    found, taken = {}, {EXACT: [], FAST: []}

    def run(precision: str, asked: list[Edits]) -> None:
        found[precision] = predict_edited(model, touched, layer, asked, precision)

    for precision in taken:  # what is made once does not count
        run(precision, edits(1))
    n = max(2, min(20, math.ceil(sizes.run / once(lambda: run(EXACT, edits(1))))))
    asked = edits(n)
    for _ in range(sizes.runs):
        for precision, times in taken.items():
            times.append(once(partial(run, precision, asked)) / (2 * n))
    exact, fast = (np.concatenate(found[precision].of) for precision in taken)
    off, n_compared = other_by_hand(on_cpu, layer, touched, asked[0], exact[:n])
    ids, _ = read_ids(cached, [pairs[:, 0] for pairs in edited])
    words = {word for columns in test.values() for word in columns["lemma"]}
    task = AnalyzerTask(
        attribute=ATTRIBUTE,
        lemma_alone=False,
        lexicon=lambda: [(word, Analysis(word, "X", VALUES[0], ())) for word in words],
        pipeline=str,
        analyse=lambda upos, features: ({}, []),
        forms=lambda sentence: [],
    )
    analyzer, without = load("analyzers", "lexicon").Analyzer(task), reader.without_token(exact)
    judging = once(lambda: judge(exact, ids, subjects, analyzer, reader.decode, without))
    return {
        "layer": layer,
        "test_words": sizes.test_words,
        "subtokens": sum(len(sentence.read.ids) for sentence in touched),
        "edited": len(ids),
        "edits": 2 * n,
        "flop": needed(shape, layer, touched),
        **{precision: median(times) for precision, times in taken.items()},
        "computed_again": found[FAST].computed_again,
        "fast_differs": int((fast != exact).sum()),
        "as_read": float((exact == ids).mean()),
        "compared_with_cpu": n_compared,
        "cpu_differs_by": off,
        "reading": reading,
        "judging": judging / (2 * n),
    }


def measure(
    shape: Shape, sizes: Sizes, device: torch.device, text: Path | None, folder: Path
) -> dict:
    """Measure all of one shape."""
    of = Folders(*(folder / name for name in Folders._fields))
    some = list(islice(gpu_inputs.sentences(text, sizes.sentences), sizes.sentences))
    # With 1,350 subtokens the grammar's words are cut into as many as EWT's by an English BERT.
    gpu_inputs.make_model(of.model, shape, some, 1350 if text is None else shape.vocabulary // 5)
    trained = gpu_inputs.train(of.model, some, sizes.training, device)
    print(f"{shape.name}: {trained}", file=sys.stderr, flush=True)
    source = gpu_inputs.sentences(text, sizes.sentences)
    n_words = gpu_inputs.write_words(of.words, Reader(of.model), sizes, source)
    files = {f"words_{split}": of.words / f"{split}.parquet" for split in SPLITS}
    common = {"model": of.model, "layers": sizes.layers, "device": device, "threads": THREADS}
    activations = f"{folder}/activations/{{layer}}-{{split}}.parquet"
    extract = partial(call, extract_activations, **files, **common, activations=activations)
    cached = {
        "words": files["words_test"],
        "subtokens": of.states / "subtokens.parquet",
        "states": f"{of.states}/{{layer}}.parquet",
    }
    cache = partial(call, cache_states, **common, **cached)
    jobs = {
        "start": once(lambda: start_a_job(of.model, device)),
        "extraction": once(extract),
        "states": once(cache),
    }
    model, on_cpu = MaskedLM(of.model, str(device)), MaskedLM(of.model)
    return {
        **{name: getattr(shape, name) for name in ("name", "layers", "width", "vocabulary")},
        "training": trained,
        "words": n_words,
        **jobs,
        "interventions": [
            interventions(shape, model, on_cpu, of, layer, sizes) for layer in sizes.layers
        ],
    }


def table(found: dict) -> str:
    """Return what was measured, in Markdown."""
    of = found["rates"]
    lines = [
        f"{found['card']}, torch {found['torch']}: matrix products "
        f"{of['float32'] / 1e12:,.3g} TFLOP/s in float32, {of['TF32'] / 1e12:,.3g} in TF32, "
        f"{of['bfloat16'] / 1e12:,.3g} in bfloat16; copies {of['to the card'] / 1e9:,.1f} GB/s to "
        f"the card, {of['from the card'] / 1e9:,.1f} from it.\n",
        "| shape | start of a job | extraction | states | layer | exact, an edit | of the float32 "
        "rate | fast | of the float32 rate | computed again | fast other than exact | CPU other |",
        "|" + 12 * "---|",
    ]
    for shape in found["shapes"]:
        cells = [shape["name"], *(f"{shape[n]:.1f} s" for n in ("start", "extraction", "states"))]
        for row in shape["interventions"]:
            cells.append(str(row["layer"]))
            for precision in (EXACT, FAST):
                share = row["flop"] / row[precision] / of["float32"]
                cells += [f"{row[precision]:.3g} s", f"{share:.0%}"]
            again, off = row["computed_again"], row["cpu_differs_by"]
            cells.append("-" if again is None else f"{again:.1%}")
            cells.append(f"{row['fast_differs']} of {row['edited'] * row['edits']:,}")
            by = f", which lead by {', '.join(f'{lead:.1g}' for lead in off)}" if off else ""
            cells.append(f"{len(off)} of {row['compared_with_cpu']}{by}")
            lines.append(f"| {' | '.join(cells)} |")
            cells = [""] * 4
    return "\n".join(lines)


def faults(found: dict) -> list[str]:
    """Return what should not be, a line each."""
    rows = [(s["name"], row) for s in found["shapes"] for row in s["interventions"]]
    said = [f"{n}, layer {r['layer']}: fast is not exact" for n, r in rows if r["fast_differs"]]
    far = [(n, r["layer"]) for n, r in rows if any(lead > NEAR for lead in r["cpu_differs_by"])]
    return said + [f"{name}, layer {layer}: not what the CPU predicts" for name, layer in far]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="JSON to write, for estimate_cost --gpu")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, cpu ...")
    parser.add_argument("--text", type=Path, help="CoNLL-U or lines, in place of our grammar")
    asked = parser.parse_args()
    sizes, device = QUICK if asked.quick else REAL, torch.device(asked.device)
    torch.set_num_threads(THREADS)
    on_card = device.type == "cuda"
    if on_card:
        torch.cuda.set_device(device)  # the one that is waited for
    card = torch.cuda.get_device_name(device) if on_card else f"no card, {platform.machine()}"
    found = {"card": card, "torch": torch.__version__, "rates": rates(sizes.matrix, device)}
    found["shapes"] = []
    for shape in sizes.shapes:
        with tempfile.TemporaryDirectory(prefix="neuron-pitfalls-gpu-") as folder:
            found["shapes"].append(measure(shape, sizes, device, asked.text, Path(folder)))
        if asked.out:  # after each shape: what is measured outlives an interruption
            asked.out.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))
    sys.exit("\n".join(faults(found)) or None)


if __name__ == "__main__":
    main()
