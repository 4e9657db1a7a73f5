import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { onMachine, type MachinePorts } from '../../lib/core/on-machine.ts';
import { arg, flag, toggle, type Options as OptionsOf } from '../../lib/core/flags.ts';
import { host as hostKind, path, text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { Call } from '../../lib/core/procedure.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { readLog } from '../../lib/doctor/charon-log.ts';
import { cloudView } from '../../lib/doctor/cloud-view.ts';
import { examine } from '../../lib/doctor/examine.ts';
import { hostNames, hostView, whoAmI } from '../../lib/doctor/host-view.ts';
import { diagnosisText, type Diagnosis, type Reported } from '../../lib/doctor/text.ts';
import { LEVELS, type Finding, type Level } from '../../lib/doctor/types.ts';
import { readFailures } from '../../lib/domain/failures.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import type { Site } from '../../lib/domain/site.ts';
import { tunnelsOf } from '../../lib/domain/tunnel.ts';
import { execute } from '../../lib/procedures/kit/execute.ts';
import { lineOf } from '../../lib/procedures/kit/emit.ts';
import { loadSite } from '../../lib/site/file.ts';
import { canConsent, consent } from '../consent.ts';
import { FLAG, viciUri } from '../flags.ts';
import { contextOf } from '../procedure.ts';
import { MACHINE, refuseRelative } from './host.ts';

const ARGS = {
  device: arg(
    text({ placeholder: 'device', like: 'gw-1' }),
    'gateway or router of the site that the machine is (default: the one whose address it has)',
  ),
} as const;

const FLAGS = {
  site: FLAG.site,
  cloud: toggle('only the cloud side'),
  noCloud: toggle('only the machine'),
  ...MACHINE,
  host: flag(hostKind(), 'look at another machine by ssh, user@host or user@host:port (default: this one)', {
    moved: (given: string) =>
      given.includes('@')
        ? undefined
        : 'names a machine to reach by ssh, as user@host: the device goes without a flag, like "vpn doctor gw-1 --no-cloud"',
  }),
  region: FLAG.region,
  profile: FLAG.profile,
  uri: flag(viciUri, "charon's VICI socket there", {
    env: 'HYBRIDCTL_VICI_URI',
    default: LOCAL_CHARON,
    formerly: ['--vici <uri>'],
  }),
  log: flag(path('file'), "charon's filelog there (default: the journal of the system's strongswan)"),
  root: flag(path('dir'), 'folder there that the rendered files lie below', { env: 'HYBRIDCTL_ROOT', default: '/' }),
  fix: toggle('run the fixes that can do no harm, and look again'),
  dryRun: FLAG.dryRun,
  yes: FLAG.yes,
} as const;

type Options = OptionsOf<typeof ARGS, typeof FLAGS>;

const reported = ({ fix = [], case: number, ...finding }: Finding): Reported => ({
  ...finding,
  case: number ?? null,
  fix: fix.map((call) => lineOf(call, finding.check)),
});
const fixesOf = (findings: readonly Finding[]): readonly Call[] => [
  ...new Map(
    findings.flatMap(({ fix = [], check }) => fix.map((call) => [lineOf(call, check), call] as const)),
  ).values(),
];

/** Looks at the sides that were asked for, anew each time: what was read before a fix is no evidence after it. */
const look = async (options: Options, ports: Ports, machine: MachinePorts) => {
  const loaded = await loadSite(ports, options.site);
  const { site } = loaded;
  const tunnels = tunnelsOf(site);
  const names = hostNames(site, tunnels);
  const device = options.cloud ? undefined : (options.device ?? (await whoAmI(machine, tunnels)));
  const isNeeded = options.device !== undefined || options.noCloud || options.host !== undefined;
  if (device === undefined ? isNeeded : !names.includes(device))
    throw usageError(
      device === undefined
        ? 'which machine is this? No gateway or router of the site has an address of it'
        : `no Linux gateway or router with a tunnel is called ${device.slice(0, 40)}`,
      { field: 'device', next: `the site has ${names.join(', ') || 'none'}` },
    );
  const where = { region: options.region ?? site.cloud.region, profile: options.profile, signal: ports.signal };
  const there = { ...ports, ...machine };
  const failures = async () => {
    const log = await readLog(there, options.uri, options.log);
    return log === undefined ? undefined : readFailures(log.text);
  };
  const cloud = options.noCloud ? undefined : cloudView(await ports.aws(where), await ports.routeTables(where), site);
  const host =
    device === undefined
      ? undefined
      : hostView(there, site, tunnels, { device, uri: options.uri, root: options.root, failures });
  return {
    site,
    device,
    findings: await examine(
      { loaded, site, tunnels, files: ports.files, clock: ports.clock, cloud, host },
      ports.signal,
    ),
  };
};

/** Carries out what is safe to, after a yes. @returns the lines of what was done. */
const fixAll = async (
  calls: readonly Call[],
  site: Site,
  options: Options,
  ports: Ports,
  machine: MachinePorts,
): Promise<readonly string[]> => {
  const lines = calls.map((call) => lineOf(call, site.site));
  if (!options.yes) {
    canConsent(ports, options);
    for (const line of lines) ports.progress(line);
    await consent(ports, options, `Run ${lines.length === 1 ? 'this' : `these ${lines.length}`}?`);
  }
  const context = contextOf(ports, { region: site.cloud.region, machine }, options);
  for (const [at, call] of calls.entries()) {
    await execute(call, context);
    ports.progress(`done: ${lines[at]}`);
  }
  return lines;
};

const diagnose = async (options: Options, ports: Ports, machine: MachinePorts): Promise<Outcome<Diagnosis>> => {
  let seen = await look(options, ports, machine);
  const calls = options.fix ? fixesOf(seen.findings) : [];
  const fixed =
    calls.length === 0
      ? []
      : options.dryRun
        ? calls.map((call) => lineOf(call, seen.site.site))
        : await fixAll(calls, seen.site, options, ports, machine);
  if (fixed.length > 0 && !options.dryRun) seen = await look(options, ports, machine);
  const findings = [...seen.findings].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)).map(reported);
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  const counts = { error: count('error'), warning: count('warning'), skipped: count('skipped'), ok: count('ok') };
  // The site file alone says nothing of the tunnels: a run that saw neither side saw nothing.
  const blind = findings.filter(({ side }) => side !== 'site').every(({ level }) => level === 'skipped');
  return {
    result: { site: seen.site.site, host: seen.device ?? null, counts, findings, fixed, dryRun: options.dryRun },
    exit: counts.error > 0 ? EXIT.failed : blind ? EXIT.missing : EXIT.ok,
  };
};

export const doctor = defineCommand({
  path: 'vpn doctor',
  summary: 'find what is wrong with the tunnels, from the cloud and on the gateway, and how to fix it',
  details:
    'Looks and changes nothing. In the cloud: instances, source/dest check, Elastic IPs, security groups, network ACLs, every route, propagation. On a gateway ' +
    "(this machine, known by its address, or another by --host: as root, or as somebody with sudo without a password): kernel settings, clock, IKE ports, files, connections, SAs and what charon's log says failed, " +
    'packets through the tunnel with DF set, MSS clamp, NAT. Each finding has evidence, a fix and its place among the three cases of the field document. What does not apply, or could not be looked at, is skipped, with the reason. ' +
    '--fix runs the fixes that can do no harm (kernel settings, source/dest check, rules of a group that hybridctl made, a free Elastic IP, loading a connection) and looks again; ' +
    'routes, keys and tunnels that carry are never touched. Exit 0 without errors, 1 with one, 4 when nothing could be looked at.',
  args: ARGS,
  flags: FLAGS,
  conflicts: [
    ['cloud', 'noCloud'],
    ['cloud', 'device'],
    ['cloud', 'host'],
  ],
  requires: { dryRun: ['fix'] },
  examples: [
    { line: 'sudo hybridctl vpn doctor', why: 'on a gateway: the cloud and this machine' },
    { line: 'hybridctl vpn doctor --host root@203.0.113.11', why: 'the cloud from here, the gateway by ssh' },
    { line: 'hybridctl vpn doctor --cloud --json', why: 'from anywhere: what the API can tell, for a script' },
    { line: 'sudo hybridctl vpn doctor gw-1 --no-cloud --fix --dry-run', why: 'what --fix would run here' },
  ],
  refine(options) {
    refuseRelative(options.host, '--log', options.log);
    return options;
  },
  run: (options, ports) =>
    options.cloud
      ? diagnose(options, ports, ports)
      : onMachine(ports, options, (machine) => diagnose(options, ports, machine)),
  json: jsonShape(1, async () => (await import('./json.ts')).vpnDoctor),
  data: (result) => result,
  human: diagnosisText,
});
