"""The tables of studies that nobody ran: every number its own."""

from itertools import combinations, permutations, product

import polars as pl

OF = ["model", "treebank", "attribute", "layer"]
TTB = ["linear-ttb", "gaussian-ttb", "probeless-ttb"]
RANKINGS = ["linear-ttb", "linear-btt", "gaussian-ttb", "probeless-ttb", "random"]
REPORT = (5, 10)
PROBES = ("linear", "gaussian")
MANY = list(product(["m"], ["one", "two"], ["Number", "Tense"], [2, 7]))


def frame(rows, columns):
    types = dict.fromkeys(columns, pl.Float64)
    types |= {name: pl.Boolean for name in ("saturated", "attractor") if name in types}
    texts = (
        *(
            "measure",
            *OF[:3],
            "probe",
            "ranking",
            "split",
            "method",
            "point",
            "group",
            "name",
            "rankings",
            *("relation", "edited", "words_of", "ranking_of", "means_of"),
        ),
        *("value", "target", "form", "predicted", "text", "change"),
        *("other_probe", "other_ranking", "other_treebank", "other_attribute"),
    )
    types |= {name: pl.String for name in texts if name in types}
    whole = ("layer", "k", "saturation_k", "pairs", "cluster", "n", "words", "sentence", "word")
    whole += ("treebanks", "unseen")
    types |= {name: pl.Int32 for name in whole if name in types}
    return pl.DataFrame(rows, schema=types, orient="row")


def by(ranking):
    """The columns that name a ranking: `linear-ttb` is of linear, from the top; `all` of none."""
    ranker, _, direction = ranking.partition("-")
    ranker = None if ranking == "all" else ranker
    return {"ranking": ranking, "ranker": ranker, "direction": direction or None}


def with_rankers(table, columns=("ranker", "direction")):
    """A table with the ranker and the direction of its rankings: of rows that have their names."""
    for ranking in [name for name in ("ranking", "other_ranking") if name in table.columns]:
        names = table[ranking].drop_nulls().unique()
        table = table.with_columns(
            pl.col(ranking)
            .replace_strict({n: by(n)[c] for n in names}, default=None, return_dtype=pl.String)
            .alias(ranking.replace("ranking", c))
            for c in columns
        )
    return table


def made(configurations=MANY, rankings=RANKINGS, control=True, intervals=True):
    """The tables of a study, each number of its own."""
    counter = iter(range(1, 10**6))

    def some(count=1):
        return [next(counter) / 10**5 for _ in range(count)]

    def ends(name, value):
        return {f"{name}_low": value - 0.01, f"{name}_high": value + 0.01} if intervals else {}

    probing, curves, used = [], [], []
    for of, probe, ranking, k in product(
        configurations, ("linear", "gaussian"), rankings, (1, 5, 10)
    ):
        accuracy, selectivity, seen, unseen = some(4)
        row = dict(zip(OF, of, strict=True)) | {"probe": probe, "ranking": ranking, "k": k}
        row |= {"split": "test", "accuracy": accuracy, "majority": 0.5}
        row |= {"selectivity": selectivity if control else None} | ends("accuracy", accuracy)
        row |= {"unseen": 7, "unseen_accuracy": unseen, "seen_accuracy": seen}
        probing.append(row | (ends("above_majority", accuracy - 0.5)))
    whole = [
        dict(zip(OF, of, strict=True))
        | {"probe": probe, "ranking": "all", "k": 64, "split": "test"}
        | {"accuracy": 0.9 + i / 1000, "majority": 0.5, "above_majority_low": 0.3}
        for i, (of, probe) in enumerate(product(configurations, PROBES))
    ]
    for of, method, ranking, k in product(
        configurations, ("ablation", "translation"), rankings, (0, 5, 10)
    ):
        row = dict(zip(OF, of, strict=True)) | {"method": method, "ranking": ranking, "k": k}
        for name in ("error_rate", "clwv", "cltv", "cltv_strict", "side_effect_rate"):
            (value,) = some()
            row |= {name: value} | ends(name, value)
        if method == "ablation":
            row |= {name: None for name in row if name.startswith("cltv")}
        curves.append(row | {"words": 9})
    for curve in curves:
        for probe in probing:
            if all(curve[name] == probe[name] for name in (*OF, "ranking", "k")):
                used.append({"point": "report"} | probe | curve)
    saturation = [
        row | {"saturation_k": 5, "error_rate_0": 0.007, "saturated": row["method"] == "ablation"}
        for row in curves
        if row["k"] == 5
    ]
    settings = list(product(("linear", "gaussian"), rankings))
    wilcoxon = [
        (None, None, None, None, "overall", k, *a, *b, *some(2), len(configurations))
        for k in REPORT
        for a, b in permutations(settings, 2)
    ]
    names = ["L>G", "standard", "G>L"]
    clusters = [
        (*of, i % 3, names[i % 3], some()[0] - 0.0003 * i) for i, of in enumerate(configurations)
    ]
    top = [name for name in rankings if name in TTB]
    overlap = [
        (*of, None, None, "+".join(pair), 100, 100 * some()[0], 13.0, *some(2))
        for of in configurations
        for pair in combinations(top, 2)
    ] + [
        (*a, *b[1:3], name, 100, 100 * some()[0], 13.0, *some(2))
        for a, b in combinations(configurations, 2)
        for name in top
        if (a[0], a[3]) == (b[0], b[3])
    ]
    agreement = [
        (*of, name, k, *some(2))
        for of in configurations
        for name in [*top, "random"]
        for k in (10, 50, 100)
        if len(top) > 1
    ]

    compared = [name for name in rankings if not name.endswith("-btt")]
    pairs = list(combinations(compared, 2))
    measures = [
        ("accuracy", p, None, k, *pair, None) for p in PROBES for k in REPORT for pair in pairs
    ]
    measures += [("area", p, None, None, *pair, None) for p in PROBES for pair in pairs]
    measures += [
        ("area", a[0], None, None, a[1], b[1], b[0])
        for a, b in combinations(product(PROBES, compared), 2)
    ]
    for method, measure in (("ablation", "clwv"), ("translation", "cltv")):
        for name, k in ((measure, 5), (measure, 10), (measure, None), ("area", None)):
            measures += [(name, None, method, k, *pair, None) for pair in pairs]
            measures += [(name, None, method, k, ranking, None, None) for ranking in compared]
    contrasts, inference = [], []
    for of, (measure, probe, method, k, one, other, other_probe) in product(
        configurations, measures
    ):
        (difference,) = some()
        contrasts.append(
            (
                *(*of, measure, probe, method, k, one, other_probe, other),
                *(difference, difference - 0.01, difference + 0.01, 0.02),
            )
        )
    for measure, probe, method, k, one, other, other_probe in measures:
        if other and not other_probe:
            difference, p = some(2)
            names = (None, None, None, None, "overall", measure, probe, method, k, one, other)
            inference.append((*names, 2, difference, difference - 0.01, difference + 0.01, p, p))

    def of_dicts(rows):
        return frame([list(row.values()) for row in rows], list(rows[0]))

    forms = [("car", "cars"), ("was", "were"), ("<b>tree</b>", "trees & more")]
    examples = [
        [
            *(*of, "translation", ranking, 5, 3, 1, "SG", "PL", form, other),
            f"The {form} stood {i}",
            f"The [{form} → {other}] stood {i}",
        ]
        for i, (of, ranking) in enumerate(product(configurations, rankings))
        for form, other in [forms[i % 3]]
    ]
    word = ["k", "sentence", "word", "value", "target", "form", "predicted", "text", "change"]
    holm = ["probe", "ranking", "other_probe", "other_ranking", "p", "p_holm", "pairs"]
    shared = ["other_treebank", "other_attribute", "rankings", "n", "shared", "chance"]
    measured = ["measure", "probe", "method", "k", "ranking"]
    numbers = ["difference", "low", "high"]
    found = {
        "probing": pl.concat(
            [of_dicts([row for row in probing if row["k"] in REPORT]), of_dicts(whole)],
            how="diagonal",
        ),
        "probing_curves": of_dicts(probing),
        "interventions": of_dicts(curves),
        "saturation": of_dicts(saturation),
        "used_vs_encoded": of_dicts(used),
        "contrasts": frame(
            contrasts,
            [*OF, *measured, "other_probe", "other_ranking", *numbers, "p_adjusted"],
        ),
        "inference": frame(
            inference,
            [*OF, "group", *measured, "other_ranking", "treebanks", *numbers, "p", "p_adjusted"],
        ),
        "wilcoxon": frame(wilcoxon, [*OF, "group", "k", *holm]),
        "clusters": frame(clusters, [*OF, "cluster", "name", "gaussian_minus_linear"]),
        "overlap": frame(overlap, [*OF, *shared, "p", "p_holm"]),
        "examples": frame(examples, [*OF, "method", "ranking", *word]),
        "agreement": frame(agreement, [*OF, "ranking", "k", "avg_overlap", "neuron_vote"]),
    }
    concord = []
    for of, ranking, relation, attractor, edited, k in product(
        *(configurations, rankings, ("det", "nsubj", "all"), (None, True, False)),
        *(("controller", "other"), (0, 5, 10)),
    ):
        row = dict(zip(OF, of, strict=True)) | {"method": "translation", "ranking": ranking}
        row |= {"relation": relation, "attractor": attractor, "edited": edited, "k": k, "pairs": 90}
        for name in ("concord", "margin", "drop"):
            (value,) = some()
            row |= {name: value} | ends(name, value)
        concord.append(row)
    found["concord"] = of_dicts(concord)
    treebanks = list(dict.fromkeys(of[1] for of in configurations))
    transfer = []
    for of, ranking, lender, k in product(configurations, compared, treebanks, REPORT):
        loans = [(lender, lender), (lender, of[1]), (of[1], lender)]
        for ranking_of, means_of in dict.fromkeys(loans):
            row = {"model": of[0], "attribute": of[2], "layer": of[3], "method": "translation"}
            row |= {"ranking": ranking, "words_of": of[1]}
            row |= {"ranking_of": ranking_of, "means_of": means_of, "k": k, "words": 9}
            (value,) = some()
            transfer.append(row | {"cltv": value} | ends("cltv", value))
    found["transfer"] = of_dicts(transfer)
    scores = ("ap_used", "ap_encoded")
    truth = [
        {**dict(zip(OF, of, strict=True)), "ranking": ranking}
        | {"ap_used": i / 1000, "ap_encoded": i / 1000 + 0.5}
        | {"vote_ap_used": i / 2000, "vote_ap_encoded": i / 2000 + 0.4}
        | ends("ap_used", i / 1000)
        | ends("ap_encoded", i / 1000 + 0.5)
        for i, (of, ranking) in enumerate(product(configurations, rankings))
        if not ranking.endswith("btt")
    ]
    of_scores = [f"{score}_{end}" for score in scores for end in ("low", "high")]
    votes = ("vote_ap_used", "vote_ap_encoded")
    found["truth"] = frame(truth, [*OF, "ranking", *scores, *votes, *of_scores])
    found["truth"] = found["truth"].with_columns(seeds=pl.lit(3, pl.Int32))
    found |= described(configurations, rankings)
    names = {"contrasts": ["direction"], "inference": ["direction"]}
    names |= {"neuron_values": [], "neuron_words": []}
    return {
        n: with_rankers(table, names.get(n, ["ranker", "direction"])) for n, table in found.items()
    }


WIDTH, FIRST = 12, 3
"""How many neurons these studies have, and how many of a ranking are described."""


def described(configurations, rankings):
    """The tables of neurons: with each configuration and ranking the first are other ones."""
    neurons, values, words = [], [], []
    for c, of in enumerate(configurations):
        tops = [name for name in rankings if not name.endswith("-btt")]
        # Neurons c, c + 1 ... in the order of the first ranking, and one later with each other.
        place = {
            name: {(i + c + j) % WIDTH: i for i in range(WIDTH)} for j, name in enumerate(tops)
        }
        first = sorted({n for at in place.values() for n, i in at.items() if i < FIRST})
        for neuron in first:
            alone = (neuron / 100, neuron / 4)
            neurons += [
                (*of, neuron, name, at[neuron], WIDTH, 10 - at[neuron] / 8, *alone)
                for name, at in place.items()
            ]
            for z, value in enumerate(("PL", "SG")):
                bins = [(neuron + z + i) % 5 for i in range(24)]
                values.append((*of, neuron, value, sum(bins), z - 0.5, 0.25, -2.0, 1.5, *bins))
            for end, place_of in product(("highest", "lowest"), range(1, 6)):
                value, form = (("PL", "cars"), ("SG", "<b>tree</b>"))[place_of % 2]
                context = f"The [{form}] of {neuron} , {end}"
                word = (3, 1, form, value, 2.0 - place_of / 8, context)
                words.append((*of, neuron, end, place_of, *word))
    types = dict(zip(OF, [*[pl.String] * 3, pl.Int32], strict=True)) | {"neuron": pl.Int32}
    of_place = {"ranking": pl.String, "position": pl.Int32, "n_neurons": pl.Int32}
    of_place |= dict.fromkeys(("score", "information", "cohens_d"), pl.Float64)
    of_value = {"value": pl.String, "words": pl.Int64}
    of_value |= dict.fromkeys(("mean", "sd", "low", "high"), pl.Float64)
    of_value |= {f"bin_{i}": pl.Int32 for i in range(1, 25)}
    of_word = {"end": pl.String, "place": pl.Int32, "sentence": pl.Int32, "word": pl.Int32}
    of_word |= {"form": pl.String, "value": pl.String}
    of_word |= {"activation": pl.Float32, "context": pl.String}
    rows = {"neurons": (neurons, of_place), "neuron_values": (values, of_value)}
    rows["neuron_words"] = (words, of_word)
    return {
        name: pl.DataFrame(of, schema=types | columns, orient="row")
        for name, (of, columns) in rows.items()
    }
