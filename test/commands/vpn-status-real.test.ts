import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectVici } from '../../src/lib/adapters/vici/client.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import { EXIT } from '../../src/lib/core/errors.ts';
import {
  charonPair,
  swanctlFor,
  until,
  type CharonEnd,
  type CharonPair,
  type SwanctlOptions,
} from '../helpers/charon-pair.ts';
import { run } from '../helpers/run.ts';

/** Real daemons, real ESP: what each mistake looks like from both ends. */
describe('vpn status on two real charons', () => {
  let pair: CharonPair;
  beforeAll(async () => {
    pair = await charonPair();
  }, 30_000);
  afterAll(() => pair?.stop());

  const status = (end: CharonEnd, flags = '') =>
    run(`vpn status --uri ${end.uri} --log ${end.log} ${flags}`, { ports: { vici: connectVici, files, shell } });
  const initiate = () => pair.a.vici((vici) => vici.request('initiate', { child: 'net', timeout: '5000' }));
  const load = async (both: Omit<SwanctlOptions, 'local'>, b: Omit<SwanctlOptions, 'local'> = {}) => {
    await pair.a.vici((vici) => vici.request('terminate', { ike: 'vpn1', force: 'yes' })).catch(() => undefined);
    await pair.a.load(swanctlFor({ local: 'a', ...both }));
    await pair.b.load(swanctlFor({ local: 'b', ...both, ...b }));
  };
  const failed = async (end: CharonEnd) => {
    const ran = await status(end, '--json');
    const { tunnels, failures } = ran.json();
    const { id, phase, recovered } = tunnels[0].failure ?? failures.at(-1);
    return [ran.exit, tunnels[0].state, id, phase, recovered];
  };

  it('tells a tunnel with traffic', async () => {
    await load({});
    await initiate();
    await pair.a.run('ping', '-c', '3', '-i', '0.2', '-W', '2', '-I', '10.1.0.1', '10.2.0.1');
    const ran = await status(pair.a, '--json');
    expect(ran.exit).toBe(EXIT.ok);
    expect(ran.json()).toMatchObject({
      established: 1,
      total: 1,
      tunnels: [
        {
          name: 'vpn1',
          child: 'net',
          state: 'established',
          esp: 'userspace',
          encapsulation: 'udp',
          natT: true,
          initiator: true,
          ikeVersion: 'IKEv2',
          ikeProposal: 'AES_GCM_16-128/PRF_HMAC_SHA2_256/ECP_256',
          espProposal: 'AES_GCM_16-128',
          local: { host: '192.0.2.1', port: 4500, id: '192.0.2.1', networks: ['10.1.0.0/16'] },
          remote: { host: '192.0.2.2', port: 4500, id: '192.0.2.2', networks: ['10.2.0.0/16'] },
          in: { bytes: 252, packets: 3, lastAgeSeconds: expect.any(Number) },
          out: { bytes: 252, packets: 3, lastAgeSeconds: expect.any(Number) },
          rekeyInSeconds: expect.any(Number),
          failure: null,
          ikeSas: 1,
          childSas: 1,
        },
      ],
    });
    expect((await status(pair.b)).out).toMatch(
      /vpn1 +established +\d+s +192\.0\.2\.1 NAT-T +252 B \ds ago +252 B \ds ago .*\n\n1 of 1 established/,
    );
  });

  const MODERN = { proposals: 'aes128-sha256-ecp256' };
  it.each([
    [
      'a wrong key in IKEv2',
      { ...MODERN, version: 2 },
      { psk: 'another.key.than.ours' },
      ['authentication', 'IKE'],
      ['wrong-key', 'IKE'],
    ],
    [
      'a wrong key in IKEv1',
      { ...MODERN, version: 1 },
      { psk: 'another.key.than.ours' },
      ['wrong-key', 'IKE'],
      ['wrong-key', 'IKE'],
    ],
    [
      'different IKE proposals',
      { ...MODERN, version: 2 },
      { proposals: 'aes256-sha256-ecp384' },
      ['no-proposal', 'IKE'],
      ['no-proposal', 'IKE'],
    ],
    [
      'different ESP proposals',
      { ...MODERN, version: 2 },
      { espProposals: 'aes256-sha256' },
      ['no-proposal', 'ESP'],
      ['no-proposal', 'ESP'],
    ],
    [
      'different ESP proposals in IKEv1',
      { ...MODERN, version: 1 },
      { espProposals: 'aes256-sha256' },
      ['no-proposal', 'ESP'],
      ['no-proposal', 'ESP'],
    ],
    [
      'selectors that do not mirror',
      { ...MODERN, version: 2 },
      { localTs: '10.9.0.0/16' },
      ['selectors', 'ESP'],
      ['selectors', 'ESP'],
    ],
    [
      'another IKE version',
      { ...MODERN, version: 2 },
      { version: 1 },
      ['no-proposal', 'IKE'],
      ['no-ike-config', 'IKE'],
    ],
  ] as const)('tells %s from both ends', async (_what, both, b, seenByA, seenByB) => {
    await load(both, b);
    await expect(initiate()).rejects.toMatchObject({
      exit: EXIT.failed,
      message: expect.stringContaining("establishing CHILD_SA 'net' failed"),
    });
    const [a, other] = [await failed(pair.a), await failed(pair.b)];
    expect([a[0], ...a.slice(2)]).toEqual([EXIT.failed, ...seenByA, false]);
    expect([other[0], ...other.slice(2)]).toEqual([EXIT.failed, ...seenByB, false]);
    expect((await status(pair.a)).out).toMatch(/\n {2}why {3}.+\n {2}fix {3}.+\n {2}see {3}case 1: .+\n {2}log {3}/);
  });

  it('counts a failure as over once the tunnel is up again', async () => {
    await load(MODERN);
    await initiate();
    expect(await failed(pair.a)).toEqual([EXIT.ok, 'established', 'no-proposal', 'IKE', true]);
    expect((await status(pair.a)).out, 'and keeps quiet about it').not.toContain('  fix ');
  });

  it('tells that the peer is gone', async () => {
    pair.b.kill();
    await pair.a.vici((vici) => vici.request('rekey', { ike: 'vpn1' }));
    await until('given up', async () => (await failed(pair.a))[1] === 'down');
    expect(await failed(pair.a)).toMatchObject([EXIT.failed, 'down', 'no-answer', expect.anything(), false]);
    await expect(initiate()).rejects.toMatchObject({ exit: EXIT.failed });
    expect(await failed(pair.a)).toEqual([EXIT.failed, 'down', 'no-answer', 'IKE', false]);
  });
});
