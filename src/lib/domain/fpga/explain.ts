import { ALIYUN } from './explain-aliyun.ts';
import { AWS } from './explain-aws.ts';

/** One way in which an FPGA service says no, in plain words. */
export interface Explanation {
  /** As the service spells it, blanks and all. */
  readonly code: string;
  readonly cloud: 'aws' | 'aliyun';
  /** HTTP status; null where the source gives none, or there is no HTTP in it. */
  readonly status: number | null;
  /** API calls that answer so; empty: any. */
  readonly calls: readonly string[];
  /** What faascmd, the API or the vendor's page says. */
  readonly message: string;
  readonly means: string;
  readonly next: string;
  readonly source: string;
}

export const EXPLANATIONS: readonly Explanation[] = [...ALIYUN, ...AWS];

/** Codes come with blanks, dots, underscores and `Error` at their end, or without: all that is one. */
const normal = (code: string): string =>
  code
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/error$/, '');

/**
 * @param code as it was printed, in any case. @param call the API call that answered so, where that is known: one code
 * may mean two things.
 */
export const explain = (code: string, call?: string): readonly Explanation[] => {
  const found = EXPLANATIONS.filter((one) => normal(one.code) === normal(code));
  const exact = found.filter(({ calls }) => call !== undefined && calls.includes(call));
  return exact.length > 0 ? exact : found;
};

/** Codes that look like this one, the nearest first: for who mistyped it. */
export const nearest = (code: string): readonly string[] => {
  const wanted = normal(code);
  const parts = code
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part.length > 3);
  const codes = [...new Set(EXPLANATIONS.map((one) => one.code))];
  return codes
    .filter((one) => normal(one).includes(wanted) || parts.some((part) => normal(one).includes(part)))
    .slice(0, 5);
};
