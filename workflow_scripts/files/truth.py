"""Truth: `truth.json` in the folder of a compiled model, what is known of its neurons.

attribute, values    what is planted, and its kept values, sorted
compile              the entry of the configuration
used, encoded        neurons that hold the attribute: those that the model reads of it, and all
copies, twins        the used neurons of each copy of the value; the unused twin of each
decoys               {wrong: in which share of the forms, neurons}, one for each
cell, noise, read    neurons of the lexeme, of nothing, and all that the LM head reads
mutual_information   of each neuron and the value, in bits, from the counts of training words
other_value          of each value, the share of its training words whose form is coded by
                     another value, or none
other_analysis       the share of training words whose form is coded by another analysis
forms                how many forms the model knows
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workflow_scripts.files.model_folder import read_json

NAME = "truth.json"


@dataclass(frozen=True)
class Truth:
    """Which neurons hold the attribute, and which are used."""

    attribute: str
    used: np.ndarray
    encoded: np.ndarray
    n_copies: int
    information: np.ndarray
    """(d,) float64: what each neuron tells of the value, in bits."""


def read_truth(folder: Path) -> Truth:
    """Read the truth of a compiled model. Raises ArtifactError where it is damaged."""
    found = read_json(folder / NAME)
    return Truth(
        attribute=found["attribute"],
        used=np.array(found["used"], np.int64),
        encoded=np.array(found["encoded"], np.int64),
        n_copies=len(found["copies"]),
        information=np.array(found["mutual_information"]),
    )
