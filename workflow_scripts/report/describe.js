// What each figure shows, in a sentence computed from the rows that the filters leave.

const share = (value) => `${(100 * value).toFixed(1)}%`;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const known = (value) => value !== null && value !== undefined;
const joined = (parts) => (parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts.join(""));

function groups(rows, key) {
  const found = new Map();
  for (const row of rows) found.set(key(row), [...(found.get(key(row)) ?? []), row]);
  return found;
}

// Means by a key, the highest first.
function ordered(rows, key, measure) {
  const found = groups(rows.filter((row) => known(row[measure])), key);
  return [...found].map(([name, of]) => [name, mean(of.map((row) => row[measure]))]).sort((a, b) => b[1] - a[1]);
}

// Which ranking is highest and lowest, by each measure and panel, on average over k.
function extremes(measures, panel, form = share) {
  return (rows) => {
    const said = [];
    for (const [measure, name] of Object.entries(measures)) {
      for (const [title, of] of groups(rows.filter((row) => known(row[measure])), panel)) {
        const several = new Set(of.map((row) => row.k)).size > 1;
        const order = ordered(of.filter((row) => row.k !== 0), (row) => row.ranking, measure);
        if (order.length < 2) continue;
        const [[most, high], [least, low]] = [order[0], order.at(-1)];
        const at = several ? ", on average over k," : "";
        said.push(`${title}: ${name}${at} is highest with ${inWords(most)} (${form(high)}), lowest with ${inWords(least)} (${form(low)})`);
      }
    }
    const more = said.length > 3 ? `; and ${said.length - 3} more panels` : "";
    return said.length ? `${said.slice(0, 3).join("; ")}${more}.` : "";
  };
}

const two = (value) => value.toFixed(2);
const SAY = {
  overview: (rows) => {
    const k = Number(state.other.k) || figures.overview.params.find((param) => param.name === "k").value;
    const at = rows.filter((row) => row.k === k);
    const bare = (name) => inWords(name).replace(/ from the top$/, "");
    const measure = at.length && "cltv" in at[0] ? "cltv" : "clwv";
    const best = [...groups(at, (row) => row.probe)].map(([probe, of]) => {
      const [[name, value]] = ordered(of, (row) => row.ranking, "accuracy");
      return `the ${probe} probe reads best from ${bare(name)} (${share(value)})`;
    });
    const [[mover, moved] = []] = ordered(at, (row) => row.ranking, measure);
    if (!best.length) return "";
    const uses = moved > 0 ? `changing them moves most words by ${bare(mover)} (${share(moved)})` : "changing them moves no word";
    return `With the first ${k} neurons of each ranking, ${joined(best)}; ${uses}.`;
  },
  probing_curves: extremes({ accuracy: "accuracy" }, (row) => `${row.probe} probe, layer ${row.layer}`),
  selectivity_curves: extremes({ selectivity: "selectivity" }, (row) => `${row.probe} probe, layer ${row.layer}`),
  unseen_forms: extremes({ seen_accuracy: "accuracy on forms in training", unseen_accuracy: "accuracy on new forms" }, (row) => `${row.probe} probe`),
  intervention_curves: extremes({ cltv: "CLTV", clwv: "CLWV", error_rate: "error rate" }, (row) => row.method),
  side_effects: extremes({ moved: "the share of words moved", side_effect_rate: "side effects" }, (row) => row.method),
  used_vs_encoded: extremes({ accuracy: "accuracy", cltv: "CLTV", clwv: "CLWV" }, (row) => `${row.method}, ${row.probe} probe`),
  concord: (rows) =>
    extremes({ concord: "concord" }, (row) => `${row.method}, ${row.edited === "other" ? "another word" : "the word that governs"} changed`)(
      rows.filter((row) => row.relation === "all"),
    ),
  layer_profiles: (rows) =>
    [...groups(rows, (row) => `${row.measure === "accuracy" ? "accuracy of the" : "CLWV of"} ${row.panel}${row.measure === "accuracy" ? " probe" : ""}`)]
      .map(([title, of]) => {
        const [[layer, value]] = ordered(of, (row) => row.layer, "value");
        return `mean ${title} is highest at layer ${layer} (${share(value)})`;
      })
      .join("; "),
  agreement: extremes({ avg_overlap: "average overlap", neuron_vote: "neuron vote" }, (row) => `layer ${row.layer}`, two),
  truth: extremes({ ap_used: "average precision for used neurons", ap_encoded: "for all that hold the attribute" }, (row) => `model ${row.model}`, two),
  contrasts: (rows) => {
    const limit = data.findings.clearly;
    const clear = rows.filter((row) => row.p_adjusted <= limit && row.difference !== 0).length;
    const [[most, by] = []] = ordered(rows, (row) => `${inWords(row.ranking)} − ${inWords(row.other_ranking)}`, "difference").sort(
      (a, b) => Math.abs(b[1]) - Math.abs(a[1]),
    );
    if (most === undefined) return "";
    return `${clear} of ${rows.length} differences are clear, the others within noise; the largest on average is ${most} (${(100 * by).toFixed(1)} points).`;
  },
  clusters: (rows) =>
    `${joined([...groups(rows, (row) => row.name)].map(([name, of]) => `${of.length} ${name}`))}; the Gaussian probe is above the linear one in ${rows.filter((row) => row.gaussian_minus_linear > 0).length} of ${rows.length} configurations.`,
  overlap: (rows) => {
    const within = groups(rows.filter((row) => !row.other_treebank), (row) => row.rankings);
    const parts = [...within].map(([names, of]) => {
      const [shared, chance] = ["shared", "chance"].map((name) => mean(of.map((row) => row[name])).toFixed(1));
      return `${names.split("+").map(inWords).join(" and ")} share ${shared} of their top ${of[0].n} (chance ${chance})`;
    });
    return parts.length ? `${parts.join("; ")}.` : "";
  },
  transfer: (rows) => {
    const own = mean(rows.filter((row) => row.lender === row.treebank).map((row) => row.cltv));
    const parts = ["ranking and means", "ranking", "means"].map((loan) => {
      const of = rows.filter((row) => row.lender !== row.treebank && row.borrowed === loan);
      return of.length ? `with another's ${loan} ${share(mean(of.map((row) => row.cltv)))}` : "";
    });
    return `CLTV with a treebank's own is on average ${share(own)}; ${parts.filter(Boolean).join("; ")}.`;
  },
  wilcoxon: (rows) => `${rows.filter((row) => row.p_holm < 0.05).length} of ${rows.length} comparisons are significant (Holm-adjusted p < 0.05).`,
};

// A figure that is not named here says of how much it is.
function describe(name, rows) {
  const count = new Set(rows.map((row) => FILTERS.map((filter) => row[filter]).join("|"))).size;
  return rows.length ? (SAY[name]?.(rows) ?? `${rows.length} rows of ${count} configurations.`) : "";
}
