import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { charonWitness } from '../../src/lib/adapters/witness/charon.ts';
import { EXIT } from '../../src/lib/core/errors.ts';
import { tunnelStatuses } from '../../src/lib/domain/sa.ts';
import { charonPair, swanctlFor, until, type CharonPair } from '../helpers/charon-pair.ts';
import { hearken, type Heard } from '../helpers/heard.ts';
import { initiateContract, witnessContract } from './witness.ts';

// Two real charons, with a tunnel between them that is up, and one that is listened to.
let pair: CharonPair;
let heard: Heard;

const sas = () => pair.a.vici((vici) => vici.stream('list-sas', 'list-sa'));
const isUp = async () => tunnelStatuses([], await sas()).some(({ state }) => state === 'established');
const initiate = () => pair.a.vici((vici) => vici.request('initiate', { ike: 'vpn1', child: 'net' }));
/** SPIs of IKE and ESP: others after a rekey. */
const keys = async (): Promise<string> =>
  JSON.stringify((await sas()).map((sa) => JSON.stringify(sa).match(/"(initiator-spi|spi-in)":"\w+"/g)));

beforeEach(async () => {
  pair = await charonPair();
  for (const end of ['a', 'b'] as const) {
    const [own, other] = end === 'a' ? [1, 2] : [2, 1];
    const second = `children {\n      host { local_ts = 10.${own}.0.1/32\n remote_ts = 10.${other}.0.1/32\n esp_proposals = aes128gcm16-ecp256 }`;
    await pair[end].load(swanctlFor({ local: end }).replace('children {', second));
  }
  await initiate();
  await until('the tunnel', isUp);
  heard = await hearken(charonWitness(pair.a.uri));
}, 60_000);
afterEach(async () => {
  heard?.stop();
  await pair?.stop();
});

/** Whoever listens hears this; so all that came before it has been heard too. */
const endIt = async (): Promise<void> => {
  await pair.a.vici((vici) => vici.request('terminate', { child: 'net' }));
  await until('the end of the tunnel', async () => heard.testimonies.length > 0);
};

describe('a real charon that is listened to', () => {
  witnessContract(() => ({
    witness: charonWitness(pair.a.uri),
    happens: async () => void (await pair.a.vici((vici) => vici.request('terminate', { child: 'net' }))),
    recovers: async () => (await initiate(), void (await until('the tunnel', isUp))),
    testimony: { evidence: 'child-down', about: 'vpn1' },
  }));

  describe('and begun', () => {
    beforeEach(async () => {
      await pair.a.vici((vici) => vici.request('terminate', { ike: 'vpn1' }));
      // One child: the second one of this file would be begun too.
      for (const end of ['a', 'b'] as const) await pair[end].load(swanctlFor({ local: end }));
    });
    initiateContract(() => ({
      witness: charonWitness(pair.a.uri),
      connection: 'vpn1',
      refuses: () => pair.b.load(swanctlFor({ local: 'b', proposals: 'aes256-sha384-ecp384' })),
      ends: async () => void (await pair.a.vici((vici) => vici.request('terminate', { ike: 'vpn1' }))),
    }));
  });

  it('is silent while keys change, and tells that the ESP pair ended, once', async () => {
    for (const rekey of [{ child: 'net' }, { ike: 'vpn1' }]) {
      const before = await keys();
      await pair.a.vici((vici) => vici.request('rekey', rekey));
      await until('new keys', async () => (await isUp()) && (await keys()) !== before);
    }
    await endIt();
    expect(heard.testimonies).toEqual([{ evidence: 'child-down', about: 'vpn1' }]);
  }, 40_000);

  it('one of two ESP pairs that ends is no evidence; the last one is', async () => {
    const installed = async () => (JSON.stringify(await sas()).match(/"INSTALLED"/g) ?? []).length;
    await pair.a.vici((vici) => vici.request('initiate', { ike: 'vpn1', child: 'host' }));
    for (const [left, child] of [
      [1, 'host'],
      [0, 'net'],
    ] as const) {
      await pair.a.vici((vici) => vici.request('terminate', { child }));
      await until(`${left} left`, async () => (await installed()) === left);
    }
    await until('word of it', async () => heard.testimonies.length > 0);
    expect(heard.testimonies).toEqual([{ evidence: 'child-down', about: 'vpn1' }]);
  }, 40_000);

  it('tells that the peer ended it, and that the peer is dead', async () => {
    await pair.b.vici((vici) => vici.request('terminate', { ike: 'vpn1' }));
    await until('word of it', async () => heard.testimonies.length > 0);
    expect(heard.testimonies).toEqual([{ evidence: 'ike-down', about: 'vpn1' }]);
    await initiate();
    await until('the tunnel again', isUp);
    pair.b.kill();
    // It is found by what is sent to it: a rekey here, DPD in the field.
    void pair.a.vici((vici) => vici.request('rekey', { child: 'net' })).catch(() => undefined);
    await until('word of its death', async () => heard.testimonies.length > 1);
    expect(heard.testimonies).toEqual(Array(2).fill({ evidence: 'ike-down', about: 'vpn1' }));
  }, 40_000);

  it('is missed when it is killed: its associations are gone, and that it is not heard is said once', async () => {
    pair.a.kill();
    await until('word of it', async () => heard.testimonies.length > 0 && heard.silences.length > 0);
    expect(heard.testimonies).toEqual([{ evidence: 'ike-down', about: 'vpn1' }]);
    expect(heard.silences).toEqual([
      expect.stringContaining(`charon is not running, or its vici socket is elsewhere than ${pair.a.uri}`),
    ]);
  }, 40_000);
});

it('refuses what is no vici address', () =>
  expect(() => charonWitness('/var/run/charon.vici')).toThrow(
    expect.objectContaining({ exit: EXIT.usage, field: '--uri' }),
  ));
