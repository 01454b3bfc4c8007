"""Facts about one's own labels, and about dev that is taken from train."""

import pytest

from tests.support.commands import call
from tests.support.treebank_files import block, read_text, row, words_of
from workflow_scripts import InputError
from workflow_scripts.files.frames import read_frame
from workflow_scripts.files.words import compared_attributes
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.words import read_words
from workflow_scripts.words.labels import read_labels
from workflow_scripts.words.lines import TreebankError
from workflow_scripts.words.own_labels import OwnLabels
from workflow_scripts.words.surface import Tally, read_sentences

ONE = '{"Own": {"misc": "Sent"}}'
TWO = '{"Own": {"misc": "Sent"}, "More": {"misc": "Sent"}}'


def noted(word_id, form, misc="_", feats="_"):
    return row(word_id, form, feats=feats).rpartition("\t")[0] + f"\t{misc}"


def values(tmp_path, *rows, own=None):
    path, tally = tmp_path / "x.conllu", Tally()
    path.write_text(block(*rows), encoding="utf-8")
    own = own or OwnLabels({"Own": {"misc": "Sent"}})
    [words] = read_sentences(path, lambda upos, feats: ({}, []), tally, own)
    return [word.values.get("Own") for word in words], tally.clashes


def test_a_key_of_misc_is_an_attribute_and_words_without_it_have_no_value(tmp_path):
    rows = [
        noted(1, "a", "SpaceAfter=No|Sent=Good"),
        noted(2, "b", "Sent"),
        noted(3, "c", "Sent=_"),
        noted(4, "d", "Sent="),
        noted(5, "e", "sent=Bad"),
        noted(6, "f", "Sent=a=b"),
    ]
    assert values(tmp_path, *rows)[0] == ["Good", None, None, None, None, "a=b"]


def test_two_different_values_of_a_key_are_a_clash_and_the_same_twice_is_one(tmp_path):
    found, clashes = values(
        tmp_path, noted(1, "a", "Sent=x|Sent=y"), noted(2, "b", "Sent=x|Sent=x")
    )
    assert found == [None, "x"]
    assert clashes == {"Own": 1}


@pytest.mark.parametrize(
    ("whole", "parts", "expected"),
    [
        ("_", ("Sent=x", "_"), "x"),
        ("_", ("Sent=x", "Sent=x"), None),
        ("_", ("Sent=x|Sent=y", "Sent=z"), "z"),
        ("Sent=w", ("Sent=x", "_"), "w"),
        ("Sent=w", ("Sent=x", "Sent=y"), "w"),
        ("SpaceAfter=No", ("_", "_"), None),
        ("Sent=x|Sent=y", ("Sent=z", "_"), None),
    ],
)
def test_a_multiword_token_has_its_own_label_or_that_of_the_one_part_with_one(
    tmp_path, whole, parts, expected
):
    rows = [noted("1-2", "du", whole), noted(1, "de", parts[0]), noted(2, "le", parts[1])]
    assert values(tmp_path, *rows)[0] == [expected]


def test_a_feature_with_several_values_is_none(tmp_path):
    own = OwnLabels({"Own": {"feats": "Xyz"}})
    rows = [noted(1, "a", feats="Xyz=A"), noted(2, "b", feats="Xyz=A,B")]
    assert values(tmp_path, *rows, own=own)[0] == ["A", None]


def written(folder, **options):
    call(read_words, schema="unimorph", **words_of(folder), **options)


def conllu(folder, text, splits=SPLITS):
    for split in splits:
        (folder / f"x-ud-{split}.conllu").write_text(text, encoding="utf-8")
    return {split: folder / f"x-ud-{split}.conllu" for split in splits}


def test_a_key_that_no_word_has_is_an_error_that_names_those_there_are(tmp_path):
    files = conllu(tmp_path, block(noted(1, "a", "Gloss=x|SpaceAfter=No")))
    with pytest.raises(
        InputError, match=r"no word has a MISC Sent=\.\.\.; there are: Gloss, Space"
    ):
        written(tmp_path, own=ONE, **files)


@pytest.mark.parametrize(
    ("feats", "says"),
    [
        ("Number=Sing", "there are: Number (did you mean Number?)"),
        (
            "|".join(f"A{i:02}=x" for i in range(12)) + "|Number=Sing",
            "A11, ... (did you mean Number?)",
        ),
        ("Case=Nom", "there are: Case"),
        ("number=_", "there are: number"),
    ],
)
def test_a_key_that_is_nearly_one_that_is_there_is_told_which(tmp_path, feats, says):
    files = conllu(tmp_path, block(noted(1, "a", feats=feats)))
    with pytest.raises(InputError) as error:
        written(tmp_path, own='{"Own": {"feats": "number"}}', **files)
    assert "no word has a FEATS number=...; " in (message := str(error.value))
    assert message.partition("; where other")[0].endswith(says)


def test_ones_own_attributes_are_not_compared_with_those_of_the_schema(tmp_path):
    files = conllu(tmp_path, block(noted(1, "a", "Sent=x", "Number=Sing|Case=Nom")))
    written(tmp_path, own=TWO, **files)
    train = tmp_path / "train.parquet"
    assert compared_attributes(train, "Number") == ["Case", "Number"]
    assert compared_attributes(train, "Own") == ["Case", "Number", "Own"]


def test_words_of_label_files_have_a_form_and_a_label_alone(tmp_path):
    path, tally = tmp_path / "x.tsv", Tally()
    path.write_bytes(b"#\tX\r\nnew york\tPLACE\r\n\r\n\r\n<s>\t_")
    first, second = read_labels(path, "Kind", tally)
    assert [(w.form, w.lemma, w.upos, w.values) for w in [*first, *second]] == [
        ("#", None, "_", {"Kind": "X"}),
        ("new york", None, "_", {"Kind": "PLACE"}),
        ("<s>", None, "_", {}),
    ]
    assert (tally.words, tally.without_lemma) == (3, 3)


@pytest.mark.parametrize(("dev", "n"), [({}, 2), ({"dev_from_train": 0}, 1)])
def test_a_label_file_whose_blank_lines_may_be_missing_is_asked_about(tmp_path, caplog, dev, n):
    """Once a file, and not of a sentence that may well be one."""
    lines = "the\tX\n" * 200
    long, short = f"a\tY\n{lines}\n" * 10, f"{lines}\n" * 10
    files = {}
    for split, text in (("train", long), ("dev", long), ("test", short)):
        files[split] = tmp_path / f"x-{split}.tsv"
        files[split].write_text(text)
    if dev:
        del files["dev"]
    written(tmp_path, labels_of="Kind", **files, **dev)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    question = "one sentence of 201 words: is the blank line after each sentence missing?"
    assert said == [f"{tmp_path}/x-{split}.tsv: {question}" for split in ("train", "dev")[:n]]


def test_a_label_file_of_one_block_gives_no_dev_and_is_asked_about(tmp_path):
    files = {split: tmp_path / f"x-{split}.tsv" for split in ("train", "test")}
    for file in files.values():
        file.write_text("the\tX\n" * 360)
    with pytest.raises(InputError) as error:
        written(tmp_path, labels_of="Kind", dev_from_train=3, **files)
    assert str(error.value) == (
        f"{files['train']}: has 1 sentence (one sentence of 360 words: is the blank line after "
        "each sentence missing?), too few to take every tenth for dev; dev: from-train needs ten"
    )


@pytest.mark.parametrize(
    "form",
    [
        *("می\u200cخواهم", "👩\u200d💻", "10\u00a0000", "Zucker\u00ad", "\u200eabc", "\ue000"),
        *("a\u2028b", "\u200b"),
    ],
)
def test_a_form_of_a_label_file_may_be_any_that_conllu_has(tmp_path, form):
    path = tmp_path / "x.tsv"
    path.write_text(f"{form}\tX\n", encoding="utf-8")
    [[word]] = read_labels(path, "Kind", Tally())
    path.write_text(block(row(1, form)), encoding="utf-8")
    [[of_conllu]] = read_sentences(path, lambda upos, feats: ({}, []), Tally())
    assert word.form == of_conllu.form == form


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("word", "no tab in 'word', expected word<TAB>label"),
        ("a\tb\tc", "2 tabs in"),
        ("a\t", "the label is empty, expected word<TAB>label; _ says that the word has none"),
        ("\tX", "the word is empty"),
        ("a\tX ", "the label 'X ' has white space at an end"),
        ("a\u00a0\tX", r"the word 'a\xa0' has white space at an end"),
        ("a\tX\u200bY", r"the label 'X\u200bY' has in it what cannot be seen"),
    ],
)
def test_a_line_that_is_no_word_with_a_label_is_named(tmp_path, line, says):
    path = tmp_path / "x.tsv"
    path.write_text(f"the\t_\n{line}\n", encoding="utf-8")
    with pytest.raises(TreebankError) as error:
        list(read_labels(path, "Kind", Tally()))
    assert str(error.value).startswith(f"{path}:2: ")
    assert says in str(error.value)


def test_every_tenth_sentence_of_train_is_dev_and_no_sentence_is_both(tmp_path):
    text = "".join(block(row(1, f"w{i}")) for i in range(25))
    written(tmp_path, dev_from_train=3, **conllu(tmp_path, text, ("train", "test")))
    train, dev = (read_frame(tmp_path / f"{split}.parquet") for split in ("train", "dev"))
    assert dev["form"].to_list() == ["w3", "w13", "w23"]
    assert train["form"].to_list() == [f"w{i}" for i in range(25) if i % 10 != 3]
    assert train["sentence"].to_list() == list(range(22))


def test_fewer_than_ten_sentences_give_no_dev(tmp_path):
    text = "".join(block(row(1, f"w{i}")) for i in range(9))
    files = conllu(tmp_path, text, ("train", "test"))
    with pytest.raises(InputError, match="has 9 sentences, too few to take every tenth for dev"):
        written(tmp_path, dev_from_train=3, **files)


def test_without_dev_from_train_a_study_reads_as_it_did(tmp_path):
    text = block(row(1, "cats", "NOUN", "Number=Plur"))
    folder = read_text(tmp_path, train=text, dev=text, test=text)
    assert read_frame(folder / "dev.parquet")["Number"].to_list() == ["PL"]
