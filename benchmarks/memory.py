"""Peak memory: commands on a treebank, and on one ten times as long.

Reading, extraction, the class statistics and Probeless pass over their input, so the peak must
not grow with it. Each command runs in a process of its own; its peak is what the system counted.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import inputs
from benchmarks.extraction import small_model
from tests.support.commands import call
from tests.support.treebank_files import keep, words_of
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.treebanks import generate_treebank

ROOT = Path(__file__).resolve().parents[1]


# A process starts with the peak of the one that started it, so a small one stands between.
_MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stderr=subprocess.PIPE)
sys.stderr.buffer.write(done.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


def peak(command: str, **options) -> float:
    """Run a command; return its peak resident memory in MB."""
    line = [sys.executable, "-c", _MEASURE, sys.executable, "-m", f"workflow_scripts.{command}"]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        line += [f"--{name.replace('_', '-')}", *map(str, values)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stderr}")
    return int(done.stdout) / 1024


def peaks(sentences: int, width: int) -> Iterator[tuple[str, float]]:
    """Yield (command, peak in MB) for a generated treebank of so many sentences."""
    folder = inputs.folder() / f"{sentences}-sentences"
    folder.mkdir()
    conllu = {split: folder / f"english-ud-{split}.conllu" for split in SPLITS}
    call(generate_treebank, grammar="english", sentences=sentences, **conllu)
    words = words_of(folder / "words")
    yield "read_words", peak("words.read_words", schema="unimorph", **conllu, **words)
    model = small_model(layers=2, width=width, words=folder / "words")
    activations = f"{folder}/{{layer}}-{{split}}.parquet"
    files = {"layers": [1], "activations": activations}
    yield (
        "extract_activations",
        peak("activations.extract_activations", model=model, **words, **files),
    )
    of = {"model": "small", "treebank": "english", "attribute": "Number", "layer": 1}
    attributes = keep(folder / "words", min_types=10)
    splits = {
        f"activations_{split}": activations.format(layer=1, split=split) for split in SPLITS[:2]
    }
    train = {name: path for name, path in (words | splits).items() if name.endswith("train")}
    made = {"seed": 1, "statistics": folder / "statistics.safetensors"}
    yield (
        "compute_statistics",
        peak(
            "rankings.compute_statistics",
            **(of | train | made),
            attributes=attributes,
            control="uniform",
        ),
    )
    both = {name: path for name, path in (words | splits).items() if not name.endswith("test")}
    rankings = [folder / "ttb.parquet", folder / "btt.parquet"]
    yield (
        "rank_neurons, probeless",
        peak(
            "rankings.rank_neurons",
            **both,
            **made,
            ranker="probeless",
            max_neurons=10,
            rankings=rankings,
        ),
    )


def table(quick: bool) -> str:
    """Return a Markdown table of the peaks."""
    sentences, width = (200, 32) if quick else (4000, 384)
    short, long = dict(peaks(sentences, width)), dict(peaks(10 * sentences, width))
    lines = [
        f"| command | {sentences:,} sentences | {10 * sentences:,} sentences | growth |",
        "|---|---|---|---|",
    ]
    for command, least in short.items():
        most = long[command]
        lines.append(f"| {command} | {least:.0f} MB | {most:.0f} MB | {most / least - 1:+.0%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    print(table(parser.parse_args().quick))
