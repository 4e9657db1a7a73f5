import { HybridError } from '../core/errors.ts';
import type { LogFailure } from '../domain/failures.ts';
import { isOpenToOthers, octal } from '../domain/file-mode.ts';
import type { TunnelStatus } from '../domain/sa.ts';
import { lint } from '../lint/index.ts';
import { parseFile } from '../lint/parse.ts';
import type { Kind } from '../lint/types.ts';
import { selectorPairs, type LinuxTunnel } from '../render/linux/box.ts';
import type { HostView } from './host-view.ts';
import { skipped, type Case, type HostCheck, type CheckResult } from './types.ts';

const strongswan = ({ dialect }: HostView): boolean => dialect === 'swanctl' || dialect === 'ipsec-conf';
const UNIT = {
  swanctl: 'strongswan',
  'ipsec-conf': 'strongswan-starter',
  libreswan: 'ipsec',
  openswan: 'ipsec',
} as const;

/** Only strongSwan is asked by vici. Of the others "ipsec status" and "ipsec verify" tell. */
export const noVici = ({ host }: { readonly host: HostView }): string | undefined =>
  strongswan(host) ? undefined : `${host.dialect} has no vici socket: see "ipsec status" and "ipsec verify"`;

const charon: HostCheck = {
  id: 'daemon',
  side: 'host',
  about: 'charon runs and answers on its vici socket',
  inapplicable: noVici,
  async run({ host }) {
    try {
      await host.daemon();
      return [];
    } catch (error) {
      if (!(error instanceof HybridError) || !/not running/.test(error.message)) throw error;
      return [
        {
          level: 'error',
          subject: host.device,
          found: 'charon is not running, or its vici socket is elsewhere',
          evidence: host.uri,
          next: `start it: "systemctl enable --now ${UNIT[host.dialect]}"; if its socket is elsewhere, pass --uri`,
          case: 1,
        },
      ];
    }
  },
};

/** Who may hold the ports of IKE. */
const IKE_DAEMONS = ['charon', 'charon-systemd', 'pluto'];

const ports: HostCheck = {
  id: 'ike-ports',
  side: 'host',
  about: 'one IKE daemon, and nobody else, has UDP 500 and 4500',
  async run({ host }) {
    const lines = (await host.say('ss', '-Hlnup', '( sport = :500 or sport = :4500 )'))
      .split('\n')
      .filter((line) => line !== '');
    const held = lines.flatMap((line) => {
      const port = /:(500|4500)\s/.exec(line)?.[1];
      return [...line.matchAll(/\("([^"]+)",pid=(\d+)/g)].map(([, name, pid]) => ({ port, name: name!, pid: pid! }));
    });
    const daemons = [
      ...new Map(held.filter(({ name }) => IKE_DAEMONS.includes(name)).map((one) => [one.pid, one])).values(),
    ];
    const strangers = held.filter(({ name }) => !IKE_DAEMONS.includes(name));
    const unnamed = lines.filter((line) => !line.includes('users:'));
    const free = ['500', '4500'].filter((port) => !lines.some((line) => new RegExp(`:${port}\\s`).test(line)));
    return [
      ...(unnamed.length > 0
        ? [skipped(host.device, 'who holds the ports is shown to root alone', 'run it as root')]
        : []),
      ...strangers.map(
        ({ name, pid, port }): CheckResult => ({
          level: 'error',
          subject: host.device,
          found: `UDP ${port} is held by ${name}, which is no IKE daemon`,
          evidence: `pid ${pid}`,
          next: `stop ${name}, or move it to another port; then restart the daemon`,
          case: 1,
        }),
      ),
      ...(daemons.length > 1
        ? [
            {
              level: 'error',
              subject: host.device,
              found: 'more than one IKE daemon listens: each packet goes to one of them',
              evidence: daemons.map(({ name, pid }) => `${name} ${pid}`).join(', '),
              next: 'stop and disable all but one of strongswan, strongswan-starter and ipsec',
              case: 1,
            } as const,
          ]
        : []),
      ...(free.length > 0
        ? [
            {
              level: 'error',
              subject: host.device,
              found: `nobody listens on UDP ${free.join(' and ')}`,
              evidence: `ss: ${lines.length} listeners`,
              next: `start the daemon: "systemctl enable --now ${UNIT[host.dialect]}"`,
              case: 1,
            } as const,
          ]
        : []),
    ];
  },
};

const files: HostCheck = {
  id: 'files',
  side: 'host',
  about: 'the files on this machine are those that the site file renders to, and keys are for their owner alone',
  async run({ host }) {
    const results: CheckResult[] = [];
    for (const { path, content, mode, what } of host.rendered) {
      const place = host.place(path);
      const stat = await host.files.stat(place);
      if (stat === undefined)
        results.push({
          level: 'error',
          subject: place,
          found: `it is not there (${what})`,
          evidence: 'no such file',
          next: 'render and copy: "hybridctl vpn render"',
          case: 1,
        });
      else if (mode === 0o600 && isOpenToOthers(stat.mode))
        results.push({
          level: 'error',
          subject: place,
          found: 'others on this machine can read a key',
          evidence: `mode ${octal(stat.mode)}`,
          next: `"chmod 600 ${place}"`,
        });
      else if (mode !== 0o600 && (await host.files.read(place)) !== content)
        results.push({
          level: 'warning',
          subject: place,
          found: `it is not what the site file renders to (${what})`,
          evidence: `${stat.size} bytes here, ${Buffer.byteLength(content)} rendered`,
          next: 'look at the difference: "hybridctl vpn render --out /tmp/rendered"; then copy, or correct the site file',
          case: 1,
        });
    }
    return results;
  },
};

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/^etc\/swanctl\//, 'swanctl'],
  [/^etc\/strongswan\.d\//, 'swanctl'],
  [/^etc\/ipsec(?:\.d\/.*)?\.(?:conf|secrets)$|^etc\/ipsec\.d\//, 'ipsec-conf'],
  [/^etc\/sysctl\.d\//, 'sysctl'],
];

const linted: HostCheck = {
  id: 'lint',
  side: 'host',
  about: 'no rule of "vpn lint" finds anything in the files on this machine',
  async run({ host }) {
    const results: CheckResult[] = [];
    let seen = 0;
    for (const { path } of host.rendered) {
      const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1];
      const place = host.place(path);
      const text = kind === undefined ? undefined : await host.files.read(place);
      if (kind === undefined || text === undefined) continue;
      seen += 1;
      for (const { rule, severity, line, message, fix: next } of lint(
        parseFile(place, text, { kind, mode: (await host.files.stat(place))?.mode }),
      )) {
        // In userspace no kernel policy takes anything: only what is routed into the TUN device is encrypted.
        if (rule === 'catch-all-policy' && host.tunnels.every(({ local }) => local.interface === 'tun')) continue;
        if (severity !== 'info')
          results.push({ level: severity, subject: `${place}:${line}`, found: message, evidence: rule, next, case: 1 });
      }
    }
    return seen === 0 ? [skipped(host.device, 'none of the files is there')] : results;
  },
};

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && [...a].sort().join() === [...b].sort().join();

const connections: HostCheck = {
  id: 'connections',
  side: 'host',
  about: 'charon has every tunnel of the site loaded, with the addresses and selectors that the site file says',
  inapplicable: noVici,
  async run({ host }) {
    const { statuses } = await host.daemon();
    const command =
      host.dialect === 'swanctl'
        ? ({ kind: 'run', file: 'swanctl', args: ['--load-all', '--noprompt', '--uri', host.uri] } as const)
        : ({ kind: 'run', file: 'ipsec', args: ['reload'] } as const);
    // Both programs read below /etc and nowhere else.
    const fixable = host.place('') === '/';
    return host.tunnels.flatMap((one): readonly CheckResult[] => {
      const { tunnel, local, remote } = one;
      const loaded = statuses.filter(({ connection, configured }) => connection === tunnel.name && configured);
      if (loaded.length === 0) {
        return [
          {
            level: 'error',
            subject: tunnel.name,
            found: 'the tunnel is not loaded',
            evidence: `charon has ${[...new Set(statuses.map(({ connection }) => connection))].join(', ') || 'no connection'}`,
            next: `load it: "${[command.file, ...command.args].join(' ')}"`,
            case: 1,
            ...(fixable ? { fix: [command] } : {}),
          },
        ];
      }
      // Of a tunnel that is up charon tells what was agreed, of one that is down what is configured; of one that is
      // being tried, not yet who the peer is.
      const differences = loaded
        .filter(({ state }) => state !== 'connecting')
        .flatMap((status) => [
          ...(status.local.host !== undefined && !['%any', local.address].includes(status.local.host)
            ? [`local address ${status.local.host}, should be ${local.address}`]
            : []),
          ...(status.remote.host !== undefined && !['%any', remote.publicAddress].includes(status.remote.host)
            ? [`remote address ${status.remote.host}, should be ${remote.publicAddress}`]
            : []),
          ...(status.local.id !== undefined && status.local.id !== local.id
            ? [`local id ${status.local.id}, should be ${local.id}`]
            : []),
          ...(status.remote.id !== undefined && status.remote.id !== remote.id
            ? [`remote id ${status.remote.id}, should be ${remote.id}`]
            : []),
        ]);
      const pairs = loaded.map((status) => `${status.local.networks.join()} = ${status.remote.networks.join()}`);
      const wanted = selectorPairs(one).map((pair) => `${pair.local} = ${pair.remote}`);
      const all = [
        ...new Set([
          ...differences,
          ...(same(pairs, wanted) ? [] : [`selectors ${pairs.join('; ')}, should be ${wanted.join('; ')}`]),
        ]),
      ];
      return all.length === 0
        ? []
        : [
            {
              level: 'error',
              subject: tunnel.name,
              found: 'it is loaded with other settings than the site file says',
              evidence: all.join('; '),
              next: 'render and copy the files, then "swanctl --load-all"; what is up keeps the old settings until it is rekeyed',
              case: 1,
            },
          ];
    });
  },
};

/** A failure says its case in words, `case 1: …`. */
const caseOf = (failure: LogFailure): Case => Number(failure.case.charAt(5)) as Case;

/** The last failure of a tunnel's, by connection where the log names it, else by the peer's address. */
const failureOf = (
  failures: readonly LogFailure[] | undefined,
  { tunnel, remote }: LinuxTunnel,
): LogFailure | undefined =>
  failures?.findLast(
    ({ connection, peer, recovered }) =>
      !recovered &&
      (connection === tunnel.name ||
        (connection === undefined && (peer === undefined || peer === remote.publicAddress))),
  );

/** Begins what this end begins and charon has given up. Another refusal is no failure of the fix: we look again. */
const beginCalls = (
  host: HostView,
  { local }: LinuxTunnel,
  { child }: TunnelStatus,
): Pick<CheckResult, 'fix'> | Record<string, never> =>
  local.initiates && host.dialect === 'swanctl'
    ? {
        fix: [
          {
            kind: 'run',
            file: 'sh',
            args: ['-c', 'swanctl --initiate --child "$1" --timeout 10 --uri "$2" || true', 'begin', child, host.uri],
          },
        ],
      }
    : {};

const downResult = (
  host: HostView,
  one: LinuxTunnel,
  status: TunnelStatus,
  failures: readonly LogFailure[] | undefined,
): CheckResult => {
  const failure = failureOf(failures, one);
  const fix = status.state === 'down' && status.configured ? beginCalls(host, one, status) : {};
  const state =
    status.state === 'ike-only'
      ? 'the peers agree on each other, but no ESP pair is up'
      : status.state === 'connecting'
        ? 'IKE is being tried and has not come up'
        : 'the tunnel is down';
  // The peer says the same where nothing fits and where it has not loaded the connection yet; charon gives up at once.
  const refused = /received (?:NO_PROPOSAL_CHOSEN|AUTHENTICATION_FAILED)/.test(failure?.line ?? '');
  if (failure !== undefined)
    return {
      ...fix,
      level: 'error',
      subject: one.tunnel.name,
      found: `${state}: ${refused ? 'the peer refused or does not know the connection yet; it may be that ' : ''}${failure.title}`,
      evidence: failure.line.trim(),
      next: failure.next,
      case: caseOf(failure),
    };
  const waits = one.local.initiates
    ? `try it: "swanctl --initiate --child ${status.child}", and read the log`
    : 'this end waits: see the other one; it initiates';
  return {
    ...fix,
    level: 'error',
    subject: one.tunnel.name,
    found: state,
    evidence:
      failures === undefined
        ? 'no log to tell why: pass --log'
        : `the log names no failure for ${one.remote.publicAddress}`,
    next: `ping ${one.remote.publicAddress}; open UDP 500 and 4500 on the way; ${waits}`,
    case: 1,
  };
};

const sa: HostCheck = {
  id: 'sa',
  side: 'host',
  about: 'every tunnel is established, once, with ESP in UDP',
  inapplicable: noVici,
  async run({ host }) {
    const { statuses } = await host.daemon();
    const failures = await host.failures();
    return host.tunnels.flatMap((one): readonly CheckResult[] => {
      const { tunnel, local } = one;
      const own = statuses.filter(({ connection }) => connection === tunnel.name);
      if (own.length === 0) return [skipped(tunnel.name, 'the tunnel is not loaded')];
      return own.flatMap((status): readonly CheckResult[] => {
        if (status.state !== 'established') return [downResult(host, one, status, failures)];
        const evidence = `${status.remote.host}[${status.remote.port}], ${status.initiator === true ? 'we' : 'the peer'} initiated, ${status.espProposal}`;
        const doubled = status.ikeSas > 1 || status.childSas > 1;
        return [
          ...(doubled
            ? [
                {
                  level: 'warning',
                  subject: tunnel.name,
                  found: 'it is up more than once: outside a rekey both ends initiate',
                  evidence: `${status.ikeSas} IKE SAs, ${status.childSas} ESP pairs`,
                  next: 'let one end initiate (start_action, close_action) and the other wait',
                  case: 1,
                } as const,
              ]
            : []),
          ...(local.address !== local.publicAddress && !status.natT
            ? [
                {
                  level: 'warning',
                  subject: tunnel.name,
                  found: 'this end sits behind NAT and sends ESP without UDP: many a NAT drops it',
                  evidence,
                  next: 'set encap = yes (forceencaps, encaps=yes)',
                  case: 3,
                } as const,
              ]
            : []),
          ...(status.configured
            ? []
            : [
                {
                  level: 'warning',
                  subject: tunnel.name,
                  found: 'its connection is no longer loaded: it will not come back after a loss',
                  evidence,
                  next: '"swanctl --load-all"',
                  case: 1,
                } as const,
              ]),
        ];
      });
    });
  },
};

export const daemonChecks: readonly HostCheck[] = [charon, ports, files, linted, connections, sa];
