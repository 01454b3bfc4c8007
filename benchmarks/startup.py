"""Start-up: what a job costs before it does anything, for every command of the workflow.

`--help` imports all that the command imports and leaves; the rest is Python itself.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import seconds

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "transformers", "polars", "pyarrow", "numba")


def commands() -> list[str]:
    """Return the commands: the modules of `workflow_scripts` with a command line."""
    package = ROOT / "workflow_scripts"
    return sorted(
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if path.read_text().endswith("run(arguments(), main)\n")
    )


def imported(command: str) -> list[str]:
    """Return which heavy packages a command imports."""
    code = f"import sys, workflow_scripts.{command}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    return [package for package in HEAVY if package in modules]


def table(quick: bool) -> str:
    """Return a Markdown table of the commands, or of the first of them."""
    lines = ["| command | seconds | imports |", "|---|---|---|"]
    for command in commands()[:3] if quick else commands():
        line = [sys.executable, "-m", f"workflow_scripts.{command}", "--help"]

        def start(line=line) -> None:
            subprocess.run(line, cwd=ROOT, capture_output=True, check=True)

        took = seconds(start, runs=1 if quick else 5)
        lines.append(f"| {command} | {took:.2f} | {', '.join(imported(command))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few commands, once")
    print(table(parser.parse_args().quick))
