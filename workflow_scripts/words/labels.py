"""Label files: words with labels of one's own, a line each, and a blank line after each sentence.

    The<TAB>O
    Danube<TAB>PLACE

A label `_` is none. No line is a comment: a word may be `#`. Of such a word nothing else is known:
it has no lemma, no features and no arc, and `_` for UPOS.
"""

from collections.abc import Iterator
from pathlib import Path

from workflow_scripts.words.lines import TreebankError, numbered_lines, shown
from workflow_scripts.words.surface import SurfaceWord, Tally

_LINE = "word<TAB>label"
LONG = 200
"""Words; a sentence of more may be several whose blank lines are missing."""


def read_labels(path: Path, attribute: str, tally: Tally) -> Iterator[list[SurfaceWord]]:
    """Yield the sentences of a label file, whose labels are values of `attribute`.

    Raises TreebankError, with file and line number, at the first line that is none of `_LINE`.
    """
    n_sentences = 0
    for words in _blocks(path, attribute):
        n_sentences += 1
        for word in words:
            tally.add(word)
        tally.longest = max(tally.longest, len(words))
        yield words
    if n_sentences == 0:
        raise TreebankError(f"{path}: holds no sentence; expected lines {_LINE}")


def unbroken(tally: Tally) -> str:
    """Ask whether the longest sentence of a label file is one; nothing where it is not `LONG`."""
    if tally.longest <= LONG:
        return ""
    return f"one sentence of {tally.longest} words: is the blank line after each sentence missing?"


def _blocks(path: Path, attribute: str) -> Iterator[list[SurfaceWord]]:
    words: list[SurfaceWord] = []
    for number, line in numbered_lines(path, f"lines {_LINE}"):
        if line.strip(" "):
            words.append(_word(f"{path}:{number}", line, attribute))
        elif words:
            yield words
            words = []
    if words:
        yield words


def _word(where: str, line: str, attribute: str) -> SurfaceWord:
    parts = line.split("\t")
    if len(parts) != 2:
        n_tabs = len(parts) - 1 or "no"
        plural = "" if n_tabs == "no" or n_tabs == 1 else "s"
        raise TreebankError(f"{where}: {n_tabs} tab{plural} in {shown(line)}, expected {_LINE}")
    form, label = parts
    for what, text in (("word", form), ("label", label)):
        if not text.strip():
            hint = "; _ says that the word has none" if what == "label" else ""
            raise TreebankError(f"{where}: the {what} is empty, expected {_LINE}{hint}")
        if text != text.strip():
            raise TreebankError(
                f"{where}: the {what} {shown(text)} has white space at an end; remove it"
            )
    # A form may have in it what nobody sees, as in CoNLL-U: writing needs joiners, say.
    if not label.isprintable():
        raise TreebankError(
            f"{where}: the label {shown(label)} has in it what cannot be seen; remove it"
        )
    return SurfaceWord(form, None, "_", {} if label == "_" else {attribute: label})
