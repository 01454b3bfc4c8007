"""What reruns after a change: exactly the jobs whose result it can change, by rule and name."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests.support.workflow import (
    ROOT,
    SMALL,
    changed,
    copy_of_a_study,
    copy_of_the_project,
    finish,
    job,
    jobs_in,
    planned,
    run,
)

PAIR = {"model": "tiny", "treebank": "english"}
OF = PAIR | {"attribute": "number", "layer": "1"}
METHODS = ("ablation", "translation")
PROBES = ("linear", "gaussian")
OF_RANKINGS = {"overlap", "agreement", "neurons", "neuron_values", "neuron_words"}
COMPARED = {"contrasts", "inference"}
OF_PROBES = {"probing", "probing_curves", "wilcoxon", "clusters", "used_vs_encoded", *COMPARED}
OF_INTERVENTIONS = {
    *("interventions", "saturation", "examples", "concord", "used_vs_encoded"),
    *COMPARED,
}
FIGURES = {
    "probing_curves": {"probing_curves", "probing"},
    "selectivity_curves": {"probing_curves"},
    "unseen_forms": {"probing_curves"},
    "intervention_curves": {"interventions"},
    "side_effects": {"interventions"},
    "concord": {"concord"},
    "layer_profiles": {"probing", "saturation"},
    "used_vs_encoded": {"used_vs_encoded", "contrasts"},
    "overview": {"used_vs_encoded", "contrasts", "probing"},
    "contrasts": {"contrasts"},
    "wilcoxon": {"wilcoxon"},
    "clusters": {"clusters"},
    "overlap": {"overlap"},
    "agreement": {"agreement"},
}


def by(ranker):
    """The suffix of rules for a ranker: those of one direction have rules of their own."""
    return "_of_one_direction" if ranker == "random" else ""


def rankings(*rankers, of=OF):
    return {job(f"rank_neurons{by(r)}", **of, ranker=r) for r in rankers}


def probes(*rankers, of=OF, names=PROBES):
    return {
        job(f"probe_rankings{by(r)}", **of, ranker=r, probe=name) for r in rankers for name in names
    }


def whole(of=OF, names=PROBES):
    """The probes on all neurons, which no ranking is behind."""
    return {job("probe_all_neurons", **of, probe=name) for name in names}


def interventions(*rankers, of=OF, methods=METHODS):
    """Those of the words themselves, and, of translation, of the words that agree with them."""
    return {
        job(f"{rule}{by(r)}", **of, ranker=r, method=name)
        for rule, names in (("intervene", methods), ("measure_concord", ("translation",)))
        for r in rankers
        for name in methods
        if name in names
    }


ENDS = {job("build_dictionary"), job("build_report"), job("build_provenance")}
"""What is made of all tables."""


def built_on(*stages):
    """What is built on rankings, probes or interventions: collected, tables, figures, report."""
    of = {"rankings": OF_RANKINGS, "probes": OF_PROBES, "interventions": OF_INTERVENTIONS}
    tables = set().union(*(of[stage] for stage in stages))
    figures = {name for name, reads in FIGURES.items() if reads & tables}
    collections = {*stages, "contrasts"}
    collections |= {"examples", "concord"} if "interventions" in stages else set()
    collections |= {"neurons"} if "rankings" in stages else set()
    return (
        {job("collect", **PAIR, collection=name) for name in collections}
        | {job("build_table", table=name) for name in tables}
        | {job("build_figure", figure=name) for name in figures}
        | ENDS
    )


REPORTED = (
    {job("build_table", table=t) for t in ("probing", "wilcoxon", "used_vs_encoded", *COMPARED)}
    | {job("build_figure", figure=f) for f in ("layer_profiles", "wilcoxon", "used_vs_encoded")}
    | {job("build_figure", figure=f) for f in ("contrasts", "overview", "probing_curves")}
    | {job("collect", **PAIR, collection="contrasts")}
    | ENDS
)
"""What `neurons.report` is of."""
EVERYTHING = ("rankings", "probes", "interventions")
RANKERS = ("gaussian", "probeless", "random")


OF_CONCORD_ALONE = {
    job("collect", **PAIR, collection="concord"),
    job("build_table", table="concord"),
    job("build_figure", figure="concord"),
}
"""What another intervention does not change where its concord is not asked for."""


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "workflow_scripts" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_finished_study_has_nothing_to_do(finished):
    assert planned(finished, SMALL) == set()


# The code

PROBELESS = ("rankings/rankers/probeless.py", "score += np.abs(q_z - q_other)")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (*PROBELESS, f"# Why not?\n        {PROBELESS[1]}  # why"),
        (*PROBELESS, "score += (np.abs(\n            q_z  -  q_other))"),
        ("rankings/rankers/probeless.py", '"""Probeless ranking:', '"""The probeless ranking:'),
        ("kernels/gaussian.py", '"""The Gaussian', '"""A Gaussian'),
        ("files/artifact.py", "import json\n", "import json  # a format\n"),
    ],
    ids=["comment", "formatting", "docstring", "docstring of a kernel", "what all import"],
)
def test_what_changes_no_meaning_reruns_nothing(finished, tmp_path, file, old, new):
    root = copy_of_the_project(tmp_path)
    edit(root, file, old, new)
    assert planned(finished, SMALL, root=root) == set()


def test_touching_every_file_reruns_nothing(study, tmp_path):
    root = copy_of_the_project(tmp_path)
    for folder in (study / "results", root):
        for path in folder.rglob("*"):
            os.utime(path)
    assert planned(study, SMALL, root=root) == set()


def test_the_arithmetic_of_probeless_reruns_what_is_built_on_it(finished, tmp_path):
    root = copy_of_the_project(tmp_path)
    edit(root, *PROBELESS, PROBELESS[1] + " ** 2")
    assert planned(finished, SMALL, root=root) == (
        rankings("probeless")
        | probes("probeless")
        | interventions("probeless")
        | built_on(*EVERYTHING)
    )


def test_what_the_gaussian_ranker_and_probe_share_reruns_exactly_their_dependents(
    finished, tmp_path
):
    root = copy_of_the_project(tmp_path)
    edit(root, "kernels/gaussian.py", "nu = d + 2", "nu = d + 3")
    assert planned(finished, SMALL, root=root) == (
        rankings("gaussian")
        | probes("gaussian")
        | probes("probeless", "random", names=("gaussian",))
        | whole(names=("gaussian",))
        | interventions("gaussian")
        | built_on(*EVERYTHING)
    )


def test_a_probe_reruns_its_scores_and_nothing_of_rankings_or_interventions(finished, tmp_path):
    root = copy_of_the_project(tmp_path)
    edit(root, "kernels/softmax_regression.py", "0.001", "0.002")
    assert planned(finished, SMALL, root=root) == (
        probes(*RANKERS, names=("linear",)) | whole(names=("linear",)) | built_on("probes")
    )


@pytest.mark.parametrize(
    ("file", "old", "tables"),
    [
        ("tables/tables/agreement.py", "Mean Jaccard overlap", {"agreement"}),
        ("tables/meanings.py", "Share of the split's", OF_RANKINGS | OF_PROBES | OF_INTERVENTIONS),
    ],
)
def test_what_is_said_of_columns_reruns_the_tables_that_may_say_it_and_nothing_before(
    finished, tmp_path, file, old, tables
):
    root = copy_of_the_project(tmp_path)
    edit(root, file, old, f"The {old}")
    figures = {name for name, reads in FIGURES.items() if reads & tables}
    assert planned(finished, SMALL, root=root) == (
        {job("build_table", table=name) for name in tables}
        | {job("build_figure", figure=name) for name in figures}
        | ENDS
    )


def test_the_page_of_the_report_reruns_the_report_alone(finished, tmp_path):
    root = copy_of_the_project(tmp_path)
    edit(root, "report/page.css", "h1 {", "h1 { color: black;")
    assert planned(finished, SMALL, root=root) == {job("build_report")}


def test_a_ranker_in_a_new_file_runs_alone(finished, tmp_path):
    root = copy_of_the_project(tmp_path)
    rankers = root / "workflow_scripts/rankings/rankers"
    shutil.copy(rankers / "probeless.py", rankers / "mine.py")
    config = changed(SMALL, tmp_path / "config.yaml", rankings=[*RANKERS, "mine"])
    assert planned(finished, config, root=root) == (
        rankings("mine") | probes("mine") | interventions("mine") | built_on(*EVERYTHING)
    )


def test_a_change_put_back_reruns_only_what_was_made_with_it(study, tmp_path):
    """Snakemake knows of each file what made it last: what the change did not reach stays."""
    root = copy_of_the_project(tmp_path)
    edit(root, *PROBELESS, PROBELESS[1] + " ** 2")
    assert planned(study, SMALL, root=root) != set()
    assert planned(study, SMALL) == set()  # put back before anything ran
    done = run(study, SMALL, "rankings", root=root)
    assert jobs_in(done.stdout + done.stderr) == rankings("probeless")
    assert planned(study, SMALL) == rankings("probeless")
    done = run(study, SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert jobs_in(done.stdout + done.stderr) == rankings("probeless")


# The configuration


def test_beta_reruns_the_translations(finished, tmp_path):
    entries = yaml.safe_load(SMALL.read_text())["interventions"]
    entries[1]["beta"] = 4
    config = changed(SMALL, tmp_path / "config.yaml", interventions=entries)
    assert planned(finished, config) == (
        interventions(*RANKERS, methods=("translation",)) | built_on("interventions")
    )


def test_another_beta_beside_the_first_runs_alone(finished, tmp_path):
    entries = yaml.safe_load(SMALL.read_text())["interventions"]
    entries.append(entries[1] | {"beta": 4, "name": "weak"})
    config = changed(SMALL, tmp_path / "config.yaml", interventions=entries)
    assert planned(finished, config) == (
        interventions(*RANKERS, methods=("weak",)) | built_on("interventions") - OF_CONCORD_ALONE
    )


def test_without_concord_the_tables_that_have_it_are_built_again_alone(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", concord=False)
    tables = {"used_vs_encoded", *COMPARED}
    assert planned(finished, config) == (
        {job("collect", **PAIR, collection="contrasts")}
        | {job("build_table", table=name) for name in tables}
        | {job("build_figure", figure=name) for name, reads in FIGURES.items() if reads & tables}
        | ENDS
    )


def test_a_ranker_that_is_added_runs_alone(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", rankings=[*RANKERS, "linear"])
    assert planned(finished, config) == (
        rankings("linear") | probes("linear") | interventions("linear") | built_on(*EVERYTHING)
    )


def test_a_layer_that_is_added_reruns_no_job_of_another_layer(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", layers=[1, 2])
    of = OF | {"layer": "2"}
    assert planned(finished, config) == (
        {job("extract_activations", **PAIR), job("cache_states", **PAIR, split="test")}
        | {job("compute_statistics", **of), job("describe_neurons", **of)}
        | rankings(*RANKERS, of=of)
        | probes(*RANKERS, of=of)
        | whole(of)
        | interventions(*RANKERS, of=of)
        | built_on(*EVERYTHING)
    )


def test_a_study_without_the_control_task_reruns_statistics_and_probes(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", control=False)
    assert planned(finished, config) == (
        {job("compute_statistics", **OF)} | probes(*RANKERS) | whole() | built_on("probes")
    )


def test_a_smaller_neurons_max_reruns_what_searches_that_far_and_the_probes(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", neurons={"max": 12, "report": [5, 10]})
    assert planned(finished, config) == (
        rankings("gaussian") | probes(*RANKERS) | interventions("gaussian") | built_on(*EVERYTHING)
    )


def test_what_is_reported_reruns_the_tables_that_report_it(finished, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", neurons={"max": 16, "report": [5]})
    assert planned(finished, config) == REPORTED


def test_how_many_neurons_are_described_reruns_their_tables_and_describes_none_anew(
    finished, tmp_path
):
    neurons = yaml.safe_load(SMALL.read_text())["neurons"]
    tables = {"neurons", "neuron_values", "neuron_words"}
    config = changed(SMALL, tmp_path / "config.yaml", neurons=neurons | {"describe": 5})
    assert planned(finished, config) == (
        {job("collect", **PAIR, collection="neurons")}
        | {job("build_table", table=name) for name in tables}
        | ENDS
    )
    config = changed(SMALL, tmp_path / "none.yaml", neurons=neurons | {"describe": 0})
    assert planned(finished, config) == ENDS


@pytest.mark.parametrize("keys", [{"device": "auto"}, {"sources": {"ud": "http://127.0.0.1:9"}}])
def test_what_changes_no_result_reruns_nothing(finished, tmp_path, keys):
    assert planned(finished, changed(SMALL, tmp_path / "config.yaml", **keys)) == set()


def test_min_types_that_keep_the_same_values_rerun_the_count_alone(study, tmp_path):
    """What is kept is known only after counting, so this is a run and not a plan."""
    config = changed(SMALL, tmp_path / "config.yaml", min_types=11)
    done = run(study, config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert jobs_in(done.stdout + done.stderr) == (
        {job("keep_values", treebank="english"), job("build_report"), job("build_provenance")}
    )


def test_min_types_that_keep_nothing_end_in_an_error_that_names_them(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", min_types=100_000)
    done = run(study, config)
    assert done.returncode == 1
    assert (
        "no treebank keeps two values of 'Number' with min_types: 100000"
        in done.stdout + done.stderr
    )
    config = changed(SMALL, tmp_path / "all.yaml", min_types=100_000, attributes="all")
    done = run(study, config)
    assert done.returncode == 1
    assert "nothing to study: english: with min_types: 100000 nothing is kept: nearest comes " in (
        done.stdout + done.stderr
    )


# The sources


@pytest.fixture(scope="module")
def read_treebanks(finished, tiny_model, tmp_path_factory):
    """A working directory with two treebanks and two models from folders, their activations."""
    directory = tmp_path_factory.mktemp("sources")
    for name in ("one", "two"):
        shutil.copytree(finished / "results/treebanks/english", directory / f"treebanks/{name}")
        shutil.copytree(tiny_model, directory / f"models/{name}")
    config = directory / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "treebanks": {name: {"path": f"treebanks/{name}"} for name in ("one", "two")},
                "models": {name: {"path": f"models/{name}"} for name in ("one", "two")},
                "min_types": 10,
                "layers": [1],
                "device": "cpu",
            }
        )
    )
    finish(directory, config, "activations")
    return directory


def reading(models, treebanks):
    return {job("extract_activations", model=m, treebank=t) for m in models for t in treebanks}


def test_another_content_of_a_treebank_reruns_what_reads_it(read_treebanks, tmp_path):
    copy = copy_of_a_study(read_treebanks, tmp_path / "study")
    assert planned(copy, copy / "config.yaml", "activations") == set()
    (path,) = (copy / "treebanks/two").glob("*-ud-test.conllu")
    path.write_text(path.read_text().replace("\tthe\t", "\tthis\t", 1))
    assert planned(copy, copy / "config.yaml", "activations") == (
        {job("read_words", treebank="two")} | reading(["one", "two"], ["two"])
    )


@pytest.mark.parametrize(("column", "again"), [(1, True), (2, False), (6, False), (7, False)])
def test_activations_are_made_anew_for_another_form_and_for_no_other_column(
    read_treebanks, tmp_path, column, again
):
    """A corrected lemma, head or relation is read anew, and changes no vector."""
    copy = copy_of_a_study(read_treebanks, tmp_path / "study")
    (path,) = (copy / "treebanks/two").glob("*-ud-test.conllu")
    lines = path.read_text().splitlines(keepends=True)
    number = next(i for i, line in enumerate(lines) if line.startswith("2\t"))
    columns = lines[number].split("\t")
    columns[column] = {1: "other", 2: "other", 6: "1", 7: "dep"}[column]
    lines[number] = "\t".join(columns)
    path.write_text("".join(lines))
    again = reading(["one", "two"], ["two"]) if again else set()
    expected = {job("read_words", treebank="two")} | again
    assert planned(copy, copy / "config.yaml", "activations") == expected


def test_another_content_of_a_model_reruns_what_reads_it(read_treebanks, tmp_path):
    copy = copy_of_a_study(read_treebanks, tmp_path / "study")
    weights = copy / "models/two/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert planned(copy, copy / "config.yaml", "activations") == (reading(["two"], ["one", "two"]))


def test_a_treebank_that_is_added_leaves_the_others(read_treebanks, tmp_path):
    copy = copy_of_a_study(read_treebanks, tmp_path / "study")
    shutil.copytree(copy / "treebanks/one", copy / "treebanks/three")
    keys = yaml.safe_load((copy / "config.yaml").read_text())
    keys["treebanks"]["three"] = {"path": "treebanks/three"}
    config = changed(copy / "config.yaml", copy / "more.yaml", **keys)
    assert planned(copy, config, "activations") == (
        {job("read_words", treebank="three")} | reading(["one", "two"], ["three"])
    )


def test_the_default_config_is_that_of_the_project(tmp_path):
    assert planned(tmp_path, None, root=ROOT)
