import { servicePrincipal } from './partition.ts';

/** A policy document in IAM's own words. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Principal?: { readonly Service: string } | { readonly AWS: string };
  readonly Resource?: readonly string[];
  /** Everything but these: the only way to allow an SMS, which has no ARN, without allowing every topic. */
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export const policyDocument = (...statements: readonly Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});

/** Who may take the role: one service, by its name in the region's partition. */
export const trustOf = (service: string, region: string): PolicyDocument =>
  policyDocument({
    Effect: 'Allow',
    Principal: { Service: servicePrincipal(service, region) },
    Action: ['sts:AssumeRole'],
  });

/**
 * Whether a document that IAM returned (JSON, URL-encoded as RFC 3986 says) means what we want. The order of keys and
 * lists and one-item lists written as text make no difference; anything else does.
 */
export const sameDocument = (returned: string, wanted: PolicyDocument): boolean => {
  const parsed = parse(returned);
  return parsed !== undefined && normal(parsed) === normal(wanted);
};

/** Whether a returned document has every statement that we want; it may have others, and other statement ids. */
export const includesDocument = (returned: string, wanted: PolicyDocument): boolean => {
  const statements = (document: unknown): readonly string[] =>
    [(document as { Statement?: unknown } | undefined)?.Statement ?? []]
      .flat()
      .map((one) => normal({ ...(one as object), Sid: '' }));
  const has = statements(parse(returned));
  return statements(wanted).every((one) => has.includes(one));
};

const parse = (text: string): unknown => {
  for (const read of [(): string => decodeURIComponent(text), (): string => text]) {
    try {
      return JSON.parse(read()) as unknown;
    } catch {
      // Not encoded (some endpoints answer plain JSON), or no JSON at all.
    }
  }
  return undefined;
};

const normal = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 1 ? normal(value[0]) : `[${value.map(normal).sort().join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}:${normal(inner)}`)
    .sort()
    .join(',')}}`;
};
