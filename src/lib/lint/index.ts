import { cryptoRules } from './rules/crypto.ts';
import { hostRules } from './rules/host.ts';
import { iosRules } from './rules/ios.ts';
import { linuxRules } from './rules/linux.ts';
import { policyRules } from './rules/policy.ts';
import type { Finding, Parsed, Rule, Severity } from './types.ts';

export const RULES: readonly Rule[] = [...cryptoRules, ...linuxRules, ...iosRules, ...policyRules, ...hostRules];

export interface LintFinding extends Finding {
  readonly rule: string;
  readonly severity: Severity;
}

/** What a file puts into a message, an id or a name, must not steer the reader's terminal. */
const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?').slice(0, 400);

/** Every rule of the file's kind, findings in the order of the file. */
export const lint = (file: Parsed): readonly LintFinding[] =>
  RULES.filter(({ kinds }) => kinds.includes(file.kind))
    .flatMap(({ id, severity, check }) =>
      check(file).map(({ line, message, mend }) => ({
        rule: id,
        severity,
        line,
        message: printable(message),
        mend: printable(mend),
      })),
    )
    .sort((a, b) => a.line - b.line);
