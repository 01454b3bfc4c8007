"""Outcomes: what became of each word that was intervened on.

From predicted subtokens and an analyzer to the counts of each k and sentence, and to the examples.
Reads and writes no file, and loads no model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress

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


class Changes(Mapping[tuple[int, int], tuple[str, str]]):
    """Words that changed: {(k index, subject): (word, predicted word)}, both decoded.

    Millions of them in a long intervention, of far fewer kinds.
    """

    def __init__(self, n_subjects: int, place: np.ndarray, kind: np.ndarray, kinds: Sequence):
        """Take ascending places (c,), k index · n_subjects + subject, each's kind, and the kinds.

        A kind is a pair, the word and the predicted word.
        """
        self._n_subjects, self._place, self._kind, self._kinds = n_subjects, place, kind, kinds

    def __getitem__(self, key: tuple[int, int]) -> tuple[str, str]:
        place = key[0] * self._n_subjects + key[1]
        i = int(np.searchsorted(self._place, place))
        is_subject = 0 <= key[1] < self._n_subjects
        if not is_subject or i == len(self._place) or self._place[i] != place:
            raise KeyError(key)
        return self._kinds[self._kind[i]]

    def __len__(self) -> int:
        return len(self._place)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return (divmod(place, self._n_subjects) for place in self._place.tolist())


def judge(
    predicted: np.ndarray,
    ids: np.ndarray,
    subjects: Sequence[Subject],
    analyzer: Analyzer,
    decode: Callable[[list[int]], str],
    without_token: np.ndarray | None = None,
) -> tuple[np.ndarray, Changes]:
    """Return the outcome of each subject at each k, (K, W) int8, and the words that changed.

    `predicted` is (K, R) and `ids` (R,), vocabulary ids of the edited subtokens. `without_token`
    (K, R) bool says which predictions the tokenizer has no token for: they decode to nothing, and a
    word with one has no analysis, whatever is left of it.
    """
    n_ks, n_subjects = len(predicted), len(subjects)
    outcomes = np.full((n_ks, n_subjects), Outcome.CORRECT, np.int8)
    if not n_subjects:
        return outcomes, Changes(0, np.empty(0, np.int64), np.empty(0, np.int64), [])
    starts = np.array([subject.start for subject in subjects], np.int64)
    differs = np.logical_or.reduceat(predicted != ids, starts, axis=1)
    place = np.flatnonzero(differs)
    row, of = np.divmod(place, n_subjects)
    kind, example = _kinds(predicted, ids, subjects, row, of)
    spelled: dict[bytes, str] = {}

    def spell(tokens: np.ndarray) -> str:
        key = tokens.tobytes()
        if key not in spelled:
            spelled[key] = decode(tokens.tolist())
        return spelled[key]

    kinds: list[tuple[str, str]] = []
    changes: list[Change] = []
    for k, number in zip(row[example].tolist(), of[example].tolist(), strict=True):
        subject = subjects[number]
        span = slice(subject.start, subject.end)
        kinds.append((spell(ids[span]), spell(predicted[k, span])))
        changes.append(Change(subject.word, kinds[-1][1]))
    is_change = np.array([word != given for word, given in kinds], bool)
    changed = is_change[kind]
    place, row, of, kind = (array[changed] for array in (place, row, of, kind))
    if analyzer.IN_SENTENCE:
        for k in range(n_ks):
            here = np.flatnonzero(row == k).tolist()
            of_k = [Change(subjects[of[i]].word, kinds[kind[i]][1]) for i in here]
            outcomes[k, of[here]] = analyzer.judge(of_k)
    else:
        of_kind = np.zeros(len(kinds), np.int8)
        of_kind[is_change] = analyzer.judge(list(compress(changes, is_change)))
        outcomes.reshape(-1)[place] = of_kind[kind]
    if without_token is not None:
        outcomes[np.logical_or.reduceat(without_token, starts, axis=1)] = Outcome.NO_ANALYSIS
    return outcomes, Changes(n_subjects, place, kind, kinds)


def _kinds(
    predicted: np.ndarray,
    ids: np.ndarray,
    subjects: Sequence[Subject],
    row: np.ndarray,
    of: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the kind (c,) of each prediction of subject `of` (c,) at k index `row` (c,).

    And for each kind, where in these arrays it first stands: equal words, all that is known of
    them equal too, of which the same is predicted, are of one kind.
    """
    known: dict[tuple, int] = {}
    n_tokens = np.array([subject.end - subject.start for subject in subjects], np.int64)
    starts = np.array([subject.start for subject in subjects], np.int64)
    same = np.array(
        [
            known.setdefault(
                (
                    ids[subject.start : subject.end].tobytes(),
                    subject.word.lemma,
                    subject.word.upos,
                    subject.word.value,
                    subject.word.target,
                ),
                len(known),
            )
            for subject in subjects
        ],
        np.int64,
    )
    kind = np.empty(len(of), np.int64)
    n_ids, n_kinds = int(predicted.max(initial=0)) + 1, 0
    for n in np.unique(n_tokens[of]):
        here = np.flatnonzero(n_tokens[of] == n)
        own = same[of[here]]
        for j in range(n):
            # Numbered anew with each token: the number stands for the word and the tokens so far.
            tokens = predicted[row[here], starts[of[here]] + j].astype(np.int64)
            _, own = np.unique(own * n_ids + tokens, return_inverse=True)
        kind[here] = own + n_kinds
        n_kinds += own.max() + 1
    _, first = np.unique(kind, return_index=True)
    return kind, first


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
    words: Mapping[tuple[int, int], tuple[str, str]],
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
