import type { Command, Style } from '../lib/core/command.ts';
import { usageError } from '../lib/core/errors.ts';
import { namesIn, tableOf } from '../lib/core/tabular.ts';
import { visible, visibleIn, visibleJson } from '../lib/core/visible.ts';
import type { Global } from './globals.ts';

/** A program's data through jq: one output a line, text without quotes. Throws usage errors. */
export type Jq = (expression: string, json: string) => Promise<string>;

export interface Printing {
  readonly style: () => Promise<Style>;
  readonly jq: Jq;
}

/** The result as the command's `json` declares it, with the version of that shape first. */
export const dataOf = (command: Command, result: unknown): unknown =>
  withVersion(command, command.data === undefined ? result : command.data(result));

export const withVersion = ({ json }: Command, data: unknown): unknown =>
  json === undefined || typeof data !== 'object' || data === null || Array.isArray(data)
    ? data
    : { version: json.version, ...data };

/** @returns a command's result as the user wants to see it; '' where there is nothing to print. */
export const printed = async (
  command: Command,
  result: unknown,
  { format, jq }: Global,
  { style, jq: runJq }: Printing,
): Promise<string> =>
  format === 'text'
    ? command.human(visibleIn(result), await style())
    : asData(command, dataOf(command, result), { format, jq }, { style, jq: runJq });

/** One event of a stream: a line of JSON, or a document of YAML. */
export const printedEvent = async (
  command: Command,
  event: object,
  { format, jq }: Global,
  { jq: runJq }: Printing,
): Promise<string> => {
  const data = withVersion(command, event);
  if (jq !== undefined) return runJq(jq, JSON.stringify(data));
  if (format === 'yaml') return `---\n${(await import('../lib/site/yaml.ts')).toYaml(visibleIn(data))}`;
  if (format === 'json') return visibleJson(JSON.stringify(data));
  throw usageError(`${command.path} prints a stream, which is no ${format}`, {
    field: '-o',
    next: 'say -o json, yaml or text',
  });
};

const asData = async (
  { json }: Command,
  data: unknown,
  { format, jq }: Pick<Global, 'format' | 'jq'>,
  { style, jq: runJq }: Printing,
): Promise<string> => {
  if (jq !== undefined) return runJq(jq, JSON.stringify(data));
  if (format === 'yaml') return (await import('../lib/site/yaml.ts')).toYaml(visibleIn(data));
  if (format === 'name') return visible(namesIn(data, json?.list).join('\n'));
  if (format === 'table') {
    const { head, rows } = tableOf(visibleIn(data), json?.list);
    return (await style()).table(head, rows);
  }
  return visibleJson(JSON.stringify(data, undefined, 2));
};
