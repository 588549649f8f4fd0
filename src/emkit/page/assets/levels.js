// Marks: the values of each column as bars.

function drawLevels(view, width) {
  const { marks } = view.trace;
  return html("div", { class: "levels" }, marks.columns.map((column) => {
    const mass = column.mass[view.s];
    const most = Math.max(...mass.map(sum));
    return html("div", { class: "column" }, html("h3", {}, column.name), html("ul", { class: "bars" }, column.levels.map((level, i) => {
      const total = sum(mass[i]);
      return html("li", {}, html("p", { class: "bar-name" }, level, html("span", { class: "times" }, ` × ${plain(total)}`)),
        splitBar(view, view.eDone ? mass[i].map((m) => (total > 0 ? m / total : 0)) : null, range(view.K), total / most, Math.min(260, width - 14)));
    })));
  }));
}

MARKS.levels = drawLevels;
