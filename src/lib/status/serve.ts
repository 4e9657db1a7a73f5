import type { Emit } from '../core/command.ts';
import { usageError } from '../core/errors.ts';
import { unlessInterrupted } from '../core/interrupt.ts';
import type { Ports } from '../core/ports.ts';
import { refuseOpenFile } from '../domain/file-mode.ts';
import type { Site } from '../domain/site.ts';
import { tableNames } from '../monitor/names.ts';
import { say } from '../monitor/say.ts';
import { absolute } from '../site/file.ts';
import { BEAT_MS, livePage } from './page/serve.ts';
import { watchSite, type Sources, type Watching } from './watch.ts';

export interface WebOptions {
  readonly host: string;
  readonly port: number;
  readonly tokenFile: string | undefined;
  readonly names: readonly string[];
}

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

/** Serves the page until stopped on request. */
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
  const tables = tableNames(site);
  const watching = watchSite(site, region, sources, (event) =>
    show(event === undefined ? undefined : say(event, tables)),
  );
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
