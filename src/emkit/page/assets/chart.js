// Frames, axes, marks: what all pictures share. Sizes are in CSS pixels of the panel's real width, so that letters stay legible.

const MARGIN = { left: 52, right: 12, top: 12, bottom: 40 };

function scale([low, high], [from, to]) {
  const span = high - low || 1;
  const to_ = (value) => from + ((value - low) / span) * (to - from);
  to_.back = (pixel) => low + ((pixel - from) / (to - from)) * span;
  to_.domain = [low, high];
  return to_;
}

function frame(width, height, x, y, labels, margin = MARGIN) {
  const sx = scale(x, [margin.left, width - margin.right]);
  const sy = scale(y, [height - margin.bottom, margin.top]);
  const inner = { x: margin.left, y: margin.top, width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  return { width, height, sx, sy, inner, labels, margin };
}

function ticks([low, high], most) {
  const raw = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const steps = [0.5, 1, 2, 2.5, 5, 10].map((m) => m * power);
  const at = steps.findIndex((m, n) => n > 0 && m >= raw * (1 - 1e-9));
  const found = multiples(steps[at], low, high);
  return found.length > 1 ? found : multiples(steps[at - 1], low, high); // a single tick does not tell a scale
}

function multiples(step, low, high) {
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n += 1) found.push(Number((n * step).toPrecision(12)));
  return found;
}

const tickText = (value) => (value === 0 ? "0" : general(value, 6).replace("-", "−"));

function axes({ height, sx, sy, inner, labels, margin }) {
  const kept = (values, whole) => (whole ? values.filter(Number.isInteger) : values);
  const xs = margin.noX ? [] : kept(ticks(sx.domain, inner.width / 70), labels.wholeX);
  const ys = labels.noY ? [] : kept(ticks(sy.domain, inner.height / 44), labels.wholeY);
  const bottom = inner.y + inner.height;
  return svg("g", { class: "axes" },
    svg("path", { class: "axis", d: `M${inner.x} ${labels.noY ? bottom : inner.y}V${bottom}H${inner.x + inner.width}` }),
    xs.map((v) => svg("g", {}, svg("path", { class: "tick", d: `M${sx(v)} ${bottom}v4` }),
      svg("text", { x: sx(v), y: bottom + (labels.below || 16), "text-anchor": "middle" }, tickText(v)))),
    ys.map((v) => svg("g", {}, svg("path", { class: "tick", d: `M${inner.x} ${sy(v)}h-4` }),
      svg("text", { x: inner.x - 7, y: sy(v) + 4, "text-anchor": "end" }, tickText(v)))),
    labels.x && axisLabel(labels.x, inner.x + inner.width / 2, height - 6, "middle"),
    labels.y && axisLabel(labels.y, 13, inner.y + inner.height / 2, "middle", `rotate(-90 13 ${inner.y + inner.height / 2})`));
}

function axisLabel(text, x, y, anchor, transform) {
  return svg("text", { class: "axis-label", x, y, "text-anchor": anchor, transform: transform || null }, svgSymbol(text));
}

// A parameter's name with its index set lower.
function svgSymbol(name) {
  const { base, index } = symbolParts(name);
  return index ? [base, svg("tspan", { dy: 3, class: "index" }, index), svg("tspan", { dy: -3 }, "\u200b")] : [base];
}

function picture(size, label, ...children) {
  const made = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, width: size.width, height: size.height, role: "img", "aria-label": label }, children);
  if (made.querySelector("[data-drag]")) made.setAttribute("role", "group"); // an image may not hold what can be moved
  return made;
}

const polyline = (xs, ys, sx, sy) =>
  xs.map((x, i) => (ys[i] === null || !Number.isFinite(ys[i]) ? "" : `${i === 0 || ys[i - 1] === null ? "M" : "L"}${sx(x).toFixed(1)} ${sy(ys[i]).toFixed(1)}`)).join("");

// A mark of its own shape for each component, so that colour is not needed to tell them apart.
function glyph(k, x, y, size, attributes = {}) {
  const r = size;
  const shapes = [
    `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
    `M0 ${-1.25 * r}L${1.15 * r} ${0.8 * r}H${-1.15 * r}Z`,
    `M${-0.9 * r} ${-0.9 * r}h${1.8 * r}v${1.8 * r}h${-1.8 * r}Z`,
    `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0Z`,
  ];
  const { class: extra = "", ...others } = attributes;
  return svg("path", { ...others, d: shapes[k % 4], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, class: `glyph c${k % 8} ${extra}` });
}

function legend(trace, states) {
  return html("p", { class: "legend" }, trace.components.map((name, k) =>
    html("span", {}, svg("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, glyph(k, 0, 0, 4.5)), states ? states[k] : name)));
}

const extent = (values) => values.reduce(([low, high], v) => (v === null || !Number.isFinite(v) ? [low, high] : [Math.min(low, v), Math.max(high, v)]), [Infinity, -Infinity]);
const padded = ([low, high], by = 0.06) => { const room = (high - low || Math.abs(high) || 1) * by; return [low - room, high + room]; };

// What a handle needs to know of the picture that it is moved in.
const boxOf = ({ sx, sy, inner }) => JSON.stringify([sx.domain, sy.domain, [inner.x, inner.x + inner.width], [inner.y + inner.height, inner.y]]);
