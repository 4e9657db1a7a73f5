import { slice } from '../../slice.ts';
import { physicalId, type Change, type Plan } from './template.ts';

/** What is being done to a stack since `at`; how far it is follows from the clock alone. */
export interface Operation {
  readonly verb: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly at: number;
  readonly resources: readonly string[];
  /** The resource that can't be made, and why. */
  readonly fails: { readonly name: string; readonly why: string } | undefined;
  readonly rollback: boolean;
}

export interface StackRecord {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly template: string;
  /** undefined: only a change set stands for it. */
  readonly plan: Plan | undefined;
  readonly operations: readonly Operation[];
}

export interface ChangeSetRecord {
  /** When it was asked for, ms: working it out takes a moment. */
  readonly at: number;
  readonly id: string;
  readonly name: string;
  readonly stack: string;
  readonly template: string;
  readonly plan: Plan;
  readonly tags: Readonly<Record<string, string>>;
  readonly changes: readonly Change[];
}

export interface CfnState {
  readonly stacks: readonly StackRecord[];
  readonly changeSets: readonly ChangeSetRecord[];
}
export const cfn = slice<CfnState>('cloudformation', { stacks: [], changeSets: [] });

export interface StackEvent {
  readonly at: number;
  readonly id: string;
  readonly name: string;
  readonly physical: string;
  readonly type: string;
  readonly status: string;
  readonly why: string | undefined;
}

/** One resource after another, ms: a lab is no coffee break. */
export const STEP_MS = 10;

/** The history of a stack up to now, the oldest first. */
export const historyOf = (stack: StackRecord, now: number): readonly StackEvent[] =>
  stack.operations.flatMap((operation, index) => {
    const { verb, at, resources, fails, rollback } = operation;
    const events: StackEvent[] = [];
    let time = at;
    const say = (name: string, status: string, why?: string): void => {
      const own = name === stack.name;
      const type = own ? 'AWS::CloudFormation::Stack' : (stack.plan?.resources.get(name)?.type ?? 'AWS::EC2::VPC');
      events.push({
        at: time,
        id: `${name}-${index}-${events.length}`,
        name,
        physical: own ? stack.id : physicalId(stack.id, name, type),
        type,
        status,
        why,
      });
      time += STEP_MS;
    };
    say(stack.name, `${verb}_IN_PROGRESS`, 'User Initiated');
    const done = fails === undefined ? resources : resources.slice(0, Math.max(0, resources.indexOf(fails.name)));
    for (const name of done) for (const word of ['IN_PROGRESS', 'COMPLETE']) say(name, `${verb}_${word}`);
    if (fails === undefined) say(stack.name, `${verb}_COMPLETE`);
    else {
      say(fails.name, `${verb}_FAILED`, fails.why);
      const undone = verb === 'UPDATE' ? 'UPDATE_ROLLBACK' : 'ROLLBACK';
      if (!rollback) say(stack.name, `${verb}_FAILED`, `The following resource(s) failed: [${fails.name}].`);
      else {
        say(
          stack.name,
          `${undone}_IN_PROGRESS`,
          `The following resource(s) failed: [${fails.name}]. Rollback requested by user.`,
        );
        for (const name of [...done].reverse()) say(name, 'DELETE_COMPLETE');
        say(stack.name, `${undone}_COMPLETE`);
      }
    }
    return events.filter((event) => event.at <= now);
  });

export const statusOf = (
  stack: StackRecord,
  now: number,
): { readonly status: string; readonly why: string | undefined } => {
  const last = historyOf(stack, now).findLast(({ name }) => name === stack.name);
  return last === undefined
    ? { status: 'REVIEW_IN_PROGRESS', why: undefined }
    : {
        status: last.status,
        why: last.status.endsWith('_FAILED') || last.status.includes('ROLLBACK') ? last.why : undefined,
      };
};
