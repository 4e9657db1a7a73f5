import { defineCommand, flag } from '../../lib/core/command.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { lintWhitelist, type WhitelistFinding } from '../../lib/domain/collectd/whitelist-lint.ts';
import { loadWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import { count, PASS_THROUGH, WHITELIST } from './shared.ts';

interface Options {
  readonly file: string;
  readonly passThrough: boolean;
  readonly strict: boolean;
}

interface Result {
  readonly file: string;
  readonly findings: readonly WhitelistFinding[];
}

export const lint = defineCommand<Options, Result>({
  path: 'collectd whitelist lint',
  summary: 'name every line that does not do what it says',
  details:
    'By the plugin\'s own rules and Python 2\'s patterns: lines that are left out, that match nothing or everything, that lose an end to a bare "|", that touch other lines by a flag or a group. ' +
    'One line for each finding: file:line: severity rule: what — mend. Exit 1 when errors are found, with --strict also for warnings.',
  args: [{ name: '[file]', summary: 'the whitelist, or - for standard input (default: that of --file)' }],
  flags: [WHITELIST, PASS_THROUGH, { flags: '--strict', summary: 'exit 1 for warnings too' }],
  examples: [
    { line: 'hybridctl collectd whitelist lint', why: 'before it goes to hosts' },
    {
      line: 'hybridctl collectd whitelist lint /opt/collectd-plugins/cloudwatch/config/whitelist.conf',
      why: 'the one the plugin reads on this host',
    },
  ],
  parse: (raw) => ({
    file: typeof raw.args[0] === 'string' ? raw.args[0] : (raw.flags['file'] as string),
    passThrough: flag(raw, 'passThrough'),
    strict: flag(raw, 'strict'),
  }),
  async run({ file, passThrough, strict }, ports) {
    const findings = lintWhitelist(await loadWhitelist(ports, file, { passThrough }));
    const bad = findings.some(({ severity }) => strict || severity === 'error');
    return { result: { file, findings }, exit: bad ? EXIT.failed : EXIT.ok };
  },
  human: ({ file, findings }, style) => {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    return [
      ...findings.map(
        ({ line, severity, rule, message, mend }) =>
          `${file}:${line}: ${severity === 'error' ? style.bad(severity) : style.warn(severity)} ${rule}: ${message} — ${mend}`,
      ),
      `${file}: ${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`,
    ].join('\n');
  },
});
