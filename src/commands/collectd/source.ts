import { list, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { keysOf, parseBlocked } from '../../lib/domain/collectd/metrics.ts';
import { absolute } from '../../lib/site/file.ts';
import { PLUGIN_CONFIG } from './shared.ts';

/** Where the names of metrics come from: a file that the plugin wrote, or collectd itself. */
export interface Source {
  readonly blocked: string | undefined;
  readonly socket: string | undefined;
  readonly host: string | undefined;
  readonly identity: string | undefined;
  readonly knownHosts: string | undefined;
}

/** 10,000 names are about 400 kB. */
const LIMIT = 8 << 20;

export const SOURCE_FLAGS: readonly Flag[] = [
  {
    flags: '--blocked <file>',
    summary: `a blocked_metrics file, or - for standard input (default: ${PLUGIN_CONFIG}/blocked_metrics)`,
  },
  {
    flags: '--socket <path>',
    summary: 'ask the collectd of this machine by the socket of its unixsock plugin, in place of a file',
  },
  { flags: '--host <user@host>', summary: 'read the file of another machine by ssh' },
  { flags: '--identity <file>', summary: 'private key for --host' },
  { flags: '--known-hosts <file>', summary: "host keys to believe, in place of ssh's own files" },
];

export const sourceOf = (raw: Raw): Source => {
  const source = {
    blocked: text(raw, 'blocked'),
    socket: text(raw, 'socket'),
    host: list(raw, 'host').at(-1),
    identity: text(raw, 'identity'),
    knownHosts: text(raw, 'knownHosts'),
  };
  if (source.socket !== undefined && (source.blocked !== undefined || source.host !== undefined)) {
    throw usageError('asks the collectd of this machine', {
      field: '--socket',
      next: 'give either it or --blocked and --host',
    });
  }
  return source;
};

const fileOf = async (ports: Ports, { blocked, host, identity, knownHosts }: Source): Promise<string | undefined> => {
  const path = blocked === undefined ? `${PLUGIN_CONFIG}/blocked_metrics` : blocked === '-' ? '/dev/stdin' : blocked;
  if (host === undefined) return ports.files.read(absolute(ports.cwd, path), LIMIT);
  const file = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : absolute(ports.cwd, given);
  const machine = await ports.ssh({
    target: host,
    identity: file(identity),
    knownHosts: file(knownHosts),
    signal: ports.signal,
  });
  try {
    return await machine.files.read(path, LIMIT);
  } finally {
    await machine.close();
  }
};

/** Names of metrics, each once. @throws usage error where there is no such file, exit 4 where nobody answers. */
export const namesOf = async (ports: Ports, source: Source): Promise<readonly string[]> => {
  if (source.socket !== undefined) {
    const lists = await (await ports.collectd(absolute(ports.cwd, source.socket))).valueLists();
    return [...new Set(lists.flatMap(keysOf))];
  }
  const content = await fileOf(ports, source);
  if (content === undefined)
    throw usageError('no such file', {
      field: source.blocked ?? `${PLUGIN_CONFIG}/blocked_metrics`,
      next: 'the plugin writes it when it starts; or ask a running collectd with --socket',
    });
  return parseBlocked(content);
};
