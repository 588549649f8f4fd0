// Panel 2: the E-step as a table; each cell shows its formula with the numbers filled in.

const estepPanel = {
  id: "estep",
  draw(view) {
    if (view.trace.in_sequence) return drawPasses(view);
    if (!view.trace.rows) return drawBands(view);
    return [lead(view.notation.e_step), rowTable(view), worked(view)];
  },
  text(view) {
    const { trace, step } = view;
    if (trace.in_sequence) return passesPanel.text(view);
    if (!view.eDone) return "No E-step yet.";
    if (!trace.rows) return bandLines(view).map((line) => line.join(", ")).join("\n");
    return `E-step ${view.number} at ${trace.symbols.map((name, i) => name + " = " + plain(view.before[i])).join(", ")}.\n${
      trace.rows.items.map((item, i) => item.states.filter(() => item.states.length > 1)
        .map((k) => workedText(view, i, k)).join("\n") || rowText(item) + ": only " + trace.components[item.states[0]] + " is possible").join("\n")}`
      + (trace.rows.items.length < trace.rows.distinct ? `\n(the first ${trace.rows.items.length} of ${trace.rows.distinct} rows)` : "")
      + (step.tallies[0].what === "n" ? `\nSums: ${massText(view)}.` : "");
  },
  latex: (view) => (view.trace.in_sequence ? passesPanel.latex(view) : view.eDone && view.trace.rows ? view.trace.rows.items.flatMap((item, i) => item.states.filter(() => item.states.length > 1)
    .map((k) => `${latex(...responsibilityPair(view, k, item.label))} = ${latex(dividedText(view, i, k))} = ${fourDecimals(view.step.responsibilities[i][k])}`)) : []),
};

const lead = (text) => html("p", { class: "lead" }, formulaOrWords(text));
const formulaOrWords = (text) => (/[()=]/.test(text) && !/,\s\w+\s\w+/.test(text) ? formula(text) : withGreek(text));

const responsibilityPair = (view, k, row) => { const [text, names] = view.notation.responsibility(k, row); return [[text], names]; };

function dividedText(view, i, k) {
  const formulas = view.step.formulas[i];
  const terms = view.trace.rows.items[i].states.map((state) => formulas[state]);
  return `${formulas[k] || "?"} / (${(terms.length > 4 ? [...terms.slice(0, 3), "...", terms.at(-1)] : terms).join(" + ")})`;
}

const jointOf = (view, i, k) => { const value = view.step.log_joint[i][k]; return value === null ? 0 : Math.exp(value); };

function workedText(view, i, k) {
  const [text, names] = view.notation.responsibility(k, view.trace.rows.items[i].label);
  return `${filled(text, names)} = ${dividedText(view, i, k)} = ${fourDecimals(view.step.responsibilities[i][k])}`;
}

function rowTable(view) {
  const { trace, step } = view;
  const { items, distinct, repeated } = trace.rows;
  const named = items.some((item) => item.name);
  const columns = items.some((item) => item.label.includes("=")) ? [] : Object.keys(items[0].values).slice(0, 3);
  const states = view.K <= 6 ? range(view.K) : [];
  const left = named ? 2 : 1;
  const mass = step.tallies[0] && step.tallies[0].what === "n" && states.length ? step.tallies[0].values : null;
  const numbers = (item) => [...columns.map((name) => item.values[name] === null ? "–" : plain(item.values[name])), ...(repeated ? [plain(item.weight)] : [])];
  const between = columns.length + (repeated ? 1 : 0);
  return html("div", {}, table({
    left,
    label: items.length > 10 ? "Rows of the E-step" : null,
    heads: ["row", ...(named ? [html("th", { scope: "col", class: "tosses" }, "tosses")] : []), ...columns, ...(repeated ? ["times"] : []), ...(states.length ? states.map((k) => formula(...responsibilityPair(view, k, view.notation.any_row))) : ["states"])],
    rows: items.map((item, i) => ({
      "data-row": i, class: i === view.shownRow ? "lit" : null,
      cells: [item.label, ...(named ? [html("td", { class: "mono" }, item.name)] : []), ...numbers(item),
        ...(states.length ? states.map((k) => responsibilityCell(view, i, k)) : [item.states.map((k) => responsibilityCell(view, i, k, "span"))])],
    })),
    foot: mass && ["sum", ...(named ? [html("td", { class: "mono" })] : []), ...range(between).map(() => ""), ...states.map((k) => (view.eDone ? fourDecimals(mass[k]) : "·"))],
  }), items.length < distinct ? note(`The first ${items.length} of ${distinct.toLocaleString("en")} ${repeated ? "different rows" : "rows"}; sums are of all.`) : null);
}

// One responsibility: a button that shows its formula, with a bar as long as it.
function responsibilityCell(view, i, k, tag = "td") {
  const item = view.trace.rows.items[i];
  if (!item.states.includes(k)) return tag === "td" ? html("td", { class: "number dim" }, "–") : null;
  const value = view.eDone ? view.step.responsibilities[i][k] : null;
  const text = value === null ? "·" : fourDecimals(value);
  const lit = i === view.shownRow && k === shownComponent(view);
  return html(tag, { class: "number responsibility" }, html("button", {
    class: `cell${lit ? " lit" : ""}`, "data-act": "cell", "data-value": `${i}:${k}`,
    "aria-label": `row ${rowText(item)}, ${view.trace.components[k]}: ${view.eDone ? text : "not yet known"}`,
    "aria-pressed": String(lit) },
    svg("svg", { class: "spark", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: `fill c${k % 8}`, x: 0, y: 0, height: 4, width: (100 * (value || 0)).toFixed(2) })),
    tag === "span" ? `${view.trace.components[k]} ${text}` : text));
}

function shownComponent(view) {
  const states = view.trace.rows.items[view.shownRow].states;
  return states.includes(view.component) ? view.component : states[0];
}

const MOST_DIVIDED = 70; // letters of a fraction; where it is longer, each part of it has a line of its own

// The formula of the chosen cell: in letters, in numbers, and worked out.
function worked(view) {
  const i = view.shownRow;
  const item = view.trace.rows.items[i];
  const k = shownComponent(view);
  if (!view.eDone) return html("p", { class: "worked muted" }, "Choose a cell to see its formula.");
  const { notation, step } = view;
  const joints = item.states.map((state) => notation.joint(state, item.label));
  const named = Object.fromEntries(joints.flatMap(([, names], n) => [[`k${n}`, names.k], [`i${n}`, names.i]]));
  const inLetters = joints.map(([text], n) => text.replace(/\{(\w)\}/g, `{$1${n}}`));
  const own = inLetters[item.states.indexOf(k)];
  const values = item.states.map((state) => significant(jointOf(view, i, state)));
  const shown = jointOf(view, i, item.states[0]) > 0 || jointOf(view, i, k) > 0;
  const short = item.states.length <= 4;
  const divided = dividedText(view, i, k);
  const rule = view.trace.posterior ? null : note("Here rows are not shared out by their posterior: q is how they were assigned.");
  return html("div", { class: `worked c${k % 8}`, "aria-live": "polite" },
    html("p", { class: "worked-title" }, `row ${rowText(item)}, component ${view.trace.components[k]}`),
    view.trace.posterior ? [
      written(equation(formula(...responsibilityPair(view, k, item.label)), short ? formula(`${own} / (${inLetters.join(" + ")})`, named) : null)),
      item.states.length < 2 ? null : divided.length < MOST_DIVIDED ? written(equals(formula(divided)))
        : item.states.slice(0, 4).map((state, n) => written(formula(inLetters[n], named), pieces(`= ${step.formulas[i][state]}`), equals(formula(values[n])))),
      shown && short && item.states.length > 1 ? written(equals(formula(`${significant(jointOf(view, i, k))} / (${values.join(" + ")})`))) : null,
    ] : written(formula(...responsibilityPair(view, k, item.label))),
    written(result(fourDecimals(step.responsibilities[i][k]), "responsibility")), rule);
}

const equation = (left, right) => [left, right && equals(right)];

// Without rows: how sure the E-step is.
function bandLines(view) {
  const { bands, components } = view.trace;
  return bands.names.map((name, b) => [name, ...components.map((_, k) => (view.eDone ? plain(bands.counts[view.s][b][k]) : "·"))]);
}

function drawBands(view) {
  const [first] = view.step.tallies;
  return [lead(view.notation.e_step),
    prose("No row of the data is in this page. Rows are counted by their largest responsibility, under the component that has it:"),
    table({
      heads: ["largest share", ...view.trace.components],
      rows: bandLines(view).map((cells) => ({ cells })),
      foot: first && first.what === "n" && ["sum of shares", ...first.values.map((m) => (view.eDone ? fourDecimals(m) : "·"))],
    }),
    note("With include_data=True (--include-data) the page shows the arithmetic row by row.")];
}
