// State in, page out: every change goes through setState, which draws all panels anew from the state.

PANELS.push(dataPanel, estepPanel, mstepPanel, pathPanel, boundPanel, ledgerPanel, printedPanel, whatifPanel, noticePanel, wordsPanel);
const PACE = 900; // milliseconds from one half step to the next at speed 1

const $ = (id) => document.getElementById(id);

// What was `said` of the last change (copied), or why it was `refused`, is forgotten with the next.
function setState(changes) {
  Object.assign(state, { said: "", refused: "" }, changes);
  render();
}

function render() {
  const story = state.mode === "story";
  $("story").hidden = !story;
  $("bench").hidden = story;
  document.body.dataset.mode = state.mode;
  for (const one of document.querySelectorAll("[data-act=notation]")) one.value = state.notation;
  if (story) renderStory();
  else renderBench();
  for (const box of document.querySelectorAll(".scroll, .formula")) {
    const more = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("more", more);
    if (more || box.scrollHeight > box.clientHeight) box.tabIndex = 0; // so that keys can scroll it
  }
}

function renderBench() {
  const view = viewOf(state);
  for (const panel of PANELS) {
    const section = $(panel.id);
    const hidden = panel.shown && !panel.shown(view);
    section.hidden = Boolean(hidden);
    if (hidden) continue;
    const body = section.querySelector(".body");
    const nodes = panel.draw(view, Math.max(260, Math.floor(body.clientWidth)));
    patchChildren(body, nodes.flat(Infinity).filter(Boolean));
  }
  renderControls(view);
}

function renderControls(view) {
  $("scrub").max = lastPosition(view.trace);
  $("scrub").value = view.position;
  $("scrub").setAttribute("aria-valuetext", positionInWords(view));
  patchChildren($("position"), [positionText(view)]);
  $("imagined").hidden = !view.trace.imagined;
  for (const id of ["start", "back"]) $(id).disabled = view.position === 0;
  for (const id of ["e", "m", "end"]) $(id).disabled = view.atEnd;
  $("play").textContent = view.playing ? "pause" : "play";
  $("play").setAttribute("aria-pressed", String(view.playing));
  document.body.dataset.half = view.eDone ? (view.mDone ? "m" : "e") : "start";
}

const positionText = (view) => html("span", {}, positionInWords(view).split(/theta_(\d+)/).map((part, n) => (n % 2 ? ["θ", html("sub", {}, part)] : part)));

// Moving along the run.
const finish = () => lastPosition(state.trace);
const goTo = (position) => setState({ position: Math.min(Math.max(0, position), finish()), playing: false });
const nextOf = (half) => state.position + ((state.position % 2 === 0) === (half === "e") ? 1 : 2);

const MOVES = {
  start: () => goTo(0),
  back: () => goTo(state.position - 1),
  forward: () => goTo(state.position + 1),
  e: () => goTo(state.position === finish() ? finish() : nextOf("e")),
  m: () => goTo(nextOf("m")),
  end: () => goTo(finish()),
  play: () => play(),
};

let timer = 0;

function play() {
  clearTimeout(timer);
  if (state.playing) return setState({ playing: false });
  const from = state.position >= finish() ? 0 : state.position;
  setState({ playing: true, position: from });
  timer = setTimeout(tick, PACE / state.speed);
  return undefined;
}

function tick() {
  if (!state.playing) return;
  const position = state.position + 1;
  const more = position < finish();
  setState({ position: Math.min(position, finish()), playing: more });
  if (more) timer = setTimeout(tick, PACE / state.speed);
}

const KEYS = { ArrowRight: "forward", ArrowLeft: "back", ArrowDown: "forward", ArrowUp: "back", e: "e", m: "m", " ": "play", Home: "start", End: "end" };

function onKey(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = key.startsWith("Arrow");
  const { drag, heads } = target.dataset || {};
  if (arrow && drag) return onHandleKey(event);
  if (arrow && heads) return onTossKey(event);
  if (state.mode === "story") return onStoryKey(event);
  if (target.closest("input[type=text], select, textarea")) return;
  if (target.closest("[type=radio], .scroll[tabindex], .formula[tabindex]") && (arrow || key === " ")) return;
  if (target.closest("button, summary") && key === " ") return;
  const move = KEYS[key.length === 1 ? key.toLowerCase() : key];
  if (!move) return;
  event.preventDefault();
  MOVES[move]();
}

// What controls do, by the value of data-act.
const ACTS = {
  cell: (value) => { const [row, component] = value.split(":").map(Number); setState({ row, component }); },
  sequence: (value) => setState({ sequence: Number(value), row: null }),
  pair: (value) => setState({ pair: Number(value) }),
  landscape: (value) => setState({ landscape: Number(value) }),
  scene: (value) => goToScene(value),
  notation: (value) => setState({ notation: value }),
  know: (value) => knowNext(Number(value)),
  "know-all": () => know(state.trace.story.known),
  "know-none": () => know(null),
  link: (value) => setState({ link: Number(value) }),
  hard: (value) => whatIf({ hard: value === "hard" }),
  components: (value) => changeComponents(Number(value)),
  another: () => anotherStart(),
  reset: () => setState({ trace: state.original, settings: settingsOf(state.original), position: 0, row: null }),
  copy: (value) => copy(value),
};

function act(element, event) {
  const { act: name, value } = element.dataset;
  if (name === "value" && event.type === "change") changeValue(Number(value), element.value);
  else if (name === "answer" && event.type === "change") setState({ answers: { ...state.answers, [value]: element.value } });
  else if (name === "label" && event.type === "change") changeLabel(Number(value), element.value);
  else if (ACTS[name] && (event.type === "change") === ("value" in element && element.nodeName !== "BUTTON")) ACTS[name](value === undefined ? element.value : value);
}

function onPoint(event) {
  const marked = event.target.closest("[data-row]");
  const cell = event.target.closest("[data-act=cell]");
  if (cell) return ACTS.cell(cell.dataset.value);
  if (marked && Number(marked.dataset.row) !== viewOf(state).shownRow) setState({ row: Number(marked.dataset.row) });
  return undefined;
}

// Handles: dragged with a pointer, or moved with the arrow keys by a hundredth of the picture.
function placeIn(handle, x, y) {
  const [[x0, x1], [y0, y1], [left, right], [bottom, top]] = JSON.parse(handle.dataset.box);
  const inside = (value, from, to) => Math.min(Math.max(value, Math.min(from, to)), Math.max(from, to));
  return [x0 + ((inside(x, left, right) - left) / (right - left)) * (x1 - x0), y0 + ((inside(y, bottom, top) - bottom) / (top - bottom)) * (y1 - y0)];
}

// The same for a pointer over the picture.
function placeOn(handle, drawn, { clientX, clientY }) {
  const bounds_ = drawn.getBoundingClientRect();
  const zoom = bounds_.width / drawn.viewBox.baseVal.width;
  return placeIn(handle, (clientX - bounds_.left) / zoom, (clientY - bounds_.top) / zoom);
}

function onDrag(event) {
  const handle = event.target.closest("[data-drag]");
  if (!handle) return;
  event.preventDefault();
  const { drag } = handle.dataset;
  const picture_ = handle.ownerSVGElement;
  const box = handle.cloneNode();
  handle.focus();
  const move = (at) => moveStart(drag, ...placeOn(box, picture_, at));
  const ends = ["pointerup", "pointercancel"];
  const stop = () => {
    removeEventListener("pointermove", move);
    for (const end of ends) removeEventListener(end, stop);
    if (state.trace.imagined) whatIf({}, { keepPosition: true });
  };
  addEventListener("pointermove", move);
  for (const end of ends) addEventListener(end, stop);
}

function onHandleKey(event) {
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!way) return;
  event.preventDefault();
  const handle = event.target;
  const [, , [left, right], [bottom, top]] = JSON.parse(handle.dataset.box);
  const step = event.shiftKey ? 10 : 1;
  const [x, y] = [Number(handle.getAttribute("cx")), Number(handle.getAttribute("cy"))];
  moveStart(handle.dataset.drag, ...placeIn(handle, x + (step * way[0] * (right - left)) / 100, y + (step * way[1] * (bottom - top)) / 100));
  if (state.settings.rows) whatIf({}, { keepPosition: true }); // the heights are those of other data
}

function onTossKey(event) {
  event.preventDefault();
  const by = event.key === "ArrowRight" || event.key === "ArrowUp" ? 1 : -1;
  changeHeads(Number(event.target.dataset.heads), Number(event.target.getAttribute("aria-valuenow")) + by);
}

// A toss is turned over where it is clicked.
function onToss({ target }) {
  const toss = target.closest("[data-heads] .heads, [data-heads] .tails");
  if (!toss) return;
  const row = toss.closest("[data-heads]");
  changeHeads(Number(row.dataset.heads), Number(row.getAttribute("aria-valuenow")) + (toss.classList.contains("heads") ? -1 : 1));
}

function begin() {
  const trace = JSON.parse($("trace").textContent);
  const live = document.body.dataset.live || "";
  Object.assign(state, { trace, original: trace, live, notation: trace.story.notation, settings: settingsOf(trace) });
  for (const id of Object.keys(MOVES)) if ($(id)) $(id).addEventListener("click", MOVES[id]);
  $("scrub").addEventListener("input", (event) => goTo(Number(event.target.value)));
  $("speed").addEventListener("change", (event) => setState({ speed: Number(event.target.value) }));
  document.addEventListener("keydown", onKey);
  for (const type of ["pointerover", "focusin"]) document.addEventListener(type, onPoint);
  document.addEventListener("pointerdown", onDrag);
  document.addEventListener("click", onToss);
  for (const type of ["click", "change"]) {
    document.addEventListener(type, (event) => { const element = event.target.closest("[data-act]"); if (element) act(element, event); });
  }
  let width = 0;
  new ResizeObserver(() => { if (innerWidth !== width) { width = innerWidth; render(); } }).observe(document.body);
  let closed = []; // a print shows everything
  addEventListener("beforeprint", () => { closed = [...document.querySelectorAll("details:not([open])")]; closed.forEach((details) => { details.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
  document.addEventListener("input", ({ target }) => { if (target.dataset.act === "slide") setState({ place: Number(target.value) }); });
  beginStory();
  fromAddress();
}

begin();
