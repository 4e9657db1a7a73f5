import type { Views } from '../core/views.ts';
import type { Clock, Vici } from '../core/ports.ts';
import type { Site } from '../domain/site.ts';
import type { MonitorEvent } from '../monitor/events.ts';
import type { Pins } from '../monitor/pins.ts';
import { openModel, type Model, type Standing } from './model.ts';
import { trafficMeter, type Said } from './traffic.ts';

/** Where a site's state is read from. Each may reject: what it would have said is then told as not known. */
export interface Sources {
  readonly views: Views;
  readonly clock: Pick<Clock, 'now'>;
  /** Of the monitor's feed. */
  readonly feed: string;
  /** Text of the event log's files, oldest first. */
  log(): Promise<readonly string[]>;
  routes(): Promise<readonly Standing[]>;
  pins(): Promise<Pins>;
  /** vici addresses of the charons asked for traffic. */
  readonly charons: readonly string[];
  vici(uri: string): Promise<Vici>;
}

export interface Watching extends Pick<Model, 'picture' | 'series'> {
  /** Resolves when each source has answered or failed once. */
  readonly ready: Promise<void>;
  stop(): void;
}

/** Counters and pins change at no pace that an eye could follow. */
const LOOK_MS = 2_000;
/** Only while no monitor speaks: EC2 throttles who asks often. */
const CLOUD_MS = 5_000;

const ask = async (vici: Sources['vici'], uri: string): Promise<Said> => {
  const charon = await vici(uri);
  try {
    return { conns: await charon.stream('list-conns', 'list-conn'), sas: await charon.stream('list-sas', 'list-sa') };
  } finally {
    charon.close();
  }
};

const eventIn = (line: string): MonitorEvent | undefined => {
  try {
    const event = JSON.parse(line) as MonitorEvent;
    return typeof event.kind === 'string' && typeof event.at === 'number' ? event : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Follows a site until stopped. What the monitor tells is shown at once; what only the cloud, charon or a file knows is
 * looked at again every few seconds. @param onChange told after each change, with the event where one made it
 */
export const watchSite = (
  site: Site,
  region: string,
  sources: Sources,
  onChange: (event?: MonitorEvent) => void,
): Watching => {
  const { views, clock, charons } = sources;
  const model = openModel(site, region);
  const meter = trafficMeter(site);
  let stopped = false;
  let spoken = false;
  let openings = 0;
  let cloud = Promise.resolve();

  /** Runs one read; what it can't read is a line of the picture, until it can. */
  const attempt = async <T>(what: string, read: () => Promise<T>, use: (value: T) => void): Promise<void> => {
    try {
      const value = await read();
      if (stopped) return;
      use(value);
      model.trouble(what, undefined);
    } catch (error) {
      model.trouble(what, (error as Error).message);
    }
  };
  const readLog = (): Promise<void> => attempt('event log', sources.log, model.log);
  const readCloud = async (): Promise<void> => {
    if (spoken) return;
    await attempt('route tables', sources.routes, model.cloud);
    // What went wrong while a monitor began to speak is no longer of interest.
    if (spoken) model.trouble('route tables', undefined);
  };
  const look = async (): Promise<void> => {
    await Promise.all([
      attempt('pins', sources.pins, model.pins),
      ...(charons.length === 0
        ? []
        : [
            attempt(
              'tunnel traffic',
              () => Promise.all(charons.map((uri) => ask(sources.vici, uri))),
              (said) => model.traffic(meter(said, clock.now())),
            ),
          ]),
    ]);
  };
  const changed = (): void => void (stopped || onChange());
  /** One at a time: a cloud that hangs is not asked twice. */
  const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout => {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      void work()
        .then(changed)
        .finally(() => (busy = false));
    }, ms);
  };

  let heard: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (heard = resolve));
  const following = views.follow(sources.feed, {
    opened(past) {
      spoken = true;
      model.trouble('route tables', undefined);
      model.began(past.flatMap((line) => eventIn(line) ?? []));
      // A monitor that was away may have left a story.
      if (openings++ > 0) void readLog().then(changed);
      heard();
      changed();
    },
    line(line) {
      const event = eventIn(line);
      if (event === undefined) return;
      model.take(event);
      onChange(event);
    },
    closed(because) {
      spoken = false;
      model.left(because);
      cloud = readCloud();
      void cloud.then(changed);
      heard();
      changed();
    },
  });
  const timers = [every(LOOK_MS, look), every(CLOUD_MS, readCloud)];
  return {
    picture: model.picture,
    series: model.series,
    ready: answered.then(() => Promise.all([readLog(), look(), cloud])).then(() => undefined),
    stop() {
      stopped = true;
      timers.forEach(clearInterval);
      following.stop();
    },
  };
};
