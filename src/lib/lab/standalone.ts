import type { FaultsInput } from '../cloud/faults.ts';
import { serveAliyun, serveAws, type ServedCloud } from '../cloud/serve.ts';
import { failure, usageError } from '../core/errors.ts';
import type { Emit } from '../core/command.ts';
import type { Ports } from '../core/ports.ts';
import type { Site } from '../domain/site.ts';
import { readDocument } from '../site/document.ts';
import { EXAMPLES } from '../site/examples.ts';
import { loadSite, mistakesError } from '../site/file.ts';

export interface StandaloneOptions {
  readonly serve: ServedCloud['cloud'];
  /** 0: any free port. */
  readonly port: number;
  /** The account of this site file; undefined: of the example `lab`. */
  readonly site: string | undefined;
  /** Undefined: the site's, or cn-hangzhou. */
  readonly region: string | undefined;
  /** Of AWS alone. */
  readonly faults: FaultsInput;
}

export type Listening = Omit<ServedCloud, 'close'>;

const CLOUD_NAMES = { aws: 'AWS', aliyun: 'Alibaba Cloud' } as const;

/** The example in another region. The names of its availability zones begin with the region's, so they move along. */
const exampleIn = (region: string | undefined): Site => {
  const text = EXAMPLES['lab']!;
  const { site, mistakes } = readDocument(region === undefined ? text : text.replaceAll('cn-north-1', region));
  if (site === undefined) throw mistakesError('the example in --region', mistakes);
  return site;
};

const start = async ({ serve, port, site, region }: StandaloneOptions, ports: Ports): Promise<ServedCloud> =>
  serve === 'aliyun'
    ? serveAliyun(region ?? 'cn-hangzhou', port, ports.clock)
    : serveAws(site === undefined ? exampleIn(region) : (await loadSite(ports, site)).site, port, ports.clock);

const CANNOT_LISTEN: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens on it',
  EACCES: 'only root may listen on it',
};

/**
 * One endpoint in the foreground, without a lab, until the user stops it. Once it listens it emits the variables, since
 * they are needed while it runs, and tells people what the account holds.
 */
export const serveAlone = async (options: StandaloneOptions, ports: Ports, emit: Emit): Promise<Listening> => {
  const { close, ...served } = await start(options, ports).catch((error: NodeJS.ErrnoException) => {
    const reason = CANNOT_LISTEN[error.code ?? ''];
    if (reason === undefined) throw error;
    throw failure(reason, { field: '--port', next: 'give another port, or none to take any free one', cause: error });
  });
  try {
    if (Object.keys(options.faults).length > 0) await setFaults(served.url, options.faults);
    for (const { kind, id, what } of served.holdings) ports.progress(`  ${kind} ${id} (${what})`);
    ports.progress(`the endpoint of ${CLOUD_NAMES[served.cloud]} listens on ${served.url}; Ctrl-C ends it`);
    emit(served);
    await new Promise<void>((resolve) => {
      if (ports.signal.aborted) resolve();
      else ports.signal.addEventListener('abort', () => resolve());
    });
  } finally {
    await close();
  }
  return served;
};

const setFaults = async (url: string, faults: FaultsInput): Promise<void> => {
  const response = await fetch(`${url}/_lab/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  if (response.ok) return;
  const { error } = (await response.json()) as { error?: string };
  throw usageError(error ?? `refused with status ${response.status}`, { field: 'fault' });
};

/** Lines for a shell: paste them, or read them with `eval` or `source`. */
export const exportLines = ({ variables, unset }: Listening): string =>
  [`unset ${unset.join(' ')}`, ...Object.entries(variables).map(([name, value]) => `export ${name}=${value}`)].join(
    '\n',
  );
