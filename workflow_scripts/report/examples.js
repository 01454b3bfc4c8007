// The examples: words that an intervention changed, in their sentences, to search.

const examples = rowsOf("examples");
let further = ROWS;

function showExamples() {
  const asked = find("#search").value.trim().toLowerCase().split(/\s+/);
  const said = (row) => Object.values(row).join(" ").toLowerCase();
  const found = examples.filter((row) => wanted(row) && asked.every((word) => said(row).includes(word)));
  find("#found").textContent = `${Math.min(further, found.length)} of ${found.length} found`;
  find("#sentences").replaceChildren(...found.slice(0, further).map(sentence));
  find("#further").hidden = found.length <= further;
}

function sentence(row) {
  const item = document.createElement("li");
  const start = row.change.indexOf(`[${row.form} → ${row.predicted}]`);
  const end = start + `[${row.form} → ${row.predicted}]`.length;
  const mark = document.createElement("mark");
  mark.textContent = `${row.form} → ${row.predicted}`;
  item.append(row.change.slice(0, start), mark, row.change.slice(end));
  const where = document.createElement("small");
  const towards = row.target === null ? row.value : `${row.value} to ${row.target}`;
  where.textContent =
    `${row.attribute}, ${towards}: ${row.method} of the first ${row.k} neurons of ${inWords(row.ranking)}; ` +
    `${row.treebank}, ${row.model}, layer ${row.layer}`;
  item.append(where);
  return item;
}

find("#search").addEventListener("input", () => {
  further = ROWS;
  showExamples();
});
find("#further").addEventListener("click", () => {
  further += 10 * ROWS;
  showExamples();
});
follow(showExamples);
