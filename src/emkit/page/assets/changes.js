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

function changeValue(i, text) {
  const value = Number(text);
  const { browser_em: own } = state.original;
  if (text.trim() === "" || !Number.isFinite(value)) return setState({ said: `${text || "Nothing"} is not a number.` });
  const values = state.settings.values.slice();
  if (i < state.settings.K) setEntry(values, i, value, state.settings.K);
  else values[i] = value;
  if (!FAMILY[own.family].valid(FAMILY[own.family].fromEntries(own, values, state.settings.K))) {
    return setState({ said: `${state.trace.symbols[i]} cannot be ${text}.` });
  }
  return whatIf({ values });
}

function changeLabel(i, text) {
  const labels = (state.settings.labels || state.original.rows.items.map(() => null)).slice();
  labels[i] = text === "" ? null : Number(text);
  whatIf({ labels });
}

// Another number of heads in a row of tosses.
function changeHeads(i, heads) {
  const own = state.trace.browser_em;
  const all = sum(own.x[i]);
  if (heads < 0 || heads > all) return;
  whatIf({ x: own.x.map((x, n) => (n === i ? [heads, all - heads] : x)) }, { keepPosition: true });
}

// A row goes elsewhere, in two of its columns.
function movePoint(row, columns, place) {
  const moved = state.trace.browser_em.x.map((x, n) => (n === row ? x.map((value, j) => (columns.includes(j) ? place[columns.indexOf(j)] : value)) : x));
  state.row = row; // which stays the one that is spoken of
  whatIf({ x: moved }, { keepPosition: true, quick: true });
}

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
  if (FAMILY[own.family].valid(FAMILY[own.family].fromEntries(own, values, K))) whatIf({ values }, { quick: true });
  return undefined;
}
