import { asCase, type RouteDrillReport } from './real/report.ts';
import type { CaseResult, DrillReport, Lane, Stretch } from './types.ts';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const ms = (value: number | null): string =>
  value === null ? '–' : value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`;
/** Of a tick: whole seconds where the line is that long. */
const tickText = (at: number, step: number): string => (step >= 1_000 ? `${at / 1000} s` : `${at} ms`);

/** Units of the picture, about CSS pixels: a phone shows it at nearly that size and scrolls the rest. */
const WIDTH = 480;
const LABEL = 84;
const ROW = 22;
const BAR = 14;
/** A bar too narrow to read its label. */
const LABELLED = 44;
const TICKS = 5;

/** A round number of ms so that about so many ticks fit. */
const tickOf = (span: number): number => {
  const raw = span / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
};

const bar = ({ from, to, label, tone }: Stretch, y: number, x: (at: number) => number): string => {
  const left = x(from);
  // A gap of some ms on a line of seconds would vanish.
  const width = Math.max(x(to) - left, 1.5);
  const title = `${label === '' ? tone : label}: ${Math.round(from)} to ${Math.round(to)} ms`;
  const text =
    label !== '' && width >= LABELLED
      ? `<text class="in" x="${(left + 4).toFixed(1)}" y="${y + BAR - 3}">${escaped(label)}</text>`
      : '';
  return `<rect class="${tone}" x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"><title>${escaped(title)}</title></rect>${text}`;
};

/** The lanes of one case over time, 0 being the fault. */
const timeline = (name: string, lanes: readonly Lane[]): string => {
  const all = lanes.flatMap(({ stretches }) => stretches);
  if (all.length === 0) return '';
  const from = Math.min(...all.map((one) => one.from));
  const to = Math.max(...all.map((one) => one.to));
  const x = (at: number): number => LABEL + ((at - from) / Math.max(to - from, 1)) * (WIDTH - LABEL - 4);
  const step = tickOf(to - from);
  const ticks = Array.from(
    { length: Math.floor(to / step) - Math.ceil(from / step) + 1 },
    (_, index) => (Math.ceil(from / step) + index) * step,
  );
  const height = lanes.length * ROW + 22;
  return [
    `<div class="wide" tabindex="0"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(`timeline of ${name}`)}">`,
    ...ticks.map(
      (at) =>
        `<line class="tick" x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="0" y2="${height - 16}"/><text class="axis" x="${x(at).toFixed(1)}" y="${height - 4}">${tickText(at, step)}</text>`,
    ),
    ...lanes.map(
      (lane, row) =>
        `<text class="lane" x="0" y="${row * ROW + BAR}">${escaped(lane.name)}</text>${lane.stretches.map((one) => bar(one, row * ROW + 3, x)).join('')}`,
    ),
    '</svg></div>',
  ].join('');
};

const idOf = (name: string): string => `case-${name.replace(/[^A-Za-z0-9-]/g, '_')}`;
const fact = (term: string, value: string): string => `<div><dt>${escaped(term)}</dt><dd>${escaped(value)}</dd></div>`;
const lines = (title: string, list: readonly string[]): string =>
  list.length === 0 ? '' : `<h3>${title}</h3>\n<pre>${escaped(list.join('\n'))}</pre>`;

const section = (
  one: CaseResult,
  _: number,
  { length }: readonly CaseResult[],
): string => `<details id="${escaped(idOf(one.name))}"${one.passed && length > 1 ? '' : ' open'}>
<summary><span class="mark ${one.passed ? 'good' : 'bad'}">${one.passed ? 'passed' : one.invalid ? 'not measured' : 'failed'}</span> <b>${escaped(one.name)}</b> <span class="gap">round trip ${ms(one.roundTripMs)}</span></summary>
<p>${escaped(one.about)}.</p>
${one.problems.map((problem) => `<p class="problem">${escaped(problem)}</p>`).join('\n')}
<dl>
${fact('round trip', ms(one.roundTripMs))}${fact('to the office', ms(one.gapMs))}${fact('back', ms(one.backMs))}${fact('reaction', `${ms(one.reactMs)}${one.limitMs === null ? '' : ` (limit ${ms(one.limitMs)})`}`)}${fact('detect', ms(one.detectMs))}${fact('api', ms(one.apiMs))}${fact('verify', ms(one.verifyMs))}${one.returnMs === null ? '' : fact('return', ms(one.returnMs))}${fact('moves', String(one.moves))}
${Object.entries(one.at)
  .map(([table, link]) => fact(table, link))
  .join('')}
</dl>
${timeline(one.name, one.lanes)}
${lines('Log', one.story)}
${lines('Final state', one.scene)}
</details>`;

type Beside = Pick<DrillReport, 'leftOut' | 'amiss'>;

/** What a reader has to know before all else: what failed, what was not run. */
const notes = (cases: readonly CaseResult[], { leftOut, amiss }: Beside): string => {
  const failed = cases.length === 1 ? [] : cases.filter(({ passed }) => !passed);
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0 ? '' : `<h2>${title}</h2>\n<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>\n`;
  return [
    list(
      'Failed',
      failed.map(
        ({ name, problems }) =>
          `<a href="#${escaped(idOf(name))}">${escaped(name)}</a>: ${escaped(problems.join('; '))}`,
      ),
    ),
    list('The lab did not come back to order', amiss.map(escaped)),
    list(
      'Not run',
      leftOut.map(({ name, why }) => `${escaped(name)}: ${escaped(why)}`),
    ),
  ].join('');
};

const STYLE = `:root{color-scheme:light dark;--fg:#1a1d21;--bg:#fff;--dim:#5c6570;--line:#d9dee4;--good:#277a4b;--bad:#c8372d;--unknown:#6f7985;--other:#2f6fb5;--text-bad:#b3261e;--link:#2f6fb5}
@media(prefers-color-scheme:dark){:root{--fg:#e6e9ec;--bg:#14171a;--dim:#9aa4af;--line:#333a42;--good:#2f8455;--bad:#cf4339;--unknown:#69737d;--other:#3f7fc4;--text-bad:#ff8a80;--link:#7fb4ee}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1rem 0 .3rem}h3{font-size:.8rem;font-weight:normal;color:var(--dim);margin:.6rem 0 0}ul{margin:.3rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}a{color:var(--link)}p{margin:.4rem 0}.dim{color:var(--dim)}
details{clear:both;border-top:1px solid var(--line);padding:.6rem 0}summary{cursor:pointer;overflow-wrap:anywhere}details:target>summary{background:var(--line)}
summary:focus-visible,.wide:focus-visible,a:focus-visible{outline:2px solid var(--other);outline-offset:2px}
.mark{font-size:.8rem;padding:.1rem .45rem;border-radius:.3rem;color:#fff}.mark.good{background:var(--good)}.mark.bad{background:var(--bad)}
.gap{color:var(--dim);float:right;margin-left:.8rem}.problem{color:var(--text-bad)}
dl{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;margin:.5rem 0}dl div{min-width:4.5rem}dt{font-size:.8rem;color:var(--dim)}dd{margin:0}
.wide{overflow-x:auto}svg{width:100%;min-width:420px;max-width:600px;height:auto;display:block;margin:.5rem 0;font:12px system-ui,sans-serif}svg text{fill:var(--fg)}svg .in{fill:#fff;pointer-events:none}svg .axis{fill:var(--dim);text-anchor:middle}
svg .tick{stroke:var(--line)}svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}svg .unknown{fill:var(--unknown)}svg .other{fill:var(--other)}
pre{font-size:.8rem;color:var(--dim);white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}
@media(max-width:36rem){.gap{float:none;display:block;margin:0 0 0 1rem}}
@media print{details{break-inside:avoid}}`;

/**
 * One HTML page: no script and nothing fetched, so that it can be mailed and kept. @param intro plain text, a paragraph
 * each.
 */
const htmlOf = (
  title: string,
  intro: readonly string[],
  cases: readonly CaseResult[],
  beside: Beside,
): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${intro.map((line) => `<p class="dim">${escaped(line)}</p>`).join('\n')}
${notes(cases, beside)}${cases.map(section).join('\n')}
</body>
</html>
`;

/** The report of drills on a lab. */
export const pageOf = ({
  lab,
  site,
  profile,
  seed,
  startedAt,
  tookMs,
  passed,
  failed,
  invalid,
  cases,
  leftOut,
  amiss,
}: DrillReport): string =>
  htmlOf(
    `Failover drill: ${passed} passed, ${failed} failed${invalid > 0 ? `, ${invalid} not measured` : ''}`,
    [
      `site ${site}, lab ${lab}, profile ${profile}, seed ${seed}; ${startedAt}, ${Math.round(tookMs / 1000)} s`,
      'gap: longest silence of a packet stream every millisecond, one way, cloud to on-prem. Reaction: from the fault until the last route is where it belongs. Time 0 is the fault.',
    ],
    cases,
    { leftOut, amiss },
  );

/** The report of a drill on real routes. */
export const routePageOf = (report: RouteDrillReport): string =>
  htmlOf(
    `Route drill: ${report.passed ? 'passed' : 'failed'}`,
    [
      `site ${report.site}, ${report.region}; ${report.startedAt}, ${Math.round(report.tookMs / 1000)} s`,
      `gap: longest silence of a ping every ${report.intervalMs} ms to ${report.target}, there and back. Time 0 is the first write.`,
    ],
    [asCase(report)],
    { leftOut: [], amiss: [] },
  );
