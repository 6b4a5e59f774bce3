// Beside the picture: what is known of one node, and what has happened.

import { count, inWords, short, states, waitInWords } from '/model.js';

const el = (name, text = '', attributes = {}) => {
  const made = document.createElement(name);
  if (text !== '') made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
const rowsMax = 2000;
export const say = text => { document.getElementById('said').textContent = text; };

export class Details {
  constructor(model) { this.model = model; this.section = document.getElementById('details'); this.path = ''; this.told = ''; }

  show(key) { this.path = this.model.pathOf(key); this.key = key; this.render(); say('Details of ' + this.path); }

  facts(node) {
    const { model } = this, since = then => then === undefined ? '' : ' for ' + inWords(model.now() - then);
    const facts = [['is', ({ actor: 'an actor', group: 'a fiber with a task group' }[node.kind] ?? 'a ' + node.kind)]];
    if (node.fold) {
      facts.push(['stands for', count(node.fold.children, 'child', 'children')], ['restarts', node.fold.restarts], ['queued', node.fold.queued]);
      for (const [state, n] of Object.entries(node.fold.states)) facts.push([states[state]?.[1] ?? state, n.toLocaleString('en')]);
      return facts;
    }
    const state = model.stateOf(node);
    facts.push(['state', (states[state] ?? ['', state]).join(' ')]);
    if (node.incarnation) facts.push(['incarnation', `${node.incarnation} (${count(node.incarnation - 1, 'restart')})`]);
    if (node.mailbox) facts.push(['mailbox', `${node.mailbox.depth} of ${node.mailbox.capacity}${node.mailbox.closed ? ', closed' : ''}`]);
    if (node.in_hand) facts.push(['in hand', node.in_hand.type + since(node.in_hand.since)]);
    const [waits, to] = node.wait ? waitInWords(node.wait) : [];
    if (node.wait) facts.push([waits, [to, node.wait.on ? '(' + model.pathOf(node.wait.on) + ')' : ''].join(' ').trim() + since(node.wait.since) + (node.wait.shielded ? ', shielded' : '')]);
    for (const flow of model.flows.values()) {
      const what = `${short(flow.sent_per_second)}/s, ${flow.depth} of ${flow.capacity}` + (flow.senders_waiting ? `, ${flow.senders_waiting} wait` : '');
      if (flow.to.includes(this.path)) facts.push(['receives', `${flow.name}: ${what}`]);
      if (flow.from.includes(this.path)) facts.push(['sends', `${flow.name}: ${what}`]);
    }
    return facts;
  }

  render() {
    if (!this.path) return;
    const node = this.model.nodes.get(this.key) ?? this.model.nodes.get(this.model.byPath.get(this.path));
    const facts = node ? this.facts(node) : [['is', 'not there any more']];
    const errors = this.model.events.filter(each => each.failed && each.path === this.path).slice(-5).reverse();
    const told = JSON.stringify([this.path, facts, errors.length && errors[0].sequence, this.model.rest.control]);
    if (told === this.told) return;
    this.told = told;
    const list = el('dl');
    for (const [what, how] of facts) list.append(el('dt', what), el('dd', String(how)));
    let body = this.section.querySelector('.body');
    if (!body || this.shownPath !== this.path || this.hadControl !== this.model.rest.control) {
      this.section.replaceChildren(el('h2', 'Details'), el('h3', this.path), body = el('div', '', { class: 'body' }));
      this.shownPath = this.path; this.hadControl = this.model.rest.control;
      if (this.model.rest.control && node?.state) body.before(this.orders(), this.answer = el('p', '', { class: 'answer', role: 'status' }));
    }
    body.replaceChildren(list);
    if (errors.length) {
      const all = el('ul', '', { class: 'errors' });
      for (const each of errors) all.append(el('li', `${inWords(this.model.now() - each.at)} ago, in run ${each.incarnation}: ${each.words}`));
      body.append(all);
    }
  }

  orders() {
    const row = el('div', '', { class: 'orders', role: 'group', 'aria-label': 'Orders' });
    for (const action of ['crash', 'cancel', 'restart']) {
      const button = el('button', action[0].toUpperCase() + action.slice(1), { 'data-action': action });
      button.addEventListener('click', () => this.order(action, this.path));
      row.append(button);
    }
    return row;
  }

  async order(action, path) {
    const shown = this.answer, tell = (text, isRefused) => { shown.textContent = text; shown.classList.toggle('refused', isRefused); };
    try {
      const answer = await fetch('/control', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ action, path }) });
      tell(answer.ok ? `${action} begun` : `✕ ${action} refused: ${(await answer.text()).trim().replace(/^troupe: /, '')}`, !answer.ok);
    } catch { tell('✕ the server does not answer', true); }
  }
}

export class Timeline {
  constructor(model, choosePath) {
    this.model = model; this.list = document.getElementById('events'); this.choosePath = choosePath;
    this.only = document.getElementById('only'); this.failures = document.getElementById('failures'); this.path = '';
    for (const each of [this.only, this.failures]) each.addEventListener('change', () => this.all());
    this.list.addEventListener('click', event => { const path = event.target.dataset?.path; if (path) this.choosePath(path); });
  }

  wanted(each) { return (!this.only.checked || each.path === this.path) && (!this.failures.checked || each.failed); }

  row(each) {
    const row = el('li', '', { class: each.failed ? 'failed' : each.kind });
    row.append(el('time', (each.at / 1000).toFixed(3)), el('button', `${each.path} #${each.incarnation}`, { 'data-path': each.path, tabindex: '-1' }), el('span', (each.failed ? '✕ ' : '') + each.words, { class: 'words' }));
    return row;
  }

  /** Newest first; a reader who has scrolled back keeps his place. */
  add(events) {
    const wanted = events.filter(each => this.wanted(each));
    if (!wanted.length) return;
    const height = this.list.scrollHeight, top = this.list.scrollTop;
    this.list.prepend(...wanted.slice(-rowsMax).reverse().map(each => this.row(each)));
    while (this.list.childElementCount > rowsMax) this.list.lastElementChild.remove();
    if (top > 4) this.list.scrollTop = top + this.list.scrollHeight - height;
    document.getElementById('shown').textContent = count(this.list.childElementCount, 'event');
  }

  all() { this.list.replaceChildren(); document.getElementById('shown').textContent = ''; this.add(this.model.events); }
  choose(path) { this.path = path; if (this.only.checked) this.all(); }
}
