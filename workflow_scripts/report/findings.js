// The verdicts on what the filters leave: the sentences that findings.py makes of the whole study.

function atLeast(clear, n, p) {
  // P(Bin(n, p) ≥ clear)
  let [term, below] = [(1 - p) ** n, 0];
  for (let i = 0; i < clear; i += 1) {
    below += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return Math.max(0, 1 - below);
}

function verdictOf({ clear, against, n }) {
  const { by_chance: chance, significant } = data.findings;
  if (clear && atLeast(clear, n, chance) <= significant + 1e-12) {
    return 2 * clear >= n && clear > against ? "shown" : "in part";
  }
  return n && !clear && 2 * against >= n ? "not shown" : "open";
}

function headlineOf(claims, { clear, against, noise, n }) {
  if (!n) return "In no configuration can a probe read its attribute clearly above the majority.";
  const counts = { clear, against };
  const parts = Object.entries(claims).map(([heap, said]) => `in ${counts[heap]} ${said}`);
  const of = `${n} readable configuration${n === 1 ? "" : "s"}`;
  return `Of ${of}, ${parts.join("; ")}; in ${noise} the differences are within noise.`;
}

function showFindings() {
  document.querySelectorAll(".pitfall").forEach((article, i) => {
    const { heaps, claims } = data.findings.pitfalls[i];
    if (!Object.keys(claims).length) return;
    const left = heaps.filter((of) => matches(of, state.filters));
    const count = (heap) => left.filter((of) => of.heap === heap).length;
    const counts = { clear: count("clear"), against: count("against"), noise: count("within noise"), n: left.length };
    const verdict = verdictOf(counts);
    const badge = article.querySelector(".verdict");
    badge.textContent = verdict;
    badge.className = `verdict ${verdict.replaceAll(" ", "-")}`;
    const headline = article.querySelector(".headline");
    const { model } = state.filters;
    const none = model !== "" && heaps.length && !heaps.some((of) => of.model === model);
    headline.textContent = none ? `No configuration of the model ${model} counts here.` : headlineOf(claims, counts);
    explain(headline);
  });
  for (const note of document.querySelectorAll(".whole-study")) note.hidden = !filtered();
}

follow(showFindings);
