import { defineCommand, flag, text, type Raw } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { BREAKS, type FaultsInput } from '../../lib/cloud/faults.ts';
import { exportLines, serveAlone, type Listening, type StandaloneOptions } from '../../lib/lab/standalone.ts';
import { openLab } from '../../lib/lab/state.ts';
import { count, labName, NAME, SERVE_FLAGS, serveOptions } from './flags.ts';

type Fault = FaultsInput[string];

interface Options {
  readonly lab: string;
  readonly action: string;
  readonly fault: Fault;
  readonly clear: boolean;
  /** Start an endpoint of its own, without a lab. */
  readonly alone: StandaloneOptions | undefined;
}

interface LabEndpoint {
  readonly endpoint: string;
  readonly faults: FaultsInput;
}

type Result = LabEndpoint | Listening;

/** `500ms`, `2s`. @returns ms. */
const duration = (raw: Raw, name: string): number | undefined => {
  const given = text(raw, name);
  if (given === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,6}(?:\.\d+)?)(ms|s)$/.exec(given) ?? [];
  if (amount === undefined) throw usageError('is not a duration: write it like 500ms or 2s', { field: `--${name}` });
  return Number(amount) * (unit === 's' ? 1000 : 1);
};

/** `5/0.5`: a burst of 5, then one call every 2 s. */
const bucket = (raw: Raw): { size: number; perSecond: number } | undefined => {
  const given = text(raw, 'throttle');
  if (given === undefined) return undefined;
  const [, size, perSecond] = /^(\d{1,4})\/(\d{1,4}(?:\.\d+)?)$/.exec(given) ?? [];
  if (size === undefined) throw usageError('is not a burst and a rate: write it like 5/1', { field: '--throttle' });
  return { size: Number(size), perSecond: Number(perSecond) };
};

const given = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

export const cloud = defineCommand<Options, Result>({
  path: 'lab cloud',
  summary: "show or set the faults of the lab's EC2 endpoint, or serve an endpoint alone",
  details:
    'Without a flag it shows them. A fault holds for --action, or for every action that has none of its own, until --clear. ' +
    '--serve starts an account of AWS or of Alibaba Cloud on loopback, without a lab and without root, so that every command can be tried without an account. It runs until Ctrl-C, and what was made in it is then gone. ' +
    'Once it listens, it prints the environment variables for another shell on stdout, and what the account holds on stderr: a script sends stdout to a new file and waits until something is in it.',
  flags: [
    ...SERVE_FLAGS,
    { flags: '--action <name>', summary: 'only this EC2 action, like ReplaceRoute', default: '*' },
    { flags: '--delay <time>', summary: 'answers come this much later' },
    {
      flags: '--stale <time>',
      summary: 'reads answer with the state of this long ago, and writes refuse ids that are younger',
    },
    { flags: '--throttle <burst/rate>', summary: "a request limit in place of EC2's own, like 5/1" },
    { flags: '--fail <n>', summary: 'the next n calls fail' },
    { flags: '--how <way>', summary: 'how they fail (default: error)', choices: BREAKS },
    { flags: '--clear', summary: 'take all faults away' },
    NAME,
  ],
  examples: [
    { line: 'hybridctl lab cloud --serve aws', why: 'an AWS account on this machine; paste the lines it prints' },
    {
      line: 'hybridctl lab cloud --serve aliyun > new.env & until [ -s new.env ]; do sleep 0.1; done; . ./new.env',
      why: 'in a script: wait until it listens, then use it',
    },
    { line: 'hybridctl lab cloud --serve aws --throttle 5/1', why: 'an account whose API allows five calls at once' },
    { line: 'sudo hybridctl lab cloud --delay 500ms --stale 2s', why: 'a slow API whose reads lag behind' },
    { line: 'sudo hybridctl lab cloud --action ReplaceRoute --fail 3', why: 'the next three moves are refused' },
    { line: 'sudo hybridctl lab cloud --clear', why: 'the API is well again' },
  ],

  parse(raw) {
    const times = count(raw, 'fail');
    const how = text(raw, 'how') as Fault['break'];
    const fault = given({
      delay_ms: duration(raw, 'delay'),
      stale_ms: duration(raw, 'stale'),
      bucket: bucket(raw),
      times,
      break: how ?? (times === undefined ? undefined : ('error' as const)),
    }) as Fault;
    const action = text(raw, 'action') ?? '*';
    return { lab: labName(raw), action, fault, clear: flag(raw, 'clear'), alone: serveOptions(raw, action, fault) };
  },

  async run({ lab, action, fault, clear, alone }, ports, emit) {
    if (alone !== undefined) return { result: await serveAlone(alone, ports, emit) };
    const { record } = await openLab(ports.files, lab);
    const url = `${record.endpoint}/_lab/faults`;
    const ask = async (init?: RequestInit): Promise<unknown> => {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) }).catch((error: Error) => {
        throw failure("the lab's endpoint does not answer", {
          next: 'run "hybridctl lab down", then "lab up"',
          cause: error,
        });
      });
      const answer = (await response.json().catch(() => ({}))) as { error?: string };
      if (!response.ok) throw usageError(answer.error ?? `refused with status ${response.status}`, { field: 'fault' });
      return answer;
    };
    if (clear) await ask({ method: 'DELETE' });
    if (Object.keys(fault).length > 0) {
      const now = (await ask()) as FaultsInput;
      await ask({ method: 'PUT', body: JSON.stringify({ ...now, [action]: fault }) });
    }
    return { result: { endpoint: record.endpoint!, faults: (await ask()) as FaultsInput } };
  },

  human(result, style) {
    if ('url' in result) return exportLines(result);
    const { endpoint, faults } = result;
    const rows = Object.entries(faults).map(([action, { code, message, status, ...rest }]) => [
      action,
      JSON.stringify(rest),
    ]);
    return rows.length === 0 ? `${endpoint} works as EC2 does` : style.table(['action', 'fault'], rows);
  },
});
