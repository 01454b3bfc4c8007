"""The command `intervene` on the files of a small intervened."""

from tests.support.commands import call
from workflow_scripts.files.artifact import read_parquet
from workflow_scripts.interventions import intervene


def run_intervene(intervened, attribute, layer, method, options, step, folder, **others):
    """Run the command; return its outcomes and examples, as rows."""
    given = {
        "model": intervened.model,
        "words_test": intervened.words["words_test"],
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
        "outcomes": folder / "outcomes.parquet",
        "examples": folder / "examples.parquet",
    }
    call(intervene, **(given | others))
    return (
        read_parquet(folder / "outcomes.parquet").to_pylist(),
        read_parquet(folder / "examples.parquet").to_pylist(),
    )
