import { isOpenToOthers } from '../domain/file-mode.ts';
import type { Files, FileToWrite } from '../core/ports.ts';

/**
 * Statements of the files we render whose value is a key: IOS, ASA, FRR, swanctl.conf, ipsec.secrets, Libreswan. What
 * stands behind the word goes, whatever it is.
 */
const KEYED = /\b(key|psk|secret|password|passphrase|pin|pre-shared-key|local-key|md5)\b(?=[\s:="']).*$/i;
/** Base64 of a certificate or a key. */
const BASE64 = /^\s*[A-Za-z0-9+/=]{32,}\s*$/;
const HIDDEN = '(not shown)';

/** The text without its keys. */
const withoutKeys = (text: string): string =>
  text
    .split('\n')
    .map((line) => (BASE64.test(line) ? HIDDEN : line.replace(KEYED, `$1 ${HIDDEN}`)))
    .join('\n');

/** What a write would change in a file, as a unified diff; '' where nothing that may be shown. */
export interface FileDiff {
  readonly path: string;
  readonly diff: string;
}

/**
 * Unified diffs (POSIX diff -u, three lines of context) of files against what is on disk. Of files that only their
 * owner may read the keys are left out; where nothing else differs the diff says so.
 */
export const diffsOf = async (
  files: Pick<Files, 'read'>,
  pending: readonly Pick<FileToWrite, 'path' | 'content' | 'mode'>[],
): Promise<readonly FileDiff[]> => {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import('diff');
  return Promise.all(
    pending.map(async ({ path, content, mode }) => {
      const there = await files.read(path);
      const shown = (text: string): string => (isOpenToOthers(mode) ? text : withoutKeys(text));
      const [before, after] = [shown(there ?? ''), shown(content)];
      if (there !== undefined && before === after)
        return { path, diff: `--- ${path}\n+++ ${path}\n(only keys differ, which are not shown)\n` };
      return {
        path,
        diff: createTwoFilesPatch(there === undefined ? '/dev/null' : path, path, before, after, undefined, undefined, {
          context: 3,
          headerOptions: FILE_HEADERS_ONLY,
        }),
      };
    }),
  );
};
