"""What the tests of interventions share."""

from types import SimpleNamespace

import pytest

from tests.support.commands import call
from tests.support.treebank_files import keep, words_of
from workflow_scripts.activations import cache_states, extract_activations
from workflow_scripts.interventions import build_lexicon
from workflow_scripts.rankings import compute_statistics, rank_neurons


@pytest.fixture(scope="session")
def intervened(tiny_model, small_treebank, tmp_path_factory):
    """Files of the tiny model's Number and Part of Speech at layers 0, 2 and 3."""
    folder = tmp_path_factory.mktemp("intervened")
    words = words_of(small_treebank / "words")
    attributes = keep(small_treebank / "words", min_types=15)
    layers = [0, 2, 3]
    activations = f"{folder}/activations/{{layer}}/{{split}}.parquet"
    call(extract_activations, model=tiny_model, **words, layers=layers, activations=activations)
    call(
        cache_states,
        model=tiny_model,
        words_test=words["words_test"],
        layers=layers,
        subtokens=folder / "subtokens.parquet",
        states=f"{folder}/states-{{layer}}.parquet",
    )
    call(build_lexicon, model=tiny_model, **words, lexicon=folder / "lexicon.parquet")
    for attribute in ("Number", "Part of Speech"):
        for layer in layers:
            made = {"seed": 1, "statistics": folder / f"{attribute}-{layer}.safetensors"}
            call(
                compute_statistics,
                **made,
                model="tiny",
                treebank="english",
                attribute=attribute,
                layer=layer,
                words_train=words["words_train"],
                activations_train=activations.format(layer=layer, split="train"),
                attributes=attributes,
            )
            call(
                rank_neurons,
                **made,
                ranker="random",
                max_neurons=16,
                rankings=[folder / f"{attribute}-{layer}.parquet"],
            )
    return SimpleNamespace(folder=folder, model=tiny_model, words=words, attributes=attributes)
