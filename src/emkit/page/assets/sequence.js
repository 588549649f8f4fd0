// Rows in sequence: their picture in time, and the tables of one sequence with the arithmetic of one row.

const shownSequence = ({ sequence, trace }) => Math.min(sequence, trace.in_sequence.bounds.length - 2);
const nameOf = ({ bounds, names }, g, t) => names[bounds[g] + t] || "";

function sequenceChoice(view) {
  const { bounds } = view.trace.in_sequence;
  if (bounds.length < 3) return null;
  return html("label", { class: "choice" }, "sequence ", html("select", { "data-act": "sequence" },
    range(bounds.length - 1).map((g) => html("option", { value: g, selected: g === shownSequence(view) }, `${g + 1} of ${bounds.length - 1}`))));
}

// The first column above, the shares of the states below, row by row.
function drawSequence(view, room) {
  const { trace } = view;
  const { bounds, row, numbers, columns } = trace.in_sequence;
  const g = shownSequence(view);
  const places = range(lengthOf(trace.in_sequence, g));
  const width = Math.min(room, 160 + 60 * places.length);
  const found = passesOf(trace, view.s, g);
  const named = places.every((t) => /^\d+$/.test(nameOf(trace.in_sequence, g, t)));
  const at = (t) => (named ? Number(nameOf(trace.in_sequence, g, t)) : t + 1);
  const span = [at(0) - 0.5, at(places.length - 1) + 0.5];
  const values = places.map((t) => numbers[row[bounds[g] + t]]);
  const seen = values.filter((value) => value !== null);
  const margin = { ...MARGIN, bottom: 8, noX: true };
  const above = frame(width, 170, span, padded([Math.min(...seen), Math.max(...seen)]), { y: columns[0], wholeY: seen.every(Number.isInteger) }, margin);
  const below = frame(width, 124, span, [0, 1], { x: named ? "" : "t", y: "shares", wholeX: true, wholeY: true, below: 22 });
  const pick = (t) => ({ "data-row": t, "data-act": "cell", "data-value": `${t}:${view.component}` });
  const likeliest = (t) => found.shares[t].indexOf(Math.max(...found.shares[t]));
  const wide = below.sx(1) - below.sx(0);
  const band = ({ inner, sx }) => svg("rect", { class: "band", x: sx(at(view.shownRow) - 0.5), width: Math.max(wide, 1), y: inner.y, height: inner.height });
  const bars = places.map((t) => {
    let from = 0;
    return svg("g", pick(t), found.shares[t].map((share, k) => {
      const bar = svg("rect", { class: `fill c${k % 8}`, x: below.sx(at(t) - 0.5), width: Math.max(0.6, wide - (wide > 4 ? 1 : 0)), y: below.sy(from + share), height: Math.max(0, below.sy(from) - below.sy(from + share)) });
      from += share;
      return bar;
    }));
  });
  return [
    sequenceChoice(view),
    picture(above, `${columns[0]} in time`, band(above), axes(above),
      svg("path", { class: "whole-curve", d: polyline(places.map(at), values, above.sx, above.sy) }),
      places.map((t) => (values[t] === null ? null : svg("g", { ...pick(t), class: view.eDone ? `c${likeliest(t) % 8}` : null },
        svg("circle", { class: view.eDone ? "fill" : "whole-dot", cx: above.sx(at(t)), cy: above.sy(values[t]), r: Math.min(5, Math.max(2, wide / 2)) }))))),
    view.eDone && picture(below, "The share of each state, row by row", band(below), bars, axes(below)),
  ];
}

MARKS.sequence = drawSequence;

// The E-step of rows in sequence.
function drawPasses(view) {
  const { trace, notation, shownRow: shown } = view;
  const g = shownSequence(view);
  const found = passesOf(trace, view.s, g);
  return [lead(notation.in_sequence.e_step), sequenceChoice(view), passesTable(view, found, g), letters(view),
    view.eDone ? workedRow(view, found, g, shown) : html("p", { class: "worked muted" }, "Choose a row to see its arithmetic.")];
}

function passesTable(view, found, g) {
  const { trace } = view;
  const { bounds, row, values, columns, names } = trace.in_sequence;
  const states = range(view.K);
  const cell = (value) => (view.eDone ? value : "·");
  const heads = (letter) => states.map((k) => html("th", { scope: "col", class: `number c${k % 8}` }, formula(`${letter}_{k}`, { k: trace.components[k] })));
  return table({
    left: names.length ? 2 : 1,
    label: `Forward and backward through sequence ${g + 1}`,
    heads: ["t", ...(names.length ? [""] : []), ...columns, formula("c_t"), ...["alpha", "beta", "gamma"].flatMap(heads)],
    rows: found.scale.map((factor, t) => ({
      "data-row": t, class: t === view.shownRow ? "lit" : null,
      cells: [t + 1, ...(names.length ? [names[bounds[g] + t]] : []), ...values[row[bounds[g] + t]], cell(significant(factor)),
        ...found.forward[t].map((value) => cell(fourDecimals(value))), ...found.backward[t].map((value) => cell(later(value))),
        ...states.map((k) => shareCell(view, found, t, k))],
    })),
  });
}

// One share: a button that shows how it comes about.
function shareCell(view, found, t, k) {
  const text = view.eDone ? fourDecimals(found.shares[t][k]) : "·";
  const lit = t === view.shownRow && k === view.component;
  return html("td", { class: "number responsibility" }, html("button", {
    class: `cell${lit ? " lit" : ""}`, "data-act": "cell", "data-value": `${t}:${k}`, "aria-pressed": String(lit),
    "aria-label": `row ${t + 1}, ${view.trace.components[k]}: ${view.eDone ? text : "not yet known"}` },
  svg("svg", { class: "spark", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: `fill c${k % 8}`, x: 0, y: 0, height: 4, width: (view.eDone ? 100 * found.shares[t][k] : 0).toFixed(2) })), text));
}

// What each letter stands for, as the author would write it.
function letters({ notation, trace }) {
  const { forward, scale: scaled, backward, share, pair } = notation.in_sequence;
  const lines = [["alpha_t(k)", forward], ["c_t", scaled], ["beta_t(k)", backward], ["gamma_t(k)", share], ["xi_t(j,k)", pair]];
  return html("details", {}, html("summary", {}, "what the letters stand for"),
    lines.map(([letter, meaning]) => written(formula(letter), equals(formula(meaning, { t: "t", j: "j", k: "k" })))),
    note(`b is the density ${trace.in_sequence.words} of a row in a state. The log-likelihood of a sequence is the sum of the logarithms of its c.`));
}

const letterPair = (line, trace, label) => [[`${line.letter}_{t}${line.states.length === 2 ? "({j},{k})" : line.states.length ? "({k})" : ""}`],
  { t: label, k: trace.components[line.states.at(-1)], j: trace.components[line.states[0]] }];

function workedRow(view, found, g, t) {
  const { trace, component: k } = view;
  const label = placeText(trace.in_sequence, g, t);
  const name = nameOf(trace.in_sequence, g, t);
  const title = ["row", label, ...(name ? ["(" + name + ")"] : [])].join(" ");
  return html("div", { class: `worked c${k % 8}`, "aria-live": "polite" },
    html("p", { class: "worked-title" }, `${title}, state ${trace.components[k]}`),
    writtenRow(found, t, k).map((line) => written(formula(...letterPair(line, trace, label)),
      line.text === shownValue(line) ? null : pieces(`= ${line.text}`),
      result(shownValue(line), [line.letter, ...line.states].join("-")))));
}

const shownValue = (line) => (line.letter === "c" ? significant(line.value) : later(line.value));

const passesPanel = {
  text(view) {
    if (!view.eDone) return "No E-step yet.";
    const { trace } = view;
    const found = passesOf(trace, view.s, shownSequence(view));
    const state = (t) => (name, k) => `${name}: alpha ${fourDecimals(found.forward[t][k])}, beta ${later(found.backward[t][k])}, gamma ${fourDecimals(found.shares[t][k])}`;
    return found.scale.map((factor, t) => [`t = ${t + 1}: c ${significant(factor)}`, ...trace.components.map(state(t))].join("; ")).join("\n");
  },
  latex(view) {
    if (!view.eDone) return [];
    const g = shownSequence(view);
    const found = passesOf(view.trace, view.s, g);
    const label = placeText(view.trace.in_sequence, g, view.shownRow);
    return range(view.K).flatMap((k) => writtenRow(found, view.shownRow, k).slice(k ? 1 : 0)
      .map((line) => `${latex(...letterPair(line, view.trace, label))} = ${latex(line.text)} = ${later(line.value)}`));
  },
};
