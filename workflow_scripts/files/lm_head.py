"""The LM head: whether a model's folder has one, by the names in it alone.

From `config.json` and the names of the weights, so that a study that intervenes ends before it
begins. What is not known here is left to the job that loads the model, which is sure.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workflow_scripts import InputError
from workflow_scripts.files.model_folder import CONFIGURATION, OWN_CODE, read_json, weight_names

_HEADS = {
    "cls.predictions.": (
        *("bert", "big_bird", "ernie", "fnet", "layoutlm", "megatron-bert", "mobilebert"),
        *("nystromformer", "rembert", "roformer", "squeezebert", "tapas", "yoso"),
    ),
    "lm_head.": (
        *("camembert", "data2vec-text", "esm", "ibert", "longformer", "luke", "mpnet", "roberta"),
        *("roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"),
    ),
    "generator_predictions.": ("convbert", "electra"),
    "head.": ("modernbert",),
    "pred_layer.": ("flaubert", "xlm"),
    "predictions.": ("albert", "deberta", "deberta-v2"),  # or lm_predictions. of DeBERTa
    "vocab_transform.": ("distilbert",),
}
"""What the weights of an LM head have in their names, and the model types that have such."""


def require_masked_lm(folder: Path) -> None:
    """Raise InputError, naming the folder, where the library surely has no masked LM of its kind.

    Says nothing of a folder that cannot be read.
    """
    model_type, known = _key(folder, "model_type"), masked_language_models()
    if model_type is None and _readable(folder):
        raise InputError(
            f"{folder / CONFIGURATION}: has no model_type, as those of old; write the family's "
            'name, as "model_type": "bert"'
        )
    if isinstance(model_type, str) and known and model_type not in known:
        if _key(folder, "auto_map"):
            raise InputError(f"{folder}: no model that can be loaded ({OWN_CODE})")
        raise InputError(
            f"{folder}: model_type {model_type} is no masked language model of the installed "
            "transformers; choose another model"
        )


def require_lm_head(folder: Path) -> None:
    """Raise InputError, naming the folder, where its weights surely are without an LM head."""
    model_type, names = _key(folder, "model_type"), weight_names(folder)
    part = next((part for part, types in _HEADS.items() if model_type in types), None)
    if part is not None and names and not any(part in name for name in names):
        raise InputError(no_lm_head(folder, f"no {part}* among its weights"))


def _key(folder: Path, key: str) -> Any:
    """Return what the configuration says; None where it says nothing, or cannot be read."""
    try:
        return read_json(folder / CONFIGURATION).get(key)
    except InputError:
        return None


def _readable(folder: Path) -> bool:
    """Whether the folder has a configuration that can be read; what is wrong else, others say."""
    try:
        return bool(read_json(folder / CONFIGURATION))
    except InputError:
        return False


def no_lm_head(folder: Path, why: str) -> str:
    """Return what is said of a model without LM head."""
    return (
        f"{folder}: the checkpoint has no LM head ({why}); interventions need one, and "
        "rankers that run the model: choose another model, or set interventions: [] and leave such "
        "rankers out"
    )


@cache
def masked_language_models() -> frozenset[str]:
    """Return the model types of which the installed library has a masked language model.

    Read from its source, since importing it takes seconds; none where it is not there, or looks
    otherwise.
    """
    package = find_spec("transformers")
    if package is None or not package.submodule_search_locations:
        return frozenset()
    source = Path(package.submodule_search_locations[0], "models", "auto", "modeling_auto.py")
    try:
        text = source.read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    listed = re.search(r"^MODEL_FOR_MASKED_LM_MAPPING_NAMES\b.*?^\)", text, re.DOTALL | re.M)
    return frozenset(re.findall(r'\(\s*"([\w.-]+)",', listed[0])) if listed else frozenset()
