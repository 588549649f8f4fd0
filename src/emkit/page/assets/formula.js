// Formulas: plain text such as "21.30 / (21.30 + 8.57)" is read into a tree, and the tree is written as MathML or LaTeX.
// `names` says what placeholders such as {k} stand for; what they stand for is never read as a formula.

const GREEK = { Sigma: "Σ", theta: "θ", pi: "π", alpha: "α", beta: "β", gamma: "γ", xi: "ξ", lambda: "λ", mu: "μ", sigma: "σ" };
const UPRIGHT = ["log", "exp", "sum", "argmax", "KL", "ELBO", "Pr", "const"];
const RELATIONS = ["=", ":=", ",", ";", "|", "||", ":"];

function tokens(text) {
  return text.match(/\{\w+\}|\d+(?:\.\d+)?(?:e[+-]?\d+)?|:=|\|\||[\p{L}']+|[^\s]/gu) || [];
}

function readFormula(text) {
  const list = tokens(text);
  let at = 0;
  const next = () => list[at];
  const take = () => list[at++];
  const closing = (token) => token === undefined || token === ")" || token === "]";

  function line() {
    const parts = [];
    while (!closing(next())) {
      if (["+", "-", ...RELATIONS].includes(next())) parts.push({ kind: "sign", text: take() });
      else parts.push(product());
    }
    return parts.length === 1 ? parts[0] : { kind: "row", parts };
  }

  function product() {
    let left = power();
    while (!closing(next()) && !["+", "-", ...RELATIONS].includes(next())) {
      if (next() === "/") {
        take();
        left = { kind: "fraction", over: bare(left), under: bare(power()) };
      } else if (next() === "*") {
        take();
        left = { kind: "row", parts: [left, { kind: "sign", text: "*" }, power()] };
      } else {
        const right = power();
        left = { kind: "row", parts: apart(left, right) ? [left, { kind: "space" }, right] : [left, right] };
      }
    }
    return left;
  }

  function power() {
    let base = atom();
    while (["_", "^", "!"].includes(next())) {
      const mark = take();
      if (mark === "!") base = { kind: "row", parts: [base, { kind: "sign", text: "!" }] };
      else base = { kind: mark === "_" ? "below" : "above", base, script: atom() };
    }
    return base;
  }

  function atom() {
    if (closing(next())) return { kind: "row", parts: [] };
    const token = take();
    if (token === "-") return { kind: "row", parts: [{ kind: "sign", text: "-" }, power()] };
    if (token !== "(" && token !== "[") return { kind: /^\d/.test(token) ? "number" : "word", text: token };
    const inside = line();
    if (closing(next())) take();
    return { kind: "group", open: token, close: token === "(" ? ")" : "]", inside };
  }

  const tree = line();
  return at < list.length ? { kind: "row", parts: [tree, { kind: "word", text: list.slice(at).join(" ") }] } : tree;
}

// Whether two factors need a space between them: words of more than a letter do, but for what stands in their brackets.
function apart(left, right) {
  const last = left.kind === "row" ? left.parts.at(-1) : left;
  const stem = (tree) => (tree.base ? stem(tree.base) : tree);
  const long = (tree) => tree.kind === "word" && tree.text.length > 1 && tree.text !== "sum" && !GREEK[tree.text] && !tree.text.startsWith("{");
  const both = last.kind === "word" && right.kind === "word";
  return both || long(stem(right)) || (long(stem(last)) && right.kind !== "group");
}

const bare = (tree) => (tree.kind === "group" && tree.open === "(" ? tree.inside : tree);

function toMath(tree, names) {
  const inner = (part) => toMath(part, names);
  switch (tree.kind) {
    case "row": return math("mrow", tree.parts.map(inner));
    case "fraction": return math("mfrac", inner(tree.over), inner(tree.under));
    case "below": return math(["sum", "argmax"].includes(tree.base.text) ? "munder" : "msub", inner(tree.base), inner(bare(tree.script)));
    case "above": return math("msup", inner(tree.base), inner(tree.script));
    case "group": return math("mrow", math("mo", tree.open), inner(tree.inside), math("mo", tree.close));
    case "number": return math("mn", tree.text);
    case "space": return math("mtext", "\u00a0");
    case "bracket": return make(NAMESPACES.math, "mo", { stretchy: "false" }, [tree.text]);
    case "sign": return math("mo", { "*": "·", "-": "−", "||": "∥" }[tree.text] || tree.text);
    default: return wordToMath(tree.text, names);
  }
}

function wordToMath(text, names) {
  const given = names && names[text.slice(1, -1)];
  if (typeof given === "function") return given();
  if (given !== undefined) return math(given.length > 1 ? "mtext" : "mi", given);
  if (text === "sum") return math("mo", "∑");
  if (GREEK[text] || (text.length === 1 && /\p{L}/u.test(text))) return math("mi", GREEK[text] || text);
  return math("mtext", text);
}

function toLatex(tree, names) {
  const inner = (part) => toLatex(part, names);
  switch (tree.kind) {
    case "row": return tree.parts.map(inner).join(" ");
    case "fraction": return `\\frac{${inner(tree.over)}}{${inner(tree.under)}}`;
    case "below": return `${inner(tree.base)}_{${inner(tree.script)}}`;
    case "above": return `${inner(tree.base)}^{${inner(tree.script)}}`;
    case "group": return `\\left${tree.open}${inner(tree.inside)}\\right${tree.close}`;
    case "number": return tree.text;
    case "space": return "\\ ";
    case "sign": return { "*": "\\cdot", "||": "\\|", "|": "\\mid" }[tree.text] || tree.text;
    default: return wordToLatex(tree.text, names);
  }
}

function wordToLatex(text, names) {
  const given = names && names[text.slice(1, -1)];
  const word = given === undefined ? text : given;
  if (given === undefined && GREEK[word]) return `\\${word}`;
  if (UPRIGHT.includes(word)) return word === "sum" ? "\\sum" : `\\mathrm{${word}}`;
  return /^[a-zA-Z]$/.test(word) ? word : `\\text{${word.replace(/[\\{}$&#_^~%]/g, (letter) => "\\" + letter)}}`;
}

// A formula in the page. Several texts are set side by side with signs of equality.
function formula(texts, names = {}) {
  const sides = [texts].flat().map((text) => toMath(readFormula(text), names));
  const children = sides.flatMap((side, i) => (i ? [math("mo", "="), side] : [side]));
  return math("math", math("mrow", children));
}

// What something is equal to: the sign stays with it.
const equals = (...what) => html("span", { class: "side" }, html("span", { class: "equals" }, "="), what);

// The same in pieces, each of which may begin a line: they end before =, + and -, also inside square brackets of long sums, and
// between the arguments of a density.
function pieces(text, names = {}) {
  const found = [[]];
  opened(readFormula(text)).forEach((part, n, all) => {
    const before = n ? all[n - 1] : {};
    const sign = part.kind === "sign" && "=+-".includes(part.text) && !["sign", "bracket"].includes(before.kind) && (n || part.text !== "-");
    if ((sign && found.at(-1).length) || (part.open === "[" && ";,".includes(before.text)) || (part.kind === "space" && before.kind === "group")) found.push([]);
    found.at(-1).push(sign ? make(NAMESPACES.math, "mo", { form: "infix" }, [part.text.replace("-", "−")]) : toMath(part, names));
  });
  return found.map((inside) => math("math", math("mrow", inside)));
}

// The parts of a formula one after the other, those of rows and of brackets that may be broken among them.
function opened(tree) {
  const { kind, parts, inside } = tree;
  if (kind === "row" && (parts.length !== 2 || parts[0].text !== "-")) return parts.flatMap(opened);
  const inner = kind === "group" && inside.kind === "row" ? inside.parts : [];
  const broken = tree.open === "[" ? inner.some(({ text }) => text === "+" || text === "-") : inner.some(({ open }, n) => n && open === "[");
  return broken ? [{ kind: "bracket", text: tree.open }, ...inner.flatMap(opened), { kind: "bracket", text: tree.close }] : [tree];
}

const latex = (texts, names = {}) => [texts].flat().map((text) => toLatex(readFormula(text), names)).join(" = ");

// The name of a parameter, such as theta_A or mean_short_eruptions: what follows the first underscore is an index.
function symbolParts(name) {
  const [base, ...rest] = name.split("_");
  return { base: base.replace(/^[a-z]+(?=$|\[)/, (word) => GREEK[word] || word), index: rest.join(", ") };
}

function symbol(name) {
  const { base, index } = symbolParts(name);
  return index ? html("span", { class: "symbol" }, base, html("sub", {}, index)) : html("span", { class: "symbol" }, base);
}

function symbolMath(name) {
  const { base, index } = symbolParts(name);
  const letter = math([...base].length === 1 ? "mi" : "mtext", base);
  return index ? math("msub", letter, math("mtext", index)) : letter;
}

function symbolLatex(name) {
  const [base, ...rest] = name.split("_");
  const index = rest.length ? `_{${rest.map((part) => wordToLatex(part)).join(",")}}` : "";
  return wordToLatex(base) + index;
}

// A fill-in such as "P(Z_{k}|E_{i})" as plain text.
const filled = (template, names) => template.replace(/\{(\w+)\}/g, (whole, name) => (name in names ? names[name] : whole));
