"""Lay one table out as a paper shows it -> `tables/{table}.tex`, for `\\input` with booktabs."""

import argparse
from pathlib import Path

import pandas as pd

from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.files.artifact import whole_file
from workflow_scripts.files.frames import read_frame


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--table", type=Path, required=True, help="Parquet, named as the table")
    parser.add_argument("--latex", type=Path, required=True, help="LaTeX to write")
    return parser


def main(options: argparse.Namespace) -> None:
    name = options.table.stem
    module = load("latex", name)
    text = laid_out(module.build(read_frame(options.table)), module.CAPTION, name)
    with whole_file(options.latex, options.made_by) as part:
        part.write_text(text, encoding="utf-8")


def laid_out(frame: pd.DataFrame, caption: str, name: str) -> str:
    """Return a frame of text as a longtable; needs the packages booktabs, longtable, multirow."""
    if frame.empty:
        return f"% {name}: this study gives the table no row.\n"
    styler = frame.style.format(escape="latex", na_rep="")
    for axis in (0, 1):
        styler = styler.format_index(escape="latex", axis=axis)
    styler = styler.format_index_names(escape="latex", axis=0)
    styler = styler.format_index_names(escape="latex", axis=1)
    text = styler.to_latex(
        environment="longtable",
        hrules=True,
        column_format="l" * frame.index.nlevels + "r" * frame.shape[1],
        multicol_align="c",
        caption=caption,
        label=f"tab:{name}",
    )
    # Outside of mathematics, LaTeX's first fonts have other letters in these places.
    return text.replace("<", "$<$").replace(">", "$>$")


if __name__ == "__main__":
    run(arguments(), main)
