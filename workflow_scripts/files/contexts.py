"""Contexts: a word in brackets, with the words of its sentence around it, as files have it."""

import re
from collections.abc import Sequence

AROUND = 8
"""How many words stand before and after a word in its context."""


def in_context(forms: Sequence[str], word: int) -> str:
    """Return the context of a word of a sentence; … stands for what is left out."""
    before, after = forms[max(0, word - AROUND) : word], forms[word + 1 :]
    start = ["…"] if word > AROUND else []
    end = ["…"] if len(after) > AROUND else []
    return " ".join([*start, *before, f"[{forms[word]}]", *after[:AROUND], *end])


def parted(context: str, form: str, word: int) -> tuple[str, str, str]:
    """Return what stands before the word of a context, the word, and what stands after it.

    Forms may have brackets and spaces, and another word may be written `[form]`: the word is the
    first `[form]` with as many words before it as the context of this word has.
    """
    words_before = min(word, AROUND) + (word > AROUND)  # and … where it leaves some out
    start = next(
        found.start()
        for found in re.finditer(rf"(?<!\S){re.escape(f'[{form}]')}(?!\S)", context)
        if context.count(" ", 0, found.start()) >= words_before
    )
    return context[:start], form, context[start + len(form) + 2 :]
