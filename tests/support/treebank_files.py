"""What tests read: CoNLL-U written by hand, and words files that commands make of it."""

from pathlib import Path

from filelock import FileLock

from tests.support.commands import call
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words import keep_values, read_words


def row(word_id, form, upos="X", feats="_", lemma=None) -> str:
    """One line of CoNLL-U."""
    lemma = form.lower() if lemma is None else lemma
    return "\t".join([str(word_id), form, lemma, upos, "_", feats, "_", "_", "_", "_"])


def block(*rows: str) -> str:
    """One sentence of CoNLL-U."""
    return "\n".join(rows) + "\n\n"


def sentence_of(*forms: str) -> str:
    """One sentence of words without features."""
    return block(*(row(i, form) for i, form in enumerate(forms, start=1)))


def words_of(folder: Path) -> dict[str, Path]:
    """The options that name a folder's words files."""
    return {f"words_{split}": folder / f"{split}.parquet" for split in SPLITS}


def read(conllu: dict[str, Path], folder: Path, schema="unimorph") -> Path:
    """Read a treebank's three CoNLL-U files to words files in `folder`."""
    call(read_words, schema=schema, **conllu, **words_of(folder))
    return folder


def read_text(folder: Path, schema="unimorph", **texts: str) -> Path:
    """Read the text of three splits, `train`, `dev` and `test`, to words files in `folder`."""
    conllu = {split: folder / f"x-ud-{split}.conllu" for split in SPLITS}
    for split, path in conllu.items():
        path.write_text(texts[split], encoding="utf-8")
    return read(conllu, folder, schema)


def keep(folder: Path, min_types: int) -> Path:
    """Write an `attributes.csv` beside the words files of `folder`, one for each `min_types`."""
    path = folder / f"attributes-{min_types}.csv"
    with FileLock(f"{path}.lock"):  # of a real treebank, which all processes share
        call(keep_values, **words_of(folder), min_types=min_types, attributes=path)
    return path
