// What each figure shows, in sentences computed from the rows that the filters leave. One that names the highest says
// whether it is clearly that, or that no test tells; it is of readable configurations alone, as verdicts are.

const share = (value) => `${(100 * value).toFixed(1)}%`;
const two = (value) => value.toFixed(2);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const known = (value) => value !== null && value !== undefined;
const joined = (parts) => (parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts.join(""));
const bare = (ranking) => inWords(ranking).replace(/ from the top$/, "");
const configurations = (n) => `${n} configuration${n === 1 ? "" : "s"}`;
const named = (row) => FILTERS.map((name) => row[name]).join("|");
const countOf = (rows) => new Set(rows.map(named)).size;

// Whole numbers in words: `10 to 150`, or `150` where they are equal.
function fromTo(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

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

// Where no probe was trained it is not known what is readable, and all counts.
const { readable } = data.findings;
const counted = readable && new Set(readable.map(named));
const isReadable = (row) => !counted || counted.has(named(row));

// What is said of readable configurations alone, and of how many of those shown.
function ofReadable(say, pick = (rows) => rows.filter(isReadable)) {
  return (rows) => {
    const left = pick(rows);
    const [n, every] = [countOf(left), countOf(rows)];
    if (!n) return `Of ${configurations(every)} shown none is readable, so nothing is said.`;
    const said = say(left);
    return said && n < every ? `${said} This is said of the ${n} of ${configurations(every)} that ${n === 1 ? "is" : "are"} readable.` : said;
  };
}

// Clear differences: of areas, between two rankings from the top, by one judge: a probe, or a method's words moved.

const isClear = (row) => row.p_adjusted <= data.findings.clearly && row.difference !== 0;
const judgeOf = (row) => (known(row.probe) ? `accuracy ${row.probe}` : `${data.findings.telling[1]} ${row.method}`);

// In how many of the rows' configurations a ranking is clearly above each other one shown; nothing where none is tested.
function clearlyFirst(ranking, judge, rows) {
  const here = new Set(rows.map(named));
  const pairs = shownRows("contrasts").filter(
    (row) => [row.ranking, row.other_ranking].includes(ranking) && judgeOf(row) === judge && here.has(named(row)),
  );
  if (!pairs.length) return "";
  const above = (row) => isClear(row) && row.difference > 0 === (row.ranking === ranking);
  const found = [...groups(pairs, named).values()];
  const clear = found.filter((of) => of.every(above)).length;
  return `; by its area clearly above each other shown from the top in ${clear} of ${configurations(found.length)}`;
}

const UNTESTED = "These differences are not tested for noise.";
const PARTLY = "Differences without a count of configurations are not tested for noise.";

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
        const start = `${title}: ${name}${several ? ", on average over k," : ""} is`;
        if (form(high) === form(low)) {
          said.push({ text: `${start} ${form(high)} with every ranking`, equal: true });
          continue;
        }
        const judge = measure === "accuracy" ? `accuracy ${of[0].probe}` : `${measure} ${of[0].method}`;
        const tested = clearlyFirst(most, judge, of);
        const text = `${start} highest with ${inWords(most)} (${form(high)}${tested}), lowest with ${inWords(least)} (${form(low)})`;
        said.push({ text, tested });
      }
    }
    const first = said.slice(0, 3);
    const differing = first.filter(({ equal }) => !equal);
    const untested = differing.filter(({ tested }) => !tested);
    const noise = untested.length ? ` ${untested.length < differing.length ? PARTLY : UNTESTED}` : "";
    const others = said.length - first.length;
    const more = others ? `; and ${others} more panel${others === 1 ? "" : "s"}` : "";
    return said.length ? `${first.map(({ text }) => text).join("; ")}${more}.${noise}` : "";
  };
}

// Of some rankings at one k, the best, and whether it is clearly that: `linear (98.1%, clearly in 3 of 4 configurations)`.
function bestOf(order, rows, first) {
  const [[best, value]] = order;
  if (inPart("overview")) return `${bare(best)} (${share(value)})`;
  const [clear, n] = [countOf(rows.filter((row) => row.ranking === best && row[first])), countOf(rows)];
  const one = clear ? "clearly" : "within noise";
  return `${bare(best)} (${share(value)}, ${n === 1 ? one : `clearly in ${clear} of ${n} configurations`})`;
}
const areEqual = (order) => share(order[0][1]) === share(order.at(-1)[1]);

const SAY = {
  // Its rows are of readable configurations alone.
  overview: (rows) => {
    const k = Number(state.other.k) || figures.overview.params.find((param) => param.name === "k").value;
    const at = rows.filter((row) => row.k === k);
    if (!at.length) return "";
    const measure = "cltv" in at[0] ? "cltv" : "clwv";
    const best = [...groups(at, (row) => row.probe)].map(([probe, of]) => {
      const order = ordered(of, (row) => row.ranking, "accuracy");
      if (areEqual(order)) return `the ${probe} probe reads alike from each (${share(order[0][1])})`;
      return `the ${probe} probe reads best from ${bestOf(order, of, "read_first")}`;
    });
    const order = ordered(at, (row) => row.ranking, measure);
    const most = areEqual(order)
      ? `as many words by each (${share(order[0][1])})`
      : `most words by ${bestOf(order, at, "moved_first")}`;
    const uses = order[0][1] > 0 ? `changing them moves ${most}` : "changing them moves no word";
    const hidden = inPart("overview") ? " Of rankings in part hidden it is not said what is clear." : "";
    return `With the first ${k} neurons of each ranking, ${joined(best)}; ${uses}.${hidden}`;
  },
  probing_curves: ofReadable(extremes({ accuracy: "accuracy" }, (row) => `${row.probe} probe, layer ${row.layer}`)),
  selectivity_curves: ofReadable(extremes({ selectivity: "selectivity" }, (row) => `${row.probe} probe, layer ${row.layer}`)),
  unseen_forms: ofReadable(
    extremes({ seen_accuracy: "accuracy on forms in training", unseen_accuracy: "accuracy on new forms" }, (row) => `${row.probe} probe`),
  ),
  intervention_curves: ofReadable(extremes({ cltv: "CLTV", clwv: "CLWV", error_rate: "error rate" }, (row) => row.method)),
  side_effects: ofReadable(extremes({ moved: "the share of words moved", side_effect_rate: "side effects" }, (row) => row.method)),
  used_vs_encoded: ofReadable(
    extremes({ accuracy: "accuracy", cltv: "CLTV", clwv: "CLWV" }, (row) => `${row.method}, ${row.probe} probe`),
  ),
  concord: ofReadable((rows) => {
    const few = data.findings.few_pairs;
    const every = rows.filter((row) => row.relation === "all");
    const left = every.filter((row) => row.pairs >= few);
    if (!left.length) return `None of ${configurations(countOf(every))} has ${few} pairs of words that agree: fewer are too few for a share.`;
    const panel = (row) => `${row.method}, ${row.edited === "other" ? "another word" : "the word that governs"} changed`;
    const out = countOf(every) - countOf(left);
    const without = out ? ` Left out: ${configurations(out)} with fewer than ${few} pairs.` : "";
    return `${extremes({ concord: "concord" }, panel)(left)}${without}`;
  }),
  // Of an attribute at all its layers or at none: else layers would be means of other attributes.
  layer_profiles: ofReadable(
    (rows) => {
      const titles = groups(rows, ({ measure, panel }) => (measure === "accuracy" ? `accuracy of the ${panel} probe` : `CLWV of ${panel}`));
      const said = [...titles].map(([title, of]) => {
        const order = ordered(of, (row) => row.layer, "value");
        const [[layer, value], [, low]] = [order[0], order.at(-1)];
        return share(value) === share(low)
          ? `mean ${title} is ${share(value)} at every layer`
          : `mean ${title} is highest at layer ${layer} (${share(value)})`;
      });
      return `${said.join("; ")}. ${UNTESTED}`;
    },
    (rows) => [...groups(rows, (row) => [row.model, row.treebank, row.attribute].join("|")).values()].filter((of) => of.every(isReadable)).flat(),
  ),
  agreement: ofReadable(extremes({ avg_overlap: "average overlap", neuron_vote: "neuron vote" }, (row) => `layer ${row.layer}`, two)),
  truth: extremes({ ap_used: "average precision for used neurons", ap_encoded: "for all that hold the attribute" }, (row) => `model ${row.model}`, two),
  contrasts: ofReadable((rows) => {
    const title = (row) => (known(row.probe) ? `${row.probe} probe` : `${data.findings.telling[1].toUpperCase()}, ${row.method}`);
    const said = [...groups(rows, title)].map(([judge, of]) => {
      const pairs = ordered(of, (row) => JSON.stringify([row.ranking, row.other_ranking]), "difference");
      const [pair, by] = pairs.reduce((a, b) => (Math.abs(b[1]) > Math.abs(a[1]) ? b : a));
      const [one, other] = by > 0 ? JSON.parse(pair) : JSON.parse(pair).reverse();
      const own = of.filter((row) => [row.ranking, row.other_ranking].every((name) => [one, other].includes(name)));
      const so = own.filter((row) => isClear(row) && row.difference > 0 === by > 0).length;
      const size = Math.abs(100 * by).toFixed(1);
      const largest =
        size === "0.0"
          ? "on average every two rankings are within 0.1 points"
          : `on average the largest is ${bare(one)} above ${bare(other)} by ${size} points (clearly in ${so} of ${configurations(own.length)})`;
      return `${judge}: ${of.filter(isClear).length} of ${of.length} differences are clear, the others within noise; ${largest}`;
    });
    return `${said.join(". ")}.`;
  }),
  clusters: (rows) =>
    `${joined([...groups(rows, (row) => row.name)].map(([name, of]) => `${of.length} ${name}`))}; the Gaussian probe is above the linear one in ${rows.filter((row) => row.gaussian_minus_linear > 0).length} of ${rows.length} configurations.`,
  overlap: (rows) => {
    const within = groups(rows.filter((row) => !row.other_treebank), (row) => row.rankings);
    const parts = [...within].map(([names, of]) => {
      const [shared, chance] = ["shared", "chance"].map((name) => mean(of.map((row) => row[name])).toFixed(1));
      return `${names.split("+").map(inWords).join(" and ")} share ${shared} of their top ${fromTo(of.map((row) => row.n))} (chance ${chance})`;
    });
    return parts.length ? `${parts.join("; ")}.` : "";
  },
  transfer: ofReadable(
    (rows) => {
      const own = rows.filter((row) => row.lender === row.treebank);
      const parts = ["ranking and means", "ranking", "means"].map((loan) => {
        const of = rows.filter((row) => row.lender !== row.treebank && row.borrowed === loan);
        return of.length ? `; with another's ${loan} ${share(mean(of.map((row) => row.cltv)))}` : "";
      });
      return own.length ? `CLTV with a treebank's own is on average ${share(mean(own.map((row) => row.cltv)))}${parts.join("")}. ${UNTESTED}` : "";
    },
    (rows) => rows.filter((row) => isReadable(row) && isReadable({ ...row, treebank: row.lender })),
  ),
  wilcoxon: (rows) => `${rows.filter((row) => row.p_holm < 0.05).length} of ${rows.length} comparisons are significant (Holm-adjusted p < 0.05).`,
};

// A figure that is not named here says of how much it is.
function describe(name, rows) {
  const count = new Set(rows.map((row) => FILTERS.map((filter) => row[filter]).join("|"))).size;
  return rows.length ? (SAY[name]?.(rows) ?? `${rows.length} rows of ${count} configurations.`) : "";
}
