import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { siteSchema } from '../../src/lib/domain/site.ts';
import { drawSite } from '../../src/lib/lab/draw.ts';

test('the topology of the lab site, drawn', () => {
  const site = siteSchema.parse(parse(readFileSync('test/fixtures/lab.yaml', 'utf8')));
  const apps = [
    { name: 'app-1', address: '172.16.11.10' },
    { name: 'app-2', address: '172.16.12.10' },
  ];
  const host = { name: 'host', address: '10.10.3.100' };
  expect(
    drawSite(site, {
      apps,
      host,
      active: new Map([
        ['private-1', 'vpn-a'],
        ['private-2', 'dx-1'],
      ]),
    }),
  ).toMatchInlineSnapshot(`
    "  cloud cn-north-1, VPC 172.16.0.0/16                            on-prem 10.10.0.0/16

      app-1 172.16.11.10 ─┐     ┌─ vgw ───── dx-1   BGP + BFD ────────── rtr-1 ─┐                   <- private-2
                          ├ vpc ┼─ gw-1 ════ vpn-a  ESP in UDP 4500 ════ rtr-1 ─┼ host 10.10.3.100  <- private-1
      app-2 172.16.12.10 ─┘     └─ gw-2 ════ vpn-b  ESP in UDP 4500 ════ rtr-2 ─┘"
  `);
});
