import { FLAG, defineCommand, text, type Raw, type Style } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { prospectsOf, type Delay } from '../../lib/domain/health/delay.ts';
import {
  DEFAULT_BUDGET,
  profileOf,
  PROFILE_NAMES,
  type Profile,
  type ProfileName,
} from '../../lib/domain/health/profiles.ts';
import { LEVELS } from '../../lib/domain/health/threshold.ts';
import { timeBudget, type TimeBudget } from '../../lib/domain/health/time-budget.ts';
import { destinationsOf } from '../../lib/domain/routes.ts';
import type { Link, Site } from '../../lib/domain/site.ts';
import { loadSite } from '../../lib/site/file.ts';

interface Options {
  readonly site: string;
  readonly profile: ProfileName | undefined;
  readonly rttMs: number | undefined;
  readonly lossPercent: number | undefined;
  readonly budget: number | undefined;
  readonly targetDetectMs: number | undefined;
  readonly apiMs: number;
}

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
}

interface Result {
  readonly site: string;
  readonly profile: ProfileName;
  readonly probeEveryMs: number;
  readonly budget: number | null;
  readonly links: readonly Row[];
}

/**
 * Assumed until the site file or a flag says more: a tunnel between neighbouring regions, ordinary loss at its worst,
 * an unhurried API.
 */
const ASSUMED = { rttMs: 30, lossPercent: 5, apiMs: 400 } as const;

const amount = (
  raw: Raw,
  name: string,
  flagName: string,
  unit: string,
  low: number,
  high: number,
): number | undefined => {
  const given = text(raw, name);
  if (given === undefined) return undefined;
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(given) ? Number(given) : NaN;
  if (!(value >= low && value <= high))
    throw usageError(`"${given.slice(0, 40)}" is not a number of ${unit} from ${low} to ${high}`, { field: flagName });
  return value;
};

const whole = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));
const found = ({ p50Ms, p99Ms }: Delay): Found => ({ p50Ms: whole(p50Ms), p99Ms: whole(p99Ms) });

const rowOf = (site: Site, link: Link, profile: Profile, { rttMs, lossPercent, apiMs }: Options): Row => {
  const rtt = rttMs ?? link.probe?.rtt_ms ?? ASSUMED.rttMs;
  const loss = lossPercent ?? link.probe?.loss_percent ?? ASSUMED.lossPercent;
  const { blackhole, half, gray, pmtu, falseAYear, deadlineMs } = prospectsOf(profile, rtt, loss / 100);
  const routes = site.route_tables
    .filter(({ links }) => links.includes(link.name))
    .reduce((sum, table) => sum + destinationsOf(site, table).length, 0);
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
    timeBudget: timeBudget(Math.round(blackhole.p99Ms ?? Infinity), routes, apiMs),
  };
};

/** One line for the first link that can't do what is asked, with what could. Throws a failure. */
const refuse = (row: Row, profile: Profile, budget: number | undefined, target: number | undefined): void => {
  const { link, lossPercent, rttMs, falseAYear } = row;
  if (budget !== undefined && falseAYear > budget) {
    const next =
      profile.kind === 'rounds'
        ? 'give --profile default'
        : `mend the path first: up to ${LEVELS.at(-1)! * 100} % random loss the budget is kept`;
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
    return ms !== undefined && ms <= target ? [`give --profile ${name}, which needs ${Math.round(ms)} ms`] : [];
  });
  throw failure(
    `${link} can't be found dead within ${target} ms: profile ${profile.name} needs ${p99} ms (p99) at ${rttMs} ms RTT and ${lossPercent} % loss`,
    {
      field: '--target-detect',
      next: others[0] ?? `allow at least ${p99} ms, or a shorter path: each probe is waited for ${row.deadlineMs} ms`,
    },
  );
};

const seconds = (ms: number | null): string =>
  ms === null ? 'never' : ms < 10_000 ? `${(ms / 1_000).toFixed(2)} s` : `${Math.round(ms / 1_000)} s`;
const pair = ({ p50Ms, p99Ms }: Found): string => (p50Ms === null ? 'never' : `${seconds(p50Ms)} / ${seconds(p99Ms)}`);

export const tune = defineCommand<Options, Result>({
  path: 'route tune',
  summary: 'how soon each link is found dead, how often for nothing, and what a failover takes in all',
  details:
    'For every link of the site: from a failure at a random moment to the verdict (half of cases / 99 of 100), by kind of failure: nothing passes, 50 % lost, 30 % lost, ' +
    'only large packets lost (PMTU hole). The false failovers a year are those of random loss; bursts are waited out besides, once the monitor has seen them. ' +
    "Round trip and loss come from the flags, else from the link's probe block, else 30 ms and 5 %. All figures are solved, none is simulated. " +
    "The time budget is the worst case of a blackhole: found (p99), all routes of the link written, read back. Exit 1 when a link can't do what is asked.",
  flags: [
    FLAG.site,
    { flags: '--profile <name>', summary: "detector profile (default: the site file's)", choices: PROFILE_NAMES },
    { flags: '--rtt <ms>', summary: 'round trip of every link' },
    { flags: '--loss <percent>', summary: 'ordinary random loss of every link' },
    {
      flags: '--budget <count>',
      summary: "false failovers a year that each link may cost (default: the site file's, else 1)",
    },
    { flags: '--target-detect <ms>', summary: 'refuse unless a blackhole is found within this (p99)' },
    {
      flags: '--api <ms>',
      summary: `one route call, as the api column of route failover shows it (default: ${ASSUMED.apiMs})`,
    },
  ],
  examples: [
    { line: 'hybridctl route tune', why: "every link of hybridctl.yaml, with the site's own profile" },
    {
      line: 'hybridctl route tune --profile fast --rtt 8 --loss 1 --json',
      why: 'what a probe every 20 ms would bring on a good path',
    },
    {
      line: 'hybridctl route tune --budget 0.1 --target-detect 1000',
      why: 'in a check: exit 1 unless a dead link is found within a second at one false failover in ten years',
    },
  ],

  parse: (raw) => ({
    site: text(raw, 'site') ?? FLAG.site.default,
    profile: PROFILE_NAMES.find((name) => name === text(raw, 'profile')),
    rttMs: amount(raw, 'rtt', '--rtt', 'ms', 0.1, 2_000),
    lossPercent: amount(raw, 'loss', '--loss', 'percent', 0, 50),
    budget: amount(raw, 'budget', '--budget', 'failovers', 0.01, 1_000),
    targetDetectMs: amount(raw, 'targetDetect', '--target-detect', 'ms', 1, 600_000),
    apiMs: amount(raw, 'api', '--api', 'ms', 1, 60_000) ?? ASSUMED.apiMs,
  }),

  async run(options, ports) {
    const { site } = await loadSite(ports, options.site);
    const budget = options.budget ?? site.monitor?.budget ?? DEFAULT_BUDGET;
    const profile = profileOf(options.profile ?? site.monitor?.profile ?? 'default', budget);
    const links = site.links.map((link) => rowOf(site, link, profile, options));
    // The 3-ping loop knows no budget: it is held to one only where one is asked for.
    const held = profile.kind === 'rounds' ? options.budget : budget;
    for (const row of links) refuse(row, profile, held, options.targetDetectMs);
    return {
      result: { site: site.site, profile: profile.name, probeEveryMs: profile.tauMs, budget: held ?? null, links },
    };
  },

  human({ profile, probeEveryMs, budget, links }: Result, style: Style) {
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
      `profile ${profile}: a probe every ${probeEveryMs} ms; times are p50 / p99`,
      '',
      style.table(head, rows),
    ].join('\n');
  },
});
