import { api } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { ReadResult, Step } from '../../core/procedure.ts';
import { arn, servicePrincipal } from '../../domain/partition.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { refuseForeign, unlessNone } from './names.ts';

const NONE = /^ResourceNotFoundException$/;
/** Seconds and MB: what writes a line of log needs no more. */
const [TIMEOUT, MEMORY] = [10, 128];
/** A function is Active seconds after its creation; a role that was just made is believed some ten seconds later. */
const PATIENCE_MS = 120_000;

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

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('base64');

const asTags = (tags: Readonly<Record<string, string>> | undefined) =>
  Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));

/** A Lambda function with its code. Needs the account and the role. */
export const lambdaFunction = (
  site: string,
  { name, fn, region, runtime, handler, description, zip }: FunctionOptions,
): Step => {
  const key = `function/${name}`;
  const roleArn = (value: (slot: string) => string): string =>
    arn(region, 'iam', value('account'), `role/${value(`role/${name}`)}`, '');
  return {
    key,
    title: `function ${fn}`,
    needs: ['account', `role/${name}`],
    async read({ aws, values, adopted }): Promise<ReadResult> {
      const id = adopted.get(key) ?? fn;
      const answer = await unlessNone(aws.ask('lambda', 'GetFunction', { FunctionName: id }), NONE);
      if (answer === undefined) {
        if (adopted.has(key)) throw failure(`there is no function ${id}`, { field: key });
        return { state: 'absent' };
      }
      const tags = asTags(answer.Tags);
      if (!adopted.has(key)) refuseForeign('a function', fn, tags, site, key);
      const { FunctionArn, State, LastUpdateStatus, CodeSha256, Runtime, Handler, Role } = answer.Configuration ?? {};
      const found = { id: FunctionArn!, owned: isOurs(tags, site, key) };
      if (State === 'Failed')
        throw failure(`function ${fn} could not be made`, {
          field: key,
          next: 'see its StateReason in the console, then remove it and run this again',
        });
      if (State === 'Pending' || LastUpdateStatus === 'InProgress')
        return { state: 'pending', found, why: 'Lambda is still setting it up' };
      if (!found.owned) return { state: 'ready', found };
      const differences = [
        ...(CodeSha256 === (await sha256(zip)) ? [] : [CODE]),
        ...(Runtime === runtime && Handler === handler && Role === roleArn(values)
          ? []
          : ['its runtime, handler or role is another']),
      ];
      return differences.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences };
    },
    create: (values) => [
      api('lambda', 'CreateFunction', {
        FunctionName: fn,
        Runtime: runtime as 'nodejs22.x',
        Handler: handler,
        Role: roleArn(values),
        Description: description,
        Timeout: TIMEOUT,
        MemorySize: MEMORY,
        Code: { ZipFile: zip },
        Tags: Object.fromEntries(tagsOf(site, key).map(({ Key, Value }) => [Key, Value])),
      }),
    ],
    idPath: 'FunctionArn',
    update: (values, _found, differences) => [
      ...(differences.includes(CODE) ? [api('lambda', 'UpdateFunctionCode', { FunctionName: fn, ZipFile: zip })] : []),
      ...(differences.length === 1 && differences.includes(CODE)
        ? []
        : [
            api('lambda', 'UpdateFunctionConfiguration', {
              FunctionName: fn,
              Runtime: runtime as 'nodejs22.x',
              Handler: handler,
              Role: roleArn(values),
            }),
          ]),
    ],
    delete: () => [api('lambda', 'DeleteFunction', { FunctionName: fn })],
    timeoutMs: PATIENCE_MS,
  };
};

const CODE = 'its code is another';

/** What of a policy statement counts, as Lambda shows it. */
interface Shown {
  readonly Sid?: string;
  readonly Principal?: { readonly Service?: string };
  readonly Condition?: { readonly ArnLike?: { readonly 'AWS:SourceArn'?: string } };
}

/** The rule in the slot `rule/RULE` may call the function in the slot `function/NAME`. It goes with the function. */
export const functionPermission = (name: string, rule: string, region: string): Step => {
  const slot = `function/${name}`;
  const key = `permission/${name}`;
  const Sid = `hybridctl-${rule}`;
  const principal = servicePrincipal('events', region);
  const allow = (value: (slot: string) => string) =>
    api('lambda', 'AddPermission', {
      FunctionName: value(slot),
      StatementId: Sid,
      Action: 'lambda:InvokeFunction',
      Principal: principal,
      SourceArn: value(`rule/${rule}`),
    });
  return {
    key,
    title: `rule ${rule} may call function ${name}`,
    needs: [slot, `rule/${rule}`],
    async read({ aws, values }) {
      const policy = (await unlessNone(aws.ask('lambda', 'GetPolicy', { FunctionName: values(slot) }), NONE))?.Policy;
      const statements = policy === undefined ? [] : (JSON.parse(policy) as { Statement: readonly Shown[] }).Statement;
      const one = statements.find((statement) => statement.Sid === Sid);
      if (one === undefined) return { state: 'absent' };
      const found = { id: Sid, owned: true };
      const right =
        one.Principal?.Service === principal && one.Condition?.ArnLike?.['AWS:SourceArn'] === values(`rule/${rule}`);
      return right ? { state: 'ready', found } : { state: 'differs', found, differences: ['it lets in another'] };
    },
    create: (values) => [allow(values)],
    update: (values) => [
      api('lambda', 'RemovePermission', { FunctionName: values(slot), StatementId: Sid }),
      allow(values),
    ],
    delete: (values) => [api('lambda', 'RemovePermission', { FunctionName: values(slot), StatementId: Sid })],
  };
};
