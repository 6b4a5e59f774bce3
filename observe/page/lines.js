// Between the nodes: what flows, and who waits for whom.

import { short, waitInWords } from '/model.js';
import { put, svgOf, write } from '/svg.js';

const waitsFor = 300; // milliseconds
const linksMax = 6, widthMax = 7; // of one flow
const widthStep = 0.6, widthsEvery = 1000; // a new width has all lines laid out anew: so seldom, and those of all at once
const label = { w: 120, h: 13, along: [0.5, 0.35, 0.65, 0.2, 0.8], above: [-2, 16, -24, 36] }; // where it may stand at a line, best first
const pointAt = ({ ax, ay, bx, by, cx, dx }, t) => {
  const u = 1 - t, [p, q, r, s] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return { x: p * ax + q * cx + r * dx + s * bx, y: (p + q) * ay + (r + s) * by };
};
const middle = list => list[Math.floor((list.length - 1) / 2)];

export class Lines {
  constructor(model) {
    this.model = model; this.lines = new Map(); this.drawn = new Map(); this.widenedAt = 0;
    this.groups = Object.fromEntries(['flows', 'waits', 'labels'].map(id => [id, document.getElementById(id)]));
  }

  /** @param shape  another one: the nodes have other places; @param seen  another one: other texts are in the picture */
  draw(places, shape, seen) {
    this.places = places; this.shape = shape; this.seen = seen;
    this.drawFlows();
    this.drawWaits();
    this.placeLabels();
  }

  line(id, group, from, to, bend) {
    let made = this.lines.get(id);
    if (!made) this.lines.set(id, made = { path: svgOf('path', {}, this.groups[group]) });
    if (made.shape !== this.shape) {
      made.shape = this.shape;
      made.curve = this.curve(from, to, bend);
      put(made.path, 'd', made.curve.d);
      this.unplaced = true;
    }
    return made;
  }

  show(line, className) {
    line.seen = true;
    if (line.className !== className) line.path.setAttribute('class', line.className = className);
  }

  say(line, text, className) {
    if (text === '') {
      line.label?.remove();
      line.label = undefined;
      return;
    }
    if (!line.label) {
      line.label = svgOf('text', {}, this.groups.labels);
      this.unplaced = true;
    }
    if (line.spot && !this.seen.has(line.spot)) return;
    put(line.label, 'class', className);
    write(line.label, text);
  }

  /** Where they hide no node and no other one; those that find no such place are left out. */
  placeLabels() {
    if (this.seen.isFar || !this.unplaced) return;
    this.unplaced = false;
    const taken = [...this.places.values()];
    const isFree = spot => !taken.some(each => spot.x < each.x + each.w && each.x < spot.x + spot.w && spot.y < each.y + each.h && each.y < spot.y + spot.h);
    for (const line of this.lines.values()) {
      if (!line.label) continue;
      const spots = label.along.flatMap(t => label.above.map(dy => {
        const { x, y } = pointAt(line.curve, t);
        return { x: x - label.w / 2, y: y + dy - label.h, w: label.w, h: label.h };
      }));
      line.spot = spots.find(isFree);
      put(line.label, 'display', line.spot ? 'inline' : 'none');
      if (!line.spot) continue;
      put(line.label, 'x', (line.spot.x + label.w / 2).toFixed(1)); put(line.label, 'y', (line.spot.y + label.h - 3).toFixed(1));
      taken.push(line.spot);
    }
  }

  /** From the side of one to the side of the other, or around where one is the other's parent. */
  curve(from, to, bend) {
    const a = this.places.get(from), b = this.places.get(to);
    const sameColumn = a.x < b.x + b.w && b.x < a.x + a.w;
    const ax = a.x + (sameColumn || b.x > a.x ? a.w : 0), bx = b.x + (sameColumn || b.x < a.x ? b.w : 0);
    const ay = a.y + a.h / 2 + bend, by = b.y + b.h / 2 + bend;
    const reach = sameColumn ? 40 + Math.abs(ay - by) / 5 : (bx - ax) / 2;
    const cx = ax + reach, dx = sameColumn ? bx + reach : bx - reach;
    return { d: `M${ax} ${ay}C${cx} ${ay} ${dx} ${by} ${bx} ${by}`, ax, ay, bx, by, cx, dx };
  }

  /** Those in the leftmost column: lines to the others would run across these. */
  nearest(keys) {
    const left = Math.min(...keys.map(key => this.places.get(key).x));
    return keys.filter(key => this.places.get(key).x === left);
  }

  linksOf(flow) {
    const ends = paths => [...new Set(paths.map(path => this.model.at(path)).filter(key => this.places.has(key)))];
    const from = ends(flow.from), to = ends(flow.to);
    const links = from.flatMap(a => to.filter(b => b !== a).map(b => [a, b]));
    return links.length > linksMax ? [[middle(from), middle(this.nearest(to))]] : links; // one for all of them can be read
  }

  drawFlows() {
    const { model, shape, seen } = this;
    for (const each of this.lines.values()) each.seen = false;
    this.mayWiden = performance.now() - this.widenedAt >= widthsEvery;
    if (this.mayWiden) this.widenedAt = performance.now();
    for (const name of this.drawn.keys()) if (!model.flows.has(name)) this.drawn.delete(name);
    for (const flow of model.flows.values()) {
      const before = this.drawn.get(flow.name);
      if (before?.flow === flow && before.shape === shape && before.seen === seen && !(this.mayWiden && before.isStale)) {
        for (const each of before.lines) each.seen = true;
        continue;
      }
      const ends = flow.from + ' -> ' + flow.to, isPlaced = before?.shape === shape && before.ends === ends;
      const lines = isPlaced ? before.lines : this.linksOf(flow).map(([a, b]) => this.line(`flow ${flow.name} ${a} ${b}`, 'flows', a, b, 0));
      lines.forEach((line, at) => this.showFlow(line, flow, at === Math.floor(lines.length / 2)));
      this.drawn.set(flow.name, { flow, shape, seen, ends, lines, isStale: lines.some(each => each.isStale) });
    }
  }

  showFlow(line, flow, isNamed) {
    const isFull = flow.senders_waiting > 0, width = Math.min(widthMax, 1.2 + 0.9 * Math.log10(1 + flow.sent_per_second));
    this.show(line, isFull ? 'flow full' : 'flow');
    line.isStale = Math.abs(width - line.width) >= widthStep && !this.mayWiden;
    if (!line.isStale && !(Math.abs(width - line.width) < widthStep)) put(line.path, 'stroke-width', (line.width = width).toFixed(1));
    if (this.seen.isFar) return; // nobody could read it
    const name = flow.name.includes(' -> ') ? '' : flow.name + ' '; // else the line says as much
    const text = `${name}${short(flow.sent_per_second)}/s · ${flow.depth}/${flow.capacity}${isFull ? ` · ${flow.senders_waiting} wait` : ''}`;
    this.say(line, isNamed ? text : '', isFull ? 'label full' : 'label');
  }

  /** Those that last: others would come and go before anybody sees what they say. */
  drawWaits() {
    const { model } = this;
    for (const node of model.nodes.values()) {
      const on = node.wait?.on;
      if (!on || !this.places.has(on) || !this.places.has(node.key) || on === node.key) continue;
      const inCycle = model.inCycle.has(node.key) && model.inCycle.has(on);
      if (!inCycle && model.now() - (node.wait.since ?? -Infinity) < waitsFor) continue;
      const line = this.line(`wait ${node.key} ${on}`, 'waits', node.key, on, 5);
      this.show(line, inCycle ? 'link cycle' : 'link');
      this.say(line, inCycle ? 'cycle: ' + waitInWords(node.wait).join(' ') : '', 'label cycle');
    }
    for (const [id, each] of this.lines) if (!each.seen) { each.path.remove(); each.label?.remove(); this.lines.delete(id); }
  }
}
