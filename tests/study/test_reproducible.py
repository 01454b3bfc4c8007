"""Equal bytes: whatever the cores, the folder, the day or the order, a study ends in one result."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from tests.support.commands import call
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
from workflow_scripts.report import build_provenance
from workflow_scripts.study import repository

ENDS = ("tables", "figures", "report.html", "findings.json", "provenance.json")


def ends(results: Path) -> dict[str, bytes]:
    """The bytes of all that a study ends in."""
    return {
        name: path.read_bytes() if (path := results / name).is_file() else contents(path)
        for name in ENDS
    }


ROOMS = {
    "treebanks": {"generate_treebank"},
    "words": {"read_words", "keep_values"},
    "models": {"train_model"},
    "activations": {"extract_activations"},
    "states": {"cache_states"},
    "lexicons": {"build_lexicon"},
    "statistics": {"compute_statistics"},
    "neurons": {"describe_neurons"},
    "rankings": {"rank_neurons", "rank_neurons_of_one_direction"},
    "probes": {"probe_rankings", "probe_rankings_of_one_direction", "probe_all_neurons"},
    "sentences": {"probe_rankings", "probe_rankings_of_one_direction"},
    "interventions": {"intervene", "intervene_of_one_direction"},
    "examples": {"intervene", "intervene_of_one_direction"},
    "concord": {"measure_concord", "measure_concord_of_one_direction"},
    "collected": {"collect"},
    "tables": {"build_table", "build_dictionary"},
    "figures": {"build_figure"},
}


def test_every_room_of_results_has_rules_that_make_it(finished):
    rooms = {path.name for path in (finished / "results").iterdir() if path.is_dir()}
    assert rooms - {"logs", "benchmarks"} == ROOMS.keys()


@pytest.mark.parametrize(
    "room", ["words", "models", "activations", "neurons", "rankings", "interventions"]
)
def test_a_deleted_file_is_made_again_alone_and_as_it_was(finished, study, room):
    """Asked for by its name: what stands in the end needs no file between, so none is missed."""
    files = sorted(path for path in (study / "results" / room).rglob("*") if path.is_file())
    product = next(path for path in files if not path.name.startswith("."))
    if room == "models":  # a product is a folder here
        product = product.parent
        shutil.rmtree(product)
    else:
        product.unlink()
    done = run(study, SMALL, str(product.relative_to(study)))
    assert done.returncode == 0, done.stdout + done.stderr
    rules = {rule for rule, _ in jobs_in(done.stdout + done.stderr)}
    assert len(rules) == 1
    assert rules <= ROOMS[room]
    assert planned(study, SMALL) == set()
    made, was = (contents(folder / "results") for folder in (study, finished))
    measured = ("logs/", "benchmarks/")
    assert made.keys() == was.keys()
    assert [n for n in made if made[n] != was[n] and not n.startswith(measured)] == []


def test_all_that_leads_to_the_tables_is_made_again_where_they_are_gone(finished, study):
    """Snakemake also runs what reads a file that was missing: it cannot know its content."""
    deleted = [
        "rankings/tiny/english/number/layer-1/random.parquet",
        "probes/tiny/english/number/layer-1/linear-by-random.parquet",
        "collected/tiny/english/probes.parquet",
        "words/english/attributes.csv",
    ]
    for name in deleted:
        (study / "results" / name).unlink()
    shutil.rmtree(study / "results/tables")
    done = run(study, SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    rules = {rule for rule, _ in jobs_in(done.stdout + done.stderr)}
    assert {"keep_values", "rank_neurons_of_one_direction", "build_table"} <= rules
    assert not rules & {"read_words", "train_model", "extract_activations", "rank_neurons"}
    assert ends(study / "results") == ends(finished / "results")


def test_no_file_holds_a_path_of_the_machine(finished):
    here = str(finished).encode()
    for name, content in contents(finished / "results").items():
        if not name.startswith(("logs/", "benchmarks/")):
            assert here not in content, name


# Provenance


@pytest.fixture(scope="module")
def provenance(finished):
    return json.loads((finished / "results/provenance.json").read_text())


def test_provenance_has_the_hash_of_every_source_and_table(finished, provenance):
    results = finished / "results"
    for name, entry in provenance["tables"].items():
        for kind in ("csv", "parquet"):
            path = results / f"tables/{name}.{kind}"
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert entry["sha256"][path.name] == digest
        assert entry["rows"] == len(pl.read_parquet(results / f"tables/{name}.parquet"))
        made_by = entry["made_by"]["job"]["settings"].get("table", "columns")
        assert made_by == name
    assert provenance["tables"].keys() == {p.stem for p in (results / "tables").glob("*.csv")}
    files = provenance["sources"]["treebanks"]["english"]
    assert len(files) == 3
    for name, digest in files.items():
        content = (results / f"treebanks/english/{name}").read_bytes()
        assert digest == hashlib.sha256(content).hexdigest()
    assert "model.safetensors" in provenance["sources"]["models"]["tiny"]


def test_provenance_has_configuration_versions_and_commit(provenance):
    assert provenance["configuration"]["neurons"] == {
        "max": 16,
        "report": [5, 10],
        "whole": True,
        "describe": 20,
    }
    assert provenance["versions"].keys() >= {"python", "torch", "transformers", "numpy"}
    assert provenance["project"] == repository.state()


def git(folder, *arguments):
    names = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", folder, *names, *arguments], check=True, capture_output=True)


def test_a_repository_is_clean_until_what_a_study_runs_differs(tmp_path):
    root = copy_of_the_project(tmp_path)
    assert repository.state.__wrapped__(root) == {"commit": None, "clean": None}
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "--message", "all")
    state = repository.state.__wrapped__(root)
    assert len(state["commit"]) == 40
    assert state["clean"] is True
    (root / "notes.txt").write_text("not of the study")
    assert repository.state.__wrapped__(root)["clean"] is True
    (root / "workflow_scripts/rankings/rankers/mine.py").write_text("DIRECTIONS = ()")
    assert repository.state.__wrapped__(root) == {"commit": state["commit"], "clean": False}
    # Unpacked in a folder of that repository, the project is at no commit of it.
    assert repository.state.__wrapped__(root / "rules")["commit"] is None


def test_another_commit_of_equal_meaning_reruns_nothing(finished, tmp_path):
    root = copy_of_the_project(tmp_path)
    git(root, "init")
    assert planned(finished, SMALL, root=root) == set()


def test_another_configuration_is_in_the_provenance(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", neurons={"max": 16, "report": [5]})
    assert job("build_provenance") in planned(study, config)


def test_a_model_of_a_hub_is_in_the_provenance_with_its_commit(finished, tmp_path):
    record = {"hub": "owner/name", "revision": None, "commit": "c" * 40}
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched/source.json").write_text(json.dumps(record))
    # What a person has beside a model is none of its sources.
    (tmp_path / "fetched/dangling").symlink_to("nowhere")
    (tmp_path / "fetched/README.md").write_text("mine")
    (tmp_path / "fetched/config.json").write_text("{}")
    call(
        build_provenance,
        tables=finished / "results/tables/overlap.parquet",
        treebanks=[f"english={p}" for p in (finished / "results/treebanks/english").iterdir()],
        models=[f"mine={tmp_path / 'fetched'}", f"tiny={finished / 'results/models/tiny'}"],
        configuration="{}",
        project="{}",
        provenance=tmp_path / "provenance.json",
    )
    written = json.loads((tmp_path / "provenance.json").read_text())
    assert written["sources"]["hub"] == {"mine": record}
    assert written["sources"]["models"].keys() == {"mine", "tiny"}
    assert written["sources"]["models"]["mine"].keys() == {"config.json"}
