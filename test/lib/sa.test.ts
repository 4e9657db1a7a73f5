import { describe, expect, it } from 'vitest';
import { trafficHint, tunnelStatuses } from '../../src/lib/domain/sa.ts';
import type { ViciSection } from '../../src/lib/core/ports.ts';

const CONN: ViciSection = {
  local_addrs: ['172.16.1.157'],
  remote_addrs: ['198.51.100.77'],
  version: 'IKEv2',
  'local-1': { id: '203.0.113.11', class: 'pre-shared key' },
  'remote-1': { id: '198.51.100.77', class: 'pre-shared key' },
  children: { net: { mode: 'TUNNEL', 'local-ts': ['0.0.0.0/0'], 'remote-ts': ['0.0.0.0/0'] } },
};
const CHILD: ViciSection = {
  name: 'net',
  state: 'INSTALLED',
  encap: 'yes',
  'encr-alg': 'AES_GCM_16',
  'encr-keysize': '256',
  'dh-group': 'ECP_384',
  'bytes-in': '5000000000',
  'packets-in': '4000000',
  'use-in': '1',
  'bytes-out': '252',
  'packets-out': '3',
  'use-out': '40',
  'rekey-time': '3403',
  'life-time': '3959',
  'install-time': '12',
  'local-ts': ['0.0.0.0/0'],
  'remote-ts': ['0.0.0.0/0'],
};
const IKE: ViciSection = {
  version: '2',
  state: 'ESTABLISHED',
  'local-host': '172.16.1.157',
  'local-port': '4500',
  'local-id': '203.0.113.11',
  'remote-host': '198.51.100.77',
  'remote-port': '4500',
  'remote-id': '198.51.100.77',
  initiator: 'yes',
  'nat-local': 'yes',
  'nat-any': 'yes',
  'encr-alg': 'AES_GCM_16',
  'encr-keysize': '256',
  'prf-alg': 'PRF_HMAC_SHA2_384',
  'dh-group': 'ECP_384',
  established: '500',
  'rekey-time': '13965',
  'child-sas': { 'net-1': CHILD },
};

describe('tunnel status', () => {
  it('joins a configuration with its security associations', () => {
    expect(tunnelStatuses([{ vpn1: CONN }], [{ vpn1: IKE }])).toEqual([
      {
        name: 'vpn1',
        connection: 'vpn1',
        child: 'net',
        state: 'established',
        configured: true,
        ikeVersion: 'IKEv2',
        ikeState: 'ESTABLISHED',
        initiator: true,
        local: { host: '172.16.1.157', port: 4500, id: '203.0.113.11', networks: ['0.0.0.0/0'] },
        remote: { host: '198.51.100.77', port: 4500, id: '198.51.100.77', networks: ['0.0.0.0/0'] },
        natT: true,
        behindNat: { local: true, remote: false },
        ikeProposal: 'AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384',
        espProposal: 'AES_GCM_16-256/ECP_384',
        encapsulation: 'udp',
        ikeEstablishedFor: 500,
        establishedFor: 12,
        rekeyIn: 3403,
        ikeRekeyIn: 13965,
        reauthIn: undefined,
        expiresIn: 3959,
        in: { bytes: 5_000_000_000, packets: 4_000_000, lastAge: 1 },
        out: { bytes: 252, packets: 3, lastAge: 40 },
        ikeSas: 1,
        childSas: 1,
      },
    ]);
  });

  it('shows a configured tunnel without an SA as down, with what is configured', () => {
    expect(tunnelStatuses([{ vpn1: CONN }], [])).toMatchObject([
      {
        name: 'vpn1',
        state: 'down',
        ikeVersion: 'IKEv2',
        local: { host: '172.16.1.157', id: '203.0.113.11', networks: ['0.0.0.0/0'] },
        remote: { host: '198.51.100.77' },
        in: undefined,
        establishedFor: undefined,
        ikeSas: 0,
        childSas: 0,
      },
    ]);
  });

  it.each([
    ['IKE up, no child', { ...IKE, 'child-sas': {} }, 'ike-only'],
    ['IKE being spoken', { ...IKE, state: 'CONNECTING', 'child-sas': {} }, 'connecting'],
    ['IKE up, child being made', { ...IKE, 'child-sas': { 'net-1': { ...CHILD, state: 'CREATED' } } }, 'ike-only'],
    [
      'rekeying',
      { ...IKE, state: 'REKEYING', 'child-sas': { 'net-1': { ...CHILD, state: 'REKEYING' } } },
      'established',
    ],
    ['being deleted', { ...IKE, state: 'DELETING' }, 'connecting'],
  ])('%s is %s', (_what, sa, state) =>
    expect(tunnelStatuses([{ vpn1: CONN }], [{ vpn1: sa }])).toMatchObject([{ state }]),
  );

  it('takes the newest installed pair during a rekey, and counts them', () => {
    const children = {
      'net-1': { ...CHILD, state: 'REKEYED', 'install-time': '3500', 'bytes-in': '9' },
      'net-2': { ...CHILD, 'install-time': '4', 'bytes-in': '7' },
      'net-3': { ...CHILD, 'install-time': '2', 'bytes-in': '5' },
    };
    expect(tunnelStatuses([{ vpn1: CONN }], [{ vpn1: { ...IKE, 'child-sas': children } }])).toMatchObject([
      { establishedFor: 2, in: { bytes: 5 }, childSas: 3, ikeSas: 1 },
    ]);
    const connecting = { ...IKE, state: 'CONNECTING', 'child-sas': {} };
    expect(tunnelStatuses([{ vpn1: CONN }], [{ vpn1: connecting }, { vpn1: IKE }])).toMatchObject([
      { state: 'established', ikeSas: 2, childSas: 1 },
    ]);
  });

  it('names children of one connection apart, and keeps an SA whose connection was unloaded', () => {
    const two = { ...CONN, children: { a: {}, net: {} } };
    const found = tunnelStatuses(
      [{ vpn1: two }],
      [{ vpn1: IKE }, { old: { ...IKE, 'child-sas': { 'x-9': { ...CHILD, name: 'x' } } } }],
    );
    expect(found.map(({ name, state, configured }) => [name, state, configured])).toEqual([
      ['vpn1/a', 'ike-only', true],
      ['vpn1/net', 'established', true],
      ['old', 'established', false],
    ]);
  });

  it('says no age where no packet was seen, and reads no nonsense as a number', () => {
    const quiet = { ...CHILD, 'packets-in': '0', 'bytes-in': '-1', 'use-in': '12' };
    expect(tunnelStatuses([], [{ vpn1: { ...IKE, 'child-sas': { 'net-1': quiet } } }])).toMatchObject([
      { in: { bytes: 0, packets: 0, lastAge: undefined } },
    ]);
  });

  it('stands odd shapes', () => {
    expect(
      tunnelStatuses([{ vpn1: 'text' }, { vpn2: ['list'] }, {}], [{ vpn1: { 'child-sas': 'none' } }]),
    ).toMatchObject([
      { name: 'vpn1', state: 'connecting' },
      { name: 'vpn2', state: 'down' },
    ]);
  });
});

describe('what the counters tell', () => {
  const hint = (child: ViciSection) =>
    trafficHint(
      tunnelStatuses([{ vpn1: CONN }], [{ vpn1: { ...IKE, 'child-sas': { 'net-1': { ...CHILD, ...child } } } }])[0]!,
    );
  it.each([
    ['traffic both ways', {}, undefined],
    ['nothing at all', { 'packets-in': '0', 'packets-out': '0' }, undefined],
    ['one way, but young', { 'packets-in': '0', 'install-time': '9' }, undefined],
    ['nothing comes back', { 'packets-in': '0' }, /none come back.*case 2.*return route.*case 3/],
    ['nothing is sent back', { 'packets-out': '0' }, /none are sent back.*case 2.*VPC route.*case 3/],
  ])('%s', (_what, child, expected) =>
    expected === undefined ? expect(hint(child)).toBeUndefined() : expect(hint(child)).toMatch(expected),
  );
});
