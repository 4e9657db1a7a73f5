import { FLAG, defineCommand, flag, list, text, type Style } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import type { Ports, Witness, WitnessAddress } from '../../lib/core/ports.ts';
import { DEFAULT_BUDGET, profileOf, PROFILE_NAMES, type ProfileName } from '../../lib/domain/health/profiles.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import type { Site } from '../../lib/domain/site.ts';
import { fanOut, type Sink } from '../../lib/monitor/events.ts';
import { privateStore } from '../../lib/monitor/lease.ts';
import { monitor as watch } from '../../lib/monitor/loop.ts';
import { leasePath, pinPath, readPins } from '../../lib/monitor/pins.ts';
import { monitorPolicy } from '../../lib/monitor/policy.ts';
import { openRecords } from '../../lib/monitor/records.ts';
import { say } from '../../lib/monitor/say.ts';
import { canariesOf, watchedBy } from '../../lib/monitor/watch.ts';
import { refuseUnmade } from '../../lib/routes/select.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { STATE_FLAG } from './pin.ts';

declare const HYBRIDCTL_VERSION: string;

interface Options {
  readonly site: string;
  readonly region: string | undefined;
  readonly awsProfile: string | undefined;
  readonly profile: ProfileName | undefined;
  readonly once: boolean;
  readonly dryRun: boolean;
  readonly heal: boolean;
  readonly self: string | undefined;
  readonly stateDir: string;
  readonly leaseFile: string | undefined;
  readonly vici: readonly string[];
  readonly bfd: readonly string[];
}

interface Result {
  readonly because: string;
  readonly moves: number;
  readonly links: readonly { readonly link: string; readonly state: string; readonly why: string }[];
  readonly routes: readonly {
    readonly table: string;
    readonly destination: string;
    readonly at: string | null;
    readonly why: string;
  }[];
}

const addressesOf = (site: Site): ReadonlyMap<string, string> =>
  new Map(
    site.gateways.flatMap(({ instance, public_ip }) =>
      instance === undefined ? [] : [[instance, public_ip] as const],
    ),
  );

/** The instance of --self, by id or by the gateway's name. */
const selfOf = (site: Site, given: string | undefined): string | undefined => {
  if (given === undefined) return undefined;
  const gateway = site.gateways.find(({ name, instance }) => name === given || instance === given);
  if (gateway?.instance === undefined)
    throw usageError(`the site file has no gateway with the instance "${given.slice(0, 40)}"`, {
      field: '--self',
      next: `choose from ${site.gateways.flatMap(({ instance }) => instance ?? []).join(', ')}`,
    });
  return gateway.instance;
};

/** Who is listened to. On a gateway its own charon, where there is one; anybody else must be named. */
const witnessesOf = async (
  ports: Ports,
  { self, vici, bfd }: Pick<Options, 'self' | 'vici' | 'bfd'>,
): Promise<readonly Witness[]> => {
  const local =
    self !== undefined &&
    vici.length === 0 &&
    (await ports.files.stat(LOCAL_CHARON.slice('unix://'.length)).catch(() => undefined)) !== undefined;
  const addresses: readonly WitnessAddress[] = [
    ...(local ? [LOCAL_CHARON] : vici).map((uri) => ({ kind: 'vici', uri }) as const),
    ...bfd.map((socket) => ({ kind: 'bfd', socket: absolute(ports.cwd, socket) }) as const),
  ];
  return Promise.all(addresses.map((address) => ports.witness(address)));
};

export const monitor = defineCommand<Options, Result>({
  path: 'route monitor',
  summary: 'watch every link and move the routes off a dead one; a daemon',
  details:
    'Probes all links, standby ones too, and keeps every managed route on the best link that carries: off a dead link at once, back after a hold-down. Each route table follows its own order of links. ' +
    'Without a healthy link nothing is changed. It runs until stopped; started again it writes nothing where reality already fits. One monitor at a time writes: the lease in the state folder says which. ' +
    'A dead gateway that carries nothing is stopped and started (not with --self or --no-heal). On a terminal it says what happens; with --json each event is a line on stdout. SIGTERM ends it with exit 0.',
  flags: [
    FLAG.site,
    FLAG.region,
    { flags: '--profile <name>', summary: "detector profile (default: the site file's)", choices: PROFILE_NAMES },
    { flags: '--once', summary: 'judge every link, do what is due, and end' },
    { ...FLAG.dryRun, summary: 'decide and say, but change nothing and take no lease' },
    { flags: '--aws-profile <name>', summary: 'AWS profile for EC2, SNS and CloudWatch', env: 'AWS_PROFILE' },
    { flags: '--no-heal', summary: 'never stop or start a gateway' },
    {
      flags: '--self <instance>',
      summary: "the gateway we run on: manage the other gateways' route tables (peer mode)",
    },
    STATE_FLAG,
    {
      flags: '--vici <uri...>',
      summary: `charon to listen to: an SA that goes down is evidence (with --self: ${LOCAL_CHARON}, where it is)`,
      env: 'HYBRIDCTL_VICI_URI',
    },
    {
      flags: '--bfd <socket...>',
      summary: "FRR's bfdd to listen to, e.g. /var/run/frr/bfdd.vty: a session that goes down is evidence",
      env: 'HYBRIDCTL_BFD_SOCKET',
    },
    {
      flags: '--lease-file <file>',
      summary: 'the lease and the journal (default: <site>.lease.json in the state folder)',
    },
  ],
  examples: [
    { line: 'hybridctl route monitor', why: 'the daemon, for hybridctl.yaml' },
    {
      line: 'hybridctl route monitor --profile fast --json | jq .kind',
      why: 'a probe every 20 ms; events as they happen',
    },
    { line: 'hybridctl route monitor --once --dry-run', why: 'what it would do now' },
    {
      line: 'hybridctl route monitor --vici unix:///var/run/charon.vici --bfd /var/run/frr/bfdd.vty',
      why: 'on a gateway: what charon and BFD see shortens the wait',
    },
    {
      line: 'hybridctl route monitor --self gw-1',
      why: "on a gateway: take over the other one's route table, and hand it back",
    },
  ],
  streams: true,

  parse: (raw) => ({
    site: text(raw, 'site') ?? FLAG.site.default,
    region: text(raw, 'region'),
    awsProfile: text(raw, 'awsProfile'),
    profile: PROFILE_NAMES.find((name) => name === text(raw, 'profile')),
    once: flag(raw, 'once'),
    dryRun: flag(raw, 'dryRun'),
    heal: raw.flags['heal'] !== false,
    self: text(raw, 'self'),
    stateDir: text(raw, 'stateDir') ?? STATE_FLAG.default,
    leaseFile: text(raw, 'leaseFile'),
    vici: list(raw, 'vici'),
    bfd: list(raw, 'bfd'),
  }),

  async run(options, ports, emit) {
    const loaded = await loadSite(ports, options.site);
    const { site } = loaded;
    refuseUnmade(site);
    const self = selfOf(site, options.self);
    const profile = profileOf(
      options.profile ?? site.monitor?.profile ?? 'default',
      site.monitor?.budget ?? DEFAULT_BUDGET,
    );
    const policy = monitorPolicy(site, { profile, self, heal: options.heal });
    if (policy.routes.length === 0)
      throw usageError('no route table prefers another gateway than this one: there is nothing to watch', {
        field: '--self',
      });
    if (self !== undefined && site.monitor?.canaries !== undefined && canariesOf(site, self).length === 0)
      throw usageError(
        'none is in a subnet whose table another gateway carries, so this one would trust nothing it sees',
        { field: 'monitor.canaries', next: "name hosts in the other zones too, and the tables' subnets" },
      );
    const stateDir = absolute(ports.cwd, options.stateDir);
    const pins = pinPath(stateDir, site.site);
    const lease =
      options.leaseFile === undefined ? leasePath(stateDir, site.site) : absolute(ports.cwd, options.leaseFile);
    // All that is ever needed is loaded now: a package that is replaced under a running daemon must not stop a
    // failover.
    const cloud = { region: options.region ?? site.cloud.region, profile: options.awsProfile, once: true };
    const [prober, tables, instances, store, witnesses] = await Promise.all([
      ports.prober(),
      ports.routeTables(cloud),
      ports.instances(cloud),
      options.dryRun ? privateStore() : ports.leaseStore(lease),
      witnessesOf(ports, options),
    ]);
    const speaker: Sink = {
      accept(event) {
        emit(event);
        const line = say(event);
        if (line !== undefined) ports.progress(line);
      },
      close: async () => undefined,
    };
    // A dry run tells nobody else: what it decides does not happen.
    const records = options.dryRun
      ? []
      : [
          await openRecords(ports, {
            loaded,
            stateDir,
            region: cloud.region,
            profile: cloud.profile,
            version: HYBRIDCTL_VERSION,
          }),
        ];
    const sink = fanOut([speaker, ...records]);
    const { probes, watched, concerned } = watchedBy(site, profile, self);
    const ending = await watch(
      {
        policy,
        profile,
        probes,
        watched,
        concerned,
        addresses: addressesOf(site),
        version: HYBRIDCTL_VERSION,
        dryRun: options.dryRun,
        once: options.once,
      },
      {
        prober,
        tables,
        instances,
        store,
        witnesses,
        sink,
        clock: ports.clock,
        now: () => performance.now(),
        signal: ports.signal,
        pins: () => readPins(ports.files, pins),
      },
    ).finally(() => sink.close());
    const result: Result = {
      because: ending.because,
      moves: ending.moves,
      links: [...ending.verdicts.values()].map(({ link, state, why }) => ({ link, state, why })),
      routes: policy.routes.map(({ key, table, destination }) => {
        const standing = ending.standings.find((one) => one.key === key);
        return { table, destination, at: standing?.at ?? null, why: standing?.why ?? 'its position is not known' };
      }),
    };
    return { result, exit: ports.signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok };
  },

  human({ links, routes }, style: Style) {
    return [
      style.table(
        ['link', 'state', 'why'],
        links.map(({ link, state, why }) => [
          link,
          state === 'alive' ? style.good(state) : state === 'dead' ? style.bad(state) : style.warn(state),
          why,
        ]),
      ),
      '',
      style.table(
        ['table', 'destination', 'link', 'why'],
        routes.map(({ table, destination, at, why }) => [table, destination, at ?? '-', why]),
      ),
    ].join('\n');
  },
});
