import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fpga, objects } from '../../src/lib/adapters/fpga.ts';
import { FAAS_VERSIONS, type FaasVersion } from '../../src/lib/core/aliyun.ts';
import { BOARD, INSTANCE } from '../helpers/aliyun.ts';
import { BUCKET, faasWorld, gbs } from '../helpers/fpga-aliyun.ts';

const OTHER_BOARD = '0x6c92bf4d7c000002';

/** What a version calls a board. */
const BOARDS: Readonly<Record<FaasVersion, string>> = { '2017-08-24': BOARD, '2020-02-17': '05:00.0' };

describe.each(FAAS_VERSIONS)('FaaS of %s', (version) => {
  it('from the file to a board, and the second time to the same image', async () => {
    const { run, changing, server, clock } = await faasWorld(version);
    const line = `upload filter.gbs --bucket ${BUCKET} --key designs/ --create --shell V1.1 --wait`;
    const planned = await run(`${line} --dry-run`);
    expect([planned.exit, planned.out, changing()]).toEqual([0, expect.stringContaining('would send'), []]);

    const made = await run(`${line} --name filter --description 'a filter' --tag team=fpga --json -q`);
    expect([made.exit, made.err]).toEqual([0, '']);
    const { object, image } = made.json();
    expect(object).toMatchObject({
      uri: `oss://${BUCKET}/designs/filter.gbs`,
      algorithm: 'crc64xz',
      sent: gbs().length,
    });
    expect(image).toMatchObject({
      id: expect.stringMatching(/^intel[0-9a-f]{32}$/),
      globalId: null,
      name: 'filter',
      description: 'a filter',
      state: 'available',
      shell: 'V1.1',
      encrypted: false,
      tags: {
        team: 'fpga',
        'hybridctl:logs': `oss://${BUCKET}/compiling_logs/`,
        'hybridctl:source': `crc64xz:${object.checksum}:${object.size}`,
      },
    });
    expect(changing()).toEqual(['oss:PutObject', 'faas:CreateFpgaImageTask']);
    expect(server.calls.find(({ action }) => action === 'faas:CreateFpgaImageTask')?.signature).toBe(
      version === '2017-08-24' ? 'rpc-v1' : 'acs3',
    );

    const again = await run(`${line} --name filter`);
    expect([again.exit, again.out, again.err]).toEqual([
      0,
      expect.stringContaining('0 B sent, the rest was there'),
      expect.stringContaining('of the same content is available'),
    ]);
    expect(changing()).toHaveLength(2);

    const loaded = (await run(`load ${image.id} --instance ${INSTANCE} --board ${BOARDS[version]} --json`)).json()
      .board;
    expect(loaded).toMatchObject({ board: BOARDS[version], image: image.id, state: 'operating', error: null });
    clock.advance(120_000);
    expect((await run(`describe ${image.id}`)).out).toContain('team = fpga');
    expect((await run(`publish ${image.id} --machine-image m-bp1g7004ksh0oeuco000 --yes`)).out).toContain(
      `asked FaaS to publish ${image.id}`,
    );
    expect(server.account.faas.images.get(image.id)?.published).toEqual(['m-bp1g7004ksh0oeuco000']);
    expect(await run(`delete ${image.id}`)).toMatchObject({ exit: 2, err: expect.stringContaining('--yes') });
    expect((await run(`delete ${image.id} --yes`)).out).toContain('deleted');
    expect((await run('list')).out).toBe('no FPGA images\n');
  });

  it('shows the error lines of the log of a build that failed, and what to do', async () => {
    const { run, folder } = await faasWorld(version);
    writeFileSync(join(folder, 'filter.gbs'), gbs('UNROUTED'));
    const { exit, err } = await run(`upload filter.gbs --bucket ${BUCKET} --create --shell V1.1 --wait`);
    expect(exit).toBe(1);
    expect(err).toMatch(/the image intel\S+ failed: FaaS keeps no reason/);
    for (const words of [
      'failed: the image did not compile',
      '_vivado.log:',
      'ERROR: [DRC RTSTAT-1] Unrouted nets',
      'CRITICAL WARNING: [Timing 38-282]',
      `next: fix the design; the whole log: hybridctl fpga get compiling_logs/`,
    ])
      expect(err).toContain(words);
    expect(err).not.toContain('Exiting Vivado');
  });
});

describe('which version', () => {
  it("is the region's, or the one asked for; boards are the older one's", async () => {
    const { run, server } = await faasWorld();
    const own = { ports: { fpga } };
    for (const line of ['list', 'list --region cn-chengdu', 'list --api-version 2020-02-17']) await run(line, own);
    expect(server.calls.map(({ signature }) => signature)).toEqual(['rpc-v1', 'acs3', 'acs3']);
    for (const line of [`status --instance ${INSTANCE} --board 05:00.0`, `instances --instance ${INSTANCE}`])
      expect(await run(`${line} --api-version 2020-02-17`)).toMatchObject({
        exit: 2,
        err: expect.stringContaining('give --api-version 2017-08-24'),
      });
    expect(await run('list --cloud aws --region us-east-1 --api-version 2020-02-17')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('is for FaaS'),
    });
  });
});

describe('boards', () => {
  it('are listed by instance, loaded, and tell how far they are', async () => {
    const { run, built, clock } = await faasWorld();
    const id = await built();
    const { instances } = (await run(`instances --instance ${INSTANCE} --json`)).json();
    expect(instances).toMatchObject([
      {
        id: INSTANCE,
        boards: [
          { board: BOARD, device: '05:00.0', image: null, shell: 'V1.1', state: 'valid' },
          { board: OTHER_BOARD, shell: 'V1.0' },
        ],
      },
    ]);
    const at = `--instance ${INSTANCE} --board ${BOARD}`;
    await run(`load ${id} ${at} --fpga-type intel --image-type afu --shell V1.1`);
    expect((await run(`status ${at} --json`)).json().board).toMatchObject({
      image: id,
      shell: 'V1.1',
      state: 'operating',
      error: null,
    });
    clock.advance(60_000);
    expect((await run(`status ${at}`)).out).toContain('valid');
    expect(await run('instances')).toMatchObject({ exit: 2, err: expect.stringContaining('--instance') });
    expect(await run(`status --board ${BOARD}`)).toMatchObject({ exit: 2, err: expect.stringContaining('--instance') });
  });
});

describe('images', () => {
  it('asked for twice because the answer was lost are one', async () => {
    const { run, server } = await faasWorld();
    server.faults.set('faas:CreateFpgaImageTask', { status: 0, code: '', times: 1 });
    const line = `upload filter.gbs --bucket ${BUCKET} --create --shell V1.1`;
    expect((await run(line)).exit).toBe(1);
    expect((await run(line)).err).toContain('of the same content is pending');
    expect(server.account.faas.images.size).toBe(1);
  });

  it('asked for within half an hour are waited for, where the build is', async () => {
    const { run, folder, clock, server } = await faasWorld();
    await run(`upload filter.gbs --bucket ${BUCKET} --create --shell V1.1`);
    writeFileSync(join(folder, 'other.gbs'), gbs('another'));
    const start = clock.now();
    const { exit, err } = await run(`upload other.gbs --bucket ${BUCKET} --create --shell V1.1 --wait`);
    expect([exit, err]).toEqual([0, expect.stringContaining('asking again each minute')]);
    expect((clock.now() - start) / 60_000).toBe(30 + 40);
    expect(server.account.faas.images.size).toBe(2);
  });

  it('are taken up on another day by their id', async () => {
    const { run, server } = await faasWorld();
    const { id } = (await run(`upload filter.gbs --bucket ${BUCKET} --create --shell V1.1 --json`)).json().image;
    server.faults.set('faas:DescribeFpgaImages', { status: 503, code: 'InternalError', times: 3 });
    expect(await run(`wait ${id}`)).toMatchObject({
      exit: 0,
      out: expect.stringContaining('available'),
      err: expect.stringContaining(`hybridctl fpga wait ${id} --cloud aliyun --region cn-hangzhou`),
    });
    expect(await run('wait intel0123456789')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('there is no FPGA image intel0123456789 in cn-hangzhou'),
    });
  });

  it('of what is in the bucket; the bucket is looked through and read', async () => {
    const { run, server, folder } = await faasWorld();
    server.put(BUCKET, 'design', gbs('UNROUTED'));
    const line = `create design --bucket ${BUCKET} --shell V1.1`;
    expect(await run(line)).toMatchObject({ exit: 2, err: expect.stringContaining('--fpga-type') });
    expect(await run(`${line} --fpga-type intel --wait`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('Unrouted nets'),
    });
    const [log] = (await run(`objects --bucket ${BUCKET} --prefix compiling_logs/ --json`))
      .json()
      .objects.filter(({ size }: { size: number }) => size > 0);
    expect((await run(`get ${log.key} --bucket ${BUCKET} --output vivado.log`)).exit).toBe(0);
    expect(readFileSync(join(folder, 'vivado.log'), 'utf8')).toContain('Exiting Vivado');
    expect(await run(`get absent --bucket ${BUCKET}`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining(`there is no oss://${BUCKET}/absent`),
    });
  });

  it('are neither copied nor shared', async () => {
    const { run } = await faasWorld();
    expect(await run('copy intel0123456789 --from cn-shanghai')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--cloud: is for EC2'),
    });
    expect(await run('share intel0123456789 --account 210987654321')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('next: hybridctl fpga publish'),
    });
  });
});

describe('uploads', () => {
  it('of many parts are taken up where they were, listed, and taken back', async () => {
    const { run, folder, server } = await faasWorld();
    const part = 8 * 2 ** 20;
    const content = Buffer.concat([gbs(), Buffer.alloc(part, 7)]);
    writeFileSync(join(folder, 'big.gbs'), content);
    const store = await objects(BUCKET, { cloud: 'aliyun', region: 'cn-hangzhou' });
    await store.putPart({ key: 'big.gbs', id: await store.begin('big.gbs') }, 1, content.subarray(0, part));
    expect((await run(`uploads --bucket ${BUCKET} --json`)).json().uploads).toMatchObject([
      { key: 'big.gbs', parts: 1, size: part },
    ]);
    const sent = await run(`upload big.gbs --bucket ${BUCKET}`);
    expect([sent.exit, sent.err, sent.out]).toEqual([
      0,
      expect.stringContaining('taking up an earlier upload: 1 of 2 parts are there'),
      expect.stringContaining('25 B sent, the rest was there'),
    ]);
    expect(server.account.oss.buckets.get(BUCKET)!.objects.get('big.gbs')!.body.equals(content)).toBe(true);
    await store.begin('half');
    expect(await run(`uploads --bucket ${BUCKET} --abort`)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--yes'),
    });
    expect((await run(`uploads --bucket ${BUCKET} --abort --yes`)).out).toContain('1 removed');
    expect(server.account.oss.buckets.get(BUCKET)!.uploads.size).toBe(0);
  });
});
