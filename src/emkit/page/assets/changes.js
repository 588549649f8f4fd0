// What a reader changes, on pages that work it out themselves: starts, known labels, tosses and points.

function startFields({ trace, settings }) {
  const shown = trace.symbols.map((name, i) => ({ name, i })).filter(({ name }) => !trace.held.includes(name)).slice(0, 12);
  return html("fieldset", { class: "start-fields" }, html("legend", {}, "Start from"),
    shown.map(({ name, i }) => html("label", {}, symbol(name), html("input", { type: "text", inputmode: "decimal", size: 7, "data-act": "value", "data-value": i, value: plain(settings.values[i]) }))));
}

function labelFields({ trace, settings }) {
  const labels = settings.labels || trace.rows.items.map(() => null);
  return html("fieldset", { class: "labels" }, html("legend", {}, "Known labels"),
    trace.rows.items.map((item, i) => html("label", {}, `row ${item.label} `, html("select", { "data-act": "label", "data-value": i },
      html("option", { value: "", selected: labels[i] === null }, "hidden"),
      trace.components.map((name, k) => html("option", { value: k, selected: labels[i] === k }, name))))));
}

function isPossible(values) {
  const { browser_em: own } = state.original;
  return FAMILY[own.family].valid(FAMILY[own.family].fromEntries(own, values, state.settings.K));
}

function changeValue(i, text) {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return setState({ refused: `${text || "Nothing"} is not a number.` });
  const values = state.settings.values.slice();
  if (i < state.settings.K) setEntry(values, i, value, state.settings.K);
  else values[i] = value;
  if (!isPossible(values)) return setState({ refused: `${state.trace.symbols[i]} cannot be ${text}.` });
  return whatIf({ values });
}

function changeLabel(i, text) {
  const labels = (state.settings.labels || state.original.rows.items.map(() => null)).slice();
  labels[i] = text === "" ? null : Number(text);
  whatIf({ labels });
}

// The rows as they are now, with some of that changed; the row `i` is the one that is spoken of.
function changeRows(change, i = state.row, quick = false) {
  const { labels, ...rows } = { ...rowsOf(state.trace), labels: state.settings.labels, ...change };
  state.row = i;
  whatIf({ rows, labels }, { keepPosition: true, quick });
}

const changed = (list, i, value) => list.map((old, n) => (n === i ? value : old));
const within = (list, i, value) => list && [...list.slice(0, i), value, ...list.slice(i)];
const without = (list, i) => list && list.filter((_, n) => n !== i);

// Another number of heads in a row of tosses.
function changeHeads(i, heads) {
  const { x } = rowsOf(state.trace);
  const all = sum(x[i]);
  if (heads >= 0 && heads <= all) changeRows({ x: changed(x, i, [heads, all - heads]) });
}

// One more row, the last of those in the table: at a place, else like the last one.
function addRow(place = null) {
  const { x, weights, items } = rowsOf(state.trace);
  const [i, last] = [items.length, items.length - 1];
  const label = String(1 + Math.max(x.length, ...items.map((item) => Number(item.label) || 0)));
  changeRows({ x: within(x, i, place || x[last]), weights: within(weights, i, 1), items: [...items, { ...items[last], label }], labels: within(state.settings.labels, i, null) }, i);
}

function takeAway(i) {
  const { x, weights, items } = rowsOf(state.trace);
  if (items.length < 2) return;
  changeRows({ x: without(x, i), weights: without(weights, i), items: without(items, i), labels: without(state.settings.labels, i) }, Math.min(i, items.length - 2));
}

// Of equal rows that stand in one line, one more or one less. As many as there were of each stand where they stood.
function changeTimes(i, by) {
  const { weights, order } = rowsOf(state.trace);
  const times = changed(weights, i, weights[i] + by);
  if (times[i] < 0 || sum(times) < 1) return;
  const { weights: once, order: stood } = rowsOf(state.original);
  const others = () => order && (by > 0 ? [...order, i] : without(order, order.lastIndexOf(i)));
  changeRows({ weights: times, order: isSame(times, once) ? stood : others() });
}

// A single row becomes one of the next line of the table: a toss is turned over.
function turnRow(place) {
  const { weights, order } = rowsOf(state.trace);
  const [from, to] = [order[place], (order[place] + 1) % weights.length];
  changeRows({ weights: changed(changed(weights, from, weights[from] - 1), to, weights[to] + 1), order: changed(order, place, to) });
}

// What is done to rows, by the value of data-row-act.
const ROW_ACTS = {
  add: () => addRow(),
  away: (i) => takeAway(i),
  more: (i) => changeTimes(i, 1),
  less: (i) => changeTimes(i, -1),
  turn: (place) => turnRow(place),
};

const rowButton = (name, value, sign, said, disabled = false) => html("button", { "data-row-act": name, "data-value": value, "aria-label": said, disabled }, sign);

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-row-act]");
  if (button) ROW_ACTS[button.dataset.rowAct](Number(button.dataset.value));
});

// A handle was moved: of two parameters in the landscape, or of a mean among the points.
function moveStart(handle, across, up) {
  let [x, y] = [across, up];
  const [kind, k, i, j] = handle.split(":");
  if (kind === "point") return movePoint(Number(k), [Number(i), Number(j)], [x, y]);
  const values = state.settings.values.slice();
  const { browser_em: own } = state.original;
  const { K } = state.settings;
  const land = state.trace.landscapes[Math.min(state.landscape, state.trace.landscapes.length - 1)];
  const at = kind === "mean"
    ? [K + Number(k) * own.columns.length + Number(i), K + Number(k) * own.columns.length + Number(j)]
    : [land.x, land.y].map((name) => state.trace.symbols.indexOf(name));
  if (kind === "entry") at.splice(0, 2, Number(k));
  if (kind === "ridge") {
    at.splice(0, 2, K, K + 1);
    [x, y] = [x, y].map((both, n) => Math.min(Math.max(both / values[n], 0.001), 0.999));
  }
  at.forEach((entry, n) => {
    if (entry < K) setEntry(values, entry, [x, y][n], K);
    else values[entry] = [x, y][n];
  });
  if (isPossible(values)) whatIf({ values }, { quick: true });
  return undefined;
}
