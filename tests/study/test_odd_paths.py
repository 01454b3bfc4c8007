"""Paths with what YAML, Snakemake or a shell could take for something else."""

import shutil

import pytest
import yaml

from tests.support.workflow import SMALL, copy_of_the_project, finish, planned, run

ODD = "a{}{x}{model}<b>\n'c\" $HOME ~ \\ *?[a];&|#!%s=ü"


@pytest.fixture
def sources(finished, tmp_path):
    """`sources(name)` is a working directory with a treebank and a model in a folder of that name.

    With the configuration of a study of them.
    """

    def make(name):
        directory = tmp_path / (name if name == ODD else "study")
        for kind in ("treebanks/english", "models/tiny"):
            hidden = shutil.ignore_patterns(".*")
            shutil.copytree(finished / "results" / kind, directory / name / kind, ignore=hidden)
        config = tmp_path / "config.yaml"
        keys = {
            "treebanks": {"one": {"path": f"{name}/treebanks/english"}},
            "models": {"one": {"path": f"{name}/models/tiny"}},
            "rankings": ["random"],
            "probes": ["gaussian"],
            "neurons": {"max": 8, "report": [8]},
            "interventions": [{"method": "ablation", "step": 8}],
            "concord": True,
        }
        config.write_text(yaml.safe_dump(yaml.safe_load(SMALL.read_text()) | keys))
        return directory, config

    return make


def test_a_study_runs_whatever_its_directory_treebank_and_model_are_called(sources):
    directory, config = sources(ODD)
    assert (finish(directory, config) / "provenance.json").is_file()
    assert planned(directory, config) == set()


def test_a_path_that_begins_with_a_hyphen_is_no_option(sources):
    directory, config = sources("-x")
    finish(directory, config, "activations")


def test_the_path_of_a_treebank_and_of_a_model_is_read_as_a_shell_reads_it(
    sources, tmp_path, monkeypatch
):
    directory, config = sources("here")
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.setenv("HERE", "here")
    assert planned(directory, config, "activations")
    text = config.read_text()
    for written in ("~/here", "$HOME/here", "${HOME}/$HERE", "~/$HERE"):
        config.write_text(text.replace("path: here", f"path: {written}"))
        assert planned(tmp_path, config, "activations")


@pytest.mark.parametrize("name", ["p x $HOME 'q'", 'r"s<t>'])
def test_the_project_may_lie_in_a_folder_of_any_name(tmp_path, name):
    (tmp_path / name).mkdir()
    root = copy_of_the_project(tmp_path / name)
    done = run(tmp_path, SMALL, "words", root=root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["a:b", "a{b}"])
def test_a_folder_of_the_project_that_no_job_could_find_is_said(tmp_path, name):
    (tmp_path / name).mkdir()
    done = run(tmp_path, SMALL, "words", root=copy_of_the_project(tmp_path / name))
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert f"{name}: move the project to a folder without colons and braces" in said
