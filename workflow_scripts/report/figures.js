// The figures: drawn at the width and in the colours of the page, of the rows that are shown.

const views = {};
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const NIGHT = {
  "#222222": "#e8e8e8", "#666666": "#b0b0b0", "#DDDDDD": "#4a4d52", "#EEEEEE": "#33363b", "#F4F4F4": "#2a2d31",
  white: "#16181b", "#FFFFFF": "#16181b", "#E6EFF8": "#22364a", "#0072B2": "#56A8E0", "#D55E00": "#F08A4B",
  "#009E73": "#3CC79C", "#7F7F7F": "#A6A6A6", "#999999": "#8c8c8c", "#000000": "#f5f5f5", "#E8E8E8": "#2f3237",
};
const shade = (colour) => (dark.matches ? (NIGHT[colour] ?? colour) : colour);

// A specification in the colours of the page, and without the legend that the page has itself.
function adapted(part, key = "") {
  if (typeof part === "string") {
    const inside = key === "calculate" || key === "labelExpr";
    if (!dark.matches) return part;
    return inside ? Object.entries(NIGHT).reduce((text, [day, night]) => text.replaceAll(`"${day}"`, `"${night}"`), part) : shade(part);
  }
  if (Array.isArray(part)) return part.map((inner) => adapted(inner, key));
  if (part === null || typeof part !== "object") return part;
  const made = Object.fromEntries(
    Object.entries(part).map(([name, inner]) => [name, name === "datasets" || name === "data" ? inner : adapted(inner, name)]),
  );
  if (made.field === "ranking" && "legend" in made) made.legend = null;
  return made;
}

// The overview fills the page: panels side by side where there is room, else one below the other.
const BESIDE = 216; // what stands beside a panel: names on its left, numbers on its right
function fitted(spec, place) {
  if (!spec.hconcat) return spec;
  const { hconcat: panels, ...rest } = spec;
  const room = place.closest(".wide").clientWidth;
  const wide = Math.floor(room / panels.length) - BESIDE - 12;
  const width = Math.min(wide >= 110 ? wide : Math.max(room - BESIDE - 12, 110), 420);
  const resized = (part) =>
    JSON.parse(JSON.stringify(part), (key, value) => {
      if (key === "width" && value === panels[0].width) return width;
      return key === "x" && value?.value === panels[0].width + 8 ? { value: width + 8 } : value;
    });
  return { ...rest, [wide >= 110 ? "hconcat" : "vconcat"]: panels.map(resized) };
}

// Whether some rankings of a figure are hidden.
const inPart = (name) => figures[name].datasets.rows.some((row) => state.hidden.has(row.ranking));
const shownRows = (name) => (figures[name]?.datasets?.rows ?? []).filter(wanted);

async function draw(name) {
  const place = find(`#figure-${name}`);
  const spec = fitted(adapted(figures[name]), place);
  spec.config = { ...spec.config, background: dark.matches ? "#16181b" : "white" };
  views[name]?.finalize();
  const options = { actions: false, renderer: "svg", logLevel: 1, tooltip: { theme: dark.matches ? "dark" : "light" } };
  views[name] = (await window.vegaEmbed(place, spec, options)).view;
  await refresh(name);
}

async function refresh(name) {
  const view = views[name];
  const article = find(`#of-${name}`);
  const rows = shownRows(name);
  article.querySelector(".wide").hidden = !rows.length;
  article.querySelector(".none").hidden = rows.length > 0;
  for (const button of article.querySelectorAll(".tools button")) button.disabled = !rows.length;
  const said = describe(name, rows);
  const says = article.querySelector(".says");
  says.textContent = said;
  explain(says);
  if (!view) return;
  const title = article.querySelector("h2, h3").textContent;
  view.description(`${title}. ${said}`);
  if (rows.length) {
    if (state.other.k && figures[name].params?.some((param) => param.name === "k")) view.signal("k", Number(state.other.k));
    if (figures[name].params?.some((param) => param.name === "part")) view.signal("part", inPart(name));
    await view.data("rows", rows.map((row) => ({ ...row }))).runAsync();
  }
}

// The legend of a figure: click a ranking to hide it, here and everywhere.
function legend(name) {
  const rankings = [...new Set((figures[name].datasets?.rows ?? []).map((row) => row.ranking))];
  const known = Object.keys(data.rankings).filter((ranking) => rankings.includes(ranking));
  if (name === "overview" || known.length < 2) return;
  const list = find(`#of-${name} .legend`);
  const items = known.map((ranking) => {
    const { label, colour, dash } = data.rankings[ranking];
    const button = element("button", "", { type: "button", "data-ranking": ranking, title: "show or hide everywhere" });
    button.innerHTML = `<svg viewBox="0 0 26 10" aria-hidden="true"><line x1="0" x2="26" y1="5" y2="5" stroke-width="3" stroke-dasharray="${dash}"/></svg>`;
    button.querySelector("line").style.stroke = shade(colour);
    button.append(label);
    button.addEventListener("click", () => {
      state.hidden[state.hidden.has(ranking) ? "delete" : "add"](ranking);
      changed();
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  list.replaceChildren(...items);
}

function showLegends() {
  for (const button of document.querySelectorAll(".legend [data-ranking]")) {
    button.setAttribute("aria-pressed", String(!state.hidden.has(button.dataset.ranking)));
    button.querySelector("line").style.stroke = shade(data.rankings[button.dataset.ranking].colour);
  }
}

function tools(name) {
  const place = find(`#of-${name} .tools`);
  const as = {
    SVG: async () => save(`${name}.svg`, new Blob([await views[name].toSVG()], { type: "image/svg+xml" })),
    PNG: async () => save(`${name}.png`, await views[name].toImageURL("png", 2)),
    CSV: async () => {
      const rows = shownRows(name);
      save(`${name}.csv`, csvOf(Object.keys(rows[0] ?? {}), rows));
    },
  };
  const buttons = Object.entries(as).map(([kind, download]) => {
    const button = element("button", kind, { type: "button", "data-kind": kind, "aria-label": `download as ${kind}` });
    button.addEventListener("click", download);
    return button;
  });
  place.prepend("As shown: ", ...buttons);
}

// How many neurons the overview is of.
function chooseK() {
  const ks = [...new Set(figures.overview.datasets.rows.map((row) => row.k))].sort((a, b) => a - b);
  const select = find("#k");
  const usual = String(figures.overview.params.find((param) => param.name === "k").value);
  select.replaceChildren(...ks.map((k) => new Option(k, k)));
  select.addEventListener("change", () => {
    state.other.k = select.value;
    changed();
  });
  follow(() => {
    if (!ks.map(String).includes(state.other.k)) delete state.other.k;
    select.value = state.other.k ?? usual;
    views.overview?.signal("k", Number(select.value));
  });
}

async function drawAll() {
  document.documentElement.dataset.scheme = dark.matches ? "dark" : "light";
  showLegends();
  for (const name of Object.keys(figures)) await draw(name);
}

for (const name of Object.keys(figures)) {
  legend(name);
  tools(name);
}
if (figures.overview) chooseK();
follow(showLegends);
follow(() => Object.keys(views).forEach(refresh));
dark.addEventListener("change", drawAll);
let resized;
let widthOfPage = window.innerWidth;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => {
    if (window.innerWidth !== widthOfPage && figures.overview) draw("overview");
    widthOfPage = window.innerWidth;
  }, 200);
});
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const details of closed) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
