import type { Ports } from '../core/ports.ts';
import { readLog } from './charon-log.ts';
import { readFailures, type LogFailure } from '../domain/failures.ts';
import { trafficHint, tunnelStatuses, type TunnelStatus } from '../domain/sa.ts';

export interface Tunnel extends TunnelStatus {
  readonly uri: string;
  /** Where ESP is done: in the kernel, or by charon itself (kernel-libipsec). */
  readonly esp: 'kernel' | 'userspace';
  readonly hint: string | undefined;
  readonly failure: LogFailure | undefined;
}

export interface Daemon {
  readonly uri: string;
  readonly version: string | undefined;
  readonly log: string | undefined;
}

const concerns = (found: LogFailure, tunnel: TunnelStatus): boolean =>
  found.connection === undefined
    ? found.peer !== undefined && found.peer === tunnel.remote.host
    : found.connection === tunnel.connection;

/** The tunnels of one charon, and what its log says failed. */
export const lookAtCharon = async (
  ports: Pick<Ports, 'shell' | 'files' | 'vici' | 'cwd' | 'signal'>,
  uri: string,
  path: string | undefined,
) => {
  const log = await readLog(ports, uri, path);
  const vici = await ports.vici(uri);
  try {
    const version = await vici.request('version');
    const { plugins } = await vici.request('stats');
    const statuses = tunnelStatuses(
      await vici.stream('list-conns', 'list-conn'),
      await vici.stream('list-sas', 'list-sa'),
    );
    const found = log === undefined ? [] : readFailures(log.text);
    const tunnels = statuses.map(
      (tunnel): Tunnel => ({
        ...tunnel,
        uri,
        esp: Array.isArray(plugins) && plugins.includes('kernel-libipsec') ? 'userspace' : 'kernel',
        hint: trafficHint(tunnel),
        failure: found.findLast((each) => concerns(each, tunnel)),
      }),
    );
    const daemon: Daemon = {
      uri,
      version: typeof version['version'] === 'string' ? version['version'] : undefined,
      log: log?.name,
    };
    return { daemon, tunnels, failures: found.filter((each) => !statuses.some((tunnel) => concerns(each, tunnel))) };
  } finally {
    vici.close();
  }
};
