// The ridge of the three coins: where the likelihood is highest, and where EM goes from many starts.

PANELS.push({
  id: "ridge",
  shown: (view) => view.original.ridge && view.K === 2,
  draw(view, width) {
    const { starts } = ridgeOf(view);
    return [drawRidge(view, width),
      prose(ridgeText(view)),
      table({
        left: 3,
        heads: ["start (π, α, β)", "after one step", "after two", "log-likelihood"],
        rows: starts.slice(0, 6).map(({ theta, log_likelihood }) => ({ cells: [...theta.map((values) => values.map((value) => fixed(value, 3)).join(", ")), fourDecimals(log_likelihood[1])] })),
      })];
  },
  text: ridgeText,
});

function drawRidge(view, width) {
  const { total, starts } = ridgeOf(view);
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

// The ridge of the data as they are, the reader's start in front: of the reader's own rows, there is that alone.
function ridgeOf({ trace, original: { ridge } }) {
  if (!trace.imagined) return ridge;
  const { x, weights } = trace.browser_em;
  const places = [0, 1, 2].map((t) => Math.min(t, trace.path.length - 1));
  return {
    total: trace.ownRows ? sum(weights.map((weight, i) => weight * x[i][0])) / sum(weights) : ridge.total,
    starts: [{
      at: trace.path.slice(0, 2).map((theta) => [theta[0] * theta[2], theta[1] * theta[3]]), // where the first coin leads to a 1, and where not
      theta: places.map((t) => [0, 2, 3].map((n) => trace.path[t][n])),
      log_likelihood: places.map((t) => accountAt(trace, 2 * t).log_likelihood),
    }, ...(trace.ownRows ? [] : ridge.starts.slice(1))],
  };
}

// The start can be dragged, or moved with the arrow keys: pi stays, the other two follow.
const ridgeHandle = ({ trace, K }, box, at) => (trace.browser_em && K === 2 ? svg("circle", {
  class: "handle c0", cx: box.sx(at[0]), cy: box.sy(at[1]), r: 11, tabindex: 0, role: "slider", "data-drag": "ridge:0", "aria-label": "where EM starts",
  "aria-valuenow": plain(at[0]), "aria-valuetext": `π α = ${plain(at[0])}, (1 − π) β = ${plain(at[1])}`,
  "data-box": boxOf(box),
}) : null);

function ridgeText(view) {
  const { total, starts } = ridgeOf(view);
  const still = starts.every(({ theta }) => theta[1].every((value, i) => Math.abs(value - theta[2][i]) < 1e-9));
  return `The likelihood depends on π α + (1 − π) β alone. Every point of the ridge, where that is ${plain(total)}, is a maximum of ${fourDecimals(starts[0].log_likelihood[1])}. `
    + `${starts.length > 1 ? "From each of " + starts.length + " starts" : "From this start"}, one step leads onto the ridge${still ? ", and the second does not move" : ""}.`;
}
