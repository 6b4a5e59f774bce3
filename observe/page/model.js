// What the server has said of the tree, kept up to date by its differences.

const eventsMax = 5000;

export class Model {
  constructor() { this.run = ''; this.clear(); this.events = []; this.failedAt = new Map(); }

  clear() { this.nodes = new Map(); this.flows = new Map(); this.rest = { cycles: [] }; this.changed(); }

  changed() { this.children = new Map(); this.paths = new Map(); this.byPath = new Map(); }

  takeState(state) {
    if (state.run !== this.run) { this.events = []; this.failedAt.clear(); }
    this.run = state.run;
    this.nodes = new Map(state.nodes.map(each => [each.key, each]));
    this.flows = new Map(state.flows.map(each => [each.name, each]));
    this.takeRest(state);
    this.relate();
  }

  takeChange(change) {
    let related = change.gone.length !== 0;
    for (const key of change.gone) this.nodes.delete(key);
    for (const name of change.flows_gone) this.flows.delete(name);
    for (const each of change.nodes) { related ||= !this.nodes.has(each.key); this.nodes.set(each.key, each); }
    for (const each of change.flows) this.flows.set(each.name, each);
    this.takeRest(change);
    if (related) this.relate();
  }

  takeRest({ nodes, flows, gone, flows_gone, ...rest }) {
    this.rest = rest;
    this.offset = performance.now() - rest.at;
    this.inCycle = new Set(rest.cycles.flat());
  }

  /** @returns what is new among them */
  takeEvents(events) {
    const last = this.events.length ? this.events[this.events.length - 1].sequence : 0;
    const fresh = events.filter(each => each.sequence > last);
    this.events.push(...fresh);
    if (this.events.length > eventsMax) this.events.splice(0, this.events.length - eventsMax);
    for (const each of fresh) if (each.failed) this.failedAt.set(each.path, each.at);
    return fresh;
  }

  now() { return performance.now() - this.offset; }

  relate() {
    this.changed();
    const sorted = [...this.nodes.values()].sort((a, b) => a.key - b.key);
    for (const each of sorted) {
      if (!this.children.has(each.parent)) this.children.set(each.parent, []);
      this.children.get(each.parent).push(each.key);
    }
    const walk = (key, path) => {
      const node = this.nodes.get(key);
      const own = node.parent === 0 ? '' : node.fold ? path + '/…' : path + '/' + node.name;
      this.paths.set(key, own || '/');
      if (!this.byPath.has(own || '/')) this.byPath.set(own || '/', key);
      for (const each of this.childrenOf(key)) walk(each, own);
    };
    for (const each of this.roots()) walk(each, '');
  }

  roots() { return this.childrenOf(0); }
  childrenOf(key) { return this.children.get(key) ?? none; }
  pathOf(key) { return this.paths.get(key) ?? ''; }

  /** The node of that path, or what stands for it. */
  at(path) {
    if (this.byPath.has(path)) return this.byPath.get(path);
    const above = path.slice(0, path.lastIndexOf('/'));
    if (this.byPath.has(above + '/…')) return this.byPath.get(above + '/…');
    return path.length > 1 ? this.at(above || '/') : undefined;
  }

  /** What a node is, in one word: for its colour, its icon and its text. */
  stateOf(node) {
    if (node.fold) return 'fold';
    if (node.stopping && node.state === 'running') return 'stopping';
    return node.state || (node.activity === 'runs' ? 'runs' : node.activity);
  }
}
const none = [];

export const states = {
  running: ['●', 'running'], starting: ['◐', 'starting'], backing_off: ['▲', 'backing off'], stopping: ['▼', 'stopping'],
  down: ['■', 'down'], ended: ['□', 'ended'], runs: ['●', 'runs'], ready: ['○', 'ready'], waits: ['○', 'waits'], fold: ['▤', 'folded'] };

export function inWords(milliseconds) {
  const s = Math.max(0, milliseconds) / 1000;
  if (s < 1) return Math.round(s * 1000) + ' ms';
  if (s < 60) return s.toFixed(1) + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min ' + Math.floor(s % 60) + ' s';
  return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
}

/** What a node does that waits, and for what. */
export function waitInWords(wait) { return wait.to.startsWith('wait ') ? ['waits', wait.to.slice(5)] : ['waits to', wait.to]; }

export function count(of, one, more = one + 's') { return of.toLocaleString('en') + ' ' + (of === 1 ? one : more); }

export function short(rate) {
  return rate >= 1e6 ? (rate / 1e6).toFixed(1) + 'M' : rate >= 1e3 ? (rate / 1e3).toFixed(1) + 'k' : rate >= 10 ? rate.toFixed(0) : rate.toFixed(1);
}
