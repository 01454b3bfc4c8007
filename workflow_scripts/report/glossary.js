// The glossary: a word has its meaning on hover and on focus, where it first stands in a paragraph.

const hint = find("#hint");
const meanings = new Map(Object.entries(data.glossary).map(([term, said]) => [term.toLowerCase(), said]));
const pattern = new RegExp(
  `\\b(${[...meanings.keys()].sort((a, b) => b.length - a.length).join("|")})s?\\b(?![-_])`,
  "gi",
);

// Mark the words of an element that the glossary has, each once.
function explain(place, met = new Set()) {
  for (const node of [...place.childNodes]) {
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (!node.matches("a, button, code, .term")) explain(node, met);
    } else if (node.nodeType === Node.TEXT_NODE) {
      const parts = [];
      let end = 0;
      for (const match of node.textContent.matchAll(pattern)) {
        const term = match[1].toLowerCase();
        if (met.has(term) || (term === "k" && match[0] !== "k")) continue;
        met.add(term);
        parts.push(node.textContent.slice(end, match.index));
        const word = element("span", match[0], { class: "term", tabindex: "0", "data-hint": meanings.get(term) });
        parts.push(word);
        end = match.index + match[0].length;
      }
      if (parts.length) node.replaceWith(...parts, node.textContent.slice(end));
    }
  }
}

function showHint(place) {
  hint.textContent = place.dataset.hint;
  hint.hidden = false;
  const box = place.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  hint.style.left = "0";
  const left = Math.max(4, Math.min(box.left, width - hint.offsetWidth - 4));
  hint.style.left = `${left + window.scrollX}px`;
  hint.style.top = `${box.bottom + 6 + window.scrollY}px`;
  place.setAttribute("aria-describedby", "hint");
}

function hideHint() {
  hint.hidden = true;
  find("[aria-describedby=hint]")?.removeAttribute("aria-describedby");
}

const hinted = (event) => event.target.closest?.("[data-hint]");
for (const come of ["mouseover", "focusin"]) {
  document.addEventListener(come, (event) => (hinted(event) ? showHint(hinted(event)) : undefined));
}
for (const go of ["mouseout", "focusout"]) {
  document.addEventListener(go, (event) => (hinted(event) ? hideHint() : undefined));
}
document.addEventListener("keydown", (event) => (event.key === "Escape" ? hideHint() : undefined));

// What a column of a table means: of its dictionary, else a word of the glossary.
function meaningOf(table, column) {
  const [unit, meaning] = data.columns[table]?.[column] ?? [];
  if (meaning) return unit ? `${meaning} (${unit})` : meaning;
  const end = column.match(/_(low|high)$/)?.[1];
  const words = column.replace(/_(low|high)$/, "").replaceAll("_", " ");
  const said = meanings.get(words) ?? meanings.get(words.replace(/ rate$/, "s"));
  return said && end ? `${end === "low" ? "Lower" : "Upper"} end of the 95% interval of: ${said}` : said;
}

for (const place of document.querySelectorAll(".explain")) explain(place);
Object.assign(window.report, { explain, meaningOf });
