// The page's own EM, for "what if": coins, and normal components in one or two columns. It makes a trace like the one that
// Python made. The library's tests hold it against Python's numbers.

const MOST_STEPS = 40;
const STILL = 1e-8;

function logSumExp(values) {
  const top = Math.max(...values);
  return top === -Infinity ? top : top + Math.log(sum(values.map((value) => Math.exp(value - top))));
}

const timesLog = (times, value) => (times === 0 ? 0 : times * Math.log(value));

const coins = {
  logDensity: (model, theta, k, i) => {
    const [heads, tails] = model.x[i];
    return timesLog(heads, theta.probabilities[k]) + timesLog(tails, 1 - theta.probabilities[k]) + model.log_base[i];
  },
  statistics: (model, theta, shares) => ({
    mass: massOf(model, shares),
    heads: componentsOf(shares).map((k) => sum(model.x.map(([heads], i) => model.weights[i] * shares[i][k] * heads))),
    tails: componentsOf(shares).map((k) => sum(model.x.map(([, tails], i) => model.weights[i] * shares[i][k] * tails))),
  }),
  estimate: (model, stats, theta) => ({
    proportions: newProportions(model, stats, theta),
    probabilities: stats.heads.map((heads, k) => (heads + stats.tails[k] > 0 ? heads / (heads + stats.tails[k]) : theta.probabilities[k])),
  }),
  entries: (theta) => [...theta.proportions, ...theta.probabilities],
  fromEntries: (model, values, K) => ({ proportions: values.slice(0, K), probabilities: values.slice(K) }),
  valid: (theta) => theta.probabilities.every((p) => p >= 0 && p <= 1) && theta.proportions.every((p) => p >= 0 && p <= 1),
  tallies: (model, stats) => [tally("n", stats.mass), tally("heads", stats.heads), tally("tails", stats.tails)],
  joint: (model, theta, k, i) => {
    const [heads, tails] = model.x[i];
    const power = (base, times) => (times === 0 ? [] : [plain(base) + (times === 1 ? "" : `^${general(times, 6)}`)]);
    const choose = model.choose ? [`C(${heads + tails},${heads})`] : [];
    const p = theta.probabilities[k];
    return [plain(theta.proportions[k]), ...choose, ...power(p, heads), ...power(1 - p, tails)].join(" * ");
  },
  updates: (model, stats) => stats.heads.map((heads, k) => ({
    formula: "heads / (heads + tails)",
    substituted: `${count(heads)} / (${count(heads)} + ${count(stats.tails[k])})`,
    computed: heads / (heads + stats.tails[k]),
  })),
  randomStart: (model, K, random) => ({ proportions: evenly(K), probabilities: range(K).map(() => 0.05 + 0.9 * random()) }),
  pairs: (model, K) => (K === 1 ? [[1]] : [[K, K + 1], ...(model.held ? [] : [[0, K], [0, K + 1]])]),
};

const normal = {
  logDensity: (model, theta, k, i) => {
    const away = model.x[i].map((value, j) => value - theta.means[k][j]);
    const [[a, b], [, c]] = square(theta.covariances[k]);
    const determinant = away.length === 1 ? a : a * c - b * b;
    const [u, v = 0] = away;
    const distance = away.length === 1 ? (u * u) / a : (c * u * u - 2 * b * u * v + a * v * v) / determinant;
    if (!(determinant > 0 && a > 0)) return NaN;
    return -0.5 * (distance + Math.log(determinant) + away.length * Math.log(2 * Math.PI));
  },
  statistics: (model, theta, shares) => {
    const d = model.x[0].length;
    const total = (k, f) => sum(model.x.map((x, i) => model.weights[i] * shares[i][k] * f(x)));
    return {
      mass: massOf(model, shares),
      shift: theta.means.map((mean, k) => mean.map((m, j) => total(k, (x) => x[j] - m))),
      scatter: theta.means.map((mean, k) => range(d).map((a) => range(d).map((b) => total(k, (x) => (x[a] - mean[a]) * (x[b] - mean[b]))))),
    };
  },
  estimate: (model, stats, theta) => {
    const moves = stats.mass.map((mass, k) => stats.shift[k].map((shift) => (mass > 0 ? shift / mass : 0)));
    return {
      proportions: newProportions(model, stats, theta),
      means: theta.means.map((mean, k) => mean.map((m, j) => m + moves[k][j])),
      covariances: stats.scatter.map((scatter, k) =>
        stats.mass[k] > 0 ? raised(model, scatter.map((row, a) => row.map((s, b) => s / stats.mass[k] - moves[k][a] * moves[k][b]))) : theta.covariances[k]),
    };
  },
  entries: (theta) => [...theta.proportions, ...theta.means.flat(), ...theta.covariances.flatMap((c) => c.flatMap((row, a) => row.slice(0, a + 1)))],
  fromEntries: (model, values, K) => {
    const d = model.x[0].length;
    const each = (d * (d + 1)) / 2;
    const means = range(K).map((k) => values.slice(K + k * d, K + (k + 1) * d));
    const triangles = range(K).map((k) => values.slice(K + K * d + k * each, K + K * d + (k + 1) * each));
    const covariances = triangles.map((t) => (d === 1 ? [[t[0]]] : [[t[0], t[1]], [t[1], t[2]]]));
    return { proportions: values.slice(0, K), means, covariances };
  },
  valid: (theta) => theta.proportions.every((p) => p >= 0 && p <= 1) && theta.covariances.every((c) => {
    const [[a, b], [, e]] = square(c);
    return a > 0 && (c.length === 1 || a * e - b * b > 0);
  }),
  tallies: (model, stats) => {
    const mark = (j) => (model.columns.length > 1 ? `_${model.columns[j]}` : "");
    const d = model.x[0].length;
    const squares = range(d).flatMap((a) => range(a + 1).map((b) =>
      tally(a === b ? "squares" : "products", stats.scatter.map((s) => s[a][b]), a === b ? mark(a) : mark(b) + mark(a))));
    return [tally("n", stats.mass), ...range(d).map((j) => tally("deviations", stats.shift.map((s) => s[j]), mark(j))), ...squares];
  },
  joint: (model, theta, k, i) => {
    const x = model.x[i];
    const inside = x.length === 1
      ? `${plain(x[0])}; ${plain(theta.means[k][0])}, ${plain(theta.covariances[k][0][0])}`
      : `[${x.map(plain).join(", ")}]; [${theta.means[k].map(plain).join(", ")}], covariance`;
    return `${plain(theta.proportions[k])} * N(${inside})`;
  },
  updates: (model, stats, theta) => {
    const d = model.x[0].length;
    const signed = (value) => (value < 0 ? `(${significant(value, 5)})` : significant(value, 5));
    const means = theta.means.flatMap((mean, k) => mean.map((m, j) => ({
      formula: "old mean + deviations / rows",
      substituted: `${general(m, 5)} + ${signed(stats.shift[k][j])} / ${count(stats.mass[k])}`,
      computed: m + stats.shift[k][j] / stats.mass[k],
    })));
    const spreads = theta.means.flatMap((_, k) => range(d).flatMap((a) => range(a + 1).map((b) => {
      const [one, two] = [stats.shift[k][a] / stats.mass[k], stats.shift[k][b] / stats.mass[k]];
      const less = one === 0 || two === 0 ? "" : a === b ? ` - ${signed(one)}^2` : ` - ${signed(one)} * ${signed(two)}`;
      return {
        formula: a === b ? "squares / rows - move^2" : "products / rows - move * move",
        substituted: `${significant(stats.scatter[k][a][b], 5)} / ${count(stats.mass[k])}${less}`,
        computed: stats.scatter[k][a][b] / stats.mass[k] - one * two,
      };
    })));
    return [...means, ...spreads];
  },
  randomStart: (model, K, random) => {
    const pooled = pooledCovariance(model);
    const means = range(K).map(() => model.x[Math.floor(random() * model.x.length)].slice());
    return { proportions: evenly(K), means, covariances: means.map(() => pooled.map((row) => row.map((value) => value / K))) };
  },
  pairs: (model, K) => {
    const d = model.x[0].length;
    if (K === 1) return [[1, 2]];
    return d === 1 ? [[K, K + 1], [0, K]] : [[K, K + d], [K, K + 1]];
  },
};

const FAMILY = { coins, normal };

const evenly = (K) => range(K).map(() => 1 / K);
const componentsOf = (shares) => range(shares[0].length);
const tally = (what, values, mark = "") => ({ what, mark, shared: false, values });
const massOf = (model, shares) => componentsOf(shares).map((k) => sum(shares.map((row, i) => model.weights[i] * row[k])));
const square = (c) => (c.length === 1 ? [[c[0][0], 0], [0, 1]] : c);

function newProportions(model, stats, theta) {
  const all = sum(stats.mass);
  return model.held ? theta.proportions : stats.mass.map((mass) => mass / all);
}

function pooledCovariance(model) {
  const total = sum(model.weights);
  const mean = model.x[0].map((_, j) => sum(model.x.map((x, i) => model.weights[i] * x[j])) / total);
  return mean.map((_, a) => mean.map((_, b) => sum(model.x.map((x, i) => model.weights[i] * (x[a] - mean[a]) * (x[b] - mean[b]))) / total));
}

// A covariance with no direction below the floor, measured where every column of the data has variance 1.
function raised(model, covariance) {
  const pooled = pooledCovariance(model);
  const scale = pooled.map((row, j) => Math.sqrt(row[j]));
  if (covariance.length === 1) return [[Math.max(covariance[0][0], model.floor * pooled[0][0])]];
  const [[a, b], [, c]] = covariance.map((row, i) => row.map((value, j) => value / scale[i] / scale[j]));
  const middle = (a + c) / 2;
  const reach = Math.hypot((a - c) / 2, b);
  if (middle - reach > model.floor) return covariance;
  const angle = 0.5 * Math.atan2(2 * b, a - c);
  const [one, two] = [middle + reach, middle - reach].map((value) => Math.max(value, model.floor * (1 + 1e-9)));
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const lifted = [[one * cos * cos + two * sin * sin, (one - two) * cos * sin], [(one - two) * cos * sin, one * sin * sin + two * cos * cos]];
  return lifted.map((row, i) => row.map((value, j) => value * scale[i] * scale[j]));
}

const logJoint = (model, theta) => model.x.map((_, i) =>
  theta.proportions.map((p, k) => Math.log(p) + FAMILY[model.family].logDensity(model, theta, k, i)));

const logLikelihood = (model, theta) => sum(logJoint(model, theta).map((row, i) => model.weights[i] * logSumExp(row)));

// How rows are shared out: by their posterior, wholly to the likeliest, or as the reader's labels say (null: not known).
function sharesOf(model, joint, settings) {
  return joint.map((row, i) => {
    const label = settings.labels ? settings.labels[i] : null;
    if (label !== null && label !== undefined) return row.map((_, k) => (k === label ? 1 : 0));
    const best = row.indexOf(Math.max(...row));
    return settings.hard ? row.map((_, k) => (k === best ? 1 : 0)) : row.map((value) => Math.exp(value - logSumExp(row)));
  });
}

function accountOf(model, shares, joint) {
  const total = (f) => sum(shares.map((row, i) => model.weights[i] * sum(row.map((q, k) => (q > 0 ? f(q, i, k) : 0)))));
  const expected = total((q, i, k) => q * joint[i][k]);
  const entropy = total((q) => -q * Math.log(q));
  const tops = joint.map(logSumExp);
  const gap = total((q, i, k) => q * (Math.log(q) - joint[i][k] + tops[i]));
  return { log_likelihood: sum(tops.map((top, i) => model.weights[i] * top)), expected, entropy, bound: expected + entropy, gap };
}

function emStep(model, theta, settings) {
  const joint = logJoint(model, theta);
  const shares = sharesOf(model, joint, settings);
  const stats = FAMILY[model.family].statistics(model, theta, shares);
  const after = FAMILY[model.family].estimate(model, stats, theta);
  return { joint, shares, stats, after };
}

// Every step of EM from `theta`, up to and including the first that gains nothing.
function emRun(model, theta, settings) {
  const run = { thetas: [theta], steps: [], accounts: [], standsStill: false };
  let joint = logJoint(model, theta);
  let here = accountOf(model, sharesOf(model, joint, settings), joint);
  while (run.steps.length < MOST_STEPS && !run.standsStill) {
    const step = emStep(model, run.thetas.at(-1), settings);
    if (!Number.isFinite(here.bound) || !FAMILY[model.family].valid(step.after)) break;
    joint = logJoint(model, step.after);
    const raisedTo = accountOf(model, step.shares, joint);
    const next = accountOf(model, sharesOf(model, joint, settings), joint);
    run.steps.push(step);
    run.thetas.push(step.after);
    run.accounts.push(here, raisedTo);
    run.standsStill = next.bound - here.bound <= STILL * (1 + Math.abs(next.log_likelihood));
    here = next;
  }
  run.accounts.push(here);
  return run;
}
