// If it were known which component every row is of, estimating would be counting: labels to click, and what follows from them.

// The single rows behind the table, in their order: equal rows stand in it once.
const singleRows = ({ trace }) => trace.story.order || trace.rows.items.map((_, i) => i);

const labelsOf = (view) => (view.known && view.known.length === singleRows(view).length ? view.known : singleRows(view).map(() => null));

// What single rows with these labels would give; rows without a label are left out.
function estimateFrom(view, labels) {
  const { browser_em: own } = view.trace;
  const places = singleRows(view);
  const model = { ...own, x: places.map((i) => own.x[i]), weights: places.map(() => 1) };
  const shares = labels.map((label) => range(view.K).map((k) => (k === label ? 1 : 0)));
  return FAMILY[own.family].statistics(model, null, shares);
}

function knownText(view) {
  const labels = labelsOf(view);
  const { trace } = view;
  const { mass, totals } = estimateFrom(view, labels);
  const [heads] = totals;
  const all = range(view.K).map((k) => sum(totals.map((total) => total[k])));
  const known = labels.filter((label) => label !== null).length;
  const { known: told } = trace.story;
  return [
    prose(known ? "With these labels, the estimate is counting:" : "If it were known, estimating would be counting. Click a row to say which it is.", !known && trace.story.order ? " A click turns a report over." : null),
    known ? html("ul", { class: "counted" }, range(view.K).filter((k) => mass[k] > 0).map((k) => html("li", { class: `c${k % 8}` }, written(
      symbol(trace.symbols[view.K + k]), equals(formula(`${plain(heads[k])} / ${plain(all[k])}`)),
      result(significant(heads[k] / all[k]), `known ${trace.components[k]}`))))) : null,
    known && trace.held.length === 0 ? written(symbol(trace.symbols[0]), equals(formula(`${plain(mass[0])} / ${known}`)), result(significant(mass[0] / known))) : null,
    html("p", { class: "buttons" },
      told.length === labels.length ? button("know-all", "as it really was") : null,
      button("know-none", "hide all", { disabled: !known })),
  ];
}

const know = (labels) => setState({ known: labels });

function knowNext(place) {
  const view = sceneView(sceneNow());
  const labels = labelsOf(view).slice();
  labels[place] = labels[place] === null ? 0 : labels[place] + 1 < view.K ? labels[place] + 1 : null;
  know(labels);
}

// Every single row with a button for its label.
function drawUnknown(view) {
  const { trace } = view;
  const labels = labelsOf(view);
  const single = Boolean(trace.story.order);
  return html("ul", { class: `unknown${single ? " many" : ""}` }, singleRows(view).map((i, place) => {
    const item = trace.rows.items[i];
    const label = labels[place];
    const name = trace.components[label];
    const value = Object.values(item.values)[0];
    return html("li", {}, single ? html("button", { class: "report", "data-row-act": "turn", "data-value": place, "aria-label": `row ${place + 1} shows ${plain(value)}; click to turn it over` }, plain(value)) : [html("span", { class: "row-name" }, `row ${item.label}`), /^[HT]+$/.test(item.name) ? tosses(item.name) : html("span", {}, item.name || plain(value))],
      html("button", { class: label === null ? "label" : `label c${label % 8}`, "data-act": "know", "data-value": place, "aria-label": `row ${place + 1}: ${name || "not known"}; click to change` }, name || "?"));
  }));
}
