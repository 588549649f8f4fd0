// Panel 5: the log-likelihood and the bound that the E-step made, along the line from theta to its update.

const boundPanel = {
  id: "bound",
  draw(view, width) {
    const curve = view.trace.bounds[view.s];
    if (!curve.s.length) return [doesNotMove()];
    return [boundLegend(view), drawBound(view, curve, width), note(boundText(view))];
  },
  text: boundText,
};

const doesNotMove = () => prose("This step does not move: the log-likelihood and its bound touch at the top, and EM stands still.");

// The accounts at both ends of the line: where the bound touches, and at its top.
const touchAndTop = ({ trace, s }) => [0, 1].map((half) => accountAt(trace, 2 * s + half));

function boundText(view) {
  const [touch, top] = touchAndTop(view);
  if (!view.eDone) return `At theta_0 the log-likelihood is ${fourDecimals(touch.log_likelihood)}. The E-step will hang a bound below the curve.`;
  const touching = view.trace.posterior ? `touches the log-likelihood at ${fourDecimals(touch.bound)} (s = 0)` : `is ${fourDecimals(touch.bound)} at s = 0, ${small(touch.gap)} below the log-likelihood, since rows are not shared out by their posterior`;
  if (!view.mDone) return `The bound ${touching}. The M-step will go to its top.`;
  return `The bound ${touching}; its top is at s = 1, ${fourDecimals(top.bound)}, ${small(top.bound - touch.bound)} higher. There the log-likelihood is ${fourDecimals(top.log_likelihood)}: `
    + `it gained ${small(top.log_likelihood - touch.log_likelihood)}, the rise of the bound and the gap of ${small(top.gap)} that has opened.`;
}

// Heights are counted from where the bound touches; the axis shows them so, too, where the step is too small for its digits.
// At the place number `at` of the line, if one is given, the gap between the two is drawn; else that at the update.
function drawBound(view, curve, width, at = null) {
  const [touch, top] = touchAndTop(view);
  const base = touch.log_likelihood;
  const [hang, rise, reached] = [touch.bound - base, top.bound - base, top.log_likelihood - base];
  const reach = Math.max(reached, rise, 0) - Math.min(hang, 0) || 1e-9;
  const near = reach < 2e-4 * Math.abs(base);
  const up = near ? 0 : base;
  const low = Math.max(Math.min(...curve.b), Math.min(hang, 0) - 1.1 * reach);
  const domain = padded([low, Math.max(...curve.l, ...curve.b)], 0.08).map((height) => height + up);
  const labels = { x: "s", y: near ? `log-likelihood less ${general(base, 7)}` : "log-likelihood" };
  const box = frame(width, Math.min(400, Math.max(280, width * 0.62)), [curve.s[0], curve.s.at(-1)], domain, labels, { ...MARGIN, left: 72, right: 20 });
  const { sx, inner } = box;
  const sy = (height) => box.sy(height + up);
  const dot = (s, height, name) => svg("circle", { class: name, cx: sx(s), cy: sy(height), r: 5 });
  const plumb = (s) => [svg("path", { class: "plumb", d: `M${sx(s)} ${inner.y}V${inner.y + inner.height}` }),
    svg("text", { class: "mark", x: sx(s) + 4, y: inner.y + inner.height - 8 }, "θ", svg("tspan", { dy: 3, class: "index" }, String(view.s + s)))];
  const here = at === null ? null : [curve.s[at], curve.l[at], curve.b[at]];
  const gapLine = here ? gapAt(...here, fixed(cleaned(here[1] - here[2], 1), 3), curve, sx, sy, inner) : view.mDone && top.gap > 0 ? gapAt(1, reached, rise, small(top.gap), curve, sx, sy, inner) : null;
  return picture(box, boundText(view), svg("clipPath", { id: "along" }, svg("rect", inner)), axes(box), plumb(0), plumb(1),
    svg("g", { "clip-path": "url(#along)" },
      svg("path", { class: "likelihood", d: polyline(curve.s, curve.l, sx, sy) }),
      view.eDone ? svg("path", { class: "lower-bound", d: polyline(curve.s, curve.b, sx, sy) }) : null),
    gapLine, dot(0, 0, "on-likelihood"),
    view.eDone ? dot(0, hang, view.mDone ? "on-bound past" : "on-bound") : null,
    view.mDone ? [dot(1, reached, "on-likelihood"), dot(1, rise, "on-bound")] : null,
    here ? [dot(here[0], here[1], "on-likelihood now"), dot(here[0], here[2], "on-bound now")] : null);
}

// The distance of the two curves at one place. Its number stands below the bound, on the side to which that climbs: no curve is there.
function gapAt(s, high, low, number, curve, sx, sy, { y, height }) {
  const side = Math.sign(1 - s);
  const over = curve.s.map((at, n) => (Math.abs(sx(at) - sx(s) - 45 * side) < 50 ? sy(curve.b[n]) : 0)); // the number, the bound
  return svg("g", { class: "gap" }, svg("path", { d: `M${sx(s)} ${sy(low)}V${sy(high)}` }),
    svg("text", { x: sx(s) + 9 * side, y: Math.min(Math.max(sy(low) + 8, ...over) + 18, y + height - 26), "text-anchor": ["end", "middle", "start"][side + 1] }, `gap ${number}`));
}

const boundLegend = (view) => html("p", { class: "legend" }, [["likelihood", "log-likelihood"], ...(view.eDone ? [["lower-bound", `bound of E-step ${view.number}`]] : [])].map(([name, text]) =>
  html("span", {}, svg("svg", { width: 28, height: 10, "aria-hidden": "true" }, svg("path", { class: name, d: "M1 5h26" })), text)));
