import { flag, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { FaultsInput } from '../../lib/cloud/faults.ts';
import type { StandaloneOptions } from '../../lib/lab/standalone.ts';
import { checkedName } from '../../lib/lab/state.ts';

export const NAME: Flag = {
  flags: '--name <lab>',
  summary: 'which lab, where several stand side by side',
  env: 'HYBRIDCTL_LAB',
  default: 'hyb',
};

/** Throws a usage error for a name that can't prefix namespaces and devices. */
export const labName = (raw: Raw): string => checkedName(text(raw, 'name') ?? 'hyb');

/** @throws a usage error for anything but a whole number from 1 to 999,999. */
export const count = (raw: Raw, name: string): number | undefined => {
  const given = text(raw, name);
  if (given === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(given)) throw usageError('is not a whole number above 0', { field: `--${name}` });
  return Number(given);
};

const CLOUDS = ['aws', 'aliyun'] as const;

export const SERVE_FLAGS: readonly Flag[] = [
  { flags: '--serve <cloud>', summary: 'start this endpoint alone, in the foreground', choices: CLOUDS },
  { flags: '--port <n>', summary: '--serve: listen on this port of 127.0.0.1 (default: any free one)' },
  {
    flags: '--site <file>',
    summary: '--serve aws: the account holds what this site file describes (default: the example "lab")',
    env: 'HYBRIDCTL_SITE',
  },
  { flags: '--region <name>', summary: '--serve: region of the account (default: cn-north-1, or cn-hangzhou)' },
];

/** What `--serve` starts. Throws a usage error for flags that need it, or do not go with it. */
export const serveOptions = (raw: Raw, action: string, fault: FaultsInput[string]): StandaloneOptions | undefined => {
  const serve = CLOUDS.find((name) => name === text(raw, 'serve'));
  const [port, region] = [count(raw, 'port'), text(raw, 'region')];
  const stray = port !== undefined ? '--port' : region !== undefined ? '--region' : undefined;
  if (serve === undefined && stray !== undefined) throw usageError('is for --serve', { field: stray });
  if (serve === undefined) return undefined;
  const site = serve === 'aws' ? text(raw, 'site') : undefined;
  if (port !== undefined && port > 65_535) throw usageError('is no port', { field: '--port' });
  if (flag(raw, 'clear')) throw usageError('is for an endpoint that runs already', { field: '--clear' });
  if (site !== undefined && region !== undefined)
    throw usageError('is said by the site file', { field: '--region', next: 'leave out --region, or --site' });
  const faults = Object.keys(fault).length === 0 ? {} : { [action]: fault };
  if (serve === 'aliyun' && Object.keys(fault).length > 0)
    throw usageError('faults are for --serve aws', { field: '--serve' });
  return { serve, port: port ?? 0, site, region, faults };
};
