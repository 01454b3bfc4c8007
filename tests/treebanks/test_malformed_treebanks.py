"""Facts about treebanks that are not CoNLL-U: one error that names file and line, and no output.

What is only untidy, and means the same, is read.
"""

import bz2
import gzip
import lzma
import tracemalloc

import pytest

from tests.study.test_commands import error_of
from tests.support.commands import call
from tests.support.treebank_files import block, row, sentence_of, words_of
from tests.words.test_surface_words import features
from workflow_scripts.files import words as words_file
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words import lines, read_words
from workflow_scripts.words.surface import Tally, TreebankError, read_sentences

WHOLE = sentence_of("fine", "so", "far")
MILLION = 10**6

# What follows a whole sentence of three lines -> the line of the error, and what it says.
MALFORMED = {
    # columns
    "a column too few": (row(1, "a").removesuffix("\t_"), 5, "9 tab-separated columns"),
    "a column too many": (row(1, "a") + "\t_", 5, "11 tab-separated columns"),
    "no tabs": (row(1, "a").replace("\t", "  "), 5, "1 tab-separated columns"),
    "a million columns": ("\t".join("1" * MILLION), 5, "1000000 tab-separated columns"),
    "a million tabs": ("\t" * MILLION, 5, "1000001 tab-separated columns"),
    "a tab in a form": (row(1, "a\tb", lemma="ab"), 5, "11 tab-separated columns"),
    # What was XPOS is where the features were.
    "a tab in a form, a column lost": (
        row(1, "a\tb", "NOUN\tNN\tCase=Nom", lemma="ab").removesuffix("\t_" * 3),
        5,
        "features 'NN', expected _ or Name=Value|Name=Value",
    ),
    "old line ends": (block(row(1, "a"), row(2, "b")).replace("\n", "\r"), 5, "19 tab-separated"),
    "no form": (row(1, ""), 5, "the token has no form"),
    "a line of tabs": (block(row(1, "a"), "\t" * 9, row(2, "b")), 6, "the token has no id"),
    "white space in UPOS": (row(1, "a", "NOUN VERB"), 5, "UPOS 'NOUN VERB' holds white space"),
    "a byte order mark inside": ("\ufeff" + row(1, "a"), 5, r"'\ufeff1' is not a valid ID"),
    # ids
    "no id": (row("_", "a"), 5, "the token has no id"),
    "a letter for an id": (row("a", "a"), 5, "'a' is not a valid ID"),
    "an id with a leading zero": (row("01", "a"), 5, "'01' is not a valid ID"),
    "an id with a space": (row(" 1", "a"), 5, "' 1' is not a valid ID"),
    "an id in other digits": (row("١", "a"), 5, "'١' is not a valid ID"),
    "a negative id": (row("-1", "a"), 5, "'-1' is not a valid ID"),
    "an id of 5,000 digits": (row("9" * 5000, "a"), 5, f"'{'9' * 60}…' is not a valid ID"),
    "id 0": (row(0, "a"), 5, "word id 0, expected 1"),
    "an id twice": (block(row(1, "a"), row(1, "b")), 6, "word id 1, expected 2"),
    "an id left out": (block(row(1, "a"), row(3, "b")), 6, "word id 3, expected 2"),
    "ids backwards": (block(row(2, "a"), row(1, "b")), 5, "word id 2, expected 1"),
    "an empty node alone": (block("# text", row("0.1", "a")), 6, "a sentence without a word"),
    # ranges
    "a range backwards": (row("2-1", "ab"), 5, "'2-1' is not a valid ID"),
    "a range from 0": (row("0-1", "ab"), 5, "'0-1' is not a valid ID"),
    "a range of empty nodes": (row("1.1-1.2", "ab"), 5, "'1.1-1.2' is not a valid ID"),
    "a range past the end": (
        block(row("1-3", "ab"), row(1, "a"), row(2, "b")),
        5,
        "multiword token 1-3 runs past the last word, 2",
    ),
    "a range far past the end": (
        block(row(1, "a"), row(f"2-{10**12}", "b"), row(2, "b")),
        6,
        "multiword token 2-1000000000000 runs past the last word, 2",
    ),
    "a range alone": (row("1-2", "ab"), 5, "1-2 runs past the last word, 0"),
    "a range in a range": (
        block(row("1-3", "abc"), row(1, "a"), row("2-3", "bc"), row(2, "b"), row(3, "c")),
        7,
        "multiword token 2-3 overlaps the one before",
    ),
    "a range twice": (
        block(row("1-2", "ab"), row("1-2", "ab"), row(1, "a"), row(2, "b")),
        6,
        "multiword token 1-2 overlaps the one before",
    ),
    "a range too early": (
        block(row("2-3", "bc"), row(1, "a"), row(2, "b"), row(3, "c")),
        5,
        "multiword token 2-3 stands before word 1, not before its first, 2",
    ),
    "a range too late": (
        block(row(1, "a"), row(2, "b"), row("1-2", "ab")),
        7,
        "multiword token 1-2 stands before word 3, not before its first, 1",
    ),
    # features
    "a feature twice": (row(1, "a", "X", "A=B|A=B"), 5, "'A=B|A=B' name a feature twice"),
    "a feature without a value": (row(1, "a", "X", "A="), 5, "features 'A=', expected _ or"),
    "a value without a feature": (row(1, "a", "X", "=B"), 5, "features '=B', expected _ or"),
    "two values of a feature": (row(1, "a", "X", "A=B=C"), 5, "features 'A=B=C', expected _ or"),
    "a feature too many": (row(1, "a", "X", "A=B|"), 5, "features 'A=B|', expected _ or"),
    "no features": (row(1, "a", "X", ""), 5, "features '', expected _ or"),
    "a space in features": (row(1, "a", "X", "A = B"), 5, "features 'A = B', expected _ or"),
    "a control character in features": (row(1, "a", "X", "A=\x1bB"), 5, r"features 'A=\x1bB'"),
    "a megabyte of features": (
        row(1, "a", "X", "A" * MILLION),
        5,
        f"features '{'A' * 60}…', expected _ or",
    ),
    # bytes
    "Latin-1": (row(1, "été").encode("latin-1"), 5, "not UTF-8 text"),
    "half a surrogate pair": (row(1, "\ud800").encode("utf-8", "surrogatepass"), 5, "not UTF-8"),
    "UTF-8 cut short": (row(1, "é").encode()[:3], 5, "not UTF-8 text (unexpected end of data)"),
    "a pickle": (b"\x80\x04]\x94(\x8c\x01a\x94K\x01e.", 5, "not UTF-8 text"),
}

NO_SENTENCE = {
    "an empty file": b"",
    "a byte order mark": b"\xef\xbb\xbf",
    "blank lines": b"\n \r\n\n",
    "comments": b"# sent_id = 1\n# text = none\n\n",
}


@pytest.fixture
def failed(tmp_path, monkeypatch, capsys):
    """`failed(content)`: the error of read_words where the last split has that content, and it."""

    def error(content, schema="unimorph"):
        conllu = {split: tmp_path / f"x-ud-{split}.conllu" for split in SPLITS}
        for path in conllu.values():
            path.write_text(WHOLE)
        conllu["test"].write_bytes(content if isinstance(content, bytes) else content.encode())
        words = words_of(tmp_path / "words")
        found = error_of(monkeypatch, capsys, read_words, schema=schema, **conllu, **words)
        assert sorted(tmp_path.rglob("*")) == sorted(conllu.values()), "an output was left"
        return found, conllu["test"]

    return error


@pytest.mark.parametrize(("wrong", "line", "says"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_treebank_ends_in_file_line_and_reason_and_leaves_no_words(
    failed, wrong, line, says
):
    wrong = wrong if isinstance(wrong, bytes) else wrong.encode()
    error, path = failed(WHOLE.encode() + wrong)
    assert error.startswith(f"error: {path}:{line}: ")
    assert says in error
    assert len(error) < len(str(path)) + 200


@pytest.mark.parametrize("content", NO_SENTENCE.values(), ids=NO_SENTENCE.keys())
def test_a_treebank_without_a_sentence_is_named_and_leaves_no_words(failed, content):
    error, path = failed(content)
    assert error == f"error: {path}: holds no sentence; expected CoNLL-U"


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16LE"),
        ("utf-16-be", "UTF-16BE"),
        ("utf-32", "UTF-32"),
    ],
)
def test_another_encoding_of_unicode_is_named_at_its_first_line(failed, encoding, named):
    error, path = failed(WHOLE.encode(encoding))
    assert error == (
        f"error: {path}:1: not UTF-8 text but {named}; iconv --from-code {named} --to-code UTF-8"
    )


OTHERS = {
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1f2e\nsize 13289731\n",
        "a Git LFS pointer; git lfs pull gets the file",
    ),
    "gzip": (gzip.compress(WHOLE.encode()), "packed with gzip; unpack it with gunzip"),
    "bzip2": (bz2.compress(WHOLE.encode()), "packed with bzip2; unpack it with bunzip2"),
    "xz": (lzma.compress(WHOLE.encode()), "packed with xz; unpack it with unxz"),
    "zip": (b"PK\x03\x04\x14\x00", "a zip archive; unpack it with unzip"),
    "a web page": (b"<!DOCTYPE html>\n<html>\n", "a web page or XML; download the file itself"),
}


@pytest.mark.parametrize(("content", "what"), OTHERS.values(), ids=OTHERS.keys())
def test_what_is_another_kind_of_file_is_called_so(failed, content, what):
    error, path = failed(content)
    assert error == f"error: {path}: not CoNLL-U but {what}"


def test_a_folder_in_the_place_of_a_treebank_is_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        list(read_sentences(tmp_path, features, Tally()))


@pytest.mark.parametrize("column", [*words_file.COLUMNS, "key"])
def test_a_feature_named_as_a_column_of_the_words_is_named(failed, column):
    error, path = failed(row(1, "a", "X", f"{column}=B"), schema="ud")
    assert error.startswith(f"error: {path}: has a feature '{column}', which is a column")


def test_more_values_than_a_column_holds_are_named(failed, monkeypatch):
    monkeypatch.setattr(words_file, "MAX_VALUES", 2)
    values = block(*(row(i, "a", "X", f"A={i}") for i in (1, 2, 3)))
    error, path = failed(values, schema="ud")
    assert error == f"error: {path}: more than 2 values of 'A'"


# Untidy, and read.

TIDY = block("# text = ab c", row("1-2", "ab"), row(1, "a"), row(2, "b"), row(3, "c")) + WHOLE
UNTIDY = {
    "lines of Windows": TIDY.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + TIDY,
    "a byte order mark and no comment": "\ufeff" + TIDY.partition("\n")[2],
    "no blank line at the end": TIDY[:-1],
    "no line end at the end": TIDY[:-2],
    "many blank lines": "\n\n" + TIDY.replace("\n\n", "\n \n\r\n\n") + "\n\n",
    "a comment in a sentence": TIDY.replace("\n3\t", "\n# 3 follows\n3\t"),
    "a comment at the end": TIDY + "# the end",
    "heads in a cycle": TIDY.replace("1\ta\ta\tX\t_\t_\t_", "1\ta\ta\tX\t_\t_\t2").replace(
        "2\tb\tb\tX\t_\t_\t_", "2\tb\tb\tX\t_\t_\t1"
    ),
    "a head that is no number": TIDY.replace("\t_\t_\t_\t_\n", "\thead\t_\t1:1:1\t=|=\n"),
    "features of a range": TIDY.replace("ab\tab\tX\t_\t_", "ab\tab\tX\t_\tTypo=Yes"),
    "an empty node": TIDY.replace("\n3\t", f"\n{row('2.1', 'e')}\n3\t"),
}


def words_read(folder, text):
    path = folder / "x.conllu"
    path.write_text(text, encoding="utf-8", newline="")
    return list(read_sentences(path, features, Tally()))


@pytest.mark.parametrize("text", UNTIDY.values(), ids=UNTIDY.keys())
def test_what_is_untidy_and_means_the_same_is_read_as_what_is_tidy(tmp_path, text):
    assert text != TIDY
    tidy = words_read(tmp_path, TIDY)
    assert [[word.form for word in words] for words in tidy] == [["ab", "c"], ["fine", "so", "far"]]
    assert words_read(tmp_path, text) == tidy


def test_characters_that_unicode_counts_as_line_ends_stay_in_a_form(tmp_path):
    [[word]] = words_read(tmp_path, block(row(1, "a\x0b\x0c\x1c\x85\u2028\u2029b")))
    assert word.form == "a\x0b\x0c\x1c\x85\u2028\u2029b"


def test_odd_characters_of_forms_and_lemmas_arrive_in_the_words_files(tmp_path):
    odd = "a\x00\x1b[31m\u200f\U0001f600\u0301'\",;"
    path = tmp_path / "x.conllu"
    path.write_text(block(row(1, odd)), encoding="utf-8", newline="")
    words = words_of(tmp_path)
    call(read_words, schema="ud", **dict.fromkeys(SPLITS, path), **words)
    found = read_parquet(words["words_test"], ["form", "lemma"]).to_pylist()
    assert found == [{"form": odd, "lemma": odd.lower()}]


# Large, and not held in memory.


def test_a_file_without_line_ends_is_given_up_early(tmp_path):
    path = tmp_path / "x.conllu"
    with path.open("wb") as file:
        file.truncate(1 << 33)  # 8 GiB of zeros, of which the disk keeps none
    tracemalloc.start()
    with pytest.raises(TreebankError, match=r"x\.conllu:1: a line of more than 16 MiB"):
        list(read_sentences(path, features, Tally()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * lines.LONGEST_LINE


def test_a_million_columns_take_little_more_memory_than_their_line(tmp_path):
    path = tmp_path / "x.conllu"
    path.write_text("\t".join("1" * MILLION))
    tracemalloc.start()
    with pytest.raises(TreebankError, match="1000000 tab-separated columns"):
        list(read_sentences(path, features, Tally()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * path.stat().st_size


def test_lost_blank_lines_are_found_where_the_next_sentence_begins(tmp_path):
    """The last line, which is no text, is not reached: a file is not read as one sentence."""
    path = tmp_path / "x.conllu"
    path.write_bytes(WHOLE.replace("\n\n", "\n").encode() * 2 + b"\xff")
    with pytest.raises(TreebankError, match=r"x\.conllu:4: word id 1, expected 4"):
        list(read_sentences(path, features, Tally()))
