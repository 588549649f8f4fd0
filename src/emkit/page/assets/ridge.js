// The ridge of the three coins: where the likelihood is highest, and where EM goes from many starts.

PANELS.push({
  id: "ridge",
  shown: (view) => view.original.ridge,
  draw(view, width) {
    const { starts } = view.original.ridge;
    return [drawRidge(view, width),
      html("p", {}, ridgeText(view)),
      table({
        left: 3,
        heads: ["start (π, α, β)", "after one step", "after two", "log-likelihood"],
        rows: starts.slice(0, 6).map(({ theta, log_likelihood }) => ({ cells: [...theta.map((values) => values.map((value) => fixed(value, 3)).join(", ")), fourDecimals(log_likelihood[1])] })),
      })];
  },
  text: ridgeText,
});

function drawRidge(view, width) {
  const { total, starts: given } = view.original.ridge;
  const starts = view.trace.imagined ? [ownStart(view), ...given.slice(1)] : given;
  const box = frame(width, Math.min(420, Math.max(280, width * 0.75)), [0, 1], [0, 1], { x: "π α", y: "(1 − π) β" });
  const { sx, sy } = box;
  const spots = starts.map(({ at }, n) => svg("g", { class: n === 0 ? "own" : "other" },
    svg("path", { class: "leap", d: `M${sx(at[0][0])} ${sy(at[0][1])}L${sx(at[1][0])} ${sy(at[1][1])}` }),
    svg("circle", { class: "from", cx: sx(at[0][0]), cy: sy(at[0][1]), r: n ? 3 : 4.5 }),
    svg("circle", { class: "stop-at", cx: sx(at[1][0]), cy: sy(at[1][1]), r: n ? 3.5 : 5 })));
  return picture(box, ridgeText(view), axes(box),
    svg("path", { class: "ridge", d: `M${sx(0)} ${sy(total)}L${sx(total)} ${sy(0)}` }),
    svg("text", { class: "curve-name", x: sx(total * 0.52) + 8, y: sy(total * 0.52) - 8 }, `π α + (1 − π) β = ${plain(total)}`), spots, ridgeHandle(view, box, starts[0].at[0]));
}

// Where the first coin leads to a 1, and where it does not, for the start that the reader chose and after a step from it.
const ownStart = ({ trace }) => ({ at: trace.path.slice(0, 2).map((theta) => [theta[0] * theta[2], theta[1] * theta[3]]) });

// The start can be dragged, or moved with the arrow keys: pi stays, the other two follow.
const ridgeHandle = ({ trace, settings, K }, box, at) => (trace.browser_em && K === 2 && !settings.x ? svg("circle", {
  class: "handle c0", cx: box.sx(at[0]), cy: box.sy(at[1]), r: 11, tabindex: 0, role: "slider", "data-drag": "ridge:0", "aria-label": "where EM starts",
  "aria-valuenow": plain(at[0]), "aria-valuetext": `π α = ${plain(at[0])}, (1 − π) β = ${plain(at[1])}`,
  "data-box": boxOf(box),
}) : null);

function ridgeText({ original }) {
  const { total, starts } = original.ridge;
  const still = starts.every(({ theta }) => theta[1].every((value, i) => Math.abs(value - theta[2][i]) < 1e-9));
  return `The likelihood depends on π α + (1 − π) β alone. Every point of the ridge, where that is ${plain(total)}, is a maximum of ${fourDecimals(starts[0].log_likelihood[1])}. `
    + `From each of ${starts.length} starts, one step leads onto the ridge${still ? ", and the second does not move" : ""}.`;
}
