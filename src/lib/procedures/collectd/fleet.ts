import type { Outcome } from '../../core/command.ts';
import { EXIT, failure, HybridError, usageError } from '../../core/errors.ts';
import type { Machine } from '../../core/machine.ts';
import type { Ports } from '../../core/ports.ts';
import type { ExecutionContext, PlannedStep } from '../../core/procedure.ts';
import type { HostPlan } from './deploy.ts';
import { lookAtHost, type CollectdHost } from './host.ts';
import { puttingBack } from './put-back.ts';
import { applySteps } from '../kit/apply.ts';
import { asMarkdown, asShell, runbookOf } from '../kit/emit.ts';
import { pendingOf, planSteps } from '../kit/plan.ts';
import { absolute } from '../../site/file.ts';

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

/** Machines at once: each is a process of ssh. */
const AT_ONCE = 16;
const HERE = 'this host';
const SCENE = { site: 'collectd', adopted: new Map<string, string>() };

/** What the flags say of the run, and whom the command asks. */
export interface FleetRun {
  readonly dryRun: boolean;
  readonly detailedExitcode: boolean;
  readonly emit?: 'sh' | 'md' | undefined;
  readonly yes: boolean;
  contextOf(region: string, machine: FleetMachine): ExecutionContext;
  /** Shows what is pending and asks. Throws where the answer is no. */
  agree(pending: readonly PendingHost[], question: string): Promise<void>;
}

export interface PendingHost {
  readonly context: ExecutionContext;
  readonly steps: readonly PlannedStep[];
}

/** This host, or one that is reached by ssh. */
export type FleetMachine = Pick<Machine, 'shell' | 'files'> & { close?(): Promise<void> };

interface OneHost {
  readonly name: string;
  machine?: FleetMachine;
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
  run: FleetRun,
  title: string,
  planOf: (machine: FleetMachine, host: CollectdHost) => Promise<{ readonly plan: HostPlan; readonly region: string }>,
): Promise<Outcome<FleetResult>> => {
  if (run.emit !== undefined && fleet.hosts.length > 1)
    throw usageError('a runbook is of one host', { field: '--emit', next: 'use one --host' });
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
        const context = run.contextOf(region, machine);
        Object.assign(host, {
          plan,
          context: { ...context, progress: (line: string) => ports.progress(`${host.name}: ${line}`) },
        });
        // Who says yes beforehand is shown what was done: a host far away is not looked at twice.
        if (run.dryRun || (!run.yes && run.emit === undefined))
          host.steps = await planSteps(plan.steps, context, SCENE);
      }),
    );
    const [only] = hosts;
    if (run.emit !== undefined && only?.plan !== undefined) {
      const runbook = await runbookOf(title, only.plan.steps, only.context!, SCENE);
      return { result: { hosts: [], runbook: run.emit === 'sh' ? asShell(runbook) : asMarkdown(runbook) } };
    }
    if (run.dryRun) return outcomeOf(hosts, 'planned', run);
    const ready = hosts.filter(({ error }) => error === undefined);
    const pending = ready.filter(({ steps }) => pendingOf(steps) > 0);
    if (pending.length > 0 && !run.yes) {
      await run.agree(
        pending.map(({ context, steps }) => ({ context: context!, steps })),
        `Apply these changes to ${title} on ${pending.map(({ name }) => name).join(', ')}?`,
      );
    }
    await eachOf(
      ready,
      guarded(async (host) => {
        const { plan, context } = host;
        const apply = () => applySteps(plan!.steps, context!, { ...SCENE, keepOnFailure: false });
        host.steps = (await puttingBack(plan!.paths, plan!.again)(context!, apply)).steps;
      }),
    );
    return outcomeOf(hosts, 'applied', run);
  } finally {
    await Promise.all(hosts.map(({ machine }) => (fleet.hosts.length === 0 ? undefined : machine?.close?.())));
  }
};

const outcomeOf = (
  hosts: readonly OneHost[],
  did: 'planned' | 'applied',
  { detailedExitcode }: FleetRun,
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
