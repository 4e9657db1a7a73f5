import type { Argument, Command, Flag } from '../../src/lib/core/command.ts';
import type { Group } from '../../src/commands/registry.ts';
import { jsonPage } from './docs-json.ts';
import { faascmdPage } from './faascmd.ts';

const NOTICE = '<!-- Made from the command definitions by `npm run docs`. -->';

/** Text for one cell: a bar would end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${cell(text)}\``;

/** `duration` of `--every <duration>`. */
const placeholderOf = ({ flags }: Flag): string | undefined => /[<[]([^>\]]+)[>\]]$/.exec(flags)?.[1];

/** What may be written, by placeholder. A kind that says different things of different flags says them at the flag. */
const kindsOf = (commands: readonly Command[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const kinds = new Map<string, Set<string>>();
  for (const flag of commands.flatMap(({ flags }) => flags)) {
    const placeholder = placeholderOf(flag);
    if (placeholder !== undefined && flag.words !== undefined)
      kinds.set(placeholder, (kinds.get(placeholder) ?? new Set()).add(flag.words));
  }
  return kinds;
};

const VALUES = `## Values of flags

A value that is none of its kind is refused with the form that is expected. The range of a number stands at the flag.

| value | what may be written |
|---|---|`;

const kindTable = (commands: readonly Command[]): string =>
  [
    VALUES,
    ...[...kindsOf(commands)]
      .flatMap(([placeholder, words]) =>
        [...words].filter((one) => !RANGE.test(one)).map((one) => `| ${code(`<${placeholder}>`)} | ${cell(one)} |`),
      )
      .sort(),
  ].join('\n');

/** Of a number: it differs from flag to flag. */
const RANGE = /^a (?:whole )?number(?! with)/;

const flagRow = ({ flags, summary: what, env, default: fallback, choices, words }: Flag): string => {
  const summary = words !== undefined && RANGE.test(words) && / (from|of) /.test(words) ? `${what}; ${words}` : what;
  const values = choices === undefined ? '' : `: ${choices.map(code).join(', ')}`;
  return `| ${code(flags)} | ${cell(summary)}${values} | ${env === undefined ? '' : code(env)} | ${fallback === undefined ? '' : code(String(fallback))} |`;
};

const argument = ({ name, summary, choices }: Argument): string =>
  `- ${code(name)}: ${summary}${choices === undefined ? '' : ` (${choices.map(code).join(', ')})`}`;

const section = ({ flags, ...command }: Command): string => {
  const args = command.args ?? [];
  const shown = flags.filter(({ nowIs }) => nowIs === undefined);
  return [
    `## ${command.path}`,
    `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.details === undefined ? [] : [command.details]),
    `\`\`\`\n${['hybridctl', command.path, ...(shown.length > 0 ? ['[flags]'] : []), ...args.map(({ name }) => name)].join(' ')}\n\`\`\``,
    ...(args.length === 0 ? [] : [args.map(argument).join('\n')]),
    ...(shown.length === 0
      ? []
      : [['| flag | what | environment | default |', '|---|---|---|---|', ...shown.map(flagRow)].join('\n')]),
    ...(command.examples.length === 0
      ? []
      : [`\`\`\`sh\n${command.examples.map(({ line, why }) => `# ${why}\n${line}`).join('\n\n')}\n\`\`\``]),
  ].join('\n\n');
};

const EVERYWHERE = `Every command takes \`--json\` (the result as JSON on stdout; an error as JSON on stderr), \`-o json|yaml|table|text|name\`,
\`--jq EXPR\` (what jq makes of the JSON), \`-q, --quiet\` (no progress lines), \`--no-color\` and \`--help\`. What the JSON of each
command looks like is in [json.md](json.md). A flag on the line wins over its environment variable, which wins over the default.`;

const EXIT_CODES = `| exit code | meaning |
|---|---|
| 0 | done |
| 1 | tried and failed |
| 2 | usage: a bad flag, a bad file, a question nobody is there to answer |
| 3 | changes are pending (only with \`--detailed-exitcode\`) |
| 4 | credentials, a permission or a tool is missing |
| 5 | partly applied: some of the work is done and some is not; or a file is of another site, and nothing was written |
| 130 | interrupted |`;

const PROCEDURES = `## Procedures

What makes things in the cloud or on a machine (\`vpn init --apply\`, \`vpn up\`, \`dx vif create\`, \`localzone init\`, …) is a list of steps,
each looked at before it is done. \`--dry-run\` shows them, \`--emit sh\` and \`--emit md\` write them down as AWS CLI lines, and running
it again finishes what broke off: things are found again by the tags \`hybridctl:site\` and \`hybridctl:key\` or by their names, so there
is no state file. A failure undoes what that run made, unless \`--keep-on-failure\` says otherwise; \`destroy\` removes only what
carries the site's tags. Its JSON is in [json.md](json.md).`;

/** Every page of docs/, by file name. */
export const pages = async (groups: readonly Group[]): Promise<ReadonlyMap<string, string>> => {
  const made = new Map<string, string>();
  const index: string[] = [];
  const all: Command[] = [];
  for (const { name, summary, load } of groups) {
    const commands = (await load()).filter(({ hidden }) => hidden !== true);
    all.push(...commands);
    made.set(
      `${name}.md`,
      `${[NOTICE, `# hybridctl ${name}`, `${summary[0]!.toUpperCase()}${summary.slice(1)}.`, ...commands.map(section)].join('\n\n')}\n`,
    );
    index.push(
      ...commands.map(
        (command) =>
          `| [${command.path}](${name}.md#${command.path.replaceAll(' ', '-')}) | ${cell(command.summary)} |`,
      ),
    );
  }
  made.set('faascmd.md', faascmdPage(NOTICE));
  made.set('json.md', await jsonPage(NOTICE, all));
  made.set(
    'README.md',
    `${[NOTICE, '# hybridctl, command by command', ['| command | what |', '|---|---|', ...index].join('\n'), 'From faascmd, line by line: [faascmd.md](faascmd.md).', EVERYWHERE, EXIT_CODES, kindTable(all), PROCEDURES].join('\n\n')}\n`,
  );
  return made;
};
