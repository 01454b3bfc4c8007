"""Results without Snakemake's records of them: each file is judged by what it says made it."""

import hashlib
import json
import os
import re
import shutil

import pytest
import yaml

from tests.study.test_incremental import (
    METHODS,
    OF,
    PAIR,
    RANKERS,
    REPORTED,
    built_on,
    interventions,
)
from tests.support.workflow import SMALL, changed, contents, job, jobs_in, planned, run
from workflow_scripts.files.origin import made_by

ENGLISH = {"treebank": "english"}


@pytest.fixture
def copied(finished, tmp_path):
    """The results of a study in a working directory that Snakemake knows nothing of.

    Their time stamps are of no order.
    """
    directory = tmp_path / "copied"
    shutil.copytree(finished / "results", directory / "results", copy_function=shutil.copyfile)
    for i, path in enumerate(sorted((directory / "results").rglob("*"))):
        os.utime(path, (1e9 + i * 7919 % 1000,) * 2)
    return directory


def test_every_result_says_what_made_it(finished):
    results = finished / "results"
    made = {path.name: made_by(path) for path in (results / "models").iterdir()}
    for path in results.rglob("*"):
        room = path.relative_to(results).parts[0]
        if path.is_file() and room not in ("logs", "benchmarks", "models") and path.name[0] != ".":
            made[str(path)] = made_by(path)
    assert [name for name, by in made.items() if by is None] == []


def test_copied_results_have_nothing_to_do(copied):
    assert planned(copied, SMALL) == set()
    assert "Nothing to be done" in (done := run(copied, SMALL)).stdout + done.stderr


def test_results_behind_a_link_have_nothing_to_do(copied, tmp_path):
    directory = tmp_path / "linked"
    directory.mkdir()
    (directory / "results").symlink_to(copied / "results")
    assert planned(directory, SMALL) == set()


def test_copied_results_under_another_path_have_nothing_to_do(copied, tmp_path):
    (copied / "results").rename(tmp_path / "moved")
    config = changed(SMALL, tmp_path / "config.yaml", results=str(tmp_path / "moved"))
    assert planned(copied, config) == set()


def test_of_copied_results_and_other_settings_only_what_differs_runs(copied, tmp_path):
    entries = yaml.safe_load(SMALL.read_text())["interventions"]
    entries[1]["beta"] = 4
    config = changed(SMALL, tmp_path / "config.yaml", interventions=entries)
    assert planned(copied, config) == (
        interventions(*RANKERS, methods=("translation",)) | built_on("interventions")
    )


def test_results_of_another_seed_are_made_again_from_the_treebank_on(copied, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", seed=2)
    jobs = planned(copied, config)
    assert {
        job("generate_treebank", **ENGLISH),
        job("read_words", **ENGLISH),
        job("keep_values", **ENGLISH),
    } <= jobs


def of_another_job(path):
    """Let a file, or the record of one, say another job."""
    content = path.read_bytes()
    other = re.sub(rb"(neuron-pitfalls job) [0-9a-f]{24}", rb"\1 " + b"0" * 24, content)
    assert other != content
    path.write_bytes(other)


def test_of_a_mixture_exactly_the_files_of_other_jobs_are_made_again(study):
    """A file of every kind; also where one is built on another, and what lies between stays."""
    of = "tiny/english/number/layer-1"
    mixed = {
        "treebanks/english/.english-ud-dev.conllu.job": job("generate_treebank", **ENGLISH),
        "words/english/dev.parquet": job("read_words", **ENGLISH),
        "models/tiny/.job": job("train_model", model="tiny"),
        "states/tiny/english/test/layer-1.parquet": job("cache_states", **PAIR, split="test"),
        "lexicons/tiny/english.parquet": job("build_lexicon", **PAIR),
        f"statistics/{of}.safetensors": job("compute_statistics", **OF),
        f"examples/{of}/{METHODS[0]}-by-random.parquet": next(
            iter(interventions("random", methods=METHODS[:1]))
        ),
        "tables/.overlap.csv.job": job("build_table", table="overlap"),
        "tables/.columns.csv.job": job("build_dictionary"),
        "figures/clusters.svg": job("build_figure", figure="clusters"),
        "figures/wilcoxon.pdf": job("build_figure", figure="wilcoxon"),
        "figures/agreement.json": job("build_figure", figure="agreement"),
        "report.html": job("build_report"),
        "findings.json": job("build_report"),
        "provenance.json": job("build_provenance"),
    }
    for name in mixed:
        of_another_job(study / "results" / name)
    assert planned(study, SMALL) == set(mixed.values())


def test_kept_values_of_another_job_are_counted_again(study):
    of_another_job(study / "results/words/english/.attributes.csv.job")
    done = run(study, SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert jobs_in(done.stdout + done.stderr) == {job("keep_values", **ENGLISH)}


def test_results_that_lack_words_have_nothing_to_do(copied):
    """As of any file that nothing is to be made of, Snakemake asks for none."""
    (copied / "results/words/english/test.parquet").unlink()
    assert planned(copied, SMALL) == set()


@pytest.mark.parametrize("length", [0, 1000])
def test_words_that_were_cut_beside_their_counts_are_read_again(study, length):
    path = study / "results/words/english/test.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:length])
    done = run(study, SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert job("read_words", **ENGLISH) in jobs_in(done.stdout + done.stderr)
    assert path.read_bytes() == content


def test_a_table_that_someone_changed_is_made_again(study, finished):
    path = study / "results/tables/probing.csv"
    content = path.read_text()
    path.write_text(content.replace("0.", "1."))
    assert planned(study, SMALL) >= {job("build_table", table="probing")}
    assert run(study, SMALL).returncode == 0
    assert path.read_text() == content


def test_two_working_directories_on_one_results_take_turns_and_each_is_told_the_truth(
    finished, study, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "results").symlink_to(study / "results")
    config = changed(SMALL, tmp_path / "config.yaml", neurons={"max": 16, "report": [5]})

    def turn(directory, configuration):
        done = run(directory, configuration)
        assert done.returncode == 0, done.stdout + done.stderr
        assert jobs_in(done.stdout + done.stderr) == REPORTED
        made = json.loads((study / "results/provenance.json").read_text())
        assert made["configuration"] == made_with[configuration]
        for name, entry in made["tables"].items():
            for file, digest in entry["sha256"].items():
                assert digest == sha256(study / "results/tables" / file), name

    first = json.loads((finished / "results/provenance.json").read_text())["configuration"]
    made_with = {SMALL: first, config: first | {"neurons": first["neurons"] | {"report": [5]}}}
    turn(other, config)
    turn(study, SMALL)
    assert planned(study, SMALL) == set()
    made, was = (contents(folder / "results") for folder in (study, finished))
    measured = ("logs/", "benchmarks/")
    assert [n for n in was if made[n] != was[n] and not n.startswith(measured)] == []


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
