"""Outcomes: what became of each word that was intervened on.

From predicted subtokens and an analyzer to the counts of each k and sentence, and to the examples.
Reads and writes no file, and loads no model.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from workflow_scripts.files.columns import COUNTS
from workflow_scripts.interventions.analyzers import Analyzer, Change, Outcome
from workflow_scripts.interventions.subjects import Subject
from workflow_scripts.kernels.saturation import saturation_index

EXAMPLES = pa.schema(
    [
        ("k", pa.int32()),
        ("sentence", pa.int32()),
        ("word", pa.int32()),
        ("value", pa.string()),
        ("target", pa.string()),
        ("form", pa.string()),
        ("predicted", pa.string()),
    ]
)


def judge(
    predicted: np.ndarray,
    ids: np.ndarray,
    subjects: Sequence[Subject],
    analyzer: Analyzer,
    decode: Callable[[list[int]], str],
    without_token: np.ndarray | None = None,
) -> tuple[np.ndarray, dict[tuple[int, int], tuple[str, str]]]:
    """Return the outcome of each subject at each k, (K, W) int8, and the words that changed.

    `predicted` is (K, R) and `ids` (R,), vocabulary ids of the edited subtokens. `without_token`
    (K, R) bool says which predictions the tokenizer has no token for: they decode to nothing, and a
    word with one has no analysis, whatever is left of it. The words that changed are
    {(k index, subject): (word, predicted word)}, both decoded.
    """
    spelled: dict[bytes, str] = {}

    def spell(tokens: np.ndarray) -> str:
        key = tokens.tobytes()
        if key not in spelled:
            spelled[key] = decode(tokens.tolist())
        return spelled[key]

    outcomes = np.full((len(predicted), len(subjects)), Outcome.CORRECT, np.int8)
    words: dict[tuple[int, int], tuple[str, str]] = {}
    starts = np.array([subject.start for subject in subjects], np.int64)
    for row in range(len(predicted)):
        differs = np.add.reduceat(predicted[row] != ids, starts) if len(starts) else starts
        changes, changed = [], []
        for i in np.flatnonzero(differs):
            subject = subjects[i]  # pyright: ignore[reportArgumentType, reportCallIssue]
            span = slice(subject.start, subject.end)
            word, given = spell(ids[span]), spell(predicted[row, span])
            if word != given:
                changes.append(Change(subject.word, given))
                changed.append(i)
                words[row, int(i)] = (word, given)
        outcomes[row, changed] = analyzer.judge(changes)
        if without_token is not None and len(starts):
            unspelled = np.logical_or.reduceat(without_token[row], starts)
            outcomes[row, unspelled] = Outcome.NO_ANALYSIS
    return outcomes, words


def count(outcomes: np.ndarray, subjects: Sequence[Subject], ks: Sequence[int]) -> pa.Table:
    """Return the outcome counts of each k and sentence."""
    numbers = np.array([subject.word.sentence for subject in subjects], np.int32)
    sentence, row_of = np.unique(numbers, return_inverse=True)
    by = {outcome: np.zeros((len(ks), len(sentence)), np.int32) for outcome in Outcome}
    for row in range(len(ks)):
        for outcome, counts in by.items():
            hits = row_of[outcomes[row] == outcome]
            counts[row] = np.bincount(hits, minlength=len(sentence))
    named = {
        "correct": by[Outcome.CORRECT],
        "clwv": by[Outcome.CLWV] + by[Outcome.CLTV],
        "cltv": by[Outcome.CLTV],
        "correct_lemma_correct_value": by[Outcome.CORRECT_LEMMA_CORRECT_VALUE],
        "wrong_lemma_correct_value": by[Outcome.WRONG_LEMMA_CORRECT_VALUE],
        "wrong_lemma_wrong_value": by[Outcome.WRONG_LEMMA_WRONG_VALUE],
        "no_analysis": by[Outcome.NO_ANALYSIS],
    }
    n_words = np.bincount(row_of, minlength=len(sentence)).astype(np.int32)
    return pa.table(
        {
            "k": pa.array(np.repeat(ks, len(sentence)), pa.int32()),
            "sentence": pa.array(np.tile(sentence, len(ks)), pa.int32()),
            "words": pa.array(np.tile(n_words, len(ks)), pa.int32()),
        }
        | {name: pa.array(named[name].ravel(), pa.int32()) for name in COUNTS}
    )


def examples(
    outcomes: np.ndarray,
    words: dict[tuple[int, int], tuple[str, str]],
    subjects: Sequence[Subject],
    ks: Sequence[int],
    meant: Outcome,
) -> pa.Table:
    """Return the words that became what is `meant` at the saturation point.

    A word that the unchanged model (k = 0) gives back the same way is none: nothing changed it.
    """
    if not subjects:
        return pa.Table.from_pylist([], schema=EXAMPLES)
    clwv = np.isin(outcomes, (Outcome.CLWV, Outcome.CLTV)).mean(axis=1)
    row = saturation_index(clwv.tolist())
    rows = [
        {
            "k": ks[row],
            "sentence": subjects[i].word.sentence,
            "word": subjects[i].word.word,
            "value": subjects[i].word.value,
            "target": subjects[i].word.target,
            "form": words[row, i][0],
            "predicted": words[row, i][1],
        }
        for i in np.flatnonzero(outcomes[row] == meant).tolist()
        if words[row, i] != words.get((0, i))
    ]
    return pa.Table.from_pylist(rows, schema=EXAMPLES)
