/**
 * The AWS API in its own words. A procedure's plan is printed as AWS CLI lines and carried out by the SDK from the very
 * same data, so its calls are written as the API spells them; the types are the SDK's, and nothing of it is loaded
 * here.
 */
export interface Sdk {
  readonly ec2: typeof import('@aws-sdk/client-ec2');
  readonly iam: typeof import('@aws-sdk/client-iam');
  readonly s3: typeof import('@aws-sdk/client-s3');
  readonly ssm: typeof import('@aws-sdk/client-ssm');
  readonly sts: typeof import('@aws-sdk/client-sts');
  readonly cloudformation: typeof import('@aws-sdk/client-cloudformation');
  readonly elbv2: typeof import('@aws-sdk/client-elastic-load-balancing-v2');
  readonly directconnect: typeof import('@aws-sdk/client-direct-connect');
  readonly cloudwatch: typeof import('@aws-sdk/client-cloudwatch');
  readonly events: typeof import('@aws-sdk/client-eventbridge');
  readonly lambda: typeof import('@aws-sdk/client-lambda');
  readonly logs: typeof import('@aws-sdk/client-cloudwatch-logs');
  readonly sns: typeof import('@aws-sdk/client-sns');
  readonly sqs: typeof import('@aws-sdk/client-sqs');
}

/** As the AWS CLI names it. */
export type Service = keyof Sdk;
/** As the API names it: `RunInstances`. */
export type Operation<S extends Service> = {
  [Key in keyof Sdk[S]]: Key extends `${infer Name}Command` ? Name : never;
}[keyof Sdk[S]];

type CommandOf<S extends Service, O extends Operation<S>> =
  Sdk[S] extends Record<`${O}Command`, abstract new (...args: never) => infer C> ? C : never;
export type Input<S extends Service, O extends Operation<S>> =
  CommandOf<S, O> extends { readonly input: infer I } ? I : never;
export type Output<S extends Service, O extends Operation<S>> =
  CommandOf<S, O> extends { resolveMiddleware(...args: never): (...args: never) => Promise<{ output: infer Out }> }
    ? Omit<Out, '$metadata'>
    : never;

/** One request, as data: sent by the SDK, printed as a line of the AWS CLI. */
export interface ApiCall {
  readonly kind: 'aws';
  readonly service: Service;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Fields of the input that no plan, runbook or log shows; `a.b` is a field of a field, `a.0` the first of a list. */
  readonly secret?: readonly string[];
}

/** A request whose parameters the compiler has checked: the SDK drops a misspelt one without a word. */
export const api = <S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  secret: readonly string[] = [],
): ApiCall => ({
  kind: 'aws',
  service,
  operation,
  input: input as Readonly<Record<string, unknown>>,
  ...(secret.length === 0 ? {} : { secret }),
});

/** The account, in one region. Every error is a HybridError that names the IAM action and carries the API's code. */
export interface Aws {
  readonly region: string;
  ask<S extends Service, O extends Operation<S>>(service: S, operation: O, input: Input<S, O>): Promise<Output<S, O>>;
  /** A call as data; its answer is for whoever made the call to know. */
  send(call: ApiCall): Promise<unknown>;
  /**
   * Every page of an answer's list, as one. @param field the list in the answer. Follows NextToken, Marker and
   * NextMarker, and ends with an error at a token that comes twice.
   */
  all<S extends Service, O extends Operation<S>, F extends keyof Output<S, O>>(
    service: S,
    operation: O,
    input: Input<S, O>,
    field: F,
  ): Promise<NonNullable<Output<S, O>[F]>>;
}
