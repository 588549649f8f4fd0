// Normal components in one or two columns in the page's own EM. Sums are about the means before the step, as in Python.

const square = (c) => (c.length === 1 ? [[c[0][0], 0], [0, 1]] : c);

function pooledCovariance(model) {
  const total = sum(model.weights);
  const mean = model.x[0].map((_, j) => sum(model.x.map((x, i) => model.weights[i] * x[j])) / total);
  return mean.map((left, a) => mean.map((right, b) => sum(model.x.map((x, i) => model.weights[i] * (x[a] - mean[a]) * (x[b] - mean[b]))) / total));
}

// The highest and the lowest variance in any direction, measured where every column of the data has variance 1.
function extremes(covariance, deviations) {
  const scaled = covariance.map((row, i) => row.map((value, j) => value / deviations[i] / deviations[j]));
  if (scaled.length === 1) return { scaled, high: scaled[0][0], low: scaled[0][0] };
  const [[a, b], [, c]] = scaled;
  const reach = Math.hypot((a - c) / 2, b);
  return { scaled, high: (a + c) / 2 + reach, low: (a + c) / 2 - reach };
}

// A covariance with no direction below the floor, but for one of many rows that lay below it before: see families/floor.py.
function raised(model, covariance, before, mass) {
  const [THIN, FREED, FEW] = [1e-12, 0.6, 6];
  const deviations = pooledCovariance(model).map((row, j) => Math.sqrt(row[j]));
  const { scaled, high, low } = extremes(covariance, deviations);
  if (low > model.floor) return covariance;
  const freed = mass >= FEW * (deviations.length + 1) && extremes(before, deviations).low < FREED * model.floor;
  const held = (value) => (value < (freed ? THIN : model.floor) ? model.floor * (1 + 1e-9) : value);
  if (scaled.length === 1) return [[Math.max(held(low), low) * deviations[0] * deviations[0]]];
  const [[a, b], [, c]] = scaled;
  const angle = 0.5 * Math.atan2(2 * b, a - c);
  const [one, two] = [high, low].map(held);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const lifted = [[one * cos * cos + two * sin * sin, (one - two) * cos * sin], [(one - two) * cos * sin, one * sin * sin + two * cos * cos]];
  return lifted.map((row, i) => row.map((value, j) => value * deviations[i] * deviations[j]));
}

FAMILY.normal = {
  shown: (cells) => cells,
  logDensity: (model, theta, k, i) => {
    const away = model.x[i].map((value, j) => value - theta.means[k][j]);
    const [[a, b], [, c]] = square(theta.covariances[k]);
    const determinant = away.length === 1 ? a : a * c - b * b;
    const [u, v = 0] = away;
    const distance = away.length === 1 ? (u * u) / a : (c * u * u - 2 * b * u * v + a * v * v) / determinant;
    if (!(determinant > 0 && a > 0)) return NaN;
    return -0.5 * (distance + Math.log(determinant) + away.length * Math.log(2 * Math.PI));
  },
  statistics: (model, theta, responsibilities) => {
    const d = model.x[0].length;
    const total = (k, f) => sum(model.x.map((x, i) => model.weights[i] * responsibilities[i][k] * f(x)));
    return {
      mass: massOf(model, responsibilities),
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
        stats.mass[k] > 0 ? raised(model, scatter.map((row, a) => row.map((s, b) => s / stats.mass[k] - moves[k][a] * moves[k][b])), theta.covariances[k], stats.mass[k]) : theta.covariances[k]),
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
  pack: (theta) => [...sticks(theta.proportions), ...theta.means.flat(), ...theta.covariances.flatMap(([[a, b], last]) =>
    (last ? [Math.log(a) / 2, b / Math.sqrt(a), Math.log(last[1] - (b * b) / a) / 2] : [Math.log(a) / 2]))],
  unpack: (model, at, K) => {
    const { means, covariances } = FAMILY.normal.fromEntries(model, [0, ...at], K);
    return { proportions: unstuck(at.slice(0, K - 1)), means, covariances: covariances.map(([[a, b], last]) => {
      const [one, two] = [Math.exp(a), last && Math.exp(last[1])];
      return last ? [[one * one, one * b], [one * b, b * b + two * two]] : [[one * one]];
    }) };
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
      : `[${x.map(plain).join(", ")}]; [${theta.means[k].map(plain).join(", ")}], [${theta.covariances[k].map((row) => row.map(plain).join(", ")).join("; ")}]`;
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
