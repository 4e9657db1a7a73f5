import type { Style } from '../core/command.ts';
import { CASES } from '../domain/failures.ts';
import type { Finding, Level } from './types.ts';

/** A finding as it is reported: its calls as lines that a person could type. */
export type Reported = Omit<Finding, 'fix' | 'case'> & {
  readonly case: number | null;
  readonly fix: readonly string[];
};

export interface Diagnosis {
  readonly site: string;
  /** Device that the machine was taken for; null: only the cloud was looked at. */
  readonly host: string | null;
  readonly counts: Readonly<Record<Level, number>>;
  readonly findings: readonly Reported[];
  /** What --fix did, or with --dry-run would do; the findings are those after it. */
  readonly fixed: readonly string[];
  readonly dryRun: boolean;
}

const COLOUR = { error: 'bad', warning: 'warn' } as const;

const troubleLines = (
  { level, subject, side, check, found, evidence, next, case: number }: Reported & { level: 'error' | 'warning' },
  style: Style,
): readonly string[] => [
  `${style[COLOUR[level]](level)} ${style.bold(subject)}: ${found} ${style.dim(`(${side}: ${check})`)}`,
  ...(evidence === '' ? [] : [`  seen  ${evidence}`]),
  ...(next === null ? [] : [`  fix   ${next}`]),
  ...(number === null ? [] : [style.dim(`  see   ${CASES[number as 1 | 2 | 3]}`)]),
];

/** What stands in the way of several checks is told once, then what they would have looked for. */
const skippedLines = (findings: readonly Reported[], style: Style): readonly string[] => {
  const groups = new Map<string, Reported[]>();
  for (const one of findings) {
    const key = JSON.stringify([one.found, one.next, one.subject]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group): readonly string[] => {
    const [{ subject, found, next, applies }] = group as [Reported];
    const checks = group.map(({ check }) => check).join(', ');
    if (!applies) return [style.dim(`skipped ${checks}: ${found}`)];
    return [
      `${style.warn('skipped')} ${style.bold(subject)}: ${found} ${style.dim(`(${checks})`)}`,
      ...(next === null ? [] : [`  fix   ${next}`]),
      ...group.map(({ about }) => style.dim(`  would check  ${about}`)),
    ];
  });
};

const isTrouble = (one: Reported): one is Reported & { level: 'error' | 'warning' } =>
  one.level === 'error' || one.level === 'warning';

/** For people: what is wrong, what was not looked at, what was done, and the sum in the last line. */
export const diagnosisText = ({ findings, counts, fixed, dryRun, host }: Diagnosis, style: Style): string => {
  const skipped = findings.filter(({ level }) => level === 'skipped');
  const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const sum = [
    `${plural(counts.ok, 'check')} passed`,
    plural(counts.error, 'error'),
    plural(counts.warning, 'warning'),
    `${counts.skipped} skipped (${host === null ? 'cloud side only' : `the machine is ${host}`})`,
  ].join(', ');
  const colour =
    counts.error > 0
      ? style.bad
      : counts.warning > 0 || skipped.some(({ applies }) => applies)
        ? style.warn
        : style.good;
  return [
    ...findings.filter(isTrouble).flatMap((finding) => troubleLines(finding, style)),
    ...skippedLines(skipped, style),
    ...fixed.map((line) => `${dryRun ? 'would run' : style.good('ran')}: ${line}`),
    colour(sum),
  ].join('\n');
};
