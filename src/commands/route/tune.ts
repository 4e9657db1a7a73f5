import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { failure } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { choice, decimal, duration } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { prospectsOf, type Delay } from '../../lib/domain/health/delay.ts';
import {
  DEFAULT_BUDGET,
  profileOf,
  PROFILE_NAMES,
  type Profile,
  type ProfileName,
} from '../../lib/domain/health/profiles.ts';
import { LEVELS } from '../../lib/domain/health/threshold.ts';
import { officeHalf, type OfficeHalf } from '../../lib/domain/health/office-half.ts';
import { ASSUMED_PATH as ASSUMED, watchPace } from '../../lib/domain/health/watch-pace.ts';
import { timeBudget, type TimeBudget } from '../../lib/domain/health/time-budget.ts';
import { destinationsOf } from '../../lib/domain/routes.ts';
import type { Link, Site } from '../../lib/domain/site.ts';
import { watchers } from '../../lib/domain/watched.ts';
import { loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

/** null: this detector does not find that failure. */
interface Found {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

interface Row {
  readonly link: string;
  readonly kind: Link['kind'];
  readonly rttMs: number;
  readonly lossPercent: number;
  readonly deadlineMs: number;
  readonly blackhole: Found;
  readonly half: Found;
  readonly gray: Found;
  readonly pmtu: Found;
  readonly falseAYear: number;
  /** A blackhole's worst case: found (p99), written, read back. */
  readonly timeBudget: TimeBudget;
  /** How soon the office's router leaves the link: the other direction of every packet's answer. */
  readonly office: OfficeHalf;
  readonly bothWays: BothWays;
}

/** A conversation is back when both directions have moved. */
interface BothWays {
  /** A blackhole's worst case; null: the office's router never leaves the link by itself. */
  readonly ms: number | null;
  readonly boundBy: 'cloud' | 'office';
}

/** How soon the boxes at a tunnel's ends take its routes away. */
interface Watch {
  readonly tunnel: string;
  readonly boxes: readonly string[];
  readonly everyMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

interface Result {
  readonly site: string;
  readonly profile: ProfileName;
  readonly probeEveryMs: number;
  readonly budget: number | null;
  readonly links: readonly Row[];
  readonly watches: readonly Watch[];
}

/** What the flags say of every link. Times in ms, loss in percent. */
interface Given {
  readonly rtt: number | undefined;
  readonly loss: number | undefined;
  readonly api: number;
}

const whole = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));
const found = ({ p50Ms, p99Ms }: Delay): Found => ({ p50Ms: whole(p50Ms), p99Ms: whole(p99Ms) });

const bothWaysOf = ({ detectMs, apiMs }: TimeBudget, { mostMs }: OfficeHalf): BothWays => {
  const cloudMs = detectMs + apiMs;
  return {
    ms: mostMs === null ? null : Math.max(cloudMs, mostMs),
    boundBy: mostMs === null || mostMs > cloudMs ? 'office' : 'cloud',
  };
};

const rowOf = (site: Site, link: Link, profile: Profile, budget: number, given: Given): Row => {
  const { rtt: rttMs, loss: lossPercent, api: apiMs } = given;
  const rtt = rttMs ?? link.probe?.rtt_ms ?? ASSUMED.rttMs;
  const loss = lossPercent ?? link.probe?.loss_percent ?? ASSUMED.lossPercent;
  const { blackhole, half, gray, pmtu, falseAYear, deadlineMs } = prospectsOf(profile, rtt, loss / 100);
  const routes = site.route_tables
    .filter(({ links }) => links.includes(link.name))
    .reduce((sum, table) => sum + destinationsOf(site, table).length, 0);
  const budgeted = timeBudget(Math.round(blackhole.p99Ms ?? Infinity), routes, apiMs);
  const office = officeHalf(site, link, { profile: profile.name, budget, rttMs, lossPercent });
  return {
    link: link.name,
    kind: link.kind,
    rttMs: rtt,
    lossPercent: loss,
    deadlineMs: Math.round(deadlineMs),
    blackhole: found(blackhole),
    half: found(half),
    gray: found(gray),
    pmtu: found(pmtu),
    falseAYear: Number(falseAYear.toPrecision(3)),
    timeBudget: budgeted,
    office,
    bothWays: bothWaysOf(budgeted, office),
  };
};

const watchesOf = (site: Site, profile: ProfileName, budget: number, { rtt, loss }: Omit<Given, 'api'>) =>
  [...watchers(site)].map(([tunnel, boxes]): Watch => {
    const { everyMs, withinMs } = watchPace(site, tunnel, { profile, budget, rttMs: rtt, lossPercent: loss });
    return { tunnel, boxes, everyMs, leastMs: withinMs[0], mostMs: withinMs[1] };
  });

/** One line for the first link that can't do what is asked, with what could. Throws a failure. */
const refuse = (row: Row, profile: Profile, budget: number | undefined, target: number | undefined): void => {
  const { link, lossPercent, rttMs, falseAYear } = row;
  if (budget !== undefined && falseAYear > budget) {
    const next =
      profile.kind === 'rounds'
        ? 'set --detector default'
        : `repair the path first: up to ${LEVELS.at(-1)! * 100} % random loss the budget is kept`;
    throw failure(
      `${link} would fail over ${falseAYear} times a year for nothing at ${lossPercent} % random loss, not ${budget}`,
      { field: '--budget', next },
    );
  }
  const p99 = row.blackhole.p99Ms ?? Infinity;
  if (target === undefined || p99 <= target) return;
  const others = (['fast', 'default'] as const).flatMap((name) => {
    const ms =
      name === profile.name
        ? undefined
        : prospectsOf(profileOf(name, budget ?? DEFAULT_BUDGET), rttMs, lossPercent / 100).blackhole.p99Ms;
    return ms !== undefined && ms <= target ? [`set --detector ${name}, which needs ${Math.round(ms)} ms`] : [];
  });
  throw failure(
    `${link} can't be found dead within ${target} ms: detector ${profile.name} needs ${p99} ms (p99) at ${rttMs} ms RTT and ${lossPercent} % loss`,
    {
      field: '--target-detect',
      next: others[0] ?? `allow at least ${p99} ms, or a shorter path: each probe is waited for ${row.deadlineMs} ms`,
    },
  );
};

const OFFICE_GOES_BY: Readonly<Record<OfficeHalf['by'], string>> = {
  bfd: 'BFD',
  'bgp-hold': 'BGP hold time',
  'tunnel-watch': 'tunnel watch',
  'ip-sla': 'IP SLA',
  'ike-keepalive': 'IKE keepalive',
  nothing: 'nothing: selectors decide',
};

const seconds = (ms: number | null): string =>
  ms === null ? 'never' : ms < 10_000 ? `${(ms / 1_000).toFixed(2)} s` : `${Math.round(ms / 1_000)} s`;
const pair = ({ p50Ms, p99Ms }: Found): string => (p50Ms === null ? 'never' : `${seconds(p50Ms)} / ${seconds(p99Ms)}`);

export const tune = defineCommand({
  path: 'route tune',
  summary: 'show detection time, rate of false failovers, and total failover time of each link',
  details:
    'For every link of the site: from a failure at a random moment to the verdict (half of cases / 99 of 100), by kind of failure: nothing passes, 50 % lost, 30 % lost, ' +
    'only large packets lost (PMTU hole). The false failovers a year are those of random loss; bursts are waited out besides, once the monitor has seen them. ' +
    "Round trip and loss come from the flags, else from the link's probe block, else 30 ms and 5 %. All figures are solved, none is simulated. " +
    'The time budget is the worst case of a blackhole: found (p99), all routes of the link written, read back. ' +
    "A conversation is back when both directions have moved: the cloud's half is found and written, the office's is what its router goes by, as rendered (BFD, tunnel watch, IP SLA, hold time); what OSPF takes to tell the other routers comes on top. Exit 1 when a link can't do what is asked.",
  flags: {
    site: FLAG.site,
    detector: flag(choice(PROFILE_NAMES), "how links are judged (default: the site file's)", {
      formerly: ['--profile <name>'],
    }),
    rtt: flag(duration({ from: '0.1ms', to: '2s', bare: 'ms' }), 'round trip of every link'),
    loss: flag(decimal({ from: 0, to: 50, placeholder: 'percent' }), 'ordinary random loss of every link'),
    budget: flag(
      decimal({ from: 0.01, to: 1_000, placeholder: 'count' }),
      "false failovers a year that each link may cost (default: the site file's, else 1)",
    ),
    targetDetect: flag(
      duration({ from: '1ms', to: '10m', bare: 'ms' }),
      'refuse unless a blackhole is found within this (p99)',
    ),
    api: flag(
      duration({ from: '1ms', to: '60s', bare: 'ms' }),
      'one route call, as the api column of route failover shows it',
      { default: '400ms' },
    ),
  },
  examples: [
    { line: 'hybridctl route tune', why: "every link of hybridctl.yaml, with the site's own profile" },
    {
      line: 'hybridctl route tune --detector fast --rtt 8ms --loss 1 --json',
      why: 'what a probe every 20 ms would bring on a good path',
    },
    {
      line: 'hybridctl route tune --budget 0.1 --target-detect 1s',
      why: 'in a check: exit 1 unless a dead link is found within a second at one false failover in ten years',
    },
  ],

  async run(options, ports): Promise<Outcome<Result>> {
    const { site } = await loadSite(ports, options.site);
    const budget = options.budget ?? site.monitor?.budget ?? DEFAULT_BUDGET;
    const profile = profileOf(options.detector ?? site.monitor?.profile ?? 'default', budget);
    const links = site.links.map((link) => rowOf(site, link, profile, budget, options));
    // The 3-ping loop knows no budget: it is held to one only where one is asked for.
    const held = profile.kind === 'rounds' ? options.budget : budget;
    for (const row of links) refuse(row, profile, held, options.targetDetect);
    return {
      result: {
        site: site.site,
        profile: profile.name,
        probeEveryMs: profile.tauMs,
        budget: held ?? null,
        links,
        watches: watchesOf(site, profile.name, budget, options),
      },
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).routeTune),
  data: ({ links, ...result }) => ({
    ...result,
    links: links.map(({ lossPercent, ...link }) => ({ ...link, loss: lossPercent / 100 })),
  }),
  human({ profile, probeEveryMs, budget, links, watches }: Result, style: Style) {
    const rows = links.map((row) => [
      row.link,
      `${row.rttMs} ms`,
      `${row.lossPercent} %`,
      pair(row.blackhole),
      pair(row.half),
      pair(row.gray),
      pair(row.pmtu),
      row.falseAYear > (budget ?? DEFAULT_BUDGET) ? style.bad(String(row.falseAYear)) : String(row.falseAYear),
      `${seconds(row.timeBudget.detectMs)} + ${seconds(row.timeBudget.apiMs)} + ${seconds(row.timeBudget.verifyMs)} = ${seconds(row.timeBudget.totalMs)}`,
    ]);
    const head = [
      'link',
      'rtt',
      'loss',
      'blackhole',
      '50 % lost',
      '30 % lost',
      'pmtu hole',
      'false/yr',
      'detect + api + verify',
    ];
    return [
      `detector ${profile}: a probe every ${probeEveryMs} ms; times are p50 / p99`,
      '',
      style.table(head, rows),
      '',
      "both ways (worst case of a blackhole): the cloud's half, and the office's as its router finds the link dead",
      '',
      style.table(
        ['link', 'cloud', 'office', 'router', 'goes by', 'both ways', 'bound by'],
        links.map(({ link, timeBudget: { detectMs, apiMs }, office, bothWays }) => [
          link,
          seconds(detectMs + apiMs),
          office.leastMs === null ? 'never' : `${seconds(office.leastMs)} to ${seconds(office.mostMs)}`,
          office.router,
          OFFICE_GOES_BY[office.by],
          seconds(bothWays.ms),
          bothWays.boundBy,
        ]),
      ),
      ...(watches.length === 0 ? [] : ['', "a dead tunnel's routes leave the boxes at its ends (tunnel watch) within"]),
      ...watches.map(
        ({ tunnel, boxes, leastMs, mostMs }) =>
          `  ${tunnel}: ${seconds(leastMs)} to ${seconds(mostMs)}, on ${boxes.join(' and ')}`,
      ),
    ].join('\n');
  },
});
