// The bridge: from the general formula of the M-step to its numbers, link by link. Python wrote the links, with places for the
// numbers of a step; these are put in here, in the letters of the chosen notation.

const PLACE = /\{([a-z])([\d_]*)\}/g;

// The links for what is shown; none where Python wrote none, or where they are not those of this trace.
function bridgeLinks({ trace, original, notation }) {
  const same = trace.components.length === original.components.length && trace.posterior;
  const { links, texts } = trace.bridge;
  return same ? links[notation.key].map(({ name, said, lines }) => ({ name, said: texts[said], lines: lines.map((n) => texts[n]) })) : [];
}

// The number at a place such as {t1_0}, as Python's `Numbers` writes it.
function numberAt({ step, trace }, kind, at) {
  const update = () => step.updates.find((line) => line.symbol === trace.symbols[at[0]]);
  const computed = () => { const { computed: own, value } = update(); return own === undefined ? value : own; };
  switch (kind) {
    case "t": return amount(step.tallies[at[0]], step.tallies[at[0]].values[at[1]]);
    case "r": return step.row_tallies.map((row) => amount(step.tallies[at[0]], row[at[0]][at[1]])).join(" + ");
    case "w": return significant(computed() * step.tallies[0].values[at[1]], 5);
    case "u": return update().substituted;
    case "v": return significant(computed());
    case "a": return amount(step.tallies[at[0]], sum(range((at.length - 1) / 2).map((n) => step.tallies[at[0]].values[at[2 * n + 1]] * at[2 * n + 2])));
    default: return plain(sum(step.tallies[at[0] || 0].values));
  }
}

// The names of states, components and parameters; they are set as text and never read as formulas.
function namesAt({ trace, notation }) {
  return Object.fromEntries([
    ...notation.states.map((name, k) => [`k${k}`, name]),
    ...trace.components.map((name, k) => [`c${k}`, name]),
    ...trace.symbols.map((name, n) => [`s${n}`, () => symbolMath(name)]),
  ]);
}

const withNumbers = (view, line) => line.replace(PLACE, (whole, kind, at) =>
  ("kcs".includes(kind) ? whole : numberAt(view, kind, at.split("_").filter(Boolean).map(Number))));

// A line of a link as MathML.
const bridgeLine = (view, line) => pieces(withNumbers(view, line), namesAt(view));

function drawBridge(view) {
  const links = bridgeLinks(view);
  if (!links.length) return null;
  return html("div", { class: "bridge" },
    html("h3", {}, "From the formula to the numbers"),
    html("ol", {}, links.map((link, n) => html("li", {}, html("div", { class: `link${n === view.link ? " lit" : ""}`, "data-act": "link", "data-value": n, "data-link": link.name },
      button("link", withLetters(link.said), { class: "said-of", "data-value": n, "aria-pressed": String(n === view.link) }),
      html("div", {}, link.lines.map((line) => written(bridgeLine(view, line)))))))));
}

// The same, with indices below their letters.
const withLetters = (text) => withGreek(text).split(/((?<!\p{L})\p{L}_\w+)/u).map((part, n) => (n % 2 ? symbol(part) : part));

// Words with Greek letters by their signs.
const withGreek = (text) => text.replace(/\b(theta|lambda|alpha|beta|pi|mu)(?=\b|_)/g, (word) => GREEK[word]).replaceAll(" * ", " · ");
