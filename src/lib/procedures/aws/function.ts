import { api, type Output } from '../../core/aws.ts';
import { failure, unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { arn, servicePrincipal } from '../../domain/partition.ts';
import { listedTags, mappedTags, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';

/** Seconds and MB: what writes a line of log needs no more. */
const [TIMEOUT, MEMORY] = [10, 128];
/** A function is Active seconds after its creation; a role that was just made is believed some ten seconds later. */
const TIMEOUT_MS = 120_000;

export interface FunctionOptions {
  /** `debugger`: the step is `function/debugger`, its ARN is in that slot, its role in `role/debugger`. */
  readonly name: string;
  /** Its name at Lambda. */
  readonly fn: string;
  readonly region: string;
  readonly runtime: string;
  readonly handler: string;
  readonly description: string;
  readonly zip: Uint8Array;
}

type Found = NonNullable<Output<'lambda', 'GetFunction'>['Configuration']> & {
  readonly tags: ReturnType<typeof listedTags>;
};

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('base64');

/** @param name or ARN of it */
const functionNamed = async ({ aws }: ReadContext, name: string): Promise<Found | undefined> => {
  const answer = await unlessAbsent(aws.ask('lambda', 'GetFunction', { FunctionName: name }));
  return answer && { ...answer.Configuration, tags: listedTags(answer.Tags) };
};

const CODE = 'code';

/** A Lambda function with its code. Needs the account and the role. */
export const lambdaFunction = (
  site: string,
  { name, fn, region, runtime, handler, description, zip }: FunctionOptions,
): Step => {
  const key = `function/${name}`;
  const configuration = (values: Values) => ({
    FunctionName: fn,
    Runtime: runtime as 'nodejs22.x',
    Handler: handler,
    Role: arn(region, 'iam', values('account'), `role/${values(`role/${name}`)}`, ''),
  });
  return resource<Found>(site, {
    key,
    title: `function ${fn}`,
    needs: ['account', `role/${name}`],
    kind: 'function',
    name: fn,
    byId: functionNamed,
    byName: (context) => functionNamed(context, fn),
    id: ({ FunctionArn }) => FunctionArn!,
    tags: ({ tags }) => tags,
    pending({ State, LastUpdateStatus }) {
      if (State === 'Failed')
        throw failure(`function ${fn} could not be made`, {
          field: key,
          next: 'see its StateReason in the console, then remove it and run this again',
        });
      return State === 'Pending' || LastUpdateStatus === 'InProgress' ? 'Lambda is still setting it up' : undefined;
    },
    async diff({ CodeSha256, ...is }, values) {
      const wanted = configuration(values);
      const fields = { Runtime: 'runtime', Handler: 'handler', Role: 'role' } as const;
      return [
        ...(CodeSha256 === (await sha256(zip)) ? [] : [{ field: CODE }]),
        ...(['Runtime', 'Handler', 'Role'] as const).flatMap((one) =>
          is[one] === wanted[one] ? [] : [{ field: fields[one], is: is[one] ?? 'none', wanted: wanted[one] }],
        ),
      ];
    },
    create: (values) => [
      api('lambda', 'CreateFunction', {
        ...configuration(values),
        Description: description,
        Timeout: TIMEOUT,
        MemorySize: MEMORY,
        Code: { ZipFile: zip },
        Tags: mappedTags(tagsOf(site, key)),
      }),
    ],
    idPath: 'FunctionArn',
    update: (values, _is, differences) => [
      ...(differences.some(({ field }) => field === CODE)
        ? [api('lambda', 'UpdateFunctionCode', { FunctionName: fn, ZipFile: zip })]
        : []),
      ...(differences.some(({ field }) => field !== CODE)
        ? [api('lambda', 'UpdateFunctionConfiguration', configuration(values))]
        : []),
    ],
    delete: () => [api('lambda', 'DeleteFunction', { FunctionName: fn })],
    timeoutMs: TIMEOUT_MS,
  });
};

/** What of a policy statement counts, as Lambda shows it. */
interface Statement {
  readonly Sid?: string;
  readonly Principal?: { readonly Service?: string };
  readonly Condition?: { readonly ArnLike?: { readonly 'AWS:SourceArn'?: string } };
}

/** The rule in the slot `rule/RULE` may call the function in the slot `function/NAME`. It goes with the function. */
export const functionPermission = (name: string, rule: string, region: string): Step => {
  const slot = `function/${name}`;
  const Sid = `hybridctl-${rule}`;
  const principal = servicePrincipal('events', region);
  const allows = (one: Statement, values: Values): boolean =>
    one.Principal?.Service === principal && one.Condition?.ArnLike?.['AWS:SourceArn'] === values(`rule/${rule}`);
  const allow = (values: Values) =>
    api('lambda', 'AddPermission', {
      FunctionName: values(slot),
      StatementId: Sid,
      Action: 'lambda:InvokeFunction',
      Principal: principal,
      SourceArn: values(`rule/${rule}`),
    });
  const remove = (values: Values) =>
    api('lambda', 'RemovePermission', { FunctionName: values(slot), StatementId: Sid });
  return part<Statement>({
    key: `permission/${name}`,
    title: `rule ${rule} may call function ${name}`,
    parent: slot,
    needs: [`rule/${rule}`],
    async read({ aws, values, adopted }) {
      const policy = (await unlessAbsent(aws.ask('lambda', 'GetPolicy', { FunctionName: values(slot) })))?.Policy;
      const all = policy === undefined ? [] : (JSON.parse(policy) as { Statement: readonly Statement[] }).Statement;
      // An adopted function allows it under an id of its own.
      return all.find((one) => (adopted.has(slot) ? allows(one, values) : one.Sid === Sid));
    },
    id: () => Sid,
    diff: (is, values) => (allows(is, values) ? [] : [{ field: 'who may call it' }]),
    create: (values) => [allow(values)],
    update: (values) => [remove(values), allow(values)],
    delete: (values) => [remove(values)],
  });
};
