"""Start-up: what a job costs before it does anything, for every command of the workflow.

A command is imported, and leaves as one that is done. What runs a model also loads one: a small
BERT, in the last line.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import seconds

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "transformers", "polars", "pyarrow", "numba", "scipy", "pandas", "sympy")
START = "from workflow_scripts.command import process; process.settle()\n"
LEAVE = f"""
import sys
if sys.argv[-1] == "imported":
    print(*(package for package in {HEAVY} if package in sys.modules), sep=", ")
process.leave()
"""
MODEL = """
import sys
from transformers import BertConfig, BertForMaskedLM
sizes = {"hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 256}
config = BertConfig(vocab_size=3000, num_hidden_layers=2, **sizes)
BertForMaskedLM(config).save_pretrained(sys.argv[1])
"""
LOAD = """
import sys
from pathlib import Path
from workflow_scripts.models.masked_lm import MaskedLM
MaskedLM(Path(sys.argv[1]))
"""


def commands() -> list[str]:
    """Return the commands: the modules of `workflow_scripts` with a command line."""
    package = ROOT / "workflow_scripts"
    return sorted(
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if path.read_text().endswith("run(arguments(), main)\n")
    )


def python(code: str, *arguments: str) -> str:
    """Return what a new process prints."""
    line = [sys.executable, "-c", code, *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def table(quick: bool) -> str:
    """Return a Markdown table of the commands, or of the first of them."""
    chosen = commands()[:3] if quick else commands()
    codes = {command: f"import workflow_scripts.{command}" for command in chosen}
    lines = ["| command | seconds | imports |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        python(MODEL, folder)
        for name, code in (codes | {"a small BERT is loaded": LOAD}).items():
            whole = START + code + LEAVE
            took = seconds(lambda whole=whole: python(whole, folder), runs=1 if quick else 5)
            imported = python(whole, folder, "imported").strip()
            lines.append(f"| {name} | {took:.2f} | {imported} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few commands, once")
    print(table(parser.parse_args().quick))
