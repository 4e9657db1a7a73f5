import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSource } from '../../../src/lib/adapters/source.ts';
import type { CloudName } from '../../../src/lib/core/fpga.ts';
import { parseManifest } from '../../../src/lib/domain/fpga/manifest.ts';
import { checkFile } from '../../../src/lib/fpga/check-file.ts';
import { writeDcp, type DcpOptions } from '../../helpers/dcp.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hybridctl-'));
  file = join(folder, 'design');
});
afterEach(() => rmSync(folder, { recursive: true }));

const check = async (cloud: CloudName = 'aws') => {
  const source = await openSource(file);
  try {
    return await checkFile(source, cloud);
  } finally {
    await source.close();
  }
};
const GBS = Buffer.concat([Buffer.from('58656f6e46504741b747425376303031', 'hex'), Buffer.alloc(1_000)]);

describe('a design for an FPGA', () => {
  it('is a DCP tarball whose manifest holds', async () => {
    await writeDcp(file);
    expect(await check()).toMatchObject({ kind: 'dcp', shell: '0x10212415' });
  });

  it('of several megabytes, read in pieces', async () => {
    await writeDcp(file, { dcp: Buffer.concat([Buffer.from('PK'), Buffer.alloc(5_000_003, 7)]) });
    expect(await check()).toMatchObject({ kind: 'dcp' });
  });

  it.each<readonly [string, DcpOptions, string]>([
    ['no manifest', { withoutManifest: true }, 'has no *manifest.txt'],
    ['no DCP', { withoutDcp: true }, 'which its manifest names'],
    ['another DCP', { fields: { dcp_hash: 'a'.repeat(64) } }, 'is not the one its manifest tells of'],
    ['a field too few', { fields: { shell_version: undefined } }, 'shell_version is missing'],
    ['no tool version in format 2', { fields: { tool_version: undefined } }, 'tool_version is missing'],
    ['a clock nobody has', { fields: { clock_recipe_b: 'B9' } }, 'clock_recipe_b=B9: must be B0 to B5'],
    [
      'a zero subsystem',
      { fields: { pci_subsystem_id: '0x0000' } },
      'pci_subsystem_id=0x0000: must be like 0x1D51, and not zero',
    ],
    ['a path for a name', { fields: { dcp_file_name: '../x.dcp' } }, 'must name a .dcp file'],
  ])('%s', async (_, options, message) => {
    await writeDcp(file, options);
    await expect(check()).rejects.toMatchObject({ exit: 2, field: file, message: expect.stringContaining(message) });
  });

  it.each<readonly [string, Uint8Array | string, CloudName, string]>([
    ['empty', '', 'aws', 'is empty'],
    ['a text', 'hello', 'aws', 'is no tar and no .gbs'],
    ['compressed', Buffer.from([0x1f, 0x8b, 8, 0]), 'aws', 'is compressed'],
    ['a .gbs for EC2', GBS, 'aws', "is a .gbs of Intel's"],
    ['a bare xclbin', 'xclbin2\0 and more', 'aliyun', 'is a bare xclbin'],
  ])('%s is refused', async (_, content, cloud, message) => {
    writeFileSync(file, content);
    await expect(check(cloud)).rejects.toMatchObject({ exit: 2, message: expect.stringContaining(message) });
  });

  it('is a .gbs, or a tar of Xilinx, for FaaS', async () => {
    writeFileSync(file, GBS);
    expect(await check('aliyun')).toEqual({ kind: 'gbs', size: 1_016, shell: null });
    writeFileSync(join(folder, 'a.xclbin'), 'xclbin2');
    await create({ file, cwd: folder }, ['a.xclbin']);
    expect(await check('aliyun')).toMatchObject({ kind: 'xilinx-tar' });
    writeFileSync(join(folder, 'a.txt'), 'x');
    await create({ file, cwd: folder }, ['a.txt']);
    await expect(check('aliyun')).rejects.toMatchObject({ message: expect.stringContaining('has neither') });
  });

  it('that was cut short on its way is told from a whole one', async () => {
    await writeDcp(file, { dcp: Buffer.alloc(100_000, 1) });
    truncateSync(file, 60_000);
    await expect(check()).rejects.toMatchObject({ exit: 2, message: expect.stringContaining("can't be read") });
  });

  it('must be there, and a file', async () => {
    await expect(check()).rejects.toMatchObject({ exit: 2, message: 'there is no such file' });
    await expect(openSource(folder)).rejects.toMatchObject({ message: 'is no regular file' });
  });
});

describe('manifest', () => {
  it('tells all that is wrong at once', () => {
    expect(parseManifest('manifest_format_version=3\nnonsense\nclock_recipe_a=Z\n')).toEqual([
      'line 2 is no key=value',
      ...[
        'pci_vendor_id',
        'pci_device_id',
        'pci_subsystem_id',
        'pci_subsystem_vendor_id',
        'dcp_hash',
        'shell_version',
        'dcp_file_name',
      ].map((key) => `${key} is missing`),
      'manifest_format_version=3: must be 1 or 2',
      'clock_recipe_a=Z: must be A0 to A2',
    ]);
  });
});
