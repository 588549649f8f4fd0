// Contours by marching squares. The grid is framed by a floor, so that every contour closes and can be filled.

function contours(z, level) {
  const rows = z.length + 2;
  const columns = z[0].length + 2;
  const height = (j, i) => {
    const value = j > 0 && i > 0 && j < rows - 1 && i < columns - 1 ? z[j - 1][i - 1] : null;
    return value === null ? -Infinity : value;
  };
  const segments = new Map();
  const point = (j, i, edge) => {
    const [a, b] = [[j, i], { top: [j, i + 1], left: [j + 1, i] }[edge]];
    const [u, v] = [height(...a), height(...b)];
    const fraction = u === -Infinity ? 1 : v === -Infinity ? 0 : (level - u) / (v - u);
    const at = [a[1] - 1 + fraction * (b[1] - a[1]), a[0] - 1 + fraction * (b[0] - a[0])];
    const key = edge === "top" ? `h${j},${i}` : `v${j},${i}`;
    return { key, at: [Math.min(Math.max(at[0], 0), z[0].length - 1), Math.min(Math.max(at[1], 0), z.length - 1)] };
  };
  for (let j = 0; j < rows - 1; j += 1) {
    for (let i = 0; i < columns - 1; i += 1) {
      const edges = {
        top: () => point(j, i, "top"), bottom: () => point(j + 1, i, "top"),
        left: () => point(j, i, "left"), right: () => point(j, i + 1, "left"),
      };
      const inside = [[j, i], [j, i + 1], [j + 1, i + 1], [j + 1, i]].map((corner, n) => (height(...corner) >= level ? 2 ** n : 0));
      for (const [from, to] of CASES[sum(inside)]) segments.set(edges[from]().key, [edges[from](), edges[to]()]);
    }
  }
  return linked(segments);
}

// For each set of corners that are inside: the edges between which the contour runs, the inside on its left.
const CASES = {
  0: [], 15: [], 1: [["left", "top"]], 2: [["top", "right"]], 4: [["right", "bottom"]], 8: [["bottom", "left"]],
  3: [["left", "right"]], 6: [["top", "bottom"]], 12: [["right", "left"]], 9: [["bottom", "top"]],
  7: [["left", "bottom"]], 14: [["top", "left"]], 13: [["right", "top"]], 11: [["bottom", "right"]],
  5: [["left", "top"], ["right", "bottom"]], 10: [["top", "right"], ["bottom", "left"]],
};

function linked(segments) {
  const loops = [];
  while (segments.size) {
    const [first] = segments.keys();
    const loop = [];
    let key = first;
    while (segments.has(key)) {
      const [from, to] = segments.get(key);
      segments.delete(key);
      loop.push(from.at);
      key = to.key;
    }
    if (loop.length > 2) loops.push(loop);
  }
  return loops;
}

// Levels below the top, closer together near it.
function levelsFor(z, many = 9) {
  const all = z.flat().filter((value) => value !== null).sort((a, b) => a - b);
  const [low, top] = [all[Math.floor(all.length * 0.08)], all.at(-1)];
  return range(many).map((n) => top - (top - low) * ((n + 0.6) / many) ** 2).reverse();
}
