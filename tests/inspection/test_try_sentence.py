"""Facts about trying a sentence of one's own: it is what the study itself measured."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from tests.support.commands import call
from tests.support.treebank_files import block, row, words_of
from tests.support.workflow import ROOT
from workflow_scripts import InputError, try_sentence
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.artifact import read_parquet, write_parquet
from workflow_scripts.files.rankings import read_ranking
from workflow_scripts.files.words import sentences
from workflow_scripts.inspection import finished_study
from workflow_scripts.inspection.finished_study import FinishedStudy
from workflow_scripts.inspection.sentence import known_words, reading
from workflow_scripts.inspection.sentence_text import aligned, as_text, shown
from workflow_scripts.interventions.analyzers import Outcome
from workflow_scripts.kernels.words import SPLITS, Configuration
from workflow_scripts.words import read_words


@pytest.fixture
def tried(finished, capsys):
    """`tried("The teachers .", k=5)` is what the command answers, as JSON."""

    def answer(text, **options):
        parser = try_sentence.arguments()
        argv = ["--text", text, "--results", str(finished / "results"), "--json"]
        for name, value in options.items():
            values = value if isinstance(value, list) else [value]
            argv += [f"--{name.replace('_', '-')}", *map(str, values)]
        try_sentence.main(parser.parse_args(argv))
        return json.loads(capsys.readouterr().out)

    return answer


@pytest.fixture
def number(finished):
    """The study's one configuration, with its folder and its files."""
    study = FinishedStudy(finished / "results")
    (of,) = study.configurations
    return SimpleNamespace(study=study, of=of, results=finished / "results")


def of_test(number, n):
    """The first test sentences in which no form has two values, as (number, forms, values)."""
    found = []
    for sentence in sentences(number.study.words(number.of, "test"), ["form", "Number"]):
        pairs = set(zip(*sentence.columns.values(), strict=True))
        values = dict(pairs)
        if len(values) == len(pairs) and any(values.values()):
            found.append((sentence.number, sentence.columns["form"], values))
    return found[:n]


@pytest.mark.parametrize("method", ["ablation", "translation"])
def test_a_test_sentence_tried_alone_becomes_what_the_study_counted(tried, number, method):
    path = number.results / f"interventions/tiny/english/number/layer-1/{method}-by-random.parquet"
    counted = pl.read_parquet(path)
    changed = 0
    for sentence, forms, values in of_test(number, 4):
        given = [f"{form}={value or ''}" for form, value in values.items()]
        answer = tried(" ".join(forms), method=method, ranking="random", k=[5, 15], values=given)
        edited = [word for word in answer["words"] if word["edited"]]
        for i, k in enumerate((0, 5, 15)):
            row = counted.row(
                by_predicate=(pl.col("k") == k) & (pl.col("sentence") == sentence), named=True
            )
            assert row["words"] == len(edited)
            outcomes = [word["model"][i]["outcome"] for word in edited]
            assert row["correct"] == outcomes.count("correct")
            changed += len(edited) - row["correct"]
    assert changed > 0


@pytest.mark.parametrize("probe", ["linear", "gaussian"])
def test_a_probe_reads_words_as_the_study_s_probe_does(number, probe):
    """Every test word alone: the share that is read right is the study's test accuracy."""
    study, of = number.study, number.of
    _, ranking = read_ranking(study.rankings(of)["random"], of)
    neurons = ranking[:5]
    train, test = (
        LabelledActivations(study.activations(of, s), study.words(of, s), of.attribute, of.values)
        for s in ("train", "test")
    )
    words = test.load()
    seed = study.seed(of, "random")
    read = reading(probe, of, train.load(neurons), neurons, words.x, study.statistics(of), seed)
    right = np.mean([of.values[y] == value for y, value in zip(words.y, read.values, strict=True)])
    table = pl.read_parquet(number.results / "tables/probing.parquet")
    row = table.row(
        by_predicate=(pl.col("probe") == probe)
        & (pl.col("ranking") == "random")
        & (pl.col("k") == 5)
        & (pl.col("split") == "test"),
        named=True,
    )
    assert right == pytest.approx(row["accuracy"], abs=1e-12)
    mi = row["mi"]
    own = read.share[np.arange(len(words.y)), words.y]
    shares = np.bincount(words.y) / len(words.y)
    entropy = -(shares * np.log2(shares)).sum()
    assert entropy + np.log2(own).mean() == pytest.approx(mi, abs=1e-5)
    np.testing.assert_allclose(read.share.sum(axis=1), 1, atol=1e-5)


def test_a_word_has_the_value_of_most_training_words_and_else_what_the_first_probe_reads(
    tried, number
):
    train = list(sentences(number.study.words(number.of), ["form", "Number"]))
    pairs = pl.DataFrame(
        [pair for s in train for pair in zip(*s.columns.values(), strict=True)],
        schema=["form", "value"],
        orient="row",
    )
    counts = pairs.group_by("form", "value").len().sort("len", "form", descending=True)
    form, value, n = counts.filter(pl.col("value").is_not_null()).row(0)
    total = len(pairs.filter(pl.col("form") == form))
    answer = tried(f"{form} zorps")
    known, unknown = answer["words"]
    assert known["value"] == value
    assert known["value_from"] == f"training: {n} of {total}"
    assert unknown["value"] == unknown["probes"]["linear"]["value"]
    assert unknown["value_from"] == "not in training: linear probe"
    assert tried(f"{form} zorps", probes="gaussian")["words"][1]["value_from"].endswith(
        "gaussian probe"
    )


def test_a_capital_at_the_beginning_is_no_other_word(number):
    first = next(sentences(number.study.words(number.of), ["form"]))
    lower = first.columns["form"][1]
    (small, large), _ = known_words(
        [lower, lower.upper()], number.study.words(number.of), number.of
    )
    assert small == large
    assert small.form == lower


def test_a_word_of_unknown_tokens_is_edited_by_no_probe_s_value(tried, finished, capsys):
    unknown, known = tried("😀 zorps")["words"]
    assert (unknown["unknown"], unknown["reads"], known["unknown"]) == (True, "[UNK]", False)
    assert (unknown["value"], unknown["edited"]) == (None, False)
    assert unknown["value_from"] == "not in training, and unknown to the model"
    assert known["edited"]
    (word,) = tried("😀", values="😀=SG")["words"]
    assert (word["value"], word["edited"]) == ("SG", True)
    call(try_sentence, text="😀 zorps 日本語 😀", results=finished / "results")
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "The model has no subtoken for 😀, 日本語 (reads [UNK])."


def test_a_word_that_training_has_in_lower_case_is_said_to_be_that(tried, number):
    first = next(sentences(number.study.words(number.of), ["form"]))
    lower = first.columns["form"][1]
    itself, upper = tried(f"{lower} {lower.upper()}")["words"]
    assert upper["value_from"] == f"{itself['value_from']} as {lower}"


def of_the_model(said):
    """A word in the JSON, of which the model says something."""
    return {
        **{"word": "cats", "reads": "cats", "unknown": False, "value": "PL", "value_from": "given"},
        **{"edited": False, "target": None, "probes": {}},
        "model": [{"k": k, "word": word, "outcome": None} for k, word in said.items()],
    }


def as_lines(*words):
    about = {"model": "m", "treebank": "t", "attribute": "Number", "values": ["PL"], "layer": 1}
    about |= {"ranking": "r", "method": "ablation", "method_options": {}, "chosen": []}
    return as_text(about | {"neurons": 2, "probe_neurons": 2, "training_words": 3, "words": words})


def test_a_wrong_word_is_marked_at_k_0_too_by_what_is_true_of_it():
    wrong = of_the_model({0: "dog", 5: "dogs"})
    lines = as_lines(wrong)
    assert lines[-2:] == [
        "  cats  dog *  dogs *",
        "* another word, though it was not changed itself",
    ]
    lines = as_lines(wrong | {"edited": True})  # without a lexicon no word has an outcome
    assert lines[-2] == "  cats  dog #  dogs #"
    assert lines[-1].startswith("# another word, which nobody judges")
    right = of_the_model({0: "cats", 5: "cats"})
    assert as_lines(right)[-1] == "  cats  cats   cats"
    without_capitals = as_lines(right | {"word": "CATS"})
    assert without_capitals[-1] == "  CATS  cats   cats"


def test_no_word_steers_the_terminal_and_a_long_one_is_cut(finished, capsys):
    words = "\x1b[31mred \x9b1m " + "z" * 70 + "."
    call(try_sentence, text=words, results=finished / "results")
    said = capsys.readouterr().out
    assert not {"\x1b", "\x9b"} & set(said)
    assert r"  \x1b[31mred " in said
    assert r"  \x9b1m " in said
    assert "z" * 29 + "…" in said
    assert "z" * 30 not in said.partition("What the model says")[0]
    assert shown("z" * 30) == "z" * 30
    assert shown("日" * 16) == "日" * 14 + "…"
    answer = {"word": "\x1b\x7f\x9bé"}
    assert json.loads(try_sentence.printable_json(answer)) == answer
    assert not {"\x1b", "\x7f", "\x9b"} & set(try_sentence.printable_json(answer))


def test_the_page_has_every_outcome():
    page = (ROOT / "docs/commands.md").read_text()
    assert [one.name for one in Outcome if f"`{one.name.lower()}`" not in page] == []


def test_what_is_given_wins_and_a_word_without_a_value_is_not_edited(tried):
    (word,) = tried("zorps", values="zorps=")["words"]
    assert (word["value"], word["value_from"], word["edited"]) == (None, "given", False)
    (word,) = tried("zorps", values="zorps=SG", method="translation")["words"]
    assert (word["value"], word["edited"], word["target"]) == ("SG", True, "PL")


def test_what_is_chosen_is_said_and_the_method_is_the_report_s(tried):
    answer = tried("The teachers .")
    assert answer["ranking"] == "gaussian-ttb"  # the first of the configuration
    assert answer["method"] == "translation"
    assert answer["method_options"] == {"beta": 8.0, "scaled": True}
    assert [one["k"] for one in answer["words"][0]["model"]] == [0, 5, 10]
    assert len(answer["chosen"]) == 2
    assert answer["chosen"][0].startswith("ranking gaussian-ttb (there are also probeless-ttb, ra")


def test_a_method_that_the_study_has_not_needs_its_options(tried):
    options = ["to=PL", "beta=8", "scaled=true"]
    answer = tried("zorps zorps", values="zorps=SG", method="steer", method_options=options)
    assert {word["target"] for word in answer["words"]} == {"PL"}
    with pytest.raises(InputError, match="--method-options: steer needs to, scaled"):
        tried("zorps", method="steer", method_options="beta=8")


def test_a_study_that_stopped_after_its_interventions_will_do(finished, tmp_path, capsys):
    for name in ("statistics", "words", "activations", "rankings", "interventions", "models"):
        shutil.copytree(finished / "results" / name, tmp_path / name)
    call(try_sentence, text="The teachers .", results=tmp_path)
    said = capsys.readouterr().out
    assert "tiny, english, Number (PL, SG), layer 1, ranking gaussian-ttb" in said
    assert "translation (beta 8, scaled true)" in said
    shutil.rmtree(tmp_path / "models")
    with pytest.raises(InputError, match="models/tiny: the model is not there; say with --model-f"):
        call(try_sentence, text="The teachers .", results=tmp_path)


def test_another_model_than_the_study_s_is_refused(finished, tmp_path):
    folder = shutil.copytree(finished / "results/models/tiny", tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(
        InputError, match=r"is not the model that the study had as tiny: config\.js"
    ):
        call(try_sentence, text="a", results=finished / "results", model_folder=folder)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": "  "}, "--text: there is no word in it"),
        ({"attribute": "Case"}, "--attribute: Case is not in these results; there are: Number"),
        ({"layer": 2}, "--layer: 2 is not in these results; there are: 1"),
        ({"ranking": "linear-ttb"}, "--ranking: linear-ttb is not .* gaussian-ttb, probeless-ttb"),
        ({"text": "The \udcff"}, r"--text: The \\udcff is not UTF-8"),
        ({"k": 17}, "--k: 17 is not between 1 and 16$"),
        ({"k": 0}, "--k: 0 is not between 1 and 16; k = 0 always stands beside"),
        ({"probe_neurons": "some"}, "--probe-neurons: some is neither `all` nor between 1 and 16"),
        ({"method": "shuffle"}, "--method: no 'shuffle'; there are: ablation, mean"),
        ({"method_options": "to=PL"}, "translation has no 'to'; its options: beta, scaled"),
        ({"method_options": "beta=-1"}, "beta=-1: it is a number above 0"),
        ({"method_options": "beta=1e400"}, "beta=1e400: it is a number above 0"),
        ({"method_options": "beta=NaN"}, "beta=NaN: it is a number above 0"),
        ({"method_options": f"beta=1{'0' * 400}"}, "beta=10+: it is a number above 0"),
        ({"method_options": "scaled=8"}, "scaled=8: it is true or false"),
        ({"method_options": "beta"}, "--method-options: beta: write it as name=value"),
        ({"values": "cats=PL"}, "--values: 'cats' is no word of the text: The teachers"),
        ({"values": "The=DU"}, "--values: The=DU: Number is one of PL, SG"),
        ({"values": ["The=PL", "The=SG"]}, "The is given twice; equal words have one value"),
        ({"values": "\x1b=PL"}, r"--values: '\\x1b' is no word of the text"),
        ({"device": "gpu"}, "device: gpu; possible: auto, cpu, cuda, cuda:1"),
        ({"values": "The"}, "--values: The: write it as word=value"),
        ({"probes": "mine"}, "no probe 'mine'; there are: "),
        ({"text": "word " * 600}, r"--text: \d+ subtokens, and .* reads at most 128"),
    ],
)
def test_what_cannot_be_tried_is_one_clear_error(finished, options, said):
    with pytest.raises(InputError, match=said):
        call(try_sentence, **{"text": "The teachers", "results": finished / "results"} | options)


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(InputError, match="there are no results of a study"):
        call(try_sentence, text="a", results=tmp_path)


def test_columns_stand_under_each_other():
    assert aligned([["a", "bb", "c"], ["aaa", "b", ""]]) == ["  a    bb  c", "  aaa  b"]


def test_columns_stand_under_each_other_whatever_their_letters():
    lines = aligned([["日本", "a"], ["e\u0301", "b"], ["\u200eabcd", "c"], ["👍", "d"]])
    assert lines == ["  日本  a", "  e\u0301     b", "  \u200eabcd  c", "  👍    d"]


def test_a_word_that_has_the_target_already_is_said_to(finished, capsys):
    of = {"results": finished / "results", "method": "steer", "values": "zorps=PL"}
    call(try_sentence, text="zorps", method_options=["to=PL", "beta=8", "scaled=true"], **of)
    assert "Nothing is changed: zorps has the target, PL, already." in capsys.readouterr().out
    call(try_sentence, text="zorps", **of | {"values": "zorps=", "method": "ablation"})
    assert "No word has a value to change." in capsys.readouterr().out


def test_a_ranking_without_a_neuron_is_not_chosen(finished, tmp_path):
    results = shutil.copytree(finished / "results", tmp_path / "results")
    study = FinishedStudy(results)
    (of,) = study.configurations
    first, second, *_ = study.rankings(of)
    path = study.rankings(of)[first]
    write_parquet(path, read_parquet(path).slice(0, 0), {})
    options = {"text": "The teachers", "results": str(results)}

    def asked(**more):
        argv = [part for name, value in (options | more).items() for part in (f"--{name}", value)]
        return try_sentence.ask(study, try_sentence.arguments().parse_args(argv))

    found = asked()
    assert found.ranking == second
    assert not any(first in one for one in found.chosen)
    with pytest.raises(InputError, match=f"{first}.parquet: the ranker had nothing to rank by"):
        asked(ranking=first)


def test_the_seed_is_that_of_the_files(number, monkeypatch):
    """And not that with which the study went on since."""
    own = number.study.seed(number.of, "random")
    config = number.study.configuration | {"seed": own + 1}
    monkeypatch.setitem(number.study.provenance, "configuration", config)
    assert number.study.seed(number.of, "random") == own
    monkeypatch.setattr(finished_study, "settings", lambda path: {})
    assert number.study.seed(number.of, "random") == own + 1


def test_other_attributes_are_those_that_the_study_compares(tmp_path):
    line = row(1, "cats", "NOUN", "Number=Plur|Case=Nom").removesuffix("_") + "Sent=x"
    files = {split: tmp_path / f"x-ud-{split}.conllu" for split in SPLITS}
    for path in files.values():
        path.write_text(block(line))
    own = json.dumps({"Own": {"misc": "Sent"}})
    call(read_words, schema="unimorph", own=own, **words_of(tmp_path), **files)
    of = Configuration("m", "t", "Number", 1, ("PL", "SG"))
    (known,), others = known_words(["cats"], tmp_path / "train.parquet", of)
    assert others == ["Case", "Part of Speech"]
    assert known.others == ("NOM", "N")
