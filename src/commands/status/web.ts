import { unlessInterrupted } from '../../lib/core/interrupt.ts';
import { text, list, type Emit, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { addressNumber } from '../../lib/domain/cidr.ts';
import { refuseOpenFile } from '../../lib/domain/file-mode.ts';
import type { Site } from '../../lib/domain/site.ts';
import { say } from '../../lib/monitor/say.ts';
import { absolute } from '../../lib/site/file.ts';
import { BEAT_MS, livePage } from '../../lib/status/page/serve.ts';
import { watchSite, type Sources, type Watching } from '../../lib/status/watch.ts';

export interface WebOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile: string | undefined;
  readonly names: readonly string[];
}

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

/** 43 letters: 256 bits. */
const newToken = (ports: Ports): string => Buffer.from(ports.random(32)).toString('base64url');

/** Reads the token, or makes one. Neither is ever printed. */
const loadToken = async (file: string, ports: Ports): Promise<string> => {
  const path = absolute(ports.cwd, file);
  const found = await ports.files.stat(path);
  if (found === undefined) {
    const token = newToken(ports);
    await ports.files.write([{ path, content: `${token}\n`, mode: 0o600 }]);
    ports.progress(`made ${path}: give its line to those who may look`);
    return token;
  }
  refuseOpenFile({ path, mode: found.mode, field: '--token-file' });
  const token = (await ports.files.read(path, 4_096))?.trim() ?? '';
  if (!/^[A-Za-z0-9_-]{16,512}$/.test(token))
    throw usageError('holds no token: one line of at least 16 letters, digits, "-" or "_"', {
      field: path,
      next: 'remove it, and one is made',
    });
  return token;
};

/** Serves the page until told to stop. */
export const servePage = async (
  site: Site,
  region: string,
  sources: Sources,
  { host, port, tokenFile, names }: WebOptions,
  ports: Ports,
  emit: Emit,
): Promise<Watching> => {
  const token = tokenFile === undefined ? undefined : await loadToken(tokenFile, ports);
  const page = livePage({ names, token });
  const show = (words?: string): void => page.show(watching.picture(ports.clock.now()), watching.series(), words);
  const watching = watchSite(site, region, sources, (event) => show(event === undefined ? undefined : say(event)));
  try {
    await unlessInterrupted(ports.signal, watching.ready);
    show();
    const server = await sources.views.serve({ host, port }, page.answer);
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}/`;
    emit({ listening: url, token: token !== undefined });
    ports.progress(
      `status page of ${site.site}: ${url}${token === undefined ? '' : ' (it asks for the token)'}; Ctrl-C ends it`,
    );
    const timers = [setInterval(page.beat, BEAT_MS), setInterval(show, 1_000)];
    await new Promise<void>((resolve) =>
      ports.signal.aborted ? resolve() : ports.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    timers.forEach(clearInterval);
    await server.close();
    return watching;
  } finally {
    watching.stop();
  }
};
