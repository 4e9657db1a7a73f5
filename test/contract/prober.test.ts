import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unwrapped } from '../../src/lib/adapters/probe/icmp.ts';
import { pingLine } from '../../src/lib/adapters/probe/ping.ts';
import type { Prober, ProbeSpec, Probing, Sample } from '../../src/lib/core/ports.ts';
import { fakeProber } from '../fakes/prober.ts';
import { probeRoom, type ProbeRoom } from '../helpers/probe-room.ts';

const ALIVE = '192.0.2.1';
const VICTIM = '192.0.2.2';

interface World {
  readonly prober: Prober;
  silence(address: string, passes?: number): Promise<void>;
  unroute(address: string): Promise<void>;
  heal(): Promise<void>;
  /** Lets time go by until `done`: 5 s of the fake's time; real time only until it hangs for sure. */
  until(done: () => boolean): Promise<void>;
}

const fakeWorld = (): World => {
  const { prober, set, advance } = fakeProber();
  return {
    prober,
    silence: async (address, passes) =>
      set(address, passes === undefined ? { state: 'silent' } : { state: 'alive', passes }),
    unroute: async (address) => set(address, { state: 'unsendable' }),
    heal: async () => [ALIVE, VICTIM].forEach((address) => set(address, { state: 'alive' })),
    async until(done) {
      for (let waited = 0; !done(); waited += 5) {
        if (waited > 5_000) throw new Error('nothing of the kind within 5 s');
        advance(5);
      }
    },
  };
};

let room: ProbeRoom;
beforeAll(async () => {
  room = await probeRoom('hyp-contract', [ALIVE, VICTIM]);
}, 60_000);
afterAll(() => room?.close());

const realWorld = (): World => ({
  ...room,
  async until(done) {
    for (const begun = performance.now(); !done(); await delay(5))
      if (performance.now() - begun > 60_000) throw new Error('nothing of the kind within a minute');
  },
});

const KINDS: readonly (readonly [what: string, spec: Pick<ProbeSpec, 'kind' | 'port'>])[] = [
  ['icmp', { kind: 'icmp' }],
  ['udp to an echo', { kind: 'udp', port: 7 }],
  ['udp to a closed port', { kind: 'udp', port: 33_999 }],
  ['tcp to a listener', { kind: 'tcp', port: 80 }],
  ['tcp to a closed port', { kind: 'tcp', port: 33_999 }],
];

describe.each([
  ['the fake', fakeWorld],
  ['real probes', realWorld],
])('prober: %s', (_, build) => {
  let world: World;
  let stop: Probing['stop'] | undefined;
  let pace: Probing['pace'];
  beforeEach(() => {
    world = build();
  });
  const begin = (...specs: readonly ProbeSpec[]) => {
    const samples: (Sample & { readonly id: string })[] = [];
    ({ stop, pace } = world.prober.start(specs, (id, sample) => samples.push({ id, ...sample })));
    const of = (kind: Sample['kind'], size: Sample['size'] = 'small') =>
      samples.filter((sample) => sample.kind === kind && sample.size === size);
    return { samples, of };
  };
  afterEach(async () => {
    await stop?.();
    stop = undefined;
    await world.heal();
  });

  describe.each(KINDS)('%s', (__, kind) => {
    const probe = (address: string): ProbeSpec => ({ id: 'a', address, intervalMs: 50, ...kind });

    it('is alive, at its pace, each probe once', async () => {
      const { samples, of } = begin(probe(ALIVE));
      await world.until(() => of('reply').length >= 20);
      // A busy machine may cost us a probe now and then, never the path's reputation.
      expect(of('lost')).toEqual([]);
      const replies = of('reply').slice(0, 20);
      const sent = replies.map(({ sentAt }) => sentAt!);
      expect(new Set(sent).size).toBe(20);
      expect((sent.at(-1)! - sent[0]!) / 19).toBeGreaterThan(45);
      expect((sent.at(-1)! - sent[0]!) / 19).toBeLessThan(75);
      expect(samples.every(({ id, at, sentAt, size }) => id === 'a' && size === 'small' && at >= sentAt!)).toBe(true);
      expect(replies.every(({ rttMs }) => rttMs! >= 0 && rttMs! < 50)).toBe(true);
    });

    it('falls silent and comes back', async () => {
      const { of } = begin(probe(VICTIM));
      await world.until(() => of('reply').length >= 5);
      await world.silence(VICTIM);
      await world.until(() => of('lost').length >= 5);
      await world.heal();
      const before = of('reply').length;
      await world.until(() => of('reply').length >= before + 5);
    });

    it('loses large packets alone', async () => {
      const { of } = begin({ ...probe(VICTIM), large: { bytes: 1_400, intervalMs: 60 } });
      await world.until(() => of('reply', 'large').length >= 5);
      await world.silence(VICTIM, 1_000);
      await world.until(() => of('lost', 'large').length >= 5);
      expect(of('lost')).toEqual([]);
    });

    // A closed port's stream of large ones is no other than an open one's.
    it.skipIf(kind.port === 33_999)(
      'tells of a missing large packet long before the next is due, and sends at the pace it is given',
      async () => {
        const { of } = begin({ ...probe(VICTIM), large: { bytes: 1_400, intervalMs: 600 } });
        const gaps = (kind: Sample['kind'], from: number): readonly number[] =>
          of(kind, 'large')
            .slice(from)
            .flatMap(({ sentAt }, at, all) => (at === 0 ? [] : [sentAt! - all[at - 1]!.sentAt!]));
        await world.until(() => of('reply', 'large').length >= 2);
        await world.silence(VICTIM, 1_000);
        await world.until(() => of('lost', 'large').length >= 1);
        expect(of('lost', 'large')[0]!.at - of('lost', 'large')[0]!.sentAt!).toBeLessThan(300);
        pace('a', 50);
        await world.until(() => of('lost', 'large').length >= 8);
        expect(Math.max(...gaps('lost', 0))).toBeLessThan(300);
        await world.heal();
        const healed = of('reply', 'large').length;
        await world.until(() => of('reply', 'large').length >= healed + 4);
        pace('a', 600);
        pace('b', 50);
        const before = of('reply', 'large').length + of('unknown', 'large').length;
        await world.until(() => of('reply', 'large').length >= before + 3);
        expect(Math.min(...gaps('reply', before + 1))).toBeGreaterThan(450);
        expect(of('lost')).toEqual([]);
      },
      120_000,
    );
  });

  it('calls unknown what our own machine could not send', async () => {
    const { samples, of } = begin(
      { id: 'a', kind: 'icmp', address: VICTIM, intervalMs: 50 },
      { id: 'b', kind: 'udp', port: 7, address: VICTIM, intervalMs: 50 },
      { id: 'c', kind: 'tcp', port: 80, address: VICTIM, intervalMs: 50 },
    );
    await world.until(() => of('reply').length >= 15);
    await world.unroute(VICTIM);
    await world.until(() =>
      ['a', 'b', 'c'].every(
        (id) => samples.filter((sample) => sample.id === id && sample.kind === 'unknown').length >= 5,
      ),
    );
    expect(of('lost')).toEqual([]);
  });

  it('tells targets apart', async () => {
    const { samples, of } = begin(
      ...[ALIVE, VICTIM].flatMap((address) =>
        KINDS.map(([what, kind]): ProbeSpec => ({ id: `${what} ${address}`, address, intervalMs: 50, ...kind })),
      ),
    );
    await world.until(() => of('reply').length >= 50);
    await world.silence(VICTIM);
    await world.until(() => of('lost').length >= 25);
    expect(new Set(of('lost').map(({ id }) => id.split(' ').at(-1)))).toEqual(new Set([VICTIM]));
    expect(new Set(samples.map(({ id }) => id)).size).toBe(10);
  });

  it('is silent once stopped, and has nothing to do without targets', async () => {
    const { samples } = begin({ id: 'a', kind: 'udp', port: 7, address: ALIVE, intervalMs: 20 });
    await world.until(() => samples.length >= 3);
    await stop!();
    const count = samples.length;
    const other = begin({ id: 'b', kind: 'udp', port: 7, address: ALIVE, intervalMs: 20 });
    await world.until(() => other.samples.length >= 5);
    expect(samples).toHaveLength(count);
    await world.prober.start([], () => undefined).stop();
  });
});

describe('real probes on a machine in trouble', () => {
  const kinds: readonly ProbeSpec[] = KINDS.map(([id, kind]) => ({ id, address: ALIVE, intervalMs: 20, ...kind }));
  const begin = (specs = kinds) => {
    const samples: (Sample & { readonly id: string })[] = [];
    return { samples, ...room.prober.start(specs, (id, sample) => samples.push({ id, ...sample })) };
  };
  const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
    for (const begun = performance.now(); !(await done()); await delay(10))
      if (performance.now() - begun > 60_000) throw new Error('nothing of the kind within a minute');
  };

  it("stops of our own process are nobody else's loss", async () => {
    // Enough targets that every stop finds probes on their way; the echo stands still along with us.
    const many = Array.from(
      { length: 120 },
      (_, at): ProbeSpec => ({ id: `echo ${at}`, kind: 'udp', port: 7, address: ALIVE, intervalMs: 20 }),
    );
    const { samples, stop } = begin([...kinds, ...many]);
    await until(() => samples.length >= 500);
    for (const pause of [...Array.from({ length: 40 }, (_, at) => 40 + at), 2_000]) {
      process.kill(room.pid, 'SIGSTOP');
      await delay(pause);
      process.kill(room.pid, 'SIGCONT');
      const before = samples.length;
      await until(() => samples.length >= before + 200);
    }
    await stop();
    expect(samples.filter(({ kind }) => kind === 'lost')).toEqual([]);
  });

  it('a ping that dies is started again, and says nothing of the path meanwhile', async () => {
    const { samples, stop } = begin();
    await until(async () => (await room.pings()).length === 1 && samples.length >= 50);
    process.kill((await room.pings())[0]!, 'SIGKILL');
    const icmp = (kind: Sample['kind']) => samples.filter((sample) => sample.id === 'icmp' && sample.kind === kind);
    await until(() => icmp('unknown').length >= 5);
    const before = icmp('reply').length;
    await until(() => icmp('reply').length >= before + 5);
    await stop();
    expect(icmp('lost')).toEqual([]);
    expect(await room.pings()).toEqual([]);
  });

  it.each([
    ['icmp', { kind: 'icmp' }],
    ['udp', { kind: 'udp', port: 7 }],
  ] as const)(
    'however often the pace of large probes changes, each that left comes back once: %s',
    async (_, kind) => {
      const large = (sample: Sample) => sample.size === 'large';
      const before = await room.largeSent();
      const { samples, pace, stop } = begin([
        { id: 'a', address: VICTIM, intervalMs: 20, large: { bytes: 1_400, intervalMs: 300 }, ...kind },
      ]);
      for (let turn = 0; turn < 30; turn += 1) {
        const had = samples.filter(large).length;
        pace('a', turn % 2 === 0 ? 20 : 300);
        await until(() => samples.filter(large).length >= had + (turn % 4 < 2 ? 1 : 3));
      }
      await stop();
      const sent = (await room.largeSent()) - before;
      const told = samples.filter(large).length;
      const answered = samples.filter((sample) => large(sample) && sample.kind === 'reply');
      expect(samples.filter(({ kind: is }) => is === 'lost')).toEqual([]);
      expect(new Set(answered.map(({ sentAt }) => sentAt)).size).toBe(answered.length);
      // What our own machine was too busy to send comes back as unknown. The last one or two are cut short by the stop.
      expect(sent).toBeGreaterThanOrEqual(answered.length);
      expect(sent).toBeLessThanOrEqual(told + 2);
    },
    120_000,
  );

  it('leaves no ping behind when it is killed', async () => {
    const other = await probeRoom('hyp-killed', [ALIVE]);
    other.prober.start([{ id: 'a', kind: 'icmp', address: ALIVE, intervalMs: 20 }], () => undefined);
    await until(async () => (await other.pings()).length === 1);
    process.kill(other.pid, 'SIGKILL');
    await until(async () => (await other.pings()).length === 0);
    await other.close();
  });
});

describe('lines of ping', () => {
  it.each([
    [
      '[1732120000.500000] 64 bytes from 10.10.0.2: icmp_seq=17 ttl=62 time=1.25 ms',
      { sequence: 17, rttMs: 1.25, ttl: 62, at: 1_732_120_000_500 },
    ],
    ['[1732120000.500000] no answer yet for icmp_seq=18', { sequence: 18, rttMs: undefined, at: 1_732_120_000_500 }],
    [
      '[1732120000.500000] From 10.0.0.1 icmp_seq=19 Destination Host Unreachable',
      { sequence: 19, rttMs: undefined, at: 1_732_120_000_500 },
    ],
    ['PING 10.10.0.2 (10.10.0.2) 56(84) bytes of data.', undefined],
    ['--- 10.10.0.2 ping statistics ---', undefined],
    ['', undefined],
  ])('%s', (line, said) => {
    expect(pingLine(line)).toEqual(said);
  });

  it.each([
    [1, 0, 1],
    [65_535, 65_534, 65_535],
    [0, 65_535, 65_536],
    [65_535, 65_536, 65_535],
    [2, 131_071, 131_074],
  ])('number %d after %d is %d', (sequence, last, whole) => {
    expect(unwrapped(sequence, last)).toBe(whole);
  });
});
