// The picture: the tree, in which one can look around.

import { gapX, indent, layout, outline } from '/layout.js';
import { Lines } from '/lines.js';
import { count, states, waitInWords } from '/model.js';
import { put, svgOf, write } from '/svg.js';

const cut = (text, length) => text.length > length ? text.slice(0, length - 1) + '…' : text;
const failedFor = 1500; // milliseconds
const narrowBelow = 560; // pixels
// Zooms: below the first a narrow picture is moved instead of made smaller, and below the second the words in nodes are too
// small to be read, and are not drawn: laying them out is most of what a change costs.
const legible = 0.8, far = 0.55;

/** The part of the world that is in the picture: texts elsewhere are not kept up to date. */
function seenBy({ x, y, zoom }, { clientWidth, clientHeight }) {
  const l = -x / zoom, t = -y / zoom, r = l + clientWidth / zoom, b = t + clientHeight / zoom;
  const isFar = zoom < far;
  return { isFar, has: at => !isFar && at.x < r && l < at.x + at.w && at.y < b && t < at.y + at.h };
}

export class Tree {
  constructor(model, choose) {
    this.model = model; this.choose = choose; this.elements = new Map(); this.lines = new Lines(model);
    this.svg = document.getElementById('tree'); this.world = document.getElementById('world');
    this.groups = Object.fromEntries(['owns', 'nodes'].map(id => [id, document.getElementById(id)]));
    this.shape = ''; this.chosen = 0; this.focused = 0; this.fitted = true; this.view = { x: 0, y: 0, zoom: 1 };
    this.seen = seenBy(this.view, this.svg);
    this.listen();
  }

  render() {
    this.place();
    for (const [key, element] of this.elements) this.draw(this.model.nodes.get(key), element);
    this.lines.draw(this.places, this.shape, this.seen);
    this.svg.classList.toggle('ended', !this.model.rest.attached);
  }

  place() {
    const { model } = this;
    this.isNarrow = this.svg.clientWidth < narrowBelow;
    const shape = this.isNarrow + [...model.nodes.values()].map(each => each.key + '<' + each.parent).join();
    if (shape === this.shape) return;
    this.shape = shape;
    const { places, box } = (this.isNarrow ? outline : layout)(model.roots(), key => model.childrenOf(key));
    this.places = places; this.box = box;
    for (const [key, element] of this.elements) if (!places.has(key)) { element.group.remove(); this.elements.delete(key); }
    for (const [key, place] of places) {
      let element = this.elements.get(key);
      const isSmall = place.w < 180;
      if (element && element.isSmall !== isSmall) { element.group.remove(); element = undefined; }
      if (!element) this.elements.set(key, element = this.make(key, place, isSmall));
      put(element.group, 'transform', `translate(${place.x} ${place.y})`);
    }
    if (!places.has(this.focused)) this.focus(model.roots()[0] ?? 0, false);
    let owns = '';
    for (const [key, place] of places) {
      const from = places.get(model.nodes.get(key).parent);
      if (from) owns += this.own(from, place, model.childrenOf(key).length === 0);
    }
    this.groups.owns.replaceChildren(svgOf('path', { d: owns }));
    if (this.fitted) this.fit();
  }

  /** The line from an owner to its child. */
  own(from, place, isLeaf) {
    const to = place.y + place.h / 2;
    if (this.isNarrow) return place.x - from.x > indent ? '' : `M${from.x + 8} ${from.y + from.h}V${to}H${place.x}`;
    const x = from.x + from.w, y = from.y + from.h / 2;
    if (place.w === from.w) return `M${x} ${y}C${x + 27} ${y} ${place.x - 27} ${to} ${place.x} ${to}`;
    return isLeaf ? `M${x} ${y}H${x + 27}V${to}H${Math.min(place.x, x + gapX)}` : '';
  }

  make(key, place, isSmall) {
    const group = svgOf('g', { class: 'node', role: 'treeitem', tabindex: '-1', 'data-key': key }, this.groups.nodes);
    const { w, h } = place;
    svgOf('rect', { class: 'body', width: w, height: h, rx: 8 }, group);
    svgOf('rect', { class: 'edge', x: 0, y: 6, width: 4, height: h - 12, rx: 2 }, group);
    const icon = svgOf('text', { class: 'icon', x: 12, y: isSmall ? 15 : 20 }, group);
    const name = svgOf('text', { class: 'name', x: 26, y: isSmall ? 15 : 20 }, group);
    const what = svgOf('text', { class: 'what', x: 12, y: isSmall ? 27 : 36 }, group);
    const track = svgOf('rect', { class: 'track', x: 12, y: h - 8, width: w - 24, height: 4, rx: 2 }, group);
    const fill = svgOf('path', { class: 'fill', d: `M12 ${h - 6}h${w - 24}`, pathLength: 1, 'stroke-dasharray': 1, 'stroke-dashoffset': 1 }, group);
    svgOf('rect', { class: 'ring', x: -4, y: -4, width: w + 8, height: h + 8, rx: 11 }, group);
    return { group, icon, name, what, track, fill, isSmall, w };
  }

  draw(node, element) {
    const { model } = this, state = model.stateOf(node), path = model.pathOf(node.key);
    const failed = model.now() - (model.failedAt.get(path) ?? -1e9) < failedFor;
    const inCycle = model.inCycle.has(node.key);
    const classes = `node ${state}${element.isSmall ? ' small' : ''}${failed ? ' failed' : ''}${inCycle ? ' cycle' : ''}`;
    const restarts = node.fold ? node.fold.restarts : Math.max(0, (node.incarnation ?? 0) - 1);
    const words = this.words(node, state, restarts, failed, inCycle);
    put(element.group, 'class', classes);
    put(element.group, 'data-path', path);
    put(element.group, 'data-restarts', restarts);
    put(element.group, 'aria-label', `${path}: ${words}${node.mailbox ? `, mailbox ${node.mailbox.depth} of ${node.mailbox.capacity}` : ''}`);
    put(element.group, 'aria-selected', node.key === this.chosen);
    write(element.icon, failed ? '✕' : states[state]?.[0] ?? '○');
    write(element.name, cut(node.parent === 0 ? '/' : node.name, element.isSmall ? 14 : 21));
    if (this.seen.has(this.places.get(node.key))) write(element.what, cut(words, element.isSmall ? 20 : 32));
    const box = node.mailbox, share = box && box.capacity ? Math.min(1, box.depth / box.capacity) : 0;
    put(element.track, 'visibility', box ? 'visible' : 'hidden');
    put(element.fill, 'stroke-dashoffset', 1 - share); // unlike a width it has nothing laid out anew
    put(element.fill, 'class', share > 0.8 ? 'fill hot' : share > 0.4 ? 'fill warm' : 'fill');
  }

  words(node, state, restarts, failed, inCycle) {
    if (node.fold) return Object.entries(node.fold.states).map(([state, n]) => `${n.toLocaleString('en')} ${(states[state]?.[1] ?? state)}`).join(', ');
    const parts = [inCycle ? 'in a cycle of waits' : failed ? 'has failed' : states[state]?.[1] ?? state];
    if (restarts) parts.push(count(restarts, 'restart'));
    if (node.mailbox && node.mailbox.depth) parts.push(`${node.mailbox.depth}/${node.mailbox.capacity}`);
    else if (!node.state && node.wait) parts.splice(0, 1, waitInWords(node.wait).join(' '));
    return parts.join(' · ');
  }

  // -- looking around --------------------------------------------------------------------------------------------------

  fit() {
    const { clientWidth: w, clientHeight: h } = this.svg;
    if (!this.box || !w) return;
    const whole = Math.min(1.25, (w - 48) / this.box.w, (h - 48) / this.box.h);
    const zoom = this.isNarrow ? Math.max(whole, Math.min(legible, (w - 24) / this.box.w)) : whole;
    this.view = { zoom, x: (w - this.box.w * zoom) / 2, y: Math.max(12, (h - this.box.h * zoom) / 2) };
    this.fitted = true;
    this.look();
  }
  look() {
    put(this.world, 'transform', `translate(${this.view.x} ${this.view.y}) scale(${this.view.zoom})`);
    this.seen = seenBy(this.view, this.svg);
    this.svg.classList.toggle('far', this.seen.isFar);
    if (this.looksAnew) return;
    this.looksAnew = true;
    requestAnimationFrame(() => { this.looksAnew = false; this.render(); }); // what was not in the picture
  }
  zoomBy(times, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    const zoom = Math.min(4, Math.max(0.05, this.view.zoom * times)), real = zoom / this.view.zoom;
    this.view = { zoom, x: x - (x - this.view.x) * real, y: y - (y - this.view.y) * real };
    this.fitted = false;
    this.look();
  }

  focus(key, really = true) {
    this.elements.get(this.focused)?.group.setAttribute('tabindex', '-1');
    this.focused = key;
    const element = this.elements.get(key);
    element?.group.setAttribute('tabindex', '0');
    if (really) element?.group.focus({ preventScroll: true });
  }
  /** Moves the picture so far that this node is in it. */
  reveal(key) {
    const place = this.places.get(key), { x, y, zoom } = this.view, margin = 16;
    if (!place) return;
    const into = (from, size, room) => from < margin ? margin - from : Math.min(0, room - margin - from - size);
    const dx = into(x + place.x * zoom, place.w * zoom, this.svg.clientWidth);
    const dy = into(y + place.y * zoom, place.h * zoom, this.svg.clientHeight);
    if (dx === 0 && dy === 0) return;
    this.view = { zoom, x: x + dx, y: y + dy };
    this.fitted = false;
    this.look();
  }
  select(key) { this.chosen = key; this.focus(key, false); this.reveal(key); this.choose(key); this.render(); }

  /** The order in which arrow keys go up and down. */
  inOrder() {
    const all = [], walk = key => { all.push(key); this.model.childrenOf(key).forEach(walk); };
    this.model.roots().forEach(walk);
    return all;
  }

  onKey(event) {
    const { model } = this, node = model.nodes.get(this.focused);
    if (!node) return;
    const order = this.inOrder(), at = order.indexOf(node.key);
    const to = { ArrowLeft: node.parent, ArrowRight: model.childrenOf(node.key)[0], ArrowUp: order[at - 1],
      ArrowDown: order[at + 1], Home: order[0], End: order[order.length - 1] }[event.key];
    if (event.key === 'Enter' || event.key === ' ') this.select(node.key);
    else if (to && model.nodes.has(to)) { this.focus(to); this.reveal(to); }
    else return;
    event.preventDefault();
  }

  listen() {
    this.svg.addEventListener('keydown', event => this.onKey(event));
    this.groups.nodes.addEventListener('click', event => {
      const group = event.target.closest('.node');
      if (group && !this.dragged) this.select(Number(group.dataset.key));
    });
    this.svg.addEventListener('wheel', event => {
      event.preventDefault();
      const box = this.svg.getBoundingClientRect();
      this.zoomBy(Math.exp(-event.deltaY / 500), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    let from;
    this.svg.addEventListener('pointerdown', event => { from = { x: event.clientX - this.view.x, y: event.clientY - this.view.y, at: [event.clientX, event.clientY] }; this.dragged = false; });
    window.addEventListener('pointermove', event => {
      if (!from || (!this.dragged && Math.hypot(event.clientX - from.at[0], event.clientY - from.at[1]) < 5)) return;
      this.dragged = true; this.fitted = false;
      this.view.x = event.clientX - from.x; this.view.y = event.clientY - from.y;
      this.look();
    });
    window.addEventListener('pointerup', () => { from = undefined; });
    new ResizeObserver(() => { this.render(); if (this.fitted) this.fit(); }).observe(this.svg);
  }
}
