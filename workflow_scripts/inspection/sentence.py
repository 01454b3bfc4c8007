"""A sentence of one's own: its words' values, what probes read of them, what the model says.

    known, others = known_words(["The", "teachers", "read"], train, of)  # as the treebank has them
    inside = Inside(model_folder, of.layer, forms, device, width)         # one pass of the model
    read = reading("linear", of, train_words, neurons, inside.vectors, statistics, seed)
    said = say(inside, options, of, columns, others, neurons, [10, 50])   # under each edit

The arithmetic is that of the study: its probes, its methods, its prediction and its judging.
"""

from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from workflow_scripts import InputError
from workflow_scripts.command import configuration
from workflow_scripts.command.given import given
from workflow_scripts.command.plugins import load
from workflow_scripts.files.states import CachedSentence
from workflow_scripts.files.statistics import read_statistics
from workflow_scripts.files.words import compared_attributes, sentences
from workflow_scripts.interventions.analyzers import Outcome
from workflow_scripts.interventions.edits import Method, Place
from workflow_scripts.interventions.judging import judge_of
from workflow_scripts.interventions.outcomes import judge
from workflow_scripts.interventions.prediction import Edits, predict_edited
from workflow_scripts.interventions.subjects import edited_sentences, find_subjects
from workflow_scripts.kernels.words import Configuration, LabelledWords
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.word_means import word_means, word_spans
from workflow_scripts.probes.probes import ProbingTask


@dataclass(frozen=True)
class Known:
    """What the training words are that have a form."""

    lemma: str | None
    upos: str
    value: str | None
    """The most frequent; None where most have no kept value."""
    others: tuple[str | None, ...]
    """Of the other attributes."""
    as_it: int
    """How many of them have that value."""
    words: int
    form: str
    """As training has it."""


def known_words(
    forms: Sequence[str], train: Path, of: Configuration
) -> tuple[list[Known | None], list[str]]:
    """Return what training says of each form, and the names of the other attributes compared.

    Of the form as it stands, else in lower case; None where no training word has it. Of equally
    frequent values, or analyses with it, the first in order of their names.
    """
    others = [name for name in compared_attributes(train, of.attribute) if name != of.attribute]
    found: dict[str, Counter] = {name: Counter() for form in forms for name in (form, form.lower())}
    for sentence in sentences(train, ["form", "lemma", "upos", of.attribute, *others]):
        form, lemma, upos, value, *more = sentence.columns.values()
        for i, name in enumerate(form):
            if name in found:
                kept = value[i] if value[i] in of.values else None
                analysis = (kept, lemma[i], upos[i], tuple(column[i] for column in more))
                found[name][analysis] += 1
    there = [form if found[form] else form.lower() for form in forms]
    return [_known(form, found[form]) for form in there], others


def _known(form: str, analyses: Counter) -> Known | None:
    if not analyses:
        return None
    values = Counter()
    for (value, *_), n in analyses.items():
        values[value] += n
    value = min(values, key=lambda value: (-values[value], str(value)))
    of_value = [one for one in analyses if one[0] == value]
    _, lemma, upos, others = min(of_value, key=lambda one: (-analyses[one], str(one)))
    return Known(lemma, upos, value, others, values[value], analyses.total(), form)


class Inside:
    """A sentence inside the model: what it reads, its states at a layer, and what it says."""

    def __init__(self, folder: Path, layer: int, forms: Sequence[str], device: str, width: int):
        """Run the model. Raises InputError where it is another, or the sentence is too long."""
        self.reader = Reader(folder)
        self.model = MaskedLM(folder, resolve_device(device))
        if self.model.width != width:
            raise InputError(
                f"{folder}: a layer has {self.model.width} neurons, and the ranking {width}: it "
                "is not the model of these results"
            )
        self.model.require_lm_head()
        self.model.require_layers([layer])
        self.layer = layer
        [read] = self.reader.read([list(forms)])
        if len(read.ids) > self.model.max_subtokens:
            raise InputError(
                f"--text: {len(read.ids)} subtokens, and {folder} reads at most "
                f"{self.model.max_subtokens}; the study leaves such sentences out"
            )
        batch = self.model.batch([read])
        states = self.model.lower(batch, sorted({layer, self.model.n_layers}))
        _, words, first, count = word_spans([read], len(read.ids))
        self.words: list[int] = words.tolist()
        """The words that have a subtoken."""
        self.vectors: np.ndarray = word_means(states[layer], first, count).cpu().numpy()
        """(w, d) float32, of these words."""
        self._of_words = np.flatnonzero(read.words >= 0)
        predicted = read.ids.copy()
        last = states[self.model.n_layers][0, torch.from_numpy(self._of_words)]
        predicted[self._of_words] = self.model.predict(last).cpu().numpy()
        self.sentence = CachedSentence(0, read, predicted, states[layer][0].cpu().numpy())
        self.reads: list[str] = self.spelled(read.ids)
        """These words as the model reads them."""
        known = set(read.words[read.ids != self.reader.unknown_id].tolist())
        self.unknown: set[int] = set(self.words) - known
        """The words of which it reads the unknown token alone: to it they are all the same."""

    def spelled(self, ids: np.ndarray) -> list[str]:
        """Return the words of subtokens (s,), as the model spells them, of those that have one."""
        of = self.sentence.read.words
        return [self.reader.decode(ids[of == word].tolist()) for word in self.words]


@dataclass(frozen=True)
class Reading:
    """What a probe reads of each word that has a subtoken."""

    values: list[str]
    share: np.ndarray
    """(w, Z) float64, p(value | h)."""


def reading(
    probe: str,
    of: Configuration,
    train: LabelledWords,
    neurons: np.ndarray,
    vectors: np.ndarray,
    statistics: Path,
    seed: int,
) -> Reading:
    """Train a probe on (n, K) training words, columns as `neurons` (K,), and read (w, d) vectors.

    A word stands as one split for each value, as if that were its own: the conditional entropy
    there is -log2 p(value), and the value that is right is the one that is read.
    """
    module, n_values = load("probes", probe), len(of.values)
    splits = {
        (word, z): LabelledWords(vectors[word : word + 1, neurons], np.array([z], np.int32))
        for word in range(len(vectors))
        for z in range(n_values)
    }
    named = {f"{word} {z}": words for (word, z), words in splits.items()}
    task = ProbingTask(
        neurons,
        [len(neurons)],
        n_values,
        {"train": train} | named,
        given("statistics", module.USES, lambda: read_statistics(statistics)),
        given("seed", module.USES, configuration.stream(of, seed)),
    )
    with configuration.named_in_errors(of):
        losses = module.evaluate(task)
    of_word = [[losses[f"{word} {z}"] for z in range(n_values)] for word in range(len(vectors))]
    entropy = np.array([[one.conditional_entropy[0] for one in word] for word in of_word])
    right = [[bool(one.correct[0, 0]) for one in word] for word in of_word]
    values = [of.values[word.index(True)] if any(word) else "?" for word in right]
    return Reading(values, np.exp2(-entropy.reshape(len(vectors), n_values)))


@dataclass(frozen=True)
class Said:
    """What the model says: of each k, of each word that has a subtoken."""

    words: list[list[str]]
    outcomes: list[dict[int, Outcome]]
    """Of each k: what became of each word that is edited, by its place among all words; empty
    where there is no lexicon to judge by."""
    targets: dict[int, str | None]
    """The words that are edited, each with the value that it is moved to."""


def say(
    inside: Inside,
    options: Namespace,
    of: Configuration,
    columns: Mapping[str, list],
    others: Sequence[str],
    neurons: np.ndarray,
    ks: Sequence[int],
) -> Said:
    """Edit the words that have a value, and return what the model says at k = 0 and each of `ks`.

    `columns` has `form`, `lemma`, `upos`, the attribute and the others of all words; `options`
    what `Method` and `judge_of` take. Without `options.lexicon` nothing is judged.
    """
    test = {0: columns}
    method = Method(options, of, test)
    cached = [inside.sentence]
    subjects, edited = find_subjects(cached, test, of.attribute, method.aims, others)
    unchanged = inside.sentence.predicted
    ids = np.tile(unchanged, (len(ks) + 1, 1))  # (K, s), k = 0 first
    if subjects:
        places = [Place(0, subject.word.word) for subject in subjects]
        [edit], rows = method.edits([neurons], places)
        beside = np.setdiff1d(np.flatnonzero(inside.sentence.read.words >= 0), edited[0][:, 0])
        touched = edited_sentences(cached, edited, rows, [beside])
        run = predict_edited(inside.model, touched, of.layer, [Edits(edit, neurons, ks)])
        ids[1:, touched[0].places] = run.of[0]
    outcomes: list[dict[int, Outcome]] = [{} for _ in ids]
    if subjects and options.lexicon:
        judging = judge_of(options, of, test, others)
        at = edited[0][:, 0]
        found, _ = judge(
            ids[:, at],
            inside.sentence.read.ids[at],
            subjects,
            judging.analyzer,
            inside.reader.decode,
            inside.reader.without_token(ids[:, at]),
        )
        outcomes = [
            {s.word.word: Outcome(int(o)) for s, o in zip(subjects, row, strict=True)}
            for row in found
        ]
    targets = {subject.word.word: subject.word.target for subject in subjects}
    return Said([inside.spelled(row) for row in ids], outcomes, targets)
