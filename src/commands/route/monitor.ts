import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, interrupted, usageError } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import { choice, path, text } from '../../lib/core/flags/kinds.ts';
import type { Ports, Witness, WitnessAddress } from '../../lib/core/ports.ts';
import { DEFAULT_BUDGET, profileOf, PROFILE_NAMES } from '../../lib/domain/health/profiles.ts';
import { OLD_SPELLING_OF_LEGACY, spelledToday } from '../../lib/core/spelling.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { LOCAL_CHARON } from '../../lib/domain/sa.ts';
import type { Site } from '../../lib/domain/site.ts';
import { eventData } from '../../lib/monitor/event-data.ts';
import { fanOut, type Sink } from '../../lib/monitor/events.ts';
import { privateStore } from '../../lib/monitor/lease.ts';
import { monitor as watch } from '../../lib/monitor/loop.ts';
import { leasePath, pinPath, readPins } from '../../lib/monitor/pins.ts';
import { monitorPolicy, NOTHING_TO_WATCH } from '../../lib/monitor/policy.ts';
import { exitOfOnce, judgeOnce } from '../../lib/monitor/once.ts';
import { openRecords } from '../../lib/monitor/records.ts';
import { relayKeeper } from '../../lib/monitor/relay-keeper.ts';
import { tableNames } from '../../lib/monitor/names.ts';
import { sayWithTime } from '../../lib/monitor/say.ts';
import { canariesOf, watchedBy } from '../../lib/monitor/watch.ts';
import { refuseUnmade } from '../../lib/routes/select.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

declare const HYBRIDCTL_VERSION: string;

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
  {
    self,
    uri,
    bfd,
  }: {
    readonly self: string | undefined;
    readonly uri: readonly string[];
    readonly bfd: readonly string[];
  },
): Promise<readonly Witness[]> => {
  const local =
    self !== undefined &&
    uri.length === 0 &&
    (await ports.files.stat(LOCAL_CHARON.slice('unix://'.length)).catch(() => undefined)) !== undefined;
  const addresses: readonly WitnessAddress[] = [
    ...(local ? [LOCAL_CHARON] : uri).map((one) => ({ kind: 'vici', uri: one }) as const),
    ...bfd.map((socket) => ({ kind: 'bfd', socket: absolute(ports.cwd, socket) }) as const),
  ];
  return Promise.all(addresses.map((address) => ports.witness(address)));
};

/** `--profile` was the detector's once: whoever writes one of its names means that, and is told, not misunderstood. */
const AWS_PROFILE = flag(text({ placeholder: 'name', like: 'ops' }), 'AWS profile for EC2, SNS and CloudWatch', {
  env: 'AWS_PROFILE',
  formerly: ['--aws-profile <name>'],
  moved: (given: string) =>
    [...PROFILE_NAMES, OLD_SPELLING_OF_LEGACY].some((name) => name === given)
      ? `is the AWS profile now: for the detector write --detector ${spelledToday(given)}${given === 'default' ? '; the AWS profile "default" is used without a flag' : ''}`
      : undefined,
});

export const monitor = defineCommand({
  path: 'route monitor',
  summary: 'daemon: watch every link, and move the routes off a dead one',
  details:
    'Probes all links, standby ones too, and keeps every managed route on the best link that carries: off a dead link at once, back after a hold-down. Each route table follows its own order of links. ' +
    'Without a healthy link nothing is changed. It runs until stopped; started again it writes nothing where reality already fits. One monitor at a time writes: the lease in the state folder says which. ' +
    'A dead gateway that carries nothing is stopped and started (not with --self or --no-heal). With --once the exit code is 1 when a route is not known to be carried, and 4 without credentials. On a terminal it says what happens; with --json each event is a line on stdout. SIGTERM ends it with exit 0.',
  flags: {
    site: FLAG.site,
    region: FLAG.region,
    profile: AWS_PROFILE,
    detector: flag(choice(PROFILE_NAMES), "how links are judged (default: the site file's)"),
    once: toggle('judge every link, do what is due, and end'),
    dryRun: saying(FLAG.dryRun, 'decide and say, but change nothing and take no lease'),
    detailedExitcode: saying(FLAG.detailedExitcode, 'with --once: exit 3 when a route should be on another link'),
    noHeal: toggle('never stop or start a gateway'),
    self: flag(
      text({ placeholder: 'instance', like: 'gw-1' }),
      "the gateway we run on: manage the other gateways' route tables (peer mode)",
    ),
    stateDir: FLAG.stateDir,
    uri: flag(
      text({ placeholder: 'uri', like: LOCAL_CHARON }),
      `VICI socket of a charon to listen to: an SA that goes down is evidence (with --self: ${LOCAL_CHARON}, where it is)`,
      { many: true, env: 'HYBRIDCTL_VICI_URI', formerly: ['--vici <uri>'] },
    ),
    bfd: flag(path(), "FRR's bfdd to listen to, e.g. /var/run/frr/bfdd.vty: a session that goes down is evidence", {
      many: true,
      placeholder: 'socket',
      env: 'HYBRIDCTL_BFD_SOCKET',
    }),
    leaseFile: flag(path(), 'the lease and the journal (default: <site>.lease.json in the state folder)'),
  },
  requires: { detailedExitcode: ['once'] },
  examples: [
    { line: 'hybridctl route monitor', why: 'the daemon, for hybridctl.yaml' },
    {
      line: 'hybridctl route monitor --detector fast --json | jq .kind',
      why: 'a probe every 20 ms; events as they happen',
    },
    { line: 'hybridctl route monitor --once --dry-run', why: 'what it would do now' },
    {
      line: 'hybridctl route monitor --once --dry-run --detailed-exitcode',
      why: 'in a check: 3 when a route should move',
    },
    {
      line: 'hybridctl route monitor --uri unix:///var/run/charon.vici --bfd /var/run/frr/bfdd.vty',
      why: 'on a gateway: what charon and BFD see shortens the wait',
    },
    {
      line: 'hybridctl route monitor --self gw-1',
      why: "on a gateway: take over the other one's route table, and hand it back",
    },
  ],
  streams: true,

  async run(options, ports, emit): Promise<Outcome<Result>> {
    const loaded = await loadSite(ports, options.site);
    const { site } = loaded;
    refuseUnmade(site);
    const self = selfOf(site, options.self);
    const profile = profileOf(
      options.detector ?? site.monitor?.profile ?? 'default',
      site.monitor?.budget ?? DEFAULT_BUDGET,
    );
    const policy = monitorPolicy(site, { profile, self, heal: !options.noHeal });
    if (policy.routes.length === 0) throw usageError(NOTHING_TO_WATCH, { field: '--self' });
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
    const cloud = { region: options.region ?? site.cloud.region, profile: options.profile, once: true };
    const [prober, tables, instances, store, witnesses] = await Promise.all([
      ports.prober(),
      ports.routeTables(cloud),
      ports.instances(cloud),
      options.dryRun ? privateStore() : ports.leaseStore(lease),
      witnessesOf(ports, options),
    ]);
    const names = tableNames(site);
    const speaker: Sink = {
      accept(event) {
        emit(eventData(event, names));
        const line = sayWithTime(event, names);
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
    const watching = watchedBy(site, profile, self);
    const ending = await watch(
      {
        policy,
        profile,
        ...watching,
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
        keepRelay: self === undefined || options.dryRun ? undefined : relayKeeper(ports),
      },
    ).finally(() => sink.close());
    const { readTrouble } = ending;
    const unread = readTrouble === undefined ? undefined : `could not read the route table (${readTrouble.why})`;
    const result: Result = {
      because: ending.because,
      moves: ending.moves,
      links: [...ending.verdicts.values()].map(({ link, state, why }) => ({ link, state, why })),
      routes: policy.routes.map(({ key, table, destination }) => {
        const standing = ending.standings.find((one) => one.key === key);
        const why = standing?.at === undefined ? unread : undefined;
        return {
          table: names.get(table) ?? table,
          destination,
          at: standing?.at ?? null,
          why: why ?? standing?.why ?? 'its position is not known',
        };
      }),
    };
    if (ports.signal.reason === 'SIGINT') return { result, exit: EXIT.interrupted };
    if (!options.once) return { result };
    // Told to end before it has judged anything.
    if (ports.signal.aborted) throw interrupted();
    return { result, exit: exitOfOnce(judgeOnce(ending, policy), readTrouble, options) };
  },

  json: jsonShape(1, async () => (await import('./monitor-json.ts')).routeMonitor),
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
