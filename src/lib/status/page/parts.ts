import { bytes } from '../../domain/amount.ts';
import { bitRate } from '../../domain/traffic.ts';
import { otherSteps, type Incident, type PastMove } from '../../monitor/history.ts';
import { routeTone, TONE, verdict, type LinkNow, type Picture, type RouteNow, type Tone } from '../picture.ts';
import { ago, clockTime, linkState, millis, percent, place, plain, watcherText } from '../words.ts';
import { mapMarkup } from './map.ts';
import { escaped, figure, icon, table } from './markup.ts';

/** What the page shows: markup that changes when something happens, and the figures in it that change all the time. */
export interface Page {
  /** By the id of the element it fills. */
  readonly parts: Readonly<Record<string, string>>;
  /** Plain text by name. */
  readonly figures: Readonly<Record<string, string>>;
}

const flagged = (tone: Tone, text: string): string => `<span class="flag ${tone}">${icon(tone)}${escaped(text)}</span>`;

const summary = (picture: Picture): string => {
  const { tone, text } = verdict(picture);
  const nobody = picture.watcher.kind === 'nobody';
  return [
    `<div class="verdict ${tone}">${icon(tone)}<h1>${escaped(text)}</h1></div>`,
    `<p class="where"><b>${escaped(picture.site)}</b> ${escaped(`${picture.region}, ${picture.cidr} to ${picture.networks.join(', ')}`)}</p>`,
    `<p class="watcher${nobody ? ' warn' : ''}">${nobody ? icon('warn') : ''}${figure('watcher')}</p>`,
    ...picture.troubles.map((trouble) => `<p class="watcher warn">${icon('warn')}${escaped(plain(trouble))}</p>`),
  ].join('');
};

/** The plot in it is drawn by the page's script, from points. */
const card = (link: LinkNow, at: number): string =>
  `<article class="card ${TONE[link.state]}"><header><h3>${escaped(link.name)}</h3>${flagged(TONE[link.state], linkState(link, at))}<p class="dim">${escaped(`${link.cloudEnd} to ${link.router}, ${link.medium}`)}</p></header>` +
  `<dl><div><dt>Round trip</dt><dd>${figure(`rtt:${link.name}`)}</dd></div><div><dt>Loss</dt><dd>${figure(`loss:${link.name}`)}</dd></div><div><dt>In this state for</dt><dd>${figure(`since:${link.name}`)}</dd></div></dl>` +
  `<figure class="plot" data-plot="${escaped(link.name)}" tabindex="0" role="img" aria-label="${escaped(`Round trip and loss of ${link.name} over the last ten minutes. Arrow keys read single moments.`)}"></figure>` +
  `${link.because === null || link.state === 'alive' ? '' : `<p class="because">${escaped(plain(link.because))}</p>`}</article>`;

/** Each link that carries the route with its own state; a position that is no link in words. */
const carriedBy = (route: RouteNow, links: readonly LinkNow[]): string => {
  const shared = route.sharedBy.flatMap((name) => links.find((link) => link.name === name) ?? []);
  if (shared.length < 2) return flagged(routeTone(route, links), place(route.at));
  return shared.map(({ name, state }) => flagged(TONE[state], `${name} ${state}`)).join(' ');
};

const routes = ({ routes: all, links }: Picture): string =>
  table(
    'The link that each route table uses for each destination',
    [
      { title: 'Route table' },
      { title: 'Destination' },
      { title: 'Carried by' },
      { title: 'Preferred' },
      { title: 'Since', numeric: true },
    ],
    all.map((route) => [
      escaped(route.name),
      escaped(route.destination),
      carriedBy(route, links),
      `${escaped(route.preferred)}${route.pinned === null ? '' : ` <span class="pin">pinned to ${escaped(plain(route.pinned))}</span>`}`,
      figure(`moved:${route.table}|${route.destination}`),
    ]),
  );

const moveRow = (
  { at, table: id, from, to, outcome, detectMs, apiMs, verifyMs }: PastMove,
  { routes: all, at: now }: Picture,
): readonly string[] => [
  clockTime(Date.parse(at), now),
  escaped(all.find((route) => route.table === id)?.name ?? id),
  `${escaped(from)} <span class="dim" aria-label="to">→</span> ${escaped(to)}`,
  outcome === 'done' ? flagged('good', 'done') : flagged('bad', outcome),
  millis(detectMs),
  millis(apiMs),
  millis(verifyMs),
];

const MOVES = [
  { title: 'At' },
  { title: 'Route table' },
  { title: 'Move' },
  { title: 'Outcome' },
  { title: 'Detect', numeric: true },
  { title: 'API', numeric: true },
  { title: 'Verify', numeric: true },
];

/** Steps that the table of moves does not tell; a route by its table's name. */
const stepsOf = (one: Incident, { routes: all }: Picture): Incident['steps'] => {
  const named = (what: string): string =>
    all.reduce(
      (text, route) => text.replace(`${route.table} ${route.destination}`, `${route.name} ${route.destination}`),
      what,
    );
  return otherSteps(one).map((step) => ({ ...step, what: named(step.what) }));
};

const incident = (one: Incident, picture: Picture, index: number): string => {
  const { incident: id, began, links, moves } = one;
  const steps = stepsOf(one, picture);
  const first = moves.find(({ outcome }) => outcome === 'done') ?? moves[0];
  const told = first === undefined ? (steps[0]?.what ?? links.join(', ')) : `${first.from} to ${first.to}`;
  const took = moves.reduce(
    (most, { detectMs, apiMs, verifyMs }) => Math.max(most, (detectMs ?? 0) + (apiMs ?? 0) + (verifyMs ?? 0)),
    0,
  );
  return (
    `<details id="incident-${escaped(id)}"${index === 0 ? ' open' : ''}><summary><time datetime="${escaped(began)}">${clockTime(Date.parse(began), picture.at)}</time> <b>${escaped(told)}</b> ` +
    `<span class="dim">${moves.length === 0 ? 'no move' : `${moves.length} move${moves.length === 1 ? '' : 's'}`}</span>${took === 0 ? '' : `<span class="took">${millis(took)}</span>`}</summary>` +
    `${
      moves.length === 0
        ? ''
        : table(
            `Moves of incident ${id}`,
            MOVES,
            moves.map((move) => moveRow(move, picture)),
          )
    }` +
    `<ol class="steps">${steps.map(({ at, what }) => `<li><time datetime="${escaped(at)}">${clockTime(Date.parse(at), picture.at)}</time> ${escaped(what)}</li>`).join('')}</ol></details>`
  );
};

const incidents = (picture: Picture): string =>
  picture.incidents.length === 0
    ? '<p class="none">No incident in the event log.</p>'
    : picture.incidents.map((one, index) => incident(one, picture, index)).join('');

const traffic = ({ traffic: all }: Picture): string =>
  all.length === 0
    ? '<p class="none">No charon is asked for its counters: run this on a gateway, or name its socket with --uri.</p>'
    : table(
        'Traffic of each tunnel as its charon counts it',
        [
          { title: 'Tunnel' },
          { title: 'Link' },
          { title: 'State' },
          { title: 'In', numeric: true },
          { title: 'Out', numeric: true },
          { title: 'Received', numeric: true },
          { title: 'Sent', numeric: true },
        ],
        all.map(({ tunnel, link, state }) => [
          escaped(plain(tunnel)),
          link === null ? '–' : escaped(link),
          flagged(state === 'established' ? 'good' : state === 'down' ? 'bad' : 'warn', state),
          ...['in', 'out', 'received', 'sent'].map((what) => figure(`${what}:${tunnel}`)),
        ]),
      );

const rate = (value: number | null): string => (value === null ? '–' : bitRate(value));
const amount = (value: number | null): string => (value === null ? '–' : bytes(value));

/** Everything on the page that follows from one picture. Pure. */
export const pageOf = (picture: Picture): Page => {
  const { at, links } = picture;
  return {
    parts: {
      summary: summary(picture),
      map: mapMarkup(picture),
      links: links.map((link) => card(link, at)).join(''),
      routes: routes(picture),
      incidents: incidents(picture),
      traffic: traffic(picture),
    },
    figures: Object.fromEntries([
      ['clock', clockTime(at, at)],
      ['watcher', watcherText(picture)],
      ...links.flatMap(
        ({ name, rttMs, loss, since }) =>
          [
            [`rtt:${name}`, millis(rttMs)],
            [`way:${name}`, rttMs === null ? '' : millis(rttMs)],
            [`loss:${name}`, percent(loss)],
            [`since:${name}`, ago(since, at)],
          ] as const,
      ),
      ...picture.routes.map(
        ({ table: id, destination, since }) => [`moved:${id}|${destination}`, ago(since, at)] as const,
      ),
      ...picture.traffic.flatMap(
        ({ tunnel, inRate, outRate, inBytes, outBytes }) =>
          [
            [`in:${tunnel}`, rate(inRate)],
            [`out:${tunnel}`, rate(outRate)],
            [`received:${tunnel}`, amount(inBytes)],
            [`sent:${tunnel}`, amount(outBytes)],
          ] as const,
      ),
    ]),
  };
};
