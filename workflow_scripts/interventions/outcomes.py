"""Outcomes: what became of each word that was intervened on.

From predicted subtokens and an analyzer to the counts of each k and sentence, and to the examples.
Reads and writes no file, and loads no model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress

import numpy as np
import pyarrow as pa

from workflow_scripts.files.columns import BY_FORM, COUNTS, WATCHED
from workflow_scripts.interventions.analyzers import MOVED, TO_TARGET, Analyzer, Change, Outcome
from workflow_scripts.interventions.subjects import Bystander, Subject
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
                    subject.word.others,
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


def differing(
    predicted: np.ndarray,
    others: np.ndarray,
    bystanders: Sequence[Bystander],
    decode: Callable[[list[int]], str],
) -> np.ndarray:
    """Return which bystanders are another word than their `others`, at each k, (K, U) bool.

    `predicted` is (K, R) and `others` (R,), vocabulary ids of their subtokens. A word is what its
    subtokens are decoded to.
    """
    if not bystanders:
        return np.zeros((len(predicted), 0), bool)
    starts = np.array([bystander.start for bystander in bystanders], np.int64)
    changed = np.logical_or.reduceat(predicted != others, starts, axis=1)
    same: dict[tuple[bytes, bytes], bool] = {}
    for k, number in np.argwhere(changed).tolist():
        span = slice(bystanders[number].start, bystanders[number].end)
        before, after = others[span], predicted[k, span]
        key = before.tobytes(), after.tobytes()
        if key not in same:
            same[key] = decode(before.tolist()) == decode(after.tolist())
        changed[k, number] = not same[key]
    return changed


def count(
    outcomes: np.ndarray,
    subjects: Sequence[Subject],
    ks: Sequence[int],
    bystanders: Sequence[Bystander] = (),
    beside: Mapping[str, np.ndarray] | None = None,
    strict: bool = True,
    by_form: bool = False,
) -> pa.Table:
    """Return the counts of each k and sentence: outcomes (K, W), and what is said of bystanders.

    That is (K, U) bool by column, of `side_effects` and `unedited_errors`. `cltv_strict` is empty
    unless `strict`, and whatever asks for a lemma with `by_form`: then no word has one.
    """
    of_subject = np.array([subject.word.sentence for subject in subjects], np.int32)
    of_bystander = np.array([bystander.sentence for bystander in bystanders], np.int32)
    sentence, row_of = np.unique(np.concatenate([of_subject, of_bystander]), return_inverse=True)
    row_of, row_beside = row_of[: len(subjects)], row_of[len(subjects) :]
    shape = (len(ks), len(sentence))

    def counted(hits: np.ndarray, rows: np.ndarray) -> np.ndarray:  # (K, S)
        found = [np.bincount(rows[of_k], minlength=len(sentence)) for of_k in hits]
        return np.array(found, np.int32).reshape(shape)

    words = counted(np.ones_like(outcomes, bool), row_of)
    named = {name: counted(np.isin(outcomes, of), row_of) for name, of in _OUTCOMES.items()}
    every = np.ones((len(ks), len(bystanders)), bool)
    said = {"unedited": every} | dict.fromkeys(WATCHED[1:], ~every) | dict(beside or {})
    named |= {name: counted(hits, row_beside) for name, hits in said.items()}
    table = {
        "k": pa.array(np.repeat(ks, len(sentence)), pa.int32()),
        "sentence": pa.array(np.tile(sentence, len(ks)), pa.int32()),
        "words": pa.array(words.ravel(), pa.int32()),
    }
    table |= {name: pa.array(named[name].ravel(), pa.int32()) for name in (*COUNTS, *WATCHED)}
    empty = [name for name in COUNTS if by_form and name not in BY_FORM]
    for name in [*empty, *([] if strict else ["cltv_strict"])]:
        table[name] = pa.nulls(words.size, pa.int32())
    return pa.table(table)


_OUTCOMES = {
    "correct": (Outcome.CORRECT,),
    "clwv": MOVED,
    "cltv": TO_TARGET,
    "cltv_strict": (Outcome.CLTV_STRICT,),
    "correct_lemma_correct_value": (Outcome.CORRECT_LEMMA_CORRECT_VALUE,),
    "wrong_lemma_correct_value": (Outcome.WRONG_LEMMA_CORRECT_VALUE,),
    "wrong_lemma_wrong_value": (Outcome.WRONG_LEMMA_WRONG_VALUE, Outcome.WRONG_LEMMA_NO_VALUE),
    "no_value": (Outcome.CLWV_NO_VALUE, Outcome.WRONG_LEMMA_NO_VALUE),
    "no_analysis": (Outcome.NO_ANALYSIS,),
}
"""Which outcomes a column counts."""


def examples(
    outcomes: np.ndarray,
    words: Mapping[tuple[int, int], tuple[str, str]],
    subjects: Sequence[Subject],
    ks: Sequence[int],
    meant: Sequence[Outcome],
) -> pa.Table:
    """Return the words that became what is `meant` at the saturation point.

    A word that the unchanged model (k = 0) gives back the same way is none: nothing changed it.
    """
    if not subjects:
        return pa.Table.from_pylist([], schema=EXAMPLES)
    clwv = np.isin(outcomes, MOVED).mean(axis=1)
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
        for i in np.flatnonzero(np.isin(outcomes[row], meant)).tolist()
        if words[row, i] != words.get((0, i))
    ]
    return pa.Table.from_pylist(rows, schema=EXAMPLES)
