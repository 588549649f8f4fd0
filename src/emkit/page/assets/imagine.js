// A trace for "what if": the reader's start, number of components, kind of assignment and labels, worked out in the page.

const LANDSCAPE = 33;

// The rows of a trace: their cells `x` and `weights`, the `items` of the table for the first of them, and the order of single ones.
const rowsOf = ({ browser_em: { x, weights }, rows: { items }, story: { order } }) => ({ x, weights, items, order });

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// The trace of the same model with the reader's own rows. What the original says of its rows is not true of others.
function traceWith(original, { x, weights, items, order }) {
  const { browser_em: own, rows, story } = original;
  if (isSame([x, weights], [own.x, own.weights])) return { ...original, story: { ...story, order, known: isSame(order, story.order) ? story.known : [] } };
  const model = { ...own, x, weights, log_base: own.log_base && FAMILY[own.family].logBase(own, x) };
  const shown = items.map((item, i) => itemWith(item, model, i));
  const call = [x.map((cells) => shownCells(model, cells)), weights].reduce((text, list) => text.replace("[]", () => JSON.stringify(list)), original.call_with_rows);
  return { ...original, ownRows: true, about: "These rows are yours.", notice: [], errata: [], printed: null, call, browser_em: model, story: { ...story, order, told: {}, known: [], questions: [] }, rows: { ...rows, distinct: rows.distinct + x.length - own.x.length, items: shown } };
}

// Why EM cannot begin: the first row that the start makes impossible, with the numbers at fault, or what one step leads to.
function whyNot({ browser_em: model, rows }, { symbols }, theta, settings) {
  const joint = logJoint(model, theta);
  const i = responsibilitiesOf(model, joint, settings).findIndex((shares, n) => !Number.isFinite(sum(shares.map((q, k) => q && q * joint[n][k]))));
  const atEdge = FAMILY[model.family].entries(theta).map((value, n) => (value === 0 || value === 1) && [symbols[n], value].join(" = ")).filter(Boolean);
  return i < 0 ? "One step leaves a component without spread." : `Where ${atEdge.join(" and ")}, row ${rows.items[i].label} has probability 0.`;
}

// Settings: { values (of theta0, in the order of the names), K, hard, labels, rows (the reader's own, or null) }.
function imagine(original, settings) {
  const trace = settings.rows ? traceWith(original, settings.rows) : original;
  const model = trace.browser_em;
  const family = FAMILY[model.family];
  const names = model.names[settings.K];
  const run = emRun(model, family.fromEntries(model, settings.values, settings.K), settings);
  if (!run.steps.length) return { refused: whyNot(trace, names, run.thetas[0], settings) };
  const steps = run.steps.map((step, t) => stepRecord(trace, names, run.thetas[t], step));
  return {
    ...trace,
    imagined: true,
    components: names.components,
    symbols: names.symbols,
    held: model.held ? names.symbols.slice(0, settings.K) : [],
    posterior: !settings.hard && !(settings.labels || []).some((label) => label !== null),
    path: run.thetas.map(family.entries),
    stands_still: run.standsStill,
    rows: { ...trace.rows, items: trace.rows.items.map((item) => ({ ...item, states: range(settings.K) })) },
    formulas: Object.fromEntries(steps.flatMap((step) => step.updates.map((line) => [line.symbol, line.formula]))),
    steps,
    counts: family.tallies(model, run.steps[0].stats).map(({ what, mark, shared, is_count }) => ({ what, mark, shared, is_count })),
    accounts: Object.fromEntries(Object.keys(run.accounts[0]).map((name) => [name, run.accounts.map((account) => account[name])])),
    marks: imagineMarks(trace, run),
    landscapes: settings.quick && settings.K === trace.components.length ? trace.landscapes : imagineLandscapes(model, names, run),
    bounds: run.steps.map((step, t) => imagineBound(model, step, run.thetas[t])),
    ending: null,
  };
}

const shownCells = ({ family, columns }, cells) => FAMILY[family].shown(cells).slice(0, columns.length);

// A row of the table with the reader's own numbers; coins show as many heads, wherever they fell.
function itemWith(item, model, i) {
  const { x, weights } = model;
  const shown = shownCells(model, x[i]);
  const values = Object.fromEntries(Object.keys(item.values).map((name, j) => [name, shown[j]]));
  return { ...item, values, weight: weights[i], name: isTossed(item) ? tossedWith(item.name, x[i][0]) : item.name };
}

function stepRecord(trace, names, theta, step) {
  const model = trace.browser_em;
  const family = FAMILY[model.family];
  const K = names.components.length;
  const total = sum(step.stats.mass);
  const proportions = model.held ? [] : step.stats.mass.map((mass) => ({
    formula: "rows / all rows", substituted: `${count(mass)} / ${plain(total)}`, computed: mass / total,
  }));
  const lines = [...proportions, ...family.updates(model, step.stats, theta)];
  const first = model.held ? K : 0;
  const shown = trace.rows.items.map((_, i) => i);
  return {
    tallies: valuesOf(family.tallies(model, step.stats)),
    updates: lines.map((line, i) => ({ ...line, symbol: names.symbols[first + i] }))
      .filter((line) => Number.isFinite(line.computed)),
    log_joint: shown.map((i) => step.joint[i].map((value) => (Number.isFinite(value) ? value : null))),
    formulas: shown.map((i) => range(K).map((k) => family.joint(model, theta, k, i))),
    responsibilities: shown.map((i) => step.responsibilities[i]),
    row_tallies: trace.steps[0].row_tallies && shown.map((i) => rowTallies(model, theta, step, i)),
  };
}

const valuesOf = (tallies) => tallies.map((t) => t.values);

function rowTallies(model, theta, step, i) {
  const one = { ...model, x: [model.x[i]], weights: [model.weights[i]] };
  const stats = FAMILY[model.family].statistics(one, theta, [step.responsibilities[i]]);
  return valuesOf(FAMILY[model.family].tallies(one, stats));
}

function imagineMarks(trace, run) {
  const { marks, browser_em: model } = trace;
  if (marks.kind === "points") {
    const shapes = run.thetas.map((theta) => ({ means: theta.means, spread: theta.covariances }));
    return { ...marks, x: marks.of === marks.x.length ? model.x : marks.x, of: model.x.length, responsibilities: run.steps.map((step) => step.responsibilities), shapes };
  }
  if (marks.kind !== "histogram") return marks;
  const width = marks.edges[1] - marks.edges[0];
  const bin = (value) => Math.min(marks.edges.length - 2, Math.max(0, Math.floor((value - marks.edges[0]) / width)));
  const unit = width * sum(model.weights);
  const places = { ...model, x: marks.places.map((place) => [place]) };
  return {
    ...marks,
    mass: run.steps.map((step) => {
      const mass = marks.edges.slice(1).map(() => step.responsibilities[0].map(() => 0));
      model.x.forEach(([value], i) => step.responsibilities[i].forEach((q, k) => { mass[bin(value)][k] += q * model.weights[i]; }));
      return mass;
    }),
    curves: run.thetas.map((theta) => {
      const joint = logJoint(places, theta);
      return theta.proportions.map((_, k) => joint.map((row) => unit * Math.exp(row[k])));
    }),
  };
}

// The log-likelihood over two parameters, the others held where the run ends.
function imagineLandscapes(model, names, run) {
  const family = FAMILY[model.family];
  const K = names.components.length;
  const end = family.entries(run.thetas.at(-1));
  return family.pairs(model, K).map((pair) => {
    const grid = pair.map((entry) => axisOf(model, run, entry, K));
    const heightAt = (...point) => {
      const values = end.slice();
      pair.forEach((entry, n) => setEntry(values, entry, point[n], K));
      const theta = family.fromEntries(model, values, K);
      const height = family.valid(theta) ? logLikelihood(model, theta) : NaN;
      return Number.isFinite(height) ? height : null;
    };
    const [xs, ys] = grid;
    return {
      x: names.symbols[pair[0]],
      y: ys ? names.symbols[pair[1]] : null,
      xs, ys: ys || null,
      z: ys ? ys.map((y) => xs.map((x) => heightAt(x, y))) : xs.map((x) => heightAt(x)),
      held: {}, sampled: false,
    };
  });
}

function setEntry(values, entry, value, K) {
  if (entry < K && K > 1) {
    const others = range(K).filter((k) => k !== entry);
    const left = sum(others.map((k) => values[k]));
    others.forEach((k) => { values[k] = (1 - value) * (left > 0 ? values[k] / left : 1 / others.length); });
  }
  values[entry] = value;
}

function axisOf(model, run, entry, K) {
  const family = FAMILY[model.family];
  if (entry < K || family.ofProbabilities) return range(LANDSCAPE).map((i) => 0.01 + (0.98 * i) / (LANDSCAPE - 1));
  const seen = run.thetas.map((theta) => family.entries(theta)[entry]);
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const room = Math.max(0.6 * (high - low), 0.15 * Math.max(Math.abs(low), Math.abs(high)), 1e-6);
  const from = entry >= K + K * model.x[0].length ? Math.max(low - room, 0.2 * low) : low - room;
  return range(LANDSCAPE).map((i) => from + ((high + room - from) * i) / (LANDSCAPE - 1));
}

// Log-likelihood and bound along the line from theta to its update, straight in free coordinates, less where they touch.
function imagineBound(model, step, theta) {
  const family = FAMILY[model.family];
  const [one, other] = [family.entries(theta), family.entries(step.after)];
  const found = { s: [], l: [], b: [] };
  if (one.every((value, i) => Math.abs(value - other[i]) <= 1e-12 + 1e-10 * Math.abs(value))) return found;
  const reached = (at) => at.map((value) => (Number.isFinite(value) ? value : 36 * Math.sign(value)));
  const [from, to] = [theta, step.after].map((at) => reached(family.pack(at)));
  const touch = accountOf(model, step.responsibilities, step.joint);
  for (const s of range(25).map((i) => (i - 3) / 12)) {
    const moved = family.unpack(model, from.map((value, i) => value + s * (to[i] - value)), theta.proportions.length);
    const point = s === 0 ? theta : s === 1 ? step.after : moved;
    if (!family.valid(point)) continue;
    const account = accountOf(model, step.responsibilities, logJoint(model, point));
    if (!Number.isFinite(account.bound)) continue;
    found.s.push(s);
    found.l.push(account.log_likelihood - touch.log_likelihood);
    found.b.push(account.bound - touch.log_likelihood);
  }
  return found;
}

// Pseudo-random numbers that are the same for the same seed (a linear congruence): "another start" can be found again.
function lots(seed) {
  let state = (seed * 7919 + 104729) % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

// Where to start with another seed or number of components.
const startValues = (trace, K, seed) => {
  const family = FAMILY[trace.browser_em.family];
  const random = lots(seed);
  range(8).forEach(random);
  return family.entries(family.randomStart(trace.browser_em, K, random));
};
