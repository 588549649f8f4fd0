// The page's own EM, for "what if": columns of coins, and normal components in one or two columns. It makes a trace like the one that
// Python made. The library's tests hold it against Python's numbers.

const MOST_STEPS = 40;
const STILL = 1e-8;

// Families register here: each knows its densities, statistics and estimates, and how to write its arithmetic.
const FAMILY = {};

// Proportions as log-odds of each against those after it, and back.
const sticks = (p) => p.slice(0, -1).map((value, k) => Math.log(value) - Math.log(sum(p.slice(k + 1))));

function unstuck(odds) {
  let left = 1;
  const taken = odds.map((o) => { const part = left / (1 + Math.exp(-o)); left -= part; return part; });
  return [...taken, left];
}

const evenly = (K) => range(K).map(() => 1 / K);
const componentsOf = (responsibilities) => range(responsibilities[0].length);
const tally = (what, values, mark = "", isCount = what === "n") => ({ what, mark, shared: false, is_count: isCount, values });
const massOf = (model, responsibilities) => componentsOf(responsibilities).map((k) => sum(responsibilities.map((row, i) => model.weights[i] * row[k])));

function newProportions(model, stats, theta) {
  const all = sum(stats.mass);
  return model.held ? theta.proportions : stats.mass.map((mass) => mass / all);
}

const logJoint = (model, theta) => model.x.map((_, i) =>
  theta.proportions.map((p, k) => Math.log(p) + FAMILY[model.family].logDensity(model, theta, k, i)));

const logLikelihood = (model, theta) => sum(logJoint(model, theta).map((row, i) => model.weights[i] * logSumExp(row)));

// How rows are shared out: by their posterior, wholly to the likeliest, or as the reader's labels say (null: not known).
function responsibilitiesOf(model, joint, settings) {
  return joint.map((row, i) => {
    const label = settings.labels ? settings.labels[i] : null;
    if (label !== null && label !== undefined) return row.map((_, k) => (k === label ? 1 : 0));
    const best = row.indexOf(Math.max(...row));
    return settings.hard ? row.map((_, k) => (k === best ? 1 : 0)) : row.map((value) => Math.exp(value - logSumExp(row)));
  });
}

function accountOf(model, responsibilities, joint) {
  const total = (f) => sum(responsibilities.map((row, i) => model.weights[i] * sum(row.map((q, k) => (q > 0 ? f(q, i, k) : 0)))));
  const expected = total((q, i, k) => q * joint[i][k]);
  const entropy = total((q) => -q * Math.log(q));
  const tops = joint.map(logSumExp);
  const gap = total((q, i, k) => q * (Math.log(q) - joint[i][k] + tops[i]));
  return { log_likelihood: sum(tops.map((top, i) => (model.weights[i] ? model.weights[i] * top : 0))), expected, entropy, bound: expected + entropy, gap };
}

function emStep(model, theta, settings) {
  const joint = logJoint(model, theta);
  const responsibilities = responsibilitiesOf(model, joint, settings);
  const stats = FAMILY[model.family].statistics(model, theta, responsibilities);
  const after = FAMILY[model.family].estimate(model, stats, theta);
  return { joint, responsibilities, stats, after };
}

// Every step of EM from `theta`, up to and including the first that gains nothing.
function emRun(model, theta, settings) {
  const run = { thetas: [theta], steps: [], accounts: [], standsStill: false };
  let joint = logJoint(model, theta);
  let here = accountOf(model, responsibilitiesOf(model, joint, settings), joint);
  while (run.steps.length < MOST_STEPS && !run.standsStill) {
    const step = emStep(model, run.thetas.at(-1), settings);
    if (!Number.isFinite(here.bound + here.log_likelihood) || !FAMILY[model.family].valid(step.after)) break;
    joint = logJoint(model, step.after);
    const raisedTo = accountOf(model, step.responsibilities, joint);
    const next = accountOf(model, responsibilitiesOf(model, joint, settings), joint);
    run.steps.push(step);
    run.thetas.push(step.after);
    run.accounts.push(here, raisedTo);
    run.standsStill = next.bound - here.bound <= STILL * (1 + Math.abs(next.log_likelihood));
    here = next;
  }
  run.accounts.push(here);
  return run;
}
