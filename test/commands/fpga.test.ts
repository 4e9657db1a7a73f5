import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeDcp } from '../helpers/dcp.ts';
import { expectUntouched, fpgaWorld } from '../helpers/fpga.ts';

const TOPIC = 'arn:aws-cn:sns:cn-north-1:123456789012:fpga';
const IMAGE = /^afi-[0-9a-f]{17}$/;

const start = async () => {
  const world = await fpgaWorld();
  const file = join(world.folder, 'a.Developer_CL.tar');
  await writeDcp(file);
  return { ...world, file };
};

describe('fpga upload --create --wait', () => {
  it('from the file to an image that loads, and the second time to the same one', async () => {
    const { run, changing, notices, store } = await start();
    const planned = await run('upload a.Developer_CL.tar --bucket dcp --key dcp/ --create --wait --dry-run');
    expect([planned.exit, planned.out, await changing()]).toEqual([0, expect.stringContaining('would send'), []]);

    const line = `upload --bucket dcp --key dcp/ --create --wait --name filter --notify-topic ${TOPIC} --tag of=2026 --tag team=fpga a.Developer_CL.tar`;
    const made = await run(`${line} --json -q`);
    expect([made.exit, made.err]).toEqual([0, '']);
    const { object, image, file } = made.json();
    expect(file).toMatchObject({ kind: 'dcp', shell: '0x10212415' });
    expect(object).toMatchObject({
      uri: 's3://dcp/dcp/a.Developer_CL.tar',
      algorithm: 'crc32',
      parts: 1,
      sent: object.size,
    });
    expect(image).toMatchObject({
      id: expect.stringMatching(IMAGE),
      globalId: expect.stringMatching(/^agfi-/),
      name: 'filter',
      state: 'available',
      shell: '0x10212415',
      tags: {
        team: 'fpga',
        of: '2026',
        'hybridctl:logs': 's3://dcp/logs/',
        'hybridctl:source': `crc32:${object.checksum}:${object.size}`,
      },
    });
    expect(await changing()).toEqual(['PutObject', 'PutObject', 'CreateFpgaImage']);
    expect(notices.map(({ subject }) => subject)).toEqual([`FPGA image ${image.id} is available`]);
    expect((await store().list('logs/')).length).toBe(2);

    const again = await run(line);
    expect([again.exit, again.out, again.err]).toEqual([
      0,
      expect.stringContaining('0 B sent, the rest was there'),
      expect.stringContaining('of the same content is available'),
    ]);
    expect(await changing()).toHaveLength(3);
  });

  it('shows why a build failed, with the error lines of its log', async () => {
    const { run, file, notices } = await start();
    await writeDcp(file, { dcp: 'no zip' });
    const { exit, err } = await run(`upload a.Developer_CL.tar --bucket dcp --create --wait --notify-topic ${TOPIC}`);
    expect(exit).toBe(1);
    expect(err).toMatch(/the image afi-\S+ failed: DCP_CORRUPT: Could not parse the input DCP/);
    expect(err).toContain('vivado.log:');
    expect(err).toContain('ERROR: [Project 1-30] Failed to open checkpoint');
    expect(err).not.toContain('INFO:');
    expect(err).toContain('DCP_CORRUPT: the design checkpoint is damaged');
    expect(err).toContain('next: build the tarball anew');
    expect(notices[0]?.subject).toContain('is failed: DCP_CORRUPT');
  });

  it('is taken up on another day by the id, and a poll that nobody answers ends nothing', async () => {
    const { run, cloud } = await start();
    const asked = await run('upload a.Developer_CL.tar --bucket dcp --create --json');
    const { id } = asked.json().image;
    await cloud.fault({ DescribeFpgaImages: { break: 'error', code: 'InternalError', status: 500, times: 4 } });
    const waited = await run(`wait ${id}`);
    expect([waited.exit, waited.out, waited.err]).toEqual([
      0,
      expect.stringContaining('available'),
      expect.stringContaining(`hybridctl fpga wait ${id}`),
    ]);
  });

  it('asks once more after a build of the same content failed', async () => {
    const { run, file, changing } = await start();
    await writeDcp(file, { dcp: 'no zip' });
    await run('upload a.Developer_CL.tar --bucket dcp --create --wait');
    await run('upload a.Developer_CL.tar --bucket dcp --create --wait');
    expect((await changing()).filter((call) => call === 'CreateFpgaImage')).toHaveLength(2);
  });
});

describe('fpga upload refuses, and leaves nothing', () => {
  it.each([
    ['absent.tar --bucket dcp', 2, 'there is no such file'],
    ['empty.tar --bucket dcp', 2, 'is empty'],
    ['notes.txt --bucket dcp', 2, 'is no tar and no .gbs'],
    ['a.Developer_CL.tar --bucket elsewhere', 2, 'the bucket elsewhere is in cn-northwest-1, not in cn-north-1'],
    ['a.Developer_CL.tar --bucket nowhere', 2, 'there is no bucket nowhere'],
    ['a.Developer_CL.tar --bucket dcp/folder', 2, "more than a bucket's name"],
    ['a.Developer_CL.tar --bucket dcp --key /x', 2, '--key'],
    ['a.Developer_CL.tar --bucket dcp --wait', 2, '--create'],
    ['a.Developer_CL.tar --bucket dcp --shell V1.1', 2, 'is for FaaS'],
    ['a.Developer_CL.tar --bucket dcp --tag hybridctl:logs=x', 2, '--tag'],
    [
      'a.Developer_CL.tar --bucket dcp --notify-topic mine --create --wait',
      2,
      '--notify-topic: mine is not the ARN of an SNS topic',
    ],
    [`a.Developer_CL.tar --bucket dcp --notify-topic ${TOPIC}`, 2, '--notify-topic: works only with --wait'],
    ['--bucket dcp --tag a=b c=d a.Developer_CL.tar', 2, 'write --tag a=b --tag c=d'],
  ])('%s', async (line, exit, message) => {
    const { run, folder, bucket, store, changing } = await start();
    await bucket('elsewhere', 'cn-northwest-1');
    writeFileSync(join(folder, 'empty.tar'), '');
    writeFileSync(join(folder, 'notes.txt'), 'notes');
    const ran = await run(`upload ${line} --create`.replace(/ --create$/, line.endsWith('--wait') ? '' : ' --create'));
    expect([ran.exit, ran.err, ran.out]).toEqual([exit, expect.stringContaining(message), '']);
    expect(ran.err.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect(await changing()).toEqual([]);
    await expectUntouched(store());
  });

  it.each([
    ['HeadBucket', 's3:ListBucket'],
    ['PutObject', 's3:PutObject'],
  ])('without the permission for %s, which it names', async (action, named) => {
    const { run, cloud, store } = await start();
    await cloud.fault({ [action]: { break: 'error', code: 'AccessDenied', status: 403 } });
    const { exit, err } = await run('upload a.Developer_CL.tar --bucket dcp --create');
    expect([exit, err]).toEqual([4, expect.stringContaining(`not allowed to ${named} in the bucket dcp`)]);
    await cloud.fault({});
    await expectUntouched(store());
  });

  it('without the permission to have the image made, before anything is sent', async () => {
    const { run, cloud, store } = await start();
    await cloud.fault({ CreateFpgaImage: { break: 'error', code: 'UnauthorizedOperation', status: 403 } });
    expect(await run('upload a.Developer_CL.tar --bucket dcp --create')).toMatchObject({
      exit: 4,
      err: expect.stringContaining('ec2:CreateFpgaImage'),
    });
    await expectUntouched(store());
    await cloud.fault({});
    expect((await run('upload a.Developer_CL.tar --bucket dcp --create')).exit).toBe(0);
  });
});

describe('fpga images', () => {
  const image = async () => {
    const world = await start();
    const { id, globalId } = (
      await world.run('upload a.Developer_CL.tar --bucket dcp --create --wait --name filter --json')
    ).json().image as { id: string; globalId: string };
    return { ...world, id, globalId };
  };

  it('are listed, described, copied, and deleted after a yes', async () => {
    const { run, id, globalId } = await image();
    expect((await run('list --json')).json().images).toMatchObject([{ id, state: 'available' }]);
    expect((await run(`describe ${id}`)).out).toContain('may be loaded by: 123456789012');
    const copied = (await run(`copy ${id} --from cn-north-1 --wait --json`)).json();
    expect([copied.image.globalId, copied.image.state, copied.id === id]).toEqual([globalId, 'available', false]);
    expect((await run(`copy ${id} --from cn-north-1 --json`)).json().id).toBe(copied.id);
    expect((await run(`delete ${id}`)).exit).toBe(2);
    expect((await run(`delete ${id} --dry-run`)).out).toContain('would delete');
    expect((await run(`delete ${id} --yes`)).out).toContain('deleted');
    expect(await run(`describe ${id}`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('InvalidFpgaImageID.NotFound'),
    });
    expect(await run(`describe ${globalId}`)).toMatchObject({ exit: 2, err: expect.stringContaining('global id') });
  });

  it('are shared, with everybody only after a yes', async () => {
    const { run, id } = await image();
    expect((await run(`share ${id}`)).out).toContain('nobody but its owner');
    expect((await run(`share ${id} --account 210987654321`)).out).toContain('may now be loaded by 210987654321');
    expect((await run(`share ${id} --everybody`)).exit).toBe(2);
    expect((await run(`share ${id} --everybody --yes --json`)).json()).toMatchObject({
      changed: true,
      after: { everybody: true },
    });
    expect((await run(`share ${id} --everybody --yes --json`)).json()).toMatchObject({ changed: false });
    expect((await run(`share ${id} --revoke 210987654321 --nobody-else`)).out).toContain('nobody but its owner');
    expect(await run(`share ${id} --account 21`)).toMatchObject({ exit: 2, err: expect.stringContaining('--account') });
  });

  it('create: of what is in the bucket, once for the same object', async () => {
    const { run, id } = await image();
    const made = await run('create a.Developer_CL.tar --bucket dcp --json');
    expect([made.exit, made.json().image.id]).toEqual([0, id]);
    expect(await run('create absent.tar --bucket dcp')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('there is no s3://dcp/absent.tar'),
    });
    expect((await run('create a.Developer_CL.tar --bucket dcp --name other --wait --json')).json().image).toMatchObject(
      { name: 'other', state: 'available' },
    );
  });

  it('objects and get: a log, whole or not at all', async () => {
    const { run, folder } = await image();
    const { objects } = (await run('objects --bucket dcp --prefix logs/ --json')).json() as {
      objects: { key: string; size: number }[];
    };
    const log = objects.find(({ key }) => key.includes('vivado'))!;
    expect((await run(`get ${log.key} --bucket dcp --output vivado.log`)).exit).toBe(0);
    expect(readFileSync(join(folder, 'vivado.log'), 'utf8')).toContain('write_bitstream completed');
    expect(await run(`get ${log.key} --bucket dcp --output vivado.log`)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('is there already'),
    });
    expect(await run('get absent --bucket dcp')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('there is no s3://dcp/absent'),
    });
  });
});

describe('fpga uploads', () => {
  it('lists what was begun and not ended, and removes it after a yes', async () => {
    const { run, store, clock } = await start();
    const id = await store().begin('half');
    await store()
      .putPart({ key: 'half', id }, 1, new Uint8Array(1_000), { checksum: BigInt(2_994_711_217) })
      .catch(() => undefined);
    clock.advance(2 * 86_400_000);
    await store().begin('young');
    expect((await run('uploads --bucket dcp --json')).json().uploads).toMatchObject([
      { key: 'half', ageSeconds: 172_800 },
      { key: 'young', parts: 0 },
    ]);
    expect((await run('uploads --bucket dcp --older 1d --abort')).exit).toBe(2);
    expect((await run('uploads --bucket dcp --older 1d --abort --yes')).out).toContain('1 removed');
    expect((await store().uploads('')).map(({ key }) => key)).toEqual(['young']);
    expect((await run('uploads --bucket dcp --prefix none')).out).toContain('no incomplete uploads');
    expect(await run('uploads --bucket dcp --older soon')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--older'),
    });
  });
});
