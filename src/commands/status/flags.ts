import { usageError } from '../../lib/core/errors.ts';
import { flag, toggle, type Options } from '../../lib/core/flags.ts';
import { refused, type Kind } from '../../lib/core/flags/kind.ts';
import { secretFile, text } from '../../lib/core/flags/kinds.ts';
import { addressNumber } from '../../lib/domain/cidr.ts';
import type { WebOptions } from '../../lib/status/serve.ts';

/** No service is registered there (IANA, 2025). */
const PORT = 8_642;

/** `8642`, `172.16.1.157`, `172.16.1.157:8642`, `[::1]:8642`. */
const listenAddress: Kind<Pick<WebOptions, 'host' | 'port'>> = {
  placeholder: 'address',
  words: 'an address, a port or both: `172.16.1.157:8642`, `[::1]:8642`, `8642`',
  parse(given) {
    const [, address, port, alone] =
      /^(?:(\d+(?:\.\d+){3}|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?|(\d{1,5}))$/.exec(given) ?? [];
    const host = (address ?? '127.0.0.1').replace(/[[\]]/g, '');
    const number = Number(alone ?? port ?? PORT);
    if (
      (address ?? alone) === undefined ||
      number > 65_535 ||
      (!host.includes(':') && addressNumber(host) === undefined)
    )
      throw refused(given, 'an address or a port', `172.16.1.157:${PORT} or ${PORT}`);
    return { host, port: number };
  },
};

export const WEB = {
  web: toggle('serve the live page, until Ctrl-C'),
  listen: flag(listenAddress, `with --web: address, port or both (default: 127.0.0.1:${PORT})`, {
    env: 'HYBRIDCTL_STATUS_LISTEN',
  }),
  tokenFile: flag(
    secretFile(),
    'with --web: file of mode 0600 with the token that a reader must have; made where it is not there',
  ),
  name: flag(
    text({
      placeholder: 'host',
      shape: /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
      what: 'a host name',
      like: 'gw-1.example.com',
    }),
    'with --web: a name by which browsers may call this machine, besides its addresses',
    { many: true },
  ),
} as const;

const isLoopback = (host: string): boolean => host.startsWith('127.') || host === '::1';

/** @returns undefined without --web */
export const webOptions = ({
  web,
  listen = { host: '127.0.0.1', port: PORT },
  tokenFile,
  name,
}: Options<unknown, typeof WEB>): WebOptions | undefined => {
  if (!web) return undefined;
  if (!isLoopback(listen.host) && tokenFile === undefined)
    throw usageError(`${listen.host} can be reached from other machines, so readers need a token`, {
      field: '--token-file',
      next: 'name a file, like /etc/hybridctl/status.token; it is made where it is not there',
    });
  return { ...listen, tokenFile, names: name.map((one) => one.toLowerCase()) };
};
