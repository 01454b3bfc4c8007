# %% [markdown]
# # Read the results of a study
#
# The two points of Antverg & Belinkov (2022), from the tables of a finished study: *a ranking is
# not a probe*, and *what is encoded is not what is used*. `make` runs the default study; any
# other has the same tables. What every column is, says `tables/columns.csv`; docs/data.md has the
# other files.
#
# Needs pandas, pyarrow and altair, which the workflow has too.

# %%
from pathlib import Path

import altair as alt
import pandas as pd

RESULTS = Path("results") if Path("results/tables").is_dir() else Path("../results")
OF = ["model", "treebank", "attribute", "layer"]
CLEAR = 0.08  # the largest `p_adjusted` that the report calls clear, with two probes


def table(name):
    """Return a table, with its four first columns as one text besides."""
    rows = pd.read_parquet(RESULTS / "tables" / f"{name}.parquet")
    return rows.assign(configuration=rows[OF].astype(str).agg(", ".join, axis=1))


columns = pd.read_parquet(RESULTS / "tables/columns.parquet")
columns[columns["table"] == "used_vs_encoded"]

# %% [markdown]
# ## A ranking is not a probe
#
# Each ranking is read by each probe. Does the probe choose the ranking that looks best? Here are
# the first neurons of all rankings from the top, as few as the study reports.

# %%
probing = table("probing").query("split == 'test' and ranking != 'all' and direction != 'btt'")
probing = probing[probing["k"] == probing["k"].min()]
best = probing.loc[probing.groupby(["configuration", "probe"])["accuracy"].idxmax()]
best.pivot(index="configuration", columns="probe", values="ranking")

# %%
points = (
    alt.Chart(probing)
    .mark_point(filled=True)
    .encode(
        alt.X("accuracy:Q").scale(zero=False),
        alt.Y("ranking:N"),
        alt.YOffset("probe:N"),
        alt.Color("probe:N"),
    )
)
low = alt.X("accuracy_low:Q").title("accuracy")
bars = points.mark_rule().encode(low, alt.X2("accuracy_high:Q").title(""))
alt.layer(points, bars).facet(row="configuration:N")

# %% [markdown]
# Bars are wide, and pairs are many: what is clear stands in `contrasts`. Two probes contradict
# each other where, at one k, one clearly prefers the first ranking of a pair and another clearly
# the second.

# %%
contrasts = table("contrasts")
contrasts = contrasts[contrasts["other_ranking"].notna() & contrasts["other_probe"].isna()]
clear = contrasts.query("measure == 'accuracy' and p_adjusted <= @CLEAR")
pairs = clear.groupby(["configuration", "k", "ranking", "other_ranking"])["difference"]
differences = pairs.agg(["min", "max"])
differences[(differences["min"] < 0) & (differences["max"] > 0)]

# %% [markdown]
# ## Encoded is not used
#
# `accuracy` is what a probe reads from the first k neurons, `cltv` how many words take the other
# value when the same neurons are changed in the running model. Were use what is read, the points
# would rise together.

# %%
used = table("used_vs_encoded").query("point == 'report' and direction != 'btt'")
used = used[used["cltv"].notna() & (used["k"] == used["k"].max())]
(
    alt.Chart(used)
    .mark_point(filled=True, size=80)
    .encode(
        alt.X("accuracy:Q").scale(zero=False),
        alt.Y("cltv:Q"),
        alt.Color("ranking:N"),
        alt.Shape("method:N"),
        alt.Column("probe:N"),
        alt.Row("configuration:N"),
        tooltip=["ranking", "k", "accuracy", "cltv", "error_rate"],
    )
    .properties(width=200, height=200)
)

# %% [markdown]
# The same as decisions, on the areas under the curves: a number is the first ranking less the
# second, of a probe's accuracy or of the words that a method moved, and stands there where it is
# clear. Opposite signs in a row: what is read better is used less.

# %%
area = contrasts[contrasts["measure"] == "area"]
area = area.assign(of=area["probe"].fillna(area["method"]))
wide = area.pivot(
    index=["configuration", "ranking", "other_ranking"],
    columns="of",
    values=["difference", "p_adjusted"],
)
wide["difference"].where(wide["p_adjusted"] <= CLEAR).dropna(how="all")

# %% [markdown]
# ## Are they the same neurons?
#
# How many neurons the tops of two rankings share, beside what chance gives, and the first ten of
# each.

# %%
shared = table("overlap").query("other_treebank.isna() and other_attribute.isna()")
shared[["configuration", "rankings", "n", "shared", "chance", "p_holm"]]

# %%
files = sorted((RESULTS / "rankings").rglob("*-ttb.parquet"))
neurons = pd.concat(map(pd.read_parquet, files)).query("position < 10")
neurons.pivot(index=[*OF, "position"], columns="ranking", values="neuron")
