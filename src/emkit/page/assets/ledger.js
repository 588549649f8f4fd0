// Panel 6: the ledger. Log-likelihood = bound + gap after every half step, and bound = Q + entropy.

const ledgerPanel = {
  id: "ledger",
  draw(view, width) {
    const lines = ledgerLines(view);
    if (!lines.length) return [html("p", { class: "muted" }, "The first E-step opens the ledger.")];
    const n = view.notation;
    const heads = [n.log_likelihood, n.expected, n.entropy, n.bound, n.gap];
    return [staircase(view, width), table({
      label: "Ledger", class: "ledger",
      heads: ["after", ...heads.map((head) => formula(head)), "gain"],
      rows: lines.map((line, i) => ({ class: `${line.half === "M" ? "m-line" : ""}${i === 0 ? " lit" : ""}`, cells: [line.name, ...line.cells] })),
    }),
    note("log-likelihood = bound + gap; bound = Q + entropy; the gap is KL(shares ‖ posterior). Newest first."), endingOf(view)];
  },
  text: (view) => ledgerLines(view).map((line) => `${line.name}: log-likelihood ${line.cells[0]}, Q ${line.cells[1]}, entropy ${line.cells[2]}, bound ${line.cells[3]}, gap ${line.cells[4]}${line.cells[5] ? ", gain " + line.cells[5] : ""}`).join("\n") || "No step yet.",
};

// Where a fit ended that goes on, or takes longer steps, than the plain EM of this page.
function endingOf({ trace }) {
  const { ending, steps, stands_still } = trace;
  if (!ending) return null;
  const first = stands_still ? "" : `These are the first ${steps.length} steps of plain EM. `;
  const starts = ending.starts ? ` ${ending.starts}` : "";
  return note(`${first}The fit (★) ends at log-likelihood ${fourDecimals(ending.log_likelihood)}: ${ending.sentence}${starts}`);
}

// The bound goes up in every half step: to the log-likelihood in an E-step, to its own top in an M-step.
function staircase({ trace, position, atEnd }, width) {
  const { bound, log_likelihood: height } = trace.accounts;
  const box = frame(width, 150, [0, bound.length - 1], padded(extent([...bound, ...height]), 0.08), { x: "", y: "" }, { ...MARGIN, left: 62, bottom: 14, noX: true });
  const shown = atEnd ? bound.length : position;
  const at = range(shown);
  return picture(box, "Log-likelihood and bound after every half step", axes(box),
    svg("path", { class: "way-ahead", d: polyline(range(bound.length), height, box.sx, box.sy) }),
    svg("path", { class: "likelihood", d: polyline(at, height.slice(0, shown), box.sx, box.sy) }),
    svg("path", { class: "lower-bound", d: polyline(at, bound.slice(0, shown), box.sx, box.sy) }),
    at.map((n) => svg("circle", { class: "on-bound", cx: box.sx(n), cy: box.sy(bound[n]), r: 3 })));
}

// The accounts up to here, newest first; at the end, the E-step that closes the last gap, too.
function ledgerLines({ trace, position, atEnd }) {
  const shown = range(atEnd ? position + 1 : position).map((n) => accountAt(trace, n));
  return shown.map((account, p) => {
    const half = p % 2 === 0 ? "E" : "M";
    const gain = p > 0 ? account.bound - shown[p - 1].bound : null;
    return {
      half,
      name: `${half}-step ${Math.floor(p / 2) + 1}`,
      cells: [fourDecimals(account.log_likelihood), fourDecimals(account.expected), fourDecimals(account.entropy), fourDecimals(account.bound), small(account.gap), gain === null ? "" : small(cleaned(gain, account.bound))],
    };
  }).reverse();
}
