import { isAbsolute, join } from 'node:path';
import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { arg, flag, toggle } from '../../lib/core/flags.ts';
import { choice, path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { lint as check, RULES, type LintFinding } from '../../lib/lint/index.ts';
import { MAX_BYTES, parseFile } from '../../lib/lint/parse.ts';
import { KINDS, SEVERITIES, type Kind, type Severity } from '../../lib/lint/types.ts';

interface RuleLine {
  readonly id: string;
  readonly severity: Severity;
  readonly kinds: readonly Kind[];
  readonly title: string;
  readonly source: string;
}

type Result =
  | { readonly rules: readonly RuleLine[] }
  | {
      readonly file: string;
      readonly kind: Kind;
      readonly counts: Readonly<Record<Severity, number>>;
      readonly findings: readonly LintFinding[];
    };

/** --json says `level`, as every command does. */
const withLevel = <T extends { readonly severity: Severity }>({ severity, ...rest }: T) => ({
  ...rest,
  level: severity,
});

const COLOUR = { error: 'bad', warning: 'warn', info: 'dim' } as const;

export const lint = defineCommand({
  path: 'vpn lint',
  summary: 'check an existing IOS, ASA, swanctl.conf or ipsec.conf file for known problems',
  details:
    'Reads swanctl.conf, strongswan.conf, ipsec.conf and ipsec.secrets (strongSwan, Libreswan, Openswan), Cisco IOS and ASA configurations, and ' +
    'sysctl files. One line for each finding: file:line: severity rule: what — fix. Keys are judged and never shown. Exit 1 when errors are found, ' +
    'with --strict also for warnings.',
  args: { file: arg(path(), 'the file, or - for standard input') },
  flags: {
    kind: flag(choice(KINDS, 'kind'), 'what the file is (default: seen from its content)'),
    strict: toggle('exit 1 for warnings too'),
    rules: toggle('list the rules, each with its source'),
  },
  oneOf: [['file', 'rules']],
  examples: [
    { line: 'hybridctl vpn lint /etc/ipsec.conf', why: 'before touching an old gateway' },
    { line: 'hybridctl vpn lint --kind asa --strict -', why: 'a running-config from a pipe, warnings count' },
    { line: 'hybridctl vpn lint --rules', why: 'what is looked for, and where each fact comes from' },
  ],
  async run({ file, kind, strict, rules }, { files, cwd }): Promise<Outcome<Result>> {
    if (rules || file === undefined)
      return {
        result: {
          rules: RULES.map(({ id, severity, kinds, title, source }) => ({ id, severity, kinds, title, source })),
        },
      };
    const source = file === '-' ? '/dev/stdin' : isAbsolute(file) ? file : join(cwd, file);
    const content = await files.read(source, MAX_BYTES);
    if (content === undefined)
      throw usageError('no such file', { field: file, next: 'name a configuration file, or - for standard input' });
    const mode = file === '-' ? undefined : (await files.stat(source))?.mode;
    const parsed = parseFile(file, content, { kind, mode });
    const findings = check(parsed);
    const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
    const counts = { error: count('error'), warning: count('warning'), info: count('info') };
    const failed = counts.error > 0 || (strict && counts.warning > 0);
    return { result: { file, kind: parsed.kind, counts, findings }, exit: failed ? EXIT.failed : EXIT.ok };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).vpnLint),
  data: (result) =>
    'rules' in result
      ? { rules: result.rules.map(withLevel) }
      : { ...result, findings: result.findings.map(withLevel) },
  human(result, style) {
    if ('rules' in result)
      return style.table(
        ['rule', 'severity', 'kinds', 'title', 'source'],
        result.rules.map(({ id, severity, kinds, title, source }) => [id, severity, kinds.join(','), title, source]),
      );
    const lines = result.findings.map(
      ({ line, severity, rule, message, fix }) =>
        `${result.file}:${line}: ${style[COLOUR[severity]](severity)} ${rule}: ${message} — ${fix}`,
    );
    const sum = SEVERITIES.map(
      (severity) =>
        `${result.counts[severity]} ${severity}${result.counts[severity] === 1 || severity === 'info' ? '' : 's'}`,
    ).join(', ');
    return [...lines, `${result.file}: ${result.kind}, ${sum}`].join('\n');
  },
});
