"""Facts about parts of a study that are legal and empty, from words files to collected ones.

Tables, figures and the report have their own tests. What has no number is empty, and what cannot be
computed at all is one error that names it.
"""

import json

import pytest

from tests.support.commands import call
from tests.support.treebank_files import block, keep, read_text, row, words_of
from workflow_scripts import InputError
from workflow_scripts.activations import build_lexicon, cache_states, extract_activations
from workflow_scripts.command.configuration import named_in_errors
from workflow_scripts.command.plugins import names
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.files.words import kept_values
from workflow_scripts.interventions import intervene
from workflow_scripts.kernels.words import SPLITS, Configuration, UnfitValueError
from workflow_scripts.probes import probe_rankings
from workflow_scripts.rankings import compute_statistics, rank_neurons
from workflow_scripts.tables import collect
from workflow_scripts.words import keep_values

SINGULAR, PLURAL = ("dog", "cat", "book", "child"), ("dogs", "cats", "books", "children")
ABLATION = {"name": "ablation", "has_target": False}
TRANSLATION = {"name": "translation", "has_target": True, "beta": 8, "scaled": True}


def sentences(values, before=0):
    """Sentences of `the` and a noun with one of these values, after so many other words."""
    text = ""
    for value, nouns in (("Sing", SINGULAR), ("Plur", PLURAL)):
        for noun in nouns if value in values else ():
            rows = [row(i, "the", "_") for i in range(1, before + 2)]
            text += block(*rows, row(before + 2, noun, "_", f"Number={value}"))
    return text


NOTHING = block(row(1, "the", "_"), row(2, "dog", "_")) * 3
BOTH = sentences(("Sing", "Plur"))


class Files:
    """The files of Number at layer 2 of the tiny model, made one after the other."""

    def __init__(self, model, folder, **texts):
        self.model, self.folder = model, folder
        self.words = words_of(read_text(folder, **texts))
        self.attributes = keep(folder, min_types=2)
        path = f"{folder}/activations/{{layer}}-{{split}}.parquet"
        call(extract_activations, model=model, **self.words, layers=[2], activations=path)
        self.activations = {
            f"activations_{split}": path.format(layer=2, split=split) for split in SPLITS
        }
        self.statistics = folder / "statistics.safetensors"

    def count(self):
        call(
            compute_statistics,
            model="tiny",
            treebank="small",
            attribute="Number",
            layer=2,
            seed=1,
            words_train=self.words["words_train"],
            activations_train=self.activations["activations_train"],
            attributes=self.attributes,
            statistics=self.statistics,
        )

    def rank(self, ranker, *directions):
        paths = [
            self.folder / f"rankings/{ranker}{'-' * bool(d)}{d}.parquet" for d in directions or [""]
        ]
        labelled = {
            name: path
            for name, path in (self.words | self.activations).items()
            if not name.endswith("test")
        }
        call(
            rank_neurons,
            statistics=self.statistics,
            **labelled,
            seed=1,
            ranker=ranker,
            max_neurons=4,
            rankings=paths,
        )
        return paths

    def probe(self):
        """Probe the random ranking linearly; return the rows of its collected file."""
        folder = self.folder / "probes"
        call(
            probe_rankings,
            statistics=self.statistics,
            **self.words,
            **self.activations,
            rankings=self.rank("random"),
            seed=1,
            probe="linear",
            max_neurons=3,
            scores=folder / "number/layer-2/linear-by-random.parquet",
            sentences=folder / "sentences.parquet",
        )
        return self.collect("probes", probes=f"{folder}/{{configuration}}/linear-by-random.parquet")

    def intervene(self, entry):
        """Intervene by the random ranking; return the rows of both collected files."""
        states = f"{self.folder}/states-{{layer}}.parquet"
        given = {"model": self.model, "words": self.words["words_test"]}
        subtokens = self.folder / "subtokens.parquet"
        call(cache_states, **given, layers=[2], subtokens=subtokens, states=states)
        lexicon = self.folder / "lexicon.parquet"
        call(build_lexicon, model=self.model, **self.words, lexicon=lexicon)
        options = {k: v for k, v in entry.items() if k not in ("name", "has_target")}
        made = {
            room: self.folder / room / f"number/layer-2/{entry['name']}-by-random.parquet"
            for room in ("interventions", "examples")
        }
        call(
            intervene,
            **given,
            seed=1,
            schema="unimorph",
            subtokens=subtokens,
            states=states.format(layer=2),
            statistics=self.statistics,
            rankings=self.rank("random"),
            analyzer="lexicon",
            lexicon=lexicon,
            method=entry["name"],
            method_options=json.dumps(options),
            step=8,
            outcomes=made["interventions"],
            examples=made["examples"],
        )
        given = {"words_test": self.words["words_test"]}
        name = f"{entry['name']}-by-random.parquet"
        return [
            self.collect(room, **given, **{room: f"{self.folder}/{room}/{{configuration}}/{name}"})
            for room in made
        ]

    def collect(self, collection, configurations=("number/layer-2",), **files):
        """Collect files of one kind; return the rows."""
        path = self.folder / f"{collection}.parquet"
        call(
            collect,
            collection=collection,
            configurations=configurations,
            **files,
            collected=path,
        )
        return read_parquet(path).to_pylist()


def test_an_attribute_that_only_training_has_gives_empty_scores_and_no_outcomes(
    tiny_model, tmp_path
):
    files = Files(tiny_model, tmp_path, train=BOTH, dev=NOTHING, test=NOTHING)
    assert kept_values(files.attributes) == {"Number": ["PL", "SG"]}
    files.count()
    for ranker in ("linear", "probeless"):
        for path in files.rank(ranker, "ttb", "btt"):
            assert sorted(read_parquet(path)["neuron"].to_pylist()) == list(range(16))
    rows = files.probe()
    assert [(row["split"], row["k"]) for row in rows] == [(s, k) for s in SPLITS for k in (1, 2, 3)]
    for found in rows:
        assert (found["accuracy"] is None) == (found["split"] != "train")
        assert (found["majority"] is None) == (found["split"] != "train")
    for entry in (ABLATION, TRANSLATION):
        assert files.intervene(entry) == [[], []]


def test_a_search_on_dev_words_that_are_not_there_names_the_configuration(tiny_model, tmp_path):
    files = Files(tiny_model, tmp_path, train=BOTH, dev=NOTHING, test=BOTH)
    files.count()
    with pytest.raises(InputError, match=r"^tiny, small, Number, layer 2: .* dev words.*with skip"):
        files.rank("gaussian", "ttb", "btt")


def test_one_value_in_test_has_no_nmi_and_all_outcomes(tiny_model, tmp_path):
    files = Files(tiny_model, tmp_path, train=BOTH, dev=BOTH, test=sentences(["Sing"]))
    files.count()
    for found in files.probe():
        assert found["accuracy"] is not None
        assert (found["nmi"] is None) == (found["split"] == "test")
    for entry in (ABLATION, TRANSLATION):
        curve, _ = files.intervene(entry)
        assert [(found["k"], found["words"]) for found in curve] == [(0, 4), (8, 4)]


def test_a_value_that_only_sentences_too_long_for_the_model_have_is_named(tiny_model, tmp_path):
    """Its mean would be 0, and every neuron's distance to it a size and no difference."""
    train = sentences(["Sing"]) + sentences(["Plur"], before=80)
    files = Files(tiny_model, tmp_path, train=train, dev=BOTH, test=BOTH)
    assert kept_values(files.attributes) == {"Number": ["PL", "SG"]}
    with pytest.raises(InputError) as error:
        files.count()
    assert str(error.value) == (
        "tiny, small, Number, layer 2: 'PL' has no training word that the model gives a vector: "
        "their sentences are too long for it (is there a blank line after each?), or they have no "
        "subtoken; leave it out with skip: in the configuration, or choose another min_types"
    )


def test_a_value_with_too_few_words_for_a_covariance_is_named(tiny_model, tmp_path):
    one = block(row(1, "dog", "_", "Number=Sing"))
    files = Files(tiny_model, tmp_path, train=sentences(["Plur"]) + one, dev=BOTH, test=BOTH)
    call(keep_values, **files.words, min_types=1, attributes=files.attributes)
    files.count()
    with pytest.raises(
        InputError, match=r"^tiny, small, Number, layer 2: 'SG' has 1 training words: a covariance"
    ):
        files.rank("gaussian", "ttb", "btt")


def test_a_control_label_with_too_few_words_is_not_taken_for_a_value():
    of = Configuration("tiny", "small", "Number", 2, ("PL", "SG"))
    with (
        pytest.raises(InputError, match="layer 2: control label 1 has 0 training words; leave it"),
        named_in_errors(of, control=True),
    ):
        raise UnfitValueError(1, "has 0 training words")


def test_a_treebank_without_any_attribute_has_words_no_values_and_a_lexicon(tiny_model, tmp_path):
    files = Files(tiny_model, tmp_path, **dict.fromkeys(SPLITS, NOTHING))
    assert kept_values(files.attributes) == {}
    lexicon = tmp_path / "lexicon.parquet"
    call(build_lexicon, model=tiny_model, **files.words, lexicon=lexicon)
    assert read_parquet(lexicon)["key"].to_pylist() == ["dog", "the"]
    with pytest.raises(InputError, match="keeps no values of 'Number'; it has no attribute"):
        files.count()


@pytest.mark.parametrize("collection", names("collections"))
def test_a_pair_of_model_and_treebank_without_configurations_collects_nothing(tmp_path, collection):
    words = words_of(read_text(tmp_path, **dict.fromkeys(SPLITS, NOTHING)))
    made = tmp_path / "collected.parquet"
    given = {"words_test": words["words_test"], "report": [10], "describe": 20, "seed": 1}
    call(collect, collection=collection, configurations=[], **given, collected=made)
    assert read_parquet(made).column_names[:4] == ["model", "treebank", "attribute", "layer"]
    assert len(read_parquet(made)) == 0
