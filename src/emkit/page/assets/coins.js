// Coins in the page's own EM: rows are numbers of heads and tails.

const timesLog = (times, value) => (times === 0 ? 0 : times * Math.log(value));

FAMILY.coins = {
  logDensity: (model, theta, k, i) => {
    const [heads, tails] = model.x[i];
    return timesLog(heads, theta.probabilities[k]) + timesLog(tails, 1 - theta.probabilities[k]) + model.log_base[i];
  },
  statistics: (model, theta, responsibilities) => ({
    mass: massOf(model, responsibilities),
    heads: componentsOf(responsibilities).map((k) => sum(model.x.map(([heads], i) => model.weights[i] * responsibilities[i][k] * heads))),
    tails: componentsOf(responsibilities).map((k) => sum(model.x.map(([, tails], i) => model.weights[i] * responsibilities[i][k] * tails))),
  }),
  estimate: (model, stats, theta) => ({
    proportions: newProportions(model, stats, theta),
    probabilities: stats.heads.map((heads, k) => (heads + stats.tails[k] > 0 ? heads / (heads + stats.tails[k]) : theta.probabilities[k])),
  }),
  entries: (theta) => [...theta.proportions, ...theta.probabilities],
  fromEntries: (model, values, K) => ({ proportions: values.slice(0, K), probabilities: values.slice(K) }),
  pack: (theta) => [...sticks(theta.proportions), ...theta.probabilities.map((p) => Math.log(p) - Math.log(1 - p))],
  unpack: (model, at, K) => ({ proportions: unstuck(at.slice(0, K - 1)), probabilities: at.slice(K - 1).map((odds) => 1 / (1 + Math.exp(-odds))) }),
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
