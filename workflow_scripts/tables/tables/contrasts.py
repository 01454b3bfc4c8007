"""Contrasts: within each configuration, every two rankings, and whether one is clearly better.

`measure` is `accuracy` (of `probe`, at `k`), `cltv`, `clwv` or `others_use` (of `method`, at `k`,
or, where `k` is empty, at each ranking's own saturation point) or `area` (of either). With
`other_probe`, settings of probe and ranking are compared; without `other_ranking`, a ranking with
k = 0, the unchanged model. `difference` is the first less the second; `low` and `high` say how
large it is, `p_adjusted` whether it is to be believed.
"""

import polars as pl

from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.tables.meanings import BETWEEN_RESAMPLES, NEURONS, SHARE, P

USES = ("contrasts",)

COLUMNS = {
    "probe": Meaning(None, "The probe whose accuracy is compared; empty of interventions."),
    "method": Meaning(None, "The intervention that is compared; empty of probes."),
    "k": Meaning(
        NEURONS, "At how many neurons; empty for an area, and at each curve's saturation point."
    ),
    "other_probe": Meaning(
        None,
        "The probe of the second, where settings of probe and ranking are compared; else empty.",
    ),
    "other_ranking": Meaning(
        None, "The ranking that the first is compared with; empty: no neuron is changed, k = 0."
    ),
    "difference": Meaning(SHARE, "The measure of the first less that of the second."),
    "low": Meaning(SHARE, f"Lower end of the 95 % interval of `difference`, {BETWEEN_RESAMPLES}."),
    "high": Meaning(SHARE, f"Upper end of the 95 % interval of `difference`, {BETWEEN_RESAMPLES}."),
    "p_adjusted": Meaning(
        P,
        "p of the difference by sign flips of sentences, adjusted over all that is compared with "
        "it; with two probes a difference is clear up to 0.08.",
    ),
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the contrasts as they were collected."""
    return frames["contrasts"]
