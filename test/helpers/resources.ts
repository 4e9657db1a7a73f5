import { patienceOf } from '../../src/lib/core/patience.ts';
import { expect } from 'vitest';
import type { Aliyun } from '../../src/lib/core/aliyun.ts';
import type { Aws } from '../../src/lib/core/aws.ts';
import type { RouteTables } from '../../src/lib/core/ports.ts';
import { ROUTE_CALL } from '../../src/lib/core/route-call.ts';
import { HybridError } from '../../src/lib/core/errors.ts';
import type { Difference, ExecutionContext, PlannedStep, Step } from '../../src/lib/core/procedure.ts';
import { applySteps } from '../../src/lib/procedures/kit/apply.ts';
import { destroySteps } from '../../src/lib/procedures/kit/destroy.ts';
import { planSteps } from '../../src/lib/procedures/kit/plan.ts';
import { readContextOf, readStep } from '../../src/lib/procedures/kit/read.ts';
import { valueStore } from '../../src/lib/procedures/kit/values.ts';
import { routesOf } from '../../src/lib/routes/writer.ts';
import { fakeFiles } from '../fakes/files.ts';
import { fakeShell } from '../fakes/shell.ts';

/** What a row may do to the cloud by itself, as somebody else would. */
export interface Clouds {
  readonly aws: Aws;
  readonly aliyun: Aliyun;
  readonly tables: RouteTables;
}

/** One resource, or one with its parts, for the contract in test/contract/resources.test.ts. */
export interface Row {
  readonly what: string;
  /** What it rests on: made before, and no part of what is judged. */
  readonly setup?: readonly Step[];
  readonly steps: readonly Step[];
  /** Something that is not as it should be. @param id of the first step's thing */
  readonly drift?: {
    readonly make: (clouds: Clouds, id: string) => Promise<unknown>;
    /** What the plan says, and the calls that put it right; `only you`: no call does. */
    readonly fields: readonly string[];
    readonly calls: readonly string[] | 'only you';
  };
  /** Makes somebody else's thing that has our name. @returns what --adopt takes */
  readonly foreign?: (clouds: Clouds) => Promise<string>;
  /** What becomes of it without --adopt. Default: it is refused. */
  readonly unadopted?: 'used' | 'unseen';
  /** Parts that an adopted thing lacks: refused, or told. Default: nothing is lacking. */
  readonly adopted?: 'refused' | 'told';
  /** It is left when the rest goes, whoever made it. */
  readonly stays?: true;
  /** How many of the calls leave something that only a person can remove, when the run dies after them. */
  readonly lost?: number;
}

class Killed extends Error {}

interface Faults {
  /** The run dies after so many changing calls. */
  dieAfter: number;
  /** Every call is refused for their number: reads, or changes. */
  throttled: 'reads' | 'changes' | undefined;
}

export interface Bench {
  readonly context: ExecutionContext;
  /** Operations of the changing calls so far. */
  readonly calls: string[];
  readonly faults: Faults;
}

const throttled = (): HybridError =>
  new HybridError(1, 'too many requests', { call: 'throttled', code: 'Throttling', kind: 'throttled' });

/** The engine over clouds that count the changing calls and can fail. */
export const benchOn = ({ aws, aliyun, tables }: Clouds): Bench => {
  const calls: string[] = [];
  const faults: Faults = { dieAfter: Number.POSITIVE_INFINITY, throttled: undefined };
  let now = 1_795_200_000_000;
  const changing = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    if (faults.throttled === 'changes') throw throttled();
    const answer = await work();
    calls.push(operation);
    if (calls.length >= faults.dieAfter) throw new Killed();
    return answer;
  };
  const reading = <T>(work: () => Promise<T>): Promise<T> =>
    faults.throttled === 'reads' ? Promise.reject(throttled()) : work();
  const clock = {
    now: () => now,
    // What the cloud has under way takes real milliseconds.
    sleep: async (ms: number) => {
      now += ms;
      await new Promise((done) => setTimeout(done, 10));
    },
  } as ExecutionContext['clock'];
  const routes = routesOf(async () => tables, clock);
  return {
    calls,
    faults,
    context: {
      aws: {
        region: aws.region,
        ask: (...call) => reading(() => aws.ask(...call)),
        all: (...call) => reading(() => aws.all(...call)),
        send: (call) => changing(call.operation, () => aws.send(call)),
      },
      aliyun: {
        region: aliyun.region,
        send: (call) =>
          /^(Get|List|Head|Describe)/.test(call.action)
            ? reading(() => aliyun.send(call))
            : changing(call.action, () => aliyun.send(call)),
      },
      routes: {
        read: (id) => reading(() => routes.read(id)),
        write: (call, signal) => changing(ROUTE_CALL[call.write.kind], () => routes.write(call, signal)),
      },
      shell: fakeShell({ rm: () => '' }),
      files: fakeFiles({}),
      clock,
      patience: patienceOf(new AbortController().signal),
      signal: new AbortController().signal,
      progress: () => undefined,
    },
  };
};

const SITE = 'contract';
const NONE: ReadonlyMap<string, string> = new Map();

export const apply = (
  { context }: Bench,
  { setup = [], steps }: Row,
  adopted: ReadonlyMap<string, string> = NONE,
): Promise<{ readonly steps: readonly PlannedStep[] }> =>
  applySteps([...setup, ...steps], context, { site: SITE, adopted, keepOnFailure: false });

export const plan = (
  { context }: Bench,
  { setup = [], steps }: Row,
  adopted: ReadonlyMap<string, string> = NONE,
): Promise<readonly PlannedStep[]> => planSteps([...setup, ...steps], context, { site: SITE, adopted });

export const destroy = ({ context }: Bench, { setup = [], steps }: Row): Promise<readonly PlannedStep[]> =>
  destroySteps([...setup, ...steps], context, { site: SITE, adopted: NONE });

/** What it rests on is made, and forgotten by the bench. */
export const prepare = async (bench: Bench, { setup = [] }: Row): Promise<void> => {
  await applySteps(setup, bench.context, { site: SITE, adopted: NONE, keepOnFailure: false });
  bench.calls.length = 0;
};

/** @returns the changing calls of a piece of work. */
export const callsOf = async (bench: Bench, work: () => Promise<unknown>): Promise<readonly string[]> => {
  bench.calls.length = 0;
  await work();
  return [...bench.calls];
};

export const diesAfter = async (bench: Bench, row: Row, calls: number): Promise<void> => {
  bench.calls.length = 0;
  bench.faults.dieAfter = calls;
  await expect(apply(bench, row)).rejects.toBeInstanceOf(Killed);
  bench.faults.dieAfter = Number.POSITIVE_INFINITY;
  bench.calls.length = 0;
};

/**
 * The calls by which each step that differs would be put right; with `scrambled`, every word that people read is another
 * one before the step decides.
 */
export const updatesOf = async ({ context }: Bench, { setup = [], steps }: Row, scrambled: boolean) => {
  const store = valueStore();
  const reads = readContextOf(context, { site: SITE, adopted: NONE }, store);
  const other = (one: Difference): Difference => ({
    field: one.field,
    ...(one.is === undefined ? {} : { is: `x ${one.is.length}` }),
    ...(one.wanted === undefined ? {} : { wanted: `y ${one.wanted.length}` }),
  });
  const all = [];
  for (const step of [...setup, ...steps]) {
    const result = await readStep(step, reads, store);
    if (result.state === 'differs')
      all.push(
        step.update?.(store.values, result.found, scrambled ? result.differences.map(other) : result.differences),
      );
  }
  return all;
};
