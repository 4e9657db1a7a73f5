import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bfdWitness } from '../../src/lib/adapters/witness/bfd.ts';
import { bfdPair, type BfdEnd, type BfdPair } from '../helpers/bfd-pair.ts';
import { until } from '../helpers/charon-pair.ts';
import { fakeWitness } from '../fakes/witness.ts';
import { hearken } from '../helpers/heard.ts';
import { witnessContract } from './witness.ts';

const becomes = (end: BfdEnd, status: string) =>
  until(`${end.address} is ${status}`, async () => (await end.status()) === status);

describe('a real bfdd that is listened to', () => {
  let pair: BfdPair;
  beforeAll(async () => {
    pair = await bfdPair();
    await Promise.all([becomes(pair.a, 'up'), becomes(pair.b, 'up')]);
  }, 60_000);
  afterAll(() => pair?.stop());

  witnessContract(() => ({
    witness: bfdWitness(pair.a.socket),
    happens: async () => (await pair.a.deafen(true), void (await becomes(pair.a, 'down'))),
    recovers: async () => (
      await pair.a.deafen(false), void (await Promise.all([becomes(pair.a, 'up'), becomes(pair.b, 'up')]))
    ),
    testimony: { evidence: 'bfd-down', about: pair.b.address },
  }));

  it('tells of a session that dies of lost packets, on both sides; not of one that somebody shut down, here or there', async () => {
    const { a, b } = pair;
    const [atA, atB] = await Promise.all([hearken(bfdWitness(a.socket)), hearken(bfdWitness(b.socket))]);
    // Shut down at b: a is told by its peer that this is an operator's will.
    await b.session('shutdown');
    await Promise.all([becomes(b, 'shutdown'), becomes(a, 'down')]);
    await b.session('no shutdown');
    await Promise.all([becomes(a, 'up'), becomes(b, 'up')]);
    await a.deafen(true);
    await until('word at both ends', async () => atA.testimonies.length > 0 && atB.testimonies.length > 0);
    expect([atA.testimonies, atB.testimonies]).toEqual([
      [{ evidence: 'bfd-down', about: b.address }],
      [{ evidence: 'bfd-down', about: a.address }],
    ]);
    await a.deafen(false);
    await Promise.all([becomes(a, 'up'), becomes(b, 'up')]);
    [atA, atB].forEach(({ stop }) => stop());
  }, 60_000);

  it('its own death is none of a path; it is heard again when it is back', async () => {
    const { a, b } = pair;
    await a.deafen(false);
    const heard = await hearken(bfdWitness(a.socket));
    a.kill();
    await until('its absence', async () => heard.silences.length > 0);
    await a.start();
    await until('its return', async () => heard.silences.length > 1);
    await Promise.all([becomes(a, 'up'), becomes(b, 'up')]);
    expect(heard).toMatchObject({
      testimonies: [],
      silences: [
        expect.stringMatching(/closed the connection|no FRR daemon listens on .*bfdd\.vty \(ECONNREFUSED\)/),
        '',
      ],
    });
    heard.stop();
  }, 60_000);
});

describe('the fake', () => {
  const testimony = { evidence: 'bfd-down', about: '169.254.10.2' } as const;
  const fake = fakeWitness('bfdd');
  witnessContract(() => ({
    witness: fake.witness,
    happens: async () => fake.says(testimony),
    recovers: async () => undefined,
    testimony,
  }));
});

describe('something that is no bfdd', () => {
  let folder: string;
  let server: Server | undefined;
  afterEach(async () => {
    await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['no JSON', '% Unknown command\0\0\0\0', "the answer is not bfdd's list of peers"],
    ['another shape', '{"peers":[]}\0\0\0\0', "the answer is not bfdd's list of peers"],
    ['a refusal', '% Command incomplete\n\0\0\0\x02', 'FRR refuses a command (result 2): % Command incomplete'],
    ['an end', undefined, 'closed the connection'],
  ])('that answers with %s is not listened to, and that is said once', async (_what, answer, reason) => {
    folder = await mkdtemp(join(tmpdir(), 'hyb-'));
    const socket = join(folder, 'bfdd.vty');
    let asked = 0;
    server = createServer((peer) =>
      // Who is not listened to any more is hung up on, also in the middle of a word.
      peer
        .on('error', () => undefined)
        .on('data', () => {
          asked += 1;
          if (answer === undefined) peer.end();
          else peer.write(answer);
        }),
    );
    await new Promise<void>((ready) => server!.listen(socket, ready));
    const said: unknown[] = [];
    const { stop } = bfdWitness(socket).watch({
      evidence: (testimony) => void said.push(testimony),
      heard: (...now) => void said.push(now),
    });
    await until('three tries', async () => asked > 4);
    stop();
    expect(said).toEqual([[false, expect.stringContaining(reason)]]);
  });
});
