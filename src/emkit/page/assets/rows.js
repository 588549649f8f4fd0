// Marks: rows as bars.

// Coins show their tosses, other rows their label.
function drawRows(view, width) {
  const { trace, step, eDone } = view;
  const most = Math.max(...trace.rows.items.map((item) => item.weight));
  return html("ul", { class: "bars" }, trace.rows.items.map((item, i) =>
    html("li", { "data-row": i, class: i === view.shownRow ? "lit" : null },
      html("p", { class: "bar-name" }, /^\d/.test(item.label) ? `row ${item.label}` : item.label,
        item.weight === 1 ? null : html("span", { class: "times" }, ` × ${plain(item.weight)}`),
        /^[HT]+$/.test(item.name) ? tosses(item.name) : null),
      eDone ? splitBar(view, step.responsibilities[i], item.states, item.weight / most, width - 14) : null)));
}

function tosses(name) {
  const gap = 21;
  return svg("svg", { class: "tosses", width: gap * name.length, height: 22, viewBox: `0 0 ${gap * name.length} 22`, role: "img", "aria-label": name },
    [...name].map((toss, i) => svg("g", { class: toss === "H" ? "heads" : "tails" },
      svg("circle", { cx: 10 + gap * i, cy: 11, r: 9 }), svg("text", { x: 10 + gap * i, y: 15, "text-anchor": "middle" }, toss))));
}

MARKS.rows = drawRows;
