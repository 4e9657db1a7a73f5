import { describe, expect, test } from 'vitest';
import { aliyunApi } from '../../src/lib/adapters/aliyun/api.ts';
import { testAliyun } from '../helpers/aliyun.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import {
  apply,
  benchOn,
  callsOf,
  destroy,
  diesAfter,
  plan,
  prepare,
  updatesOf,
  type Bench,
  type Clouds,
  type Row,
} from '../helpers/resources.ts';
import { rows } from './resources.rows.ts';

/**
 * What holds of every resource, whatever it is: one row of resources.rows.ts is all that a new one needs. Each case
 * starts from an empty account.
 */
const start = async (): Promise<{ readonly clouds: Clouds; readonly bench: Bench; readonly table: readonly Row[] }> => {
  const cloud = await testCloud(fixture('lab'));
  await testAliyun();
  const aliyun = await aliyunApi({ region: 'cn-hangzhou' });
  const clouds = { aws: cloud.aws(), aliyun, tables: cloud.routeTables({ answerMs: 10_000 }) };
  return { clouds, bench: benchOn(clouds), table: rows() };
};

const begun = async (what: string) => {
  const { clouds, bench, table } = await start();
  const row = table.find((one) => one.what === what)!;
  await prepare(bench, row);
  return { clouds, bench, row };
};

const names = rows().map(({ what }) => what);

describe.each(names)('%s', { timeout: 60_000 }, (what) => {
  test('is created once, and deleted without a trace', async () => {
    const { bench, row } = await begun(what);
    const created = await callsOf(bench, () => apply(bench, row));
    expect(created.length).toBeGreaterThan(0);
    expect(await callsOf(bench, () => apply(bench, row)), 'again').toEqual([]);
    expect((await plan(bench, row)).map(({ action }) => action)).not.toContain('change');
    expect((await callsOf(bench, () => destroy(bench, row))).length > 0).toBe(
      row.stays !== true || row.setup !== undefined,
    );
    expect(await callsOf(bench, () => destroy(bench, row)), 'deleted again').toEqual([]);
  });

  test('a run that dies after any call is finished by the next', async () => {
    let { bench, row } = await begun(what);
    const created = await callsOf(bench, () => apply(bench, row));
    const anew = async (): Promise<void> => {
      if (row.stays === true) ({ bench, row } = await begun(what));
      else await destroy(bench, row);
      await prepare(bench, row);
    };
    await anew();
    for (let calls = 1 + (row.lost ?? 0); calls <= created.length; calls += 1) {
      await diesAfter(bench, row, calls);
      await apply(bench, row);
      expect(await callsOf(bench, () => apply(bench, row)), `after ${calls}`).toEqual([]);
      await destroy(bench, row);
      expect(await callsOf(bench, () => destroy(bench, row)), `deleted after ${calls}`).toEqual([]);
      await anew();
    }
  });

  test('when calls are throttled nothing is taken for absent, and nothing is left half made', async () => {
    const { bench, row } = await begun(what);
    bench.faults.throttled = 'reads';
    await expect(apply(bench, row)).rejects.toThrow('too many requests');
    expect(bench.calls).toEqual([]);
    bench.faults.throttled = 'changes';
    await expect(apply(bench, row)).rejects.toThrow('too many requests');
    bench.faults.throttled = undefined;
    await prepare(bench, row);
    expect((await callsOf(bench, () => apply(bench, row))).length).toBeGreaterThan(0);
    expect(await callsOf(bench, () => apply(bench, row))).toEqual([]);
  });
});

const drifting = rows().filter(({ drift }) => drift !== undefined);

test.each(drifting.map(({ what }) => what))('%s: what differs is told, and put right by its field', async (what) => {
  const { clouds, bench, row } = await begun(what);
  const { drift } = row;
  const { steps } = await apply(bench, row);
  await drift!.make(clouds, steps.find(({ key }) => key === row.steps[0]!.key)!.id!);
  const planned = async () =>
    (await plan(bench, row)).flatMap(({ action, notes }) => (action === 'change' ? notes : [])).join('\n');
  // What was just changed may be under way for a moment.
  await expect.poll(planned, { timeout: 20_000 }).toMatch(new RegExp(drift!.fields.join('[^]*')));
  if (drift!.calls === 'only you') {
    bench.calls.length = 0;
    await expect(apply(bench, row)).rejects.toThrow(drift!.fields[0]!);
    expect(bench.calls).toEqual([]);
    return;
  }
  expect(await updatesOf(bench, row, true), 'whatever the words').toEqual(await updatesOf(bench, row, false));
  expect(await callsOf(bench, () => apply(bench, row))).toEqual(drift!.calls);
  expect(await callsOf(bench, () => apply(bench, row))).toEqual([]);
});

/** What a removal takes besides what the row rests on. */
const removedBeside = async (bench: Bench, row: Row): Promise<readonly string[]> => {
  const all = await callsOf(bench, () => destroy(bench, row));
  await prepare(bench, row);
  const setup = await callsOf(bench, () => destroy(bench, { ...row, steps: [] }));
  return all.slice(0, all.length - setup.length);
};

const foreign = rows().filter((row) => row.foreign !== undefined);

describe.each(foreign.map(({ what }) => what))('%s of somebody else', { timeout: 60_000 }, (what) => {
  test('is refused or used as it is, and survives', async () => {
    const { clouds, bench, row } = await begun(what);
    const id = await row.foreign!(clouds);
    if (row.unadopted === undefined) {
      await expect(apply(bench, row)).rejects.toMatchObject({
        message: expect.stringContaining("is not hybridctl's"),
        next: expect.stringContaining(`--adopt ${row.steps[0]!.key}=${id}`),
      });
      expect(bench.calls).toEqual([]);
    } else if (row.unadopted === 'used') expect(await callsOf(bench, () => apply(bench, row))).toEqual([]);
    if (row.unadopted !== 'unseen') expect(await removedBeside(bench, row)).toEqual([]);
  });

  test('is used as it is when it was adopted: never changed, never removed', async () => {
    const { clouds, bench, row } = await begun(what);
    if (row.steps[0]!.adoptable !== true) return;
    const id = await row.foreign!(clouds);
    const adopted = new Map([[row.steps[0]!.key, id]]);
    bench.calls.length = 0;
    if (row.adopted === 'refused') await expect(apply(bench, row, adopted)).rejects.toMatchObject({ exit: 1 });
    else {
      const { steps } = await apply(bench, row, adopted);
      const told = steps.flatMap(({ notes }) => notes).join('\n');
      expect(told.includes('not ours'), told).toBe(row.adopted === 'told');
    }
    expect(bench.calls).toEqual([]);
    expect(await removedBeside(bench, row)).toEqual([]);
    await prepare(bench, row);
    const missing = new Map([[row.steps[0]!.key, `${id.slice(0, -4)}0000`]]);
    await expect(apply(bench, row, missing)).rejects.toThrow('there is no');
  });
});
