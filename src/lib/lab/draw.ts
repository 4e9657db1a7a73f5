import type { Link, Site } from '../domain/site.ts';

export interface DrawOptions {
  /** Addresses of the hosts to draw at the left, by name, in order. */
  readonly apps: readonly { readonly name: string; readonly address: string }[];
  readonly host: { readonly name: string; readonly address: string };
  /** Link that each route table follows now, by table name. */
  readonly active?: ReadonlyMap<string, string>;
}

/** The hybrid network of a site as lines of text: app hosts, VPC router, one row a link, on-prem host. Pure. */
export const drawSite = (site: Site, { apps, host, active = new Map() }: DrawOptions): string => {
  const height = Math.max(apps.length, site.links.length);
  const middle = Math.floor((height - 1) / 2);
  const left = column(
    spread(
      apps.map(({ name, address }) => `${name} ${address}`),
      height,
    ),
  );
  const paths = column(spread(linkRows(site), height));
  const users = spread(
    site.links.map(({ name }) =>
      [...active]
        .filter(([, link]) => link === name)
        .map(([table]) => table)
        .join(', '),
    ),
    height,
  );
  const right = column(left.map((_, row) => (row === middle ? `${host.name} ${host.address}` : '')));
  const rows = left.map((app, row) => {
    const gather = brace(row, apps.length, height, middle, 'west');
    const fan = brace(row, site.links.length, height, middle, 'east');
    const join = brace(row, site.links.length, height, middle, 'west');
    const use = users[row] === '' ? '' : `  <- ${users[row]}`;
    return `  ${app} ${gather}${row === middle ? ' vpc ' : '     '}${fan} ${paths[row]} ${join} ${right[row]}${use}`.trimEnd();
  });
  const cloud = `cloud ${site.cloud.region}, VPC ${site.cloud.cidr}`;
  const width = left[0]!.length + paths[0]!.length;
  return [`  ${cloud.padEnd(width)}  on-prem ${site.onprem.networks.join(', ')}`, '', ...rows].join('\n');
};

/** `gw-1 ════ vpn-a  ESP in UDP 4500 ════ rtr-1`, the parts of all links aligned. */
const linkRows = (site: Site): string[] => {
  const parts = site.links.map((link: Link): readonly [string, string, string, string, string] => {
    if (link.kind === 'dx') return ['vgw', '─', link.name, `BGP${link.bfd ? ' + BFD' : ''}`, link.router];
    const tunnel = site.tunnels.find(({ name }) => name === link.tunnel)!;
    return [tunnel.gateway, '═', link.name, 'ESP in UDP 4500', tunnel.router];
  });
  const widest = (at: 0 | 2 | 3 | 4) => Math.max(...parts.map((part) => part[at].length));
  return parts.map(([cloud, line, name, medium, router]) =>
    [
      `${cloud} `.padEnd(widest(0) + 1, line),
      line.repeat(4),
      ` ${name.padEnd(widest(2))}  ${medium} `.padEnd(widest(2) + widest(3) + 4, line),
      line.repeat(4),
      ` ${router.padEnd(widest(4))}`,
    ].join(''),
  );
};

/** Row of item `at` when `count` items share `height` rows, evenly. */
const place = (at: number, count: number, height: number): number =>
  count <= 1 ? Math.floor((height - 1) / 2) : Math.round((at * (height - 1)) / (count - 1));

const spread = (items: readonly string[], height: number): string[] => {
  const rows = Array.from({ length: height }, () => '');
  items.forEach((item, at) => (rows[place(at, items.length, height)] = item));
  return rows;
};

const column = (rows: readonly string[]): string[] => {
  const width = Math.max(...rows.map((row) => row.length));
  return rows.map((row) => row.padEnd(width));
};

/** One cell of the bracket that gathers `count` branches on the side `branches` into one stem at row `middle`. */
const brace = (row: number, count: number, height: number, middle: number, branches: 'west' | 'east'): string => {
  const rows = Array.from({ length: count }, (_, at) => place(at, count, height));
  const up = row > Math.min(...rows, middle) && row <= Math.max(...rows, middle);
  const down = row < Math.max(...rows, middle) && row >= Math.min(...rows, middle);
  const branch = rows.includes(row);
  const stem = row === middle;
  const west = branches === 'west' ? branch : stem;
  const east = branches === 'west' ? stem : branch;
  const glyph = GLYPHS[`${up ? 'u' : ''}${down ? 'd' : ''}${west ? 'w' : ''}${east ? 'e' : ''}`] ?? ' ';
  return branches === 'west' ? `${west ? '─' : ' '}${glyph}` : `${glyph}${east ? '─' : ' '}`;
};

/** Box-drawing glyphs by the sides they join: up, down, west, east. */
const GLYPHS: Readonly<Record<string, string>> = {
  udwe: '┼',
  udw: '┤',
  ude: '├',
  ud: '│',
  uwe: '┴',
  uw: '┘',
  ue: '└',
  dwe: '┬',
  dw: '┐',
  de: '┌',
  we: '─',
  w: '─',
  e: '─',
};
