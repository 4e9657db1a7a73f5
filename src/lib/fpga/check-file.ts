import { createHash } from 'node:crypto';
import { Parser, type ReadEntry } from 'tar';
import { usageError } from '../core/errors.ts';
import type { CloudName } from '../core/fpga.ts';
import type { SourceFile } from '../core/objects.ts';
import { parseManifest } from '../domain/fpga/manifest.ts';

/**
 * What a file for an FPGA is: a DCP tarball (AWS), an Intel bitstream (.gbs), or a tar of Xilinx's (xclbin or DCP,
 * FaaS).
 */
export interface FpgaFile {
  readonly kind: 'dcp' | 'gbs' | 'xilinx-tar';
  readonly size: number;
  /** Of the manifest; only DCP tarballs have one. */
  readonly shell: string | null;
}

/** OPAE's "XeonFPGA·GBSv001", with which every green bitstream begins. */
const GBS = Uint8Array.from([
  0x58, 0x65, 0x6f, 0x6e, 0x46, 0x50, 0x47, 0x41, 0xb7, 0x47, 0x42, 0x53, 0x76, 0x30, 0x30, 0x31,
]);
/** `ustar` stands at byte 257 of a tar header (POSIX 1003.1, and GNU tar alike). */
const USTAR_AT = 257;
const HEADER = 512;
const CHUNK = 2 ** 20;
/** A manifest is a dozen lines. */
const MOST_MANIFEST = 65_536;

const wrong = (source: SourceFile, message: string, next: string, more: readonly string[] = []) =>
  usageError(message, { field: source.path, next, more });

const HDK = "build it with the HDK's aws_build_dcp_from_cl.py, and give the .Developer_CL.tar of build/checkpoints";

/**
 * Refuses what the cloud would refuse half an hour later. Reads the file once where it is a tarball. Throws usage
 * errors that name what is wrong.
 */
export const checkFile = async (source: SourceFile, cloud: CloudName): Promise<FpgaFile> => {
  const { size } = source;
  if (size === 0) throw wrong(source, 'is empty', 'build it again');
  const head = new Uint8Array(Math.min(size, HEADER));
  await source.read(0, head);
  const starts = (magic: Uint8Array, at = 0): boolean => magic.every((byte, index) => head[at + index] === byte);
  if (starts(GBS)) {
    if (cloud === 'aws') throw wrong(source, "is a .gbs of Intel's, which EC2 has no boards for", HDK);
    return { kind: 'gbs', size, shell: null };
  }
  if (starts(new TextEncoder().encode('xclbin2')))
    throw wrong(
      source,
      'is a bare xclbin',
      cloud === 'aws'
        ? 'make its tarball with create_vitis_afi.sh'
        : 'give the tar that the packaging script makes of it',
    );
  if (head[0] === 0x1f && head[1] === 0x8b)
    throw wrong(source, 'is compressed', 'unpack it with gunzip: the service takes a plain tar');
  if (!starts(new TextEncoder().encode('ustar'), USTAR_AT))
    throw wrong(
      source,
      'is no tar and no .gbs',
      cloud === 'aws' ? HDK : 'give the .gbs (Intel) or the tar of the packaging script (Xilinx)',
    );
  const found = await readTar(source);
  if (cloud === 'aliyun') {
    if (found.names.some((name) => /\.(xclbin|dcp)$/.test(name))) return { kind: 'xilinx-tar', size, shell: null };
    throw wrong(source, 'has neither an .xclbin nor a .dcp in it', 'give the tar of the packaging script');
  }
  return { kind: 'dcp', size, shell: dcpShell(source, found) };
};

interface TarContent {
  readonly names: readonly string[];
  readonly manifests: ReadonlyMap<string, string>;
  /** SHA-256 by name of the file, without its folder. */
  readonly hashes: ReadonlyMap<string, string>;
}

const dcpShell = (source: SourceFile, { manifests, hashes, names }: TarContent): string => {
  const [entry, ...others] = manifests;
  if (entry === undefined) throw wrong(source, 'has no *manifest.txt in it', HDK);
  if (others.length > 0)
    throw wrong(source, `has ${manifests.size} manifests in it`, 'build it again in an empty to_aws folder');
  const [name, text] = entry;
  const manifest = parseManifest(text);
  if (!('hash' in manifest)) throw wrong(source, `${name}: ${manifest[0]}`, HDK, manifest.slice(1));
  const hash = hashes.get(manifest.dcp);
  if (hash === undefined)
    throw wrong(source, `has no ${manifest.dcp}, which its manifest names`, HDK, [
      `in it: ${names.slice(0, 5).join(', ')}`,
    ]);
  if (hash !== manifest.hash)
    throw wrong(
      source,
      `${manifest.dcp} is not the one its manifest tells of (SHA-256 ${hash})`,
      'build it again: the DCP changed after its manifest was written',
    );
  return manifest.shell;
};

const readTar = async (source: SourceFile): Promise<TarContent> => {
  const names: string[] = [];
  const manifests = new Map<string, string>();
  const hashes = new Map<string, string>();
  let problem: string | undefined;
  const onReadEntry = (entry: ReadEntry): void => {
    const name = entry.path.split('/').at(-1) ?? '';
    names.push(entry.path);
    if (/manifest\.txt$/.test(name) && entry.size <= MOST_MANIFEST) {
      let text = '';
      entry.on('data', (chunk: Buffer) => void (text += chunk.toString('utf8')));
      entry.on('end', () => void manifests.set(name, text));
    } else if (name.endsWith('.dcp')) {
      const hash = createHash('sha256');
      entry.on('data', (chunk: Buffer) => void hash.update(chunk));
      entry.on('end', () => void hashes.set(name, hash.digest('hex')));
    } else entry.resume();
  };
  const parser = new Parser({
    strict: true,
    onReadEntry,
    onwarn: (_code, message) => void (problem ??= String(message)),
  });
  parser.on('error', (error: Error) => void (problem ??= error.message));
  const chunk = Buffer.alloc(Math.min(source.size, CHUNK));
  for (let at = 0; at < source.size && problem === undefined; at += CHUNK) {
    // A buffer of its own: what the parser has not handed on yet must not change under it.
    const bytes = at === 0 ? chunk : Buffer.alloc(Math.min(CHUNK, source.size - at));
    await source.read(at, bytes);
    if (!parser.write(bytes))
      await new Promise<void>((resolve) => (parser.once('drain', resolve), parser.once('error', () => resolve())));
  }
  if (problem === undefined) {
    await new Promise<void>((resolve) => {
      parser.on('end', resolve);
      parser.on('error', () => resolve());
      parser.end();
    });
  }
  if (problem !== undefined)
    throw wrong(source, `is a tar that can't be read: ${problem.slice(0, 120)}`, 'build or copy it again');
  return { names, manifests, hashes };
};
