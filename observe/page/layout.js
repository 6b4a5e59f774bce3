// Where each node stands: parents left of their children, or, as an outline, above them. Many leaves are a grid of small chips.

export const big = { w: 196, h: 52 }, small = { w: 128, h: 38 };
export const gapX = 176;
export const indent = 22;
const gapY = 12, gridFrom = 5, outlineWidth = 340;
const gridGap = { x: 24, y: 20 }, narrowGap = { x: 8, y: 8 }; // lines and their labels run in the first, if not on narrow screens

/** Those children that are drawn as chips, and the others. */
function divided(key, childrenOf) {
  const children = childrenOf(key);
  const leaves = children.length >= gridFrom ? children.filter(each => childrenOf(each).length === 0) : [];
  const grid = leaves.length >= gridFrom ? leaves : [];
  const inGrid = new Set(grid);
  return { grid, rows: children.filter(each => !inGrid.has(each)) };
}

function placeGrid(places, grid, columns, gap, x, y) {
  grid.forEach((each, at) => places.set(each, {
    x: x + (at % columns) * (small.w + gap.x), y: y + Math.floor(at / columns) * (small.h + gap.y), ...small }));
  return Math.ceil(grid.length / columns) * (small.h + gap.y);
}

function boxOf(places) {
  let w = 0, h = 0;
  for (const each of places.values()) { w = Math.max(w, each.x + each.w); h = Math.max(h, each.y + each.h); }
  return { places, box: { w, h } };
}

/** For a narrow screen: one below the other. The result is as that of `layout`. */
export function outline(roots, childrenOf) {
  const places = new Map();
  let y = 0;
  function place(key, x) {
    places.set(key, { x, y, ...big });
    y += big.h + gapY;
    const { grid, rows } = divided(key, childrenOf);
    for (const each of rows) place(each, x + indent);
    const columns = Math.max(1, Math.floor((outlineWidth - x - indent) / (small.w + narrowGap.x)));
    if (grid.length) y += placeGrid(places, grid, columns, narrowGap, x + indent, y) + gapY - narrowGap.y;
  }
  for (const root of roots) place(root, 0);
  return boxOf(places);
}

/** @returns {Map<number, {x, y, w, h}>} by key, as `places`, and the size of all as `box` */
export function layout(roots, childrenOf) {
  const places = new Map();
  const measured = new Map();

  function measure(key) {
    const { grid, rows } = divided(key, childrenOf);
    let height = 0;
    for (const each of rows) height += measure(each) + gapY;
    const columns = grid.length ? Math.max(2, Math.ceil(Math.sqrt(grid.length / 2.4))) : 0;
    const gridHeight = grid.length ? Math.ceil(grid.length / columns) * (small.h + gridGap.y) - gridGap.y + gapY : 0;
    height = Math.max(big.h, height + gridHeight - (height + gridHeight ? gapY : 0));
    measured.set(key, { height, rows, grid, columns });
    return height;
  }

  function place(key, x, y) {
    const { height, rows, grid, columns } = measured.get(key);
    places.set(key, { x, y: y + height / 2 - big.h / 2, ...big });
    let top = y;
    const right = x + big.w + gapX;
    for (const each of rows) {
      place(each, right, top);
      top += measured.get(each).height + gapY;
    }
    placeGrid(places, grid, columns, gridGap, right, top);
  }

  let top = 0;
  for (const root of roots) {
    const height = measure(root);
    place(root, 0, top);
    top += height + 2 * gapY;
  }
  return boxOf(places);
}
