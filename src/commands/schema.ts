import type { Command } from '../lib/core/command.ts';
import { defineCommand } from '../lib/core/define.ts';
import { usageError } from '../lib/core/errors.ts';
import { arg } from '../lib/core/flags.ts';
import { anything } from '../lib/core/flags/kinds.ts';
import { nearest, show } from '../lib/core/words.ts';
import { GROUPS } from './registry.ts';

type Result =
  | {
      readonly commands: readonly {
        readonly name: string;
        readonly version: number;
        readonly stream: boolean;
        readonly summary: string;
      }[];
    }
  | { readonly schema: object };

/** Every command of the program that has a declared shape. */
const described = async (): Promise<readonly Command[]> =>
  (await Promise.all(GROUPS.map((group) => group.load())))
    .flat()
    .filter(({ hidden, json }) => hidden !== true && json !== undefined);

/** Its own shape is a schema, which is not held to a schema of ours: it prints what JSON Schema's own pages define. */
export const schema = defineCommand({
  path: 'schema',
  summary: "print the JSON Schema of a command's --json",
  details:
    'JSON Schema, draft 2020-12, of what the command prints under --json; of a command that goes on printing (route monitor, vpn traffic), of each line. Without a name it lists the commands that have one. The field `version` rises when a field changes its meaning or goes; a new field leaves it, so that programs should not mind fields they do not know. All shapes are in docs/json.md.',
  args: { command: arg(anything(), 'the command, word by word: route status', { many: true }) },
  flags: {},
  examples: [
    { line: 'hybridctl schema', why: 'the commands that print JSON, with the version of their shape' },
    { line: 'hybridctl schema route status', why: 'what "hybridctl route status --json" prints' },
    { line: 'hybridctl schema -o name', why: 'the names alone' },
  ],
  async run({ command }): Promise<{ result: Result }> {
    const commands = await described();
    const path = command.join(' ');
    if (path === '')
      return {
        result: {
          commands: commands.map(({ path: name, json, streams, summary }) => ({
            name,
            version: json!.version,
            stream: streams !== undefined && streams !== false,
            summary,
          })),
        },
      };
    const found = commands.find((one) => one.path === path);
    if (found === undefined) {
      const meant = nearest(
        path,
        commands.map((one) => one.path),
      );
      throw usageError(`no command with a JSON shape is called ${show(path)}`, {
        field: 'command',
        next: meant === undefined ? 'hybridctl schema lists them' : `did you mean "hybridctl schema ${meant}"?`,
      });
    }
    const { jsonSchemaOf } = await import('../lib/core/json-schema.ts');
    return { result: { schema: await jsonSchemaOf(found) } };
  },
  data: (result) => ('schema' in result ? result.schema : result),
  human: (result, style) =>
    'schema' in result
      ? JSON.stringify(result.schema, undefined, 2)
      : style.table(
          ['command', 'version', 'what'],
          result.commands.map(({ name, version, stream, summary }) => [
            name,
            String(version),
            stream ? `${summary} (a stream: one object a line)` : summary,
          ]),
        ),
});

export const commands: readonly Command[] = [schema];
