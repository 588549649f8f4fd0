// Forward and backward through a sequence, worked out in the page. The library's tests hold it against Python's numbers.

// From the initial distribution (K), transitions (K, K) and log p(x_t | state k) (T, K), all in logarithms, so that nothing
// underflows: densities, scale, forward, backward, shares (T, K), and pairs (T - 1, K, K).
function smooth(initial, transitions, logDensity) {
  const states = range(initial.length);
  const move = transitions.map((row) => row.map(Math.log));
  const [logScale, ahead_] = [[], [initial.map(Math.log)]];
  const forward = logDensity.map((density, t) => {
    const joint = states.map((k) => ahead_[t][k] + density[k]);
    logScale.push(logSumExp(joint));
    const now = joint.map((value) => value - logScale[t]);
    ahead_.push(states.map((k) => logSumExp(states.map((j) => now[j] + move[j][k]))));
    return now;
  });
  const backward = logDensity.map(() => states.map(() => 0));
  const pairs = logDensity.slice(1).map(() => []);
  for (let t = logDensity.length - 2; t >= 0; t -= 1) {
    const later = states.map((j) => states.map((k) => move[j][k] + logDensity[t + 1][k] + backward[t + 1][k] - logScale[t + 1]));
    backward[t] = later.map(logSumExp);
    pairs[t] = later.map((ways, j) => ways.map((way) => Math.exp(forward[t][j] + way)));
  }
  const exps = (table_) => table_.map((row) => row.map(Math.exp));
  return {
    initial, transitions, logScale, pairs,
    density: exps(logDensity), scale: logScale.map(Math.exp), forward: exps(forward), backward: exps(backward),
    shares: forward.map((row, t) => row.map((value, k) => Math.exp(value + backward[t][k]))),
  };
}

// The chain at some parameters: its probabilities come first among them.
const chainOf = (theta, K) => ({ initial: theta.slice(0, K), transitions: range(K).map((j) => theta.slice(K * (j + 1), K * (j + 2))) });

const lengthOf = ({ bounds }, g) => bounds[g + 1] - bounds[g];

function passesOf(trace, s, g) {
  const { bounds, row, log_density: density } = trace.in_sequence;
  const { initial, transitions } = chainOf(trace.path[s], trace.components.length);
  const rows = range(lengthOf(trace.in_sequence, g)).map((t) => density[s][row[bounds[g] + t]].map((value) => (value === null ? -Infinity : value)));
  return smooth(initial, transitions, rows);
}

// How the row at place t of several sequences is called: behind the number of its own.
const placeText = ({ bounds }, g, t) => (bounds.length > 2 ? `${g + 1}.${t + 1}` : String(t + 1));

// The arithmetic of one row, as Python writes it: factors of 1 are not written.
const later = (value) => (Math.abs(value - 1) < 1e-12 ? "1" : value >= 1e-3 && value < 1e4 ? fourDecimals(value) : significant(value));
const times = (...factors) => factors.filter((text) => text !== "1").join(" * ") || "1";
const plus = (terms) => terms.join(" + ");

// The lines of the row at place t for state k: { letter, states, text, value }.
function writtenRow(found, t, k) {
  const states = range(found.initial.length);
  const last = t + 1 === found.scale.length;
  const ahead = (m) => (t === 0 ? plain(found.initial[m]) : `(${plus(states.map((j) => times(fourDecimals(found.forward[t - 1][j]), plain(found.transitions[j][m]))))})`);
  const joint = (m) => times(ahead(m), plain(found.density[t][m]));
  const next = (j, m) => times(plain(found.transitions[j][m]), plain(found.density[t + 1][m]), later(found.backward[t + 1][m]));
  return [
    { letter: "c", states: [], text: plus(states.map(joint)), value: found.scale[t] },
    { letter: "alpha", states: [k], text: `${joint(k)} / ${plain(found.scale[t])}`, value: found.forward[t][k] },
    { letter: "beta", states: [k], text: last ? "1" : `(${plus(states.map((m) => next(k, m)))}) / ${plain(found.scale[t + 1])}`, value: found.backward[t][k] },
    { letter: "gamma", states: [k], text: times(fourDecimals(found.forward[t][k]), later(found.backward[t][k])), value: found.shares[t][k] },
    ...(last ? [] : states.map((m) => ({
      letter: "xi", states: [k, m], text: `${times(fourDecimals(found.forward[t][k]), next(k, m))} / ${plain(found.scale[t + 1])}`, value: found.pairs[t][k][m],
    }))),
  ];
}
