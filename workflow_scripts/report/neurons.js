// The section on neurons: choose a configuration, a ranking and one of its first neurons; read its card.
// It reads what the section carries and fetches nothing.

const FIELDS = ["model", "treebank", "attribute", "layer"];
const COLOURS = ["#3b7dd8", "#d1642a", "#2a9d6e", "#b04fb0", "#9a8500", "#3f93b5", "#c94c6e", "#777"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
const IN_NATS = ["attribution", "integrated"];
const data = await carried("#neuron-data");
const selects = Object.fromEntries([...FIELDS, "ranking"].map((name) => [name, find(`[data-neuron=${name}]`)]));
let chosen = null;

function make(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// Choices: each offers what exists of those before it, and keeps what was chosen where that exists.

function offer(select, values) {
  const was = select.value;
  select.replaceChildren(...values.map(([value, text]) => new Option(text, value)));
  if (values.some(([value]) => String(value) === was)) select.value = was;
}

function configuration() {
  let left = data.configurations;
  FIELDS.forEach((name, i) => {
    const there = [...new Set(left.map(({ of }) => of[i]))];
    offer(selects[name], there.map((value) => [value, value]));
    left = left.filter(({ of }) => String(of[i]) === selects[name].value);
  });
  const [here] = left;
  offer(selects.ranking, Object.keys(here.first).map((i) => [i, data.rankings[i][0]]));
  return here;
}

function show() {
  const here = configuration();
  const neurons = here.first[selects.ranking.value];
  if (!neurons.includes(chosen)) chosen = neurons[0];
  find("#first-neurons").replaceChildren(...neurons.map((neuron) => item(here, neuron)));
  find("#neuron").replaceChildren(...card(here, chosen));
}

function item(here, neuron) {
  const [information, d] = here.neurons[neuron];
  const button = make("button", `${neuron} `, { type: "button", "data-number": neuron });
  button.append(make("small", `${information} bits, d ${d}`));
  button.setAttribute("aria-label", `neuron ${neuron}: ${information} bits, d ${d}`);
  if (neuron === chosen) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => choose(neuron));
  const place = make("li");
  place.append(button);
  return place;
}

function choose(neuron) {
  chosen = neuron;
  show();
  find(`#first-neurons [data-number="${neuron}"]`).focus();
}

find("#first-neurons").addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const buttons = [...document.querySelectorAll("#first-neurons button")];
  const next = buttons[buttons.indexOf(document.activeElement) + steps[event.key]];
  if (next) choose(Number(next.dataset.number));
});

// A card.

function card(here, neuron) {
  const [information, d, places, scores, spread] = here.neurons[neuron];
  const title = make("h3", `Neuron ${neuron} `);
  title.append(make("small", [...here.of.slice(0, 3), `layer ${here.of[3]}`].join(" · ")));
  const facts = make(
    "p",
    `Alone it tells ${information} of the ${here.entropy} bits of the value; one that tells nothing is expected to ` +
      `show ${here.by_chance} bits. Its class means are ` +
      `${here.values.length > 2 ? "at most " : ""}${d} standard deviations apart (Cohen’s d).`,
  );
  const halves = make("div", "", { class: "halves" });
  halves.append(spread ? density(here, neuron, spread) : elsewhere(), ranks(here, places, scores));
  const parts = [title, facts, ...effects(places, scores), halves];
  if (spread) {
    const ends = make("div", "", { class: "halves" });
    ends.append(words(here, "Highest in", spread[4]), words(here, "Lowest in", spread[5]));
    parts.push(ends);
  }
  return [...parts, ...others(here, neuron)];
}

function elsewhere() {
  const text = "Its densities and words are in tables/neuron_values.csv and tables/neuron_words.csv: the page has no room.";
  return make("p", text, { class: "note" });
}

// What the rankings that ask the model say in its own units.
function effects(places, scores) {
  return Object.keys(places)
    .filter((i) => IN_NATS.includes(data.rankings[i][1]))
    .map((i) => {
      const towards = scores[i] < 0 ? "away from" : "towards";
      return make(
        "p",
        `To first order, translating it alone moves a dev word by ${Math.abs(scores[i])} nats ${towards} its ` +
          `counterpart (${data.rankings[i][1]}).`,
      );
    });
}

function density(here, neuron, [low, high, bins, moments]) {
  const [width, height, left, bottom] = [340, 150, 34, 18];
  const shares = bins.map((counts, z) => counts.map((count) => count / Math.max(1, here.words[z])));
  const most = Math.max(...shares.flat());
  const x = (i) => left + (i * (width - left - 4)) / bins[0].length;
  const y = (share) => 4 + (1 - share / most) * (height - bottom - 4);
  const space = "http://www.w3.org/2000/svg";
  const draw = (tag, attributes, text = "") => {
    const mark = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, value);
    mark.textContent = text;
    return mark;
  };
  const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  picture.append(draw("title", {}, `Share of the words of ${here.values.join(", ")} in each bin of neuron ${neuron}`));
  picture.append(draw("path", { class: "axis", d: `M${left} ${y(0)}H${width - 4}M${left} ${y(0)}V4`, fill: "none" }));
  const label = (at, text, anchor) => draw("text", { x: at[0], y: at[1], "text-anchor": anchor }, text);
  picture.append(
    label([left, height - 4], low, "start"),
    label([width - 4, height - 4], high, "end"),
    label([left - 4, y(most) + 8], `${(100 * most).toFixed(0)} %`, "end"),
    label([left - 4, y(0)], "0", "end"),
  );
  shares.forEach((of, z) => {
    const steps = of.map((share, i) => `${i ? "L" : "M"}${x(i)} ${y(share)}H${x(i + 1)}`).join("");
    picture.append(draw("path", { class: "value", d: steps, ...stroke(z) }));
  });
  const rows = here.values.map((value, z) => {
    const key = draw("svg", { class: "key", viewBox: "0 0 32 10", "aria-hidden": "true" });
    key.append(draw("path", { d: "M0 5H32", "stroke-width": 3, ...stroke(z) }));
    return [key, value, here.words[z], ...moments[z]];
  });
  const part = make("div");
  part.append(make("h4", "How it is spread"), picture, table(["", "value", "words", "mean", "sd"], rows));
  return part;
}

function stroke(z) {
  return { stroke: COLOURS[z % COLOURS.length], "stroke-dasharray": DASHES[z % DASHES.length] };
}

function ranks(here, places, scores) {
  const order = Object.keys(places).sort((a, b) => places[a] - places[b]);
  const rows = order.map((i) => [data.rankings[i][0], `${places[i]} of ${here.width}`, scores[i]]);
  const part = make("div");
  part.append(make("h4", "Its place in the rankings"), table(["ranking", "place", "score"], rows));
  return part;
}

function table(names, rows) {
  const whole = make("table");
  const head = make("tr");
  head.append(...names.map((name) => make("th", name)));
  whole.append(head);
  for (const row of rows) {
    const line = make("tr");
    for (const value of row) {
      const cell = make("td", "", typeof value === "number" ? { class: "number" } : {});
      cell.append(typeof value === "number" ? value.toLocaleString("en") : (value ?? ""));
      line.append(cell);
    }
    whole.append(line);
  }
  const wide = make("div", "", { class: "wide" });
  wide.append(whole);
  return wide;
}

function words(here, title, found) {
  const list = make("ol");
  for (const [context, value, activation] of found) {
    const [before, word, after] = data.contexts[context];
    const line = make("li", before);
    line.append(make("mark", word), after, " ", make("small", `${here.values[value]}, ${activation}`));
    list.append(line);
  }
  const part = make("div");
  part.append(make("h4", title), found.length ? list : make("p", "No test word has a value.", { class: "note" }));
  return part;
}

// Where else the same neuron stands first: of the same model and layer, as a neuron is a number of one layer's vector.
function others(here, neuron) {
  const [model, , , layer] = here.of;
  const made = Object.keys(data.rankings).filter((i) => data.rankings[i][1] !== "random");
  const found = data.configurations
    .filter((one) => one !== here && one.of[0] === model && one.of[3] === layer)
    .map((one) => [one, made.filter((i) => one.first[i]?.includes(neuron))])
    .filter(([, rankings]) => rankings.length);
  const title = make("h4", `Also among the first ${data.first} of`);
  if (!found.length) return [title, make("p", "no other configuration of this model and layer.", { class: "note" })];
  const share = Math.min(1, data.first / here.width);
  const chance = make(
    "p",
    `Of this model and layer. By chance a ranking has it there with probability ${(100 * share).toPrecision(3)} % ` +
      `(${data.first} of ${here.width} neurons).`,
    { class: "note" },
  );
  const list = make("ul");
  for (const [one, rankings] of found) {
    const places = rankings.map((i) => `${data.rankings[i][0]} (${one.neurons[neuron][2][i]})`);
    list.append(make("li", `${one.of[2]}, ${one.of[1]}: ${places.join(", ")}`));
  }
  return [title, chance, list];
}

for (const select of Object.values(selects)) select.addEventListener("change", show);
show();
find("#neurons").dataset.ready = "yes";
