import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { arg, flag, toggle } from '../../lib/core/flags.ts';
import { choice, count, path, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { casesOf } from '../../lib/drill/cases.ts';
import { reportData } from '../../lib/drill/data.ts';
import { findSession, siteOf } from '../../lib/drill/session.ts';
import { pageOf } from '../../lib/drill/page.ts';
import { runnable, runSuite } from '../../lib/drill/suite.ts';
import { DRILL_PROFILES, type CaseResult, type DrillCase, type DrillReport } from '../../lib/drill/types.ts';
import { NAME_RULES } from '../../lib/lab/numbers.ts';
import { absolute } from '../../lib/site/file.ts';

interface Listed {
  readonly available: readonly Pick<DrillCase, 'name' | 'group' | 'about'>[];
}

const ms = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} ms`);

const isOf = (one: DrillCase, name: string): boolean => one.name === name || one.name.startsWith(`${name}/`);

const chosen = (cases: readonly DrillCase[], wanted: readonly string[]): readonly DrillCase[] => {
  const unknown = wanted.find((name) => !cases.some((one) => isOf(one, name)));
  if (unknown !== undefined)
    throw usageError(`there is no case called "${unknown.slice(0, 60)}"`, {
      field: 'case',
      next: 'see "hybridctl drill --list"',
    });
  return wanted.length === 0 ? cases : cases.filter((one) => wanted.some((name) => isOf(one, name)));
};

/** A line of progress; a case that failed says at once all that is known of it, for the next one covers its traces. */
const lines = (result: CaseResult): string => {
  const more = result.passed ? [] : [...result.scene, ...result.story];
  return [line(result), ...more.map((one) => `${' '.repeat(8)}${one}`)].join('\n');
};

const HEADS = ['', 'case', 'round trip', 'to office', 'back', 'reaction', 'detect', 'api', 'verify', 'routes'];
const mark = ({ passed, invalid }: CaseResult): string => (passed ? 'passed' : invalid ? 'not measured' : 'FAILED');

const line = (result: CaseResult): string =>
  [
    `${mark(result)}  ${result.name}: round trip ${ms(result.roundTripMs)} without an answer (to the office ${ms(result.gapMs)}, back ${ms(result.backMs)}), reaction ${ms(result.reactMs)}`,
    ...result.problems,
  ].join('; ');

const LAB_NAME = text({
  placeholder: 'lab',
  shape: NAME_RULES.lab,
  what: 'a name of 1 to 10 lower-case letters and digits that begins with a letter',
  like: 'drill',
});

export const drill = defineCommand({
  path: 'drill',
  summary: 'inject faults into the lab, and measure the failover',
  details:
    'Runs named faults against a lab with the real "route monitor": link down, blackhole, loss, one-way faults, PMTU holes, dead and hung gateways, a wrong key, BGP, an API that fails, a monitor that is killed; and traffic that returns when all is well again. ' +
    'Each case begins with a proven clean lab, sends a packet every millisecond from an app host to the on-prem host, sets the fault at a random moment, and checks the gap, the final routes and the alerts. A case that fails tells what was said before and after the fault, and the next one goes on. What the detector is known not to find (legacy: partial loss, PMTU holes) is left out and listed. ' +
    'CASE is a name or how it begins (dx-1, api). Uses the lab --name if it is up and leaves it up; else builds one and takes it away after. Exit 1 when a case fails. Needs root.',
  args: {
    case: arg(text({ placeholder: 'case', like: 'dx-1/blackhole' }), 'names of cases, or how they begin', {
      many: true,
    }),
  },
  flags: {
    all: toggle('every case; some fifteen minutes'),
    list: toggle('say which cases there are, and run none'),
    detector: flag(choice(DRILL_PROFILES), 'how the monitor judges the links', {
      default: 'fast',
      formerly: ['--profile <name>'],
    }),
    report: flag(path(), 'also write a self-contained HTML page with a timeline of each case'),
    seed: flag(count({ to: 999_999_999 }), 'the same number sets the faults at the same moments', { default: '1' }),
    site: flag(path(), 'site file of a new lab (default: the ready example)'),
    name: flag(LAB_NAME, 'which lab', { env: 'HYBRIDCTL_LAB', default: 'drill' }),
  },
  conflicts: [['all', 'case']],
  examples: [
    { line: 'hybridctl drill --list', why: 'the cases that the site has the links for' },
    {
      line: 'sudo hybridctl drill dx-1/blackhole --report drill.html',
      why: 'Direct Connect dies, in each direction; with a page to look at',
    },
    { line: 'sudo hybridctl drill --all --detector default --json', why: 'everything, at 10 probes a second' },
  ],

  refine(options) {
    if (!options.all && !options.list && options.case.length === 0)
      throw usageError('which case?', {
        field: 'case',
        next: 'name one, or give --all; "hybridctl drill --list" says which there are',
      });
    return options;
  },

  async run(options, ports): Promise<Outcome<DrillReport | Listed>> {
    const { case: wanted, list, name: lab, site, detector: profile, report, seed } = options;
    const cases = casesOf(await siteOf(ports, lab, site));
    if (cases.length === 0)
      throw usageError('the site has no route table with a Direct Connect first and two tunnels behind it', {
        field: '--site',
        next: 'omit --site to drill on the ready example',
      });
    const picked = chosen(cases, wanted);
    if (list) return { result: { available: picked.map(({ name, group, about }) => ({ name, group, about })) } };
    const total = runnable(picked, profile).length;
    const first = picked.map(({ name }) => name).slice(0, 5);
    if (total === 0)
      throw usageError(`does not find what these cases break: ${first.join(', ')}`, {
        field: '--detector',
        next: 'take fast or default',
      });
    const session = await findSession(ports, lab, site);
    try {
      const onCase = (one: CaseResult, index: number): void => ports.progress(`${index + 1}/${total} ${lines(one)}`);
      const result = await runSuite(ports, session.lab, picked, { profile, seed, onCase });
      if (report !== undefined)
        await ports.files.write([{ path: absolute(ports.cwd, report), content: pageOf(result), mode: 0o644 }]);
      return {
        result,
        exit: result.failed + result.invalid === 0 && result.amiss.length === 0 ? EXIT.ok : EXIT.failed,
      };
    } finally {
      await session.leave();
    }
  },

  json: jsonShape(1, async () => (await import('./json.ts')).drill),
  data: (result) => ('available' in result ? result : reportData(result)),
  human(result, style: Style) {
    if ('available' in result)
      return style.table(
        ['case', 'fault', 'what happens'],
        result.available.map(({ name, group, about }) => [name, group, about]),
      );
    const rows = result.cases.map((one) => [
      style[one.passed ? 'good' : 'bad'](mark(one)),
      one.name,
      ...[one.roundTripMs, one.gapMs, one.backMs, one.reactMs, one.detectMs, one.apiMs, one.verifyMs].map(ms),
      Object.values(one.at).join(' '),
    ]);
    const failed = result.cases
      .filter(({ passed }) => !passed)
      .map(({ name, problems }) => style.bad(`${name}: ${problems.join('; ')}`));
    const notes = [
      ...result.leftOut.map(({ name, why }) => style.dim(`${name}: ${why}`)),
      ...result.amiss.map((what) => style.bad(`the lab is not in order: ${what}`)),
    ];
    return [
      style.table(HEADS, rows),
      '',
      ...failed,
      ...notes,
      `${result.passed} passed, ${result.failed} failed, ${result.invalid === 0 ? '' : `${result.invalid} not measured (machine too busy), `}in ${Math.round(result.tookMs / 1000)} s, detector ${result.profile}, seed ${result.seed}`,
    ].join('\n');
  },
});
