import { usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { lintWhitelist } from '../../domain/collectd/whitelist-lint.ts';
import { readWhitelist, WHITELIST_LIMIT, type Whitelist } from '../../domain/collectd/whitelist.ts';
import { absolute } from '../../site/file.ts';

/** Where the plugin has its files on a host. */
export const PLUGIN_CONFIG = '/opt/collectd-plugins/cloudwatch/config';

/** @returns undefined where there is no such file. @throws usage error where it is no text. */
export const readList = async (
  { files, cwd }: Pick<Ports, 'files' | 'cwd'>,
  file: string,
): Promise<string | undefined> => {
  const content = await files.read(file === '-' ? '/dev/stdin' : absolute(cwd, file), WHITELIST_LIMIT);
  if (content?.includes('\0') === true || content?.includes('\ufffd') === true)
    throw usageError('is no text file', { field: file });
  return content;
};

export const loadWhitelist = async (
  ports: Pick<Ports, 'files' | 'cwd'>,
  file: string,
  options: { readonly passThrough?: boolean } = {},
): Promise<Whitelist> => {
  const content = await readList(ports, file);
  if (content === undefined)
    throw usageError('no such file', {
      field: file,
      next: 'make it with "collectd whitelist add memory", or name another with --file',
    });
  return readWhitelist(content, options);
};

/** @throws usage error naming the first line with trouble. */
export const lintedWhitelist = async (ports: Parameters<typeof readList>[0], file: string): Promise<string> => {
  const content = await readList(ports, file);
  if (content === undefined) throw usageError('no such file', { field: file });
  const errors = lintWhitelist(readWhitelist(content)).filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first !== undefined)
    throw usageError(first.message, {
      field: `${file}:${first.line}`,
      more: errors.slice(1).map(({ line, message }) => `${file}:${line}: ${message}`),
      next: first.fix,
    });
  return content;
};
