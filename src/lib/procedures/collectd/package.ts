import { usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import type { PluginPackage } from './plugin.ts';
import { absolute } from '../../site/file.ts';

/** The plugin's archive has 60 kB; what is much larger is something else. */
const LIMIT = 5 << 20;
const URL = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?\/[A-Za-z0-9._/-]{1,300}$/;

/**
 * The package that was given: an address for the host to fetch, or the file's bytes to be sent along. @throws usage
 * error
 */
export const packageOf = async (
  ports: Pick<Ports, 'source' | 'cwd'>,
  given: { readonly package: string | undefined; readonly sha256: string | undefined },
): Promise<PluginPackage | undefined> => {
  if (given.package === undefined || given.sha256 === undefined) return undefined;
  if (/^[a-z0-9]+:\/\//.test(given.package)) {
    if (!URL.test(given.package)) throw usageError('is no https address without a query', { field: '--package' });
    return { sha256: given.sha256, url: given.package, base64: undefined };
  }
  const file = await ports.source(absolute(ports.cwd, given.package));
  try {
    if (file.size > LIMIT) throw usageError('is larger than 5 MiB: no archive of the plugin', { field: '--package' });
    const bytes = new Uint8Array(file.size);
    await file.read(0, bytes);
    return { sha256: given.sha256, url: undefined, base64: Buffer.from(bytes).toString('base64') };
  } finally {
    await file.close();
  }
};
