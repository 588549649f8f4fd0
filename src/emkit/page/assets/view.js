// What is to be seen at a position: derived from the state, and the only thing the panels look at.
//
// Positions count half steps: 0 is the start, 2t + 1 is after E-step t + 1, 2t + 2 is after M-step t + 1.

const state = {
  trace: null, // what is shown: Python's trace, or one that the page imagined
  original: null, // Python's
  position: 0,
  notation: "coin",
  playing: false,
  speed: 1,
  row: null, // the row whose arithmetic is shown
  sequence: 0, // of rows in sequence, the one that is shown
  component: 0, // and the component
  pair: 0, // of columns, in the data panel
  landscape: 0,
  mode: "story", // or the workbench
  scene: "", // by name
  known: null, // labels of single rows that the reader gave in the first scene
  answers: {}, // to the questions at the end, by number
  place: null, // on the line of a step, that of the slider
  link: 0, // of the bridge, the one that is lit
  settings: null, // of "what if"
  waiting: false, // for the server
};

// The ledger after half step n + 1. Its columns are those of the trace.
const accountAt = ({ accounts }, n) => {
  const account = Object.fromEntries(Object.entries(accounts).map(([name, values]) => [name, values[n]]));
  return { ...account, gap: cleaned(account.gap, account.bound) };
};
const lastAccount = (trace) => accountAt(trace, trace.accounts.bound.length - 1);

const lastPosition = (trace) => 2 * trace.steps.length;

// A step with what is the same in all of them, and its updates with the values that they lead to.
const stepOf = ({ steps, counts, formulas, path, symbols }, s) => ({
  ...steps[s],
  tallies: counts.map((about, n) => ({ ...about, values: steps[s].tallies[n] })),
  updates: steps[s].updates.map((line) => ({ ...line, formula: formulas[line.symbol], value: path[s + 1][symbols.indexOf(line.symbol)] })),
});

function viewOf(now) {
  const { trace, position } = now;
  const s = position === 0 ? 0 : Math.ceil(position / 2) - 1;
  const notation = notationOf(trace, now.notation);
  return {
    ...now,
    position,
    s,
    step: stepOf(trace, s),
    number: s + 1,
    K: trace.components.length,
    eDone: position > 0,
    mDone: position > 0 && position % 2 === 0,
    t: Math.floor(position / 2),
    theta: trace.path[Math.floor(position / 2)],
    before: trace.path[s],
    after: trace.path[s + 1],
    account: position > 0 ? accountAt(trace, position - 1) : null,
    atEnd: position >= lastPosition(trace),
    notation,
    shownRow: shownRow(now),
  };
}

// The row whose arithmetic is written out: the reader's choice, else the second, whose numbers are the textbook's.
function shownRow({ trace, row, sequence }) {
  if (trace.in_sequence) {
    const { bounds } = trace.in_sequence;
    const g = Math.min(sequence, bounds.length - 2);
    return Math.min(row === null ? 1 : row, bounds[g + 1] - bounds[g] - 1);
  }
  if (!trace.rows) return null;
  const items = trace.rows.items;
  if (row !== null && row < items.length) return row;
  const divided = items.findIndex((item, i) => item.states.length > 1 && i > 0);
  return Math.max(0, divided === -1 ? 0 : divided);
}

// An author's notation for this trace: each method gives formulas as text with placeholders, and the names for these.
function notationOf(trace, name) {
  const own = trace.notations[name];
  const two = trace.components.length === 2;
  const states = two && own.states_of_two.length ? own.states_of_two : trace.components;
  const names = (k, row) => ({ k: states[k], i: row });
  const otherwise = { e_step: "complete the data by q, with the current theta", m_step: "estimate as usual, from the counts that q gives" };
  return {
    ...own,
    key: name,
    ...(trace.posterior ? {} : otherwise),
    states,
    joint: (k, row) => [own.joint, names(k, row)],
    responsibility: (k, row) => {
      if (!trace.posterior) return ["q({k})", names(k, row)];
      return [two && own.first_of_two ? (k === 0 ? own.first_of_two : own.second_of_two) : own.responsibility, names(k, row)];
    },
    attribution: (k, what) => {
      const [text, given] = trace.posterior && two && own.first_of_two ? [k === 0 ? own.first_of_two : own.second_of_two, { i: own.any_row }] : ["", {}];
      const called = filled(text, given);
      return filled(own.attributed.replace("*", " · "), { what, k: states[k], share: called.includes("-") ? `(${called})` : called });
    },
  };
}

// "theta_1, after M-step 1"
function positionInWords(view) {
  if (!view.eDone) return "start: theta_0 is given";
  if (!view.mDone) return `after E-step ${view.number}: rows are shared out by theta_${view.s}`;
  const end = view.atEnd && view.trace.stands_still ? "; EM stands still" : view.atEnd ? "; the last step shown" : "";
  return `after M-step ${view.number}: theta_${view.number} is estimated${end}`;
}

const parameterText = (view, digits = 4) =>
  view.trace.symbols.map((name, i) => `${name} = ${significant(view.theta[i], digits)}`).join(", ");

// How a row is called: its number and, for coins, its tosses.
const rowText = (item) => [item.label, item.name].filter(Boolean).join(" ");
