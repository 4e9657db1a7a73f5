import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { looseGlobals, takeGlobals } from '../../src/commands/globals.ts';
import { GROUPS } from '../../src/commands/registry.ts';
import type { Command } from '../../src/lib/core/command.ts';
import { jsonSchemaOf } from '../../src/lib/core/json-schema.ts';

const ajv = new Ajv2020({ allErrors: true, strictTuples: false });
// The patterns that stand beside the formats are checked.
for (const format of ['date-time', 'uri', 'ipv4']) ajv.addFormat(format, true);

const validators = new Map<string, Promise<ValidateFunction>>();

const validatorOf = (command: Command): Promise<ValidateFunction> => {
  const known = validators.get(command.path) ?? jsonSchemaOf(command).then((schema) => ajv.compile(schema));
  validators.set(command.path, known);
  return known;
};

/** The command that a line names, with what it prints declared. */
const commandOf = async (typed: readonly string[]): Promise<Command | undefined> => {
  const { rest } = takeGlobals(typed, []);
  const group = GROUPS.find(({ name }) => name === rest.find((word) => !word.startsWith('-')));
  const line = `${rest.join(' ')} `;
  return ((await group?.load()) ?? [])
    .filter(({ path }) => line.startsWith(`${path} `))
    .sort((a, b) => b.path.length - a.path.length)[0];
};

/** One document, or a line each. */
const documentsIn = (out: string): readonly unknown[] => {
  try {
    return [JSON.parse(out)];
  } catch {
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  }
};

/**
 * Holds what a command printed under --json to the shape that it declares: so every test that runs a command with --json
 * tests its schema too. Throws where they differ.
 * @param typed the words after `hybridctl` @param out its stdout
 */
export const holdToSchema = async (typed: readonly string[], out: string): Promise<void> => {
  if (out === '' || ['-h', '--help', '--version', 'help', 'schema'].some((word) => typed.includes(word))) return;
  const command = await commandOf(typed);
  if (command?.json === undefined) return;
  const { format, jq } = looseGlobals(takeGlobals(typed, [command]));
  if (format !== 'json' || jq !== undefined) return;
  const validate = await validatorOf(command);
  for (const document of documentsIn(out)) {
    if (validate(document)) continue;
    const wrong = (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'}: ${message} ${JSON.stringify(params)}`,
    );
    throw new Error(
      `${command.path} --json is not what "hybridctl schema ${command.path}" says:\n${wrong.join('\n')}\nin ${JSON.stringify(document).slice(0, 2_000)}`,
    );
  }
};
