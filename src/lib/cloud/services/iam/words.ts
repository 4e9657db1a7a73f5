import { ApiError } from '../../error.ts';
import type { CloudModel } from '../../model.ts';
import type { CloudState } from '../../state.ts';
import { iam, type IamState } from './state.ts';

/** What operations on roles, profiles and users have in common. */

export const change = (cloud: CloudModel, step: (own: IamState) => IamState): CloudState =>
  cloud.change((state) => iam.put(state, step(iam.of(state))));

/** @throws ApiError where IAM takes no such name. @param what the field, as the refusal names it. */
export const checkedName = (name: string, what: string, longest: number): string => {
  if (!/^[\w+=,.@-]+$/.test(name) || name.length > longest)
    throw new ApiError('ValidationError', `The specified value for ${what.toLowerCase()} is invalid.`);
  return name;
};

/** IAM reads a document before it keeps it. */
export const checkedDocument = (text: string): string => {
  try {
    const { Statement } = JSON.parse(text) as { Statement?: unknown };
    if (Statement !== undefined) return text;
  } catch {
    // said below
  }
  throw new ApiError('MalformedPolicyDocument', 'Syntax errors in policy.');
};

/** A record without one of its keys. */
export const without = <T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> => {
  const { [key]: _gone, ...rest } = record;
  return rest;
};
