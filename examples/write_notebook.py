"""Write `read_results.ipynb`, for Jupyter, of the cells of `read_results.py`.

A cell begins with `# %%`, one of text with `# %% [markdown]`, as Jupytext and editors have it.
"""

import json
import re
from pathlib import Path

SCRIPT = Path(__file__).with_name("read_results.py")


def cells(text: str) -> list[tuple[str, str]]:
    """Return the cells of a script: their type, `code` or `markdown`, and what they say."""
    parts = re.split(r"^# %%(.*)\n", text, flags=re.MULTILINE)[1:]
    found = []
    for kind, content in zip(parts[::2], parts[1::2], strict=True):
        if kind.strip() == "[markdown]":
            said = re.sub(r"^# ?", "", content, flags=re.MULTILINE)
            found.append(("markdown", said.strip()))
        else:
            found.append(("code", content.strip()))
    return found


def notebook(text: str) -> str:
    """Return a script as a notebook without outputs."""
    written = [
        {
            "cell_type": kind,
            "id": f"cell-{i}",
            "metadata": {},
            "source": content.splitlines(keepends=True),
        }
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for i, (kind, content) in enumerate(cells(text))
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": written, "metadata": {"kernelspec": kernel}}
    whole |= {"nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    text = notebook(SCRIPT.read_text(encoding="utf-8"))
    SCRIPT.with_suffix(".ipynb").write_text(text, encoding="utf-8")
