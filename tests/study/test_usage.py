"""What jobs used, asked for and would use: records, requests, and the cost of a larger study."""

import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.support.workflow import ROOT, SMALL, changed, contents, run
from workflow_scripts import InputError
from workflow_scripts.study.estimate_cost import read_configuration, shape_of
from workflow_scripts.study.usage import card, cost
from workflow_scripts.study.usage.records import Record, read_records
from workflow_scripts.study.usage.requests import asked_too_much, table, used_more
from workflow_scripts.study.usage.work import work


def record(
    rule="probe_rankings", used=400.0, asked=600.0, seconds=30.0, minutes=5.0, files=(), **wildcards
):
    names = {"model": "small", "treebank": "english"} | wildcards
    return Record(rule, names, seconds, seconds, used, asked, minutes, dict(files))


# Of a real study


def test_every_job_of_a_study_leaves_a_record_of_what_it_used_and_asked_for(finished):
    records = read_records(finished / "results/benchmarks")
    files = [name for name in contents(finished / "results/logs") if name.endswith(".log")]
    assert len(records) == len(files)
    of_rule = Counter(record.rule for record in records)
    assert (of_rule["probe_rankings"], of_rule["intervene"], of_rule["rank_neurons"]) == (4, 4, 2)
    activations = next(r for r in records if r.rule == "extract_activations")
    assert activations.wildcards == {"model": "tiny", "treebank": "english"}
    size = (finished / "results/words/english/train.parquet").stat().st_size / 2**20
    assert activations.input_mb["results/words/english/train.parquet"] == pytest.approx(size)


def test_no_job_of_a_small_study_used_more_than_it_asked_for(finished):
    records = read_records(finished / "results/benchmarks")
    assert [record.name for record in records if used_more(record)] == []
    assert any(record.used_mb for record in records)


def test_a_request_grows_with_what_the_job_reads(study):
    def asked():
        command = ["--dry-run", "--force", "results/activations/tiny/english/layer-1/train.parquet"]
        said = run(study, SMALL, *command).stdout  # other weights are also made again
        return int(re.search(r"rule extract_activations:.*?mem_mb=(\d+)", said, re.DOTALL)[1])

    before = asked()
    with (study / "results/models/tiny/model.safetensors").open("r+b") as file:
        file.truncate(100_000_000)
    assert before + 100 < asked() < before + 1000


def test_a_ranker_that_reads_no_words_asks_for_less(study, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", rankings=["linear", "probeless"])
    said = run(study, config, "--dry-run", "--forcerun", "rank_neurons").stdout
    jobs = re.findall(r"ranker=(\w+)\n(?: +priority: 1\n)? +resources:.*? mem_mb=(\d+)", said)
    asked = {ranker: int(mb) for ranker, mb in jobs}
    assert asked["probeless"] < asked["linear"]


def test_the_command_prints_a_line_for_every_rule(finished):
    command = [sys.executable, "-m", "workflow_scripts.study.compare_requests"]
    command += [str(finished / "results/benchmarks")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rules = {line.split(" | ")[0].removeprefix("| ") for line in done.stdout.splitlines()}
    assert rules >= {"probe_rankings", "train_model", "intervene_of_one_direction", "build_figure"}
    assert ": 0 used more than they asked for" in done.stdout


# Requests


@pytest.mark.parametrize(
    ("numbers", "more", "too_much"),
    [
        ({"used": 600, "asked": 600}, False, False),
        ({"used": 601, "asked": 600}, True, False),
        ({"used": 149, "asked": 600}, False, True),
        ({"used": 150, "asked": 600}, False, False),
        ({"used": 1, "asked": 500}, False, False),
        ({"used": None, "asked": 600}, False, False),
        ({"seconds": 301}, True, False),
    ],
)
def test_what_is_too_little_and_too_much(numbers, more, too_much):
    assert used_more(record(**numbers)) is more
    assert asked_too_much(record(**numbers)) is too_much


def test_a_job_that_asked_wrongly_is_named():
    lines = table([record(used=700, ranker="random"), record(used=100, ranker="linear")])
    assert lines[2] == "| probe_rankings | 2 | 600 | 100 to 700 | 0.9 to 6.0 | 5 | 0.5 |"
    assert lines[3:] == [
        "used more: probe_rankings (small, english, random): 700 of 600 MB, 0.5 of 5 minutes",
        "asked too much: probe_rankings (small, english, linear): 100 of 600 MB, 0.5 of 5 minutes",
    ]


def test_a_folder_without_benchmarks_and_a_file_without_requests_are_named(tmp_path):
    with pytest.raises(InputError, match="no benchmark file"):
        read_records(tmp_path)
    (tmp_path / "a.tsv").write_text("s\tmax_rss\n1.0\t100\n")
    with pytest.raises(InputError, match=r"a\.tsv: has not what the job asked for"):
        read_records(tmp_path)


# Cost

SHAPE = cost.Shape(layers=6, width=100, vocabulary=1000)
CONFIG = {
    "treebanks": {"english": {}},
    "models": {"small": {}},
    "layers": [2, 4],
    "rankings": [
        {"ranker": "linear", "name": "mine"},
        *({"ranker": name, "name": name} for name in ("gaussian", "probeless", "random")),
    ],
    "probes": ["linear", "gaussian"],
    "neurons": {"whole": True, "describe": 20},
    "control": True,
    "interventions": [{"name": "ablation", "method": "ablation", "step": 10}],
    "concord": False,
    "transfer": False,
}


def measured_records():
    """A record for each job of CONFIG with one attribute, of as many seconds as its work."""
    pair = {"model": "small", "treebank": "english"}
    yield record("read_words", seconds=7)
    yield record("keep_values", seconds=3)
    words = {"results/words/english/train.parquet": 2.0}
    yield record("extract_activations", seconds=60, files=words)
    yield record("cache_states", seconds=9)
    yield record("build_lexicon", seconds=4)
    for layer in ("2", "4"):
        of = pair | {"attribute": "number", "layer": layer}
        yield record("compute_statistics", **of)
        yield record("describe_neurons", **of)
        for probe in CONFIG["probes"]:
            yield record("probe_all_neurons", **of, probe=probe, seconds=3)
        for ranker in ("mine", "gaussian", "probeless", "random"):
            end = "_of_one_direction" if ranker == "random" else ""
            yield record(f"rank_neurons{end}", **of, ranker=ranker, seconds=10)
            read = {"results/activations/x": 30.0, "results/statistics/x": 1.0}
            for probe in CONFIG["probes"]:
                yield record(f"probe_rankings{end}", **of, ranker=ranker, probe=probe, files=read)
            # 11 values of k; above the layer 4 or 2 layers of 12 d^2 weights; V d.
            work = 11 * ((6 - int(layer)) * 120_000 + 100_000)
            read = {"results/states/x": 5.0}
            method = {"method": "ablation", "seconds": work / 1e4}
            yield record(f"intervene{end}", **of, ranker=ranker, files=read, **method)
    yield record("collect", collection="probes", seconds=2)
    yield record("collect", collection="contrasts", seconds=4)
    yield record("build_table", seconds=5)


def costs(config=CONFIG, shapes=None, attributes=1):
    records = list(measured_records())
    found = cost.measured(records, ("small", "english"), SHAPE, CONFIG)
    shapes = shapes or dict.fromkeys(config["models"], SHAPE)
    planned = list(cost.jobs(config, shapes, attributes, lexicon=True))
    stages = cost.estimate(planned, found, SHAPE, card.Assumed(50))
    cost.disk(stages, planned, found, SHAPE, len(config["layers"]))
    return stages, records


def test_the_cost_of_the_measured_study_is_what_was_measured():
    stages, records = costs()
    of_stage = Counter()
    for one in records:
        of_stage[cost.STAGES[one.rule.removesuffix("_of_one_direction")]] += one.cpu_seconds / 3600
    assert {name: stage.cpu_hours for name, stage in stages.items()} == pytest.approx(of_stage)
    assert sum(stage.jobs for stage in stages.values()) == len(records)
    assert stages["interventions"].gpu_hours == pytest.approx(of_stage["interventions"] / 50)
    assert stages["probing"].gpu_hours == 0
    assert stages["activations"].disk_gb == pytest.approx(2 * (30 + 5) * 2**20 / 1e9)


def test_concord_takes_the_layers_above_and_no_vocabulary():
    planned = list(cost.jobs(CONFIG | {"concord": ["ablation"]}, {"small": SHAPE}, 1, lexicon=True))
    found = {job.layer: work(job) for job in planned if job.rule == "measure_concord"}
    assert found == {layer: 11 * ((6 - layer) * 120_000 + 200) for layer in (2, 4)}
    assert sum(job.rule == "measure_concord" for job in planned) == 8
    mover = {"name": "translation", "method": "translation", "step": 10, "split": "test"}
    two = CONFIG | {"treebanks": {"english": {}, "spanish": {}}, "interventions": [mover]}
    planned = list(cost.jobs(two | {"transfer": True}, {"small": SHAPE}, 1, lexicon=True))
    assert sum(job.rule == "measure_transfer" for job in planned) == 2 * 8
    dev = CONFIG | {"interventions": [CONFIG["interventions"][0] | {"split": "dev"}]}
    planned = list(cost.jobs(dev | {"concord": True}, {"small": SHAPE}, 1, lexicon=True))
    assert not [job for job in planned if job.rule == "measure_concord"]


def test_twice_the_attributes_take_twice_what_follows_them():
    once, twice = costs()[0], costs(attributes=2)[0]
    for stage in ("rankings", "probing", "interventions", "tables"):
        assert twice[stage].cpu_hours == pytest.approx(2 * once[stage].cpu_hours)
    for stage in ("words", "activations"):
        assert twice[stage].cpu_hours == once[stage].cpu_hours


def test_a_lexicon_and_states_are_made_only_for_interventions_that_read_them():
    def rules(lexicon=True, **keys):
        return {job.rule for job in cost.jobs(CONFIG | keys, {"small": SHAPE}, 1, lexicon)}

    assert {"cache_states", "build_lexicon"} < rules()
    assert rules(lexicon=False) == rules() - {"build_lexicon"}
    assert rules(interventions=[]) == rules() - {"cache_states", "build_lexicon", "intervene"}


def test_what_is_collected_is_a_file_for_each_model_and_treebank():
    twice = costs(CONFIG | {"treebanks": {"english": {}, "spanish": {}}})[0]
    assert (costs()[0]["tables"].jobs, twice["tables"].jobs) == (3, 5)  # and one table


def test_a_wider_deeper_model_takes_what_its_products_say():
    once, larger = costs()[0], costs(shapes={"small": cost.Shape(12, 200, 5000)})[0]
    # Every layer runs: twice as many, each of four times the weights.
    assert larger["activations"].cpu_hours * 3600 == pytest.approx((60 + 9) * 8 + 4)
    more = {"gaussian": 4, "linear": 2}  # of all neurons: d² and d
    more_seconds = sum(3 * 2 * (more[probe] - 1) for probe in CONFIG["probes"])
    linear, gaussian = 1, 3  # beyond once as much: of ten seconds each, on two layers
    statistics = 3 * 2 * 30
    statistics += 1 * 2 * 30  # and of each neuron, as d
    rankings = once["rankings"].cpu_hours * 3600 + statistics + 10 * 2 * (linear + gaussian)
    assert larger["rankings"].cpu_hours * 3600 == pytest.approx(rankings)
    probing = once["probing"].cpu_hours * 3600 + more_seconds
    assert larger["probing"].cpu_hours * 3600 == pytest.approx(probing)
    work = [21 * ((12 - layer) * 480_000 + 1_000_000) for layer in (2, 4)]
    assert larger["interventions"].cpu_hours * 3600 == pytest.approx(4 * sum(work) / 1e4)
    assert larger["activations"].disk_gb == pytest.approx(2 * once["activations"].disk_gb)
    assert larger["interventions"].memory_gb > once["interventions"].memory_gb


def test_what_was_not_measured_is_named():
    config = CONFIG | {"probes": ["linear", "mine"]}
    with pytest.raises(InputError, match="no record of probe_all_neurons mine"):
        costs(config)
    with pytest.raises(InputError, match="no record of model 'large'"):
        cost.measured(list(measured_records()), ("large", "english"), SHAPE, CONFIG)


def estimated(finished, study, *options):
    command = [sys.executable, "-m", "workflow_scripts.study.estimate_cost", "--attributes", "1"]
    command += ["--benchmarks", "results/benchmarks", "--measured", str(SMALL), "--study", study]
    command += ["--model", "tiny", "--treebank", "english", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=finished, env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_estimates_a_study_from_its_own_records(finished):
    done = estimated(finished, str(SMALL))
    assert done.returncode == 0, done.stderr
    cells = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    jobs = {row[0].removeprefix("| "): row[1] for row in cells[1:]}
    # Collected, tables, dictionary, figures, and the report with its provenance.
    assert jobs.pop("tables") == str(7 + 16 + 1 + 14 + 2)
    assert jobs == {
        "words": "2",
        "activations": "3",
        "rankings": "5",
        "probing": "8",
        "interventions": "9",
    }


def test_a_study_of_a_model_of_unknown_size_is_one_error(finished, tmp_path):
    models = {"other": {"hub": "somebody/something", "revision": "0" * 40}}
    config = changed(SMALL, tmp_path / "config.yaml", models=models)
    done = estimated(finished, str(config))
    assert done.returncode == 1
    assert done.stderr.startswith("error: models.other: its size is not known")


@pytest.mark.parametrize("name", ["paper", "monolingual"])
def test_the_models_of_our_studies_have_a_known_size(name):
    config = read_configuration(ROOT / "configs" / f"{name}.yaml")
    for model in config["models"]:
        assert shape_of(model, config | {"results": "nowhere"}).width == 768


@pytest.mark.parametrize(
    "said",
    [
        {"num_hidden_layers": 6, "hidden_size": 48, "vocab_size": 90},
        {"n_layers": 6, "dim": 48, "vocab_size": 90},  # DistilBERT
        {"n_layers": 6, "emb_dim": 48, "n_words": 90},  # XLM
    ],
)
def test_the_size_of_a_model_is_read_whatever_its_family_calls_it(tmp_path, said):
    (tmp_path / "config.json").write_text(json.dumps(said))
    config = {"models": {"m": {"path": str(tmp_path)}}, "results": "nowhere"}
    assert shape_of("m", config) == cost.Shape(6, 48, 90)
    del said["vocab_size" if "vocab_size" in said else "n_words"]
    (tmp_path / "config.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="does not say how large the model is"):
        shape_of("m", config)


# On a card that was measured


def a_row(layer, exact, fast):
    of = {"test_words": 1000, "reading": 0.5, "judging": 0.01}
    return {"layer": layer, "exact": exact, "fast": fast, **of}


MEASURED = {
    "card": "a card",
    "shapes": [
        {
            **{"layers": 12, "width": 100, "vocabulary": 1000},
            **{"start": 5.0, "extraction": 60.0, "states": 6.0},
            "interventions": [a_row(2, 0.6, 0.06), a_row(7, 0.4, 0.04), a_row(12, 0.1, 0.01)],
        },
        {
            **{"layers": 12, "width": 100, "vocabulary": 9000},
            **{"start": 7.0, "extraction": 60.0, "states": 9.0},
            "interventions": [a_row(2, 1.4, 0.14), a_row(12, 0.9, 0.09)],
        },
    ],
}


def on_card(tmp_path, precision="exact", test_words=None):
    path = tmp_path / "gpu.json"
    path.write_text(json.dumps(MEASURED))
    return card.read_card(path, precision, test_words)


def an_edit(gpu, layer, directions=1, **shape):
    """Seconds of one edit of a model of the measured shape, but for what is said."""
    shape = cost.Shape(**{"layers": 12, "width": 100, "vocabulary": 1000} | shape)
    job = cost.Job("intervene", "", shape, layer, step=shape.width // 2)
    assert job.n_edits == 1
    return gpu.takes(job, directions, cpu_seconds=1e9).card


def test_an_edit_on_a_card_takes_what_was_measured_and_between_layers_what_lies_between(tmp_path):
    gpu = on_card(tmp_path)
    for layer, seconds in {2: 0.6, 7: 0.4, 12: 0.1, 4: 0.52, 0: 0.7}.items():
        assert an_edit(gpu, layer) == pytest.approx(seconds), layer
    assert an_edit(gpu, 2, directions=2) == pytest.approx(1.2)
    assert an_edit(on_card(tmp_path, "fast"), 2) == pytest.approx(0.06)
    assert an_edit(on_card(tmp_path, test_words=500), 2) == pytest.approx(0.3)


def test_an_edit_of_another_shape_takes_what_its_products_say(tmp_path):
    gpu = on_card(tmp_path)
    assert an_edit(gpu, 12, vocabulary=2000) == pytest.approx(0.2)
    assert an_edit(gpu, 2, vocabulary=2000) == pytest.approx(0.7)
    assert an_edit(gpu, 2, vocabulary=9000) == pytest.approx(1.4)  # of the nearest vocabulary
    assert an_edit(gpu, 2, width=200) == pytest.approx(4 * 0.5 + 2 * 0.1)
    assert an_edit(gpu, 2, layers=24) == pytest.approx(2.2 * 0.5 + 0.1)


def test_a_core_starts_jobs_and_judges_beside_a_card(tmp_path):
    gpu = on_card(tmp_path)
    shape = cost.Shape(12, 100, 1000)
    takes = gpu.takes(cost.Job("intervene", "", shape, 2, step=10), 2, cpu_seconds=1e9)
    assert takes == pytest.approx((18 * 0.6, 5 + 0.5 + 18 * 0.01))
    takes = gpu.takes(cost.Job("extract_activations", "", cost.Shape(24, 200, 1000)), 2, 1e9)
    assert takes == pytest.approx((60 * 8, 60 * 8 + 5))
    assert gpu.takes(cost.Job("cache_states", "", shape), 2, 1e9) == pytest.approx((6, 11))


def test_a_study_on_a_card_has_its_hours_and_those_of_cores_beside(tmp_path):
    """At every layer (2, 4) of 6: three rankings in both directions, the random one in one."""
    records = list(measured_records())
    found = cost.measured(records, ("small", "english"), SHAPE, CONFIG)
    planned = list(cost.jobs(CONFIG, {"small": SHAPE}, 1, lexicon=True))
    stages = cost.estimate(planned, found, SHAPE, on_card(tmp_path))
    edits = 9 * (3 * 2 + 1)
    seconds = edits * sum(0.1 + 0.3 * above / 5 for above in (4, 2))
    assert stages["interventions"].gpu_hours * 3600 == pytest.approx(seconds)
    beside = 8 * 5.5 + 2 * edits * 0.01
    assert stages["interventions"].core_hours * 3600 == pytest.approx(beside)
    for stage in ("words", "rankings", "probing", "tables"):
        assert stages[stage].gpu_hours == 0
        assert stages[stage].core_hours == pytest.approx(stages[stage].cpu_hours)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"card": "a", "shapes": []}', '{"card": 1, "shapes": [{}]}']
)
def test_a_file_that_measured_no_card_is_one_error(tmp_path, text):
    path = tmp_path / "gpu.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"gpu\.json: not what python -m benchmarks\.gpu"):
        card.read_card(path, "exact", None)


def test_the_command_takes_a_measured_card_in_place_of_an_assumed_one(finished, tmp_path):
    (tmp_path / "gpu.json").write_text(json.dumps(MEASURED))
    done = estimated(finished, str(SMALL), "--gpu", str(tmp_path / "gpu.json"))
    assert done.returncode == 0, done.stderr
    for precision in ("exact", "fast"):
        said = rf"^\* [\d.]+ GPU hours and [\d.]+ of a core: precision {precision}, as measured on"
        assert re.search(said, done.stdout, flags=re.MULTILINE), precision
    both = estimated(finished, str(SMALL), "--gpu", "gpu.json", "--gpu-speed", "50")
    assert "not allowed with argument" in both.stderr
