import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { libreswan } from '../../scripts/libreswan.mjs';
import { files } from '../../src/lib/adapters/files.ts';
import type { RenderedFile } from '../../src/lib/render/types.ts';

const exec = promisify(execFile);

/** What a tool of Libreswan's said; `ok` is its exit status. */
export interface Verdict {
  readonly ok: boolean;
  readonly said: string;
}

const run = async (tool: 'addconn' | 'algparse', args: readonly string[]): Promise<Verdict> => {
  const { env, ...tools } = libreswan();
  try {
    const { stdout, stderr } = await exec(tools[tool], [...args], { env: { ...process.env, ...env } });
    return { ok: true, said: `${stdout}${stderr}` };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, said: `${stdout}${stderr}` };
  }
};

/**
 * `addconn --checkconfig` on a box's `etc/ipsec.conf`, read from a folder of its own: the include line is the one thing
 * changed, so that it finds the connections there. `said` names each connection that was loaded.
 */
export const checkConfig = async (rendered: readonly RenderedFile[]): Promise<Verdict> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyr-libreswan-'));
  try {
    await files.write(
      rendered
        .filter(({ path }) => path.startsWith('etc/ipsec'))
        .map(({ path, content, mode }) => ({
          path: join(folder, path),
          mode,
          content: content.replaceAll('include /etc/', `include ${folder}/etc/`),
        })),
    );
    return await run('addconn', ['--config', join(folder, 'etc/ipsec.conf'), '--checkconfig', '--verbose']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** pluto's own judgement of `ike=` and `phase2alg=`, which `addconn --checkconfig` does not look into. */
export const checkAlgorithms = async (connection: string): Promise<readonly Verdict[]> => {
  const value = (key: string): string => new RegExp(`^\\s+${key}=(.*)$`, 'm').exec(connection)?.[1] ?? '';
  const version = value('ikev2') === 'insist' ? '-v2' : '-v1';
  return Promise.all([
    run('algparse', [version, `ike=${value('ike')}`]),
    run('algparse', [version, ...(value('pfs') === 'yes' ? ['-pfs'] : []), `esp=${value('phase2alg')}`]),
  ]);
};
