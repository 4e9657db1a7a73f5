import type { Style } from '../../lib/core/command.ts';
import { bytes } from '../../lib/domain/amount.ts';
import type { Site } from '../../lib/domain/site.ts';
import { bitRate } from '../../lib/domain/traffic.ts';
import { drawSite } from '../../lib/lab/draw.ts';
import {
  carriersOf,
  routeTone,
  TONE,
  verdict,
  type LinkNow,
  type Picture,
  type RouteNow,
  type Series,
  type Tone,
} from '../../lib/status/picture.ts';
import type { Point } from '../../lib/status/series.ts';
import { ago, clockTime, linkState, millis, percent, place, plain, watcherText } from '../../lib/status/words.ts';

const BARS = '▁▂▃▄▅▆▇█';
/** Columns of a row of bars, and how many looks each stands for. */
const WIDE = 30;
const EACH = 10;

const paint = (style: Style, tone: Tone, text: string): string =>
  tone === 'good'
    ? style.good(text)
    : tone === 'bad'
      ? style.bad(text)
      : tone === 'warn'
        ? style.warn(text)
        : style.dim(text);

/**
 * Round trips of the last five minutes, each bar the worst of ten seconds, by the height of the highest; × is a dead
 * path, · one that nobody judged.
 */
export const bars = (points: readonly Point[]): string => {
  const recent = points.slice(-WIDE * EACH);
  const columns = Array.from({ length: Math.ceil(recent.length / EACH) }, (_, index) =>
    recent.slice(Math.max(0, recent.length - EACH * (index + 1)), recent.length - EACH * index),
  ).reverse();
  const most = Math.max(...recent.flatMap(({ rttMs }) => rttMs ?? []), 1);
  return columns
    .map((column) => {
      if (column.some(({ state }) => state === 'dead')) return '×';
      const worst = Math.max(...column.map(({ rttMs }) => rttMs ?? -1));
      return worst < 0 ? '·' : BARS[Math.min(BARS.length - 1, Math.floor((worst / most) * BARS.length))]!;
    })
    .join('');
};

const drawing = (site: Site, { routes, links }: Picture, style: Style): readonly string[] => {
  const apps = site.route_tables.map(({ name, subnets }) => ({ name, address: subnets[0] ?? '' }));
  const active = new Map(
    routes.flatMap((route) =>
      route.at === null ? [] : [[route.name, carriersOf(route, links)[0]?.name ?? route.at] as const],
    ),
  );
  return drawSite(site, { apps, host: { name: 'office', address: '' }, active })
    .split('\n')
    .map((line) => {
      const link = links.find(({ name }) => new RegExp(`[─═] ${name} `).test(line));
      return link === undefined
        ? line
        : line.replace(
            new RegExp(`([─═] )${link.name} `),
            (_, before: string) => `${before}${paint(style, TONE[link.state], link.name)} `,
          );
    });
};

const linkTable = ({ links, at }: Picture, series: Series, style: Style): string =>
  style.table(
    ['link', 'state', 'since', 'rtt', 'loss', 'round trips of the last minutes'],
    links.map((link) => [
      link.name,
      paint(style, TONE[link.state], linkState(link, at)),
      ago(link.since, at),
      millis(link.rttMs),
      percent(link.loss),
      bars(series.get(link.name) ?? []),
    ]),
  );

/** Tunnels of one gateway carry together: each is shown with its own state. */
const carriedBy = (route: RouteNow, links: readonly LinkNow[], style: Style): string => {
  const shared = route.sharedBy.flatMap((name) => links.find((link) => link.name === name) ?? []);
  if (shared.length < 2) return paint(style, routeTone(route, links), place(route.at));
  return shared.map(({ name, state }) => paint(style, TONE[state], `${name} ${state}`)).join(', ');
};

const routeTable = ({ routes, links, at }: Picture, style: Style): string =>
  style.table(
    ['table', 'destination', 'carried by', 'preferred', 'since'],
    routes.map((route) => [
      route.name,
      route.destination,
      carriedBy(route, links, style),
      route.pinned === null ? route.preferred : `${route.preferred}, pinned to ${plain(route.pinned)}`,
      ago(route.since, at),
    ]),
  );

const incidentTable = ({ incidents, routes, at }: Picture, style: Style): string =>
  style.table(
    ['incident', 'at', 'table', 'move', 'detect', 'api', 'verify'],
    incidents
      .slice(0, 5)
      .flatMap(({ incident, began, moves, steps }) =>
        moves.length === 0
          ? [[incident, clockTime(Date.parse(began), at), '-', steps[0]?.what.slice(0, 60) ?? '-', '-', '-', '-']]
          : moves.map((move) => [
              incident,
              clockTime(Date.parse(move.at), at),
              routes.find(({ table }) => table === move.table)?.name ?? move.table,
              `${move.from} -> ${move.to}${move.outcome === 'done' ? '' : ` ${move.outcome}`}`,
              millis(move.detectMs),
              millis(move.apiMs),
              millis(move.verifyMs),
            ]),
      ),
  );

const rate = (value: number | null): string => (value === null ? '–' : bitRate(value));

const trafficTable = ({ traffic }: Picture, style: Style): string =>
  style.table(
    ['tunnel', 'link', 'state', 'in', 'out', 'received', 'sent'],
    traffic.map((one) => [
      plain(one.tunnel),
      one.link ?? '-',
      one.state,
      rate(one.inRate),
      rate(one.outRate),
      one.inBytes === null ? '–' : bytes(one.inBytes),
      one.outBytes === null ? '–' : bytes(one.outBytes),
    ]),
  );

/** A picture as lines for a terminal, the most important first: what does not fit is cut below. */
export const statusLines = (site: Site, picture: Picture, series: Series, style: Style): readonly string[] => {
  const { tone, text } = verdict(picture);
  return [
    `${style.bold(picture.site)}  ${picture.region}  ${style.dim(clockTime(picture.at, picture.at))}  ${picture.watcher.kind === 'nobody' ? style.warn(watcherText(picture)) : style.dim(watcherText(picture))}`,
    paint(style, tone, text),
    ...picture.troubles.map((trouble) => style.warn(plain(trouble))),
    '',
    ...drawing(site, picture, style),
    '',
    linkTable(picture, series, style),
    '',
    routeTable(picture, style),
    ...(picture.incidents.length === 0 ? [] : ['', incidentTable(picture, style)]),
    ...(picture.traffic.length === 0 ? [] : ['', trafficTable(picture, style)]),
  ].flatMap((block) => block.split('\n'));
};
