import { dirname } from 'node:path';
import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { diffsOf } from '../../lib/site/file-diff.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import type { Site } from '../../lib/domain/site.ts';
import { eventLogPath } from '../../lib/monitor/event-log.ts';
import { STATE_DIR } from '../../lib/monitor/pins.ts';
import { NOTHING_TO_WATCH, tablesOfOthers } from '../../lib/monitor/policy.ts';
import { renderMonitorUnit, unitName, unitPath } from '../../lib/render/monitor/unit.ts';
import { refuseUnmade } from '../../lib/routes/select.ts';
import { loadSite, type LoadedSite } from '../../lib/site/file.ts';
import { systemctl } from '../../lib/monitor/systemctl.ts';
import { canConsent, consent } from '../consent.ts';
import { FLAG } from '../flags.ts';

interface Installation {
  readonly unit: string;
  readonly path: string;
  readonly text: string;
  readonly changed: boolean;
  readonly installed: boolean;
  /** Whether the unit runs now, by this call or before it. */
  readonly running: boolean;
}

/** The unit has PrivateTmp=yes: these folders are its own there, and empty. The cache of npx is emptied at any time. */
const UNFIT = [/^\/tmp\//, /^\/var\/tmp\//, /\/_npx\//];

const refuseUnfit = (paths: readonly string[]): void => {
  for (const path of paths)
    if (UNFIT.some((pattern) => pattern.test(path)))
      throw usageError(`${path} is in a temporary folder, so a service could not start it`, {
        next: 'install it where it stays: npm install --global hybridctl',
      });
};

/** @returns the folder of an event log outside the state folder; systemd can only open what is there. */
const writable = async (ports: Ports, loaded: LoadedSite): Promise<readonly string[]> => {
  const folder = dirname(eventLogPath(loaded, STATE_DIR));
  if (folder === STATE_DIR || folder.startsWith(`${STATE_DIR}/`)) return [];
  if ((await ports.files.stat(folder)) === undefined)
    throw usageError(`the folder ${folder} is not there`, { field: 'monitor.records.log', next: `mkdir -p ${folder}` });
  return [folder];
};

const flagsOf = (
  site: Site,
  { self, noHeal }: { readonly self: string | undefined; readonly noHeal: boolean },
): readonly string[] => {
  if (self !== undefined && !site.gateways.some(({ name, instance }) => name === self || instance === self))
    throw usageError(`the site file has no gateway "${self.slice(0, 40)}"`, { field: '--self' });
  const instance = site.gateways.find((one) => one.name === self)?.instance ?? self;
  if (instance !== undefined && tablesOfOthers(site, instance).length === 0)
    throw usageError(NOTHING_TO_WATCH, {
      field: '--self',
      next: 'without --self it watches every gateway, from a machine beside them',
    });
  return [...(self === undefined ? [] : ['--self', self]), ...(noHeal ? ['--no-heal'] : [])];
};

/** Why the service did not start, in the monitor's own words where it said any. */
const causeOf = async (ports: Ports, unit: string): Promise<readonly string[]> => {
  const { stdout } = await ports.shell
    .run('journalctl', ['--unit', unit, '--output', 'cat', '--no-pager', '--lines', '50'], { timeoutMs: 10_000 })
    .catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('hybridctl: '))
    .slice(-1);
};

export const install = defineCommand({
  path: 'monitor install',
  summary: 'run "route monitor" as a systemd service, now and at every boot',
  details:
    "Writes a unit for the site, enables and starts it. The service has root's name for key files and fast probes, and of its powers only raw sockets (with --self also the network's settings, to keep its probe relay); it can write to its state folder (and that of the event log) alone. " +
    "systemd starts it again when it ends, and when its loop hangs. Cloud credentials come from the instance role, from root's AWS profile, or from /etc/hybridctl/monitor.env. A unit that is already right and runs is left alone.",
  flags: {
    site: FLAG.site,
    self: flag(text({ placeholder: 'instance', like: 'gw-1' }), 'the gateway we run on (peer mode)'),
    noHeal: toggle('never stop or start a gateway'),
    dryRun: saying(FLAG.dryRun, 'print the unit, change nothing'),
    yes: FLAG.yes,
  },
  examples: [
    { line: 'sudo hybridctl monitor install --site /etc/hybridctl/hybridctl.yaml', why: 'install, enable and start' },
    { line: 'hybridctl monitor install --dry-run', why: 'the unit as it would be written' },
    { line: 'sudo hybridctl monitor install --self gw-1 --yes', why: 'on a gateway, from a script' },
  ],

  async run(options, ports): Promise<Outcome<Installation>> {
    if (!options.dryRun) canConsent(ports, options);
    const loaded = await loadSite(ports, options.site);
    const { site } = loaded;
    // The monitor would refuse it at every start, once a second.
    refuseUnmade(site);
    // What runs now: `hybridctl` on PATH may be a wrapper.
    const own = await ports.ownCommand();
    const content = renderMonitorUnit({
      site: site.site,
      ...own,
      siteFile: loaded.path,
      flags: flagsOf(site, options),
      writable: await writable(ports, loaded),
    });
    const unit = unitName(site.site);
    const path = unitPath(site.site);
    const before = await ports.files.read(path);
    const changed = before !== content;
    const active = (await systemctl(ports, 'is-active', '--quiet', unit)).exitCode === 0;
    const result = { unit, path, text: content, changed };
    if (options.dryRun || (!changed && active)) return { result: { ...result, installed: false, running: active } };
    refuseUnfit([own.node, own.program]);
    if (changed && before !== undefined && !options.yes)
      for (const { diff } of await diffsOf(ports.files, [{ path, content, mode: 0o644 }]))
        ports.progress(diff.trimEnd());
    await consent(ports, options, `Write ${path} and start ${unit}?`);
    if (changed) await ports.files.write([{ path, content, mode: 0o644 }]);
    await systemctl(ports, 'daemon-reload');
    for (const args of [
      ['enable', unit],
      ['restart', unit],
    ]) {
      const { exitCode, stderr } = await systemctl(ports, ...args);
      if (exitCode !== 0)
        throw failure(`systemctl ${args.join(' ')}: ${stderr.trim().split('\n')[0] || `exit code ${exitCode}`}`, {
          more: await causeOf(ports, unit),
          next: `journalctl -u ${unit}`,
        });
    }
    return { result: { ...result, installed: true, running: true } };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).monitorInstall),
  data: (result) => result,
  human({ text: content, unit, path, changed, installed, running }, style) {
    if (installed) return style.good(`${unit} is enabled and runs: ${path}`);
    return running && !changed ? style.good(`${unit} runs as it should`) : `${style.dim(`# ${path}`)}\n${content}`;
  },
});
