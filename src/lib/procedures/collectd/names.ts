import { usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { keysOf, parseBlocked } from '../../domain/collectd/metrics.ts';
import { absolute } from '../../site/file.ts';
import { PLUGIN_CONFIG } from './whitelist-file.ts';

/** Where the names of metrics come from: a file that the plugin wrote, or collectd itself. */
export interface MetricSource {
  readonly blocked: string | undefined;
  readonly socket: string | undefined;
  readonly host: string | undefined;
  readonly identity: string | undefined;
  readonly knownHosts: string | undefined;
}

/** 10,000 names are about 400 kB. */
const LIMIT = 8 << 20;

const fileOf = async (
  ports: Ports,
  { blocked, host, identity, knownHosts }: MetricSource,
): Promise<string | undefined> => {
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
export const namesOf = async (ports: Ports, source: MetricSource): Promise<readonly string[]> => {
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
