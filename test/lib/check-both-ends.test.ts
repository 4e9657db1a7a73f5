import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { crossCheck } from '../../src/lib/domain/cross-check.ts';
import { siteSchema } from '../../src/lib/domain/site.ts';
import { tunnelsOf, type Tunnel } from '../../src/lib/domain/tunnel.ts';

const site = (name: string) =>
  siteSchema.parse(parse(readFileSync(new URL(`../fixtures/${name}.yaml`, import.meta.url), 'utf8')));

type Path = readonly (string | number)[];

/** Every value inside a tunnel, absent ones too: a golden way to forget none. */
const leaves = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) =>
        leaves(inner, [...path, Array.isArray(value) ? Number(key) : key]),
      )
    : [path];

const lists = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [
        ...(Array.isArray(value) ? [path] : []),
        ...Object.entries(value).flatMap(([key, inner]) =>
          lists(inner, [...path, Array.isArray(value) ? Number(key) : key]),
        ),
      ]
    : [];

const other = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return value === undefined ? 'eth9' : `${String(value)}x`;
};

const changed = (tunnel: Tunnel, path: Path, change: (value: never) => unknown): Tunnel => {
  const copy = structuredClone(tunnel) as unknown as Record<string | number, unknown>;
  const parent = path
    .slice(0, -1)
    .reduce<Record<string | number, unknown>>((at, part) => at[part] as Record<string | number, unknown>, copy);
  const last = path.at(-1)!;
  parent[last] = change(parent[last] as never);
  return copy as unknown as Tunnel;
};

describe.each(['lab', 'seed-bjs', 'seed-openswan'])('both ends of %s', (name) => {
  const whole = site(name);
  const [first, ...rest] = tunnelsOf(whole);

  test('agree as derived, at any crypto level', () => {
    expect(crossCheck(whole, [first!, ...rest])).toEqual([]);
    if (name !== 'seed-openswan') expect(crossCheck(whole, tunnelsOf(whole, { crypto: 'cnsa' }))).toEqual([]);
  });

  test('no value of a tunnel can change unseen', () => {
    const paths = leaves(first!);
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter((path) => crossCheck(whole, [changed(first!, path, other), ...rest]).length === 0)).toEqual([]);
  });

  test('no list can lose, repeat or swap an item unseen', () => {
    const unseen = lists(first!).filter((path) => {
      const drop = crossCheck(whole, [changed(first!, path, (list: unknown[]) => list.slice(1)), ...rest]);
      const twice = crossCheck(whole, [changed(first!, path, (list: unknown[]) => [...list, list[0]]), ...rest]);
      return drop.length === 0 || twice.length === 0;
    });
    expect(unseen).toEqual([]);
  });
});

test('a lost, a repeated and a strange tunnel are seen', () => {
  const lab = site('lab');
  const [one, two] = tunnelsOf(lab);
  expect(crossCheck(lab, [one!])).toEqual([
    { path: ['tunnels', 1], message: 'vpn2: is 1 times in the site file and 0 times among the tunnels' },
  ]);
  expect(crossCheck(lab, [one!, two!, two!]).map(({ message }) => message)).toContain(
    'vpn2: is 1 times in the site file and 2 times among the tunnels',
  );
});

test('swapped initiators, colliding numbers and swapped ids read like what they are', () => {
  const lab = site('lab');
  const [one, two] = tunnelsOf(lab);
  const messages = (tunnel: Tunnel) => crossCheck(lab, [tunnel, two!]).map(({ message }) => message);
  expect(messages(changed(one!, ['onprem', 'initiates'], () => true))).toEqual([
    'vpn1: both ends initiate: exactly one must',
  ]);
  expect(messages({ ...one!, suite: { ...one!.suite, lifetime: { ike: 3600, child: 3600 } } })).toContain(
    'vpn1: child lifetime 3600 s is not below the IKE lifetime 3600 s',
  );
  expect(messages(changed(one!, ['onprem', 'id'], () => '10.0.0.1'))).toEqual([
    'vpn1: IKE id of rtr-1 is "10.0.0.1", must be "198.51.100.77"',
  ]);
  expect(messages({ ...one!, cloud: two!.cloud, onprem: two!.onprem })).toContain(
    "vpn2: number 100 is vpn1's too, and they share a box",
  );
});
