// The tables: every one, filtered, to sort and to download.

const sorted = { rows: [], by: null, descending: false, length: ROWS };

function tabulate() {
  const name = find("#table").value;
  sorted.rows = rowsOf(name).filter(wanted);
  find("#about").textContent = about[name] ?? "";
  const files = ["csv", "parquet"].map((kind) => element("a", `tables/${name}.${kind}`, { href: `tables/${name}.${kind}` }));
  find("#table-files").replaceChildren("The whole table: ", files[0], ", ", files[1]);
  const column = document.activeElement?.dataset?.column; // sorting leaves the focus where it is
  if (sorted.by !== null) sorted.rows.sort(compare);
  const columns = Object.keys(tables[name] ?? {});
  const head = document.createElement("tr");
  head.append(...columns.map(heading));
  find("#tables thead").replaceChildren(head);
  if (column) head.querySelector(`[data-column="${CSS.escape(column)}"]`)?.focus();
  find("#tables tbody").replaceChildren(...sorted.rows.slice(0, sorted.length).map((row) => line(row, columns)));
  find("#shown").textContent = `${Math.min(sorted.length, sorted.rows.length)} of ${sorted.rows.length} rows`;
  find("#longer").hidden = sorted.rows.length <= sorted.length;
}

// Empty cells come last, whichever way the rest is sorted.
function compare(one, other) {
  const [a, b] = [one[sorted.by], other[sorted.by]];
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b));
  return sorted.descending ? -order : order;
}

function heading(column) {
  const cell = document.createElement("th");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = column;
  button.dataset.column = column;
  const meaning = meaningOf(find("#table").value, column);
  if (meaning) button.dataset.hint = meaning;
  button.addEventListener("click", () => {
    sorted.descending = sorted.by === column && !sorted.descending;
    sorted.by = column;
    Object.assign(state.other, { sort: column, down: sorted.descending ? "1" : "" });
    changed();
  });
  cell.append(button);
  if (sorted.by === column) cell.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
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

find("#download").addEventListener("click", () => {
  const name = find("#table").value;
  save(`${name}.csv`, csvOf(Object.keys(tables[name] ?? {}), sorted.rows));
});
const usual = "used_vs_encoded" in about ? "used_vs_encoded" : Object.keys(about)[0];
find("#table").replaceChildren(...Object.keys(about).map((name) => new Option(name, name)));
find("#table").addEventListener("change", () => {
  Object.assign(state.other, { table: find("#table").value, sort: "", down: "" });
  sorted.length = ROWS;
  changed();
});
find("#longer").addEventListener("click", () => {
  sorted.length += 10 * ROWS;
  tabulate();
});
follow(() => {
  find("#table").value = state.other.table in about ? state.other.table : usual;
  sorted.by = state.other.sort in (tables[find("#table").value] ?? {}) ? state.other.sort : null;
  sorted.descending = state.other.down === "1";
  tabulate();
});
