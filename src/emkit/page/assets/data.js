// Panel 1: the data, each row (or bin, or level) split among the components by responsibility.

// How marks are drawn, by their kind; only what a page needs is in it.
const MARKS = {};

const dataPanel = {
  id: "data",
  draw(view, width) {
    const draw = MARKS[view.trace.marks.kind];
    if (!draw) return [prose("These data cannot be drawn row by row.")];
    const wait = view.eDone ? "" : "Nothing is shared out yet: press e for the first E-step.";
    return [legend(view.trace), draw(view, width), note(wait || dataNote(view))];
  },
  text(view) {
    const { trace, step } = view;
    if (!view.eDone) return "The data before the first E-step: no row belongs to any component yet.";
    if (trace.marks.kind === "rows") {
      return trace.rows.items.map((item, i) => `${rowText(item)}${item.weight === 1 ? "" : " (" + plain(item.weight) + " times)"}: ${
        item.states.map((k) => fourDecimals(step.responsibilities[i][k]) + " to " + trace.components[k]).join(", ")}`).join("\n");
    }
    return `Expected rows of each component: ${massText(view)}.\n${dataNote(view)}`;
  },
};

const massText = ({ step, trace }) =>
  step.tallies[0].values.map((value, k) => `${trace.components[k]} ${count(value)}`).join(", ");

function dataNote({ trace, mDone, notation }) {
  const { marks } = trace;
  const parts = [];
  if (marks.kind === "points" && marks.of > marks.x.length) parts.push(`A sample of ${marks.x.length} of ${marks.of.toLocaleString("en")} rows.`);
  const counted = !trace.rows && { grids: "the cells of a grid", histogram: "bins" }[marks.kind];
  if (counted) parts.push(`Rows are counted in ${counted}; no row is in this page.`);
  if (marks.left_out) parts.push(`${marks.left_out} more columns are not drawn.`);
  if (marks.shapes && marks.shapes.length) parts.push("Ellipses hold half and nine tenths of a component.");
  if (marks.kind === "sequence") parts.push("Choose a row to see its arithmetic.");
  if (marks.kind === "rows" && mDone) parts.push(`The shares are those of the E-step; ${withGreek(notation.parameters)} has moved on.`);
  return parts.join(" ");
}

// One bar, as long as `length` (1 is the whole width), split by responsibility.
function splitBar(view, responsibilities, states, length, width) {
  let from = 0;
  const parts = responsibilities ? states.filter((k) => responsibilities[k] > 0) : [];
  return svg("svg", { class: "split", width, height: 24, viewBox: `0 0 ${width} 24`, "aria-hidden": "true" },
    svg("rect", { class: "empty", x: 0, y: 0, width: width * length, height: 24 }),
    parts.map((k) => {
      const wide = width * length * responsibilities[k];
      const share = fixed(responsibilities[k], 2);
      const texts = [`${view.trace.components[k]} ${share}`, share]; // the shorter one where there is little room
      const [x, text] = [from, texts.find((one) => wide > 14 + 7.5 * one.length) || (wide > 34 ? share : "")];
      from += wide;
      return svg("g", {}, svg("rect", { class: `fill c${k % 8}`, x: x.toFixed(1), y: 0, width: Math.max(0, wide - 1).toFixed(1), height: 24 }),
        text ? svg("text", { class: "in-bar", x: x + (wide > 14 + 7.5 * text.length ? 8 : 3), y: 16.5 }, text) : null);
    }));
}
