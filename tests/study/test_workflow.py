"""The workflow itself, on a small study: every stage, every target, and its first errors."""

import json
import shutil
import zipfile
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.support.workflow import ROOT, SMALL, changed, finish, planned, run
from workflow_scripts.study.steps import STEPS

COMPARED = {"contrasts", "inference"}
DESCRIBED = {"neurons", "neuron_values", "neuron_words"}
OF_RANKINGS = {"overlap", "agreement", *DESCRIBED}


def test_every_table_is_there_and_has_rows(finished):
    for table in (
        "probing",
        "probing_curves",
        "interventions",
        "saturation",
        "used_vs_encoded",
        "wilcoxon",
        "agreement",
        *("neurons", "neuron_values", "neuron_words"),
        "contrasts",
        "inference",
        "concord",
    ):
        csv = pl.read_csv(finished / f"results/tables/{table}.csv")
        parquet = pl.read_parquet(finished / f"results/tables/{table}.parquet")
        assert len(csv) == len(parquet) > 0
        assert csv.columns == parquet.columns
        assert csv.columns[:4] == ["model", "treebank", "attribute", "layer"]
    for table in ("examples", "clusters", "overlap"):  # one configuration, two rankers
        assert (finished / f"results/tables/{table}.csv").is_file()


def test_a_column_that_has_empty_cells_says_when_it_is_empty(finished):
    said = pl.read_csv(finished / "results/tables/columns.csv").rows_by_key(["table", "column"])
    silent = [
        (path.stem, name)
        for path in (finished / "results/tables").glob("*.parquet")
        for name, column in pl.read_parquet(path).to_dict().items()
        if column.null_count() and "empty" not in said.get((path.stem, name), [("empty",)])[0][-1]
    ]
    assert silent == []


def test_a_table_without_rows_says_why_in_its_log(finished):
    assert len(pl.read_parquet(finished / "results/tables/clusters.parquet")) == 0
    log = (finished / "results/logs/build_table/clusters.log").read_text()
    assert "an empty table: 0 configurations have the probes linear, gaussian" in log


def test_every_figure_that_has_its_tables_is_drawn(finished):
    kinds = {"svg", "pdf", "json"}
    drawn = ("probing_curves", "intervention_curves", "used_vs_encoded", "selectivity_curves")
    drawn = (*drawn, "contrasts", "side_effects", "concord", "unseen_forms")
    lines = {"layer_profiles": "one layer", "wilcoxon": "1 configuration is too few"}
    lines["overview"] = "no probe reads an attribute clearly above its majority"
    for figure, why in lines.items():  # they could say nothing
        spec = json.loads((finished / f"results/figures/{figure}.json").read_text())
        assert why in spec["missing"]
    for figure in drawn:
        paths = {kind: finished / f"results/figures/{figure}.{kind}" for kind in kinds}
        assert paths["pdf"].read_bytes().startswith(b"%PDF")
        assert "<svg" in paths["svg"].read_text()
        spec = json.loads(paths["json"].read_text())
        assert len(spec["datasets"]["rows"]) > 0
        assert spec["usermeta"]["made_by"].keys() == {"code", "settings", "inputs"}


def test_snakemakes_own_report_shows_tables_and_figures_with_captions(finished, tmp_path):
    path = tmp_path / "report.zip"
    done = run(finished, SMALL, "--report", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(path) as made:
        names = {Path(name).name for name in made.namelist()}
        pages = [name for name in made.namelist() if name.endswith("report.html")]
        text = "".join(made.read(name).decode() for name in made.namelist() if ".htm" in name)
    assert len(pages) == 2  # Snakemake's, and the study's
    assert {"probing.csv", "columns.csv", "probing_curves.svg", "report.html"} <= names
    for said in ("What the study found", "a row an observation", "The data dictionary"):
        assert said in text


def test_a_study_ends_in_a_report_and_says_where_it_is(finished, study):
    (study / "results/report.html").unlink()
    done = run(study, SMALL)
    assert "report: results/report.html" in done.stdout
    page = (study / "results/report.html").read_text()
    assert "A ranking is not a probe" in page
    assert "1 model, 1 treebank, " in page
    assert page == (finished / "results/report.html").read_text()


def test_the_target_latex_lays_tables_out_for_a_paper(study):
    finish(study, SMALL, "latex")
    made = {path.stem for path in (study / "results/tables").glob("*.tex")}
    assert made == {"probing", "saturation", "wilcoxon", "overlap", "used_vs_encoded"}
    assert r"\begin{longtable}" in (study / "results/tables/probing.tex").read_text()
    assert planned(study, SMALL) == set()


def test_every_file_can_be_read_by_whom_others_of_this_process_can(finished, tmp_path):
    (tmp_path / "any").touch()
    files = [path for path in (finished / "results").rglob("*") if path.is_file()]
    assert {path.stat().st_mode for path in files} == {(tmp_path / "any").stat().st_mode}


def test_every_rule_leaves_a_log_and_a_benchmark(finished):
    rules = {path.name for path in (finished / "results/logs").iterdir()}
    assert rules == {path.name for path in (finished / "results/benchmarks").iterdir()}
    of_others = {"fetch_treebank", "fetch_model", "compile_model", "score_rankings", "build_latex"}
    of_others |= {"rank_by_control", "measure_transfer"}
    assert rules == STEPS.keys() - of_others


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        (
            {"interventions": [], "concord": True},
            COMPARED | {"probing", "probing_curves", "wilcoxon", "clusters", *OF_RANKINGS},
        ),
        (
            {"probes": []},
            COMPARED | {"interventions", "saturation", "examples", "concord", *OF_RANKINGS},
        ),
        ({"rankings": []}, set()),
        ({"models": []}, set()),
    ],
    ids=lambda value: " ".join(sorted(value)),
)
def test_what_a_study_does_not_ask_for_is_not_needed(finished, study, tmp_path, changes, tables):
    for folder in ("collected", "tables", "rankings"):
        shutil.rmtree(study / "results" / folder)
    (study / "results/report.html").write_text("")
    if tables:
        shutil.copytree(finished / "results/rankings", study / "results/rankings")
    results = finish(study, changed(SMALL, tmp_path / "config.yaml", **changes))
    made = {path.stem for path in (results / "tables").glob("*.csv")}
    assert made == tables | ({"columns"} if tables else set())
    assert (results / "rankings").is_dir() == bool(tables)
    assert ("<title>" in (results / "report.html").read_text()) == bool(tables)


@pytest.mark.parametrize(("describe", "tables"), [(1, OF_RANKINGS), (0, OF_RANKINGS - DESCRIBED)])
def test_a_study_of_rankings_alone_has_their_tables(study, tmp_path, describe, tables):
    shutil.rmtree(study / "results/tables")
    keys = {"probes": [], "interventions": [], "concord": True, "neurons": {"describe": describe}}
    jobs = planned(study, changed(SMALL, tmp_path / "config.yaml", **keys))
    assert {dict(of)["table"] for rule, of in jobs if rule == "build_table"} == tables


def test_a_table_says_in_its_metadata_what_made_it(finished):
    for path in (finished / "results").rglob("*.parquet"):
        (made,) = (
            json.loads(v)
            for k, v in pq.read_metadata(path).metadata.items()
            if k == b"neuron-pitfalls"
        )
        assert made["job"].keys() == {"code", "settings", "inputs"}, path
    path = finished / "results/rankings/tiny/english/number/layer-1/random.parquet"
    (made,) = (
        json.loads(v) for k, v in pq.read_metadata(path).metadata.items() if k == b"neuron-pitfalls"
    )
    settings = made["job"]["settings"]
    assert settings == {
        "model": "tiny",
        "treebank": "english",
        "attribute": "Number",
        "layer": 1,
        "ranker": "random",
        "ranker_options": {},
        "seed": 1,
    }


def test_the_number_of_configurations_is_said_once_all_words_are_read(tmp_path):
    said = run(tmp_path, SMALL, "words")
    assert (said.stdout + said.stderr).count("1 configuration: tiny 1") == 1
    said = run(tmp_path, SMALL, "--dry-run")
    assert (said.stdout + said.stderr).count("1 configuration: tiny 1") == 1


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


@pytest.mark.parametrize(
    ("target", "folder", "absent"),
    [
        ("words", "words", "activations"),
        ("activations", "activations", "rankings"),
    ],
)
def test_a_target_makes_its_stage_and_no_later_one(finished, target, folder, absent):
    done = run(finished, SMALL, "--forceall", "--dry-run", target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"results/{folder}/" in done.stdout
    assert f"results/{absent}/tiny" not in done.stdout


def test_the_target_rankings_makes_no_probe(study):
    for folder in ("rankings", "probes", "interventions"):
        shutil.rmtree(study / "results" / folder)
    done = run(study, SMALL, "--dry-run", "rankings")
    assert "rule rank_neurons:" in done.stdout
    assert "rule rank_neurons_of_one_direction:" in done.stdout
    assert "rule probe" not in done.stdout
    assert "rule intervene" not in done.stdout


@pytest.mark.parametrize("results", ["there/", "./there", "there//deeper", "../beside", "."])
def test_a_folder_of_results_may_be_spelled_in_any_way(tmp_path, results):
    directory = tmp_path / "study"
    directory.mkdir()
    config = changed(SMALL, tmp_path / "config.yaml", results=results)
    finish(directory, config, "words")
    assert (directory / results / "words/english/attributes.csv").exists()


def test_an_unknown_key_ends_at_once_and_is_named(tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", min_type=3)
    done = run(tmp_path, config, "--dry-run")
    assert done.returncode == 1
    assert "min_type: unknown key" in done.stdout + done.stderr
    assert "did you mean min_types?" in done.stdout + done.stderr


def test_an_attribute_that_no_treebank_keeps_is_named(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", attributes=["Number", "Evidentiality"])
    done = run(finished, config, "--dry-run")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "no treebank keeps two values of 'Evidentiality'" in said


def test_the_default_config_is_found_from_any_working_directory(tmp_path):
    done = run(tmp_path, None, "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ROOT / "config.yaml").is_file()
    assert "generate_treebank" in done.stdout + done.stderr
