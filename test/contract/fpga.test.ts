import { describe, expect, it } from 'vitest';
import { fpgaOver } from '../../src/lib/adapters/aws/fpga.ts';
import type { FpgaCloud, ImageRequest } from '../../src/lib/core/fpga.ts';
import { fakeFpga } from '../fakes/fpga.ts';
import { fixture, standingClock, testCloud } from '../helpers/cloud.ts';

interface Side {
  readonly fpga: FpgaCloud;
  readonly region: string;
  /** The build ends, badly: there is no such file. */
  fail(id: string): Promise<void>;
}

const SIDES: Readonly<Record<string, () => Promise<Side>>> = {
  async 'the AWS SDK against the endpoint'() {
    const clock = standingClock();
    const cloud = await testCloud(fixture('lab'), { clock, times: { buildMs: 2_400_000 } });
    return { fpga: fpgaOver(cloud.aws(), undefined), region: 'cn-north-1', fail: async () => clock.pass(2_400_000) };
  },
  async 'the fake'() {
    const fpga = fakeFpga();
    return { fpga, region: 'cn-north-1', fail: async (id) => fpga.end(id, { code: 'INACCESSIBLE_INPUT', message: 'Error accessing resource in S3.' }) };
  },
};

const REQUEST: ImageRequest = { bucket: 'nowhere', key: 'dcp.tar', logs: 'logs/', name: 'filter', description: 'a filter', tags: { team: 'fpga' }, token: 'one' };

describe.each(Object.entries(SIDES))('FPGA images: %s', (_, open) => {
  it('has none, and names one that is not there', async () => {
    const { fpga, region } = await open();
    expect([fpga.cloud, fpga.region, await fpga.images()]).toEqual(['aws', region, []]);
    for (const lost of [fpga.images(['afi-0123456789abcdef0']), fpga.remove('afi-0123456789abcdef0'), fpga.sharing!.get('afi-0123456789abcdef0')]) await expect(lost).rejects.toMatchObject({ code: 'InvalidFpgaImageID.NotFound', call: 'refused' });
  });

  it('makes one image of one token, pending at first', async () => {
    const { fpga } = await open();
    const first = await fpga.create(REQUEST);
    expect([first.id, first.globalId]).toEqual([expect.stringMatching(/^afi-[0-9a-f]{17}$/), expect.stringMatching(/^agfi-[0-9a-f]{17}$/)]);
    expect(await fpga.create(REQUEST)).toEqual(first);
    const other = await fpga.create({ ...REQUEST, token: 'two', name: undefined, tags: {} });
    expect(other.id).not.toBe(first.id);
    expect((await fpga.images()).map(({ id }) => id).sort()).toEqual([first.id, other.id].sort());
    expect((await fpga.images([first.id]))[0]).toMatchObject({ ...first, name: 'filter', description: 'a filter', state: 'pending', failure: null, tags: { team: 'fpga' }, owner: '123456789012', public: false });
    expect((await fpga.images([other.id]))[0]).toMatchObject({ name: null, tags: {} });
  });

  it('tells why a build failed, by its code', async () => {
    const { fpga, fail } = await open();
    const { id } = await fpga.create(REQUEST);
    await fail(id);
    expect((await fpga.images([id]))[0]).toMatchObject({ state: 'failed', failure: { code: 'INACCESSIBLE_INPUT', message: expect.stringMatching(/^Error accessing resource in S3/) } });
  });

  it('copies only what is available, and tells of a copy from elsewhere by its state', async () => {
    const { fpga, region, fail } = await open();
    const { id } = await fpga.create(REQUEST);
    await expect(fpga.copy!({ id, from: region, name: undefined, token: 'c' })).rejects.toMatchObject({ code: 'IncorrectState' });
    const copy = await fpga.copy!({ id: 'afi-0123456789abcdef0', from: 'us-east-1', name: 'copy', token: 'd' });
    expect(await fpga.copy!({ id: 'afi-0123456789abcdef0', from: 'us-east-1', name: 'copy', token: 'd' })).toBe(copy);
    await fail(id);
    expect((await fpga.images([copy]))[0]).toMatchObject({ name: 'copy', state: 'failed', failure: { code: 'NOT_FOUND' } });
  });

  it('shares with accounts and with everybody, and takes it back', async () => {
    const { fpga } = await open();
    const { id } = await fpga.create(REQUEST);
    const { get, change } = fpga.sharing!;
    expect(await get(id)).toEqual({ accounts: [], everybody: false, productCodes: [] });
    await change(id, { add: { accounts: ['210987654321', '111122223333'], everybody: true }, remove: { accounts: [], everybody: false } });
    expect(await get(id)).toMatchObject({ accounts: ['210987654321', '111122223333'], everybody: true });
    expect((await fpga.images([id]))[0]?.public).toBe(true);
    await change(id, { add: { accounts: [], everybody: false }, remove: { accounts: ['210987654321'], everybody: true } });
    expect(await get(id)).toMatchObject({ accounts: ['111122223333'], everybody: false });
  });

  it('removes for good', async () => {
    const { fpga } = await open();
    const { id } = await fpga.create(REQUEST);
    await fpga.remove(id);
    await expect(fpga.images([id])).rejects.toMatchObject({ code: 'InvalidFpgaImageID.NotFound' });
    expect(await fpga.images()).toEqual([]);
  });
});
