import { asaRules } from './rules/asa.ts';
import { cryptoRules } from './rules/crypto.ts';
import { hostRules } from './rules/host.ts';
import { iosRules } from './rules/ios.ts';
import { iosRouteRules } from './rules/ios-routes.ts';
import { lifetimeRules } from './rules/lifetimes.ts';
import { linuxFileRules } from './rules/linux-files.ts';
import { linuxRules } from './rules/linux.ts';
import { policyRules } from './rules/policy.ts';
import type { Finding, Parsed, Rule, Severity } from './types.ts';

export const RULES: readonly Rule[] = [
  ...cryptoRules,
  ...lifetimeRules,
  ...linuxRules,
  ...linuxFileRules,
  ...iosRules,
  ...iosRouteRules,
  ...policyRules,
  ...asaRules,
  ...hostRules,
];

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
      check(file).map(({ line, message, fix }) => ({
        rule: id,
        severity,
        line,
        message: printable(message),
        fix: printable(fix),
      })),
    )
    .sort((a, b) => a.line - b.line);
