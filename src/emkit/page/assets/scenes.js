// The six scenes: what is not known, a guess, the E-step, the M-step, why it climbs, where it ends.

const told = ({ trace }, name) => (trace.story.told[name] || []).map((text) => prose(withGreek(text)));
const hasLine = ({ browser_em: own, rows }) => own && own.family === "columns" && rows;
const canBeKnown = (trace) => hasLine(trace) && (trace.story.order || trace.rows.items.length <= 12);
const isFew = ({ marks }) => marks.kind === "rows";
const drawMarks = (view, width) => { const draw = MARKS[view.trace.marks.kind]; return draw ? [view.eDone ? legend(view.trace) : null, draw(view, width)] : null; };

// The entries of theta that are free; of two proportions, the first says both.
const freeEntries = ({ symbols, held, components }) => range(symbols.length).filter((n) => !held.includes(symbols[n]) && !(n === 1 && components.length === 2 && held.length === 0 && /proportion/.test(symbols[1])));

// Parameters by name with their numbers, in a sentence.
const inNumbers = ({ trace, theta }, entries, write = significant) => entries.flatMap((n, at) => [at ? ", " : "", symbol(trace.symbols[n]), ` = ${write(theta[n])}`]);

const number = (value) => html("strong", {}, fourDecimals(value).replace("-", "−"));

const heldNote = (view, said) => (view.trace.held.length ? note(said, inNumbers(view, view.trace.held.map((name) => view.trace.symbols.indexOf(name)), plain), ".") : null);

// The start with its numbers.
function thetaList(view, title) {
  const { trace } = view;
  const shown = freeEntries(trace);
  return html("div", { class: "theta" }, html("p", { class: "theta-title" }, title),
    html("ul", {}, shown.slice(0, 12).map((n) => html("li", {}, symbol(trace.symbols[n]), " = ", html("output", { "data-number": `start ${trace.symbols[n]}` }, plain(view.theta[n])))),
      shown.length > 12 ? html("li", {}, `… ${shown.length} in all`) : null),
    heldNote(view, "Held: "));
}

SCENES.push({
  name: "not-known",
  title: "What is not known",
  at: () => 0,
  text: (view) => [html("p", { class: "lead-in" }, withGreek(view.trace.about)), told(view, "not-known"), canBeKnown(view.trace) ? knownText(view) : null,
    thetaList(view, "EM begins with a guess:")],
  picture: (view, width) => (canBeKnown(view.trace) ? [drawUnknown(view)] : [drawMarks(view, width) || drawLand(view, width)]),
});

SCENES.push({
  name: "guess",
  title: "A guess",
  shown: (trace) => trace.browser_em && trace.rows,
  at: () => 0,
  text(view) {
    const { trace } = view;
    const item = trace.rows.items[view.shownRow];
    return [
      thetaList(view, "The guess θ₀:"),
      prose(`Drag ${hasLine(trace) ? "its marks" : "the centres"}, or move them with the arrow keys: everything that follows is worked out anew.${hasLine(trace) && trace.rows.items.every((each) => isTossed(each) && each.weight === 1) ? " So it is if you turn a toss over, add a row or take one away." : ""}`),
      told(view, "guess"),
      prose(`How likely is ${rowCalled(item)}, with each of them?`),
      hasLine(trace) ? null : drawLikely(view, 300),
    ];
  },
  picture: (view, width) => (hasLine(view.trace)
    ? [drawRows(view, width), drawLikely(view, width), drawLine(view, width)] : [drawMarks(view, width)]),
});

const rowCalled = (item) => (/^\d/.test(item.label) ? "row " : "a row with ") + [item.label, item.name].filter(Boolean).join(", ");

SCENES.push({
  name: "e-step",
  title: "The E-step",
  at: () => 1,
  text(view) {
    const { trace } = view;
    if (!trace.rows) return [told(view, "e-step"), estepPanel.draw(view)];
    return [
      prose("Every row is shared out among the components, in the proportion in which they make it likely:"), lead(view.notation.e_step), worked(view), told(view, "e-step"),
      isFew(trace) ? note("Point at another row, or step through them, to open its formula.") : rowTable(view),
    ];
  },
  picture: (view, width) => (hasLine(view.trace) ? [legend(view.trace), drawRows(view, width), drawLine({ ...view, position: 1 }, width)] : [drawMarks(view, width) || drawBoundAt(view, width)]),
});

SCENES.push({
  name: "m-step",
  title: "The M-step",
  shown: (trace) => trace.steps[0].updates.length > 0,
  at: () => 2,
  text(view) {
    return [
      prose("Now the shares are fixed, and θ is free. Every row counts for every component, by its share:"), countsTable(view), otherTosses(view), told(view, "m-step"),
      drawBridge(view) || updateList(view),
    ];
  },
  picture: (view, width) => (hasLine(view.trace) ? [legend(view.trace), drawExpected(view, width), drawLine(view, width)] : [drawMarks(view, width) || drawBoundAt(view, width)]),
});

SCENES.push({
  name: "why-it-climbs",
  title: "Why it climbs",
  at: () => 2,
  text(view) {
    const [touch, top] = touchAndTop(view);
    if (!view.trace.bounds[view.s].s.length) return [doesNotMove()];
    const closes = top.gap > 0
      ? [`There a gap of `, number(top.gap), ` has opened, KL(Q ‖ p): the shares are still those of θ₀. The next E-step closes it, and the bound touches again at `, number(top.log_likelihood), "."]
      : ["No gap opens here: θ₁ gives the same shares, so the next step will change nothing. The log-likelihood is ", number(top.log_likelihood), "."];
    return [
      view.trace.posterior ? prose("The E-step hangs a bound below the log-likelihood that touches it at θ₀: ", number(touch.bound), ".") : prose(boundText(view)),
      prose("The M-step goes to the top of the bound, θ₁: up by ", number(top.bound - touch.bound), ", to ", number(top.bound), "."),
      prose(closes),
      prose("The log-likelihood lies above the bound everywhere, so it rose at least as much: EM cannot fall."),
      slider(view), told(view, "why-it-climbs"),
    ];
  },
  picture: drawBoundAt,
});

const placeOf = ({ trace, s, place }) => { const many = trace.bounds[s].s.length; return place === null || place >= many ? trace.bounds[s].s.indexOf(1) : place; };

function drawBoundAt(view, width) {
  const curve = view.trace.bounds[view.s];
  if (!curve.s.length) return drawLand(view, width);
  return [boundLegend(view), drawBound(view, curve, width, view.mDone ? placeOf(view) : null)];
}

// One slider moves theta from the old to the new place and beyond: both heights and the gap follow.
function slider(view) {
  const curve = view.trace.bounds[view.s];
  const at = placeOf(view);
  const base = accountAt(view.trace, 2 * view.s).log_likelihood;
  const rows = [["log-likelihood", base + curve.l[at]], ["bound", base + curve.b[at]], ["gap", curve.l[at] - curve.b[at]]];
  return html("div", { class: "slider" },
    html("label", {}, "θ from θ₀ (s = 0) to θ₁ (s = 1) ", html("input", { type: "range", min: 0, max: curve.s.length - 1, step: 1, value: at, "data-act": "slide", "aria-valuetext": `s = ${plain(curve.s[at])}` })),
    html("dl", {}, html("div", {}, html("dt", {}, "s"), html("dd", {}, fixed(curve.s[at], 2).replace("-", "−"))),
      rows.map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", { "data-number": name }, fixed(cleaned(value, base), 3).replace("-", "−"))))));
}

SCENES.push({
  name: "where-it-ends",
  title: "Where it ends",
  at: (trace) => lastPosition(trace),
  text(view) {
    const { trace } = view;
    const last = lastAccount(trace);
    const many = trace.steps.length;
    return [
      prose(`After ${many} step${many === 1 ? "" : "s"} EM ${trace.stands_still ? "stands still" : "is here"}, at log-likelihood `, number(last.log_likelihood), "."),
      thetaList(view, "There θ is:"),
      trace.browser_em ? prose(hardText(view)) : endingOf(view),
      told(view, "where-it-ends"),
      trace.ridge ? prose(ridgeText(view), view.K === 2 ? " Drag the start, or move it with the arrow keys: one step leads to another place of the ridge." : null) : null,
      questions(view),
      listed("points", trace.notice),
      onward(),
    ];
  },
  picture: (view, width) => (view.original.ridge && view.K === 2 ? [drawRidge(view, width)] : [view.trace.marks.lines && drawMarks(view, width), drawLand(view, width)]),
});

// From the end of a story to the pages beside this one, of which the next is the last.
function onward() {
  const links = [...document.querySelectorAll(".beside a")].reverse();
  return links.length ? html("p", { class: "onward" }, links.map((link) => html("a", { href: link.getAttribute("href") }, link.textContent))) : null;
}

// Questions that mark what is answered, to the digits that are given.
function questions({ trace, answers }) {
  const asked = trace.imagined ? [] : trace.story.questions;
  return asked.length ? [note("Answer to two decimals or more, or in per cent, rounded:"), html("ol", { class: "questions" }, asked.map(({ asked: text, answer, scene }, n) => {
    const given = answers[n];
    const right = given !== undefined && isRight(given, answer);
    return html("li", {}, html("label", {}, withLetters(`${text} `), html("input", { type: "text", inputmode: "decimal", size: 8, "data-act": "answer", "data-value": n, value: given || "" })),
      given === undefined ? null : html("span", { class: `verdict ${right ? "right" : "wrong"}`, role: "status" }, right ? " ✓ right" : " ✗ not so. ",
        right ? null : button("scene", "look again", { "data-value": scene })));
  }))] : null;
}

// Whether an answer, which may be in per cent, is right to its own digits, of which it has two behind the point at least.
function isRight(given, answer) {
  const [, typed, decimals = "", percent] = given.trim().replace(",", ".").replace("−", "-").match(/^(-?\d*(?:\.(\d*))?)\s*(%?)$/) || [];
  const digits = decimals.length + (percent ? 2 : 0);
  const value = percent ? typed / 100 : Number(typed);
  return Boolean(typed) && (digits >= 2 || value === answer) && Math.abs(value - answer) <= 0.5001 * 10 ** -digits;
}

// What the same start gives if every row goes wholly to its likeliest component.
function hardText({ trace }) {
  const model = trace.browser_em;
  const theta = FAMILY[model.family].fromEntries(model, trace.path[0], trace.components.length);
  const run = emRun(model, theta, { hard: true });
  const values = FAMILY[model.family].entries(run.thetas.at(-1));
  const shown = freeEntries(trace).slice(0, 4);
  return ["Beside it, hard EM, which gives every row wholly to its likeliest component, ends at ", inNumbers({ trace, theta: values }, shown), "."];
}

const drawLand = (view, width) => [pathPanel.draw(view, width)];
