import { describe, expect, test } from 'vitest';
import { HybridError } from '../../../../src/lib/core/errors.ts';
import type { Dialect, SiteInput } from '../../../../src/lib/domain/site.ts';
import { renderIosBgp } from '../../../../src/lib/render/bgp/dx-ios.ts';
import { renderAsa82, renderAsa83, renderAsa97Vti } from '../../../../src/lib/render/cisco/asa.ts';
import { renderIosCryptomap, renderIosVti } from '../../../../src/lib/render/cisco/ios.ts';
import type { Renderer } from '../../../../src/lib/render/types.ts';
import { deviceOf, fixture, rendered, siteOf } from './helper.ts';

const refusal = (act: () => unknown): HybridError => {
  try {
    act();
  } catch (error) {
    if (error instanceof HybridError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

const MODES: readonly (readonly [Dialect, Renderer, 'route' | 'policy'])[] = [
  ['ios-vti', renderIosVti, 'policy'],
  ['asa-9.7-vti', renderAsa97Vti, 'policy'],
  ['ios-cryptomap', renderIosCryptomap, 'route'],
  ['asa-8.2', renderAsa82, 'route'],
  ['asa-8.3', renderAsa83, 'route'],
];

test.each(MODES)('%s refuses a tunnel of the other mode, with field and fix', (dialect, renderer, mode) => {
  const site = siteOf(fixture('seed-bjs'), { dialect });
  const wrong = { ...site, tunnels: site.tunnels.map((tunnel) => ({ ...tunnel, mode })) };
  const error = refusal(() => renderer(deviceOf(wrong, 'cisco-1')));
  const right = mode === 'route' ? 'policy' : 'route';
  expect([error.exit, error.field, error.message, error.next?.startsWith(`set mode: ${right}`)]).toEqual([
    2,
    'tunnels.vpn1.mode',
    `${dialect} has ${right}-based tunnels only, and vpn1 is ${mode}-based`,
    true,
  ]);
});

test.each(['modern', 'cnsa'] as const)('ASA 8.2 refuses %s', (crypto) => {
  const error = refusal(() => rendered(renderAsa82, fixture('seed-openswan'), 'cisco', { crypto, dialect: 'asa-8.2' }));
  expect([error.exit, error.field, error.next]).toEqual([
    2,
    'onprem.routers.cisco.dialect',
    'upgrade the box to 9.0 and use asa-8.3, or set crypto: legacy',
  ]);
});

test('a crypto map entry refuses gateways whose lifetimes or PFS differ', () => {
  const input = fixture('seed-bjs');
  const [first, second] = input.gateways;
  const mixed: SiteInput = {
    ...input,
    gateways: [first!, { ...second!, dialect: 'libreswan' }],
    tunnels: input.tunnels.map((tunnel) => ({ ...tunnel, router: 'cisco-1' })),
  };
  const error = refusal(() => rendered(renderIosCryptomap, mixed, 'cisco-1', { dialect: 'ios-cryptomap' }));
  expect([error.exit, error.field]).toEqual([2, 'onprem.routers.cisco-1.dialect']);
});

describe('a key that a Cisco command line would not take is refused, and not shown', () => {
  const KEYS = [
    'with space',
    'what?key',
    'a"quoted"',
    "it's-a-key",
    'new\nline',
    'tab\there',
    'bell\u0007bell',
    'back\\slash',
    'ключ-ключ',
    'x'.repeat(81),
    'four',
    '',
    'local',
    'remote',
    'semi;colon',
    '!comment',
  ];
  test.each(
    KEYS.flatMap((psk) =>
      MODES.map(([dialect, renderer]) => [JSON.stringify(psk).slice(0, 20), dialect, psk, renderer] as const),
    ),
  )('%s on %s', (_shown, dialect, psk, renderer) => {
    const error = refusal(() => rendered(renderer, fixture('seed-bjs'), 'cisco-1', { psk, dialect }));
    expect([error.exit, error.field]).toEqual([2, 'tunnels.vpn1.psk_file']);
    if (psk.length > 6) expect([error.message, error.next].join(' ')).not.toContain(psk);
  });

  test('a missing key', () => {
    const device = deviceOf(siteOf(fixture('seed-bjs')), 'cisco-1');
    expect(refusal(() => renderIosVti({ ...device, psks: new Map() })).field).toBe('tunnels.vpn1.psk_file');
  });
});

describe('Direct Connect', () => {
  const dx = fixture('seed-dx');
  test('needs an AS number', () => {
    const input: SiteInput = {
      ...dx,
      onprem: { ...dx.onprem, routers: dx.onprem.routers.map(({ asn: _asn, ...router }) => router) },
    };
    expect(refusal(() => rendered(renderIosBgp, input, 'cisco-2')).field).toBe('onprem.routers.cisco-2.asn');
  });
  test('does not end on an ASA', () => {
    expect(refusal(() => rendered(renderIosBgp, dx, 'cisco-2', { dialect: 'asa-9.7-vti' })).field).toBe(
      'onprem.routers.cisco-2.dialect',
    );
  });
  test.each([
    ['no such', undefined],
    ['a bad', 'pass word'],
  ])('refuses %s BGP password', (_what, password) => {
    const input: SiteInput = {
      ...dx,
      links: dx.links.map((link) => (link.kind === 'dx' ? { ...link, bgp_password_file: 'bgp/key' } : link)),
    };
    const bgpPasswords = new Map(password === undefined ? [] : [['dx-cids', password]]);
    const error = refusal(() => rendered(renderIosBgp, input, 'cisco-2', { bgpPasswords }));
    expect([error.field, error.message.includes(password ?? '\0')]).toEqual(['links.dx-cids.bgp_password_file', false]);
  });
});
