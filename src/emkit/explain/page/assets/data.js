// Panel 1: the data, each row (or bin, or level) split among the components by responsibility.

const dataPanel = {
  id: "data",
  draw(view, width) {
    const kind = view.trace.marks.kind;
    const draw = { rows: drawRows, levels: drawLevels, histogram: drawHistogram, points: drawPoints, grids: drawGrids }[kind];
    if (!draw) return [html("p", {}, "These data cannot be drawn row by row.")];
    const wait = view.eDone ? "" : "Nothing is shared out yet: press e for the first E-step.";
    return [legend(view.trace), draw(view, width), html("p", { class: "note" }, wait || dataNote(view))];
  },
  text(view) {
    const { trace, step } = view;
    if (!view.eDone) return "The data before the first E-step: no row belongs to any component yet.";
    if (trace.marks.kind === "rows") {
      return trace.rows.items.map((item, i) => `${rowText(item)}${item.weight === 1 ? "" : ` (${plain(item.weight)} times)`}: ${
        item.states.map((k) => `${share(step.shares[i][k])} to ${trace.components[k]}`).join(", ")}`).join("\n");
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
  if (marks.kind === "grids") parts.push("Rows are counted in the cells of a grid; no row is in this page.");
  if (marks.kind === "histogram" && !trace.rows) parts.push("Rows are counted in bins; no row is in this page.");
  if (marks.left_out) parts.push(`${marks.left_out} more columns are not drawn.`);
  if (marks.shapes && marks.shapes.length) parts.push("Ellipses hold half and nine tenths of a component.");
  if (marks.kind === "rows" && mDone) parts.push(`The shares are those of the E-step; ${filled(notation.parameters, {})} has moved on.`);
  return parts.join(" ");
}

// Rows as bars. Coins show their tosses, other rows their label.
function drawRows(view, width) {
  const { trace, step, eDone } = view;
  const most = Math.max(...trace.rows.items.map((item) => item.weight));
  const same = trace.rows.items.every((item) => item.weight === most);
  return html("ul", { class: "bars" }, trace.rows.items.map((item, i) =>
    html("li", { "data-row": i, class: i === view.shownRow ? "lit" : null },
      html("span", { class: "bar-name" }, same ? `draw ${item.label}`.replace("draw 1", "draw 1").replace(/^draw (?=\D)/, "") : item.label,
        same ? null : html("span", { class: "times" }, ` × ${plain(item.weight)}`)),
      /^[HT]+$/.test(item.name) ? tosses(item.name) : null,
      splitBar(eDone ? step.shares[i] : null, item.states, same ? 1 : item.weight / most, Math.max(120, width)))));
}

function tosses(name) {
  const gap = 17;
  return svg("svg", { class: "tosses", width: gap * name.length, height: 18, viewBox: `0 0 ${gap * name.length} 18`, role: "img", "aria-label": name },
    [...name].map((toss, i) => svg("g", { class: toss === "H" ? "heads" : "tails" },
      svg("circle", { cx: 8 + gap * i, cy: 9, r: 7 }), svg("text", { x: 8 + gap * i, y: 12.5, "text-anchor": "middle" }, toss))));
}

// One bar, as long as `length` (a share of the whole), split by responsibility.
function splitBar(shares, states, length, width) {
  const total = 100 * length;
  let from = 0;
  const parts = shares ? states.filter((k) => shares[k] > 0) : [];
  return svg("svg", { class: "split", viewBox: "0 0 100 20", preserveAspectRatio: "none", width: "100%", height: 22, "aria-hidden": "true" },
    svg("rect", { class: "empty", x: 0, y: 0, width: total, height: 20 }),
    parts.map((k) => {
      const wide = total * shares[k];
      const part = svg("rect", { class: `fill c${k % 8}`, x: from.toFixed(3), y: 0, width: Math.max(0, wide).toFixed(3), height: 20 });
      from += wide;
      return part;
    }));
}

function drawLevels(view, width) {
  const { marks } = view.trace;
  return html("div", { class: "levels" }, marks.columns.map((column) => {
    const mass = column.mass[view.s];
    const most = Math.max(...mass.map(sum));
    return html("div", { class: "column" }, html("h3", {}, column.name), html("ul", { class: "bars" }, column.levels.map((level, i) => {
      const total = sum(mass[i]);
      return html("li", {}, html("span", { class: "bar-name" }, level, html("span", { class: "times" }, ` × ${plain(total)}`)),
        splitBar(view.eDone ? mass[i].map((m) => (total > 0 ? m / total : 0)) : null, range(view.K), total / most, width));
    })));
  }));
}

function drawHistogram(view, width) {
  const { marks } = view.trace;
  const mass = marks.mass[view.s];
  const curves = marks.curves[view.t];
  const whole = range(marks.places.length).map((i) => sum(curves.map((curve) => curve[i])));
  const top = Math.max(...mass.map(sum), ...marks.curves.flatMap((at) => range(at[0].length).map((i) => sum(at.map((c) => c[i])))).filter((v) => v < 3 * Math.max(...mass.map(sum))));
  const box = frame(width, 270, [marks.edges[0], marks.edges.at(-1)], [0, top * 1.05], { x: marks.column, y: "rows" });
  const { sx, sy } = box;
  const bars = mass.map((shares, b) => {
    let below = 0;
    const parts = view.eDone ? shares : [sum(shares)];
    return parts.map((m, k) => {
      const rect = svg("rect", { class: view.eDone ? `fill c${k % 8}` : "empty", x: sx(marks.edges[b]) + 0.5, width: Math.max(0, sx(marks.edges[b + 1]) - sx(marks.edges[b]) - 1), y: sy(below + m), height: Math.max(0, sy(below) - sy(below + m)) });
      below += m;
      return rect;
    });
  });
  const discrete = marks.places.length === marks.edges.length - 1;
  const drawn = discrete
    ? marks.places.map((x, i) => svg("circle", { class: "whole-dot", cx: sx(x), cy: sy(whole[i]), r: 3.5 }))
    : [svg("path", { class: "whole-curve", d: polyline(marks.places, whole, sx, sy) })];
  return picture(box, `Histogram of ${marks.column}, bars split by responsibility`, axes(box), bars,
    curves.map((curve, k) => svg("path", { class: `curve c${k % 8}`, d: polyline(marks.places, curve.map((v) => Math.min(v, top * 1.05)), sx, sy) })), drawn);
}

function chosenPair(view) {
  const pairs = view.trace.marks.pairs || view.trace.marks.grids.map((grid) => grid.pair);
  return [pairs, Math.min(view.pair, pairs.length - 1)];
}

function pairChoice(view) {
  const { columns } = view.trace.marks;
  const [pairs, chosen] = chosenPair(view);
  if (pairs.length < 2) return null;
  return html("label", { class: "choice" }, "columns ", html("select", { "data-act": "pair" }, pairs.map(([i, j], n) =>
    html("option", { value: n, selected: n === chosen }, `${columns[i]}, ${columns[j]}`))));
}

function planeFrame(view, width, i, j, xs, ys) {
  const { columns } = view.trace.marks;
  return frame(width, Math.min(400, Math.max(270, width * 0.72)), xs, ys, { x: columns[i], y: columns[j] });
}

function drawPoints(view, width) {
  const { marks, twin } = view.trace;
  const [pairs, chosen] = chosenPair(view);
  const [i, j] = pairs[chosen];
  const box = planeFrame(view, width, i, j, padded(extent(marks.x.map((x) => x[i]))), padded(extent(marks.x.map((x) => x[j]))));
  const shares = marks.shares[view.s];
  const points = marks.x.map((x, n) => {
    const most = view.eDone ? shares[n].indexOf(Math.max(...shares[n])) : 0;
    const sure = view.eDone ? Math.max(...shares[n]) : 1;
    return glyph(most, box.sx(x[i]), box.sy(x[j]), 3.2, {
      class: `${view.eDone ? "" : "unknown "}point${sure < 0.9 ? " unsure" : ""}${n === view.shownRow && view.trace.rows.items.length > n ? " lit-point" : ""}`,
      "data-row": view.trace.rows && n < view.trace.rows.items.length ? n : null });
  });
  return html("div", {}, pairChoice(view), picture(box, `${marks.columns[i]} against ${marks.columns[j]}, points by their likeliest component`,
    axes(box), points, ellipses(view, box, i, j), twin ? meanHandles(view, box, i, j) : null));
}

function drawGrids(view, width) {
  const { marks } = view.trace;
  const [, chosen] = chosenPair(view);
  const grid = marks.grids[chosen];
  const [i, j] = grid.pair;
  const [xe, ye] = grid.edges;
  const box = planeFrame(view, width, i, j, [xe[0], xe.at(-1)], [ye[0], ye.at(-1)]);
  const { sx, sy } = box;
  const mass = grid.mass[view.s];
  const most = Math.max(...mass.map(sum));
  const cells = grid.cells.map(([a, b], n) => {
    const [w, h] = [sx(xe[1]) - sx(xe[0]), sy(ye[0]) - sy(ye[1])];
    const size = Math.sqrt(sum(mass[n]) / most);
    const [x, y] = [sx(xe[a]) + (w * (1 - size)) / 2, sy(ye[b + 1]) + (h * (1 - size)) / 2];
    let from = 0;
    const parts = view.eDone ? mass[n] : [sum(mass[n])];
    return parts.map((m, k) => {
      const wide = (w * size * m) / sum(parts);
      const rect = svg("rect", { class: view.eDone ? `fill c${k % 8}` : "empty", x: x + from, y, width: Math.max(0, wide), height: h * size });
      from += wide;
      return rect;
    });
  });
  return html("div", {}, pairChoice(view), picture(box, `${marks.columns[i]} against ${marks.columns[j]}, counts in cells, split by responsibility`,
    axes(box), cells, ellipses(view, box, i, j)));
}

// Ellipses that hold 50 and 90 per cent of a normal component, and its mean.
function ellipses(view, box, i, j) {
  const shape = view.trace.marks.shapes[view.t];
  if (!shape) return null;
  return shape.means.map((mean, k) => {
    const spread = shape.spread[k];
    return svg("g", { class: `shape c${k % 8}` },
      [1.3863, 4.6052].map((reach, n) => svg("path", { class: n ? "outer" : "inner", d: ellipsePath(mean, spread, i, j, Math.sqrt(reach), box) })),
      svg("path", { class: "cross", d: `M${box.sx(mean[i]) - 6} ${box.sy(mean[j])}h12m-6 -6v12` }));
  });
}

function ellipsePath(mean, spread, i, j, reach, { sx, sy }) {
  const a = Math.sqrt(Math.max(spread[i][i], 0));
  const b = a > 0 ? spread[i][j] / a : 0;
  const c = Math.sqrt(Math.max(spread[j][j] - b * b, 0));
  const points = range(49).map((n) => {
    const [u, v] = [reach * Math.cos((n * Math.PI) / 24), reach * Math.sin((n * Math.PI) / 24)];
    return `${sx(mean[i] + a * u).toFixed(1)} ${sy(mean[j] + b * u + c * v).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

// At the start, means can be dragged: another start.
function meanHandles(view, box, i, j) {
  if (view.position !== 0) return null;
  return view.trace.marks.shapes[0].means.map((mean, k) => svg("circle", {
    class: `handle c${k % 8}`, cx: box.sx(mean[i]), cy: box.sy(mean[j]), r: 11, tabindex: 0, role: "slider",
    "data-drag": `mean:${k}:${i}:${j}`, "aria-label": `where the mean of ${view.trace.components[k]} starts`,
    "aria-valuenow": plain(mean[i]), "aria-valuetext": `${plain(mean[i])}, ${plain(mean[j])}`,
    "data-box": JSON.stringify([box.sx.domain, box.sy.domain, [box.inner.x, box.inner.x + box.inner.width], [box.inner.y + box.inner.height, box.inner.y]]),
  }));
}
