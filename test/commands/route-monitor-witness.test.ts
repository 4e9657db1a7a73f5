import { expect, test } from 'vitest';
import { EXIT } from '../../src/lib/core/errors.ts';
import type { Prober, WitnessAddress } from '../../src/lib/core/ports.ts';
import { charonWitness } from '../../src/lib/adapters/witness/charon.ts';
import { fakeWitness } from '../fakes/witness.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

/** Every target answers at once. */
const prober: Prober = {
  start(specs, tell) {
    const timer = setInterval(
      () => specs.forEach(({ id }) => tell(id, { at: performance.now(), kind: 'reply', rttMs: 1, size: 'small' })),
      20,
    );
    return { pace: () => undefined, stop: async () => clearInterval(timer) };
  },
};

/** @returns who is listened to, and what became of the run. */
const listen = async (
  flags: string,
  { env = {}, files = {} }: { env?: Record<string, string>; files?: Record<string, string> } = {},
) => {
  const cloud = await testCloud(fixture('lab'));
  cloud.cloud.setPropagated('vgw-078bcc55', ['10.10.0.0/16']);
  const asked: WitnessAddress[] = [];
  const witness = async (address: WitnessAddress) => {
    if (address.kind === 'vici') charonWitness(address.uri);
    asked.push(address);
    return fakeWitness(address.kind).witness;
  };
  const ran = await cloud.run(`route monitor --once --dry-run --quiet ${flags}`, {
    env,
    files,
    ports: { prober: async () => prober, instances: async () => cloud.instances(), witness },
  });
  return { asked, ran };
};

const LOCAL = { kind: 'vici', uri: 'unix:///var/run/charon.vici' } as const;
const SOCKET = { '/var/run/charon.vici': '' };

test.each([
  ['nobody, unless told', '', {}, []],
  [
    'whom the flags name',
    '--uri unix:///run/a.vici --uri tcp://192.0.2.1:4502 --bfd frr/bfdd.vty',
    {},
    [
      { kind: 'vici', uri: 'unix:///run/a.vici' },
      { kind: 'vici', uri: 'tcp://192.0.2.1:4502' },
      { kind: 'bfd', socket: '/site/frr/bfdd.vty' },
    ],
  ],
  [
    'whom the environment names',
    '',
    { env: { HYBRIDCTL_VICI_URI: 'unix:///run/a.vici', HYBRIDCTL_BFD_SOCKET: '/run/frr/bfdd.vty' } },
    [
      { kind: 'vici', uri: 'unix:///run/a.vici' },
      { kind: 'bfd', socket: '/run/frr/bfdd.vty' },
    ],
  ],
  ['no charon that happens to run where the monitor is no gateway', '', { files: SOCKET }, []],
] as const)('listens to %s', async (_what, flags, around, asked) => {
  const run = await listen(flags, around);
  expect(run.asked).toEqual(asked);
  expect(run.ran.exit).toBe(EXIT.ok);
});

test("on a gateway listens to the gateway's own charon, where it is and no other is named", async () => {
  const peers = '--self gw-2';
  const asked = async (flags: string, files: Record<string, string>) => (await listen(flags, { files })).asked;
  expect(await asked(peers, SOCKET)).toEqual([LOCAL]);
  expect(await asked(peers, {})).toEqual([]);
  expect(await asked(`${peers} --uri unix:///run/a.vici`, SOCKET)).toEqual([
    { kind: 'vici', uri: 'unix:///run/a.vici' },
  ]);
});

test('refuses what is no vici address', async () => {
  const { ran } = await listen('--uri /var/run/charon.vici --json');
  expect(ran.exit).toBe(EXIT.usage);
  expect(ran.out + ran.err).toContain('--uri');
});
