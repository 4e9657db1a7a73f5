import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { onMachine } from '../../lib/core/on-machine.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { path, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bytes, duration } from '../../lib/domain/amount.ts';
import type { LogFailure } from '../../lib/domain/failures.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import { statusData } from '../../lib/doctor/charon-data.ts';
import { lookAtCharon, type Daemon, type Tunnel } from '../../lib/doctor/charon-status.ts';
import { viciUri } from '../flags.ts';
import { MACHINE, refuseRelative } from './host.ts';

interface Result {
  readonly established: number;
  readonly total: number;
  readonly daemons: readonly Daemon[];
  readonly tunnels: readonly Tunnel[];
  /** Failures that the log ties to no tunnel of ours. */
  readonly failures: readonly LogFailure[];
}

/** `--json` has every field on every tunnel: what charon does not say is null, not absent. */
const nulls = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? null : inner))) as T;

const failureLines = (found: LogFailure, name: string, style: Style): readonly string[] => [
  `${style.bad(name)}: ${found.title}${found.phase === undefined || found.phase === null ? '' : ` (${found.phase})`}${found.at ? `, ${found.at}` : ''}`,
  `  why   ${found.why}`,
  `  fix   ${found.next}`,
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

/** charon answers from memory; what changes, changes in seconds. */
const WATCH_MS = 2_000;

export const status = defineCommand({
  path: 'vpn status',
  summary: 'show every tunnel of a running charon: state, uptime, traffic, last failure',
  details:
    'Asks charon over its vici socket, on this machine or by ssh on another (as root, or as somebody with sudo without a password; it needs Python 3 or Perl there). A tunnel that is configured but has no security association shows as down. What failed last comes from ' +
    "charon's log: --log, or the journal of the system's strongswan. Exit 0 when every tunnel asked for is established, 1 when one is not.",
  flags: {
    ...MACHINE,
    uri: flag(viciUri, `VICI socket of a charon (default: ${LOCAL_CHARON})`, {
      many: true,
      env: 'HYBRIDCTL_VICI_URI',
    }),
    log: flag(path('file'), "charon's filelog: one for all, or one for each --uri in order", { many: true }),
    tunnel: flag(text({ placeholder: 'name', like: 'vpn1' }), 'only this tunnel: a connection, or connection/child', {
      many: true,
    }),
    watch: toggle('look again every 2 s until Ctrl-C; with --json a line for each look'),
  },
  examples: [
    { line: 'hybridctl vpn status', why: 'the tunnels of this gateway' },
    { line: 'hybridctl vpn status --tunnel vpn1 --json', why: 'one tunnel for a script; exit 1 when it is down' },
    { line: 'hybridctl vpn status --host root@203.0.113.11', why: 'the tunnels of another machine' },
    { line: 'hybridctl vpn status --watch', why: 'while a peer is being set up' },
    {
      line: 'hybridctl vpn status --uri tcp://127.0.0.1:4502 --log /var/log/charon.log',
      why: 'a daemon with a socket and a log of its own',
    },
  ],
  refine(options) {
    const uris = options.uri.length === 0 ? [LOCAL_CHARON] : options.uri;
    const logs = options.log;
    if (logs.length > 1 && logs.length !== uris.length)
      throw usageError(`${logs.length} logs for ${uris.length} daemons`, {
        field: '--log',
        next: 'give one log for all, or one for each --uri in order',
      });
    for (const log of logs) refuseRelative(options.host, '--log', log);
    return { ...options, uris, logs };
  },
  async run({ uris, logs, tunnel: only, ...options }, ports): Promise<Outcome<Result>> {
    const looks = await onMachine(ports, options, async (machine) => {
      const there = { ...ports, ...machine };
      const seen = [];
      for (const [index, uri] of uris.entries())
        seen.push(await lookAtCharon(there, uri, logs.length > 1 ? logs[index] : logs[0]));
      return seen;
    });
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
  repeatEveryMs: ({ watch }) => (watch ? WATCH_MS : undefined),
  json: jsonShape(1, async () => (await import('./json.ts')).vpnStatus),
  data: statusData,
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
