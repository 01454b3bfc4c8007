"""Facts about a configuration with labels of one's own, or a treebank without dev."""

from types import SimpleNamespace

import pytest

from tests.support.study_on_disk import Study
from workflow_scripts.study import targets
from workflow_scripts.study.configuration_file import ConfigError, checked
from workflow_scripts.study.places import Places
from workflow_scripts.study.plan import Plan

OWN = {"attributes": ["Number", {"misc": "Sent"}]}
LABELS = {"mine": {"labels": "data/mine", "attribute": "Kind"}}


def config(folder, **changes):
    return {"treebanks": {"a": {"path": str(folder / "a")}}, "layers": [1]} | changes


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"attributes": [{"misc": "Number"}]}, "attributes[0].name: 'Number' is an attribute of"),
        ({"attributes": [{"misc": "form"}]}, "attributes[0].name: 'form' has another meaning"),
        ({"attributes": [{"misc": "a=b"}]}, "attributes[0].misc: 'a=b' is not possible"),
        ({"attributes": [{"name": "X"}]}, "attributes[0]: says no column; give misc or feats"),
        ({"attributes": [{"misc": "X", "feats": "X"}]}, "attributes[0]: says misc and feats"),
        ({"attributes": [{"misc": "X"}, {"feats": "X"}]}, "attributes[1]: 'X' stands there twice"),
        ({"attributes": [{"misc": "X", "treebanks": ["b"]}]}, "attributes[0].treebanks: 'b' is no"),
        ({"attributes": ["Sent"]}, "attributes[0]: 'Sent' is not possible"),
        (
            {"schema": "ud", "attributes": [{"feats": "Xyz"}]},
            "attributes[0]: with schema: ud every feature is an attribute; write Xyz alone",
        ),
        ({"treebanks": {"mine": {"labels": "x"}}}, "treebanks.mine.attribute: missing"),
        (
            {"treebanks": {"mine": {"labels": "x", "attribute": "Tense"}}},
            "treebanks.mine.attribute: 'Tense' is an attribute of schema unimorph",
        ),
        (
            {"treebanks": LABELS, "attributes": [{"misc": "X"}]},
            "attributes[0]: misc is a column of CoNLL-U, which no treebank of the study is; those "
            "with labels: have the attribute that they name, here Kind",
        ),
        (
            {"treebanks": LABELS, "attributes": ["Number"]},
            "attributes[0]: 'Number' is not possible; possible: Kind, all",
        ),
        (
            {"treebanks": LABELS, "schema": "ud", "skip": [{"attribute": "Number"}]},
            "skip[0].attribute: 'Number' is not possible; possible: Kind",
        ),
        (
            OWN | {"analyzer": "spacy", "interventions": [{"method": "ablation", "step": 5}]},
            "analyzer: spacy knows nothing of labels of your own, Sent",
        ),
        (
            {"treebanks": LABELS, "models": {"m": {"compile": {"attribute": "Number"}}}},
            "models.m.treebanks: mine has labels alone",
        ),
    ],
)
def test_what_cannot_be_an_attribute_of_ones_own_is_named(tmp_path, changes, says):
    with pytest.raises(ConfigError) as error:
        checked(config(tmp_path, **changes))
    assert str(error.value).startswith(says)


def test_an_attribute_of_the_schema_is_possible_beside_label_files(tmp_path):
    both = config(tmp_path)["treebanks"] | LABELS
    assert checked(config(tmp_path, treebanks=both, attributes=["Number", "Kind"]))["attributes"]


def test_ones_own_attributes_are_in_full_and_stay_so(tmp_path):
    found = checked(config(tmp_path, **OWN))
    assert found["attributes"][1] == {"misc": "Sent", "name": "Sent", "treebanks": ["a"]}
    assert checked(found) == found
    assert Plan(found).studied({"Sent": ["x", "y"], "Case": []}) == ["Sent"]
    assert Plan(checked(config(tmp_path, attributes=["all", {"misc": "S"}]))).studied(
        {"S": ["x", "y"], "Case": []}
    ) == ["S", "Case"]


PINS = {f"x-ud-{split}.conllu": "0" * 40 for split in ("train", "dev", "test")}


@pytest.mark.parametrize(
    ("lacking", "dev", "says"),
    [
        ("dev", {}, "treebanks.u.files: names no file for dev; dev: from-train makes it of every"),
        ("dev", {"dev": "from-train"}, None),
        ("test", {"dev": "from-train"}, "treebanks.u.dev: from-train, but files names one for dev"),
        ("", {"dev": "from-train"}, "treebanks.u.dev: from-train, but files names one for dev"),
        ("train", {}, "treebanks.u.files: names no file for train"),
    ],
)
def test_a_download_without_dev_says_where_dev_is_from(tmp_path, lacking, dev, says):
    files = {name: sha1 for name, sha1 in PINS.items() if f"-{lacking}." not in name}
    entry = {"ud": "UD_Faroese-FarPaHC", "release": "r2.16", "files": files} | dev
    study = config(tmp_path, treebanks={"u": entry})
    if says is None:
        assert list(Plan(checked(study)).files_of("u")) == ["train", "test"]
        return
    with pytest.raises(ConfigError) as error:
        checked(study)
    assert str(error.value).startswith(says)


@pytest.mark.parametrize(("source", "end"), [("path", "-ud-{}.conllu"), ("labels", "-{}.tsv")])
def test_a_folder_without_dev_names_the_key_that_helps(tmp_path, source, end):
    folder = tmp_path / "a"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"x{end.format(split)}").write_text("")
    more = {"attribute": "Kind"} if source == "labels" else {}

    def plan(**changes):
        entry = {source: str(folder)} | more | changes
        return Plan(checked(config(tmp_path, treebanks={"a": entry})))

    with pytest.raises(ConfigError, match=r"has 0 files .*dev.*; dev: from-train makes it"):
        plan().check_treebanks()
    plan(dev="from-train").check_treebanks()
    (folder / f"x{end.format('dev')}").write_text("")
    plan().check_treebanks()
    with pytest.raises(ConfigError, match=r"treebanks\.a\.dev: from-train, but .* is there"):
        plan(dev="from-train").check_treebanks()
    (folder / f"x{end.format('test')}").rename(folder / f"y{end.format('test')}")
    with pytest.raises(ConfigError, match=r"are not splits of one treebank"):
        plan().check_treebanks()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["x-dev.tsv", "y-dev.tsv"], "(x-dev.tsv, y-dev.tsv)"),
        (["x-train.txt", ".hidden.tsv"], "(x-train.txt)"),
        ([".hidden.tsv"], "(the folder is empty)"),
    ],
)
@pytest.mark.parametrize(("source", "end"), [("path", ".conllu"), ("labels", ".tsv")])
def test_a_folder_without_train_says_what_is_there(tmp_path, names, says, source, end):
    folder = tmp_path / "a"
    folder.mkdir()
    for name in names:
        (folder / name.replace(".tsv", end)).write_text("")
    entry = {source: str(folder)} | ({"attribute": "Kind"} if source == "labels" else {})
    with pytest.raises(ConfigError) as error:
        Plan(checked(config(tmp_path, treebanks={"a": entry}))).check_treebanks()
    assert str(error.value).endswith(f", one is needed {says.replace('.tsv', end)}")


def line(misc):
    return f"1\tcats\tcat\tNOUN\t_\tNumber=Plur\t0\troot\t_\t{misc}\n\n"


def test_misc_reruns_only_studies_that_read_it_and_no_activations(study):
    for split in ("train", "dev", "test"):
        study.conllu("a", split).write_text(line("Sent=x"))

    def words_and_activations(**changes):
        jobs = study.jobs(**changes)
        words = jobs.string("read_words", treebank="a")
        return words, jobs.string("extract_activations", model="fixed", treebank="a")

    plain, own = words_and_activations(), words_and_activations(**OWN)
    assert plain[0] != own[0]
    assert plain[1] == own[1]
    study.conllu("a", "train").write_text(line("Sent=other"))
    assert words_and_activations() == plain
    changed = words_and_activations(**OWN)
    assert changed[0] != own[0]
    assert changed[1] == own[1]
    of_b = {"attributes": ["Number", {"misc": "Sent", "treebanks": ["b"]}]}
    assert words_and_activations(**of_b) == plain


@pytest.mark.parametrize(("says_what_runs", "n"), [(True, 1), (False, 0)])
def test_kept_values_that_a_split_lacks_are_a_warning_once_they_are_counted(
    study, monkeypatch, says_what_runs, n
):
    """Once, though every target asks; and of the process that plans alone, not of its jobs."""
    said = []
    monkeypatch.setattr(targets.logger, "warning", said.append)
    path = study.folder / "results" / "words" / "a" / "attributes.csv"
    path.write_text(path.read_text().replace("Number,PL,dev,9,9", "Number,PL,dev,0,0"))
    jobs = study.jobs(interventions=[])
    found = targets.Targets(
        SimpleNamespace(is_main_process=says_what_runs),
        jobs,
        Places(jobs.plan),
        lambda treebank: str(path.parents[1] / treebank / "attributes.csv"),
    )
    found.check_kept()
    found.check_kept()
    assert said == ["a: of Number's kept values, dev has only SG"] * n


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)
