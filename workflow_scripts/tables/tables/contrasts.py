"""Contrasts: within each configuration, every two rankings, and whether one is clearly better.

`measure` is `accuracy` (of `probe`, at `k`), `cltv`, `clwv` or `others_use` (of `method`, at `k`,
or, where `k` is empty, at each ranking's own saturation point) or `area` (of either). With
`other_probe`, settings of probe and ranking are compared; without `other_ranking`, a ranking with
k = 0, the unchanged model. `difference` is the first less the second; `low` and `high` say how
large it is, `p_adjusted` whether it is to be believed.
"""

import polars as pl

USES = ("contrasts",)


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the contrasts as they were collected."""
    return frames["contrasts"]
