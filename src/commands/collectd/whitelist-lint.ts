import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { arg, toggle } from '../../lib/core/flags.ts';
import { path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { lintWhitelist } from '../../lib/domain/collectd/whitelist-lint.ts';
import { loadWhitelist } from '../../lib/procedures/collectd/whitelist-file.ts';
import { count, PASS_THROUGH, WHITELIST } from './shared.ts';

export const lint = defineCommand({
  path: 'collectd whitelist lint',
  summary: 'check a whitelist: name every line that does not do what it says',
  details:
    'By the plugin\'s own rules and Python 2\'s patterns: lines that are left out, that match nothing or everything, that lose an end to a bare "|", that touch other lines by a flag or a group. ' +
    'One line for each finding: file:line: severity rule: what — fix. Exit 1 when errors are found, with --strict also for warnings.',
  args: {
    whitelist: arg(path(), 'the whitelist, or - for standard input (default: that of --file)', { placeholder: 'file' }),
  },
  flags: { ...WHITELIST, ...PASS_THROUGH, strict: toggle('exit 1 for warnings too') },
  examples: [
    { line: 'hybridctl collectd whitelist lint', why: 'before it goes to hosts' },
    {
      line: 'hybridctl collectd whitelist lint /opt/collectd-plugins/cloudwatch/config/whitelist.conf',
      why: 'the one the plugin reads on this host',
    },
  ],
  async run({ whitelist, passThrough, strict, ...given }, ports) {
    const file = whitelist ?? given.file;
    const findings = lintWhitelist(await loadWhitelist(ports, file, { passThrough }));
    const bad = findings.some(({ severity }) => strict || severity === 'error');
    return { result: { file, findings }, exit: bad ? EXIT.failed : EXIT.ok };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).collectdWhitelistLint),
  data: ({ file, findings }) => ({
    file,
    findings: findings.map(({ severity, ...finding }) => ({ ...finding, level: severity })),
  }),
  human: ({ file, findings }, style) => {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    return [
      ...findings.map(
        ({ line, severity, rule, message, fix }) =>
          `${file}:${line}: ${severity === 'error' ? style.bad(severity) : style.warn(severity)} ${rule}: ${message} — ${fix}`,
      ),
      `${file}: ${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`,
    ].join('\n');
  },
});
