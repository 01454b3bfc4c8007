"""A ranker, an intervention method and a ranker outside of the project: one file each."""

import json
import re

import polars as pl
import pytest

from tests.support.workflow import (
    ROOT,
    SMALL,
    TABLES,
    changed,
    copy_of_the_project,
    job,
    planned,
    run,
)
from workflow_scripts.tables.meanings import OPTION

README = (ROOT / "README.md").read_text()
RANKER = '''"""Weighted: by the distance between the means, to a power."""

from workflow_scripts.rankings.rankers import RankingTask, order_by_score, reverse

DIRECTIONS = ("ttb", "btt")
USES = ("statistics",)
OPTIONS = {"power": "number"}


def rank(task: RankingTask, power: float):
    means = task.statistics().means
    ttb = order_by_score((means.max(axis=0) - means.min(axis=0)) ** power)
    return {"ttb": ttb, "btt": reverse(ttb)}
'''
METHOD = '''"""Shrink: the neurons become a share of themselves."""

import numpy as np

from workflow_scripts.interventions.methods import Edit, EditTask

USES = ()
OPTIONS = {"share": "number"}
TARGET = None


def edit(task: EditTask, share: float) -> Edit:
    d = len(task.neurons)
    return Edit(np.full(d, share, np.float32), np.zeros((len(task.values), d), np.float32))
'''
[OWN] = re.findall(r"```python\n(from workflow_scripts\.rankings.*?)```", README, flags=re.DOTALL)


def test_a_ranker_of_ones_own_gets_its_score_by_one_command(tmp_path):
    """And a wrong one says what is wrong with it."""
    planted = {"compile": {"attribute": "Number", "used": 2, "noise": 4}}
    keys = {"models": {"planted": planted}, "rankings": ["random"]}
    config = changed(SMALL, tmp_path / "config.yaml", **keys)
    own = tmp_path / "mine.py"
    own.write_text(OWN)
    asked = "rankings=[probeless, random, {file: mine.py}]"
    done = run(tmp_path, config, "truth", "--config", asked)
    assert done.returncode == 0, done.stdout + done.stderr
    truth = pl.read_csv(tmp_path / "results/tables/truth.csv")
    assert truth["ranking"].to_list() == ["probeless-ttb", "random", "mine-ttb"]
    scores = ["ap_used", "ap_encoded", "use_area", "encoded_area", "vote_ap_used"]
    assert truth.select(scores).null_count().row(0) == (0, 0, 0, 0, 0)
    # Of two values the largest difference is Probeless's sum.
    assert truth.row(0)[5:] != truth.row(1)[5:]
    assert truth.select(scores).row(0) == pytest.approx(truth.select(scores).row(2), abs=1e-3)
    assert (tmp_path / "results/figures/truth.svg").exists()
    assert not (tmp_path / "results/interventions").exists()

    own.write_text(OWN.replace("means.max(axis=0)", "0 * means.max(axis=0) / 0"))
    done = run(tmp_path, config, "truth", "--config", asked)
    assert done.returncode != 0
    said = r"error: planted, english, Number, layer 1: \S*mine.py, ttb: \d+ scores are not a number"
    assert re.search(said, done.stdout + done.stderr), done.stdout
    own.write_text(OWN.replace("task.statistics()", "task.words('train')"))
    done = run(tmp_path, config, "truth", "--config", asked)
    assert "what uses this must have 'words' in its USES" in done.stdout + done.stderr


def test_a_ranker_that_has_nothing_to_rank_by_is_left_out_and_named(study, tmp_path):
    """By every stage after it, and the study goes on."""
    own = tmp_path / "mine.py"
    imported = "from workflow_scripts.kernels.words import NothingToRankError"
    nothing = "raise NothingToRankError('no word is long enough')"
    own.write_text(f"{imported}\n{OWN}".replace("    means =", f"    {nothing}\n    means ="))
    config = changed(SMALL, tmp_path / "config.yaml", rankings=["probeless", {"file": str(own)}])
    done = run(study, config, *TABLES)
    assert done.returncode == 0, done.stdout + done.stderr
    said = "mine ranks nothing, and no table has it there: no word is long enough"
    assert said in done.stdout + done.stderr
    results = study / "results"
    files = [path for path in results.rglob("*mine-*.parquet") if "logs" not in path.parts]
    # Rankings, probes, sentences, counts, examples, and the concord of translation.
    assert len(files) == 2 * (1 + 2 + 2 + 2 + 2 + 1)
    for path in files:
        empty, full = (
            pl.read_parquet(str(path).replace("mine", name)) for name in ("mine", "probeless")
        )
        assert empty.is_empty()
        kept = [name for name in full.columns if name != "correct"]
        assert empty.select(kept).schema == full.select(kept).schema
    for table in (results / "tables").glob("*.csv"):
        assert "mine-" not in table.read_text(), table
    assert planned(study, config, *TABLES) == set()


def test_target_truth_of_a_study_without_a_compiled_model_says_what_it_needs(study):
    done = run(study, SMALL, "truth")
    assert done.returncode != 0
    assert "target truth: no compiled model, or no ranking" in done.stderr


def test_a_new_ranker_and_a_new_method_are_a_file_each_and_their_options_are_in_the_tables(
    study, tmp_path
):
    root = tmp_path / "project"
    root.mkdir()
    package = copy_of_the_project(root) / "workflow_scripts"
    (package / "rankings/rankers/weighted.py").write_text(RANKER)
    (package / "interventions/methods/shrink.py").write_text(METHOD)
    own = tmp_path / "varied.py"
    own.write_text(OWN)
    keys = {
        "rankings": [
            {"ranker": "weighted", "power": 2},
            {"ranker": "weighted", "power": 0.5, "name": "root"},
            {"file": str(own)},
            "random",
        ],
        "probes": ["linear"],
        "interventions": [{"method": "shrink", "share": 0.5, "step": 8}],
        "concord": True,
    }
    config = changed(SMALL, tmp_path / "config.yaml", **keys)
    done = run(study, config, *TABLES, root=root)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = study / "results/tables"
    probing = pl.read_csv(tables / "probing.csv", infer_schema_length=None)
    power = dict(probing.select("ranking", "power").unique().rows())
    assert power == {
        **{"weighted-ttb": 2, "weighted-btt": 2, "root-ttb": 0.5, "root-btt": 0.5},
        **{"varied-ttb": None, "varied-btt": None, "random": None, "all": None},
    }
    interventions = pl.read_csv(tables / "interventions.csv", infer_schema_length=None)
    found = interventions.select("method", "share", "beta", "ranking", "power").unique().rows()
    assert set(found) == {
        ("shrink", 0.5, None, name, value) for name, value in power.items() if name != "all"
    }
    named = pl.read_parquet(study / "results/rankings/tiny/english/number/layer-1/root-btt.parquet")
    assert named.select("ranking", "ranker", "direction", "power").unique().rows() == [
        ("root-btt", "root", "btt", 0.5)
    ]

    columns = pl.read_csv(tables / "columns.csv")
    options = columns.filter(pl.col("column").is_in(["power", "share"]))
    assert options["meaning"].unique().to_list() == [OPTION.meaning]
    assert {("probing", "power"), ("interventions", "share")} <= set(
        options.select("table", "column").rows()
    )

    provenance = json.loads((study / "results/provenance.json").read_text())
    assert list(provenance["sources"]["rankers"]) == ["varied"]
    # A file is known by what it says, and not by where it lies.
    assert planned(study, config, *TABLES, root=root) == set()
    moved = own.rename(tmp_path / "elsewhere.py")
    keys["rankings"][2] = {"file": str(moved), "name": "varied"}
    config = changed(SMALL, config, **keys)
    assert planned(study, config, *TABLES, root=root) == {job("build_provenance")}
    moved.write_text(OWN.replace("means.max(axis=0)", "means.mean(axis=0)"))
    jobs = planned(study, config, root=root)
    of_rankers = {dict(wildcards).get("ranker") for _, wildcards in jobs}
    assert of_rankers == {"varied", None}
