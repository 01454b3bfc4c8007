"""What a study says of treebanks that it cannot use as asked, and when."""

import re

import pytest

from tests.support.workflow import SMALL, TABLES, changed, finish, jobs_in, run
from workflow_scripts.files.frames import read_frame
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.slugs import slug


@pytest.fixture
def treebank(small_treebank, tmp_path):
    """`treebank(edit)` is a study's treebank, each line of a token as `edit` makes its columns."""

    def made(edit):
        folder = tmp_path / "treebank"
        folder.mkdir()
        for split in SPLITS:
            name = f"english-ud-{split}.conllu"
            lines = (small_treebank / name).read_text(encoding="utf-8").split("\n")
            edited = ["\t".join(edit(li.split("\t"))) if "\t" in li else li for li in lines]
            (folder / name).write_text("\n".join(edited), encoding="utf-8")
        return {"english": {"path": str(folder)}}

    return made


def without_lemma(columns):
    return [*columns[:2], "_", *columns[3:]]


def test_interventions_without_lemmas_end_before_any_model_runs(treebank, tmp_path):
    config = changed(SMALL, tmp_path / "config.yaml", treebanks=treebank(without_lemma))
    done = run(tmp_path, config)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert (
        "configuration: treebanks.english: no word of its test split has a lemma, and analyzer "
        "lexicon compares lemmas; give interventions: [], or analyzer: spacy, or leave the "
        "treebank out with skip" in re.sub(r"\s+", " ", said)
    )
    assert {rule for rule, _ in jobs_in(said)} == {"read_words", "keep_values"}


ODD = ("Number[psor]", "NUMBER[psor]", "a/{x}", "'$(false)\"")


def with_odd_features(columns):
    """Let every odd feature be what Number is."""
    numbers = [pair for pair in columns[5].split("|") if pair.startswith("Number=")]
    if not numbers:
        return columns
    _, _, value = numbers[0].partition("=")
    return [*columns[:5], "|".join(f"{name}={value}" for name in ODD), *columns[6:]]


def test_a_study_has_every_feature_by_its_own_name(treebank, tmp_path):
    config = changed(
        SMALL,
        tmp_path / "config.yaml",
        schema="ud",
        treebanks=treebank(with_odd_features),
        attributes=list(ODD),
        rankings=["random"],
        probes=["linear"],
        neurons={"max": 2, "report": [2]},
        interventions=[{"method": "ablation", "step": 8}],
        concord=True,
    )
    results = finish(tmp_path, config, *TABLES)
    for table in ("probing", "interventions"):
        assert set(read_frame(results / f"tables/{table}.parquet")["attribute"]) == set(ODD)
    for name in ODD:
        of = f"statistics/tiny/english/{slug(name)}/layer-1.safetensors"
        assert read_configuration(results / of).attribute == name
