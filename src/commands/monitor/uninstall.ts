import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { failure } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { unitName, unitPath } from '../../lib/render/monitor/unit.ts';
import { loadSite } from '../../lib/site/file.ts';
import { systemctl } from '../../lib/monitor/systemctl.ts';
import { canConsent, consent } from '../consent.ts';
import { FLAG } from '../flags.ts';

interface Removal {
  readonly unit: string;
  readonly path: string;
  readonly there: boolean;
  readonly removed: boolean;
}

export const uninstall = defineCommand({
  path: 'monitor uninstall',
  summary: 'stop the service of "monitor install" and remove its unit',
  details:
    'Routes stay where they are, and nobody moves them from then on. Event log, pins and what is yet to be sent stay in the state folder.',
  flags: { site: FLAG.site, dryRun: FLAG.dryRun, yes: FLAG.yes },
  examples: [
    { line: 'sudo hybridctl monitor uninstall --site /etc/hybridctl/hybridctl.yaml', why: 'after a question' },
    { line: 'hybridctl monitor uninstall --dry-run', why: 'whether there is something to remove' },
  ],

  async run({ site: file, dryRun, yes }, ports): Promise<Outcome<Removal>> {
    if (!dryRun) canConsent(ports, { yes });
    const { site } = await loadSite(ports, file);
    const unit = unitName(site.site);
    const path = unitPath(site.site);
    const there = (await ports.files.stat(path)) !== undefined;
    if (dryRun || !there) return { result: { unit, path, there, removed: false } };
    await consent(ports, { yes }, `Stop ${unit} and remove it?`);
    const { exitCode, stderr } = await systemctl(ports, 'disable', '--now', unit);
    if (exitCode !== 0)
      throw failure(`systemctl disable --now ${unit}: ${stderr.trim().split('\n')[0] || `exit code ${exitCode}`}`, {
        next: `systemctl status ${unit}`,
      });
    const gone = await ports.shell.run('rm', ['-f', path]);
    if (gone.exitCode !== 0) throw failure(`can't remove ${path}: ${gone.stderr.trim()}`);
    await systemctl(ports, 'daemon-reload');
    return { result: { unit, path, there, removed: true } };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).monitorUninstall),
  data: (result) => result,
  human: ({ unit, there, removed }, style) =>
    removed
      ? style.good(`${unit} is stopped and removed`)
      : there
        ? `${unit} would be stopped and removed`
        : `${unit} is not installed`,
});
