"""The workflow itself, on a small study: every stage, targets, reruns, equal bytes."""

import json
import shutil

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.workflow import (
    ROOT,
    STUDIES,
    changed,
    contents,
    copy_of_the_project,
    finish,
    jobs_to_run,
    run,
)

SMALL = STUDIES / "small.yaml"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A finished small study: its working directory."""
    directory = tmp_path_factory.mktemp("study")
    finish(directory, SMALL)
    return directory


def test_every_table_is_there_and_has_rows(study):
    for table in (
        "probing",
        "probing_curves",
        "interventions",
        "saturation",
        "used_vs_encoded",
        "wilcoxon",
        "agreement",
    ):
        csv = pl.read_csv(study / f"results/tables/{table}.csv")
        parquet = pl.read_parquet(study / f"results/tables/{table}.parquet")
        assert len(csv) == len(parquet) > 0
        assert csv.columns == parquet.columns
        assert csv.columns[:4] == ["model", "treebank", "attribute", "layer"]
    for table in ("examples", "clusters", "overlap"):  # one configuration, two rankers
        assert (study / f"results/tables/{table}.csv").is_file()


def test_a_table_without_rows_says_why_in_its_log(study):
    assert len(pl.read_parquet(study / "results/tables/clusters.parquet")) == 0
    log = (study / "results/logs/table/clusters.log").read_text()
    assert "an empty table: 0 configurations have the probes linear, gaussian" in log


def test_every_figure_that_has_its_tables_is_drawn(study):
    kinds = {"svg", "pdf", "json"}
    drawn = ("probing_curves", "intervention_curves", "used_vs_encoded", "layer_profiles")
    for figure in (*drawn, "selectivity_curves"):
        paths = {kind: study / f"results/figures/{figure}.{kind}" for kind in kinds}
        assert paths["pdf"].read_bytes().startswith(b"%PDF")
        assert "<svg" in paths["svg"].read_text()
        spec = json.loads(paths["json"].read_text())
        assert len(spec["datasets"]["rows"]) > 0
        assert spec["usermeta"]["made_by"].keys() == {"code", "settings", "inputs"}


def test_a_study_ends_in_a_report_and_says_where_it_is(tmp_path, study):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    (copy / "results/report.html").unlink()
    done = run(copy, SMALL)
    assert "report: results/report.html" in done.stdout
    page = (copy / "results/report.html").read_text()
    assert "A ranking is not a probe" in page
    assert "1 model, 1 treebank, " in page
    assert page == (study / "results/report.html").read_text()


def test_the_target_latex_lays_tables_out_for_a_paper(study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    finish(copy, SMALL, "latex")
    made = {path.stem for path in (copy / "results/tables").glob("*.tex")}
    assert made == {"probing", "saturation", "wilcoxon", "overlap", "used_vs_encoded"}
    assert r"\begin{longtable}" in (copy / "results/tables/probing.tex").read_text()
    assert jobs_to_run(copy, SMALL) == {}


def test_every_rule_leaves_a_log_and_a_benchmark(study):
    rules = {path.name for path in (study / "results/logs").iterdir()}
    assert rules == {path.name for path in (study / "results/benchmarks").iterdir()}
    assert {"train_model", "ranking", "ranking_of_one_direction", "intervention"} <= rules


def test_a_finished_study_has_nothing_to_do(study):
    assert jobs_to_run(study, SMALL) == {}


def test_touching_results_reruns_nothing(study):
    for path in sorted((study / "results").rglob("*.parquet")):
        path.touch()
    assert jobs_to_run(study, SMALL) == {}


def test_adding_an_intervention_runs_only_what_is_new(study, tmp_path):
    entries = [
        {"method": "ablation", "step": 5},
        {"method": "translation", "beta": 4, "scaled": False, "step": 5},
    ]
    config = changed(SMALL, tmp_path / "config.yaml", interventions=entries)
    assert jobs_to_run(study, config) == {
        "intervention": 1,
        "intervention_of_one_direction": 1,
        "collected_interventions": 1,
        "table": 4,
        "figure": 3,
        "report": 1,
    }


def test_adding_a_ranker_runs_only_what_is_new(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", rankings=["probeless", "random", "linear"])
    assert jobs_to_run(study, config) == {
        "ranking": 1,
        "probe": 2,
        "intervention": 1,
        "collected_rankings": 1,
        "collected_probes": 1,
        "collected_interventions": 1,
        "table": 10,
        "figure": 9,
        "report": 1,
    }


def test_adding_a_layer_reruns_no_job_of_another_layer(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", layers=[1, 2])
    assert jobs_to_run(study, config) == {
        "activations_of_model": 1,
        "states_of_model": 1,
        "statistics": 2,
        "ranking": 1,
        "ranking_of_one_direction": 1,
        "probe": 2,
        "probe_of_one_direction": 2,
        "intervention": 1,
        "intervention_of_one_direction": 1,
        "collected_rankings": 1,
        "collected_probes": 1,
        "collected_interventions": 1,
        "table": 10,
        "figure": 9,
        "report": 1,
    }


def test_a_smaller_neurons_max_reruns_the_probes_and_what_is_built_on_them(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", neurons={"max": 12, "report": [5, 10]})
    assert jobs_to_run(study, config) == {
        "probe": 2,
        "probe_of_one_direction": 2,
        "collected_probes": 1,
        "table": 5,
        "figure": 6,
        "report": 1,
    }


def test_another_device_reruns_nothing(study, tmp_path):
    assert jobs_to_run(study, changed(SMALL, tmp_path / "config.yaml", device="auto")) == {}


PROBELESS = "score += np.abs(q_z - q_other)"


@pytest.mark.parametrize(
    ("edited", "reruns"),
    [
        (f"# The same, with a comment.\n        {PROBELESS}", {}),
        ("score += (np.abs(q_z  -  q_other))", {}),
        (
            "score += np.abs(q_z - q_other) ** 2",
            {
                "ranking": 1,
                "probe": 2,
                "intervention": 1,
                "collected_rankings": 1,
                "collected_probes": 1,
                "collected_interventions": 1,
                "table": 10,
                "figure": 9,
                "report": 1,
            },
        ),
    ],
    ids=["a comment", "formatting", "arithmetic"],
)
def test_editing_a_ranker_reruns_what_its_meaning_reaches(study, tmp_path, edited, reruns):
    root = copy_of_the_project(tmp_path)
    assert jobs_to_run(study, SMALL, root) == {}
    ranker = root / "workflow_scripts/rankers/probeless.py"
    ranker.write_text(ranker.read_text().replace(PROBELESS, edited))
    assert edited in ranker.read_text()
    assert jobs_to_run(study, SMALL, root) == reruns


def test_editing_the_page_rewrites_the_report_alone(study, tmp_path):
    root = copy_of_the_project(tmp_path)
    with (root / "workflow_scripts/report/page.css").open("a") as style:
        style.write("h1 { color: black; }")
    assert jobs_to_run(study, SMALL, root) == {"report": 1}


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        (
            {"interventions": []},
            {"probing", "probing_curves", "wilcoxon", "clusters", "overlap", "agreement"},
        ),
        ({"probes": []}, {"interventions", "saturation", "examples", "overlap", "agreement"}),
        ({"probes": [], "interventions": []}, {"overlap", "agreement"}),
        ({"rankings": []}, set()),
        ({"models": []}, set()),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_a_study_does_not_ask_for_is_not_needed(study, tmp_path, changes, tables):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    for folder in ("collected", "tables", "rankings"):
        shutil.rmtree(copy / "results" / folder)
    (copy / "results/report.html").write_text("")
    if tables:
        shutil.copytree(study / "results/rankings", copy / "results/rankings")
    results = finish(copy, changed(SMALL, tmp_path / "config.yaml", **changes))
    made = {path.stem for path in (results / "tables").glob("*")}
    assert made == tables
    assert (results / "rankings").is_dir() == bool(tables)
    assert ("<title>" in (results / "report.html").read_text()) == bool(tables)


def test_a_table_says_in_its_metadata_what_made_it(study):
    for path in (study / "results").rglob("*.parquet"):
        (made,) = (json.loads(v) for k, v in pq.read_metadata(path).metadata.items() if b"pit" in k)
        assert made["job"].keys() == {"code", "settings", "inputs"}, path
    path = study / "results/rankings/tiny/english/number/layer-1/random.parquet"
    (made,) = (json.loads(v) for k, v in pq.read_metadata(path).metadata.items() if b"pit" in k)
    settings = made["job"]["settings"]
    assert settings == {
        "model": "tiny",
        "treebank": "english",
        "attribute": "Number",
        "layer": 1,
        "ranker": "random",
        "seed": 1,
    }


def test_what_is_reported_reruns_the_tables_that_report_it(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", neurons={"max": 16, "report": [5]})
    assert jobs_to_run(study, config) == {"table": 3, "figure": 3, "report": 1}


def test_a_malformed_treebank_ends_in_one_error_and_leaves_no_words(tmp_path):
    folder = tmp_path / "treebank"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        (folder / f"x-ud-{split}.conllu").write_text("1\tword\n\n")
    config = changed(SMALL, tmp_path / "config.yaml", treebanks={"bad": {"path": str(folder)}})
    done = run(tmp_path, config, "words")
    assert done.returncode == 1
    assert "x-ud-train.conllu:1: 2 tab-separated columns, CoNLL-U has 10" in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((tmp_path / "results/words").rglob("*.parquet"))


def test_another_core_count_and_folder_give_equal_tables_and_figures(study, tmp_path):
    results = finish(tmp_path, SMALL, cores=1)
    for room in ("tables", "figures"):
        assert contents(results / room) == contents(study / "results" / room)
    assert (results / "report.html").read_bytes() == (study / "results/report.html").read_bytes()


def test_a_deleted_intermediate_is_made_again_and_the_tables_are_equal(study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    (copy / "results/rankings/tiny/english/number/layer-1/random.parquet").unlink()
    finish(copy, SMALL)
    assert contents(copy / "results/tables") == contents(study / "results/tables")


@pytest.mark.parametrize(
    ("target", "folder", "absent"),
    [
        ("words", "words", "activations"),
        ("activations", "activations", "rankings"),
    ],
)
def test_a_target_makes_its_stage_and_no_later_one(study, target, folder, absent):
    done = run(study, SMALL, "--forceall", "--dry-run", target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"results/{folder}/" in done.stdout
    assert f"results/{absent}/tiny" not in done.stdout


def test_the_target_rankings_makes_no_probe(study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    for folder in ("rankings", "probes", "interventions"):
        shutil.rmtree(copy / "results" / folder)
    done = run(copy, SMALL, "--dry-run", "rankings")
    assert "rule ranking:" in done.stdout
    assert "rule ranking_of_one_direction:" in done.stdout
    assert "rule probe" not in done.stdout
    assert "rule intervention" not in done.stdout


def test_an_unknown_key_ends_at_once_and_is_named(tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", min_type=3)
    done = run(tmp_path, config, "--dry-run")
    assert done.returncode == 1
    assert "min_type: unknown key" in done.stdout + done.stderr
    assert "did you mean min_types?" in done.stdout + done.stderr


def test_an_attribute_that_no_treebank_keeps_is_named(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", attributes=["Number", "Evidentiality"])
    done = run(study, config, "--dry-run")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "no treebank keeps two values of 'Evidentiality'" in said


def test_the_default_config_is_found_from_any_working_directory(tmp_path):
    done = run(tmp_path, None, "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ROOT / "config.yaml").is_file()
    assert "generate_treebank" in done.stdout + done.stderr
