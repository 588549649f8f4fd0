// Elements. Text is always set as text and never parsed as markup, so that no name in the data can become an element.

const PANELS = []; // what is drawn, in main.js

const NAMESPACES = { svg: "http://www.w3.org/2000/svg", math: "http://www.w3.org/1998/Math/MathML" };

const isThere = (value) => (value ?? false) !== false;

function make(namespace, tag, attributes, children) {
  const node = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (isThere(value)) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter(isThere));
  return node;
}

const html = (tag, attributes, ...children) => make(null, tag, attributes, children);
const svg = (tag, attributes, ...children) => make(NAMESPACES.svg, tag, attributes, children);
const math = (tag, ...children) => make(NAMESPACES.math, tag, {}, children);
const prose = (...what) => html("p", {}, what);
const button = (does, text, more) => html("button", { "data-act": does, ...more }, text);
const result = (text, name) => equals(html("output", { class: "result", "data-number": name }, text));
const note = (...what) => html("p", { class: "note" }, what);
const listed = (kind, sentences) => html("ul", { class: kind }, sentences.map((sentence) => html("li", {}, withGreek(sentence))));
const written = (...what) => html("div", { class: "formula" }, what);

// A table: the first `left` columns are words, the others numbers. A row is { cells, ...attributes }; a table with a `label`
// scrolls by itself.
function table({ heads, rows, foot, left = 1, label, ...attributes }) {
  const cell = (tag, n, content, more) => (content instanceof Element && content.matches("td, th") ? content
    : html(tag, { class: n >= left ? "number" : null, ...more }, content));
  const line = ({ cells, ...more }) => html("tr", more, cells.map((content, n) => cell(n ? "td" : "th", n, content, n ? {} : { scope: "row" })));
  return html("div", { class: "scroll", ...(label ? { tabindex: 0, role: "region", "aria-label": label } : {}) }, html("table", attributes,
    html("thead", {}, html("tr", {}, heads.map((content, n) => cell("th", n, content, { scope: "col" })))),
    html("tbody", {}, rows.map(line)), foot && html("tfoot", {}, line({ cells: foot }))));
}

// Make `node` look like `fresh` and keep what is the same: focus stays where it is, and changes of size can be animated.
function patch(node, fresh) {
  if (node.nodeType !== fresh.nodeType || node.nodeName !== fresh.nodeName) {
    node.replaceWith(fresh);
    return;
  }
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data !== fresh.data) node.data = fresh.data;
    return;
  }
  for (const name of node.getAttributeNames()) {
    if (!fresh.hasAttribute(name) && !(name === "open" && node.nodeName === "DETAILS")) node.removeAttribute(name);
  }
  for (const name of fresh.getAttributeNames()) {
    if (node.getAttribute(name) !== fresh.getAttribute(name)) node.setAttribute(name, fresh.getAttribute(name));
  }
  if (node.nodeName === "SELECT" || node.nodeName === "INPUT") patchValue(node, fresh);
  else patchChildren(node, [...fresh.childNodes]);
}

function patchValue(node, fresh) {
  if (node.nodeName === "SELECT") patchChildren(node, [...fresh.childNodes]);
  if (node.type === "checkbox" || node.type === "radio") node.checked = fresh.checked;
  else if (document.activeElement !== node && node.value !== fresh.value) node.value = fresh.value;
}

function patchChildren(node, children) {
  const old = [...node.childNodes];
  children.forEach((child, i) => {
    const fresh = typeof child === "string" ? document.createTextNode(child) : child;
    if (i < old.length) patch(old[i], fresh);
    else node.append(fresh);
  });
  old.slice(children.length).forEach((child) => child.remove());
}
