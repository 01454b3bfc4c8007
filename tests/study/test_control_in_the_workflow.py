"""Control rankings in a study: what runs for them, what they change, and what they leave alone."""

import polars as pl
import pytest
import yaml

from tests.study.test_incremental import OF, built_on, edit, probes, rankings
from tests.support.workflow import (
    SMALL,
    changed,
    contents,
    copy_of_the_project,
    job,
    jobs_in,
    planned,
    run,
)

BY_CONTROL = {"ranking": "control"}
READ_LABELS = ("gaussian", "probeless")
PLACE = "tiny/english/number/layer-1"


def control_rankings(*rankers):
    """The jobs that rank by control labels; random has none."""
    return {job("rank_by_control", **OF, ranker=ranker) for ranker in rankers}


def test_control_rankings_run_alone_change_selectivity_alone_and_rerun_with_their_ranker(
    study, tmp_path
):
    """One study, from the usual control task to one with rankings of its own, and back."""
    results = study / "results"
    usual = pl.read_parquet(results / "tables/probing_curves.parquet")
    real = {name: contents(results / name) for name in ("rankings", "statistics", "interventions")}
    config = changed(SMALL, tmp_path / "config.yaml", control=BY_CONTROL)
    wanted = control_rankings(*READ_LABELS) | probes(*READ_LABELS) | built_on("probes")
    assert planned(study, config) == wanted
    done = run(study, config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert planned(study, config) == set()

    assert {name: contents(results / name) for name in real} == real
    made = results / "control_rankings" / PLACE
    names = {f"{ranker}-{direction}" for ranker in READ_LABELS for direction in ("ttb", "btt")}
    assert {path.stem for path in made.glob("*.parquet")} == names
    for name in names:
        of_labels, of_values = (
            pl.read_parquet(folder / f"{name}.parquet")
            for folder in (made, results / "rankings" / PLACE)
        )
        assert of_labels["neuron"].to_list() != of_values["neuron"].to_list()
        assert of_labels["control"].unique().to_list() == ["uniform"]

    found = pl.read_parquet(results / "tables/probing_curves.parquet")
    of_control = ["control_accuracy", "selectivity"]
    assert found.drop(of_control).equals(usual.drop(of_control))
    is_random = pl.col("ranking") == "random"
    assert found.filter(is_random).equals(usual.filter(is_random))
    for (probe, ranking), rows in found.filter(~is_random).group_by("probe", "ranking"):
        before = usual.filter(probe=probe, ranking=ranking)
        assert rows["selectivity"].to_list() != before["selectivity"].to_list(), (probe, ranking)
        assert (rows["accuracy"] - rows["control_accuracy"]).equals(rows["selectivity"])
    # At k = d the Gaussian probe is the same, whatever the order of its neurons.
    last = (pl.col("k") == 16) & (pl.col("probe") == "gaussian")
    of_last, of_usual = (rows.filter(last)["selectivity"].to_list() for rows in (found, usual))
    assert of_last == pytest.approx(of_usual, abs=0.005)

    (tmp_path / "project").mkdir()
    root = copy_of_the_project(tmp_path / "project")
    edit(root, "rankings/rankers/probeless.py", "score += np.abs(q_z - q_other)", "score += 1")
    again = planned(study, config, root=root)
    assert {one for one in again if one[0].startswith("rank")} == (
        rankings("probeless") | control_rankings("probeless")
    )
    assert {one for one in again if one[0].startswith("probe")} == probes("probeless")
    labels = changed(
        SMALL, tmp_path / "empirical.yaml", control=BY_CONTROL | {"labels": "empirical"}
    )
    of_rankings = {one for one in planned(study, labels) if one[0].startswith("rank")}
    assert of_rankings == control_rankings(*READ_LABELS)
    assert planned(study, SMALL) == probes(*READ_LABELS) | built_on("probes")


def test_a_ranker_of_ones_own_with_one_direction_has_its_control_ranking(study, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from workflow_scripts.rankings.rankers import order_by_score\n\n"
        'DIRECTIONS = ("",)\nUSES = ("statistics",)\n\n\n'
        "def rank(task):\n    return {'': order_by_score(task.statistics().means.max(axis=0))}\n"
    )
    rankings_of = ["random", {"file": str(mine)}]
    keys = {"rankings": rankings_of, "probes": ["linear"], "control": BY_CONTROL}
    config = changed(SMALL, tmp_path / "config.yaml", **keys)
    done = run(study, config, "probing")
    assert done.returncode == 0, done.stdout + done.stderr
    ranked = job("rank_by_control_of_one_direction", **OF, ranker="mine")
    assert ranked in jobs_in(done.stdout + done.stderr)
    folders = (study / "results" / name / PLACE for name in ("control_rankings", "rankings"))
    of_labels, of_values = (pl.read_parquet(folder / "mine.parquet") for folder in folders)
    assert of_labels["score"].to_list() != of_values["score"].to_list()
    scores = pl.read_parquet(study / "results/probes" / PLACE / "linear-by-mine.parquet")
    assert scores["control_accuracy"].is_not_null().all()
    assert planned(study, config, "probing") == set()


def test_a_ranker_that_asks_the_model_ends_the_study_before_it_starts(tmp_path):
    rankings = [*yaml.safe_load(SMALL.read_text())["rankings"], "attribution"]
    config = changed(SMALL, tmp_path / "config.yaml", rankings=rankings, control=BY_CONTROL)
    done = run(tmp_path, config, "--dry-run")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "control.ranking: 'control' is not possible with rankings[3], attribution" in said
