// Follows the server, and has what it says drawn, once a frame of the screen.

import { Model, states } from '/model.js';
import { Tree } from '/tree.js';
import { Details, Timeline, say } from '/side.js';

const model = new Model();
const byId = id => document.getElementById(id);
const details = new Details(model);
const timeline = new Timeline(model, path => { const key = model.at(path); if (key) tree.select(key); });
const tree = new Tree(model, key => { details.show(key); timeline.choose(model.pathOf(key)); });
Object.assign(window, { troupe: { model, tree } }); // for those who look into it by hand

let wanted = false;
function draw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => {
    wanted = false;
    tree.render();
    details.render();
    totals();
    byId('empty').hidden = model.nodes.size !== 0;
  });
}
setInterval(draw, 500); // what has lasted for so long lasts for longer now

function totals() {
  let fibers = model.rest.omitted ?? 0, restarts = 0, failing = 0;
  for (const each of model.nodes.values()) {
    fibers += each.fold ? each.fold.fibers : 1;
    restarts += each.fold ? each.fold.restarts : Math.max(0, (each.incarnation ?? 0) - 1);
    failing += each.fold ? (each.fold.states.backing_off ?? 0) + (each.fold.states.down ?? 0) : each.state === 'backing_off' || each.state === 'down' ? 1 : 0;
  }
  const waiting = [...model.flows.values()].reduce((sum, each) => sum + each.senders_waiting, 0);
  const shown = [[fibers, 'fibers'], [restarts, 'restarts'], [failing, 'down or backing off', failing > 0]];
  if (model.flows.size) shown.push([waiting, 'senders wait', waiting > 0]);
  if (model.rest.cycles.length) shown.push([model.rest.cycles.length, model.rest.cycles.length === 1 ? 'cycle of waits' : 'cycles of waits', true]);
  if (model.rest.abandoned_children) shown.push([model.rest.abandoned_children, 'abandoned', true]);
  const text = JSON.stringify(shown);
  if (text === totals.before) return;
  totals.before = text;
  byId('totals').replaceChildren(...shown.map(([n, what, alarm]) => {
    const item = document.createElement('li'), number = document.createElement('b');
    number.textContent = n.toLocaleString('en');
    item.append(number, ' ' + what);
    if (alarm) item.className = 'alarm';
    return item;
  }));
}

function connection(state, text) {
  const pill = byId('connection');
  if (pill.dataset.state === state && pill.textContent === text) return;
  pill.dataset.state = state;
  pill.textContent = text;
}
function live() {
  connection(model.rest.attached ? 'live' : 'gone', model.rest.attached ? '● live' : '■ the tree has ended');
  const title = model.rest.title || 'troupe';
  if (byId('title').textContent !== title) byId('title').textContent = document.title = title;
}

function follow() {
  const source = new EventSource('/events');
  source.addEventListener('state', message => {
    const state = JSON.parse(message.data), isNew = state.run !== model.run;
    model.takeState(state);
    if (isNew) timeline.all();
    live(); draw();
  });
  source.addEventListener('change', message => { model.takeChange(JSON.parse(message.data)); live(); draw(); });
  source.addEventListener('events', message => {
    const fresh = model.takeEvents(JSON.parse(message.data));
    timeline.add(fresh);
    const failed = fresh.filter(each => each.failed);
    if (failed.length && failed.length < 4) say(failed.map(each => `${each.path} ${each.words}`).join('. '));
    draw();
    if (failed.length) setTimeout(draw, 1600);
  });
  source.addEventListener('error', () => {
    connection('gone', '✕ the server does not answer; trying again');
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000); // it has refused: the browser gives up, we do not
  });
}

const system = matchMedia('(prefers-color-scheme: dark)');
const paint = () => { document.documentElement.dataset.theme = localStorage.getItem('theme') ?? (system.matches ? 'dark' : 'light'); };
system.addEventListener('change', paint);
byId('theme').addEventListener('click', () => {
  localStorage.setItem('theme', document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  paint();
});
paint();
byId('zoom-in').addEventListener('click', () => tree.zoomBy(1.25));
byId('zoom-out').addEventListener('click', () => tree.zoomBy(0.8));
byId('zoom-fit').addEventListener('click', () => tree.fit());
const inLegend = (text, ...swatches) => {
  const item = document.createElement('li');
  item.append(...swatches.map(each => Object.assign(document.createElement('i'), { className: each })), text);
  return item;
};
byId('legend').replaceChildren(
  ...['running', 'starting', 'backing_off', 'stopping', 'down', 'ended', 'waits', 'fold'].map(each => inLegend(states[each].join(' '))),
  inLegend('✕ has failed'), inLegend('mailbox: some, much, nearly full', 'heat', 'heat warm', 'heat hot'),
  inLegend('flows: thicker is more a second', 'thin edge', 'edge'), inLegend('senders wait', 'full edge'),
  inLegend('has waited for it', 'wait edge'), inLegend('a cycle of waits', 'cycle edge'));
follow();
