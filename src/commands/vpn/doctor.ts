import { defineCommand, flag, FLAG, text, type Style } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { readLog } from '../../lib/doctor/charon-log.ts';
import type { Call } from '../../lib/core/procedure.ts';
import { cloudView } from '../../lib/doctor/cloud-view.ts';
import { examine } from '../../lib/doctor/examine.ts';
import { hostNames, hostView, whoAmI } from '../../lib/doctor/host-view.ts';
import { LEVELS, type Finding, type Level } from '../../lib/doctor/types.ts';
import { CASES, readFailures } from '../../lib/domain/failures.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import { tunnelsOf } from '../../lib/domain/tunnel.ts';
import { execute } from '../../lib/procedures/kit/execute.ts';
import { lineOf } from '../../lib/procedures/kit/emit.ts';
import { aliyunLazily } from '../../lib/procedures/kit/lazily.ts';
import { loadSite } from '../../lib/site/file.ts';
import { canConsent, consent } from '../consent.ts';

interface Options {
  readonly site: string;
  readonly cloud: boolean;
  readonly host: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly vici: string;
  readonly log: string | undefined;
  readonly root: string;
  readonly fix: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** A finding as told: its mending calls as lines that a person could type. */
type Told = Omit<Finding, 'fix' | 'case'> & { readonly case: number | null; readonly fix: readonly string[] };

interface Result {
  readonly site: string;
  /** Device that this machine was taken for; null: only the cloud was looked at. */
  readonly host: string | null;
  readonly counts: Readonly<Record<Level, number>>;
  readonly findings: readonly Told[];
  /** What --fix did, or with --dry-run would do; the findings are those after it. */
  readonly fixed: readonly string[];
  readonly dryRun: boolean;
}

const told = ({ fix = [], case: number, check, side, level, subject, found, evidence, mend }: Finding): Told => ({
  check,
  side,
  level,
  subject,
  found,
  evidence,
  mend,
  case: number ?? null,
  fix: fix.map((call) => lineOf(call, check)),
});
const fixesOf = (findings: readonly Finding[]): readonly Call[] => [
  ...new Map(
    findings.flatMap(({ fix = [], check }) => fix.map((call) => [lineOf(call, check), call] as const)),
  ).values(),
];

/** Looks at the sides that were asked for, anew each time: what was read before a mend is no evidence after it. */
const look = async (options: Options, ports: Ports) => {
  const loaded = await loadSite(ports, options.site);
  const { site } = loaded;
  const tunnels = tunnelsOf(site);
  const names = hostNames(site);
  if (options.host !== undefined && !names.includes(options.host))
    throw usageError(`no Linux gateway or router is called ${options.host.slice(0, 40)}`, {
      field: '--host',
      next: `the site has ${names.join(', ') || 'none'}`,
    });
  const device = options.cloud ? undefined : (options.host ?? (await whoAmI(ports, tunnels)));
  const where = { region: options.region ?? site.cloud.region, profile: options.profile, signal: ports.signal };
  const failures = async () => {
    const log = await readLog(ports, options.vici, options.log);
    return log === undefined ? undefined : readFailures(log.text);
  };
  const cloud =
    options.host === undefined ? cloudView(await ports.aws(where), await ports.routeTables(where), site) : undefined;
  const host =
    device === undefined
      ? undefined
      : hostView(ports, site, tunnels, { device, uri: options.vici, root: options.root, failures });
  return {
    site,
    device,
    findings: await examine({ loaded, site, tunnels, files: ports.files, cloud, host }, ports.signal),
  };
};

/** Carries out what is safe to, after a yes. @returns the lines of what was done. */
const mend = async (
  calls: readonly Call[],
  { site, aws }: { readonly site: string; readonly aws: () => ReturnType<Ports['aws']> },
  { yes }: Options,
  ports: Ports,
): Promise<readonly string[]> => {
  const lines = calls.map((call) => lineOf(call, site));
  if (!yes) {
    canConsent(ports, { yes });
    for (const line of lines) ports.progress(line);
    await consent(ports, { yes }, `Run ${lines.length === 1 ? 'this' : `these ${lines.length}`}?`);
  }
  const context = {
    aws: await aws(),
    aliyun: aliyunLazily('', () => ports.aliyun({ region: undefined })),
    shell: ports.shell,
    files: ports.files,
    clock: ports.clock,
    signal: ports.signal,
    progress: ports.progress,
  };
  for (const [at, call] of calls.entries()) {
    await execute(call, context);
    ports.progress(`done: ${lines[at]}`);
  }
  return lines;
};

const COLOUR = { error: 'bad', warning: 'warn', unknown: 'warn', ok: 'good' } as const;

const lines = (
  { level, subject, side, check, found, evidence, mend: step, case: number }: Told,
  style: Style,
): readonly string[] => [
  `${style[COLOUR[level]](level)} ${style.bold(subject)}: ${found} ${style.dim(`(${side}: ${check})`)}`,
  ...(evidence === '' ? [] : [`  seen  ${evidence}`]),
  ...(step === null ? [] : [`  mend  ${step}`]),
  ...(number === null || level === 'unknown' ? [] : [style.dim(`  see   ${CASES[number as 1 | 2 | 3]}`)]),
];

export const doctor = defineCommand<Options, Result>({
  path: 'vpn doctor',
  summary: 'find what is wrong with the tunnels, from the cloud and on the gateway, with the mend',
  details:
    'Looks and changes nothing. In the cloud: instances, source/dest check, Elastic IPs, security groups, network ACLs, every route, propagation. On a gateway ' +
    "(this machine, known by its address, or --host): kernel settings, clock, IKE ports, files, connections, SAs and what charon's log says failed, " +
    'packets through the tunnel with DF set, MSS clamp, NAT. Each finding has evidence, a mend and its place among the three cases of the field document. ' +
    '--fix runs the mends that can do no harm (kernel settings, source/dest check, rules of a group that hybridctl made, a free Elastic IP, loading a connection) and looks again; ' +
    'routes, keys and tunnels that carry are never touched. Exit 0 without errors, 1 with one, 4 when nothing could be looked at.',
  flags: [
    FLAG.site,
    { flags: '--cloud', summary: 'only the cloud side' },
    { flags: '--host <device>', summary: 'only this machine, as that gateway or router of the site file' },
    FLAG.region,
    FLAG.profile,
    { flags: '--vici <uri>', summary: "charon's vici socket", env: 'HYBRIDCTL_VICI_URI', default: LOCAL_CHARON },
    { flags: '--log <file>', summary: "charon's filelog (default: the journal of the system's strongswan)" },
    { flags: '--root <dir>', summary: 'folder that the rendered files lie below', env: 'HYBRIDCTL_ROOT', default: '/' },
    { flags: '--fix', summary: 'run the mends that can do no harm, and look again' },
    FLAG.dryRun,
    FLAG.yes,
  ],
  examples: [
    { line: 'sudo hybridctl vpn doctor', why: 'on a gateway: the cloud and this machine' },
    { line: 'hybridctl vpn doctor --cloud --json', why: 'from anywhere: what the API can tell, for a script' },
    { line: 'sudo hybridctl vpn doctor --host gw-1 --fix --dry-run', why: 'what --fix would run here' },
  ],
  parse(raw) {
    const [cloud, host, fix] = [flag(raw, 'cloud'), text(raw, 'host'), flag(raw, 'fix')];
    if (cloud && host !== undefined)
      throw usageError('--cloud and --host exclude each other', {
        field: '--host',
        next: 'give neither to look at both sides',
      });
    if (flag(raw, 'dryRun') && !fix)
      throw usageError('without --fix nothing is changed anyway', {
        field: '--dry-run',
        next: 'give --fix too, or leave it away',
      });
    return {
      site: text(raw, 'site')!,
      cloud,
      host,
      region: text(raw, 'region'),
      profile: text(raw, 'profile'),
      vici: text(raw, 'vici')!,
      log: text(raw, 'log'),
      root: text(raw, 'root')!,
      fix,
      dryRun: flag(raw, 'dryRun'),
      yes: flag(raw, 'yes'),
    };
  },
  async run(options, ports) {
    let seen = await look(options, ports);
    const calls = options.fix ? fixesOf(seen.findings) : [];
    const aws = () => ports.aws({ region: options.region ?? seen.site.cloud.region, profile: options.profile });
    const fixed =
      calls.length === 0
        ? []
        : options.dryRun
          ? calls.map((call) => lineOf(call, seen.site.site))
          : await mend(calls, { site: seen.site.site, aws }, options, ports);
    if (fixed.length > 0 && !options.dryRun) seen = await look(options, ports);
    const findings = [...seen.findings].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)).map(told);
    const count = (level: Level): number => findings.filter((one) => one.level === level).length;
    const counts = { error: count('error'), warning: count('warning'), unknown: count('unknown'), ok: count('ok') };
    // The site file alone says nothing of the tunnels: a run that saw neither side saw nothing.
    const blind = findings.filter(({ side }) => side !== 'site').every(({ level }) => level === 'unknown');
    return {
      result: { site: seen.site.site, host: seen.device ?? null, counts, findings, fixed, dryRun: options.dryRun },
      exit: counts.error > 0 ? EXIT.failed : blind ? EXIT.missing : EXIT.ok,
    };
  },
  human({ findings, counts, fixed, dryRun, host }, style) {
    const trouble = findings.filter(({ level }) => level !== 'ok').flatMap((finding) => lines(finding, style));
    const mends = fixed.map((line) => `${dryRun ? 'would run' : style.good('ran')}: ${line}`);
    const sum = `${counts.error} errors, ${counts.warning} warnings, ${counts.unknown} not looked at, ${counts.ok} checks found nothing${host === null ? '; the cloud side only' : `; this machine is ${host}`}`;
    return [
      ...trouble,
      ...mends,
      counts.error > 0 ? style.bad(sum) : counts.warning + counts.unknown > 0 ? style.warn(sum) : style.good(sum),
    ].join('\n');
  },
});
