import { dirname, join } from 'node:path';
import type { Listening, NoticeAddress, Outlets } from '../core/outlets.ts';
import type { Ports } from '../core/ports.ts';
import { loadSecret, type LoadedSite } from '../site/file.ts';
import { alertSink, type Between } from './alerts.ts';
import type { Writer } from './ecs.ts';
import { eventLog, eventLogPath } from './event-log.ts';
import { fanOut, type Sink } from './events.ts';
import { feedPath, feedSink } from './feed.ts';
import { measureSink } from './measures.ts';
import { searchSink } from './search.ts';
import { openSpool } from './spool.ts';
import { tableNames } from './names.ts';
import { systemdSink } from './systemd.ts';

export interface RecordsOptions {
  readonly loaded: LoadedSite;
  /** Absolute. */
  readonly stateDir: string;
  readonly region: string;
  /** AWS profile; default: the SDK's own choice. */
  readonly profile?: string | undefined;
  readonly version: string;
}

/**
 * All sinks of a site's monitor: the event log always, the others as the site file asks. Trouble of one is a line on
 * stderr and an error in the event log, never a failure of the monitor. Throws usage errors for a key file that can't
 * be used, and where the metrics port is taken: both would go unnoticed later.
 */
export const openRecords = async (
  ports: Ports,
  { loaded, stateDir, region, profile, version }: RecordsOptions,
): Promise<Sink> => {
  const outlets = await ports.outlets();
  const { site, path } = loaded;
  const records = site.monitor?.records ?? {};
  const names = tableNames(site);
  const writer: Writer = { site: site.site, region, version, names };
  const clock = ports.clock;

  const log = eventLog(outlets, {
    path: eventLogPath(loaded, stateDir),
    writer,
    clock,
    onTrouble: (message) => ports.progress(`warning: ${message}`),
  });
  const onTrouble = (message: string): void => {
    ports.progress(`warning: ${message}`);
    log.accept({ kind: 'error', at: clock.now(), during: 'keep records', message });
  };
  const spool = (name: string) =>
    openSpool(outlets, ports.files, { path: join(stateDir, 'spool', `${site.site}-${name}.spool`), onTrouble });

  const run = Buffer.from(ports.random(9)).toString('base64url');
  const sinks: Sink[] = [log];
  try {
    sinks.push(await feedSink({ offer: (past) => outlets.feed(feedPath(stateDir, site.site), past), onTrouble }));
    const between: Between = [records.alerts?.between?.[0] ?? region, records.alerts?.between?.[1] ?? site.site];
    const addresses: NoticeAddress[] = [
      ...(records.alerts?.topics ?? []).map((topic) => ({ topic })),
      ...(records.alerts?.phones ?? []).map((phone) => ({ phone })),
    ];
    if (addresses.length > 0) {
      const notifier = await outlets.notifier({ region, profile });
      for (const to of addresses)
        sinks.push(alertSink(notifier, await spool(fileName(to)), { to, between, clock, onTrouble, names }));
    }
    if (records.cloudwatch !== undefined) {
      const store = await outlets.metricStore({ region, profile });
      sinks.push(
        measureSink(store, await spool('cloudwatch'), {
          namespace: records.cloudwatch.namespace,
          site: site.site,
          run,
          clock,
          onTrouble,
        }),
      );
    }
    if (records.elasticsearch !== undefined) {
      const { url, index, api_key_file: file } = records.elasticsearch;
      const apiKey =
        file === undefined
          ? undefined
          : await loadSecret(ports, dirname(path), file, 'monitor.records.elasticsearch.api_key_file', apiKeyProblem);
      sinks.push(
        searchSink(await outlets.searchIndex({ url, index, apiKey }), await spool('elasticsearch'), {
          name: `Elasticsearch (${new URL(url).host})`,
          writer,
          clock,
          onTrouble,
        }),
      );
    }
    if (records.metrics_port !== undefined) sinks.push(await served(outlets, records.metrics_port, clock, version));
    const systemd = systemdSink(ports);
    if (systemd !== undefined) sinks.push(systemd);
  } catch (error) {
    // What is open already would keep the process alive.
    await fanOut(sinks).close();
    throw error;
  }
  // The log last: the others' last troubles go into it.
  const [first, ...others] = sinks;
  const beside = fanOut(others);
  return {
    accept(event) {
      first!.accept(event);
      beside.accept(event);
    },
    async close() {
      await beside.close();
      await first!.close();
    },
  };
};

/** A spool for each address: one that is out of order delays no other. */
const fileName = (to: NoticeAddress): string =>
  'topic' in to ? `topic-${to.topic.split(':').slice(3).join('-')}` : `phone-${to.phone.slice(1)}`;

export const apiKeyProblem = (key: string): string | undefined =>
  /^[A-Za-z0-9+/=_-]{8,512}$/.test(key) ? undefined : 'is not an API key as Elasticsearch writes it (base64, one line)';

const served = async (outlets: Outlets, port: number, clock: Ports['clock'], version: string): Promise<Sink> => {
  // Loaded only here: no other command needs the library.
  const { prometheus } = await import('./prometheus.ts');
  const figures = prometheus(clock, version);
  const server: Listening = await outlets.listen(port, figures.page);
  return {
    accept: figures.accept,
    async close() {
      await server.close();
      await figures.close();
    },
  };
};
