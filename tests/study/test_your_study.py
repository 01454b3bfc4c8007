"""What docs/your-study.md tells a newcomer to write is a study that runs, as it stands there."""

import re
import shutil

import pytest
import yaml
from transformers import BertConfig, BertForMaskedLM

from tests.support.workflow import ROOT, run
from workflow_scripts.files.frames import read_frame
from workflow_scripts.kernels.words import SPLITS

PAGE = ROOT / "docs" / "your-study.md"
STUDIES = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(small_treebank, tiny_model, tmp_path):
    """A working directory with the folders that the page names, and no other."""
    model = shutil.copytree(tiny_model, tmp_path / "models" / "my-model")
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig.from_pretrained(tiny_model, **shape)  # wide enough for the page's step
    BertForMaskedLM(config).save_pretrained(model)
    for name in ("my-treebank", "my-labels"):
        (tmp_path / "data" / name).mkdir(parents=True)
    for split in SPLITS:
        conllu = (small_treebank / f"english-ud-{split}.conllu").read_text("utf-8")
        (tmp_path / f"data/my-treebank/x-ud-{split}.conllu").write_text(conllu, "utf-8")
        if split != "dev":
            labels = "\n".join(labelled(conllu))
            (tmp_path / f"data/my-labels/x-{split}.tsv").write_text(labels, "utf-8")
    return tmp_path


def labelled(conllu):
    """The lines of a label file: nouns and verbs have labels."""
    for line in conllu.split("\n"):
        columns = line.split("\t")
        if len(columns) == 10:
            label = {"NOUN": "Thing", "VERB": "Deed"}.get(columns[3], "_")
            yield f"{columns[1]}\t{label}"
        elif not line:
            yield ""


def tables(desk, text, *names):
    """The tables that a study's text gives, run in the directory with its relative paths."""
    config = desk / "mine.yaml"
    config.write_text(text, "utf-8")
    folder = f"{yaml.safe_load(text)['results']}/tables"
    done = run(desk, config, *(f"{folder}/{name}.parquet" for name in names))
    assert done.returncode == 0, done.stdout + done.stderr
    return [read_frame(desk / folder / f"{name}.parquet") for name in names]


def test_a_treebank_and_a_model_of_ones_own_give_tables(desk):
    probing, interventions = tables(desk, STUDIES[0], "probing", "interventions")
    assert set(probing["attribute"]) == {"Number"}
    assert set(interventions["method"]) == {"ablation", "translation"}
    assert interventions["clwv"].null_count() == 0
    assert set(interventions["k"]) == {0, 50}


def test_labels_of_ones_own_give_tables_and_no_number_that_asks_for_a_lemma(desk):
    probing, interventions, saturation = tables(
        desk, STUDIES[1], "probing", "interventions", "saturation"
    )
    assert set(probing["attribute"]) == set(interventions["attribute"]) == {"Sentiment"}
    assert interventions["error_rate"].null_count() == 0
    for name in ("clwv", "cltv", "cltv_strict", "clwv_low", "no_value", "wrong_lemma_wrong_value"):
        assert interventions[name].null_count() == len(interventions), name
    assert saturation.is_empty()
