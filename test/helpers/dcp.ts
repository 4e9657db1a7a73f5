import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';

export interface DcpOptions {
  /** In place of the manifest's own fields; undefined leaves one out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly dcp?: Uint8Array | string;
  readonly withoutManifest?: boolean;
  readonly withoutDcp?: boolean;
}

const TAG = '2026_11_20-101500';

/**
 * Writes a design's tarball as aws_build_dcp_from_cl.py does: `to_aws/TAG.manifest.txt` and
 * `to_aws/TAG.SH_CL_routed.dcp`.
 */
export const writeDcp = async (
  file: string,
  { fields = {}, dcp = 'PK\u0003\u0004 a checkpoint', withoutManifest = false, withoutDcp = false }: DcpOptions = {},
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-dcp-'));
  const inside = join(folder, 'to_aws');
  mkdirSync(inside);
  const name = `${TAG}.SH_CL_routed.dcp`;
  const all: Record<string, string | undefined> = {
    pci_vendor_id: '0x1D0F',
    pci_device_id: '0xF000',
    pci_subsystem_id: '0x1D51',
    pci_subsystem_vendor_id: '0xFEDD',
    manifest_format_version: '2',
    dcp_hash: createHash('sha256').update(dcp).digest('hex'),
    shell_version: '0x10212415',
    hdk_version: '2.0.0',
    tool_version: 'v2024.1',
    date: TAG,
    clock_recipe_a: 'A1',
    clock_recipe_b: 'B2',
    clock_recipe_c: 'C0',
    clock_recipe_hbm: 'H2',
    dcp_file_name: name,
    ...fields,
  };
  if (!withoutManifest)
    writeFileSync(
      join(inside, `${TAG}.manifest.txt`),
      Object.entries(all)
        .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`]))
        .join(''),
    );
  if (!withoutDcp) writeFileSync(join(inside, name), dcp);
  await create({ file, cwd: folder }, ['to_aws']);
  rmSync(folder, { recursive: true });
};
