"""Places: the paths of a study's files, as rules and commands name them.

What lies outside of the results is no input of any rule: Snakemake reads braces in its path as a
wildcard. Its content is in the strings of the jobs, its path on their command lines.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any

from workflow_scripts.files.origin import digest_of
from workflow_scripts.kernels.words import SPLITS
from workflow_scripts.study.plan import Plan, PlannedConfiguration
from workflow_scripts.study.slugs import slug
from workflow_scripts.study.steps import CONFIGURATION, PAIR

Inputs = str | list[str] | Callable[[Any], list[str] | str]
Stems = Callable[[PlannedConfiguration | None], list[str]]
Planned = Callable[[Any], Iterable[PlannedConfiguration]]


class Places:
    """Where a study's files are."""

    def __init__(self, plan: Plan):
        self._plan = plan
        folder = Path(plan.config["results"], "_")
        self._results = str(folder).removesuffix("_")  # however it is spelled

    def results(self, path: str) -> str:
        """Return a path below the study's results."""
        return self._results + path

    def words(self, splits: Iterable[str] = SPLITS) -> dict[str, str]:
        """Return the words files of the treebank in the wildcards, named words_train and so on."""
        return {f"words_{s}": self.results(f"words/{{treebank}}/{s}.parquet") for s in splits}

    @property
    def words_of_compiled(self) -> dict[str, Callable[[Any], str]]:
        """Return the words files of the treebank whose forms the model in the wildcards knows."""
        return {f"words_{split}": self._word_of_compiled(split) for split in SPLITS}

    def _word_of_compiled(self, split: str) -> Callable[[Any], str]:
        return lambda w: self.results(f"words/{self._plan.compiled[w.model]}/{split}.parquet")

    def activations(self, splits: Iterable[str] = SPLITS) -> dict[str, str]:
        """Return the activation files of a configuration, named activations_train and so on."""
        path = f"activations/{PAIR}/layer-{{layer}}"
        return {f"activations_{s}": self.results(f"{path}/{s}.parquet") for s in splits}

    def of_split(self, path: str) -> Callable[[Any], str]:
        """Return an input function: a path, `{split}` that which the intervention changes."""
        whole = self.results(path)

        def of(wildcards: Any) -> str:
            values = dict(wildcards.items())
            return whole.format_map(values | {"split": self._plan.split(values["method"])})

        return of

    def of_directions(self, folder: str, maker: str, directions: Iterable[str]) -> list[str]:
        """Return the files of a ranker's rankings in a folder of the results."""
        ends = [f"-{direction}" if direction else "" for direction in directions]
        path = self.results(f"{folder}/{CONFIGURATION}/{maker}{{ranker}}")
        return [f"{path}{end}.parquet" for end in ends]

    def conllu(self, split: str) -> Callable[[Any], list[str]]:
        """Return an input function: the file of a split of a treebank, if a rule makes it."""

        def made(wildcards: Any) -> list[str]:
            file = self._plan.files_of(wildcards.treebank).get(split)
            return [] if file is None else self.made_here("treebanks", wildcards.treebank, file)

        return made

    def model(self, wildcards: Any) -> list[str]:
        """Return the folder of the model in the wildcards, if a rule makes it."""
        name = wildcards.model
        return self.made_here("models", name, self._plan.model_folder(name))

    def made_here(self, key: str, name: str, path: Path) -> list[str]:
        """Return the path of a treebank or model as inputs; none where it lies elsewhere."""
        is_elsewhere = {"path", "labels"} & set(self._plan.config[key][name])
        return [] if is_elsewhere else [str(path)]

    def conllu_path(self, split: str) -> Callable[[Any], str | list]:
        """Return a value for a command line: the file of a split of the treebank; none is empty."""

        def path(wildcards: Any) -> str | list:
            file = self._plan.files_of(wildcards.treebank).get(split)
            return [] if file is None else as_argument(file)

        return path

    def model_path(self, wildcards: Any) -> str:
        """Return a value for a command line: the folder of the model in the wildcards."""
        return as_argument(self._plan.model_folder(wildcards.model))

    def ranker_path(self, wildcards: Any) -> str:
        """Return a value for a command line: the ranker's name, or the path of its file."""
        return as_argument(self._plan.plugin("rankers", {"ranker": wildcards.ranker}))

    def ranker_digest(self, wildcards: Any) -> str:
        """Return a value for a command line: the digest of a ranker's own file, as planned."""
        path = self._plan.files_of_rankers.get(wildcards.ranker)
        return _digest_at_first(path) if path else ""

    def of_pair(self, folder: str, stems: Stems, configurations: Planned) -> "PairFiles":
        """Return the files of a model and treebank in a folder of the results."""
        return PairFiles(self.results(f"{folder}/{PAIR}"), stems, configurations)


@dataclass(frozen=True)
class PairFiles:
    """Files of every configuration of the model and treebank in the wildcards."""

    folder: str
    stems: Stems
    """The names of a configuration's files, less `.parquet`; of None, those that any has."""
    configurations: Planned
    """Those of the model and treebank in the wildcards."""

    def files(self, wildcards: Any) -> list[str]:
        """Return the files, as an input function does."""
        folder = self.folder.format_map(dict(wildcards.items()))
        return [
            f"{folder}/{of.path_in_pair}/{stem}.parquet"
            for of in self.configurations(wildcards)
            for stem in self.stems(of)
        ]

    def patterns(self, wildcards: Any) -> list[str]:
        """Return a value for a command line: the paths, with `{configuration}` in them.

        A study has more files than a command line can hold. What some configurations have no file
        of has the attributes of the others: `{configuration of number,tense}`.
        """
        folder = self.folder.format_map(dict(wildcards.items()))
        every = self.stems(None)
        attributes: dict[str, dict[str, None]] = {stem: {} for stem in every}
        incomplete = set()
        for of in self.configurations(wildcards):
            own = set(self.stems(of))
            incomplete |= set(every) - own
            for stem in own:
                attributes[stem][slug(of.attribute)] = None
        named = {
            stem: f"configuration of {','.join(attributes[stem])}"
            if stem in incomplete
            else "configuration"
            for stem in every
        }
        return [
            quote(f"{folder}/{{{named[stem]}}}/{stem}.parquet")
            for stem in every
            if attributes[stem]
        ]


@cache  # and not what it becomes while the study runs
def _digest_at_first(path: str) -> str:
    return digest_of(Path(path))


def as_argument(path: str | Path) -> str:
    """Return a path as an argument of a command: never taken for an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def of_other(path: str) -> str:
    """Return a pattern with the treebank of the wildcard `other` in place of the reader's own."""
    return path.replace("{treebank}", "{other}")
