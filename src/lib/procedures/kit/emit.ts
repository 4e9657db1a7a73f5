import { dirname } from 'node:path';
import type { AliyunCall } from '../../core/aliyun.ts';
import type { ApiCall } from '../../core/aws.ts';
import { ROUTE_CALL, routeInput } from '../../core/route-call.ts';
import type { Call, ExecutionContext, PlannedStep, Step } from '../../core/procedure.ts';
import { octal } from '../../domain/file-mode.ts';
import { shellWord } from '../../domain/shell.ts';
import { ALIYUN_WORDS } from './cli/aliyun.ts';
import { CLI_SERVICES } from './cli/services.ts';
import { existingOf, onlyByHand, readStep, readContextOf, type Scope } from './read.ts';
import { valueStore, variable } from './values.ts';
import { wordsOf } from './words.ts';

/** A plan as somebody would carry it out by hand. */
export interface Runbook {
  readonly title: string;
  /** Empty: nothing of it is in the cloud. */
  readonly region: string;
  /** By which the cloud's own CLI is told the region. */
  readonly regionVariable: 'AWS_DEFAULT_REGION' | 'ALIBABA_CLOUD_REGION_ID';
  readonly steps: readonly RunbookStep[];
}

interface RunbookStep extends Pick<PlannedStep, 'title' | 'action' | 'id' | 'notes' | 'cost'> {
  /** Lines that stop the shell where a variable with a secret is not set. */
  readonly needs: readonly string[];
  /** Shell lines. */
  readonly lines: readonly string[];
}

/** Marks a value that the shell knows, through JSON and quoting; no id or name of a site may hold these characters. */
const [OPEN, CLOSE] = ['\u27e6', '\u27e7'];

/** botocore's rule for command names: `CreateBGPPeer` is create-bgp-peer. */
export const cliName = (operation: string): string =>
  operation
    .replace(/(.)([A-Z][a-z]+)/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();

/** Single quotes where nothing is filled in; else a here-document that fills in our variables and nothing else. */
const argument = (text: string): string => {
  if (!text.includes(OPEN)) return shellWord(text);
  return `"$(cat <<JSON\n${filledIn(text)}\nJSON\n)"`;
};

const filledIn = (text: string): string =>
  text.replace(/[\\$`]/g, '\\$&').replace(new RegExp(`${OPEN}(\\w+)${CLOSE}`, 'g'), (_, name: string) => `\${${name}}`);

/** Without bytes, which JSON can't hold: they go their own way. */
const textsOf = (input: ApiCall['input']): ApiCall['input'] =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => !(value instanceof Uint8Array)));

/**
 * Text that the API takes as bytes. Versions 1 and 2 of the CLI read such a field of JSON differently, and a file the
 * same.
 */
const bytesIn = ({ input }: ApiCall): readonly (readonly [flag: string, text: string])[] =>
  Object.entries(input).flatMap(([field, value]) =>
    value instanceof Uint8Array
      ? [[`--${cliName(field)} fileb:///dev/stdin`, new TextDecoder().decode(value)] as const]
      : [],
  );

/** @param above path of the value within the input, with a dot at its end; an element of a list goes by its number. */
const hidden = (value: unknown, secret: readonly string[], word: (path: string) => string, above = ''): unknown => {
  const inner = (field: string, item: unknown): unknown => {
    const path = `${above}${field}`;
    if (secret.includes(path)) return word(path);
    return secret.some((one) => one.startsWith(`${path}.`)) ? hidden(item, secret, word, `${path}.`) : item;
  };
  if (Array.isArray(value)) return value.map((item, index) => inner(String(index), item));
  return Object.fromEntries(Object.entries(value as object).map(([field, item]) => [field, inner(field, item)]));
};

/** What of an answer is kept, and in which variable of the shell. */
interface Kept {
  readonly in: string;
  readonly query: string;
}

/**
 * A secret comes from a variable of the shell and by a file of mode 0600: an argument could be read by others, and the
 * CLI reads standard input twice.
 */
const awsLine = (call: ApiCall, key: string, kept: Kept | undefined): string => {
  const { service, operation, secret = [] } = call;
  const name = (path: string): string => variable(`${key}/${path}`);
  const [open, close] = kept === undefined ? ['', ''] : [`${kept.in}=$(`, ')'];
  const cli = CLI_SERVICES[service] ?? {};
  const input = textsOf(cli.input?.(call) ?? call.input);
  const command = `${open}aws ${cli.command ?? service} ${cliName(operation)} --cli-input-json`;
  const query = kept === undefined ? '' : ` --query ${shellWord(kept.query)} --output text`;
  const file = cli.file?.(call);
  if (file !== undefined) {
    const base64 = Buffer.from(file.bytes)
      .toString('base64')
      .replace(/.{1,76}/g, '$&\n');
    return `zip=$(mktemp)\nbase64 -d > "$zip" <<'ZIP'\n${base64}ZIP\n${command} ${argument(JSON.stringify(file.rest))} ${file.flag} "fileb://$zip"${query}${close}\nrm -f "$zip"`;
  }
  const [bytes] = bytesIn(call);
  if (bytes !== undefined)
    return `${command} ${argument(JSON.stringify(input))} ${bytes[0]}${query} <<BYTES\n${filledIn(bytes[1])}\nBYTES${close === '' ? '' : '\n)'}`;
  if (secret.length === 0) return `${command} ${argument(JSON.stringify(input))}${query}${close}`;
  const shown = JSON.stringify(hidden(call.input, secret, (path) => `${OPEN}${name(path)}${CLOSE}`));
  return [
    `input=$(mktemp)\ncat > "$input" <<JSON\n${filledIn(shown)}\nJSON`,
    `${command} "file://$input"${query}${close}`,
    'rm -f "$input"',
  ].join('\n');
};

const aliyunLine = (call: AliyunCall): string => {
  const { product, action, params } = call;
  const words = ALIYUN_WORDS[product]?.[action];
  if (words !== undefined) return `aliyun ${product} ${words(call)}`;
  const rest = Object.entries(params).map(
    ([name, value]) => ` --${name} ${value.includes(OPEN) ? argument(value) : shellWord(value)}`,
  );
  return `aliyun ${product} ${action}${rest.join('')}`;
};

/** A call as a person would type it. @param key of the step. */
export const lineOf = (call: Call, key: string, kept?: Kept): string => {
  switch (call.kind) {
    case 'aws':
      return awsLine(call, key, kept);
    case 'aliyun':
      return aliyunLine(call);
    case 'route': {
      const { table, destination, write } = call;
      return awsLine(
        {
          kind: 'aws',
          service: 'ec2',
          operation: ROUTE_CALL[write.kind],
          input: { ...routeInput(table, destination, write) },
        },
        key,
        undefined,
      );
    }
    case 'run':
      return (
        [call.file, ...call.args].map(shellWord).join(' ') +
        (call.input === undefined ? '' : ' # reads what is not shown here from its standard input')
      );
    case 'keep': {
      const variables = call.fields.map((_, index) => `kept${index}`);
      return `${awsLine(call.call, key, undefined)} --query '[${call.fields.join(',')}]' --output text | (umask 077; read -r ${variables.join(' ')}; mkdir -p ${shellWord(dirname(call.path))}; printf ${shellWord(call.format)} ${variables.map((name) => `"$${name}"`).join(' ')} >${shellWord(call.path)})`;
    }
    case 'write': {
      const { path, content, mode } = call.file;
      if (call.secret) return `# write ${path} yourself, mode ${octal(mode)}: its content is not shown`;
      return `install -D -m ${octal(mode)} /dev/stdin ${shellWord(path)} <<'HYBRIDCTL_END'\n${content.replace(/\n$/, '')}\nHYBRIDCTL_END`;
    }
  }
};

const needsOf = (call: Call, key: string): readonly string[] => {
  const { secret = [] } = call.kind === 'aws' ? call : call.kind === 'keep' ? call.call : {};
  return secret.map((path) => `: "\${${variable(`${key}/${path}`)}:?set it first: it is not shown here}"`);
};

const linesFor = ({ key, idPath }: Step, calls: readonly Call[]): readonly string[] =>
  calls.map((call, index) =>
    lineOf(
      call,
      key,
      index === calls.length - 1 && idPath !== undefined ? { in: variable(key), query: idPath } : undefined,
    ),
  );

/** Looks at everything, and writes down what would be done. Changes nothing. */
export const runbookOf = async (
  title: string,
  steps: readonly Step[],
  context: ExecutionContext,
  scope: Scope,
): Promise<Runbook> => {
  const store = valueStore((slot) => `${OPEN}${variable(slot)}${CLOSE}`);
  const readContext = readContextOf(context, scope, store);
  const written: RunbookStep[] = [];
  for (const step of steps) {
    const result = await readStep(step, readContext, store);
    const found = existingOf(result);
    const common = { title: step.title, id: found?.id ?? null, cost: step.cost ?? null };
    const calls =
      result.state === 'absent'
        ? step.create(store.values)
        : result.state === 'differs' && !onlyByHand(step, result.differences)
          ? (step.update?.(store.values, result.found, result.differences) ?? [])
          : [];
    const typed = result.state === 'absent' ? linesFor(step, calls) : calls.map((call) => lineOf(call, step.key));
    // What comes with another step, by no call of its own, was waited for there.
    const lines = calls.length === 0 ? [] : [...typed, ...(step.after?.(store.values) ?? []).map(filled)];
    const needs = calls.flatMap((call) => needsOf(call, step.key));
    written.push({
      ...common,
      action: result.state === 'absent' ? 'make' : result.state === 'differs' ? 'change' : 'keep',
      notes: result.state === 'differs' ? wordsOf(result.differences) : [],
      needs,
      lines,
    });
  }
  const [region, regionVariable] =
    context.aliyun.region === ''
      ? ([context.aws.region, 'AWS_DEFAULT_REGION'] as const)
      : ([context.aliyun.region, 'ALIBABA_CLOUD_REGION_ID'] as const);
  return { title, region, regionVariable, steps: written };
};

const filled = (line: string): string =>
  line.replace(new RegExp(`${OPEN}(\\w+)${CLOSE}`, 'g'), (_, name: string) => `"\${${name}}"`);

/**
 * A script that stops at the first failure: before anything is made where a secret is not set, and without leaving one
 * behind in a file.
 */
export const asShell = ({ title, region, regionVariable, steps }: Runbook): string => {
  const needs = steps.flatMap((step) => step.needs);
  return [
    '#!/bin/sh',
    `# ${title}`,
    'set -eu',
    ...(region === '' ? [] : [`export ${regionVariable}=${region}`]),
    ...(needs.length === 0 ? [] : ['input=', `trap 'rm -f "$input"' EXIT`, ...needs]),
    ...steps.flatMap(({ title: what, action, id, notes, lines }) => [
      '',
      `# ${what}${action === 'keep' ? `: ${id ?? ''} is there` : notes.length > 0 ? `: ${notes.join(', ')}` : ''}`,
      ...lines,
    ]),
    '',
  ].join('\n');
};

/** A page for the runbook. */
export const asMarkdown = ({ title, region, regionVariable, steps }: Runbook): string =>
  [
    `# ${title}`,
    '',
    region === ''
      ? 'Run the lines of each step as root on the host.'
      : `Region ${region}. Run the lines of each step in one shell, after \`export ${regionVariable}=${region}\`.`,
    ...steps.flatMap(({ title: what, action, id, notes, cost, needs, lines }, index) => [
      '',
      `## ${index + 1}. ${what}`,
      '',
      action === 'keep'
        ? `Nothing to do: \`${id ?? ''}\` is there.`
        : [...notes, ...(cost === null ? [] : [`Costs money: ${cost}.`])].join('\n'),
      ...(lines.length === 0 ? [] : ['', '```sh', ...needs, ...lines, '```']),
    ]),
    '',
  ].join('\n');
