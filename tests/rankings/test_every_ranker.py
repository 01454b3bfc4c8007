"""Every ranker of the project runs in a study, and ranks the words of a real treebank."""

import numpy as np
import polars as pl
import pytest
import yaml
from sklearn.metrics import average_precision_score

from tests.support import formulas_rankings as formulas
from tests.support.commands import call
from tests.support.treebank_files import keep, words_of
from tests.support.workflow import ROOT, SMALL, changed, jobs_in, planned, run
from workflow_scripts.activations import build_lexicon, extract_activations
from workflow_scripts.command.plugins import declared, names
from workflow_scripts.files.activations import LabelledActivations
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.words import kept_values
from workflow_scripts.rankings import compute_statistics, rank_neurons

RANKERS = names("rankers")


def rankings_of(ranker):
    return [f"{ranker}-{d}" if d else ranker for d in declared("rankers", ranker, "DIRECTIONS")]


def test_every_ranker_runs_in_a_study_and_once(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", rankings=RANKERS)
    done = run(study, config, "rankings")
    assert done.returncode == 0, done.stdout + done.stderr
    new = set(RANKERS) - {"gaussian", "probeless", "random"}
    assert sorted(dict(of)["ranker"] for _, of in jobs_in(done.stdout + done.stderr)) == sorted(new)
    folder = study / "results/rankings/tiny/english/number/layer-1"
    assert {path.stem for path in folder.glob("*.parquet")} == {
        name for ranker in RANKERS for name in rankings_of(ranker)
    }
    for ranker in RANKERS:
        for name in rankings_of(ranker):
            ranking = pl.read_parquet(folder / f"{name}.parquet")
            assert ranking["ranking"].unique().to_list() == [name]
            assert ranking["ranker"].unique().to_list() == [ranker]
            assert sorted(ranking["neuron"]) == list(range(16))
    assert planned(study, config, "rankings") == set()


def test_everything_runs_in_a_small_form(tmp_path):
    """`configs/everything.yaml`, with a few sentences and a tiny model, from nothing to its report.

    It names every ranker, probe and method that there is.
    """
    everything = ROOT / "configs/everything.yaml"
    config = yaml.safe_load(everything.read_text())
    assert sorted(config["rankings"]) == RANKERS
    assert sorted(config["probes"]) == names("probes")
    assert {entry["method"] for entry in config["interventions"]} == set(names("methods"))
    few = yaml.safe_load(SMALL.read_text())
    small = changed(
        everything,
        tmp_path / "config.yaml",
        treebanks=few["treebanks"],
        models={
            "tiny": few["models"]["tiny"],
            "planted": {"compile": {"attribute": "Number"}, "truth_only": True},
        },
        min_types=10,
        attributes=["Number"],
        neurons={"max": 4, "report": [2, 4]},
        probes=["linear"],
        control=False,
        interventions=[{"method": "translation", "beta": 1, "scaled": False, "step": 40}],
        concord=False,
        results="results",
        device="cpu",
    )
    done = run(tmp_path, small)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = tmp_path / "results/tables"
    for table, column in (("probing", "ranking"), ("interventions", "ranking")):
        found = pl.read_csv(tables / f"{table}.csv", infer_schema_length=None)
        made = {name for ranker in RANKERS for name in rankings_of(ranker)}
        assert set(found[column]) - {"all"} == made
        assert set(found["model"]) == {"tiny"}
    truth = pl.read_csv(tables / "truth.csv")
    tops = {name for name in made if not name.endswith("-btt")}
    assert set(truth["ranking"]) == tops
    used = dict(truth.select("ranking", "ap_used").iter_rows())
    assert used["attribution-ttb"] == used["integrated-ttb"] == 1
    said = (tmp_path / "results/report.html").read_text()
    assert "are found best by attribution and integrated (1.00, random" in said
    assert planned(tmp_path, small) == set()


NEURONS = (0, 131, 383)
FORMULAS = {
    "selectivity": formulas.selectivity,
    "fisher": formulas.fisher,
    "mutual-information": formulas.mutual_information,
    "iou": lambda h, y, n_values: np.mean(
        [
            max(average_precision_score(y == z, sign * h) for sign in (1, -1))
            for z in range(n_values)
        ]
    ),
}


@pytest.fixture(scope="module")
def real(shared, real_words, tmp_path_factory):
    """Number in the dev split of EWT at layer 4 of a pretrained model, as if it were for training.

    The options of `rank_neurons`, the words' vectors and their values.
    """
    folder = tmp_path_factory.mktemp("real")
    dev = real_words("UD_English-EWT") / "dev.parquet"
    few = folder / "few.parquet"
    write_parquet(few, read_parquet(dev).slice(0, 400), made_by("test"))
    call(
        extract_activations,
        model=shared / "models/minilm-en-mlm",
        words_train=dev,
        words_dev=few,
        words_test=few,
        layers=[4],
        device="cpu",
        activations=f"{folder}/{{layer}}/{{split}}.parquet",
    )
    options = {
        "words_train": dev,
        "words_dev": few,
        **{f"activations_{split}": folder / f"4/{split}.parquet" for split in ("train", "dev")},
        "statistics": folder / "statistics.safetensors",
        "seed": 1,
    }
    attributes = keep(real_words("UD_English-EWT"), min_types=100)
    call(
        compute_statistics,
        **{name: value for name, value in options.items() if not name.endswith("dev")},
        **{"model": "minilm", "treebank": "ewt", "attribute": "Number", "layer": 4},
        attributes=attributes,
    )
    options |= {
        "model": shared / "models/minilm-en-mlm",
        "lexicon": folder / "lexicon.parquet",
        "part_of_speech": "Part of Speech",
        "beta": 1,
        "device": "cpu",
    }
    every = words_of(real_words("UD_English-EWT"))
    call(build_lexicon, model=options["model"], **every, lexicon=options["lexicon"])
    values = kept_values(attributes)["Number"]
    words = LabelledActivations(options["activations_train"], dev, "Number", values).load()
    return options | {"max_neurons": 3}, words


@pytest.mark.parametrize("ranker", RANKERS)
def test_every_ranker_ranks_real_words(real, tmp_path, ranker):
    options, words = real
    files = [tmp_path / name for name in rankings_of(ranker)]
    call(rank_neurons, **options, ranker=ranker, rankings=files)
    found = [read_parquet(path) for path in files]
    for ranking in found:
        assert sorted(ranking["neuron"].to_pylist()) == list(range(384))
    ttb = dict(zip(found[0]["neuron"].to_pylist(), found[0]["score"].to_pylist(), strict=True))
    if ranker != "gaussian":  # whose score is that of its step
        assert sorted(ttb.values(), reverse=True) == list(ttb.values())
    if ranker not in ("gaussian", "random"):
        assert found[1]["neuron"].to_pylist() == found[0]["neuron"].to_pylist()[::-1]
    if ranker in FORMULAS:
        for neuron in NEURONS:
            expected = FORMULAS[ranker](words.x[:, neuron], words.y, 2)
            assert ttb[neuron] == pytest.approx(expected, rel=1e-6)
