"""Read a treebank: its CoNLL-U or label files -> `words/{treebank}/{split}.parquet`.

Three files, or two: `--dev-from-train 3` makes dev of every tenth sentence of train, the fourth and
so on, and train of the others.
"""

import argparse
import json
import logging
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute

from workflow_scripts import InputError
from workflow_scripts.command.line import add_made_by, run
from workflow_scripts.command.plugins import load
from workflow_scripts.command.progress import progress
from workflow_scripts.files import words as words_file
from workflow_scripts.files.artifact import ParquetFile, made_by
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words.labels import read_labels, unbroken
from workflow_scripts.words.lines import TreebankError
from workflow_scripts.words.own_labels import OwnLabels
from workflow_scripts.words.surface import SurfaceWord, Tally, read_sentences

log = logging.getLogger("read_words")

ROWS = 1 << 15
TENTH = 10
"""Of how many sentences of train one is dev, where a treebank has no dev."""
SHOWN = 20
"""How many pairs of feature and value a line of the log names."""
SPOOL = pa.schema(
    [
        ("sentence", pa.int32()),
        ("word", pa.int32()),
        ("form", pa.string()),
        ("lemma", pa.string()),
        ("upos", pa.string()),
        ("head", pa.int32()),
        ("deprel", pa.string()),
        ("values", pa.map_(pa.string(), pa.string())),
    ]
)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_made_by(parser)
    for split in SPLITS:
        needed = split != "dev"
        parser.add_argument(
            f"--{split}", type=Path, required=needed, nargs=None if needed else "?", help="file"
        )
    parser.add_argument(
        "--dev-from-train", type=int, nargs="?", help="the first of every tenth sentence, 0 to 9"
    )
    parser.add_argument("--schema", required=True, help="how features become attributes")
    parser.add_argument(
        "--own", type=json.loads, default={}, help='JSON: {"Sentiment": {"misc": "Sent"}}'
    )
    parser.add_argument(
        "--labels-of", nargs="?", help="the attribute of label files; without it they are CoNLL-U"
    )
    for split in SPLITS:
        parser.add_argument(f"--words-{split}", type=Path, required=True, help="Parquet to write")
    return parser


def main(options: argparse.Namespace) -> None:
    if (options.dev is None) == (options.dev_from_train is None):
        raise InputError("give either --dev or --dev-from-train")
    schema = load("schemas", options.schema)
    own = OwnLabels(options.own)
    # The columns follow from all three splits, so the words are kept on disk until all are read.
    with tempfile.TemporaryDirectory() as folder:
        values: dict[str, set[str]] = defaultdict(set)
        for split in SPLITS:
            _spool(options, split, schema, own, Path(folder, split), values)
        for fault in own.missing():
            raise TreebankError(
                f"{options.train.parent}: attributes: {fault}; where other treebanks have it, name "
                "them with treebanks:"
            )
        dictionaries = {attribute: pa.array(sorted(values[attribute])) for attribute in values}
        metadata = made_by("read_words", options.made_by)
        for split in SPLITS:
            target = getattr(options, f"words_{split}")
            own_names = {*options.own, options.labels_of}
            columns = words_file.schema(sorted(values), own_names)
            _write(Path(folder, split), target, columns, dictionaries, metadata)
            for found in words_file.placeholders(target):
                log.warning("%s: %s", file_of(options, split), found)


def file_of(options: argparse.Namespace, split: str) -> Path:
    """Return the file that a split is read from."""
    return getattr(options, split) or options.train


def _sentences(
    options: argparse.Namespace, split: str, schema: ModuleType, own: OwnLabels, tally: Tally
) -> Iterator[list[SurfaceWord]]:
    path = file_of(options, split)
    if options.labels_of:
        sentences = read_labels(path, options.labels_of, tally)
    else:
        sentences = read_sentences(path, schema.analyse, tally, own)
    if split == "test" or options.dev_from_train is None:
        return sentences
    return _every_tenth(path, sentences, options.dev_from_train, split, tally)


def _every_tenth(
    path: Path, sentences: Iterable[list[SurfaceWord]], first: int, split: str, tally: Tally
) -> Iterator[list[SurfaceWord]]:
    """Yield every tenth sentence of train, from `first` on, for dev; the others for train."""
    n_kept = n_sentences = 0
    for number, sentence in enumerate(sentences):
        n_sentences += 1
        if (number % TENTH == first) == (split == "dev"):
            n_kept += 1
            yield sentence
    if n_sentences < TENTH:
        plural = "" if n_sentences == 1 else "s"
        why = f" ({question})" if (question := unbroken(tally)) else ""
        raise TreebankError(
            f"{path}: has {n_sentences} sentence{plural}{why}, too few to take every tenth for "
            "dev; dev: from-train needs ten"
        )
    log.info("%s: %d of %d sentences are %s", path, n_kept, n_sentences, split)


def _spool(
    options: argparse.Namespace,
    split: str,
    schema: ModuleType,
    own: OwnLabels,
    spool: Path,
    values: dict[str, set[str]],
) -> None:
    conllu = file_of(options, split)
    tally = Tally()
    with (
        pa.OSFile(str(spool), "wb") as file,
        pa.ipc.new_stream(file, SPOOL) as stream,
        progress(None, conllu.name, "sentences") as bar,
    ):
        rows: list[dict] = []
        for number, sentence in enumerate(_sentences(options, split, schema, own, tally)):
            for position, word in enumerate(sentence):
                for attribute, value in word.values.items():
                    values[attribute].add(value)
                rows.append(
                    {
                        "sentence": number,
                        "word": position,
                        "form": word.form,
                        "lemma": word.lemma,
                        "upos": word.upos,
                        "head": word.head,
                        "deprel": word.deprel,
                        "values": word.values,
                    }
                )
            bar.update()
            if len(rows) >= ROWS:
                stream.write(pa.RecordBatch.from_pylist(rows, schema=SPOOL))
                rows = []
        stream.write(pa.RecordBatch.from_pylist(rows, schema=SPOOL))
    _check_attributes(conllu, values)
    _check_own(conllu, own, tally, schema)
    if split != "dev" or options.dev is not None:  # or it was said of train
        _log(conllu, tally, schema)


def _log(conllu: Path, tally: Tally, schema: ModuleType) -> None:
    """Say how many words a file has, and what of it came to nothing."""
    log.info("%s: %d words", conllu, tally.words)
    if question := unbroken(tally):
        log.warning("%s: %s", conllu, question)
    if tally.without_lemma:
        log.info("%s: %d words without a lemma", conllu, tally.without_lemma)
    if tally.hidden_with_lemma:
        log.info(
            "%s: %d words have the form _ and a lemma: their text may be withheld",
            conllu,
            tally.hidden_with_lemma,
        )
    if tally.wrong_heads:
        log.info(
            "%s: %d words have a HEAD that is no other word of their sentence: no arc",
            conllu,
            tally.wrong_heads,
        )
    for attribute, count in sorted(tally.clashes.items()):
        log.info("%s: %d words with two values of %s, which they lose", conllu, count, attribute)
    name = schema.__name__.rpartition(".")[2]
    for pairs_of, what in (
        (schema.unknown, f"values that schema {name} does not know"),
        (schema.ignored, f"values of features that schema {name} has no attribute for"),
    ):
        pairs: Counter = Counter()
        for (upos, features), count in tally.analyses.items():
            for pair in pairs_of(upos, dict(features)):
                pairs[pair] += count
        if pairs:
            log.info("%s: %d %s: %s", conllu, pairs.total(), what, most_frequent(pairs))


def most_frequent(pairs: Counter) -> str:
    """Return pairs of feature and value as text, each after its count, most frequent first."""
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count} {feature}={value}" for (feature, value), count in ordered[:SHOWN]]
    rest = ordered[SHOWN:]
    if rest:
        named.append(f"{sum(count for _, count in rest)} of {len(rest)} other pairs")
    return ", ".join(named)


def _check_attributes(conllu: Path, values: dict[str, set[str]]) -> None:
    """Raise TreebankError where the attributes so far cannot be columns of a words file."""
    for attribute, found in values.items():
        if attribute in words_file.RESERVED:
            raise TreebankError(
                f"{conllu}: has a feature {attribute!r}, which is a column of every words file or "
                "lexicon; rename the feature"
            )
        if len(found) > words_file.MAX_VALUES:
            raise TreebankError(
                f"{conllu}: more than {words_file.MAX_VALUES} values of {attribute!r}"
            )


def _check_own(conllu: Path, own: OwnLabels, tally: Tally, schema: ModuleType) -> None:
    """Raise TreebankError where the schema gives an attribute the name of one's own."""
    if not own.attributes:
        return
    named = {
        name for upos, feats in tally.analyses for name in schema.analyse(upos, dict(feats))[0]
    }
    for name in sorted(named & {*own.attributes}):
        raise TreebankError(
            f"{conllu}: attributes: {name!r} is a feature of the treebank, too; give your own "
            "another name with name:"
        )


def _write(
    spool: Path,
    target: Path,
    schema: pa.Schema,
    dictionaries: dict[str, pa.Array],
    metadata: dict,
) -> None:
    with (
        pa.OSFile(str(spool)) as file,
        pa.ipc.open_stream(file) as batches,
        ParquetFile(target, schema, metadata) as rows,
    ):
        for batch in batches:
            analyses = [dict(pairs) for pairs in batch.column("values").to_pylist()]
            columns = [batch.column(name) for name in words_file.COLUMNS]
            for attribute in schema.names[len(words_file.COLUMNS) :]:
                dictionary = dictionaries[attribute]
                indices = pa.compute.index_in(
                    pa.array([a.get(attribute) for a in analyses], pa.string()), dictionary
                )
                columns.append(pa.DictionaryArray.from_arrays(indices.cast(pa.int16()), dictionary))
            rows.write(pa.Table.from_arrays(columns, schema=schema))


if __name__ == "__main__":
    run(arguments(), main)
