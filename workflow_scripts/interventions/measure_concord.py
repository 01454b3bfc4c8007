"""Measure concord: does an edit of a word change what the model expects of words that agree?

Of each pair of a controller and a target that agrees with it (`pairs.py`) in the test sentences,
the target masked, the controller's first k neurons are edited, for k = 0, step, 2 step ...; and
D = log p(target) - log p(its counterpart) is read off at the mask. Beside it the control: the same
edit of another word of the sentence with a kept value, drawn; a pair without one is in neither.

Writes what it is (the columns of the ranking's file, `method` with its options), and of each k,
sentence, relation and kind of pair how many `pairs` there are, in how many D > 0 (`concordant`),
and the sum of D in nats (`margin`).
"""

import argparse
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from workflow_scripts.command import configuration
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.progress import progress
from workflow_scripts.command.threads import add_threads, use_threads
from workflow_scripts.files.artifact import made_by, write_parquet
from workflow_scripts.files.columns import EDITED
from workflow_scripts.files.lexicon import entries
from workflow_scripts.files.rankings import named, read_ranking
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.files.words import compared_attributes, sentences
from workflow_scripts.interventions.edits import (
    ONLY_UNCHANGED,
    Method,
    Place,
    add_drawing_options,
    add_method_options,
    grid,
)
from workflow_scripts.interventions.methods import Edit
from workflow_scripts.interventions.pairs import agreeing_pairs
from workflow_scripts.interventions.prediction import EditedSentence, Edits, margins_edited
from workflow_scripts.kernels.counterparts import Counterparts
from workflow_scripts.kernels.subtokens import Subtokens
from workflow_scripts.kernels.words import Configuration, Entry
from workflow_scripts.models.batching import Batches
from workflow_scripts.models.device import resolve_device
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.models.reading import Reader
from workflow_scripts.models.treebank_pass import read_through

log = logging.getLogger("measure_concord")

SCHEMA = {
    **{"k": pl.Int32, "sentence": pl.Int32, "relation": pl.String, "attractor": pl.Boolean},
    **{"edited": pl.String, "pairs": pl.Int32, "concordant": pl.Int32, "margin": pl.Float64},
}


PAIRS_AT_ONCE = 2000
"""Of how many pairs the states of the sentence are in memory."""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder")
    configuration.add_statistics_option(parser)
    parser.add_argument("--words-test", type=Path, required=True, help="words file")
    parser.add_argument("--lexicon", type=Path, required=True, help="forms with their analyses")
    parser.add_argument(
        "--part-of-speech", required=True, help="the attribute that is the word class"
    )
    parser.add_argument("--rankings", type=Path, nargs="+", required=True, help="Parquet files")
    add_method_options(parser)
    add_drawing_options(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    add_threads(parser)
    parser.add_argument(
        "--concord", type=Path, nargs="+", required=True, help="Parquet to write for each ranking"
    )
    return parser


def main(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    of = read_configuration(options.statistics)
    attributes = compared_attributes(options.words_test, of.attribute)
    columns = ["lemma", "upos", "head", "deprel", *attributes]
    test = {s.number: s.columns for s in sentences(options.words_test, columns)}
    method = Method(options, of, test)
    rankings = [read_ranking(path, of) for path in options.rankings]
    metadata = made_by("measure_concord", options.made_by)
    if not any(len(neurons) for _, neurons in rankings):
        log.warning("%s: the ranking has no neuron, so nothing is changed", of)
        for (names, _), path in zip(rankings, options.concord, strict=True):
            empty = pl.DataFrame(schema=SCHEMA).to_arrow()
            write_parquet(path, named(names | method.names, empty), metadata)
        return
    model = MaskedLM(options.model, resolve_device(options.device))
    model.require_lm_head()
    model.require_layers([of.layer])
    masked = masked_pairs(options, of, model, test, attributes, method.aims)
    ks = grid(model.width, options.step)
    if len(ks) == 1:
        log.warning(ONLY_UNCHANGED, options.step, model.width)
    places = [place for pair in masked for place in pair.edited]
    made, rows = method.edits([neurons for _, neurons in rankings], places)
    edits = [
        Edits(edit, neurons, ks[1:]) for edit, (_, neurons) in zip(made, rankings, strict=True)
    ]
    unedited, margins = measured(model, masked, of.layer, edits, rows)
    at_0 = np.stack([unedited] * len(EDITED))[None]
    for (names, _), of_ranking, path in zip(rankings, margins, options.concord, strict=True):
        found = counted(masked, ks, np.concatenate([at_0, of_ranking]))
        write_parquet(path, named(names | method.names, found.to_arrow()), metadata)


@dataclass(frozen=True)
class MaskedPair:
    """A pair of words that agree, in a sentence whose target is masked."""

    sentence: int
    relation: str
    attractor: bool
    read: Subtokens
    """With the mask in the target's place."""
    place: int
    """Of the mask."""
    target: int
    """The target's subtoken."""
    counterpart: int
    """That of its counterpart."""
    edited: tuple[Place, Place]
    """The controller, and the other word."""


def masked_pairs(
    options: argparse.Namespace,
    of: Configuration,
    model: MaskedLM,
    test: Mapping[int, Mapping[str, list]],
    attributes: Sequence[str],
    aims: Mapping[str, str | None],
) -> list[MaskedPair]:
    """Return the pairs of the test sentences that fit the model, in order.

    `aims` has the values whose words the method edits, each with the value to move them to: both
    words that are edited have one of them, and a target's counterpart the other.
    """
    reader = Reader(options.model)
    known = Counterparts(
        entries(options.lexicon, attributes),
        attributes.index(of.attribute),
        of.values,
        of.attribute == options.part_of_speech,
        aims,
    )
    stream = configuration.stream(of, options.seed)("concord")
    found: list[MaskedPair] = []
    left_out = Counter[str]()
    for window, read in read_through(options.words_test, reader, model):
        for sentence, subtokens in zip(window, read, strict=True):
            words = test[sentence.number]
            values = words[of.attribute]
            is_read = set(subtokens.words.tolist())
            possible = [i for i, v in enumerate(values) if v in aims and i in is_read]
            pairs = agreeing_pairs(words["head"], words["deprel"], words["upos"], values, of.values)
            for pair in pairs:
                (places,) = np.nonzero(subtokens.words == pair.target)
                others = [word for word in possible if word not in (pair.controller, pair.target)]
                if pair.controller not in possible:
                    left_out["a controller that is not edited"] += 1
                    continue
                if len(places) != 1:
                    left_out["a target of several subtokens"] += 1
                    continue
                place = int(places[0])
                own = int(subtokens.ids[place])
                if own == reader.unknown_id:
                    left_out["a target that the tokenizer cannot spell"] += 1
                    continue
                counterpart = known.of(
                    Entry(
                        reader.decode([own]),
                        own,
                        words["lemma"][pair.target],
                        words["upos"][pair.target],
                        tuple(words[name][pair.target] for name in attributes),
                    )
                )
                if counterpart is None or counterpart.n_other:
                    left_out["no counterpart with all else equal"] += 1
                    continue
                if not others:
                    left_out["no other word"] += 1
                    continue
                other = others[stream.integers(len(others))]
                ids = subtokens.ids.copy()
                ids[place] = reader.mask_id
                found.append(
                    MaskedPair(
                        sentence.number,
                        pair.relation,
                        pair.attractor,
                        Subtokens(ids, subtokens.words),
                        place,
                        own,
                        counterpart.subtoken,
                        (Place(sentence.number, pair.controller), Place(sentence.number, other)),
                    )
                )
    without = ", ".join(f"{n} with {what}" for what, n in left_out.items()) or "none"
    log.info("%s: %d pairs of words that agree; left out: %s", of, len(found), without)
    return found


def measured(
    model: MaskedLM,
    masked: Sequence[MaskedPair],
    layer: int,
    edits: Sequence[Edits],
    rows: np.ndarray,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return D of each pair unedited (P,), and under each ranking's edits (K, 2, P), float32.

    Of the two the first is of the edited controller, the second of the edited other word; `rows`
    (2P,) says which row of the edit each takes, pair by pair.
    """
    n_edits = sum(len(of.ks) for of in edits)
    unedited = [np.empty(0, np.float32)]
    margins = [[np.empty((len(of.ks), len(EDITED), 0), np.float32)] for of in edits]
    with progress(n_edits * len(EDITED) * len(masked), f"{n_edits} edits", "margins") as bar:
        for first in range(0, len(masked), PAIRS_AT_ONCE):
            some = masked[first : first + PAIRS_AT_ONCE]
            of_some = rows[len(EDITED) * first :].reshape(-1, len(EDITED))
            states = _states(model, some, layer)
            both = []
            for which in range(len(EDITED)):
                for i, pair in enumerate(some):
                    (places,) = np.nonzero(pair.read.words == pair.edited[which].word)
                    row = np.full(len(places), of_some[i, which])
                    both.append(EditedSentence(pair.read, states[i], places, row))
            asked = np.array([(p.place, p.target, p.counterpart) for p in some], np.int64)
            twice = np.concatenate([asked] * len(EDITED))
            found = margins_edited(model, both, layer, edits, twice, bar.update)
            for parts, of in zip(margins, found, strict=True):
                parts.append(of.reshape(len(of), len(EDITED), len(some)))
            unedited.append(_unedited(model, some, layer, states, asked))
    return np.concatenate(unedited), [np.concatenate(parts, axis=2) for parts in margins]


def _states(model: MaskedLM, masked: Sequence[MaskedPair], layer: int) -> list[np.ndarray]:
    """Return the hidden states at the layer of each masked sentence, (s, d) float32."""
    states: list[np.ndarray] = [np.empty(0)] * len(masked)

    def compute(rows: np.ndarray) -> None:
        batch = model.batch([masked[i].read for i in rows])
        found = model.lower(batch, [layer])[layer].cpu().numpy()
        for row, i in enumerate(rows):
            states[i] = found[row, : len(masked[i].read.ids)].copy()  # not the batch's padding

    Batches(model.device).each([len(pair.read.ids) for pair in masked], compute)
    return states


def _unedited(
    model: MaskedLM,
    masked: Sequence[MaskedPair],
    layer: int,
    states: Sequence[np.ndarray],
    asked: np.ndarray,
) -> np.ndarray:
    """Return D of each pair where nothing is changed, (P,) float32."""
    nothing = Edit(np.ones(model.width, np.float32), np.zeros((1, model.width), np.float32))
    none = np.empty(0, np.int64)
    sentences = [EditedSentence(pair.read, states[i], none, none) for i, pair in enumerate(masked)]
    edits = Edits(nothing, np.arange(model.width), [0])
    return margins_edited(model, sentences, layer, [edits], asked)[0][0]


def counted(masked: Sequence[MaskedPair], ks: Sequence[int], margins: np.ndarray) -> pl.DataFrame:
    """Return the rows of a file, of margins (K, 2, P) at each k."""
    of_pairs = pl.DataFrame(
        {
            "sentence": [pair.sentence for pair in masked],
            "relation": [pair.relation for pair in masked],
            "attractor": [pair.attractor for pair in masked],
        },
        schema={name: SCHEMA[name] for name in ("sentence", "relation", "attractor")},
    )
    parts = [
        of_pairs.with_columns(
            k=pl.lit(k, pl.Int32), edited=pl.lit(edited), margin=pl.Series(of_k.astype(np.float64))
        )
        for k, of_both in zip(ks, margins, strict=True)
        for edited, of_k in zip(EDITED, of_both, strict=True)
    ]
    by = ["k", "sentence", "relation", "attractor", "edited"]
    return (
        pl.concat(parts)
        .group_by(by, maintain_order=True)
        .agg(
            pairs=pl.len().cast(pl.Int32),
            concordant=(pl.col("margin") > 0).sum().cast(pl.Int32),
            margin=pl.col("margin").sum(),
        )
        .select(*SCHEMA)
    )


if __name__ == "__main__":
    run(arguments(), main)
