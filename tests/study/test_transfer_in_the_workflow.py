"""The promises of a study hold for what is between two of its treebanks."""

import shutil

import pytest

from tests.support.workflow import (
    SMALL,
    changed,
    contents,
    copy_of_a_study,
    finish,
    job,
    planned,
)

pytestmark = pytest.mark.slow

METHOD = {"method": "translation", "beta": 8, "scaled": True, "step": 8}
OF_TWO = {
    "treebanks": {name: {"grammar": name, "sentences": 300} for name in ("english", "spanish")},
    "rankings": ["probeless", "random"],
    "probes": [],
    "interventions": [METHOD],
    "neurons": {"max": 16, "report": [8]},
    "concord": False,
    "transfer": True,
}
PAIRS = (("english", "spanish"), ("spanish", "english"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    config = changed(SMALL, folder / "two.yaml", **OF_TWO)
    finish(folder, config)
    return folder


def loans(*rankers: str, method: str = "translation") -> set:
    of_all = {"model": "tiny", "attribute": "number", "layer": "1", "method": method}
    return {
        job(
            "measure_transfer" if ranker != "random" else "measure_transfer_of_one_direction",
            **of_all,
            treebank=treebank,
            other=other,
            ranker=ranker,
        )
        for ranker in rankers
        for treebank, other in PAIRS
    }


def of_transfer(jobs: set) -> set:
    return {(rule, of) for rule, of in jobs if rule.startswith("measure_transfer")}


def test_equal_bytes_on_one_core_in_another_folder(made, tmp_path):
    study = copy_of_a_study(made, tmp_path / "study")
    shutil.rmtree(study / "results/transfer")
    results = finish(study, study / "two.yaml", "interventions", cores=1)
    assert len(contents(results / "transfer")) == len(PAIRS) * len(OF_TWO["rankings"])
    assert contents(results / "transfer") == contents(made / "results/transfer")
    rows = (results / "tables/transfer.csv").read_text().splitlines()
    assert len(rows) > len(PAIRS)


def test_a_finished_study_has_nothing_to_do(made):
    assert planned(made, made / "two.yaml") == set()


def test_a_ranker_that_is_added_lends_alone(made, tmp_path):
    rankings = [*OF_TWO["rankings"], "selectivity"]
    config = changed(SMALL, tmp_path / "two.yaml", **OF_TWO | {"rankings": rankings})
    assert of_transfer(planned(made, config)) == loans("selectivity")


def test_another_beta_beside_the_first_lends_alone(made, tmp_path):
    entries = [METHOD, METHOD | {"beta": 4, "name": "weak"}]
    config = changed(SMALL, tmp_path / "two.yaml", **OF_TWO | {"interventions": entries})
    assert of_transfer(planned(made, config)) == loans("probeless", "random", method="weak")


def test_without_transfer_only_what_has_it_is_made_again(made, tmp_path):
    config = changed(SMALL, tmp_path / "two.yaml", **OF_TWO | {"transfer": False})
    rules = {rule for rule, _ in planned(made, config)}
    assert rules <= {"build_dictionary", "build_report", "build_provenance"}
