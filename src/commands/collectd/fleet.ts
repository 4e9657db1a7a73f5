import { list, text, type Flag, type Outcome, type Raw, type Style } from '../../lib/core/command.ts';
import { EXIT, failure, HybridError, usageError } from '../../lib/core/errors.ts';
import type { Machine } from '../../lib/core/machine.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { ExecutionContext, PlannedStep } from '../../lib/core/procedure.ts';
import type { HostPlan } from '../../lib/procedures/collectd/deploy.ts';
import { lookAtHost, type CollectdHost } from '../../lib/procedures/collectd/host.ts';
import { puttingBack } from '../../lib/procedures/collectd/put-back.ts';
import { applySteps } from '../../lib/procedures/kit/apply.ts';
import { asMarkdown, asShell, runbookOf } from '../../lib/procedures/kit/emit.ts';
import { pendingOf, planSteps } from '../../lib/procedures/kit/plan.ts';
import { absolute } from '../../lib/site/file.ts';
import { consent, contextOf, humanProcedure, tell, type ProcedureOptions } from '../procedure.ts';

export interface Fleet {
  /** As the user wrote them; none: this host. */
  readonly hosts: readonly string[];
  readonly identity: string | undefined;
  readonly knownHosts: string | undefined;
  readonly config: string | undefined;
}

export interface HostResult {
  readonly host: string;
  readonly did: 'planned' | 'applied' | 'failed';
  readonly steps: readonly PlannedStep[];
  readonly error: { readonly message: string; readonly next: string | null; readonly exit: number } | null;
}

export interface FleetResult {
  /** What was done in the cloud before, where something was. */
  readonly cloud?: readonly PlannedStep[];
  readonly hosts: readonly HostResult[];
  readonly runbook: string | null;
}

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

/** Machines at once: each is a process of ssh. */
const AT_ONCE = 16;
const HERE = 'this host';
const SCENE = { site: 'collectd', adopted: new Map<string, string>() };

interface OneHost {
  readonly name: string;
  machine?: Pick<Machine, 'shell' | 'files'> & { close?(): Promise<void> };
  context?: ExecutionContext;
  plan?: HostPlan;
  steps: readonly PlannedStep[];
  error?: HybridError;
}

const eachOf = async <T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> => {
  const queue = [...all];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
};

/** What goes wrong with one host is its own: the others go on. */
const guarded =
  (work: (host: OneHost) => Promise<void>) =>
  async (host: OneHost): Promise<void> => {
    if (host.error !== undefined) return;
    try {
      await work(host);
    } catch (error) {
      if (!(error instanceof HybridError) || error.exit === EXIT.interrupted) throw error;
      host.error = error;
    }
  };

/**
 * Plans every host, asks once, and applies to all at once; each host wholly or not at all.
 * @throws the error itself where there is one host and it failed.
 */
export const onFleet = async (
  ports: Ports,
  fleet: Fleet,
  options: ProcedureOptions,
  title: string,
  planOf: (
    machine: NonNullable<OneHost['machine']>,
    host: CollectdHost,
  ) => Promise<{ readonly plan: HostPlan; readonly region: string }>,
): Promise<Outcome<FleetResult>> => {
  if (options.emit !== undefined && fleet.hosts.length > 1)
    throw usageError('a runbook is of one host', { field: '--emit', next: 'give one --host' });
  const file = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : absolute(ports.cwd, path);
  const hosts = (fleet.hosts.length === 0 ? [HERE] : fleet.hosts).map((name): OneHost => ({ name, steps: [] }));
  try {
    await eachOf(
      hosts,
      guarded(async (host) => {
        const machine = (host.machine =
          fleet.hosts.length === 0
            ? ports
            : await ports.ssh({
                target: host.name,
                identity: file(fleet.identity),
                knownHosts: file(fleet.knownHosts),
                signal: ports.signal,
              }));
        const { plan, region } = await planOf(machine, await lookAtHost(machine, fleet.config));
        const context = contextOf(ports, { region, machine }, options);
        Object.assign(host, {
          plan,
          context: { ...context, progress: (line: string) => ports.progress(`${host.name}: ${line}`) },
        });
        // Who says yes beforehand is shown what was done: a host far away is not looked at twice.
        if (options.dryRun || (!options.yes && options.emit === undefined))
          host.steps = await planSteps(plan.steps, context, SCENE);
      }),
    );
    const [only] = hosts;
    if (options.emit !== undefined && only?.plan !== undefined) {
      const runbook = await runbookOf(title, only.plan.steps, only.context!, SCENE);
      return { result: { hosts: [], runbook: options.emit === 'sh' ? asShell(runbook) : asMarkdown(runbook) } };
    }
    if (options.dryRun) return outcomeOf(hosts, 'planned', options);
    const ready = hosts.filter(({ error }) => error === undefined);
    const pending = ready.filter(({ steps }) => pendingOf(steps) > 0);
    if (pending.length > 0 && !options.yes) {
      for (const { context, steps } of pending) tell({ ...ports, progress: context!.progress }, steps);
      await consent(ports, options, `Make ${title} so on ${pending.map(({ name }) => name).join(', ')}?`);
    }
    await eachOf(
      ready,
      guarded(async (host) => {
        const { plan, context } = host;
        const apply = () => applySteps(plan!.steps, context!, { ...SCENE, keepOnFailure: false });
        host.steps = (await puttingBack(plan!.paths, plan!.again)(context!, apply)).steps;
      }),
    );
    return outcomeOf(hosts, 'applied', options);
  } finally {
    await Promise.all(hosts.map(({ machine }) => (fleet.hosts.length === 0 ? undefined : machine?.close?.())));
  }
};

const outcomeOf = (
  hosts: readonly OneHost[],
  did: 'planned' | 'applied',
  { detailedExitcode }: ProcedureOptions,
): Outcome<FleetResult> => {
  const failed = hosts.filter(({ error }) => error !== undefined);
  if (hosts.length === 1 && failed.length === 1) throw failed[0]!.error!;
  if (failed.length === hosts.length)
    throw failure('it failed on every host', {
      more: failed.map(
        ({ name, error }) => `${name}: ${error!.message}${error!.next === undefined ? '' : `; ${error!.next}`}`,
      ),
    });
  const changes = did === 'planned' && detailedExitcode && hosts.some(({ steps }) => pendingOf(steps) > 0);
  const results = hosts.map(
    ({ name, steps, error }): HostResult => ({
      host: name,
      did: error === undefined ? did : 'failed',
      steps: error === undefined ? steps : [],
      error: error === undefined ? null : { message: error.message, next: error.next ?? null, exit: error.exit },
    }),
  );
  return {
    result: { hosts: results, runbook: null },
    exit: failed.length > 0 ? EXIT.partly : changes ? EXIT.changesPending : EXIT.ok,
  };
};

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
