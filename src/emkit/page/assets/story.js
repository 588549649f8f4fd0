// The story: scenes with one idea each, text beside a picture that stays. The workbench of all panels is one click away, and both
// look at the same trace, so that a start that was dragged in one is that of the other.

const SCENES = []; // in order: { name, title, at(trace), text(view), picture(view, width), shown(trace)? }
const WORKBENCH = "workbench";
const SWIPE = 60; // pixels that a finger goes sideways, at least

const scenesOf = (trace) => SCENES.filter((scene) => !scene.shown || scene.shown(trace));

function sceneNow() {
  const scenes = scenesOf(state.trace);
  return scenes.find(({ name }) => name === state.scene) || scenes[0];
}

// What a scene looks at: the state at its own place in the run.
function sceneView(scene) {
  const { trace, row } = state;
  return viewOf({ ...state, position: Math.min(scene.at(trace), lastPosition(trace)), row: row === null ? tellingRow(trace, scene) : row });
}

// The row that the story speaks of: the second of few, a guess at repeated ones the first; of many, the one that is least sure.
function tellingRow({ rows, steps, in_sequence: inSequence }, scene) {
  if (inSequence || !rows) return null;
  if (rows.repeated && scene.name === "guess") return 0;
  if (rows.items.length <= 12) return null;
  const sure = steps[0].responsibilities.map((shares) => Math.max(...shares));
  return sure.indexOf(Math.min(...sure));
}

function renderStory() {
  const scene = sceneNow();
  const scenes = scenesOf(state.trace);
  const n = scenes.indexOf(scene);
  const view = sceneView(scene);
  patchChildren($("rail"), scenes.map(({ name, title }, i) => html("li", { class: i < n ? "past" : null },
    html("button", { "data-act": "scene", "data-value": name, "aria-current": i === n ? "step" : null },
      html("span", { class: "stop-no" }, String(i + 1)), html("span", { class: "stop-title" }, title)))));
  patchChildren($("scene-title"), [scene.title]);
  fillScene($("scene-text"), scene, scene.text(view));
  const figure = $("scene-picture");
  fillScene(figure, scene, scene.picture(view, Math.max(260, Math.floor(figure.clientWidth))));
  const [before, after] = [scenes[n - 1], scenes[n + 1]];
  $("to-back").disabled = !before;
  patchChildren($("to-next"), [after ? `${after.title} ` : "Open the workbench "]);
  $("moved").hidden = !state.trace.imagined;
}

// The nodes of a scene; those of another scene are not patched into them, so that nothing of it stays behind.
function fillScene(place, scene, nodes) {
  if (place.dataset.scene !== scene.name && place.dataset.scene !== undefined) place.scrollTop = 0;
  place.dataset.scene = scene.name;
  patchChildren(place, nodes.flat(Infinity).filter(Boolean));
}

function goToScene(name) {
  const moved = name !== (state.mode === WORKBENCH ? WORKBENCH : sceneNow().name);
  state.mode = name === WORKBENCH ? WORKBENCH : "story";
  if (name !== WORKBENCH) state.scene = name;
  if (location.hash !== `#${name}`) history.pushState(null, "", `#${name}`);
  setState({ playing: false });
  if (moved) scrollTo(0, 0);
}

function turn(by) {
  const scenes = scenesOf(state.trace);
  const n = scenes.indexOf(sceneNow()) + by;
  if (n >= 0) goToScene(n < scenes.length ? scenes[n].name : by > 0 ? WORKBENCH : scenes[0].name);
}

// Where the address says that one is: a scene, or the workbench.
function fromAddress() {
  const name = location.hash.slice(1);
  state.mode = name === WORKBENCH ? WORKBENCH : "story";
  state.scene = name;
  render();
}

const TURNS = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };

// Keys in the story; whether the key was one of its own.
function onStoryKey(event) {
  const { key, target } = event;
  if (target.closest("input, select, textarea") || (key === " " && target.closest("button, summary, a"))) return;
  if (target.closest(".scroll[tabindex], .formula[tabindex]") && key !== " ") return;
  const by = key === " " && event.shiftKey ? -1 : TURNS[key];
  if (!by && key !== "Home" && key !== "End") return;
  event.preventDefault();
  const scenes = scenesOf(state.trace);
  if (by === 1 && sceneNow() === scenes.at(-1)) return; // the workbench is opened on purpose
  if (by) turn(by);
  else goToScene(scenes.at(key === "Home" ? 0 : -1).name);
}

// A finger that goes sideways turns the page, unless it moves something or scrolls a formula.
function onTouch(event) {
  const { target, touches: [first] } = event;
  if (event.touches.length > 1 || target.closest("[data-drag], .more, input, select")) return;
  target.addEventListener("touchend", ({ changedTouches: [last] }) => {
    const [right, down] = [last.clientX - first.clientX, last.clientY - first.clientY];
    if (Math.abs(right) > Math.max(SWIPE, 2 * Math.abs(down)) && !(right < 0 && sceneNow() === scenesOf(state.trace).at(-1))) turn(right < 0 ? 1 : -1);
  }, { once: true });
}

function beginStory() {
  $("story").addEventListener("touchstart", onTouch, { passive: true });
  $("to-back").addEventListener("click", () => turn(-1));
  $("to-next").addEventListener("click", () => turn(1));
  for (const change of ["hashchange", "popstate"]) addEventListener(change, fromAddress);
}
