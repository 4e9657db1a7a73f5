import { defineCommand, list, type Raw, type Style } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { readLog } from '../../lib/doctor/charon-log.ts';
import { bytes, duration } from '../../lib/domain/amount.ts';
import { readFailures, type LogFailure } from '../../lib/domain/failures.ts';
import { LOCAL_CHARON, trafficHint, tunnelStatuses, type TunnelStatus } from '../../lib/domain/sa.ts';

interface Options {
  readonly uris: readonly string[];
  readonly logs: readonly string[];
  readonly tunnels: readonly string[];
}

interface Tunnel extends TunnelStatus {
  readonly uri: string;
  /** Where ESP is done: in the kernel, or by charon itself (kernel-libipsec). */
  readonly esp: 'kernel' | 'userspace';
  readonly hint: string | undefined;
  readonly failure: LogFailure | undefined;
}

interface Daemon {
  readonly uri: string;
  readonly version: string | undefined;
  readonly log: string | undefined;
}

interface Result {
  readonly established: number;
  readonly total: number;
  readonly daemons: readonly Daemon[];
  readonly tunnels: readonly Tunnel[];
  /** Failures that the log ties to no tunnel of ours. */
  readonly failures: readonly LogFailure[];
}

const concerns = (found: LogFailure, tunnel: TunnelStatus): boolean =>
  found.connection === undefined
    ? found.peer !== undefined && found.peer === tunnel.remote.host
    : found.connection === tunnel.connection;

const look = async (ports: Ports, uri: string, path: string | undefined) => {
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

/** `--json` has every field on every tunnel: what charon does not say is null, not absent. */
const nulls = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? null : inner))) as T;

const failureLines = (found: LogFailure, name: string, style: Style): readonly string[] => [
  `${style.bad(name)}: ${found.title}${found.phase === undefined || found.phase === null ? '' : ` (${found.phase})`}${found.at ? `, ${found.at}` : ''}`,
  `  why   ${found.why}`,
  `  mend  ${found.mend}`,
  `  see   ${found.case}`,
  ...[found.line, ...found.details].map((line) => style.dim(`  log   ${line}`)),
];

const STATE = { established: 'good', 'ike-only': 'warn', connecting: 'warn', down: 'bad' } as const;

const row = (tunnel: Tunnel, style: Style): readonly string[] => [
  tunnel.name,
  style[STATE[tunnel.state]](tunnel.state),
  tunnel.establishedFor == null ? '-' : duration(tunnel.establishedFor),
  `${tunnel.remote.host ?? '%any'}${tunnel.natT ? ' NAT-T' : ''}`,
  tunnel.in == null
    ? '-'
    : `${bytes(tunnel.in.bytes)}${tunnel.in.lastAge == null ? '' : ` ${duration(tunnel.in.lastAge)} ago`}`,
  tunnel.out == null
    ? '-'
    : `${bytes(tunnel.out.bytes)}${tunnel.out.lastAge == null ? '' : ` ${duration(tunnel.out.lastAge)} ago`}`,
  tunnel.rekeyIn == null ? '-' : duration(tunnel.rekeyIn),
  tunnel.reauthIn == null ? '-' : duration(tunnel.reauthIn),
  tunnel.espProposal == null ? '-' : `${tunnel.espProposal} (${tunnel.esp})`,
];

export const status = defineCommand<Options, Result>({
  path: 'vpn status',
  summary: 'every tunnel of a running charon: up or not, since when, traffic, and what failed last',
  details:
    'Asks charon over its vici socket. A tunnel that is configured but has no security association shows as down. What failed last comes from ' +
    "charon's log: --log, or the journal of the system's strongswan. Exit 0 when every tunnel asked for is established, 1 when one is not.",
  flags: [
    {
      flags: '--uri <uri...>',
      summary: `vici socket of a charon (default: ${LOCAL_CHARON})`,
      env: 'HYBRIDCTL_VICI_URI',
    },
    { flags: '--log <file...>', summary: "charon's filelog: one for all, or one for each --uri in order" },
    { flags: '--tunnel <name...>', summary: 'only these tunnels: a connection, or connection/child' },
  ],
  examples: [
    { line: 'hybridctl vpn status', why: 'the tunnels of this gateway' },
    { line: 'hybridctl vpn status --tunnel vpn1 --json', why: 'one tunnel for a script; exit 1 when it is down' },
    {
      line: 'hybridctl vpn status --uri tcp://127.0.0.1:4502 --log /var/log/charon.log',
      why: 'a daemon with a socket and a log of its own',
    },
  ],
  parse: (raw: Raw) => {
    const given = list(raw, 'uri');
    const uris = given.length === 0 ? [LOCAL_CHARON] : given;
    const logs = list(raw, 'log');
    if (logs.length > 1 && logs.length !== uris.length)
      throw usageError(`${logs.length} logs for ${uris.length} daemons`, {
        field: '--log',
        next: 'give one log for all, or one for each --uri in order',
      });
    return { uris, logs, tunnels: list(raw, 'tunnel') };
  },
  async run({ uris, logs, tunnels: only }, ports) {
    const looks = [];
    for (const [index, uri] of uris.entries())
      looks.push(await look(ports, uri, logs.length > 1 ? logs[index] : logs[0]));
    const all = looks.flatMap(({ tunnels }) => tunnels);
    const named = (name: string) =>
      all.filter(
        (tunnel) =>
          tunnel.name === name || tunnel.connection === name || `${tunnel.connection}/${tunnel.child}` === name,
      );
    const unknown = only.find((name) => named(name).length === 0);
    if (unknown !== undefined) {
      throw usageError(`no tunnel is called "${unknown}"`, {
        field: '--tunnel',
        next:
          all.length === 0
            ? 'load one: "swanctl --load-all"'
            : `it is one of: ${all.map(({ name }) => name).join(', ')}`,
      });
    }
    const tunnels = only.length === 0 ? all : all.filter((tunnel) => only.some((name) => named(name).includes(tunnel)));
    const established = tunnels.filter(({ state }) => state === 'established').length;
    const failures = only.length === 0 ? looks.flatMap((each) => each.failures) : [];
    const result = nulls({
      established,
      total: tunnels.length,
      daemons: looks.map(({ daemon }) => daemon),
      tunnels,
      failures,
    });
    return { result, exit: tunnels.length > 0 && established === tunnels.length ? EXIT.ok : EXIT.failed };
  },
  human({ established, total, tunnels, failures, daemons }, style) {
    if (total === 0) return 'charon is running and has no tunnel loaded; load one: "swanctl --load-all"';
    const table = style.table(
      ['tunnel', 'state', 'since', 'peer', 'in', 'out', 'rekey in', 'reauth in', 'esp'],
      tunnels.map((tunnel) => row(tunnel, style)),
    );
    const notes = tunnels.flatMap((tunnel) => [
      ...(tunnel.hint == null ? [] : [`${style.warn(tunnel.name)}: ${tunnel.hint}`]),
      ...(tunnel.configured
        ? []
        : [`${style.warn(tunnel.name)}: its connection is no longer loaded; it will not come back after a loss`]),
      ...(tunnel.failure == null || (tunnel.failure.recovered && tunnel.state === 'established')
        ? []
        : failureLines(tunnel.failure, tunnel.name, style)),
    ]);
    const others = failures
      .filter(({ recovered }) => !recovered)
      .flatMap((each) => failureLines(each, each.connection ?? each.peer ?? 'charon', style));
    const blind =
      established < total && notes.length === 0 && daemons.every(({ log }) => log == null)
        ? ['no log to tell why: give --log (a filelog of charon, best with "ike_name = yes")']
        : [];
    return [table, '', ...notes, ...others, ...blind, `${established} of ${total} established`].join('\n');
  },
});
