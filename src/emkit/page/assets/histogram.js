// Marks: one column in bins, and the densities of the components.

function drawHistogram(view, width) {
  const { marks } = view.trace;
  const mass = marks.mass[view.s];
  const curves = marks.curves[view.t];
  const whole = range(marks.places.length).map((i) => sum(curves.map((curve) => curve[i])));
  const top = Math.max(...mass.map(sum), ...marks.curves.flatMap((at) => range(at[0].length).map((i) => sum(at.map((c) => c[i])))).filter((v) => v < 3 * Math.max(...mass.map(sum))));
  const box = frame(width, 270, [marks.edges[0], marks.edges.at(-1)], [0, top * 1.05], { x: marks.column, y: "rows" });
  const { sx, sy } = box;
  const bars = mass.map((responsibilities, b) => {
    let below = 0;
    const parts = view.eDone ? responsibilities : [sum(responsibilities)];
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

MARKS.histogram = drawHistogram;
