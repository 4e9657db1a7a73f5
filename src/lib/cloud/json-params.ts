import type { Json } from './protocol.ts';
import { ApiError } from './error.ts';

/** Fields of a JSON request. @param code of the refusal, as the service spells it. */
export const jsonFields = (json: Json, code: string) => {
  const refuse = (message: string): ApiError => new ApiError(code, message);
  const optional = (field: string): string | undefined => {
    const value = json[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw refuse(`${field} is no string.`);
    return value;
  };
  return {
    refuse,
    optional,
    word(field: string): string {
      const value = optional(field);
      if (value === undefined || value === '')
        throw refuse(
          `1 validation error detected: Value null at '${field}' failed to satisfy constraint: Member must not be null`,
        );
      return value;
    },
    number(field: string, fallback?: number): number {
      const value = json[field] ?? fallback;
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw refuse(`The parameter ${field} must be a number.`);
      return value;
    },
    list: <T>(field: string): readonly T[] => (json[field] ?? []) as readonly T[],
    /** `[{ Key, Value }]`. */
    tags: (): Readonly<Record<string, string>> =>
      Object.fromEntries(
        ((json['Tags'] ?? []) as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
      ),
    /** `{ name: value }`. */
    map: (field: string): Readonly<Record<string, string>> => (json[field] ?? {}) as Readonly<Record<string, string>>,
  };
};

export const tagList = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
