"""The commands `intervene` and `measure_concord` on the files of a small study."""

from tests.support.commands import call
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.interventions import intervene, measure_concord


def run_intervene(intervened, attribute, layer, method, options, step, folder, **others):
    """Run the command; return its outcomes and examples, as rows."""
    given = {
        "model": intervened.model,
        "words": intervened.words["words_test"],
        "schema": "unimorph",
        "subtokens": intervened.folder / "subtokens.parquet",
        "states": intervened.folder / f"states-{layer}.parquet",
        "statistics": intervened.folder / f"{attribute}-{layer}.safetensors",
        "rankings": intervened.folder / f"{attribute}-{layer}.parquet",
        "analyzer": "lexicon",
        "lexicon": intervened.folder / "lexicon.parquet",
        "method": method,
        "method_options": options,
        "step": step,
        "seed": 1,
        "words_train": intervened.words["words_train"],
        "activations_train": intervened.folder / f"activations/{layer}/train.parquet",
        "outcomes": folder / "outcomes.parquet",
        "examples": folder / "examples.parquet",
    }
    call(intervene, **(given | others))
    return (
        read_parquet(folder / "outcomes.parquet").to_pylist(),
        read_parquet(folder / "examples.parquet").to_pylist(),
    )


def rows_of_concord(intervened, attribute, layer, method, options, step, folder, **others):
    """Run the command; return its rows."""
    given = {
        "model": intervened.model,
        "words_train": intervened.words["words_train"],
        "words_test": intervened.words["words_test"],
        "activations_train": intervened.folder / f"activations/{layer}/train.parquet",
        "statistics": intervened.folder / f"{attribute}-{layer}.safetensors",
        "rankings": intervened.folder / f"{attribute}-{layer}.parquet",
        "lexicon": intervened.folder / "lexicon.parquet",
        "part_of_speech": "Part of Speech",
        "method": method,
        "method_options": options,
        "step": step,
        "seed": 1,
        "concord": folder / "concord.parquet",
    }
    call(measure_concord, **(given | others))
    return read_parquet(folder / "concord.parquet").to_pylist()
