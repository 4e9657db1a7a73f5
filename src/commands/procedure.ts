import type { Command, Example, Outcome, Style } from '../lib/core/command.ts';
import { defineCommand } from '../lib/core/define.ts';
import { EXIT, usageError } from '../lib/core/errors.ts';
import type { Arguments, Flags, Options } from '../lib/core/flags.ts';
import type { Relations } from '../lib/core/flags/read.ts';
import { patienceOf } from '../lib/core/patience.ts';
import type { Ports } from '../lib/core/ports.ts';
import type { ExecutionContext, PlannedStep, Step } from '../lib/core/procedure.ts';
import { applySteps, type Applied } from '../lib/procedures/kit/apply.ts';
import { destroySteps } from '../lib/procedures/kit/destroy.ts';
import { asMarkdown, asShell, runbookOf } from '../lib/procedures/kit/emit.ts';
import { aliyunLazily, lazily } from '../lib/procedures/kit/lazily.ts';
import { pendingOf, planRemoval, planSteps } from '../lib/procedures/kit/plan.ts';
import { routesOf } from '../lib/routes/writer.ts';
import { consent } from './consent.ts';
import { APPLY, DESTROY, type ProcedureOptions } from './procedure-flags.ts';
import { jsonShape } from '../lib/core/json-shape.ts';

export {
  APPLY,
  DESTROY,
  type ProcedureOptions,
} from './procedure-flags.ts';

/** What every procedure prints. */
export const procedureJson = jsonShape(1, async () => (await import('./json.ts')).procedure);

/** Documented in docs/README.md, "Procedures"; fields are only ever added. */
export interface ProcedureResult {
  readonly did: 'planned' | 'applied' | 'destroyed' | 'emitted';
  readonly steps: readonly PlannedStep[];
  /** Ids by slot, once applied. */
  readonly values: Readonly<Record<string, string>>;
  /** The runbook, when one was asked for. */
  readonly runbook: string | null;
}

export interface Procedure {
  /** `the VPN of lab`: in questions and as the runbook's title. */
  readonly title: string;
  readonly site: string;
  readonly steps: readonly Step[];
  /** Of the site; --region overrules it. Absent: nothing of it is in the cloud. */
  readonly region?: string;
  /** Storage that speaks S3's protocol, in place of AWS's. */
  readonly s3Url?: string | undefined;
  /** Default: AWS. */
  readonly cloud?: 'aliyun';
  /** Where its programs run and its files are; absent: this host. */
  readonly machine?: Pick<Ports, 'shell' | 'files'>;
  /** Around the carrying out, where something is to be done: saves what was there, and puts it back on a failure. */
  readonly around?: (context: ExecutionContext, apply: () => Promise<Applied>) => Promise<Applied>;
}

const cloudsOf = (
  ports: Ports,
  { cloud, s3Url }: Pick<Procedure, 'cloud' | 's3Url'>,
  where: { readonly region: string; readonly profile: string | undefined; readonly signal: AbortSignal },
): Pick<ExecutionContext, 'aws' | 'aliyun' | 'routes'> => ({
  aws: lazily(cloud === undefined ? where.region : '', () =>
    ports.aws({ ...where, ...(s3Url === undefined ? {} : { s3Url }) }),
  ),
  aliyun: aliyunLazily(cloud === 'aliyun' ? where.region : '', () => ports.aliyun(where)),
  routes: routesOf(() => ports.routeTables(where), ports.clock),
});

/** The user's signal is not the clients': what was made must be undone after a Ctrl-C too. */
export const contextOf = (
  ports: Ports,
  procedure: Pick<Procedure, 'region' | 'cloud' | 'machine' | 's3Url'>,
  options: Pick<ProcedureOptions, 'region' | 'profile'>,
): ExecutionContext => {
  const patience = patienceOf(ports.signal);
  const region = options.region ?? procedure.region ?? '';
  return {
    ...cloudsOf(ports, procedure, { region, profile: options.profile, signal: patience.signal }),
    shell: procedure.machine?.shell ?? ports.shell,
    files: procedure.machine?.files ?? ports.files,
    clock: ports.clock,
    signal: ports.signal,
    patience,
    progress: ports.progress,
  };
};

export const exitOf = (planned: readonly PlannedStep[], { detailedExitcode }: ProcedureOptions) =>
  detailedExitcode && pendingOf(planned) > 0 ? EXIT.changesPending : EXIT.ok;

/** In place of the JSON's words, what people call it. */
const ACTION_WORDS = { keep: 'keep', make: 'create', change: 'change', remove: 'remove' } as const;

/** What is asked before anything is changed. */
export const applyQuestion = (title: string, planned: readonly PlannedStep[]): string => {
  const pending = pendingOf(planned);
  return `Apply ${pending === 1 ? 'this change' : `these ${pending} changes`} to ${title}?`;
};

export const tell = (ports: Ports, planned: readonly PlannedStep[]): void => {
  for (const { action, title, id, notes, cost } of planned) {
    if (action !== 'keep')
      ports.progress(
        [
          `${ACTION_WORDS[action]} ${title}`,
          id ?? '',
          ...notes,
          cost === null || action !== 'make' ? '' : `costs money: ${cost}`,
        ]
          .filter((part) => part !== '')
          .join('; '),
      );
  }
};

/** Plans, emits or applies, as the flags say. */
export const runApply = async (
  ports: Ports,
  procedure: Procedure,
  options: ProcedureOptions,
): Promise<Outcome<ProcedureResult>> => {
  const { site, steps, title } = procedure;
  const adopted = new Map(options.adopt ?? []);
  const keepOnFailure = options.keepOnFailure ?? false;
  const adoptable = steps.filter((step) => step.adoptable === true).map(({ key }) => key);
  const unknown = [...adopted.keys()].find((key) => !adoptable.includes(key));
  if (unknown !== undefined)
    throw usageError(
      steps.some(({ key }) => key === unknown)
        ? `${unknown} is no thing that could be there already`
        : `nothing of this procedure has the key ${unknown}`,
      {
        field: '--adopt',
        next:
          adoptable.length === 0
            ? 'this procedure can adopt nothing'
            : `what can be adopted is ${adoptable.join(', ')}`,
      },
    );
  const context = contextOf(ports, procedure, options);
  const scope = { site, adopted };
  if (options.emit !== undefined) {
    const runbook = await runbookOf(title, steps, context, scope);
    return {
      result: {
        did: 'emitted',
        steps: [],
        values: {},
        runbook: options.emit === 'sh' ? asShell(runbook) : asMarkdown(runbook),
      },
    };
  }
  const planned = await planSteps(steps, context, scope);
  if (options.dryRun)
    return { result: { did: 'planned', steps: planned, values: {}, runbook: null }, exit: exitOf(planned, options) };
  if (pendingOf(planned) > 0 && !options.yes) {
    tell(ports, planned);
    await consent(ports, options, applyQuestion(title, planned));
  }
  const apply = (): Promise<Applied> => applySteps(steps, context, { ...scope, keepOnFailure });
  const applied = await (procedure.around === undefined || pendingOf(planned) === 0
    ? apply()
    : procedure.around(context, apply));
  return { result: { did: 'applied', ...applied, runbook: null } };
};

/** Plans the removal, or removes what is ours. */
export const runDestroy = async (
  ports: Ports,
  procedure: Procedure,
  options: ProcedureOptions,
): Promise<Outcome<ProcedureResult>> => {
  const { site, steps, title } = procedure;
  const context = contextOf(ports, procedure, options);
  const scope = { site, adopted: new Map<string, string>() };
  const planned = await planRemoval(steps, context, scope);
  if (options.dryRun)
    return { result: { did: 'planned', steps: planned, values: {}, runbook: null }, exit: exitOf(planned, options) };
  if (pendingOf(planned) > 0 && !options.yes) {
    tell(ports, planned);
    await consent(ports, options, `Remove ${title}?`);
  }
  return { result: { did: 'destroyed', steps: await destroySteps(steps, context, scope), values: {}, runbook: null } };
};

export const humanProcedure = ({ did, steps, runbook }: ProcedureResult, style: Style): string => {
  if (runbook !== null) return runbook;
  const paint = { keep: style.dim, make: style.good, change: style.warn, remove: style.bad } as const;
  const pending = pendingOf(steps);
  const sum =
    pending === 0
      ? style.good('nothing to do')
      : did === 'planned'
        ? `${pending} to do; nothing was changed`
        : style.good(`${pending} done`);
  // The account is only looked up, for ARNs: nobody wants to see that it stays.
  const shown = steps.filter(({ key }) => key !== 'account');
  if (shown.length === 0) return sum;
  return [
    style.table(
      ['action', 'what', 'key', 'id', 'note'],
      shown.map(({ action, title, key, id, notes, cost }) => [
        paint[action](ACTION_WORDS[action]),
        title,
        key,
        id ?? '-',
        [...notes, ...(cost === null || action !== 'make' ? [] : [`costs money: ${cost}`])].join('; '),
      ]),
    ),
    '',
    sum,
  ].join('\n');
};

type Base<Verb> = Verb extends 'apply' ? typeof APPLY : typeof DESTROY;

/** A command that makes what a procedure describes, or removes it: its own flags, and one function. */
export interface ProcedureDefinition<Verb extends 'apply' | 'destroy', A extends Arguments, F extends Flags, O>
  extends Relations<Extract<keyof A | keyof F | keyof Base<Verb>, string>> {
  readonly path: string;
  readonly verb: Verb;
  readonly summary: string;
  readonly details?: string;
  readonly args?: A;
  /** Beside those that every such command has; one of the same name takes the place of the common one. */
  readonly flags?: F;
  /** Common flags that mean nothing here. */
  readonly without?: readonly (keyof Base<Verb>)[];
  readonly examples: readonly Example[];
  /** The refusals that need more than one value. */
  refine?(options: Options<A, F & Base<Verb>>, ports: Ports): O;
  procedure(options: O, ports: Ports): Promise<Procedure> | Procedure;
}

/** @returns the command, with plan, --emit, --adopt, one consent and one text. */
export const procedureCommand = <
  const Verb extends 'apply' | 'destroy',
  const A extends Arguments = Record<never, never>,
  const F extends Flags = Record<never, never>,
  O extends ProcedureOptions = Options<A, F & Base<Verb>> & ProcedureOptions,
>({
  verb,
  flags = {} as F,
  without = [],
  procedure,
  ...rest
}: ProcedureDefinition<Verb, A, F, O>): Command =>
  defineCommand<A, Flags, ProcedureResult, O, ProcedureResult>({
    ...(rest as object as Pick<ProcedureDefinition<'apply', A, Flags, O>, 'path' | 'summary' | 'examples'>),
    // Its own come first in the help, and win.
    flags: {
      ...flags,
      ...Object.fromEntries(
        Object.entries(verb === 'apply' ? APPLY : DESTROY).filter(([key]) => !without.some((one) => one === key)),
      ),
      ...flags,
    },
    run: async (options, ports) =>
      (verb === 'apply' ? runApply : runDestroy)(ports, await procedure(options, ports), options),
    json: procedureJson,
    data: (result) => result,
    human: humanProcedure,
  });
