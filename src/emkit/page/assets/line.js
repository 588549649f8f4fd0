// A line from 0 to 1 with a mark for each probability that is estimated, and how likely a row is under each component.

// The component that an entry belongs to, -1 for a proportion.
const entryOwner = (trace, n) => n - trace.components.length;

const LINE = { left: 62, right: 18 }; // the margins of all pictures with theta from left to right

// Marks at theta, rings where they were before it; they can be moved while nothing has been worked out yet.
function drawLine(view, width) {
  const box = frame(width, 118, [0, 1], [0, 1], { x: "", y: "", noY: true, below: 26 }, { ...LINE, top: 8, bottom: 34 });
  const { sx, inner } = box;
  const middle = inner.y + inner.height;
  const free = freeEntries(view.trace);
  const held = view.eDone ? view.before : null;
  return picture(box, `On a line from 0 to 1: ${free.map((n) => view.trace.symbols[n] + " = " + plain(view.theta[n])).join(", ")}`,
    axes(box),
    held && view.mDone ? free.map((n) => svg("g", { class: ownerClass(view.trace, n) },
      svg("path", { class: "moved-by", d: `M${sx(held[n])} ${middle}L${sx(view.theta[n])} ${middle}` }),
      svg("circle", { class: "was", cx: sx(held[n]), cy: middle, r: 5 }))) : null,
    free.map((n, at, all) => lineMark(view, n, all.map((other) => sx(view.theta[other])), middle, inner, at)));
}

const ownerClass = (trace, n) => (entryOwner(trace, n) < 0 ? "chance" : `c${entryOwner(trace, n) % 8}`);

function lineMark(view, n, places, middle, inner, at) {
  const x = places[at];
  const { trace, theta, position } = view;
  const up = [60, 40, 20][at % 3];
  const width = inner.width + inner.x;
  const near = (side) => places.some((place) => (place - x) * side > 0 && Math.abs(place - x) < 90); // its stem would strike through
  const anchor = x < inner.x + 30 || (near(-1) && !near(1)) ? "start" : x > width - 60 || (near(1) && !near(-1)) ? "end" : "middle";
  const handle = { class: "line-mark", cx: x, cy: middle, r: 9 };
  const movable = position === 0 && trace.browser_em;
  return svg("g", { class: ownerClass(trace, n) },
    svg("path", { class: "stem", d: `M${x} ${middle}V${middle - up + 6}` }),
    svg("text", { class: "line-value", x, y: middle - up, "text-anchor": anchor }, svgSymbol(trace.symbols[n]), ` ${significant(theta[n])}`),
    svg("circle", movable ? {
      ...handle, class: "line-mark handle-on-line", tabindex: 0, role: "slider", "data-drag": `entry:${n}`,
      "aria-label": `start: ${trace.symbols[n]}`, "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": plain(theta[n]),
      "data-box": JSON.stringify([[0, 1], [0, 1], [inner.x, width], [inner.y + inner.height, inner.y]]),
    } : handle));
}

// The number of a row under each component: its density where the chances of the components are held alike, else the joint.
function rowUnder(view) {
  const { trace, step, shownRow: i } = view;
  const item = trace.rows.items[i];
  const alike = trace.held.length === view.K && new Set(view.before.slice(0, view.K)).size === 1;
  return item.states.map((k) => ({
    k,
    value: jointOf(view, i, k) / (alike ? view.before[k] : 1),
    text: alike ? step.formulas[i][k].replace(/^[\d.e-]+ \* /, "") : step.formulas[i][k],
  }));
}

// A bar for each component, as long as the row is likely under it.
function drawLikely(view, width) {
  const found = rowUnder(view);
  const most = Math.max(...found.map(({ value }) => value)) || 1;
  return html("ul", { class: "likely" }, found.map(({ k, value, text }) => html("li", { class: `c${k % 8}` },
    html("span", { class: "likely-name" }, svg("svg", { width: 16, height: 16, viewBox: "-8 -8 16 16", "aria-hidden": "true" }, glyph(k, 0, 0, 5)), view.trace.components[k]),
    written(pieces(`${text} = ${significant(value, 3)}`)),
    svg("svg", { class: "likely-bar", width, height: 12, viewBox: `0 0 ${width} 12`, "aria-hidden": "true" }, svg("rect", { class: `fill c${k % 8}`, x: 0, y: 0, rx: 2, height: 12, width: Math.max(1, (width * value) / most).toFixed(1) })))));
}

// The expected log-likelihood of each component's own parameter, less its highest: its top is the M-step.
function drawExpected(view, width) {
  const { trace, step } = view;
  const model = trace.browser_em;
  const at = range(197).map((n) => 0.01 + (n * 0.98) / 196);
  const totals = (k) => Object.fromEntries(model.cells.map((cell, n) => [cell, step.tallies.find(({ what }) => what === model.totals[n]).values[k]]));
  const height = (k, theta) => logOf(model.density, { ...totals(k), [model.parameter]: theta });
  const box = frame(width, Math.min(340, Math.max(240, width * 0.55)), [0, 1], [-10, 1.6], { x: "", y: "below its maximum" }, { ...LINE, top: 12, bottom: 10, noX: true });
  const { sx, sy, inner } = box;
  return [note("Expected log-likelihood of each parameter"), picture(box, "The expected log-likelihood of each component's parameter; its top is the new parameter", svg("clipPath", { id: "tops" }, svg("rect", inner)), axes(box),
    range(view.K).map((k) => {
      const top = view.after[view.K + k];
      const highest = height(k, top);
      return svg("g", { class: `c${k % 8}` }, svg("path", { class: "curve", "clip-path": "url(#tops)", d: polyline(at, at.map((theta) => height(k, theta) - highest), sx, sy) }),
        svg("path", { class: "stem", d: `M${sx(top)} ${sy(0)}V${inner.y + inner.height}` }),
        svg("circle", { class: "line-mark", cx: sx(top), cy: sy(0), r: 5.5 }),
        svg("text", { class: "line-value", x: sx(top), y: sy(0) - (k % 2 ? 26 : 10), "text-anchor": top > 0.8 ? "end" : top < 0.2 ? "start" : "middle" }, svgSymbol(trace.symbols[view.K + k]), ` ${significant(top)}`));
    }))];
}
