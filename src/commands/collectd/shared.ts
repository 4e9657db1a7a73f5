import type { Outcome, Style } from '../../lib/core/command.ts';
import { arg, flag, saying, toggle, type Options } from '../../lib/core/flags.ts';
import { host, path, text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { setNamed, SETS } from '../../lib/domain/collectd/sets.ts';
import { region } from '../../lib/domain/kinds.ts';
import { onFleet, type FleetResult } from '../../lib/procedures/collectd/fleet.ts';
import { PLUGIN_CONFIG } from '../../lib/procedures/collectd/whitelist-file.ts';
import { consent } from '../consent.ts';
import { FLAG } from '../flags.ts';
import { APPLY, contextOf, humanProcedure, tell, type ProcedureOptions } from '../procedure.ts';

export const WHITELIST = {
  file: flag(path(), 'the whitelist', { env: 'HYBRIDCTL_WHITELIST', default: 'whitelist.conf' }),
} as const;
export const PASS_THROUGH = {
  passThrough: toggle("as with whitelist_pass_through = True in the plugin's plugin.conf"),
} as const;

/** Names of sets and patterns, as lines. @throws usage error naming the word. */
export const linesOf = (words: readonly string[]): readonly string[] => [
  ...new Set(words.flatMap((word) => setNamed(word)?.lines ?? [word.trim()])),
];

export const WHAT = {
  what: arg(
    text({ placeholder: 'what', like: 'memory, or memory--memory-.*' }),
    `sets (${SETS.map(({ name }) => name).join(', ')}) and patterns`,
    { many: true, required: true },
  ),
} as const;

/** `1 metric`, `2 metrics`. */
export const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

export const PRICE_REGION = {
  region: flag(region(), 'for the cost: where the metrics go', { default: 'us-east-1' }),
} as const;

export const money = (currency: 'USD' | 'CNY', amount: number): string =>
  `${currency === 'CNY' ? '¥' : '$'}${amount.toFixed(2)}`;

/** Where the names of metrics come from. */
export const SOURCE = {
  blocked: flag(path(), `a blocked_metrics file, or - for standard input (default: ${PLUGIN_CONFIG}/blocked_metrics)`),
  socket: flag(path(), 'ask the collectd of this machine by the socket of its unixsock plugin, in place of a file'),
  host: saying(FLAG.host, 'read the file of another machine by ssh, user@host or user@host:port'),
  identity: FLAG.identity,
  knownHosts: FLAG.knownHosts,
} as const;
/** The socket is one of this machine. */
export const ONE_SOURCE = [
  ['socket', 'blocked'],
  ['socket', 'host'],
] as const;

export const FLEET = {
  host: flag(host(), 'machine to work on by ssh, user@host or user@host:port (default: this one)', { many: true }),
  identity: FLAG.identity,
  knownHosts: FLAG.knownHosts,
  config: flag(
    text({
      placeholder: 'path',
      shape: /^\/[A-Za-z0-9._/@+-]{1,300}$/,
      what: 'an absolute path of letters, digits and "._/@+-"',
      like: '/etc/collectd/collectd.conf',
    }),
    "collectd's main configuration file there, where it is not the usual one",
  ),
} as const;

/** A failure always puts back what was there, and nothing of a host is adopted. */
const { adopt: _adopt, keepOnFailure: _keep, ...FLEET_APPLY } = APPLY;
export { FLEET_APPLY };

type FleetOptions = ProcedureOptions & Options<unknown, typeof FLEET>;

/** Plans every host, asks once and applies to all. */
export const runFleet = (
  ports: Ports,
  options: FleetOptions,
  title: string,
  planOf: Parameters<typeof onFleet>[4],
): Promise<Outcome<FleetResult>> =>
  onFleet(
    ports,
    { ...options, hosts: [...new Set(options.host)] },
    {
      ...options,
      contextOf: (where, machine) => contextOf(ports, { region: where, machine }, options),
      agree(pending, question) {
        for (const { context, steps } of pending) tell({ ...ports, progress: context.progress }, steps);
        return consent(ports, options, question);
      },
    },
    title,
    planOf,
  );

export const humanFleet = ({ hosts, runbook, cloud = [] }: FleetResult, style: Style): string => {
  if (runbook !== null) return runbook;
  const did = hosts.some((host) => host.did === 'planned') ? 'planned' : 'applied';
  const above = cloud.length === 0 ? [] : [humanProcedure({ did, steps: cloud, values: {}, runbook: null }, style)];
  const parts = hosts.map(
    ({ host, steps, error }) =>
      `${style.bold(host)}\n${error === null ? humanProcedure({ did, steps, values: {}, runbook: null }, style) : style.bad(`${error.message}${error.next === null ? '' : `\n${error.next}`}`)}`,
  );
  const failed = hosts.filter(({ error }) => error !== null).length;
  return [
    ...above,
    ...parts,
    ...(hosts.length === 1
      ? []
      : [
          `${hosts.length - failed} of ${hosts.length} hosts ${did === 'planned' ? 'checked' : 'done'}${failed === 0 ? '' : style.bad(`, ${failed} failed`)}`,
        ]),
  ].join('\n\n');
};
