import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { shell } from '../../src/lib/adapters/shell.ts';
import { BUILD_MS, fpgaWorld } from '../helpers/fpga.ts';

const folders: string[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true }));
});

/**
 * Stand-ins that keep what was loaded in a file and print as aws-fpga's tools do (its fpga_mgmt_tools/README.md); slot
 * 7 is empty.
 */
const installTools = (): void => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-fpga-tools-'));
  folders.push(folder);
  const show = `i=$(cat ${folder}/slot-$2 2>/dev/null); [ "$2" = 7 ] && { echo "Error: (16) invalid-afi-cmd-slot" >&2; exit 16; }; printf 'AFI          %s       %s  %s            0        ok               0       0x10212415\\nAFIDEVICE    %s       0x1d0f      0x9048      0000:34:00.0\\n' "$2" "\${i:-No AFI}" "$([ -n "$i" ] && echo loaded || echo cleared)" "$2"`;
  writeFileSync(join(folder, 'fpga-describe-local-image'), `#!/bin/sh\n${show}\n`, { mode: 0o755 });
  writeFileSync(
    join(folder, 'fpga-load-local-image'),
    `#!/bin/sh\n[ "$3" = -I ] || exit 2\necho "$4" > ${folder}/slot-$2\n${show}\n`,
    { mode: 0o755 },
  );
  // For who is not root: the tools are run by sudo.
  writeFileSync(join(folder, 'sudo'), '#!/bin/sh\n[ "$1" = -n ] || exit 1\nshift\nexec "$@"\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
};

describe('boards of AWS', () => {
  it('are loaded by the global id, and tell what they have', async () => {
    const { run, cloud, store, clock } = await fpgaWorld({ shell });
    installTools();
    expect((await run('status --json')).json().board).toEqual({
      board: '0',
      device: '0000:34:00.0',
      image: null,
      shell: '0x10212415',
      state: 'cleared',
      error: null,
    });
    expect((await run('load agfi-0925b211f5a81b071 --board 3 --json')).json().board).toMatchObject({
      board: '3',
      image: 'agfi-0925b211f5a81b071',
      state: 'loaded',
    });
    expect((await run('status --board 3')).out).toContain('agfi-0925b211f5a81b071');
    await store().put('x', new Uint8Array(1));
    const { id } = (await run('create x --bucket dcp --json')).json().image;
    expect(await run(`load ${id}`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining(`next: hybridctl fpga wait ${id}`),
    });
    clock.advance(BUILD_MS);
    expect(await run(`load ${id}`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('is failed: only an available image can be loaded'),
    });
    expect((await cloud.calls()).filter((call) => call.startsWith('DescribeFpgaImages')).length).toBeGreaterThan(1);
  });

  it('tell what is wrong: no tools, no such slot, a flag of the other cloud', async () => {
    const { run } = await fpgaWorld({ shell });
    expect(await run('status')).toMatchObject({
      exit: 4,
      err: expect.stringContaining('fpga-describe-local-image is not there'),
    });
    installTools();
    expect(await run('status --board 7')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('invalid-afi-cmd-slot'),
    });
    expect(await run('status --board 8')).toMatchObject({ exit: 2, err: expect.stringContaining('--board') });
    expect(await run('status --instance i-1')).toMatchObject({ exit: 2, err: expect.stringContaining('is for FaaS') });
    expect(await run('load nonsense')).toMatchObject({ exit: 2, err: expect.stringContaining('is not an image id') });
  });
});

describe('fpga instances', () => {
  it('are those with FPGAs, and no others', async () => {
    const { run, cloud } = await fpgaWorld();
    expect((await run('instances')).out).toContain('no instances with FPGAs');
    const aws = cloud.aws();
    const [subnet] = (await aws.ask('ec2', 'DescribeSubnets', {})).Subnets ?? [];
    const [image] = (await aws.ask('ec2', 'DescribeImages', { Owners: ['amazon'] })).Images ?? [];
    await aws.ask('ec2', 'RunInstances', {
      ImageId: image!.ImageId,
      InstanceType: 'f2.12xlarge',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnet!.SubnetId,
    });
    expect((await run('instances --json')).json().instances).toMatchObject([{ type: 'f2.12xlarge', boards: null }]);
    expect((await run('instances --instance i-0e1466e8a5dd4892c --json')).json().instances).toMatchObject([
      { id: 'i-0e1466e8a5dd4892c', type: 't3.medium' },
    ]);
  });
});
