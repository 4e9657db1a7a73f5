import type { z } from 'zod';
import { addressText, cidr, overlaps, parseCidr } from '../domain/cidr.ts';
import { zoneProblem } from '../domain/regions.ts';
import type { Spec } from './specs.ts';

export type Rule = (answer: string) => true | string;
export const by =
  (schema: z.ZodType): Rule =>
  (answer) => {
    const result = schema.safeParse(answer);
    return result.success ? true : `this ${result.error.issues[0]!.message}`;
  };
export const optional =
  (rule: Rule): Rule =>
  (answer) =>
    answer === '' ? true : rule(answer);
export const network: Rule = (answer) => {
  const parsed = parseCidr(answer);
  return typeof parsed === 'string' ? `this ${parsed}` : true;
};
export const networks: Rule = (answer) =>
  words(answer)
    .map(network)
    .find((verdict) => verdict !== true) ?? (words(answer).length > 0 ? true : 'give at least one, like 10.10.0.0/16');
export const zone =
  (region: string): Rule =>
  (answer) =>
    zoneProblem(answer, region) ?? true;
export const number: Rule = (answer) =>
  /^[1-9]\d{0,9}$/.test(answer) && Number(answer) < 2 ** 32 - 1 ? true : 'this is not a number from 1 to 4294967294';

export const words = (text: string): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== '');
export const given = (spec: Record<string, string | undefined>): Spec =>
  Object.fromEntries(
    Object.entries(spec).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );

export const meets = (one: string, other: string): boolean => {
  const parsed = parseCidr(other);
  return typeof parsed !== 'string' && overlaps(cidr(one), parsed);
};

/** An address of the VPC that no box is likely to have. */
export const inVpc = (vpcCidr: string, index: number): string => {
  const parsed = parseCidr(vpcCidr);
  return addressText((typeof parsed === 'string' ? cidr('10.0.0.0/16') : parsed).first + 200 + index);
};
