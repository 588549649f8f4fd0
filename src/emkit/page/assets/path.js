// Panel 4: the way of two parameters over the landscape of the log-likelihood.

const pathPanel = {
  id: "path",
  draw(view, width) {
    const chosen = Math.min(view.landscape, view.trace.landscapes.length - 1);
    const land = view.trace.landscapes[chosen];
    if (!land) return [prose("No parameter is free.")];
    return [landscapeChoice(view, chosen), land.ys ? drawContour(view, land, width) : drawProfile(view, land, width), note(landNote(view, land))];
  },
  text(view) {
    const last = view.trace.path.length - 1;
    return `${parameterText(view)}.\nStep ${view.t} of ${last}. ${view.account ? "Log-likelihood " + fourDecimals(view.account.log_likelihood) + "." : ""}`.trimEnd();
  },
};

function landscapeChoice(view, chosen) {
  const { landscapes } = view.trace;
  if (landscapes.length < 2) return null;
  return html("label", { class: "choice" }, "parameters ", html("select", { "data-act": "landscape" }, landscapes.map((land, n) =>
    html("option", { value: n, selected: n === chosen }, land.ys ? `${land.x}, ${land.y}` : land.x))));
}

function landNote(view, land) {
  const held = Object.entries(land.held).map(([name, value]) => `${name} = ${significant(value)}`);
  const some = held.length > 4 ? "the other parameters" : held.join(", ");
  return [
    held.length ? `A slice: ${some} held where the run ends.` : "",
    land.sampled ? "Drawn from a sample of the rows." : "",
    view.trace.browser_em ? "Drag the ring, or move it with the arrow keys, to start elsewhere." : "",
  ].filter(Boolean).join(" ");
}

const along = (view, name) => view.trace.path.map((theta) => theta[view.trace.symbols.indexOf(name)]);

function drawContour(view, land, width) {
  const box = frame(width, Math.min(400, Math.max(280, width * 0.8)), [land.xs[0], land.xs.at(-1)], [land.ys[0], land.ys.at(-1)], { x: land.x, y: land.y });
  const { sx, sy, inner } = box;
  const place = ([i, j]) => {
    const at = (axis, n) => axis[0] + (n / (axis.length - 1)) * (axis.at(-1) - axis[0]);
    return `${sx(at(land.xs, i)).toFixed(1)} ${sy(at(land.ys, j)).toFixed(1)}`;
  };
  const hills = levelsFor(land.z).map((level) => svg("path", { class: "hill", "fill-rule": "evenodd", d: contours(land.z, level).map((loop) => `M${loop.map(place).join("L")}Z`).join("") }));
  const [xs, ys] = [along(view, land.x), along(view, land.y)];
  return picture(box, `Log-likelihood over ${land.x} and ${land.y}, and the path of EM`,
    svg("clipPath", { id: "land" }, svg("rect", inner)),
    svg("g", { "clip-path": "url(#land)" }, hills), axes(box),
    svg("g", { class: "way" },
      svg("path", { class: "way-ahead", d: polyline(xs, ys, sx, sy) }),
      svg("path", { class: "way-gone", d: polyline(xs.slice(0, view.t + 1), ys.slice(0, view.t + 1), sx, sy) }),
      xs.map((x, t) => svg("circle", { class: t <= view.t ? "stop" : "stop ahead", cx: sx(x), cy: sy(ys[t]), r: t === view.t ? 0 : 2.5 }))),
    star(view, land, box), startHandle(view, land, box, xs[0], ys[0]),
    svg("circle", { class: "here", cx: sx(xs[view.t]), cy: sy(ys[view.t]), r: 5.5 }));
}

function star(view, land, { sx, sy }) {
  const values = view.trace.ending ? view.trace.ending.values : view.trace.path.at(-1);
  const [x, y] = [land.x, land.y].map((name) => values[view.trace.symbols.indexOf(name)]);
  const arms = range(10).map((n) => { const r = n % 2 ? 3 : 7.5; const a = (n * Math.PI) / 5 - Math.PI / 2; return `${(r * Math.cos(a)).toFixed(2)} ${(r * Math.sin(a)).toFixed(2)}`; });
  return svg("path", { class: "star", transform: `translate(${sx(x).toFixed(1)} ${sy(y).toFixed(1)})`, d: `M${arms.join("L")}Z` });
}

function startHandle(view, land, box, x, y) {
  const ring = { class: "start-ring", cx: box.sx(x), cy: box.sy(y), r: 9 };
  if (!view.trace.browser_em || view.trace.symbols.indexOf(land.x) < 0) return svg("circle", ring);
  return svg("circle", {
    ...ring, tabindex: 0, role: "slider", "data-drag": "theta",
    "aria-label": `start: ${land.x} and ${land.y}`, "aria-valuenow": plain(x), "aria-valuetext": `${land.x} ${plain(x)}, ${land.y} ${plain(y)}`,
    "data-box": boxOf(box),
  });
}

// One free parameter: its log-likelihood as a curve.
function drawProfile(view, land, width) {
  const top = Math.max(...land.z.filter((v) => v !== null));
  const seen = along(view, land.x);
  const low = Math.max(Math.min(...land.z.filter((v) => v !== null)), top - 60);
  const box = frame(width, 280, [land.xs[0], land.xs.at(-1)], padded([low, top]), { x: land.x, y: "log-likelihood" }, { ...MARGIN, left: 68 });
  const heights = seen.map((_, t) => view.trace.accounts.log_likelihood[2 * t]);
  return picture(box, `Log-likelihood over ${land.x}, and the path of EM`, axes(box),
    svg("path", { class: "likelihood", d: polyline(land.xs, land.z.map((v) => (v !== null && v >= low - 2 ? v : null)), box.sx, box.sy) }),
    seen.map((x, t) => svg("circle", { class: t <= view.t ? "stop" : "stop ahead", cx: box.sx(x), cy: box.sy(heights[t]), r: 3 })),
    svg("circle", { class: "here", cx: box.sx(seen[view.t]), cy: box.sy(heights[view.t]), r: 5.5 }));
}
