import { createHash } from 'node:crypto';
import { parseManifest } from '../../../domain/fpga/manifest.ts';
import type { ObjectState } from '../s3/state.ts';

/**
 * What becomes of a build: its error as EC2 words it (aws-fpga, hdk/docs/create_fpga_image_error_codes.md), and
 * Vivado's log.
 */
export interface Build {
  /** undefined: it succeeds. */
  readonly error: string | undefined;
  readonly shell: string | undefined;
  readonly pci: Readonly<Record<'vendor' | 'device' | 'subsystem' | 'subsystemVendor', string>> | undefined;
  readonly log: string | undefined;
}

/** Small shell of F2, and the last one of F1. */
const SHELLS = ['0x10212415', '0x04261818'];

const failed = (error: string, log?: string): Build => ({ error, shell: undefined, pci: undefined, log });

/** Files of a ustar archive; undefined where it is none. */
const untar = (body: Buffer): ReadonlyMap<string, Buffer> | undefined => {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= body.length; ) {
    const header = body.subarray(at, at + 512);
    if (header.every((byte) => byte === 0)) break;
    if (header.toString('latin1', 257, 262) !== 'ustar') return undefined;
    const size = parseInt(header.toString('latin1', 124, 136), 8);
    if (!(size >= 0) || at + 512 + size > body.length) return undefined;
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
    files.set(name.split('/').at(-1)!, body.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files.size === 0 ? undefined : files;
};

/**
 * Judges the tarball as EC2 would, half an hour before it says so. A checkpoint is a zip with an encrypted netlist in
 * it.
 */
export const judge = (objects: ObjectState, bucket: string, key: string, region: string): Build => {
  const input = objects.buckets.get(bucket)?.region === region ? objects.object(bucket, key) : undefined;
  if (input === undefined)
    return failed(
      'INACCESSIBLE_INPUT: Error accessing resource in S3. Check permissions, naming, and ensure the bucket is within the same region as the API endpoint.',
    );
  if (input.body.length === 0) return failed('INPUT_SIZE_ILLEGAL: Input file size is not valid');
  const files = untar(input.body);
  if (files === undefined) return failed('CORRUPT_ARCHIVE: Failed to parse the input tarball archive');
  const manifest = [...files].find(([name]) => name.endsWith('manifest.txt'))?.[1].toString('utf8');
  if (manifest === undefined) return failed('MANIFEST_NOT_FOUND: No manifest file was found.');
  const parsed = parseManifest(manifest);
  if (!('hash' in parsed))
    return failed(
      `${parsed.some((line) => line.startsWith('clock_')) ? 'CLK_ILLEGAL: Provided clocks configuration is illegal.' : 'MANIFEST_PARSE_FAILED: Parsing the manifest file failed.'}`,
    );
  const dcp = files.get(parsed.dcp);
  if (dcp === undefined) return failed('DCP_NOT_FOUND: No DCP file was found with the supplied filename.');
  if (createHash('sha256').update(dcp).digest('hex') !== parsed.hash)
    return failed('DCP_INTEGRITY_UNVERIFIED: The DCP integrity SHA-256 hash does not match the provided DCP');
  if (!SHELLS.includes(parsed.shell)) return failed('SHELL_VERSION_INVALID: The Shell Version provided is invalid');
  if (dcp.toString('latin1', 0, 2) !== 'PK') {
    return failed(
      'DCP_CORRUPT: Could not parse the input DCP. The DCP files seems to be corrupt',
      [
        `INFO: [Common 17-206] reading ${parsed.dcp}`,
        `ERROR: [Project 1-30] Failed to open checkpoint ${parsed.dcp}: it is not a zip archive.`,
        'ERROR: [Common 17-39] open_checkpoint failed due to earlier errors.',
        'INFO: [Common 17-206] Exiting Vivado',
        '',
      ].join('\n'),
    );
  }
  const field = (name: string): string =>
    new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(manifest)?.[1]?.toLowerCase() ?? '';
  return {
    error: undefined,
    shell: parsed.shell,
    pci: {
      vendor: field('pci_vendor_id'),
      device: field('pci_device_id'),
      subsystem: field('pci_subsystem_id'),
      subsystemVendor: field('pci_subsystem_vendor_id'),
    },
    log: 'INFO: [Common 17-206] write_bitstream completed successfully\n',
  };
};
