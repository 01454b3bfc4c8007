"""Write workflow.yaml and spacy.yaml, the environments for --sdm conda, from the pins of pip.

    python envs/write_conda.py

`make pins` runs it after a pin has changed; a test says whether the files are what it writes.
"""

from pathlib import Path

ENVS = Path(__file__).parent

HEAD = """\
name: {name}
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip
  - pip:
"""

WORKFLOW = """\
# Written by `make pins`. The environment of every rule, for --sdm conda: the pins of
# requirements.txt.
"""

SPACY = """\
# Written by `make pins`. The environment of interventions with analyzer `spacy`, for --sdm conda:
# the pins of requirements.txt and of spacy.txt. A copy for other languages takes the address of
# each pipeline's wheel among its makers' releases, not its bare name.
"""


def pins(name: str) -> list[str]:
    """Return the pins of a file of pip, without comments."""
    lines = (line.partition("#")[0].strip() for line in (ENVS / name).read_text().splitlines())
    return [line for line in lines if line]


def environments() -> dict[str, str]:
    """Return the text of each environment by the name of its file."""
    # A rule's environment needs no Snakemake: that runs outside, and starts the rule's commands.
    every = [pin for pin in pins("requirements.txt") if not pin.startswith("snakemake==")]
    return {
        "workflow.yaml": _environment(WORKFLOW, "neuron-pitfalls", every),
        "spacy.yaml": _environment(SPACY, "neuron-pitfalls-spacy", every + pins("spacy.txt")),
    }


def _environment(comment: str, name: str, pinned: list[str]) -> str:
    listed = "".join(f"      - {pin}\n" for pin in pinned)
    return comment + HEAD.format(name=name) + listed


if __name__ == "__main__":
    for file, text in environments().items():
        (ENVS / file).write_text(text, encoding="utf-8")
