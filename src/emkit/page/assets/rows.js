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
      splitBar(view, eDone ? step.responsibilities[i] : null, item.states, item.weight / most, width - 14))));
}

function tosses(name) {
  const gap = 17;
  return svg("svg", { class: "tosses", width: gap * name.length, height: 18, viewBox: `0 0 ${gap * name.length} 18`, role: "img", "aria-label": name },
    [...name].map((toss, i) => svg("g", { class: toss === "H" ? "heads" : "tails" },
      svg("circle", { cx: 8 + gap * i, cy: 9, r: 7 }), svg("text", { x: 8 + gap * i, y: 12.5, "text-anchor": "middle" }, toss))));
}

MARKS.rows = drawRows;
