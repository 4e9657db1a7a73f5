// Puts in place what the server sends, and draws the plots. Nothing is kept but the token, for as long as the tab lives.
'use strict';

const SVG = 'http://www.w3.org/2000/svg';
const WINDOW_MS = 600_000;
/** The server says something every two seconds. */
const SILENT_MS = 6_000;
const AGAIN_MS = [200, 500, 1_000, 2_000, 5_000];

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const figures = new Map();
/** Points by link: [wall ms, round trip ms or null, loss 0 to 1 or null, state]. */
const points = new Map();
/** Of the moment that is read, counted back from the newest; null: none. */
let read = null;

const setFigures = (within) => {
  for (const place of all('[data-figure]', within)) {
    const text = figures.get(place.dataset.figure) ?? '';
    if (place.textContent !== text) place.textContent = text;
  }
};

/** New markup in place of old, without taking the focus, or what a reader has opened, away from him. */
const setPart = (id, markup) => {
  const part = byId(id);
  const open = new Map(all('details', part).map((one) => [one.id, one.open]));
  const focusable = (within) => all('[tabindex], summary, a', within);
  const focused = focusable(part).indexOf(document.activeElement);
  // The plot that has the focus loses it here, which ends its reading; the plot in its place goes on with it.
  const reading = read;
  part.innerHTML = markup;
  read = reading;
  for (const one of all('details', part)) if (open.has(one.id)) one.open = open.get(one.id);
  setFigures(part);
  if (focused >= 0) focusable(part)[focused]?.focus({ preventScroll: true });
};

const element = (name, attributes) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const millis = (value) => (value === null ? '–' : value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);
/** A round number not below the value. */
const ceiling = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
};

/** Seconds that the plots show: all that is known, in round minutes, ten at most. */
const span = () => {
  const known = Math.max(0, ...[...points.values()].map((one) => (one.length === 0 ? 0 : one.at(-1)[0] - one[0][0]))) / 1_000;
  return [60, 120, 300, 600].find((seconds) => seconds >= known) ?? WINDOW_MS / 1_000;
};

// A plot is 600 wide; round trips stand on 62, losses hang between 70 and 92.
const WIDE = 600;
const FLOOR = 62;
const plot = (place) => {
  const known = points.get(place.dataset.plot) ?? [];
  const newest = known.at(-1)?.[0] ?? Date.now();
  const seconds = span();
  const second = WIDE / seconds;
  const x = (at) => Math.round((WIDE - ((newest - at) / 1_000) * second) * 10) / 10;
  const most = ceiling(Math.max(1, ...known.map(([, rtt]) => rtt ?? 0)) * 1.05);
  const y = (rtt) => Math.round((FLOOR - (rtt / most) * 56) * 10) / 10;
  const runs = [];
  const losses = [];
  const downs = [];
  let before = null;
  for (const one of known) {
    const [at, rtt, loss, state] = one;
    const joined = before !== null && at - before[0] < 3_500;
    if (rtt !== null) {
      if (joined && before[1] !== null) runs.at(-1).push([x(at), y(rtt)]);
      else runs.push([[x(at), y(rtt)]]);
    }
    if (state === 'dead') {
      if (joined && before[3] === 'dead') downs.at(-1)[1] = x(at);
      else downs.push([x(at) - second, x(at)]);
    }
    if (loss > 0) losses.push(`M${x(at) - second} 92v${-Math.max(1.5, loss * 22)}h${second + 0.2}V92z`);
    before = one;
  }
  const drawn = element('svg', { viewBox: '0 0 600 94', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  for (const [from, to] of downs) drawn.append(element('rect', { class: 'down', x: from, y: 0, width: Math.max(1, to - from), height: 92 }));
  for (const at of [y(most), FLOOR, 92]) drawn.append(element('path', { class: 'scale', d: `M0 ${at}H${WIDE}` }));
  for (const run of runs) drawn.append(element('path', { class: 'area', d: `M${run[0][0]} ${FLOOR}L${run.map((pair) => pair.join(' ')).join('L')}V${FLOOR}z` }));
  drawn.append(element('path', { class: 'rtt', d: runs.map((run) => `M${run.map((pair) => pair.join(' ')).join('L')}`).join('') }), element('path', { class: 'loss', d: losses.join('') }));
  const note = (style, text) => Object.assign(document.createElement('span'), { className: style, textContent: text });
  const axis = document.createElement('div');
  axis.className = 'axis';
  const chosen = read === null ? undefined : known.at(-1 - read);
  if (chosen !== undefined) drawn.append(element('path', { class: 'cursor', d: `M${x(chosen[0])} 0V92` }));
  axis.append(
    ...(chosen === undefined
      ? [note('', `${seconds / 60} min ago`), note('', 'now')]
      : [note('read', `${new Date(chosen[0]).toISOString().slice(11, 19)}Z`), note('read', chosen[3] === 'dead' ? 'dead' : millis(chosen[1])), note('read', chosen[2] === null ? 'no probe' : `${Math.round(chosen[2] * 100)} % lost`)]),
  );
  place.replaceChildren(drawn, note('note top', millis(most).replace('.0', '')), note('note low', 'loss'), axis);
};
const plotAll = () => all('[data-plot]').forEach(plot);

const readMoment = (steps) => {
  const longest = Math.max(0, ...[...points.values()].map(({ length }) => length - 1));
  read = steps === null ? null : Math.min(longest, Math.max(0, steps));
  plotAll();
};
document.addEventListener('pointermove', ({ target, clientX }) => {
  const place = target instanceof Element ? target.closest('[data-plot]') : null;
  if (place === null) return void (read !== null && !document.activeElement?.matches('[data-plot]') && readMoment(null));
  const { left, width } = place.getBoundingClientRect();
  readMoment(Math.round((1 - (clientX - left) / width) * span()));
});
document.addEventListener('keydown', (event) => {
  if (!(event.target instanceof Element) || !event.target.matches('[data-plot]')) return;
  const step = { ArrowLeft: 1, ArrowRight: -1, PageUp: 30, PageDown: -30 }[event.key];
  if (step === undefined && event.key !== 'Escape') return;
  event.preventDefault();
  readMoment(step === undefined ? null : (read ?? -1) + step);
  byId('say').textContent = read === null ? '' : (event.target.querySelector('.axis')?.innerText.replace(/\s+/g, ' ') ?? '');
});
document.addEventListener('focusout', ({ target }) => target instanceof Element && target.matches('[data-plot]') && readMoment(null));

const take = ({ title, parts = {}, figures: fresh, whole, points: more = {}, say }) => {
  if (title !== undefined) document.title = title;
  if (whole) points.clear();
  for (const [name, text] of Object.entries(fresh ?? {})) figures.set(name, text);
  for (const [id, markup] of Object.entries(parts)) setPart(id, markup);
  if (fresh !== undefined) setFigures(document);
  for (const [link, added] of Object.entries(more)) points.set(link, [...(points.get(link) ?? []), ...added].filter(([at]) => at > added.at(-1)[0] - WINDOW_MS));
  if (whole || parts.links !== undefined || Object.keys(more).length > 0) plotAll();
  if (say !== undefined) byId('say').textContent = say;
  byId('main').hidden = false;
};

const connection = (state, text) => {
  byId('connection').className = state;
  byId('connection-text').textContent = text;
  document.body.classList.toggle('lost', state === 'lost');
};

// The token travels behind the #, which no browser sends, and then in a header: never in an address that is logged.
const inAddress = decodeURIComponent(location.hash.slice(1).replace(/^token=/, ''));
const KEY = 'hybridctl-token';
if (/^[A-Za-z0-9_-]{16,}$/.test(inAddress)) {
  sessionStorage.setItem(KEY, inAddress);
  history.replaceState(null, '', location.pathname);
}
let unlocked = () => {};
const unlock = (wrong) => {
  const why = byId('unlock-why');
  why.className = wrong ? 'bad' : '';
  if (wrong) why.textContent = 'That is not the token of this page.';
  byId('summary').querySelector('h1').textContent = 'Locked';
  byId('unlock').hidden = false;
  byId('token').focus();
  return new Promise((resolve) => (unlocked = resolve));
};
byId('unlock').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId('token').value.trim());
  byId('token').value = '';
  byId('unlock').hidden = true;
  unlocked();
});

/** Reads the stream to its end. Throws where it breaks off or falls silent. */
const follow = async () => {
  const token = sessionStorage.getItem(KEY);
  const giveUp = new AbortController();
  let watch = setTimeout(() => giveUp.abort(), SILENT_MS);
  try {
    const answer = await fetch('live', { headers: token === null ? {} : { authorization: `Bearer ${token}` }, cache: 'no-store', signal: giveUp.signal });
    if (answer.status === 401) return token !== null;
    if (!answer.ok) throw new Error(await answer.text());
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      clearTimeout(watch);
      watch = setTimeout(() => giveUp.abort(), SILENT_MS);
      connection('live', 'live');
      failures = 0;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) take(JSON.parse(line));
    }
    throw new Error('the stream has ended');
  } finally {
    clearTimeout(watch);
  }
};

let failures = 0;
const forever = async () => {
  for (;;) {
    try {
      const wrong = await follow();
      sessionStorage.removeItem(KEY);
      connection('', 'locked');
      byId('main').hidden = true;
      await unlock(wrong);
    } catch {
      connection('lost', 'not connected: what you see is old');
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)]));
    }
  }
};
void forever();
