import { describe, expect, it } from 'vitest';
import { HybridError } from '../../../../src/lib/core/errors.ts';
import { renderLinux } from '../../../../src/lib/render/linux/index.ts';
import type { Device } from '../../../../src/lib/render/types.ts';
import { deviceOf, siteOf } from './rendered.ts';

const refusal = (device: Device): HybridError => {
  try {
    renderLinux(device);
  } catch (error) {
    if (error instanceof HybridError) return error;
    throw error;
  }
  throw new Error('it was rendered');
};

/** gw-1 of the lab, changed. */
const gateway = (change: object, tunnel: object = {}) =>
  deviceOf(
    siteOf('lab', (site) => {
      Object.assign(site.gateways[0], change);
      Object.assign(site.tunnels[0], tunnel);
    }),
    'gw-1',
  );
const twoOnOne = deviceOf(
  siteOf('lab', (site) => void (site.tunnels[1].gateway = 'gw-1')),
  'gw-1',
);
const router = deviceOf(
  siteOf('lab', (site) => void (site.onprem.routers[0].wan = 'GigabitEthernet1')),
  'rtr-1',
);
const openswan = deviceOf(
  siteOf('seed-openswan', (site) => {
    site.tunnels[0].mode = 'route';
    site.gateways[0].interface = 'vti';
  }),
  'openswan-1',
);

const BOXES: readonly (readonly [what: string, device: Device, field: string, message: RegExp, next: RegExp])[] = [
  [
    'Openswan with modern crypto',
    gateway({ dialect: 'openswan' }, { mode: 'policy' }),
    'gateways.gw-1.dialect',
    /neither AES-GCM/,
    /crypto: legacy/,
  ],
  ['Openswan with an interface', openswan, 'gateways.openswan-1.dialect', /no tunnel interface/, /mode: policy/],
  [
    'ipsec.conf with an XFRM interface',
    gateway({ dialect: 'ipsec-conf', interface: 'xfrm' }),
    'gateways.gw-1.interface',
    /no if_id/,
    /interface: vti/,
  ],
  [
    'Libreswan in userspace',
    gateway({ dialect: 'libreswan' }),
    'gateways.gw-1.interface',
    /kernel-libipsec/,
    /interface: xfrm/,
  ],
  [
    'two tunnels in userspace',
    twoOnOne,
    'gateways.gw-1.interface',
    /one tunnel a box, and gw-1 has 2/,
    /interface: xfrm/,
  ],
  [
    'a route without an interface',
    gateway({ interface: 'policy' }),
    'gateways.gw-1.interface',
    /would take all traffic/,
    /interface: xfrm/,
  ],
  [
    "a Cisco's interface on Linux",
    router,
    'onprem.routers.rtr-1.wan',
    /GigabitEthernet1 is not the name of a Linux interface/,
    /eth0/,
  ],
];

describe('what a dialect can’t express', () => {
  it.each(BOXES)('%s', (_what, device, field, message, next) => {
    const error = refusal(device);
    expect(error).toMatchObject({ exit: 2, field });
    expect(error.message).toMatch(message);
    expect(error.next).toMatch(next);
  });
});

const KEYS = [
  'two"quotes',
  "one'quote",
  'back\\slash',
  'line\nbreak',
  'line\rbreak',
  'white space',
  'Schlüssel',
  'nul\u0000',
  '',
  '0xdeadbeef',
  '0sZGVhZA==',
];

describe('keys that can’t be quoted', () => {
  it.each(
    KEYS.flatMap((key) =>
      ['lab', 'seed-bjs', 'seed-openswan'].map((fixture) => [JSON.stringify(key), fixture, key] as const),
    ),
  )('%s in %s', (_shown, fixture, key) => {
    const site = siteOf(fixture);
    const { name } = site.gateways[0]!;
    const tunnel = site.tunnels[0]!.name;
    const error = refusal(deviceOf(site, name, new Map([[tunnel, key]])));
    expect(error).toMatchObject({ exit: 2, field: `tunnels.${tunnel}.psk_file` });
    // The refusal says what is wrong with a key, never the key.
    if (key !== '') expect(`${error.message} ${error.next}`).not.toContain(key);
  });

  it('a missing one', () => {
    expect(refusal(deviceOf(siteOf('lab'), 'gw-1', new Map()))).toMatchObject({
      exit: 2,
      field: 'tunnels.vpn1.psk_file',
    });
  });
});
