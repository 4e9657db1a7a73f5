import { expect, it } from 'vitest';
import type { Initiated, Testimony, Witness } from '../../src/lib/core/ports.ts';
import { until } from '../helpers/charon-pair.ts';
import { hearken } from '../helpers/heard.ts';

/** A witness and a world in which what it watches for can happen. */
export interface Scene {
  readonly witness: Witness;
  /** Makes it happen once; resolves when it has. */
  happens(): Promise<void>;
  /** All is as it was before. */
  recovers(): Promise<void>;
  readonly testimony: Testimony;
}

/** What the monitor relies on, of every witness and of the fake alike. */
export const witnessContract = (scene: () => Scene): void => {
  it('tells all who listen what changes, not what was; nobody once they stopped', async () => {
    const { witness, happens, recovers, testimony } = scene();
    const [early, other] = await Promise.all([hearken(witness), hearken(witness)]);
    await happens();
    await until('word to both', async () => early.testimonies.length > 0 && other.testimonies.length > 0);
    const late = await hearken(witness);
    early.stop();
    await recovers();
    const last = await hearken(witness);
    await happens();
    await until(
      'word to who still listens',
      async () => other.testimonies.length > 1 && late.testimonies.length > 0 && last.testimonies.length > 0,
    );
    expect([early, other, late, last].map(({ testimonies, silences }) => [testimonies, silences])).toEqual([
      [[testimony], []],
      [[testimony, testimony], []],
      [[testimony], []],
      [[testimony], []],
    ]);
    [other, late, last].forEach(({ stop }) => stop());
    await recovers();
  }, 60_000);
};

/** A daemon with one connection that is down. */
export interface Down {
  readonly witness: Witness;
  readonly connection: string;
  /** The peer refuses from now on. */
  refuses(): Promise<void>;
  /** The tunnel ends, and is down. */
  ends(): Promise<void>;
}

/** What the monitor relies on before it stops a gateway, of charon and of the fake alike. */
export const initiateContract = (scene: () => Down): void => {
  it('begins what is down, leaves what is up and what it does not know alone, and tells why the peer refused', async () => {
    const { witness, connection, refuses, ends } = scene();
    const begin = (name = connection): Promise<Initiated> => witness.initiate!(name);
    expect(await begin('nowhere')).toEqual({ outcome: 'idle' });
    expect(await begin()).toEqual({ outcome: 'up' });
    expect(await begin(), 'it is up').toEqual({ outcome: 'idle' });
    await ends();
    await refuses();
    const failed = await begin();
    expect(failed).toMatchObject({ outcome: 'failed', because: expect.stringMatching(/\w/) });
  }, 60_000);
};
