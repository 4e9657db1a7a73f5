import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { refused, type Kind } from '../../lib/core/flags/kind.ts';
import { choice, count, duration, path, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { BREAKS, type FaultsInput } from '../../lib/cloud/faults.ts';
import { region } from '../../lib/domain/kinds.ts';
import { regionProblem } from '../../lib/domain/regions.ts';
import { exportLines, serveAlone, type Listening } from '../../lib/lab/standalone.ts';
import { openLab } from '../../lib/lab/state.ts';
import { NAME } from './flags.ts';

type Fault = FaultsInput[string];

interface LabEndpoint {
  readonly endpoint: string;
  readonly faults: FaultsInput;
}

/** `5/0.5`: a burst of 5, then one call every 2 s. */
const burst: Kind<{ readonly size: number; readonly perSecond: number }> = {
  placeholder: 'burst/rate',
  words: 'calls at once, and calls a second from then on: `5/1`',
  parse(given) {
    const [, size, perSecond] = /^(\d{1,4})\/(\d{1,4}(?:\.\d+)?)$/.exec(given) ?? [];
    if (size === undefined) throw refused(given, 'a burst and a rate', '5/1');
    return { size: Number(size), perSecond: Number(perSecond) };
  },
};

const time = duration({ to: '1000s', bare: 'ms' });

const given = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

export const cloud = defineCommand({
  path: 'lab cloud',
  summary: "show or set the faults of the lab's EC2 endpoint, or serve an endpoint alone",
  details:
    'Without a flag it shows them. A fault holds for --action, or for every action that has none of its own, until --clear. ' +
    '--serve starts an account of AWS or of Alibaba Cloud on loopback, without a lab and without root, so that every command can be tried without an account. It runs until Ctrl-C, and what was made in it is then gone. ' +
    'Once it listens, it prints the environment variables for another shell on stdout, and what the account holds on stderr: a script sends stdout to a new file and waits until something is in it.',
  flags: {
    serve: flag(choice(['aws', 'aliyun'], 'cloud'), 'start this endpoint alone, in the foreground'),
    port: flag(
      count({ from: 1, to: 65_535, placeholder: 'port' }),
      '--serve: listen on this port of 127.0.0.1 (default: any free one)',
    ),
    site: flag(
      path('file'),
      '--serve aws: the account holds what this site file describes (default: the example "lab")',
      { env: 'HYBRIDCTL_SITE' },
    ),
    region: flag(region('any'), '--serve: region of the account (default: cn-north-1, or cn-hangzhou)'),
    action: flag(
      text({
        placeholder: 'name',
        shape: /^(\*|[A-Z][A-Za-z0-9]{1,60})$/,
        what: 'the name of an action',
        like: 'ReplaceRoute',
      }),
      'only this EC2 action, like ReplaceRoute',
      { default: '*' },
    ),
    delay: flag(time, 'answers come this much later'),
    stale: flag(time, 'reads answer with the state of this long ago, and writes refuse ids that are younger'),
    throttle: flag(burst, "a request limit in place of EC2's own, like 5/1"),
    fail: flag(count({ from: 1, to: 999_999 }), 'the next calls fail, as many as this'),
    how: flag(choice(BREAKS, 'way'), 'how they fail (default: error)'),
    clear: toggle('take all faults away'),
    name: NAME,
  },
  requires: { port: ['serve'], region: ['serve'] },
  conflicts: [['serve', 'clear']],
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

  refine({ serve, port, site: file, region: where, action, clear, name: lab, ...faults }, { env }) {
    const { delay: delay_ms, stale: stale_ms, throttle: bucket, fail: times } = faults;
    const broken: Fault['break'] = faults.how ?? (times === undefined ? undefined : 'error');
    const fault = given({ delay_ms, stale_ms, bucket, times, break: broken }) as Fault;
    if (serve === undefined) return { lab, action, fault, clear, alone: undefined };
    const site = serve === 'aws' ? file : undefined;
    const problem = where === undefined ? undefined : regionProblem(where, serve, env);
    if (problem !== undefined) throw usageError(problem, { field: '--region' });
    if (site !== undefined && where !== undefined)
      throw usageError('is said by the site file', { field: '--region', next: 'leave out --region, or --site' });
    const isFaulty = Object.keys(fault).length > 0;
    if (serve === 'aliyun' && isFaulty) throw usageError('faults are for --serve aws', { field: '--serve' });
    const alone = { serve, port: port ?? 0, site, region: where, faults: isFaulty ? { [action]: fault } : {} };
    return { lab, action, fault, clear, alone };
  },

  async run({ lab, action, fault, clear, alone }, ports, emit): Promise<Outcome<LabEndpoint | Listening>> {
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

  json: jsonShape(1, async () => (await import('./json.ts')).labCloud),
  data: (result) => result,
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
