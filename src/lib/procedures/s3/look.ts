import askScript from '../../../../templates/s3/ask.sh?raw';
import type { ReadContext } from '../../core/procedure.ts';
import { engineOf, mountAt, parseMountinfo, type Mounted } from '../../domain/s3/mounts.ts';

export type Where = Pick<ReadContext, 'shell' | 'files'>;

/**
 * `dead`: its daemon is gone (ENOTCONN, or ECONNABORTED while it ends). `hung`: its daemon answers nothing. `silent`:
 * the daemon lives, and S3 does not answer through it. `refused`: S3 refuses. `other`: something else is mounted there.
 */
export type MountState = 'ok' | 'dead' | 'hung' | 'silent' | 'refused' | 'other' | 'absent';

export interface MountLook {
  readonly state: MountState;
  readonly mounted: Mounted | undefined;
  /** In the kernel's words, where it is not ok. */
  readonly why: string | null;
}

export const mountsOf = async ({ files }: Pick<Where, 'files'>): Promise<readonly Mounted[]> =>
  parseMountinfo((await files.read('/proc/self/mountinfo')) ?? '');

/** The kernel's word at the end of what stat(1) says. */
const wordOf = (line: string): string => /: ([^:]+)$/.exec(line)?.[1] ?? line;

/** Longest wait for both answers, in fiftieths of a second: a dead mount is told within a second. */
const TURNS = 45;

/**
 * Asks a mount for a sign of life; never waits longer than a second, whatever its daemon does. @param nonce a name
 * nobody has.
 */
export const lookAtMount = async (
  where: Where,
  directory: string,
  nonce: string,
  mounts?: readonly Mounted[],
  turns = TURNS,
): Promise<MountLook> => {
  const mounted = mountAt(mounts ?? (await mountsOf(where)), directory);
  if (mounted === undefined) return { state: 'absent', mounted, why: 'not mounted' };
  if (engineOf(mounted) === undefined)
    return { state: 'other', mounted, why: `a file system of type ${mounted.type} is mounted there` };
  const { stdout } = await where.shell.run('sh', [
    '-c',
    askScript,
    'ask',
    directory,
    `.hybridctl-${nonce}`,
    String(turns),
  ]);
  const [root, name] = stdout.split('\n').filter((line) => line !== '');
  if (root === undefined) return { state: 'hung', mounted, why: 'its daemon does not answer' };
  if (root !== 'there') return { state: 'dead', mounted, why: wordOf(root) };
  if (name === undefined) return { state: 'silent', mounted, why: 'S3 does not answer through it' };
  if (/not connected|connection abort/i.test(name)) return { state: 'dead', mounted, why: wordOf(name) };
  if (/No such file/.test(name)) return { state: 'ok', mounted, why: null };
  // Nobody has a file of this name. s3fs since 1.90 shows one of 0 bytes that nobody may read where S3 refuses HEAD.
  if (/^there 0 0$/.test(name)) return { state: 'refused', mounted, why: 'S3 refuses the key: access denied' };
  if (/^there /.test(name))
    return { state: 'silent', mounted, why: 'what answers through it is not S3: it has a file of any name' };
  return { state: /not permitted|denied/i.test(name) ? 'refused' : 'silent', mounted, why: wordOf(name) };
};
