import type { Difference } from '../../core/procedure.ts';

/**
 * A difference for people: `event pattern differs`, `state is DISABLED instead of ENABLED`, `ingress lacks UDP 500 from
 * 192.0.2.1/32`. This is the only place where such words are made; no code reads them.
 */
export const inWords = ({ field, is, wanted }: Difference): string => {
  // Words alone: the name of a kernel setting or of a file is one thing, however it ends.
  const many = /^[A-Za-z0-9 ]*[^su]s$/.test(field);
  if (is === undefined)
    return wanted === undefined
      ? `${field} ${many ? 'differ' : 'differs'}`
      : `${field} ${many ? 'lack' : 'lacks'} ${wanted}`;
  return `${field} ${many ? 'are' : 'is'} ${is}${wanted === undefined ? '' : ` instead of ${wanted}`}`;
};

/** All of them, each with the lines that show it in full. */
export const wordsOf = (differences: readonly Difference[]): readonly string[] =>
  differences.flatMap((one) => [inWords(one), ...(one.detail ?? [])]);

/** All of them in one line. */
export const allInWords = (differences: readonly Difference[]): string => wordsOf(differences).join(', ');
