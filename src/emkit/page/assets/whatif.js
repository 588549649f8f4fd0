// Panel 7: what if? Another start, hard assignment, another number of components, known labels.

const whatifPanel = {
  id: "whatif",
  draw(view) {
    if (!view.trace.browser_em && !view.live) return cannot(view);
    const { settings, trace, original } = view;
    return [
      html("div", { class: "what-if", role: "group", "aria-label": "What if" },
        html("fieldset", {}, html("legend", {}, "A row goes"),
          choice("hard", "soft", "to every component, in shares", !settings.hard),
          choice("hard", "hard", "wholly to its likeliest (hard EM)", settings.hard)),
        html("label", { class: "choice" }, "components ", html("select", { "data-act": "components", id: "components" },
          Object.keys(componentCounts(view)).map((K) => html("option", { value: K, selected: Number(K) === settings.K }, K)))),
        html("div", { class: "buttons" }, button("another", "another start"),
          button("reset", "back to the original", { disabled: !trace.imagined }))),
      trace.browser_em ? startFields(view) : null,
      trace.browser_em && trace.rows && original.rows.distinct <= 12 ? labelFields(view) : null,
      html("p", { class: "verdict", "aria-live": "polite" }, verdict(view)),
    ];
  },
  text: verdict,
};

const componentCounts = (view) => (view.trace.browser_em ? view.trace.browser_em.names : Object.fromEntries(range(6).map((k) => [k + 1, 0])));

const choice = (action, value, text, checked) => html("label", { class: "radio" },
  html("input", { type: "radio", name: action, value, "data-act": action, checked }), ` ${text}`);

// The page of somebody's data without the data cannot compute: it says how to get one that can.
function cannot({ trace }) {
  return [prose(trace.rows || trace.in_sequence || trace.marks.kind === "points"
    ? "The page computes what-ifs itself for few rows without gaps, of columns with a probability, such as coins, or one or two normal ones. For others, Python does it live:"
    : "Without the data in it, this page can only show what was computed before. Live, with your data on your machine alone:"),
  html("pre", {}, "emkit explore LESSON\nemkit explore data.csv --model FAMILY -k 2")];
}

function verdict(view) {
  const { trace, original } = view;
  const end = (t) => `${fourDecimals(lastAccount(t).log_likelihood)} after ${t.steps.length} step${t.steps.length === 1 ? "" : "s"}${t.stands_still ? "" : ", not at rest"}`;
  if (view.refused) return view.refused;
  if (view.waiting) return "Python is fitting …";
  if (!trace.imagined) return `The original run ends at log-likelihood ${end(trace)}.`;
  const by = trace.browser_em ? "worked out in this page" : "worked out by Python just now";
  const gap = lastAccount(original).log_likelihood - lastAccount(trace).log_likelihood;
  const more = trace.components.length !== original.components.length ? "" : Math.abs(gap) < 1e-6 ? " The same height." : gap > 0 ? ` That is ${small(gap)} lower.` : ` That is ${small(-gap)} higher.`;
  return `What if (${by}): this run ends at log-likelihood ${end(trace)}${trace.ownRows ? " with your rows." : "; the original at " + end(original) + "." + more}`;
}

// The settings of a trace that nobody has changed.
const settingsOf = (trace) => ({ K: trace.components.length, hard: trace.browser_em ? trace.browser_em.hard : false, labels: null, rows: null, values: trace.path[0], seed: 0 });

// Work the what-if out, here or on the server, and show it from the start.
function whatIf(changes, { keepPosition = false, quick = false } = {}) {
  const settings = { ...state.settings, ...changes };
  if (state.original.browser_em) {
    const made = imagine(state.original, { ...settings, quick });
    setState(made.refused ? made : { settings, trace: made, position: keepPosition ? Math.min(state.position, lastPosition(made)) : 0, row: keepPosition ? state.row : null });
    return;
  }
  if (state.live) refit(settings);
}

async function refit(settings) {
  setState({ settings, waiting: true });
  const { K, hard, seed } = settings;
  try {
    const answer = await fetch(state.live, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ components: K, hard, seed }) });
    const made = await answer.json();
    if (!answer.ok) throw new Error(made.error || answer.statusText);
    setState({ waiting: false, trace: { ...made, imagined: true, browser_em: null, call: state.original.call, printed: state.original.printed }, position: 0, row: null });
  } catch (error) {
    setState({ waiting: false, refused: `No answer from Python: ${error.message}` });
  }
}

function changeComponents(K) {
  const same = K === state.original.components.length;
  const values = state.original.browser_em ? (same ? state.original.path[0] : startValues(state.original, K, 1)) : null;
  whatIf({ K, values, labels: null });
}

function anotherStart() {
  const seed = state.settings.seed + 1;
  whatIf({ seed, values: state.original.browser_em ? startValues(state.original, state.settings.K, seed) : null });
}
