"""A study's models, judged while planning: what can be known before a job loads them.

From `config.json`, the names of the weights and those of the files; nothing is imported that takes
seconds.
"""

from pathlib import Path

from workflow_scripts import InputError
from workflow_scripts.files.lm_head import require_lm_head, require_masked_lm
from workflow_scripts.files.model_folder import (
    check_weights,
    files_read,
    require_content,
    require_tokenizer_files,
)
from workflow_scripts.study.configuration_file import ConfigError
from workflow_scripts.study.plan import Plan


def check_models(plan: Plan) -> None:
    """Raise ConfigError, naming the model, where one that is there cannot do what is asked of it.

    A model on a hub is judged once it is fetched.
    """
    for name in plan.models:
        folder = plan.model_folder(name)
        entry = plan.config["models"][name]
        try:
            if "path" in entry:
                check_folder(folder)
            if "path" in entry or ("hub" in entry and folder.is_dir()):
                require_masked_lm(folder)
                if plan.asks_lm_head:
                    require_lm_head(folder)
        except InputError as error:
            raise ConfigError(f"models.{name}: {error}") from error


def check_folder(folder: Path) -> None:
    """Raise InputError where a folder's files cannot be those of a model."""
    for file in files_read(folder):
        require_content(file)
    check_weights(folder)
    require_tokenizer_files(folder)
