// Marks: rows as bars.

// Coins show their tosses, other rows their label.
function drawRows(view, width) {
  const { trace, step, eDone } = view;
  const most = Math.max(...trace.rows.items.map((item) => item.weight));
  const touched = trace.browser_em && trace.rows.items.length === trace.rows.distinct;
  return html("div", {}, html("ul", { class: "bars" }, trace.rows.items.map((item, i) =>
    html("li", { "data-row": i, class: i === view.shownRow ? "lit" : null },
      html("p", { class: "bar-name" }, /^\d/.test(item.label) ? `row ${item.label}` : item.label,
        item.weight === 1 ? null : html("span", { class: "times" }, ` × ${plain(item.weight)}`),
        isTossed(item) ? (trace.browser_em && item.weight === 1 ? tossesToTurn(item, i) : tosses(item.name)) : null,
        touched ? rowActs(trace, item, i) : null),
      eDone ? splitBar(view, step.responsibilities[i], item.states, item.weight / most, width - 14) : null))),
  touched && !trace.rows.repeated ? html("p", { class: "row-acts" }, rowButton("add", 0, "+ add a row", "add a row")) : null);
}

// A row is taken away; of equal rows, there is one more or one less.
function rowActs(trace, item, i) {
  const called = /^\d/.test(item.label) ? `row ${item.label}` : `row with ${item.label}`;
  return html("span", { class: "row-acts" }, trace.rows.repeated
    ? [rowButton("less", i, "−", `one ${called} less`, item.weight < 1), rowButton("more", i, "+", `one ${called} more`)]
    : rowButton("away", i, "×", `take ${called} away`, trace.rows.items.length < 2));
}

const isTossed = ({ name }) => /^[HT]+$/.test(name);

const headsIn = (name) => name.split("H").length - 1;

// The same tosses with so many heads: the last of the others are turned.
function tossedWith(name, heads) {
  const turned = [...name];
  const more = heads - headsIn(name);
  for (let n = turned.length - 1, left = Math.abs(more); n >= 0 && left > 0; n -= 1) {
    if (turned[n] === (more > 0 ? "T" : "H")) { turned[n] = more > 0 ? "H" : "T"; left -= 1; }
  }
  return turned.join("");
}

// Tosses that a click turns over, or the arrow keys.
function tossesToTurn(item, i) {
  const heads = headsIn(item.name);
  return html("span", { class: "turns", role: "slider", tabindex: 0, "data-heads": i, "aria-label": `heads in row ${item.label}`, "aria-valuemin": 0, "aria-valuemax": item.name.length, "aria-valuenow": heads, "aria-valuetext": `${heads} heads, ${item.name.length - heads} tails` }, tosses(item.name));
}

function tosses(name) {
  const gap = 21;
  return svg("svg", { class: "tosses", width: gap * name.length, height: 22, viewBox: `0 0 ${gap * name.length} 22`, role: "img", "aria-label": name },
    [...name].map((toss, i) => svg("g", { class: toss === "H" ? "heads" : "tails" },
      svg("circle", { cx: 10 + gap * i, cy: 11, r: 9 }), svg("text", { x: 10 + gap * i, y: 15, "text-anchor": "middle" }, toss))));
}

MARKS.rows = drawRows;
