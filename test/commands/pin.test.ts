import { describe, expect, it } from 'vitest';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

const SITE = { 'hybridctl.yaml': fixture('lab') };
const FILE = '/var/lib/hybridctl/demo.pins.json';
const A = 'rtb-0468f52220000000a';

describe('route pin and unpin', () => {
  it('keep one readable file, table by table', async () => {
    const pinned = await run('route pin --table private-1 --table private-2 --to vpn-b --json', { files: SITE });
    expect([pinned.exit, pinned.json().pins]).toEqual([
      0,
      [
        { table: { id: A, name: 'private-1' }, name: 'private-1', link: 'vpn-b' },
        { table: { id: 'rtb-04b8f522f0000000b', name: 'private-2' }, name: 'private-2', link: 'vpn-b' },
      ],
    ]);
    expect(pinned.files[FILE]?.mode).toBe(0o644);
    const left = await run('route unpin --table private-2', { files: { ...SITE, [FILE]: pinned.files[FILE]! } });
    expect([left.exit, left.out]).toEqual([0, 'private-1 is pinned to vpn-b\n']);
    expect(JSON.parse(left.files[FILE]!.content)).toEqual({ version: 1, pins: { [A]: 'vpn-b' } });
    const cloud = await testCloud(fixture('lab'));
    expect((await cloud.run('route status', { files: { [FILE]: left.files[FILE]! } })).out).toContain(
      'private-1 is pinned to vpn-b',
    );
  });

  it.each([
    ['route pin --to dx-1', '--table'],
    ['route pin --table private-1', '--to'],
    ['route pin --table nowhere --to dx-1', '--table'],
    ['route pin --table private-1 --to nothing', '--to'],
    ['route unpin', '--table'],
    ['route monitor --self gw-9', '--self'],
    ['route monitor --profile fast', '--profile: is the AWS profile now: for the detector write --detector fast'],
    ['route monitor --profile default', '--detector default; the AWS profile "default" is used without a flag'],
    ['route monitor --aws-profile ops', '--profile'],
    ['route monitor --bfd a b', 'b'],
  ])('%s is refused, naming %s', async (line, field) => {
    const { exit, err } = await run(line, { files: SITE });
    expect([exit, err]).toEqual([2, expect.stringContaining(field)]);
  });

  it('AWS_PROFILE never meant the detector', async () => {
    const ran = await run('route monitor --self gw-9', { files: SITE, env: { AWS_PROFILE: 'default' } });
    expect([ran.exit, ran.err]).toEqual([2, expect.stringContaining('--self')]);
  });

  it('a pin file that is not ours is not overwritten', async () => {
    const { exit, files } = await run('route pin --table private-1 --to dx-1', {
      files: { ...SITE, [FILE]: '<html>' },
    });
    expect([exit, files[FILE]?.content]).toEqual([1, '<html>']);
  });
});
