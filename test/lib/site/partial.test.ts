import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathText } from '../../../src/lib/domain/issue.ts';
import { readDocument } from '../../../src/lib/site/document.ts';
import { arbitrarySiteInput } from '../../helpers/arbitrary-site.ts';
import { fixture } from '../../helpers/cloud.ts';

const said = (text: string): readonly string[] =>
  readDocument(text, {}).mistakes.map(({ path, message }) => `${path}: ${message}`);

test('duplicates, the address plan and what a box can do are told together with a mistake of the shape', () => {
  const text = fixture('lab')
    .replace('crypto: modern', 'crypto: strong')
    .replace('public_ip: 203.0.113.12', 'public_ip: 203.0.113.11')
    .replace('name: vpn2, gateway', 'name: vpn1, gateway')
    .replace('inside: 169.254.200.0/30', 'inside: 169.254.5.0/30')
    .replace('private_ip: 172.16.2.126', 'private_ip: 10.99.2.126')
    .replace(/lan_ip: 10\.10\.0\.3, asn: 65010/, 'lan_ip: 10.10.0.3, asn: many');
  const found = said(text);
  for (const each of [
    /^crypto: strong is not known here/,
    /^gateways\[1\]\.public_ip: 203\.0\.113\.11 is the address of gateways\[0\]\.public_ip too/,
    /^gateways\[1\]\.private_ip: 10\.99\.2\.126 is outside the VPC/,
    /^onprem\.routers\[1\]\.asn: many /,
    /^tunnels\[1\]\.name: vpn1 is taken by tunnels\[0\]\.name/,
    /^tunnels\[1\]\.inside: 169\.254\.5\.0\/30 is reserved by AWS/,
  ])
    expect(found).toContainEqual(expect.stringMatching(each));
});

test('an item with a mistake moves none of the others out of its line', () => {
  const text = fixture('lab')
    .replace('name: gw-1, az: cn-north-1a', 'name: [], az: cn-north-1a')
    .replace('private_ip: 172.16.2.126', 'private_ip: 10.99.2.126');
  expect(said(text)).toContainEqual(expect.stringMatching(/^gateways\[1\]\.private_ip: 10\.99\.2\.126 is outside/));
});

/** Every path of a value, but the whole. */
const pathsOf = (value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] =>
  typeof value !== 'object' || value === null
    ? [path]
    : [
        ...(path.length === 0 ? [] : [path]),
        ...(Array.isArray(value) ? [...value.entries()] : Object.entries(value)).flatMap(([key, inner]) =>
          pathsOf(inner, [...path, key]),
        ),
      ];

test('one mistake of the shape in a site without mistakes is told alone', () => {
  fc.assert(
    fc.property(arbitrarySiteInput, fc.nat(), fc.constantFrom<unknown>({}, true, null, -1), (input, pick, wrong) => {
      const copy = structuredClone(input) as unknown as Record<string | number, unknown>;
      const paths = pathsOf(copy);
      const path = paths[pick % paths.length]!;
      const parent = path.slice(0, -1).reduce((inner, part) => inner[part] as typeof copy, copy);
      parent[path.at(-1)!] = wrong;
      const elsewhere = readDocument(JSON.stringify(copy))
        .mistakes.map(({ path: at, message }) => ({ path: at, message }))
        .filter((one) => !one.path.startsWith(pathText(path)) && !pathText(path).startsWith(one.path));
      expect(elsewhere).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
