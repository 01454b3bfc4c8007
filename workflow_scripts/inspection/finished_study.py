"""A finished study's results: which configurations, rankings, methods and models are in them.

Asked of the files themselves, which say what they are of, so a study that stopped after its
rankings will do. Where it went to its end, `provenance.json` has its configuration besides: the
order in which it names things, and where a model lies that is not among the results.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from workflow_scripts import InputError
from workflow_scripts.command.plugins import declared, names
from workflow_scripts.files.artifact import METADATA_KEY, open_parquet
from workflow_scripts.files.columns import CONFIGURATION
from workflow_scripts.files.model_folder import files_read
from workflow_scripts.files.statistics import read_configuration
from workflow_scripts.kernels.words import Configuration
from workflow_scripts.report.build_provenance import sha256
from workflow_scripts.study.configuration_file import expanded, is_positive
from workflow_scripts.study.slugs import slug

_DIRECTIONS = ("ttb", None, "btt")
"""Which rankings come first: those from the top, those of one direction, those from the bottom."""


class Intervention(NamedTuple):
    """A method and all its options, by the name that a study gives it."""

    name: str
    method: str
    options: dict[str, Any]


class FinishedStudy:
    """A study's results folder."""

    def __init__(self, folder: Path):
        """Take the folder. Raises InputError where no configuration has come to its rankings."""
        self.folder = folder
        self.provenance = read_provenance(folder) if (folder / "provenance.json").exists() else {}
        paths = sorted(folder.glob("statistics/*/*/*/layer-*.safetensors"))
        self.configurations: list[Configuration] = self._ordered(map(read_configuration, paths))
        if not self.configurations:
            raise InputError(
                f"{folder}: there are no results of a study (no statistics/*.safetensors); "
                "--results names its folder, and `snakemake rankings` makes what is read here"
            )

    @property
    def configuration(self) -> dict[str, Any]:
        """The study's configuration; empty where the study did not go to its end."""
        return self.provenance.get("configuration", {})

    def choose_configuration(self, asked: dict[str, Any]) -> tuple[Configuration, list[str]]:
        """Return the configuration with what is asked for, and what was chosen among several.

        Of model, treebank, attribute and layer, each None where it is not asked for.
        """
        left, chosen = self.configurations, []
        for name in sorted(CONFIGURATION, key=lambda name: asked[name] is None):
            there = list(dict.fromkeys(getattr(of, name) for of in left))
            value = asked[name]
            if name == "attribute":
                value = next((one for one in there if value == slug(one)), value)
            value = choose(name, value, there, chosen)
            left = [of for of in left if getattr(of, name) == value]
        return left[0], chosen

    def statistics(self, of: Configuration) -> Path:
        """Return the statistics file of a configuration."""
        return self.folder / "statistics" / f"{_path(of)}.safetensors"

    def words(self, of: Configuration, split: str = "train") -> Path:
        """Return the words file of a configuration's treebank."""
        return self.folder / "words" / of.treebank / f"{split}.parquet"

    def activations(self, of: Configuration, split: str = "train") -> Path:
        """Return the activation file of a configuration."""
        folder = self.folder / "activations" / of.model / of.treebank
        return folder / f"layer-{of.layer}" / f"{split}.parquet"

    def lexicon(self, of: Configuration) -> Path | None:
        """Return the lexicon of a configuration's model and treebank; None where there is none."""
        path = self.folder / "lexicons" / of.model / f"{of.treebank}.parquet"
        return path if path.exists() else None

    def rankings(self, of: Configuration) -> dict[str, Path]:
        """Return the rankings of a configuration by name, those from the top first."""
        folder = self.folder / "rankings" / _path(of)
        paths = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
        if not paths:
            raise InputError(f"{folder}: no ranking is there; `snakemake rankings` makes them")
        rankers = [
            entry if isinstance(entry, str) else entry["name"]
            for entry in self.configuration.get("rankings", [])
        ]

        def place(name: str) -> tuple[int, int]:
            end = next((d for d in _DIRECTIONS if d and name.endswith(f"-{d}")), None)
            ranker = name.removesuffix(f"-{end}")
            order = rankers.index(ranker) if ranker in rankers else len(rankers)
            return _DIRECTIONS.index(end), order

        return {name: paths[name] for name in sorted(paths, key=place)}

    def interventions(self, of: Configuration, ranking: str) -> list[Intervention]:
        """Return what the study did to a ranking's neurons; what moves words to a value is first.

        The report tells its second verdict of the same one.
        """
        folder = self.folder / "interventions" / _path(of)
        found = []
        for path in sorted(folder.glob(f"*-by-{ranking}.parquet")):
            job = settings(path)
            if "kind_of_method" in job:
                options = job.get("method_options", {})
                found.append(Intervention(job["method"], job["kind_of_method"], options))
        order = [entry["name"] for entry in self.configuration.get("interventions", [])]
        return sorted(
            found,
            key=lambda one: (
                declared("methods", one.method, "TARGET") is None,
                order.index(one.name) if one.name in order else len(order),
            ),
        )

    def model_folder(self, model: str, given: Path | None = None) -> Path:
        """Return the folder of a model: the one that is given, the study's own, or where it lay.

        Raises InputError where it is not there, or is not what the study had.
        """
        own = self.folder / "models" / model
        entry = self.configuration.get("models", {}).get(model, {})
        if given is None and own.is_dir():
            return own
        if given is None and "path" not in entry:
            raise InputError(f"{own}: the model is not there; say with --model-folder where it is")
        folder = given or expanded(entry["path"])
        if not folder.is_dir():
            raise InputError(
                f"{folder}: the model {model} is not there; say with --model-folder where it is"
            )
        had = self.provenance.get("sources", {}).get("models", {}).get(model)
        if had not in (None, found := {path.name: sha256(path) for path in files_read(folder)}):
            other = next(
                name for name in sorted({*had, *found}) if had.get(name) != found.get(name)
            )
            raise InputError(
                f"{folder}: is not the model that the study had as {model}: {other} is another"
            )
        return folder

    def seed(self, of: Configuration, ranking: str) -> int:
        """Return the seed of a ranking or its probes, as their files say; else the study's.

        The study may have gone on with another seed since: what is tried is these files'.
        """
        paths = [self.rankings(of)[ranking]]
        paths += sorted((self.folder / "probes" / _path(of)).glob("*.parquet"))
        seeds = [settings(path).get("seed") for path in paths]
        return next(
            (seed for seed in (*seeds, self.configuration.get("seed")) if seed is not None), 1
        )

    def _ordered(self, configurations: Iterable[Configuration]) -> list[Configuration]:
        """Return configurations in the order of the study's own lists, as far as it has them."""

        def place(of: Configuration) -> tuple:
            keys = []
            for name in CONFIGURATION:
                key, value = f"{name}s", getattr(of, name)
                listed = self.configuration.get(key)
                listed = list(listed) if isinstance(listed, list | dict) else []
                keys += [listed.index(value) if value in listed else len(listed), value]
            return tuple(keys)

        return sorted(configurations, key=place)


def read_provenance(folder: Path) -> dict[str, Any]:
    """Read a study's `provenance.json`; raises InputError, naming it, where it is not one."""
    path = folder / "provenance.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}); delete it and run the study again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: is no provenance of a study; delete it and run the study again")
    return found


def settings(path: Path) -> dict[str, Any]:
    """Return the settings of the job that made a Parquet file; {} where it was made by hand."""
    with open_parquet(path) as file:
        made_by = json.loads((file.metadata.metadata or {}).get(METADATA_KEY, b"{}"))
    return made_by.get("job", {}).get("settings", {})


def has_rows(path: Path) -> bool:
    """Whether a Parquet file has a row: a ranking has none where there was nothing to rank by."""
    with open_parquet(path) as file:
        return file.metadata.num_rows > 0


def choose(what: str, asked: Any, there: Sequence[Any], chosen: list[str]) -> Any:
    """Return what is asked for, or the first there; note in `chosen` what others there were.

    Raises InputError, which names them, where what is asked for is not there.
    """
    if asked is None:
        if len(there) > 1:
            others = ", ".join(map(str, there[1:]))
            chosen.append(f"{what} {there[0]} (there are also {others})")
        return there[0]
    if asked not in there:
        names_there = ", ".join(map(str, there))
        raise InputError(f"--{what}: {asked} is not in these results; there are: {names_there}")
    return asked


def require_options(method: str, given: dict[str, str]) -> dict[str, Any]:
    """Return a method's options, of texts as on a command line, as what the method declares.

    Raises InputError where one is missing, unknown or of another kind.
    """
    if method not in (there := names("methods")):
        raise InputError(f"--method: no {method!r}; there are: {', '.join(there)}")
    kinds = declared("methods", method, "OPTIONS")
    if unknown := [name for name in given if name not in kinds]:
        of = ", ".join(kinds) or "none"
        raise InputError(f"--method-options: {method} has no {unknown[0]!r}; its options: {of}")
    found = dict(declared("methods", method, "DEFAULTS", None) or {})
    found |= {name: _as_kind(name, kinds[name], text) for name, text in given.items()}
    if missing := [name for name in kinds if name not in found]:
        raise InputError(f"--method-options: {method} needs {', '.join(missing)}")
    return found


def _as_kind(name: str, kind: str, text: str) -> Any:
    if kind == "text":
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "number" and is_positive(value):
        return value
    right = "true or false" if kind == "boolean" else "a number above 0"
    raise InputError(f"--method-options: {name}={text}: it is {right}")


def _path(of: Configuration) -> str:
    return f"{of.model}/{of.treebank}/{slug(of.attribute)}/layer-{of.layer}"
