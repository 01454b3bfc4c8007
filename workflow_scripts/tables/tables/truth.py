"""Truth: how well each ranking finds the neurons that are known to be used, and to hold it.

In compiled models (`models: {planted: {compile: ...}}`) both are known. A row is a mean over the
models of one entry, which differ in what was drawn; its interval is Student's over them, empty for
one. `vote_…` are of the vote of all other rankings from the top. What the scores are:
`interventions/score_rankings.py`.
"""

from typing import Any

import numpy as np
import polars as pl

from workflow_scripts.files.columns import CONFIGURATION, RANKING
from workflow_scripts.files.dictionary import Meaning
from workflow_scripts.files.frames import CONFIGURATION_SCHEMA
from workflow_scripts.kernels.treebank_flips import mean_interval
from workflow_scripts.tables.meanings import ENDS, SHARE

USES = ("truth",)

SCORES = (
    *("ap_used", "ap_encoded", "auroc_used", "auroc_encoded"),
    *("use_area", "encoded_area", "vote_ap_used", "vote_ap_encoded"),
)
SCHEMA = (
    CONFIGURATION_SCHEMA
    | {"ranking": pl.String}
    | dict.fromkeys(SCORES, pl.Float64)
    | {f"{score}_{end}": pl.Float64 for score in SCORES for end in ("low", "high")}
    | {"seeds": pl.Int32, "ranker": pl.String, "direction": pl.String}
)

_FOUND = {
    "used": "the neurons that the model is known to use",
    "encoded": "the neurons that are known to hold the attribute",
}
_AREA = "0 is the mean of random orders, 1 the order of the truth"
COLUMNS = (
    {
        "model": Meaning(None, "The entry of compiled models, by its name in the configuration."),
        "seeds": Meaning("models", "How many models of the entry the row is a mean over."),
        "use_area": Meaning(
            "ratio", f"The area under the curve of what translation moves, over ln(1 + k): {_AREA}."
        ),
        "encoded_area": Meaning(
            "ratio", f"The area under the curve of the linear probe's accuracy: {_AREA}."
        ),
    }
    | {f"ap_{what}": Meaning(SHARE, f"Average precision for {of}.") for what, of in _FOUND.items()}
    | {
        f"auroc_{what}": Meaning(SHARE, f"Area under the ROC curve for {of}.")
        for what, of in _FOUND.items()
    }
    | {
        f"vote_ap_{what}": Meaning(
            SHARE, f"Average precision of the vote of all other rankings from the top for {of}."
        )
        for what, of in _FOUND.items()
    }
)
COLUMNS |= {
    f"{score}_{end}": Meaning(
        COLUMNS[score].unit,
        f"{which} end of Student's 95 % interval of `{score}` over the models; empty for one.",
    )
    for score in SCORES
    for end, which in ENDS.items()
}


def build(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return one row for each configuration and ranking, in the order of the study."""
    scores = frames["truth"].with_columns(model=pl.col("planted"))
    rows = []
    for names, models in scores.group_by([*CONFIGURATION, *RANKING], maintain_order=True):
        row: dict[str, Any] = dict(zip([*CONFIGURATION, *RANKING], names, strict=True))
        row["seeds"] = len(models)
        for score in SCORES:
            found = models[score].drop_nulls().to_numpy()
            if len(found):
                ends = map(float, np.concatenate(mean_interval(found[:, None])))
                row |= zip((score, f"{score}_low", f"{score}_high"), ends, strict=True)
        rows.append(row)
    table = pl.DataFrame(rows, schema=SCHEMA)  # pyright: ignore[reportArgumentType]
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
