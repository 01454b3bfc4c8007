// The report's behaviour: filters for figures, examples and tables; sorting, searching, download.
// It reads what the page carries and fetches nothing.

const FILTERS = ["model", "treebank", "attribute", "layer"];
const ROWS = 25;
const find = (selector) => document.querySelector(selector);

// The data of the page: JSON, gzipped, in base64.
async function embedded() {
  const bytes = Uint8Array.from(atob(find("#study-data").textContent), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}

const { figures, tables, about } = await embedded();

// Rows of a table as objects; the page carries them by column.
function rowsOf(name) {
  const columns = Object.entries(tables[name] ?? {});
  const length = columns.length ? columns[0][1].length : 0;
  return Array.from({ length }, (_, i) => Object.fromEntries(columns.map(([key, values]) => [key, values[i]])));
}

// Filters.

const selects = Object.fromEntries(FILTERS.map((name) => [name, find(`[data-filter=${name}]`)]));

function offer() {
  for (const [name, select] of Object.entries(selects)) {
    const values = new Set();
    for (const table of Object.values(tables)) {
      for (const value of table[name] ?? []) if (value !== null) values.add(value);
    }
    const sorted = [...values].sort((a, b) => (typeof a === "number" ? a - b : a.localeCompare(b)));
    select.replaceChildren(new Option("all", ""), ...sorted.map((value) => new Option(value, value)));
    select.addEventListener("change", show);
  }
  find("#everything").addEventListener("click", () => {
    for (const select of Object.values(selects)) select.value = "";
    show();
  });
}

// A row that names no model, or no layer, is about all of them.
function wanted(row) {
  return FILTERS.every((name) => {
    const value = selects[name].value;
    return value === "" || row[name] === undefined || row[name] === null || String(row[name]) === value;
  });
}

// Figures.

const views = [];

async function draw() {
  for (const [name, spec] of Object.entries(figures)) {
    const { view } = await window.vegaEmbed(`#figure-${name}`, spec, { actions: false, renderer: "svg", logLevel: 1 });
    views.push(view);
  }
}

function filterFigures() {
  for (const view of views) {
    const signals = view.getState({ signals: (name) => FILTERS.includes(name), data: () => false }).signals;
    for (const name of Object.keys(signals)) {
      const value = selects[name].value;
      view.signal(name, value === "" ? null : name === "layer" ? Number(value) : value);
    }
    view.runAsync();
  }
}

// Examples.

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
    `${row.attribute}, ${towards}: ${row.method} of the first ${row.k} neurons of ${row.ranking}; ` +
    `${row.treebank}, ${row.model}, layer ${row.layer}`;
  item.append(where);
  return item;
}

// Tables.

const state = { rows: [], by: null, descending: false, length: ROWS };

function tabulate() {
  const name = find("#table").value;
  state.rows = rowsOf(name).filter(wanted);
  find("#about").textContent = about[name] ?? "";
  if (state.by !== null) state.rows.sort(compare);
  const columns = Object.keys(tables[name] ?? {});
  const head = document.createElement("tr");
  head.append(...columns.map(heading));
  find("#tables thead").replaceChildren(head);
  find("#tables tbody").replaceChildren(...state.rows.slice(0, state.length).map((row) => line(row, columns)));
  find("#shown").textContent = `${Math.min(state.length, state.rows.length)} of ${state.rows.length} rows`;
  find("#longer").hidden = state.rows.length <= state.length;
}

// Empty cells come last, whichever way the rest is sorted.
function compare(one, other) {
  const [a, b] = [one[state.by], other[state.by]];
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b));
  return state.descending ? -order : order;
}

function heading(column) {
  const cell = document.createElement("th");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = column;
  button.addEventListener("click", () => {
    state.descending = state.by === column && !state.descending;
    state.by = column;
    tabulate();
  });
  cell.append(button);
  if (state.by === column) cell.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
  return cell;
}

function line(row, columns) {
  const cells = columns.map((column) => {
    const cell = document.createElement("td");
    const value = row[column];
    if (typeof value === "number") cell.className = "number";
    cell.textContent = value === null ? "" : typeof value === "number" && !Number.isInteger(value) ? rounded(value) : value;
    return cell;
  });
  const tr = document.createElement("tr");
  tr.append(...cells);
  return tr;
}

function rounded(value) {
  return Math.abs(value) > 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toFixed(4);
}

function download() {
  const name = find("#table").value;
  const columns = Object.keys(tables[name] ?? {});
  const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = [columns, ...state.rows.map((row) => columns.map((column) => String(row[column] ?? "")))];
  const text = lines.map((cells) => cells.map(quoted).join(",")).join("\n") + "\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function show() {
  filterFigures();
  showExamples();
  tabulate();
}

offer();
find("#search").addEventListener("input", () => {
  further = ROWS;
  showExamples();
});
find("#further").addEventListener("click", () => {
  further += 10 * ROWS;
  showExamples();
});
find("#table").replaceChildren(...Object.keys(about).map((name) => new Option(name, name)));
if ("used_vs_encoded" in about) find("#table").value = "used_vs_encoded";
find("#table").addEventListener("change", () => {
  Object.assign(state, { by: null, descending: false, length: ROWS });
  tabulate();
});
find("#longer").addEventListener("click", () => {
  state.length += 10 * ROWS;
  tabulate();
});
find("#download").addEventListener("click", download);
showExamples();
tabulate();
await draw();
filterFigures();
document.documentElement.dataset.ready = "yes";
