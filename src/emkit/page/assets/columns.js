// One column with a probability for each component in the page's own EM, by the formulas that its family describes itself with.

const VALUES = {
  Sum: (...terms) => sum(terms),
  Product: (...factors) => factors.reduce((product, factor) => product * factor, 1),
  Quotient: (a, b) => a / b,
  Less: (a, b) => a - b,
  Power: (a, b) => a ** b,
};

const isName = (part) => part.name !== undefined;
const isNumber = (part) => part.number !== undefined;

function valueOf(tree, at) {
  if (isName(tree)) return at[tree.name];
  return isNumber(tree) ? tree.number : VALUES[tree.kind](...tree.parts.map((part) => valueOf(part, at)));
}

// With the numbers filled in, each written by `write`. Factors of 1 are not written.
function textOf(tree, at, write) {
  if (isName(tree) || isNumber(tree)) return write(valueOf(tree, at));
  const inside = (part, loose) => (loose.includes(part.kind) ? `(${textOf(part, at, write)})` : textOf(part, at, write));
  const [first, second] = tree.parts;
  switch (tree.kind) {
    case "Power": {
      const [base, times] = [first, second].map((part) => valueOf(part, at));
      return times === 0 ? "1" : write(base) + (times === 1 ? "" : `^${general(times, 6)}`);
    }
    case "Choose": return `C(${valueOf(first, at)},${valueOf(second, at)})`;
    case "Product": return tree.parts.map((part) => inside(part, ["Sum", "Less"])).filter((text) => text !== "1").join(" * ") || "1";
    case "Quotient": return `${inside(first, ["Sum", "Less"])} / ${inside(second, ["Sum", "Less", "Product", "Quotient"])}`;
    case "Less": return `${textOf(first, at, write)} - ${inside(second, ["Sum", "Less"])}`;
    default: return tree.parts.map((part) => textOf(part, at, write)).join(" + ");
  }
}

// The binomial coefficients in a formula.
const choicesIn = (tree) => (tree.kind === "Choose" ? [tree] : (tree.parts || []).flatMap(choicesIn));

// The logarithm, where 0 times log 0 is 0. What holds no parameter is in the model's log_base.
function logOf(tree, at) {
  if (tree.kind === "Product") return sum(tree.parts.map((part) => logOf(part, at)));
  if (tree.kind === "Choose") return 0;
  if (tree.kind !== "Power") return Math.log(valueOf(tree, at));
  const times = valueOf(tree.parts[1], at);
  return times === 0 ? 0 : times * Math.log(valueOf(tree.parts[0], at));
}

const cellsOf = (model, theta, k, i) => ({
  [model.parameter]: theta.probabilities[k], ...Object.fromEntries(model.cells.map((cell, n) => [cell, model.x[i][n]])),
});
const totalsOf = (model, stats, k) => ({ rows: stats.mass[k], ...Object.fromEntries(model.totals.map((total, n) => [total, stats.totals[n][k]])) });

const logChoose = (n, k) => sum(range(k).map((i) => Math.log((n - i) / (i + 1))));

FAMILY.columns = {
  logBase: (model, x) => x.map((_, i) => { const at = cellsOf({ ...model, x }, { probabilities: [0] }, 0, i); return sum(choicesIn(model.density).map(({ parts: [n, k] }) => logChoose(valueOf(n, at), valueOf(k, at)))); }),
  shown: (cells) => [cells[0], sum(cells)], // the second column of two has all trials
  ofProbabilities: true, // every parameter lies between 0 and 1
  logDensity: (model, theta, k, i) => logOf(model.density, cellsOf(model, theta, k, i)) + model.log_base[i],
  statistics: (model, theta, responsibilities) => ({
    mass: massOf(model, responsibilities),
    totals: model.totals.map((_, n) => componentsOf(responsibilities).map((k) => sum(model.x.map((x, i) => model.weights[i] * responsibilities[i][k] * x[n])))),
  }),
  estimate: (model, stats, theta) => ({
    proportions: newProportions(model, stats, theta),
    probabilities: theta.probabilities.map((old, k) => {
      const value = valueOf(model.update, totalsOf(model, stats, k));
      return Number.isFinite(value) ? value : old;
    }),
  }),
  entries: (theta) => [...theta.proportions, ...theta.probabilities],
  fromEntries: (model, values, K) => ({ proportions: values.slice(0, K), probabilities: values.slice(K) }),
  pack: (theta) => [...sticks(theta.proportions), ...theta.probabilities.map((p) => Math.log(p) - Math.log(1 - p))],
  unpack: (model, at, K) => ({ proportions: unstuck(at.slice(0, K - 1)), probabilities: at.slice(K - 1).map((odds) => 1 / (1 + Math.exp(-odds))) }),
  valid: (theta) => theta.probabilities.every((p) => p >= 0 && p <= 1) && theta.proportions.every((p) => p >= 0 && p <= 1),
  tallies: (model, stats) => [tally("n", stats.mass), ...model.totals.map((total, n) => tally(total, stats.totals[n], "", model.is_count[n]))],
  joint: (model, theta, k, i) => `${plain(theta.proportions[k])} * ${textOf(model.density, cellsOf(model, theta, k, i), plain)}`,
  updates: (model, stats) => stats.mass.map((_, k) => ({
    formula: model.update.text,
    substituted: textOf(model.update, totalsOf(model, stats, k), count),
    computed: valueOf(model.update, totalsOf(model, stats, k)),
  })),
  randomStart: (model, K, random) => ({ proportions: evenly(K), probabilities: range(K).map(() => 0.05 + 0.9 * random()) }),
  pairs: (model, K) => (K === 1 ? [[1]] : [[K, K + 1], ...(model.held ? [] : [[0, K], [0, K + 1]])]),
};
