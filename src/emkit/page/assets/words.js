// Panel 8: every panel in words, and the run to copy as LaTeX, CSV or Python.

const wordsPanel = {
  id: "words",
  draw(view) {
    return [
      html("div", { class: "buttons" }, ["LaTeX", "CSV", "Python", "text"].map((kind) => button("copy", `copy ${kind}`, { "data-value": kind })),
        html("span", { class: "said", role: "status" }, view.said)),
      html("p", { class: "position" }, `${positionInWords(view)}. ${parameterText(view, 7)}.`),
      html("details", {}, html("summary", {}, "The same in every notation"), everyWay(view.trace)),
      speakingPanels(view).map((panel) => html("details", { "data-words": panel.id }, html("summary", {}, titleOf(panel)), html("pre", {}, panel.text(view)))),
    ];
  },
};

// What each author calls the same thing, for component A and its heads, and where readers go astray.
function everyWay({ notations, concepts, remarks }) {
  const all = Object.values(notations);
  const called = (n, concept) => {
    const mine = n.first_of_two || n.responsibility;
    if (concept === "responsibility") return formula(mine, { k: "A", i: n.any_row });
    if (concept === "attributed") return filled(n.attributed.replace("*", " · "), { what: "heads", k: "A", share: filled(mine, { i: n.any_row }) });
    return formula(n[concept], { k: "A", i: n.any_row });
  };
  return [
    table({ left: 1 + all.length, heads: ["", ...all.map((n) => n.author)], rows: Object.keys(concepts).filter((concept) => !concept.endsWith("_step")).map((concept) => ({ cells: [concepts[concept], ...all.map((n) => called(n, concept))] })) }),
    html("ul", { class: "prose" }, remarks.map((remark) => html("li", {}, remark))),
  ];
}

const speakingPanels = (view) => PANELS.filter((panel) => panel.text && (!panel.shown || panel.shown(view)));
const titleOf = (panel) => document.querySelector(`#${panel.id} h2`).textContent;

const COPIES = {
  text: (view) => [`${view.trace.title}: ${positionInWords(view)}`, parameterText(view, 7), ...speakingPanels(view).map((panel) => `${titleOf(panel)}\n${panel.text(view)}`)].join("\n\n"),
  LaTeX: (view) => ["\\begin{align*}", [...estepPanel.latex(view), ...mstepPanel.latex(view)].map((line) => line.replace(" = ", " &= ")).join(" \\\\\n"), "\\end{align*}"].join("\n"),
  CSV: (view) => [["step", ...view.trace.symbols, "log_likelihood", "bound", "gap"].map(csvCell).join(","),
    ...view.trace.path.map((theta, t) => { const a = accountAt(view.trace, 2 * t); return [t, ...theta, a.log_likelihood, a.bound, a.gap].join(","); })].join("\n"),
  Python: (view) => (view.trace.imagined ? `${view.trace.call}\n# then, in the page: start from ${parameterTextAt(view.trace, 0)}${state.settings.hard ? ", hard assignment" : ""}` : view.trace.call),
};

const parameterTextAt = (trace, t) => trace.symbols.map((name, i) => `${name}=${plain(trace.path[t][i])}`).join(", ");

// A name as a cell that no spreadsheet takes for a formula.
function csvCell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

async function copy(kind) {
  const text = COPIES[kind](viewOf(state));
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = html("textarea", { class: "offscreen", "aria-hidden": "true" });
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  setState({ said: `copied as ${kind}` });
}
