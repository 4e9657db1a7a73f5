import { usageError } from '../lib/core/errors.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90m`, `7d`, or a date as ISO 8601 has it. @param field the flag it was given with. @returns wall time, ms */
export const momentIn = (given: string, now: number, field: string): number => {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(given) ?? [];
  if (unit !== undefined) return now - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  const date = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(date))
    throw usageError(`${given} is neither an age nor a date`, {
      field,
      next: 'write it like 90m, 24h, 7d or 2026-01-31T08:00Z',
    });
  return date;
};
