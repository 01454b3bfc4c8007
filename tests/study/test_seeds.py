"""Random streams: one for each configuration and each thing that is drawn, from one seed."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from workflow_scripts.command import configuration
from workflow_scripts.kernels.words import Configuration
from workflow_scripts.rankings.rankers import RankingTask, random

OF = Configuration("bert", "türkçe", "Number", 2, values=("PL", "SG"))


def stream(seed=1, **changes):
    return configuration.stream(replace(OF, **changes), seed)


def never(*_):
    raise AssertionError("a random ranking looks at nothing")


def permutation(**changes):
    """The random ranking of the configuration with these changes."""
    task = RankingTask(
        n_neurons=30,
        n_values=lambda: 2,
        select=lambda: 10,
        threads=1,
        statistics=never,
        words=never,
        stream=stream(**changes),
    )
    return random.rank(task)[""].neurons.tolist()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("seed", 2),
        ("model", "roberta"),
        ("treebank", "turkce"),
        ("attribute", "Tense"),
        ("layer", 3),
    ],
)
def test_another_seed_model_treebank_attribute_or_layer_gives_another_permutation(name, other):
    assert permutation(**{name: other}) != permutation()


def test_the_same_configuration_gives_the_same_permutation_whatever_values_are_kept():
    assert permutation() == permutation(values=("DU", "PL", "SG"))


def test_configurations_whose_names_run_together_alike_have_different_permutations():
    one = permutation(model="bert", treebank="small-english")
    other = permutation(model="bert-small", treebank="english")
    assert one != other
    assert permutation(seed=1, layer=12) != permutation(seed=11, layer=2)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["random"], '[1, "bert", "türkçe", "Number", 2, "random"]'),
        (["linear", 384], '[1, "bert", "türkçe", "Number", 2, "linear", 384]'),
    ],
)
def test_a_stream_is_pcg64_from_the_blake2b_digest_of_seed_and_names_as_json(names, text):
    digest = hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()
    number = 0
    for byte in digest:
        number = 256 * number + byte  # big-endian
    expected = np.random.Generator(np.random.PCG64(number))
    assert stream()(*names).random(100).tolist() == expected.random(100).tolist()


def test_each_thing_that_is_drawn_has_a_stream_of_its_own():
    names = [("random",), ("linear", 1), ("linear", 2), ("linear", 12)]
    first = {stream()(*name).random() for name in names}
    assert len(first) == len(names)
