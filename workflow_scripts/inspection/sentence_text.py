"""The text of a tried sentence: what a terminal shows of its JSON, aligned."""

import json
import unicodedata
from typing import Any

from workflow_scripts.interventions.analyzers import MOVED, TO_TARGET, Outcome


def as_text(answer: dict[str, Any]) -> list[str]:
    """Return the lines for a terminal."""
    rows, d, probed = answer["words"], answer["neurons"], answer["probe_neurons"]
    values = ", ".join(answer["values"])
    lines = [
        f"{answer['model']}, {answer['treebank']}, {answer['attribute']} ({values}), "
        f"layer {answer['layer']}, ranking {answer['ranking']}"
    ]
    lines += [f"chosen: {one}" for one in answer["chosen"]]
    which = f"all {d} neurons" if probed == d else f"the ranking's first {probed} of {d} neurons"
    lines += ["", f"Values. Probes read {which}, trained on {answer['training_words']:,} words."]
    probes = list(rows[0]["probes"])
    lines += aligned(
        [
            ["word", *probes, "value", "from"],
            *(
                [
                    shown(row["word"]),
                    *(_read(row["probes"][probe]) for probe in probes),
                    row["value"] or "none",
                    row["value_from"],
                ]
                for row in rows
            ),
        ]
    )
    name, options = answer["method"], answer["method_options"]
    how = ", ".join(f"{key} {_plain(value)}" for key, value in options.items())
    lines += ["", f"What the model says while the first k neurons are changed: {name} ({how})."]
    if not how:
        lines[-1] = lines[-1].replace(" ()", "")
    edits = [_edit(row) for row in rows if row["edited"]]
    lines.append(f"Changed in: {', '.join(edits)}." if edits else _unchanged(rows, options))
    table = [["word", *(f"k = {one['k']}" for one in rows[0]["model"])]]
    table += [[shown(row["word"]), *(_answer(row, one) for one in row["model"])] for row in rows]
    lines += aligned(table)
    cells = {cell.rpartition(" ")[2] for row in table[1:] for cell in row[1:] if " " in cell}
    lines += [f"{mark} {meaning}" for mark, meaning in MARKS.items() if mark in cells]
    return [*lines, *_unknown(rows), *_advice(rows)]


LONGEST = 30
"""The most columns of a terminal that a word takes."""
MARKS = {
    "=>": "the same lemma with the value that the word was moved to",
    "->": "the same lemma with another value, or none",
    "~": "the same lemma and value",
    "!": "another lemma",
    "?": "not a word of the treebank, or of a word whose lemma is not known",
    "*": "another word, though it was not changed itself",
    "#": "another word, which nobody judges: the study has no lexicon",
}
"""What stands after a word that the model says in place of that of the sentence, at k = 0 too."""


def _mark(row: dict[str, Any], one: dict[str, Any]) -> str:
    outcome = one["outcome"]
    if outcome is None:
        # As the model reads it: one without capitals gives none back.
        if one["word"] == row["reads"]:
            return ""
        return "#" if row["edited"] else "*"
    found = Outcome[outcome.upper()]
    if found == Outcome.CORRECT:
        return ""
    if found in MOVED:
        return "=>" if found in TO_TARGET else "->"
    if found == Outcome.CORRECT_LEMMA_CORRECT_VALUE:
        return "~"
    return "?" if found == Outcome.NO_ANALYSIS else "!"


def _answer(row: dict[str, Any], one: dict[str, Any]) -> str:
    if one["word"] is None:
        return "(no subtoken)"
    mark = _mark(row, one)
    return f"{shown(one['word'])} {mark}" if mark else shown(one["word"])


def _read(read: dict[str, Any] | None) -> str:
    return "-" if read is None else f"{read['value']} {read['p'].get(read['value'], 0):.2f}"


def _edit(row: dict[str, Any]) -> str:
    towards = f" to {row['target']}" if row["target"] else ""
    return f"{shown(row['word'])} ({row['value']}{towards})"


def _unchanged(rows: list[dict[str, Any]], options: dict[str, Any]) -> str:
    """Say why no word is edited: those that have a value may have it from the start."""
    to = options.get("to")
    there = [shown(row["word"]) for row in rows if row["value"] and row["value"] == to]
    if not there:
        return "No word has a value to change."
    return f"Nothing is changed: {', '.join(there)} has the target, {to}, already."


def _plain(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else f"{value}".removesuffix(".0")


def _unknown(rows: list[dict[str, Any]]) -> list[str]:
    """Say of which words the model reads nothing but the unknown token."""
    unknown = dict.fromkeys((shown(row["word"]), row["reads"]) for row in rows if row["unknown"])
    if not unknown:
        return []
    words, reads = (dict.fromkeys(of) for of in zip(*unknown, strict=True))
    return [f"The model has no subtoken for {', '.join(words)} (reads {', '.join(reads)})."]


def _advice(rows: list[dict[str, Any]]) -> list[str]:
    """Say which words have punctuation at their ends that a treebank has as a word of its own."""
    joined = [
        row["word"]
        for row in rows
        if row["value_from"].startswith("not in training")
        and row["word"][-1] in ".,;:!?"
        and len(row["word"]) > 1
    ]
    if not joined:
        return []
    bare, mark = joined[0][:-1], joined[0][-1]
    return [
        f"White space alone separates words: if {shown(joined[0])} is two, write "
        f"{shown(bare)} {mark}"
    ]


def printable(text: str) -> str:
    """Return a text with what would steer a terminal written out: \\x1b."""
    return "".join(
        ascii(letter)[1:-1] if unicodedata.category(letter) in ("Cc", "Cs") else letter
        for letter in text
    )


def shown(word: str) -> str:
    """Return a word as a line has it: printable, and cut to LONGEST columns."""
    text = printable(word)
    if _width(text) <= LONGEST:
        return text
    while _width(text) >= LONGEST:
        text = text[:-1]
    return f"{text}…"


def aligned(rows: list[list[str]]) -> list[str]:
    """Return rows of cells as lines, with columns under each other."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two a wide letter, none a mark."""
    return sum(
        0
        if unicodedata.category(letter) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
