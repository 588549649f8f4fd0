// Panel 5: the log-likelihood and the bound that the E-step made, along the line from theta to its update.

const boundPanel = {
  id: "bound",
  draw(view, width) {
    const curve = view.trace.bounds[view.s];
    if (!curve.s.length) return [html("p", {}, "This step does not move: the log-likelihood and its bound touch at the top, and EM stands still.")];
    return [drawBound(view, curve, width), html("p", { class: "note" }, boundText(view))];
  },
  text: boundText,
};

function boundText(view) {
  const [touch, top] = [0, 1].map((half) => accountAt(view.trace, 2 * view.s + half));
  if (!view.eDone) return `At theta_0 the log-likelihood is ${share(touch.log_likelihood)}. The E-step will hang a bound below the curve.`;
  const touching = view.trace.posterior ? `touches the log-likelihood at ${share(touch.bound)} (s = 0)` : `is ${share(touch.bound)} at s = 0, ${small(touch.gap)} below the log-likelihood, since rows are not shared out by their posterior`;
  if (!view.mDone) return `The bound ${touching}. The M-step will go to its top.`;
  return `The bound ${touching}; its top is at s = 1, ${share(top.bound)}, ${small(top.bound - touch.bound)} higher. There the log-likelihood is ${share(top.log_likelihood)}: `
    + `it gained ${small(top.log_likelihood - touch.log_likelihood)}, the rise of the bound and the gap of ${small(top.gap)} that has opened.`;
}

function drawBound(view, curve, width) {
  const { account } = view;
  const [touch, top] = [0, 1].map((half) => accountAt(view.trace, 2 * view.s + half));
  const at = (name) => curve.s.map((s, i) => [s, curve[name][i]]).filter(([s]) => s >= -0.31 && s <= 1.71).map(([, v]) => v);
  const highest = Math.max(...at("l"), ...at("b"));
  const reach = Math.max(top.log_likelihood, top.bound, touch.bound) - Math.min(touch.bound, touch.log_likelihood) || 1e-9;
  const low = Math.max(Math.min(...at("b")), Math.min(touch.bound, touch.log_likelihood) - 1.1 * reach);
  const box = frame(width, Math.min(400, Math.max(280, width * 0.62)), [curve.s[0], curve.s.at(-1)], padded([low, highest], 0.08), { x: "s", y: "log-likelihood" }, { ...MARGIN, left: 64 });
  const { sx, sy, inner } = box;
  const dot = (s, value, name) => svg("circle", { class: name, cx: sx(s), cy: sy(value), r: 5 });
  const gapLine = view.mDone && top.gap > 0 ? svg("g", { class: "gap" },
    svg("path", { d: `M${sx(1)} ${sy(top.bound)}V${sy(top.log_likelihood)}` }),
    svg("text", { x: sx(1) + 8, y: (sy(top.bound) + sy(top.log_likelihood)) / 2 + 4 }, `gap ${small(top.gap)}`)) : null;
  return picture(box, boundText(view), svg("clipPath", { id: "along" }, svg("rect", inner)), axes(box),
    [0, 1].map((s) => svg("path", { class: "plumb", d: `M${sx(s)} ${inner.y}V${inner.y + inner.height}` })),
    svg("text", { class: "mark", x: sx(0) + 4, y: inner.y + inner.height - 8 }, "θ", svg("tspan", { dy: 3, class: "index" }, String(view.s))),
    svg("text", { class: "mark", x: sx(1) + 4, y: inner.y + inner.height - 8 }, "θ", svg("tspan", { dy: 3, class: "index" }, String(view.s + 1))),
    svg("g", { "clip-path": "url(#along)" },
      svg("path", { class: "likelihood", d: polyline(curve.s, curve.l, sx, sy) }),
      view.eDone ? svg("path", { class: "lower-bound", d: polyline(curve.s, curve.b, sx, sy) }) : null),
    gapLine, dot(0, touch.log_likelihood, "on-likelihood"),
    view.eDone ? dot(0, touch.bound, view.mDone ? "on-bound past" : "on-bound") : null,
    view.mDone ? [dot(1, top.log_likelihood, "on-likelihood"), dot(1, top.bound, "on-bound")] : null,
    svg("text", { class: "curve-name", x: inner.x + inner.width - 4, y: inner.y + 14, "text-anchor": "end" }, "log-likelihood"),
    view.eDone && account ? svg("text", { class: "curve-name bound-name", x: inner.x + inner.width - 4, y: inner.y + 31, "text-anchor": "end" }, "bound of this E-step") : null);
}
