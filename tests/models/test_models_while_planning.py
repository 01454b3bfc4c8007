"""Facts about what is said of a model while a study is planned, before any job runs."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from transformers import AutoModelForMaskedLM, BertModel

from tests.support.loopback import Hub
from tests.support.small_models import FAMILIES, REFUSED, save_random_model
from tests.support.workflow import ROOT, SMALL, changed, finish, job, planned, run
from workflow_scripts import InputError
from workflow_scripts.files.lm_head import (
    masked_language_models,
    require_lm_head,
    require_masked_lm,
)
from workflow_scripts.models.masked_lm import MaskedLM
from workflow_scripts.study import device
from workflow_scripts.study.configuration_file import ConfigError, checked
from workflow_scripts.study.device import why_not_here
from workflow_scripts.study.models import check_models
from workflow_scripts.study.plan import Plan

LEFT_TO_THE_JOB = ("esmc", "eurobert", "gte", "jina_embeddings_v3", "nomic_bert", *REFUSED)
"""Families of whose heads nothing is said by name."""


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_is_missed_where_there_is_none_and_nowhere_else(folder_of, family, tmp_path):
    """As the job finds that loads the model; the names of the weights alone say it."""
    folder = folder_of(family)
    require_masked_lm(folder)
    require_lm_head(folder)
    AutoModelForMaskedLM.from_pretrained(folder).base_model.save_pretrained(tmp_path)
    require_masked_lm(tmp_path)
    if family in LEFT_TO_THE_JOB:
        require_lm_head(tmp_path)
        return
    with pytest.raises(InputError, match=rf"{tmp_path}: the checkpoint has no LM head \(no "):
        require_lm_head(tmp_path)
    with pytest.raises(InputError, match=rf"{tmp_path}: the checkpoint has no LM head \(missing "):
        MaskedLM(tmp_path).require_lm_head()


def test_weights_in_many_files_are_told_by_their_index(tiny_model, tmp_path):
    model = AutoModelForMaskedLM.from_pretrained(tiny_model)
    model.save_pretrained(tmp_path / "whole", max_shard_size="5KB")
    require_lm_head(tmp_path / "whole")
    model.bert.save_pretrained(tmp_path / "encoder", max_shard_size="5KB")
    assert len(list((tmp_path / "encoder").glob("*.safetensors"))) > 1
    with pytest.raises(InputError, match="has no LM head"):
        require_lm_head(tmp_path / "encoder")


def test_the_masked_language_models_are_those_of_the_library():
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    assert masked_language_models() == set(MODEL_FOR_MASKED_LM_MAPPING_NAMES)


def test_planning_imports_neither_pytorch_nor_transformers():
    code = "import sys; from workflow_scripts.study import device, jobs, models; "
    code += "device.why_not_here('cuda', True); "
    code += "print({'torch', 'transformers', 'tokenizers', 'huggingface_hub'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "set()\n"


@pytest.fixture
def folder(tiny_model, tmp_path):
    """A copy of the tiny model, to damage."""
    return Path(shutil.copytree(tiny_model, tmp_path / "tiny"))


def complaint(folder, tmp_path, **keys):
    """What is said of a study of this model."""
    config = yaml.safe_load(SMALL.read_text()) | {"models": {"tiny": {"path": str(folder)}}}
    config |= {"concord": True} | keys
    config["results"] = str(tmp_path / "results")
    with pytest.raises(ConfigError) as error:
        check_models(Plan(checked(config)))
    return str(error.value)


def test_a_model_without_lm_head_is_named_and_without_interventions_it_is_none(folder, tmp_path):
    BertModel.from_pretrained(folder).save_pretrained(folder)
    said = complaint(folder, tmp_path)
    assert said == (
        f"models.tiny: {folder}: the checkpoint has no LM head (no cls.predictions.* among its "
        "weights); interventions need one, and rankers that run the model: choose another model, "
        "or set interventions: [] and leave such rankers out"
    )
    config = yaml.safe_load(SMALL.read_text()) | {"models": {"tiny": {"path": str(folder)}}}
    check_models(Plan(checked(config | {"interventions": [], "concord": True})))


@pytest.mark.parametrize("interventions", [[], [{"method": "ablation", "step": 5}]])
def test_a_model_that_is_no_masked_one_is_named_with_its_type(folder, tmp_path, interventions):
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(content | {"model_type": "gpt2"}))
    said = complaint(folder, tmp_path, interventions=interventions)
    assert said.startswith(f"models.tiny: {folder}: model_type gpt2 is no masked language model")
    assert len(said) < len(str(folder)) + 130


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_pointer_of_git_lfs_is_named_with_the_remedy(folder, tmp_path, name):
    (folder / name).write_text(POINTER)
    assert complaint(folder, tmp_path).endswith(
        f"{folder / name}: a Git LFS pointer and not the file; in its repository run: git lfs pull"
    )


def test_weights_that_were_cut_are_named_with_their_length(folder, tmp_path):
    file = folder / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-100])
    size = len(content)
    assert complaint(folder, tmp_path).endswith(
        f"{file}: has {size - 100} bytes of {size}; download it again"
    )


@pytest.mark.parametrize(
    "content", [b"", b"<!DOCTYPE html>", b"\xff" * 100, b"\x02" + b"\0" * 7 + b"[]"]
)
def test_weights_that_are_none_are_named(folder, tmp_path, content):
    (folder / "model.safetensors").write_bytes(content)
    assert complaint(folder, tmp_path).endswith(
        f"{folder / 'model.safetensors'}: is no safetensors file; download it again"
    )


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", ["", "<html>"])
def test_a_page_in_place_of_a_file_is_named(folder, tmp_path, name, content):
    (folder / name).write_text(content)
    assert complaint(folder, tmp_path).endswith(f"{folder / name}: is not JSON; download it again")


def test_a_configuration_without_a_model_type_is_named(folder, tmp_path):
    content = json.loads((folder / "config.json").read_text())
    del content["model_type"]
    (folder / "config.json").write_text(json.dumps(content))
    assert f"{folder / 'config.json'}: has no model_type" in complaint(folder, tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_file_that_cannot_be_read_is_named(folder, tmp_path, monkeypatch, name):
    def refusing(self, *arguments, own=Path.open, **options):
        if self.name == name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return own(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refusing)
    said = complaint(folder, tmp_path)
    assert said == f"models.tiny: {folder / name}: cannot be read (Input/output error)"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_byte_order_mark_is_named_with_the_remedy(folder, tmp_path, name):
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    said = complaint(folder, tmp_path)
    assert f"{folder / name}: begins with a byte order mark" in said
    [command] = re.findall(r"\((sed .*) takes it off", said)
    # By a shell, as a person would who takes the command from the message.
    subprocess.run(f"{command} {folder / name}", shell=True, check=True)
    json.loads((folder / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("model.safetensors", "no safetensors weights (model.safetensors)"),
        ("tokenizer.json", "no tokenizer with a vocabulary (tokenizer.json)"),
    ],
)
def test_a_file_that_is_missing_is_named(folder, tmp_path, name, says):
    (folder / name).unlink()
    assert complaint(folder, tmp_path) == f"models.tiny: {folder}: {says}"


@pytest.mark.parametrize("family", ["bert", "distilbert", "xlm"])
def test_a_layer_that_the_model_has_not_is_named_whatever_its_key_is_called(tmp_path, family):
    save_random_model(family, tmp_path)
    config = yaml.safe_load(SMALL.read_text()) | {"models": {"tiny": {"path": str(tmp_path)}}}
    checked(config | {"layers": [3]})
    with pytest.raises(ConfigError, match="layers: 4, but model tiny has layers 0 to 3"):
        checked(config | {"layers": [4]})


def test_a_fetched_model_without_lm_head_is_named_too(folder, tmp_path):
    """A study that was run without interventions, and now asks for some."""
    BertModel.from_pretrained(folder).save_pretrained(folder)
    target = tmp_path / "results" / "models" / "tiny"
    shutil.copytree(folder, target)
    said = complaint(target, tmp_path, models={"tiny": {"hub": "a/b", "revision": "0" * 40}})
    assert said.startswith(f"models.tiny: {target}: the checkpoint has no LM head")


def test_the_workflow_says_it_before_any_job_in_one_line(folder, tmp_path):
    BertModel.from_pretrained(folder).save_pretrained(folder)
    config = changed(SMALL, tmp_path / "study.yaml", models={"tiny": {"path": str(folder)}})
    done = run(tmp_path, config)
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "LM head" in line]
    assert "configuration: models.tiny: " in line
    assert not (tmp_path / "results").exists()


def test_a_download_without_lm_head_ends_before_anything_is_built_on_it(
    server, store, folder, tmp_path
):
    """And is not lost: without interventions nothing is downloaded again."""
    from tests.support.downloading import command

    BertModel.from_pretrained(folder).save_pretrained(folder)
    hub = Hub(server, store, "a/b", {p.name: p.read_bytes() for p in folder.iterdir()})
    options = ["--hub", "a/b", "--revision", hub.commit, "--endpoint", server.url]
    options += ["--model", tmp_path / "models" / "tiny"]
    done = command("models.fetch_model", *options, "--lm-head", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: a/b: the checkpoint has no LM head (no ")
    assert not (tmp_path / "models" / "tiny").exists()
    asked = len(store.requests)
    done = command("models.fetch_model", *options, folder=tmp_path)
    assert done.returncode == 0
    assert len(store.requests) == asked
    assert (tmp_path / "models" / "tiny" / "model.safetensors").exists()


def test_a_file_that_appears_beside_a_model_reruns_nothing(folder, tmp_path):
    config = changed(SMALL, tmp_path / "study.yaml", models={"tiny": {"path": str(folder)}})
    finish(tmp_path, config, "activations")
    (folder / "README.md").write_text("mine")
    (folder / "dangling").symlink_to("nowhere")
    (folder / ".git").mkdir()
    assert planned(tmp_path, config, "activations") == set()
    with (folder / "tokenizer.json").open("a") as file:
        file.write("\n")
    assert planned(tmp_path, config, "activations") == {
        job("extract_activations", model="tiny", treebank="english")
    }


# The device.


@pytest.mark.parametrize(
    ("name", "torch_version", "count", "why"),
    [
        ("cpu", "2.13.0+cpu", 0, None),
        ("auto", "2.13.0+cpu", 0, None),
        ("cuda", "2.13.0+cpu", 1, "PyTorch here is the one for CPUs alone"),
        ("cuda", "2.13.0+cu130", 0, "no GPU is available here"),
        ("cuda", "2.13.0", 1, None),
        ("cuda:1", "2.13.0", 1, "1 GPU is available here"),
        ("cuda:1", "2.13.0", 2, None),
        ("cuda", "2.13.0", None, None),  # the driver does not say
        ("cuda", "", 0, "no GPU is available here"),
    ],
)
def test_a_device_that_is_surely_not_here_is_told(monkeypatch, name, torch_version, count, why):
    monkeypatch.setattr(device, "_version_of_torch", lambda: torch_version)
    monkeypatch.setattr(device, "_gpus_of_driver", lambda: count)
    monkeypatch.setattr(device, "AMD", Path("/nowhere"))
    assert why_not_here(name, same_python=True) == why


def test_what_is_not_sure_is_left_to_the_job(monkeypatch, tmp_path):
    monkeypatch.setattr(device, "_gpus_of_driver", lambda: 0)
    monkeypatch.setattr(device, "_version_of_torch", lambda: "2.13.0+cpu")
    monkeypatch.setattr(device, "AMD", Path("/nowhere"))
    # Jobs may run with another PyTorch, in an environment of their own.
    assert why_not_here("cuda", same_python=False) == "no GPU is available here"
    monkeypatch.setattr(device, "_gpus_of_driver", lambda: 1)
    assert why_not_here("cuda", same_python=False) is None
    # A GPU of AMD is called cuda too, and NVIDIA's driver knows nothing of it.
    monkeypatch.setattr(device, "_gpus_of_driver", lambda: 0)
    monkeypatch.setattr(device, "_version_of_torch", lambda: "2.13.0+rocm7")
    monkeypatch.setattr(device, "AMD", tmp_path)
    assert why_not_here("cuda", same_python=True) is None


def test_the_driver_counts_the_gpus_that_pytorch_counts():
    counted = device._gpus_of_driver()
    if not torch.version.cuda:
        pytest.skip("needs a PyTorch that is built for GPUs")
    assert counted == torch.cuda.device_count()


WITHOUT_GPU = not (torch.cuda.is_available() or device.AMD.exists())


@pytest.mark.skipif(not WITHOUT_GPU, reason="there is a GPU here")
def test_a_gpu_that_is_not_here_is_said_before_any_job_where_jobs_run_here(tmp_path):
    config = changed(SMALL, tmp_path / "study.yaml", device="cuda")
    done = run(tmp_path, config)
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "device: cuda" in line]
    assert "set device: auto or cpu" in line
    assert not (tmp_path / "results" / "words").exists()
    # Not for what needs none, and not for a plan, which may be another machine's.
    assert run(tmp_path, config, "words").returncode == 0
    assert run(tmp_path, config, "--dry-run").returncode == 0
    assert run(tmp_path, config).returncode == 1
    assert not (tmp_path / "results" / "models").exists()


@pytest.mark.skipif(not WITHOUT_GPU, reason="there is a GPU here")
def test_a_finished_study_of_a_gpu_is_at_home_where_there_is_none(study, tmp_path):
    config = changed(SMALL, tmp_path / "study.yaml", device="cuda")
    done = run(study, config)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


@pytest.mark.skipif(not WITHOUT_GPU, reason="there is a GPU here")
def test_on_a_cluster_the_job_judges_its_device(tmp_path):
    """Sent elsewhere, by an executor that runs a command for each job, none is missed here."""
    config = changed(SMALL, tmp_path / "study.yaml", device="cuda")
    submit = ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", "false"]
    done = run(tmp_path, config, *submit, "--jobs", "1")
    assert done.returncode == 1  # what submits it fails
    assert "device: cuda" not in done.stderr
