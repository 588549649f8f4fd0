// Marks: two columns as points, or counted in the cells of a grid.

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
  const { marks, browser_em: own } = view.trace;
  const [pairs, chosen] = chosenPair(view);
  const [i, j] = pairs[chosen];
  const box = planeFrame(view, width, i, j, padded(extent(marks.x.map((x) => x[i]))), padded(extent(marks.x.map((x) => x[j]))));
  const responsibilities = marks.responsibilities[view.s];
  const points = marks.x.map((x, n) => {
    const most = view.eDone ? responsibilities[n].indexOf(Math.max(...responsibilities[n])) : 0;
    const sure = view.eDone ? Math.max(...responsibilities[n]) : 1;
    return glyph(most, box.sx(x[i]), box.sy(x[j]), marks.x.length > 50 ? 3.2 : 5, {
      class: `${view.eDone ? "" : "unknown "}point${sure < 0.9 ? " unsure" : ""}${n === view.shownRow && view.trace.rows.items.length > n ? " lit-point" : ""}`,
      "data-row": view.trace.rows && n < view.trace.rows.items.length ? n : null });
  });
  return html("div", {}, pairChoice(view), picture(box, `${marks.columns[i]} against ${marks.columns[j]}, points by their likeliest component`,
    axes(box), own ? svg("rect", { class: "plane", ...box.inner, "data-plane": `${i}:${j}`, "data-box": boxOf(box) }) : null, points, curves(view, box), ellipses(view, box, i, j), own ? [meanHandles(view, box, i, j), pointHandle(view, box, i, j)] : null), own && marks.of === marks.x.length ? pointActs(view) : null);
}

const pointActs = ({ trace, shownRow: i }) => html("p", { class: "row-acts" }, rowButton("add", 0, "+ add a point", "add a point"),
  rowButton("away", i, "take this point away", `take ${rowCalled(trace.rows.items[i])} away`, trace.rows.items.length < 2),
  html("span", { class: "note" }, "A double click adds one there."));

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

// The lines of a regression at this theta.
const curves = ({ trace: { marks }, t }, { sx, sy }) => marks.lines && svg("g", { class: "shape" },
  marks.lines.means[t].map((means, k) => svg("path", { class: `c${k % 8}`, d: polyline(marks.lines.at, means, sx, sy) })));

// Ellipses that hold 50 and 90 per cent of a normal component, and its mean.
function ellipses(view, box, i, j) {
  const shape = view.trace.marks.shapes[view.t];
  if (!shape) return null;
  return svg("g", { "clip-path": "url(#plane)" }, svg("clipPath", { id: "plane" }, svg("rect", box.inner)), shape.means.map((mean, k) => {
    const spread = shape.spread[k];
    return svg("g", { class: `shape c${k % 8}` },
      [1.3863, 4.6052].map((reach, n) => svg("path", { class: n ? "outer" : "inner", d: ellipsePath(mean, spread, i, j, Math.sqrt(reach), box) })),
      svg("path", { class: "cross", d: `M${box.sx(mean[i]) - 6} ${box.sy(mean[j])}h12m-6 -6v12` }));
  }));
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
    "data-box": boxOf(box),
  }));
}

// The row that is spoken of can be dragged elsewhere, once rows are shared out.
function pointHandle(view, box, i, j) {
  const { marks, rows } = view.trace;
  if (!view.eDone || !rows || marks.x.length !== view.trace.browser_em.x.length) return null;
  const at = marks.x[view.shownRow];
  return svg("circle", {
    class: "handle of-point", cx: box.sx(at[i]), cy: box.sy(at[j]), r: 11, tabindex: 0, role: "slider", "data-drag": `point:${view.shownRow}:${i}:${j}`,
    "aria-label": `where ${rowCalled(rows.items[view.shownRow])} lies`, "aria-valuenow": plain(at[i]), "aria-valuetext": `${plain(at[i])}, ${plain(at[j])}`,
    "data-box": boxOf(box),
  });
}

// A row goes elsewhere, in two of its columns.
function movePoint(row, columns, place) {
  const { x } = rowsOf(state.trace);
  changeRows({ x: changed(x, row, x[row].map((value, j) => (columns.includes(j) ? place[columns.indexOf(j)] : value))) }, row, true);
}

// A point comes where there is none.
document.addEventListener("dblclick", (event) => {
  const plane = event.target.closest("[data-plane]");
  if (!plane) return;
  const [i, j] = plane.dataset.plane.split(":").map(Number);
  const place = placeOn(plane, plane.ownerSVGElement, event);
  addRow(rowsOf(state.trace).x.at(-1).map((value, column) => (column === i ? place[0] : column === j ? place[1] : value)));
});

MARKS.points = drawPoints;
MARKS.grids = drawGrids;
