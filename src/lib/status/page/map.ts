import { carriersOf, TONE, type LinkNow, type Picture, type RouteNow, type Tone } from '../picture.ts';
import { place } from '../words.ts';
import { escaped, figure, icon } from './markup.ts';

/** Whether a link carries routes now, and how it stands. */
interface Lane {
  readonly link: LinkNow;
  readonly tone: Tone;
  readonly carries: boolean;
}

interface At {
  readonly x: number;
  readonly y: number;
}

const carries = (route: RouteNow, link: LinkNow, links: readonly LinkNow[]): boolean =>
  carriersOf(route, links).some(({ name }) => name === link.name);

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const label = (text: string, { x, y }: At, style: string, most = 40): string =>
  `<text class="${style}" x="${x}" y="${y}">${escaped(cut(text, most))}</text>`;

const box = (x: number, y: number, width: number, height: number, style: string): string =>
  `<rect class="${style}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${style === 'side' ? 14 : 8}"/>`;

/** A box with a name, and under it what it is. Its middle is at `y`. */
const node = ({ x, y }: At, width: number, name: string, sub = ''): string =>
  [
    box(x, y - 21, width, 42, 'node'),
    label(name, { x: x + width / 2, y: sub === '' ? y + 5 : y - 1 }, 'name', width / 8),
    ...(sub === '' ? [] : [label(sub, { x: x + width / 2, y: y + 14 }, 'sub', width / 6)]),
  ].join('');

/** A wire, and over one that carries, what moves along it. */
const wire = (path: string, { tone, carries }: Pick<Lane, 'tone' | 'carries'>): string =>
  `<path class="wire ${tone}${carries ? ' carries' : ''}" d="${path}"/>${carries && tone !== 'bad' ? `<path class="flow" d="${path}"/>` : ''}`;

const bend = (from: At, to: At): string => {
  const middle = (from.x + to.x) / 2;
  return `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
};

const spread = (count: number, from: number, to: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + ((to - from) * (index + 0.5)) / count);

/** Name, state and round trip over the wire; under it what the wire is. */
const laneText = ({ link, tone }: Lane, { x, y }: At, medium: string): string =>
  `<g class="lane">${icon(tone, { x: x - 58, y: y - 31, size: 15 })}<text class="link" x="${x - 38}" y="${y - 18}"><tspan class="name">${escaped(link.name)}</tspan><tspan class="state ${tone}" dx="7">${link.state}</tspan></text>` +
  `<text class="sub" x="${x}" y="${y + 21}">${escaped(cut(medium, 30))}<tspan dx="6">${figure(`way:${link.name}`, 'tspan')}</tspan></text></g>`;

interface Scene extends Pick<Picture, 'region' | 'cidr' | 'networks' | 'routes'> {
  readonly lanes: readonly Lane[];
}

const sides = ({ region, cidr, networks }: Scene) => ({
  cloud: `${region}, VPC ${cidr}`,
  office: cut(networks.join(', '), 34),
});

/** Tables at the left, the links side by side as lanes, the office at the right. */
const wide = (scene: Scene): string => {
  const { lanes, routes } = scene;
  const { cloud, office } = sides(scene);
  const top = 48;
  const height = Math.max(lanes.length, 2) * 88 + top;
  const lines = spread(lanes.length, top, height - 4);
  const tables = [...new Map(routes.map((route) => [route.table, route])).values()];
  const places = spread(tables.length, top, height - 4);
  const ends = lanes.map((lane, index) => {
    const y = lines[index]!;
    return [
      wire(`M300 ${y}H700`, lane),
      wire(bend({ x: 800, y }, { x: 864, y: height / 2 + top / 2 - 2 }), lane),
      node({ x: 216, y }, 84, lane.link.cloudEnd),
      node({ x: 700, y }, 100, lane.link.router),
      laneText(lane, { x: 500, y }, lane.link.medium),
    ].join('');
  });
  const ways = tables.flatMap(({ table }, index) =>
    lanes.flatMap(({ link, tone }, lane) => {
      const links = lanes.map((one) => one.link);
      return routes.some((route) => route.table === table && carries(route, link, links))
        ? [wire(bend({ x: 150, y: places[index]! }, { x: 216, y: lines[lane]! }), { tone, carries: true })]
        : [];
    }),
  );
  return [
    `<svg class="wide" viewBox="0 0 1000 ${height}" aria-hidden="true">`,
    box(1, 1, 318, height - 2, 'side'),
    box(681, 1, 318, height - 2, 'side'),
    label(cloud, { x: 18, y: 27 }, 'title'),
    label(`Office ${office}`, { x: 698, y: 27 }, 'title'),
    ...ways,
    ...ends,
    ...tables.map(({ name, subnets }, index) => node({ x: 18, y: places[index]! }, 132, name, subnets[0] ?? '')),
    node({ x: 864, y: height / 2 + top / 2 - 2 }, 118, 'office', scene.networks[0] ?? ''),
    '</svg>',
  ].join('');
};

/** The same for a phone: the cloud above, the links under one another, the office below. */
const narrow = (scene: Scene): string => {
  const { lanes, routes } = scene;
  const { cloud, office } = sides(scene);
  const head = 40 + routes.length * 22;
  const lines = lanes.map((_, index) => head + 54 + index * 84);
  const foot = (lines.at(-1) ?? head) + 44;
  const ends = lanes.map((lane, index) => {
    const y = lines[index]!;
    return [
      wire(`M13 ${head}V${y}H26`, lane),
      wire(`M104 ${y}H236`, lane),
      wire(`M314 ${y}H327V${foot}`, lane),
      node({ x: 26, y }, 78, lane.link.cloudEnd),
      node({ x: 236, y }, 78, lane.link.router),
      laneText(lane, { x: 170, y }, lane.link.kind === 'dx' ? 'Direct Connect' : 'IPsec'),
    ].join('');
  });
  // What carries is drawn last: wires share their way down.
  const order = [...ends.keys()].sort((one, other) => Number(lanes[one]!.carries) - Number(lanes[other]!.carries));
  return [
    `<svg class="narrow" viewBox="0 0 340 ${foot + 40}" aria-hidden="true">`,
    box(1, 1, 338, head - 1, 'side'),
    box(1, foot, 338, 39, 'side'),
    label(cloud, { x: 14, y: 24 }, 'title'),
    label(`Office ${office}`, { x: 14, y: foot + 25 }, 'title'),
    ...routes.map(
      ({ name, at, sharedBy }, index) =>
        `<text class="row" x="14" y="${50 + index * 22}"><tspan class="name">${escaped(cut(name, 20))}</tspan><tspan class="dim" dx="6">over</tspan><tspan class="name" dx="6">${escaped(cut(sharedBy.length > 1 ? sharedBy.join(', ') : place(at), 20))}</tspan></text>`,
    ),
    ...order.map((index) => ends[index]!),
    '</svg>',
  ].join('');
};

/** Who does not see the drawing reads it as one sentence a link. */
const spoken = ({ lanes, routes }: Scene): string =>
  lanes
    .map(({ link }) => {
      const links = lanes.map((one) => one.link);
      const users = routes.filter((route) => carries(route, link, links)).map(({ name }) => name);
      return `${link.name}, ${link.cloudEnd} to ${link.router}: ${link.state}, ${users.length === 0 ? 'carries nothing' : `carries ${[...new Set(users)].join(', ')}`}.`;
    })
    .join(' ');

/** The site drawn, for wide and for narrow windows; the style shows one of them. */
export const mapMarkup = (picture: Picture): string => {
  const lanes = picture.links.map(
    (link): Lane => ({
      link,
      tone: TONE[link.state],
      carries: picture.routes.some((route) => carries(route, link, picture.links)),
    }),
  );
  const scene: Scene = {
    region: picture.region,
    cidr: picture.cidr,
    networks: picture.networks,
    routes: picture.routes,
    lanes,
  };
  return `<div role="img" aria-label="${escaped(spoken(scene))}">${wide(scene)}${narrow(scene)}</div>`;
};
