import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { choice, count, moment, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import type { Line } from '../../lib/monitor/ecs.ts';
import { eventIn } from '../../lib/monitor/history.ts';
import { isSelected, queryOf, type LogSelection } from '../../lib/monitor/log-search.ts';
import { indexOf, logPaths, logTexts, siteFor, type LogSource } from '../../lib/monitor/log-source.ts';
import type { LoadedSite } from '../../lib/site/file.ts';
import { LOG, logSourceOf } from './shared.ts';

const KINDS = [
  'alert',
  'error',
  'evidence',
  'heal',
  'initiate',
  'lease',
  'move',
  'pin',
  'start',
  'stop',
  'verdict',
  'witness',
] as const;

const name = (like: string) => text({ placeholder: 'name', like });
/** Names; `true`: every link of that kind. */
type Links = readonly string[] | true | undefined;

interface LogOptions extends Omit<LogSelection, 'links'> {
  readonly place: LogSource;
  readonly dx: Links;
  readonly vpn: Links;
  readonly last: number;
}

/** What each field means is in json.ts. */
interface Result {
  readonly from: string;
  readonly events: readonly Line[];
  readonly more: boolean;
}

/** `--dx` alone means all of them, whatever else is named. */
const linksIn = (given: readonly (string | true)[]): Links =>
  given.length === 0 ? undefined : given.includes(true) ? true : given.filter((one) => one !== true);

const linksOf = ({ dx, vpn }: LogOptions, loaded: LoadedSite | undefined): readonly string[] | undefined => {
  if (dx === undefined && vpn === undefined) return undefined;
  const named = (wanted: Links, kind: 'dx' | 'vpn'): readonly string[] => {
    if (wanted !== true) return wanted ?? [];
    const all = loaded!.site.links.filter((link) => link.kind === kind).map(({ name }) => name);
    if (all.length === 0)
      throw usageError(`the site has no ${kind === 'dx' ? 'Direct Connect' : 'VPN'} link`, { field: `--${kind}` });
    return all;
  };
  return [...named(dx, 'dx'), ...named(vpn, 'vpn')];
};

/** What is shown reaches a terminal: nothing in it may steer that. */
const plain = (value: unknown): string => String(value ?? '').replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

export const log = defineCommand({
  path: 'events log',
  summary: 'search the event log of "route monitor" by site, Direct Connect, VPN, time and kind',
  details:
    'In the files of this machine, rotated ones too, or in Elasticsearch or OpenSearch, where the logs of all sites may lie together. Filters are ANDed; several values of one filter are ORed. ' +
    '--dx and --vpn without a name mean every link of that kind in the site file. With --json each event is the whole line, with the names of the Elastic Common Schema.',
  flags: {
    ...LOG,
    inSite: flag(name('demo'), 'events of this site', { many: true }),
    dx: flag(name('dx-1'), 'events of this Direct Connect link', { many: true, bare: true }),
    vpn: flag(name('vpn-a'), 'events of this VPN link', { many: true, bare: true }),
    table: flag(name('private-a'), 'events of this route table', { many: true }),
    kind: flag(choice(KINDS, 'kind'), 'events of this kind', { many: true }),
    incident: flag(text({ placeholder: 'id', like: '0a1b2c3d' }), 'events of this incident'),
    since: flag(moment(), 'from then on: 24h, 7d, 2026-01-31'),
    until: flag(moment(), 'until then'),
    last: flag(count({ from: 1, to: 99_999 }), 'the last so many', { default: '50' }),
  },
  examples: [
    { line: 'hybridctl events log --dx --since 7d', why: 'what happened to Direct Connect in the last week' },
    { line: 'hybridctl events log --kind move --kind alert --vpn vpn-a', why: 'moves and alerts that touch a link' },
    {
      line: 'hybridctl events log --elasticsearch --in-site Singapore --since 2026-01-31 --until 2026-02-01 --json',
      why: 'a day of one site, from the index',
    },
  ],
  refine({ inSite, dx, vpn, table, kind, incident, since, until, last, ...source }): LogOptions {
    return {
      place: logSourceOf(source),
      sites: inSite,
      dx: linksIn(dx),
      vpn: linksIn(vpn),
      tables: table,
      kinds: kind,
      incident,
      since,
      until,
      last,
    };
  },
  async run(options, ports): Promise<Outcome<Result>> {
    const { place, last } = options;
    const loaded = await siteFor(ports, place, options.dx === true || options.vpn === true);
    const selection: LogSelection = { ...options, links: linksOf(options, loaded) };
    if (!place.elasticsearch) {
      const paths = logPaths(ports, place, loaded);
      const lines = (await logTexts(ports, paths))
        .flatMap((content) => content.split('\n'))
        .filter((line) => line.trim() !== '');
      const read = lines.flatMap((line) => eventIn(line) ?? []);
      if (read.length < lines.length)
        ports.progress(
          `warning: ${lines.length - read.length} of ${lines.length} lines are damaged and were passed over`,
        );
      const found = read
        .filter((line) => isSelected(line, selection))
        .sort((one, other) => Date.parse(one['@timestamp']) - Date.parse(other['@timestamp']));
      return { result: { from: paths.join(', '), events: found.slice(-last), more: found.length > last } };
    }
    const wanted = await indexOf(ports, place, loaded);
    const found: Line[] = [];
    for await (const source of (await wanted.open()).search(queryOf(selection), ports.signal)) {
      const line = eventIn(source);
      if (line !== undefined && isSelected(line, selection)) found.push(line);
      if (found.length > last) break;
    }
    return {
      result: {
        from: `${wanted.url}/${wanted.index}`,
        events: found.slice(0, last).reverse(),
        more: found.length > last,
      },
    };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).eventsLog),
  data: (result) => result,
  human({ events, from, more }, style) {
    if (events.length === 0) return `no such event in ${from}`;
    const coloured = (line: Line, said: string): string => {
      const level = (line['log'] as { level?: unknown } | undefined)?.level;
      return level === 'error' ? style.bad(said) : level === 'warn' ? style.warn(said) : said;
    };
    const rows = events.map((line) => [
      plain(line['@timestamp']).replace('T', ' ').replace('Z', ''),
      plain(line.labels?.['site']),
      plain(line.hybridctl.kind),
      coloured(line, plain(line.message)),
    ]);
    return [
      style.table(['at (UTC)', 'site', 'kind', 'what'], rows),
      ...(more ? ['', style.dim(`showing the last ${events.length}; --last N shows more`)] : []),
    ].join('\n');
  },
});
