import { list, text, type Flag, type Outcome, type Raw, type Style } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { setNamed, SETS } from '../../lib/domain/collectd/sets.ts';
import { REGION } from '../../lib/domain/partition.ts';
import { onFleet, type Fleet, type FleetResult } from '../../lib/procedures/collectd/fleet.ts';
import type { MetricSource } from '../../lib/procedures/collectd/names.ts';
import { PLUGIN_CONFIG } from '../../lib/procedures/collectd/whitelist-file.ts';
import { consent } from '../consent.ts';
import { contextOf, humanProcedure, tell, type ProcedureOptions } from '../procedure.ts';

export const WHITELIST: Flag = {
  flags: '--file <file>',
  summary: 'the whitelist',
  env: 'HYBRIDCTL_WHITELIST',
  default: 'whitelist.conf',
};
export const PASS_THROUGH: Flag = {
  flags: '--pass-through',
  summary: "as with whitelist_pass_through = True in the plugin's plugin.conf",
};

export const whitelistOf = (raw: Raw): string => text(raw, 'file')!;

/** Names of sets and patterns, as lines. @throws usage error naming the word. */
export const linesOf = (words: readonly string[]): readonly string[] => [
  ...new Set(words.flatMap((word) => setNamed(word)?.lines ?? [word.trim()])),
];

export const WHAT = { name: '<what...>', summary: `sets (${SETS.map(({ name }) => name).join(', ')}) and patterns` };

/** The words of a variadic argument. */
export const wordsOf = ({ args: [first] }: Raw): readonly string[] =>
  Array.isArray(first) ? (first as readonly string[]) : [];

/** `1 metric`, `2 metrics`. */
export const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

export const PRICE_REGION: Flag = {
  flags: '--region <region>',
  summary: 'for the cost: where the metrics go',
  default: 'us-east-1',
};

/** @throws usage error on what is no region. */
export const priceRegion = (raw: Raw): string => {
  const region = text(raw, 'region')!;
  if (!REGION.test(region))
    throw usageError(`${region.slice(0, 40)} is no region`, {
      field: '--region',
      next: 'give one like us-east-1 or cn-north-1',
    });
  return region;
};

export const money = (currency: 'USD' | 'CNY', amount: number): string =>
  `${currency === 'CNY' ? '¥' : '$'}${amount.toFixed(2)}`;

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

export const sourceOf = (raw: Raw): MetricSource => {
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

export const FLEET_FLAGS: readonly Flag[] = [
  {
    flags: '--host <user@host...>',
    summary: 'machines to work on by ssh, user@host or user@host:port (default: this one)',
  },
  { flags: '--identity <file>', summary: 'private key for --host' },
  { flags: '--known-hosts <file>', summary: "host keys to believe, in place of ssh's own files" },
  { flags: '--config <path>', summary: "collectd's main configuration file there, where it is not the usual one" },
];

export const fleetOf = (raw: Raw): Fleet => {
  const config = text(raw, 'config');
  if (config !== undefined && !/^\/[A-Za-z0-9._/@+-]{1,300}$/.test(config))
    throw usageError('is no absolute path of letters, digits and "._/@+-"', { field: '--config' });
  return {
    hosts: [...new Set(list(raw, 'host'))],
    identity: text(raw, 'identity'),
    knownHosts: text(raw, 'knownHosts'),
    config,
  };
};

/** Plans every host, asks once and applies to all. */
export const runFleet = (
  ports: Ports,
  fleet: Fleet,
  options: ProcedureOptions,
  title: string,
  planOf: Parameters<typeof onFleet>[4],
): Promise<Outcome<FleetResult>> =>
  onFleet(
    ports,
    fleet,
    {
      ...options,
      contextOf: (region, machine) => contextOf(ports, { region, machine }, options),
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
          `${hosts.length - failed} of ${hosts.length} hosts ${did === 'planned' ? 'looked at' : 'done'}${failed === 0 ? '' : style.bad(`, ${failed} failed`)}`,
        ]),
  ].join('\n\n');
};
