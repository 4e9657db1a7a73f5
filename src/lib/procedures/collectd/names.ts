import { usageError } from '../../core/errors.ts';
import { onMachine, type MachineOptions } from '../../core/on-machine.ts';
import type { Ports } from '../../core/ports.ts';
import { keysOf, parseBlocked } from '../../domain/collectd/metrics.ts';
import { absolute } from '../../site/file.ts';
import { PLUGIN_CONFIG } from './whitelist-file.ts';

/** Where the names of metrics come from: a file that the plugin wrote, or collectd itself. */
export interface MetricSource extends MachineOptions {
  readonly blocked: string | undefined;
  readonly socket: string | undefined;
}

/** 10,000 names are about 400 kB. */
const LIMIT = 8 << 20;

const fileOf = (ports: Ports, { blocked, ...where }: MetricSource): Promise<string | undefined> => {
  const path = blocked === undefined ? `${PLUGIN_CONFIG}/blocked_metrics` : blocked === '-' ? '/dev/stdin' : blocked;
  return onMachine(ports, where, ({ files }) =>
    files.read(where.host === undefined ? absolute(ports.cwd, path) : path, LIMIT),
  );
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
