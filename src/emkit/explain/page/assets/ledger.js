// Panel 6: the ledger. Log-likelihood = bound + gap after every half step, and bound = Q + entropy.

const ledgerPanel = {
  id: "ledger",
  draw(view) {
    const lines = ledgerLines(view);
    if (!lines.length) return [html("p", { class: "muted" }, "The first E-step opens the ledger.")];
    const n = view.notation;
    const heads = [n.log_likelihood, n.expected, n.entropy, n.bound, n.gap];
    return [table({
      label: "Ledger", class: "ledger",
      heads: ["after", ...heads.map((head) => formula(head)), "gain"],
      rows: lines.map((line, i) => ({ class: `${line.half === "M" ? "m-line" : ""}${i === 0 ? " lit" : ""}`, cells: [line.name, ...line.cells] })),
    }),
    html("p", { class: "note" }, "log-likelihood = bound + gap; bound = Q + entropy; the gap is KL(shares ‖ posterior). Newest first.")];
  },
  text: (view) => ledgerLines(view).map((line) => `${line.name}: log-likelihood ${line.cells[0]}, Q ${line.cells[1]}, entropy ${line.cells[2]}, bound ${line.cells[3]}, gap ${line.cells[4]}${line.cells[5] ? `, gain ${line.cells[5]}` : ""}`).join("\n") || "No step yet.",
};

// The accounts up to here, newest first; at the end, the E-step that closes the last gap, too.
function ledgerLines({ trace, position, atEnd }) {
  const shown = range(atEnd ? position + 1 : position).map((n) => accountAt(trace, n));
  return shown.map((account, p) => {
    const half = p % 2 === 0 ? "E" : "M";
    const gain = p > 0 ? account.bound - shown[p - 1].bound : null;
    return {
      half,
      name: `${half}-step ${Math.floor(p / 2) + 1}`,
      cells: [share(account.log_likelihood), share(account.expected), share(account.entropy), share(account.bound), small(account.gap), gain === null ? "" : small(cleaned(gain, account.bound))],
    };
  }).reverse();
}
