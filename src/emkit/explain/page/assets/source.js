// Panels that only some pages have: the numbers that a source prints, what to notice, and the ridge of the three coins.

const printedPanel = {
  id: "printed",
  shown: (view) => view.original.printed,
  draw(view) {
    const { lines, remarks } = view.original.printed;
    const wrong = lines.filter((line) => line.verdict !== "right").length;
    return [
      html("p", {}, wrong ? `Of the ${lines.length} numbers printed for the first step, ${wrong} are not right.` : `All ${lines.length} numbers printed for the first step are right, to the digits given.`),
      table({
        heads: ["", "printed", "right", html("th", { scope: "col" }, "where")],
        rows: lines.map((line) => ({
          class: line.verdict,
          cells: [symbol(line.name), html("td", { class: "number printed-value" }, html("span", { class: "sign", role: "img", "aria-label": line.verdict }, line.verdict === "right" ? "✓" : "✗"), " ", line.claimed),
            [fixed(line.right, 4), line.exact && line.exact.includes("/") && line.exact.length < 12 ? html("span", { class: "exact" }, ` ${line.exact}`) : null],
            html("td", { class: "where" }, line.where)],
        })),
      }),
      lines.filter((line) => line.slip && line.verdict === "wrong").map((line) => html("div", { class: "slip" },
        html("p", {}, html("strong", {}, `The slip in ${line.name}: `), line.slip.what),
        slipLine("✗", line.slip.wrong), slipLine("✓", line.slip.right))),
      remarks.map((remark) => html("p", { class: "note" }, remark)),
    ];
  },
  text: (view) => view.original.printed.lines.map((line) => `${line.name}: printed ${line.claimed}, right ${fixed(line.right, 4)} (${line.verdict})`).join("\n"),
};

// Arithmetic such as "joint = 0.6 * 0.2 = 0.12, so mu = 0.54 / (0.54 + 0.12) = 0.81818".
const slipLine = (sign, text) => html("div", { class: "formula" }, html("span", { class: "sign" }, sign),
  text.split(", so ").map((part, n) => { const [, ...sides] = part.split(" = "); return [n ? html("span", { class: "equals" }, "so") : " ", formula(sides)]; }));

const noticePanel = {
  id: "notice",
  shown: ({ original }) => original.notice.length || original.errata.length,
  draw: ({ original }) => [
    html("ul", { class: "prose" }, original.notice.map((sentence) => html("li", {}, sentence))),
    original.errata.length ? [html("h3", {}, "Wrong in the source"), html("ul", { class: "prose" }, original.errata.map((sentence) => html("li", {}, sentence)))] : null,
    original.reference ? html("p", { class: "note" }, `Source: ${original.reference}.`) : null,
  ].flat(),
  text: ({ original }) => [...original.notice, ...original.errata].join("\n"),
};

const ridgePanel = {
  id: "ridge",
  shown: (view) => view.original.ridge,
  draw(view, width) {
    const { total, starts } = view.original.ridge;
    const box = frame(width, Math.min(420, Math.max(280, width * 0.75)), [0, 1], [0, 1], { x: "π α", y: "(1 − π) β" });
    const { sx, sy } = box;
    const spots = starts.map(({ at }, n) => svg("g", { class: n === 0 ? "own" : "other" },
      svg("path", { class: "leap", d: `M${sx(at[0][0])} ${sy(at[0][1])}L${sx(at[1][0])} ${sy(at[1][1])}` }),
      svg("circle", { class: "from", cx: sx(at[0][0]), cy: sy(at[0][1]), r: n ? 3 : 4.5 }),
      svg("circle", { class: "stop-at", cx: sx(at[1][0]), cy: sy(at[1][1]), r: n ? 3.5 : 5 })));
    return [picture(box, ridgeText(view), axes(box),
      svg("path", { class: "ridge", d: `M${sx(0)} ${sy(total)}L${sx(total)} ${sy(0)}` }),
      svg("text", { class: "curve-name", x: sx(total * 0.52) + 8, y: sy(total * 0.52) - 8 }, `π α + (1 − π) β = ${plain(total)}`), spots),
    html("p", {}, ridgeText(view)),
    table({
      left: 3,
      heads: ["start (π, α, β)", "after one step", "after two", "log-likelihood"],
      rows: starts.slice(0, 6).map(({ theta, log_likelihood }) => ({ cells: [...theta.map((values) => values.map((value) => fixed(value, 3)).join(", ")), share(log_likelihood[1])] })),
    })];
  },
  text: ridgeText,
};

function ridgeText({ original }) {
  const { total, starts } = original.ridge;
  const still = starts.every(({ theta }) => theta[1].every((value, i) => Math.abs(value - theta[2][i]) < 1e-9));
  return `The likelihood depends on π α + (1 − π) β alone. Every point of the ridge, where that is ${plain(total)}, is a maximum of ${share(starts[0].log_likelihood[1])}. `
    + `From each of ${starts.length} starts, one step leads onto the ridge${still ? ", and the second does not move" : ""}.`;
}
