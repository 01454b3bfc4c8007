"""A control ranking is what its ranker makes of words whose values are their control labels."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from tests.support import formulas_gaussian
from tests.support.commands import call
from tests.support.treebank_files import keep, words_of
from workflow_scripts.activations import extract_activations
from workflow_scripts.command.plugins import declared, names
from workflow_scripts.files.artifact import made_by, read_parquet, write_parquet
from workflow_scripts.files.columns import IDENTITY
from workflow_scripts.files.rankings import read_ranking
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.files.words import kept_values
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.rankings import compute_statistics, rank_by_control, rank_neurons
from workflow_scripts.study.steps import reads_labels
from workflow_scripts.words import keep_values

SEED = 3
ATTRIBUTE = "Part of Speech"
OF = {"model": "tiny", "treebank": "english", "attribute": ATTRIBUTE, "layer": 2}
RANKERS = [
    ranker
    for ranker in names("rankers")
    if reads_labels(ranker) and "model" not in declared("rankers", ranker, "USES")
]


def control_label(form, n_values):
    digest = hashlib.blake2b(f"{SEED}\t{form}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % n_values


@pytest.fixture(scope="module")
def options(tiny_model, small_treebank, tmp_path_factory):
    """The options of the command, of the tiny model's word classes at layer 2."""
    folder = tmp_path_factory.mktemp("control")
    words = words_of(small_treebank / "words")
    activations = f"{folder}/{{layer}}-{{split}}.parquet"
    call(extract_activations, model=tiny_model, **words, layers=[2], activations=activations)
    options = {
        **{f"words_{split}": words[f"words_{split}"] for split in ("train", "dev")},
        **{f"activations_{split}": folder / f"2-{split}.parquet" for split in ("train", "dev")},
        "seed": SEED,
        "statistics": folder / "statistics.safetensors",
    }
    call(
        compute_statistics,
        **{name: value for name, value in options.items() if not name.endswith("dev")},
        **OF,
        attributes=keep(small_treebank / "words", min_types=15),
        control="uniform",
    )
    return options | {"max_neurons": 5}


@pytest.fixture(scope="module")
def values(small_treebank):
    return kept_values(keep(small_treebank / "words", min_types=15))[ATTRIBUTE]


@pytest.fixture(scope="module")
def relabelled(options, values, small_treebank, tmp_path_factory):
    """The options of `rank_neurons` on words files whose values are the control labels."""
    folder = tmp_path_factory.mktemp("relabelled")
    for split in SPLITS:
        rows = read_parquet(small_treebank / f"words/{split}.parquet")
        of_words = zip(*(rows.column(c).to_pylist() for c in ("form", ATTRIBUTE)), strict=True)
        found = [
            f"label {control_label(form, len(values))}" if value in values else None
            for form, value in of_words
        ]
        place = rows.column_names.index(ATTRIBUTE)
        column = pa.array(found).dictionary_encode().cast(rows.schema.field(ATTRIBUTE).type)
        rows = rows.set_column(place, rows.schema.field(ATTRIBUTE), column)
        write_parquet(folder / f"{split}.parquet", rows, made_by("test"))
    words, attributes = words_of(folder), folder / "attributes.csv"
    call(keep_values, **words, min_types=1, attributes=attributes)
    assert len(kept_values(attributes)[ATTRIBUTE]) == len(values) > 2
    changed = {f"words_{split}": words[f"words_{split}"] for split in ("train", "dev")}
    changed = options | changed | {"statistics": folder / "statistics.safetensors"}
    call(
        compute_statistics,
        **{n: v for n, v in changed.items() if not n.endswith(("dev", "max_neurons"))},
        **OF,
        attributes=attributes,
    )
    return changed


def files(folder, ranker):
    return [folder / f"{ranker}{d}" for d in declared("rankers", ranker, "DIRECTIONS")]


@pytest.mark.parametrize("ranker", RANKERS)
def test_it_is_the_ranking_of_words_whose_values_are_their_control_labels(
    options, relabelled, tmp_path, ranker
):
    made, expected, real = (files(tmp_path / name, ranker) for name in ("made", "plain", "real"))
    call(rank_by_control, **options, control="uniform", ranker=ranker, rankings=made)
    call(rank_neurons, **relabelled, ranker=ranker, rankings=expected)
    call(rank_neurons, **options, ranker=ranker, rankings=real)
    columns = ["position", "neuron", "score"]
    for one, other, of_values in zip(made, expected, real, strict=True):
        found, plain = read_parquet(one), read_parquet(other)
        assert found.column_names == [*IDENTITY, "control", *columns]
        assert found.select(IDENTITY) == plain.select(IDENTITY)
        assert set(found.column("control").to_pylist()) == {"uniform"}
        assert found.select(columns) == plain.select(columns)
        assert found.select(columns) != read_parquet(of_values).select(columns)


def test_probeless_by_control_equals_its_formula_on_means_of_control_labels(
    options, values, tmp_path
):
    (path, _) = files(tmp_path, "probeless")
    call(
        rank_by_control,
        **options,
        control="uniform",
        ranker="probeless",
        rankings=files(tmp_path, "probeless"),
    )
    vectors = {
        (row["sentence"], row["word"]): row["activation"]
        for row in read_parquet(options["activations_train"]).to_pylist()
    }
    of_labels = [[] for _ in values]
    for word in read_parquet(options["words_train"]).to_pylist():
        vector = vectors.get((word["sentence"], word["word"]))
        if word[ATTRIBUTE] in values and vector is not None:
            of_labels[control_label(word["form"], len(values))].append(vector)
    means = np.array([np.mean(np.array(x, np.float64), axis=0) for x in of_labels])
    scores = formulas_gaussian.probeless(means)
    found = read_parquet(path)
    np.testing.assert_allclose(found["score"].to_numpy(), np.sort(scores)[::-1], rtol=1e-9)
    assert found["neuron"].to_pylist() == np.argsort(-scores, kind="stable").tolist()


def test_a_ranking_by_control_labels_is_not_taken_for_one_by_values_nor_the_other_way_round(
    options, tmp_path
):
    made, real = files(tmp_path / "made", "fisher"), files(tmp_path / "real", "fisher")
    call(rank_by_control, **options, control="uniform", ranker="fisher", rankings=made)
    call(rank_neurons, **options, ranker="fisher", rankings=real)
    assert read_ranking(made[0], by_control=True)[0]["control"] == "uniform"
    with pytest.raises(ValueError, match="ranks by control labels, and not by values"):
        read_ranking(made[0])
    with pytest.raises(ValueError, match="ranks by values, and not by control labels"):
        read_ranking(real[0], by_control=True)


def test_what_cannot_be_ranked_by_control_labels_is_refused(options, tmp_path):
    asks, reads = files(tmp_path, "attribution"), files(tmp_path, "fisher")
    with pytest.raises(ValueError, match="attribution asks the model, which knows no control"):
        call(rank_by_control, **options, control="uniform", ranker="attribution", rankings=asks)
    with pytest.raises(ValueError, match="--control: which control task"):
        call(rank_by_control, **options, ranker="fisher", rankings=reads)
    with pytest.raises(ValueError, match="layer 2: control label 1 is that of no training word"):
        rank_by_control.ranking.ranked(
            Counting, "mine", None, {}, read_configuration(options["statistics"]), control=True
        )


class Counting:
    """A ranker that finds a label without words."""

    DIRECTIONS = ("",)

    @staticmethod
    def rank(task):
        rank_by_control.check_every_label(np.array([3, 0, 2]))
