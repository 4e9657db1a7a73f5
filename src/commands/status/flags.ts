import { list, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { addressNumber } from '../../lib/domain/cidr.ts';
import type { WebOptions } from '../../lib/status/serve.ts';

/** No service is registered there (IANA, 2025). */
const PORT = 8_642;

export const WEB_FLAGS: readonly Flag[] = [
  {
    flags: '--listen <address>',
    summary: `with --web: address, port or both (default: 127.0.0.1:${PORT})`,
    env: 'HYBRIDCTL_STATUS_LISTEN',
  },
  {
    flags: '--token-file <file>',
    summary: 'with --web: file of mode 0600 with the token that a reader must have; made where it is not there',
  },
  {
    flags: '--name <host...>',
    summary: 'with --web: names by which browsers may call this machine, besides its addresses',
  },
];

/** `8642`, `172.16.1.157`, `172.16.1.157:8642`, `[::1]:8642`. */
const parseListen = (given: string): Pick<WebOptions, 'host' | 'port'> => {
  const [, address, port, alone] =
    /^(?:(\d+(?:\.\d+){3}|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?|(\d{1,5}))$/.exec(given) ?? [];
  const host = (address ?? '127.0.0.1').replace(/[[\]]/g, '');
  const number = Number(alone ?? port ?? PORT);
  if (
    (address ?? alone) === undefined ||
    number > 65_535 ||
    (!host.includes(':') && addressNumber(host) === undefined)
  ) {
    throw usageError(`"${given.slice(0, 60)}" is neither an address nor a port`, {
      field: '--listen',
      next: 'write it like 172.16.1.157:8642 or 8642',
    });
  }
  return { host, port: number };
};

const isLoopback = (host: string): boolean => host.startsWith('127.') || host === '::1';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** @returns undefined without --web */
export const parseWeb = (raw: Raw, web: boolean): WebOptions | undefined => {
  const [listen, tokenFile, names] = [text(raw, 'listen'), text(raw, 'tokenFile'), list(raw, 'name')];
  if (!web) {
    if (tokenFile !== undefined || names.length > 0)
      throw usageError('belongs to --web', { field: tokenFile === undefined ? '--name' : '--token-file' });
    return undefined;
  }
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw usageError(`"${wrong.slice(0, 60)}" is not a host name`, { field: '--name' });
  const where = parseListen(listen ?? String(PORT));
  if (!isLoopback(where.host) && tokenFile === undefined)
    throw usageError(`${where.host} can be reached from other machines, so readers need a token`, {
      field: '--token-file',
      next: 'name a file, like /etc/hybridctl/status.token; it is made where it is not there',
    });
  return { ...where, tokenFile, names: names.map((name) => name.toLowerCase()) };
};
