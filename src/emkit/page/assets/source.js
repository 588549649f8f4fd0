// Panels that only some pages have: the numbers that a source prints, what to notice, and the ridge of the three coins.

const printedPanel = {
  id: "printed",
  shown: ({ trace }) => trace.printed,
  draw({ trace }) {
    const { lines, remarks } = trace.printed;
    const wrong = lines.filter((line) => line.verdict !== "right").length;
    return [
      prose(wrong ? `Of the ${lines.length} numbers printed for the first step, ${wrong} are not right.` : lines.length === 1 ? "The number printed for the first step is right, to the digits given." : `All ${lines.length} numbers printed for the first step are right, to the digits given.`),
      table({
        heads: ["", "printed", "right", html("th", { scope: "col" }, "where")],
        rows: lines.map((line) => ({
          class: line.verdict,
          cells: [symbol(line.name), html("td", { class: "number printed-value" }, html("span", { class: "sign", role: "img", "aria-label": line.verdict }, line.verdict === "right" ? "✓" : "✗"), " ", line.claimed),
            [fixed(line.right, Math.max(4, (line.claimed.split(".")[1] || "").length)), line.exact && line.exact.includes("/") && line.exact.length < 12 ? html("span", { class: "exact" }, ` ${line.exact}`) : null],
            html("td", { class: "where" }, line.where)],
        })),
      }),
      lines.filter((line) => line.slip && line.verdict === "wrong").map((line) => html("div", { class: "slip" },
        prose(html("strong", {}, `The slip in ${line.name}: `), line.slip.what),
        slipLine("✗", line.slip.wrong), slipLine("✓", line.slip.right))),
      remarks.map((remark) => note(remark)),
    ];
  },
  text: ({ trace }) => trace.printed.lines.map((line) => `${line.name}: printed ${line.claimed}, right ${fixed(line.right, 4)} (${line.verdict})`).join("\n"),
};

// Arithmetic such as "joint = 0.6 * 0.2 = 0.12, so mu = 0.54 / (0.54 + 0.12) = 0.81818".
const slipLine = (sign, text) => written(html("span", { class: "sign" }, `${sign} `),
  text.split(", so ").map((part, n) => { const [, ...sides] = part.split(" = "); return [n ? html("span", { class: "equals" }, "so") : null, formula(sides)]; }));

const noticePanel = {
  id: "notice",
  shown: ({ trace }) => trace.notice.length || trace.errata.length,
  draw: ({ trace }) => [
    listed("prose", trace.notice),
    trace.errata.length ? [html("h3", {}, "Wrong in the source"), listed("prose", trace.errata)] : null,
    trace.reference ? note(`Source: ${trace.reference}.`) : null,
  ].flat(),
  text: ({ trace }) => [...trace.notice, ...trace.errata].join("\n"),
};
