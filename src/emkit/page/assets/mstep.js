// Panel 3: the M-step. Expected counts row by row where rows are few, and each update as a ratio with its numbers.

const MOST_UPDATES = 24;
const MOST_OPEN = 12; // updates beyond are folded away: they are made alike

const mstepPanel = {
  id: "mstep",
  draw(view) {
    return [lead(view.notation.m_step), sideBySide([countsTable(view), otherTosses(view)].filter(Boolean), updateList(view)), view.eDone ? drawBridge(view) : null];
  },
  text(view) {
    if (!view.eDone) return "No M-step yet.";
    const counts = countColumns(view).map(({ name, total }) => `${name}: ${total}`).join("; ");
    const lines = view.mDone ? updateTexts(view) : ["The M-step has not been taken yet."];
    return [counts && `Expected counts. ${counts}.`, ...lines].filter(Boolean).join("\n");
  },
  latex: (view) => (view.mDone ? view.step.updates.map((u) => `${symbolLatex(u.symbol)} = ${latex(u.substituted)} = ${significant(u.value)}`) : []),
};

const sideBySide = (left, right) => (left.length ? html("div", { class: "two" }, html("div", {}, left), right) : right);

const updateTexts = (view) => view.step.updates.length
  ? view.step.updates.map((u) => `${u.symbol} = ${u.formula} = ${u.substituted} = ${significant(agrees(u) ? u.value : u.computed)}${agrees(u) ? "" : ", raised to " + significant(u.value) + " by the floor under the variances"}`)
  : view.trace.symbols.map((name, i) => `${name}: ${significant(view.before[i])} becomes ${significant(view.after[i])}`);

const agrees = (u) => u.computed === undefined || Math.abs(u.computed - u.value) <= 1e-9 * Math.max(Math.abs(u.computed), Math.abs(u.value));

// The counts that the updates are made of: one for each component and kind of count.
function countColumns(view) {
  const named = view.step.tallies.map((t, n) => ({ ...t, n })).filter((t) => (t.what !== "n" && t.what !== "count") || t.mark);
  return named.filter((t) => !t.shared).flatMap((t) => t.values.map((value, k) => ({ t, k, value })))
    .sort((a, b) => a.k - b.k || a.t.n - b.t.n)
    .map(({ t, k, value }) => ({
      n: t.n, k, tally: t, total: amount(t, value),
      name: view.notation.attribution(k, t.what + t.mark.replaceAll("_", " ")),
    }));
}

function countsTable(view) {
  const columns = countColumns(view);
  const rows = view.step.row_tallies || [];
  if (!columns.length) return null;
  if (!rows.length) return columns.length > 12 * view.K ? null : countsDown(view, columns);
  if (columns.length > 12) return null;
  const cell = (text) => (view.eDone ? text : "·");
  return table({
    heads: ["row", ...columns.map(({ name, k }) => headOf(name, k))],
    rows: rows.map((row, i) => ({
      "data-row": i, class: i === view.shownRow ? "lit" : null,
      cells: [view.trace.rows.items[i].label, ...columns.map(({ n, k, tally: own }) => cell(amount(own, row[n][k])))],
    })),
    foot: ["sum", ...columns.map(({ total }) => cell(total))],
  });
}

// Where the missing tosses are: the heads and tails of a row, counted for one component, are not all its tosses.
function otherTosses(view) {
  const { step, trace, shownRow: i } = view;
  const [heads, tails] = ["heads", "tails"].map((what) => step.tallies.findIndex((t) => t.what === what && !t.mark));
  if (!view.eDone || heads < 0 || !step.row_tallies || view.K !== 2) return null;
  const k = shownComponent(view);
  const [h, t] = [heads, tails].map((n) => step.row_tallies[i][n]);
  const all = sum(h) + sum(t);
  return note(`Row ${trace.rows.items[i].label}: ${count(h[k])} heads + ${count(t[k])} tails are not ${plain(all)} tosses but ${count(h[k] + t[k])}: `
    + `the other ${count(h[1 - k] + t[1 - k])} went to ${trace.components[1 - k]}, with its responsibility ${fourDecimals(step.responsibilities[i][1 - k])}.`);
}

const headOf = (name, k) => html("th", { scope: "col", class: `number c${k % 8}` }, withLetters(name));

function countsDown(view, columns) {
  const { tallies } = view.step;
  const kinds = [...(tallies[0].what === "n" ? [0] : []), ...new Set(columns.map(({ n }) => n))];
  return table({
    heads: ["sum of", ...view.trace.components.map(headOf)],
    rows: kinds.map((n) => ({
      cells: [tallies[n].what === "n" ? "rows" : (tallies[n].what + tallies[n].mark).replaceAll("_", " "),
        ...tallies[n].values.map((value) => (view.eDone ? amount(tallies[n], value) : "·"))],
    })),
  });
}

function updateList(view) {
  const { step, trace } = view;
  if (!view.eDone) return html("p", { class: "muted" }, "The E-step comes first.");
  if (!step.updates.length) {
    return html("ul", { class: "updates" }, trace.symbols.map((name, i) => html("li", {}, symbol(name), " ",
      result(view.mDone ? significant(view.after[i]) : "?"))));
  }
  let before = "";
  const lines = step.updates.slice(0, MOST_UPDATES).map((u) => {
    const words = u.formula === before ? null : u.formula;
    before = u.formula;
    return html("li", { class: `${owner(view, u)}` },
      words ? html("span", { class: "in-words" }, words.replaceAll("*", "·").replaceAll("^2", "²")) : null,
      html("div", { class: "update formula" }, symbol(u.symbol), pieces(`= ${u.substituted}`),
        result(view.mDone ? significant(u.value) : "?", u.symbol),
        agrees(u) || !view.mDone ? null : html("span", { class: "note" }, ` raised to the floor under the variances from ${significant(u.computed)}`)));
  });
  const more = step.updates.length > MOST_UPDATES ? html("li", { class: "note" }, `… and ${step.updates.length - MOST_UPDATES} more`) : null;
  const list = (shown) => html("ul", { class: `updates${step.updates.length > 6 ? " many" : ""}` }, shown);
  const folded = lines.length > MOST_OPEN;
  return html("div", {}, folded ? note("All lines are made alike: follow the first, then choose the one you ask about.") : null,
    list(folded ? lines.slice(0, MOST_OPEN / 2) : [...lines, more]),
    folded ? html("details", {}, html("summary", {}, `the other ${step.updates.length - MOST_OPEN / 2}`), list([...lines.slice(MOST_OPEN / 2), more])) : null,
    view.mDone ? null : html("p", { class: "muted" }, "Press m to divide."), heldNote({ trace, theta: view.before }, "Held at their start: "));
}

// The colour of the component that a parameter belongs to, if its name says so.
function owner(view, { symbol: name }) {
  const k = view.trace.components.findIndex((component) => name.split("_").slice(1).includes(component));
  return k < 0 ? "" : `c${k % 8}`;
}
