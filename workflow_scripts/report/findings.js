// The findings on what the filters leave: the counts are of these, a verdict is of the whole study alone.
// It has an error rate (verdicts.py), and one on what a reader chose after looking has none.

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
    article.querySelector(".verdict").hidden = filtered();
    article.querySelector(".no-verdict").hidden = !filtered();
    const headline = article.querySelector(".headline");
    const { model } = state.filters;
    const none = model !== "" && heaps.length && !heaps.some((of) => of.model === model);
    headline.textContent = none ? `No configuration of the model ${model} counts here.` : headlineOf(claims, counts);
    explain(headline);
  });
  for (const note of document.querySelectorAll(".whole-study")) note.hidden = !filtered();
}

follow(showFindings);
