// The report's state: what the page carries, which rows are shown, and the address that says so.
// Other parts of the page, and other scripts, join by `window.report`; nothing is fetched.

const FILTERS = ["model", "treebank", "attribute", "layer"];
const ROWS = 25;
const data = await carried("#study-data");
const { figures, tables, about } = data;

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Rows of a table as objects; the page carries them by column.
function rowsOf(name) {
  const columns = Object.entries(tables[name] ?? {});
  const length = columns.length ? columns[0][1].length : 0;
  return Array.from({ length }, (_, i) => Object.fromEntries(columns.map(([key, values]) => [key, values[i]])));
}

// A ranking's name in words.
const inWords = (ranking) => data.rankings[ranking]?.label ?? ranking;

// What is chosen: filters, k of the overview, rankings that are hidden, and what else parts keep here.
const state = { filters: {}, hidden: new Set(), other: {} };
const listeners = [];
// Call a function now and at every change of the state.
function follow(listener) {
  listeners.push(listener);
}

function changed() {
  history.replaceState(null, "", written() || location.pathname + location.search);
  for (const listener of listeners) listener();
  document.dispatchEvent(new CustomEvent("report:change", { detail: state }));
}

// The state as an address: #treebank=two&hidden=random.
function written() {
  const said = new URLSearchParams(Object.entries(state.filters).filter(([, value]) => value !== ""));
  if (state.hidden.size) said.set("hidden", [...state.hidden].join(","));
  for (const [key, value] of Object.entries(state.other)) if (value) said.set(key, value);
  return said.size ? `#${said}` : "";
}

function restore() {
  const text = location.hash.slice(1);
  const said = new URLSearchParams(text.includes("=") ? text : "");
  state.filters = Object.fromEntries(FILTERS.map((name) => [name, said.get(name) ?? ""]));
  state.hidden = new Set((said.get("hidden") ?? "").split(",").filter(Boolean));
  state.other = Object.fromEntries([...said].filter(([key]) => !FILTERS.includes(key) && key !== "hidden"));
  offer();
}

// Filters: an option is offered where, with the other filters as they are, it leaves something.

const selects = Object.fromEntries(FILTERS.map((name) => [name, find(`[data-filter=${name}]`)]));
const matches = (of, filters, but = "") =>
  FILTERS.every((name) => name === but || filters[name] === "" || String(of[name]) === filters[name]);

function offer() {
  for (const [name, select] of Object.entries(selects)) {
    const every = [...new Set(data.studied.map((of) => of[name]))];
    every.sort((a, b) => (typeof a === "number" ? a - b : a.localeCompare(b)));
    const left = new Set(data.studied.filter((of) => matches(of, state.filters, name)).map((of) => of[name]));
    const options = every.map((value) => {
      const option = new Option(value, value);
      option.disabled = !left.has(value);
      return option;
    });
    select.replaceChildren(new Option("all", ""), ...options);
    if (!every.map(String).includes(state.filters[name])) state.filters[name] = "";
    select.value = state.filters[name];
  }
  const left = data.studied.filter((of) => matches(of, state.filters)).length;
  find("#left").hidden = left > 0;
  find("#left").textContent = "No configuration has all that the filters ask for: choose “everything”, or less.";
}

for (const [name, select] of Object.entries(selects)) {
  select.addEventListener("change", () => {
    state.filters[name] = select.value;
    offer();
    changed();
  });
}
find("#everything").addEventListener("click", () => {
  for (const name of FILTERS) state.filters[name] = "";
  state.hidden.clear();
  offer();
  changed();
});
window.addEventListener("hashchange", () => {
  if (!location.hash.includes("=") && location.hash.length > 1) return;
  restore();
  changed();
});
for (const link of document.querySelectorAll('a[href^="#"]')) {
  link.addEventListener("click", (event) => {
    event.preventDefault(); // the address holds the state
    const place = find(link.getAttribute("href"));
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    place.scrollIntoView();
  });
}

// A row that names no model, or no layer, is about all of them; one of two treebanks is of both.
function wanted(row) {
  const named = FILTERS.every((name) => {
    const value = state.filters[name];
    if (value === "" || row[name] === undefined || row[name] === null) return true;
    return String(row[name]) === value || String(row[`other_${name}`]) === value;
  });
  return named && !state.hidden.has(row.ranking) && !state.hidden.has(row.other_ranking);
}
const filtered = () => FILTERS.some((name) => state.filters[name] !== "");

function save(name, content) {
  const link = document.createElement("a");
  link.href = typeof content === "string" ? content : URL.createObjectURL(content);
  link.download = name;
  link.click();
  if (typeof content !== "string") URL.revokeObjectURL(link.href);
}

// Rows as CSV.
function csvOf(columns, rows) {
  const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? "")))];
  const text = lines.map((cells) => cells.map(quoted).join(",")).join("\n") + "\n";
  return new Blob([text], { type: "text/csv" });
}

window.report = { state, tables, rowsOf, inWords, wanted, filtered, follow, changed, csvOf, save, element, data };
