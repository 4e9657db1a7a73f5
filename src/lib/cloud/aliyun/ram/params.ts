import { ApiError } from '../errors.ts';
import type { Params } from '../product.ts';

/** @throws ApiError where it is missing or empty. */
export const required = (params: Params, name: string): string => {
  const value = params.get(name);
  if (value === undefined || value === '')
    throw new ApiError(400, `MissingParameter.${name}`, `The ${name} is missing.`);
  return value;
};

/** A policy or trust document, as JSON. @throws ApiError where it is none. */
export const documentOf = (params: Params, name: string): string => {
  const text = required(params, name);
  try {
    const { Version, Statement } = JSON.parse(text) as { Version?: string; Statement?: unknown[] };
    if (Version === '1' && Array.isArray(Statement)) return text;
  } catch {
    // No JSON: refused below like any other text that is no document.
  }
  throw new ApiError(400, 'MalformedPolicyDocument', `The ${name} is malformed.`);
};
