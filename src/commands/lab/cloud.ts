import { defineCommand, flag, text, type Raw } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { BREAKS, type FaultsInput } from '../../lib/cloud/faults.ts';
import { openLab } from '../../lib/lab/state.ts';
import { labName, NAME } from './flags.ts';

type Fault = FaultsInput[string];

interface Options {
  readonly lab: string;
  readonly action: string;
  readonly fault: Fault;
  readonly clear: boolean;
}

interface Result {
  readonly endpoint: string;
  readonly faults: FaultsInput;
}

/** `500ms`, `2s`. @returns ms. */
const duration = (raw: Raw, name: string): number | undefined => {
  const given = text(raw, name);
  if (given === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,6}(?:\.\d+)?)(ms|s)$/.exec(given) ?? [];
  if (amount === undefined) throw usageError('is not a duration: write it like 500ms or 2s', { field: `--${name}` });
  return Number(amount) * (unit === 's' ? 1000 : 1);
};

const count = (raw: Raw, name: string): number | undefined => {
  const given = text(raw, name);
  if (given === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(given)) throw usageError('is not a whole number above 0', { field: `--${name}` });
  return Number(given);
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
  summary: "show or set the faults of the lab's EC2 endpoint",
  details:
    'Without a flag it shows them. A fault holds for --action, or for every action that has none of its own, until --clear.',
  flags: [
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
    return { lab: labName(raw), action: text(raw, 'action') ?? '*', fault, clear: flag(raw, 'clear') };
  },

  async run({ lab, action, fault, clear }, ports) {
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

  human({ endpoint, faults }, style) {
    const rows = Object.entries(faults).map(([action, { code, message, status, ...rest }]) => [
      action,
      JSON.stringify(rest),
    ]);
    return rows.length === 0 ? `${endpoint} works as EC2 does` : style.table(['action', 'fault'], rows);
  },
});
