import script from '../../../../templates/status/page.js?raw';
import shell from '../../../../templates/status/page.html?raw';
import sheet from '../../../../templates/status/page.css?raw';
import icon from '../../../../templates/status/icon.svg?raw';
import type { WebAnswer, WebRequest } from '../../core/views.ts';
import { HEADERS, refusal, type Guard } from '../guard.ts';
import type { Picture, Series } from '../picture.ts';
import type { Point } from '../series.ts';
import { pageOf, type Page } from './parts.ts';

/** One line of the stream. What is absent has not changed. */
interface Message {
  readonly title?: string;
  readonly parts?: Page['parts'];
  readonly figures?: Page['figures'];
  /**
   * By link: `[wall ms, round trip ms or null, loss 0 to 1 or null, state]`. The first message has all, later ones what
   * is new.
   */
  readonly points?: Readonly<Record<string, readonly Plotted[]>>;
  /** For readers of the screen. */
  readonly say?: string;
  /** The plots begin anew. */
  readonly whole?: true;
}
type Plotted = readonly [at: number, rttMs: number | null, loss: number | null, state: Point['state']];

/** None of these says anything of a site. */
const FILES: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  '/': { type: 'text/html; charset=utf-8', body: shell },
  '/page.js': { type: 'text/javascript; charset=utf-8', body: script },
  '/page.css': { type: 'text/css; charset=utf-8', body: sheet },
  '/icon.svg': { type: 'image/svg+xml', body: icon },
};

/** Proxies cut what is silent for longer; the page takes a longer silence for a lost connection. */
export const BEAT_MS = 2_000;

export interface LivePage {
  /** Handles one request. */
  answer(request: WebRequest): WebAnswer;
  /** Sends to every reader what has changed. @param say what happened, in words */
  show(picture: Picture, series: Series, say?: string): void;
  /** So that readers know that we live. */
  beat(): void;
}

const changed = (
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined => {
  const names = Object.keys(now).filter((name) => before[name] !== now[name]);
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, now[name]!]));
};

const plotted = ({ at, rttMs, loss, state }: Point): Plotted => [
  at,
  rttMs === null ? null : Math.round(rttMs * 100) / 100,
  loss === null ? null : Math.round(loss * 1_000) / 1_000,
  state,
];

const since = (series: Series, after: number): Message['points'] => {
  const fresh = [...series]
    .map(([link, points]) => [link, points.filter(({ at }) => at > after).map(plotted)] as const)
    .filter(([, points]) => points.length > 0);
  return fresh.length === 0 ? undefined : Object.fromEntries(fresh);
};

const newest = (series: Series): number => Math.max(0, ...[...series.values()].map((points) => points.at(-1)?.at ?? 0));

/** The page, and its stream of lines of JSON: everything to who comes, then what changes to all. */
export const livePage = (guard: Guard): LivePage => {
  const readers = new Set<(text: string) => void>();
  let last: { readonly page: Page; readonly series: Series; readonly title: string } | undefined;
  let shown = 0;

  const everything = (): Message =>
    last === undefined ? {} : { title: last.title, ...last.page, whole: true, points: since(last.series, 0) ?? {} };
  const send = (message: Message, to: Iterable<(text: string) => void> = readers): void => {
    const line = `${JSON.stringify(message)}\n`;
    for (const reader of to) reader(line);
  };
  const stream = (reader: (text: string) => void): (() => void) => {
    send(everything(), [reader]);
    readers.add(reader);
    return () => void readers.delete(reader);
  };

  return {
    answer(request) {
      const live = request.path === '/live';
      const file = FILES[request.path];
      const refused = refusal(request, guard, live);
      const plain = (status: number, why: string, more: Readonly<Record<string, string>> = {}): WebAnswer => ({
        status,
        headers: { ...HEADERS, ...more, 'content-type': 'text/plain; charset=utf-8' },
        body: `${why}\n`,
      });
      if (refused !== undefined) return plain(refused.status, refused.why, refused.headers);
      // No proxy must gather the stream up.
      if (live)
        return {
          status: 200,
          headers: { ...HEADERS, 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' },
          body: stream,
        };
      return file === undefined
        ? plain(404, 'not here')
        : { status: 200, headers: { ...HEADERS, 'content-type': file.type }, body: file.body };
    },
    show(picture, series, say) {
      const page = pageOf(picture);
      const title = `${picture.site} – hybridctl`;
      const before = last;
      const began = newest(series);
      // A monitor that started again, or a clock that was set back: what is plotted is no longer so.
      const whole = before === undefined || before.series !== series || began < shown;
      const points = whole ? (since(series, 0) ?? {}) : since(series, shown);
      shown = began;
      last = { page, series, title };
      const parts = changed(before?.page.parts ?? {}, page.parts);
      const figures = changed(before?.page.figures ?? {}, page.figures);
      if (readers.size === 0) return;
      send({
        ...(before?.title === title ? {} : { title }),
        ...(parts === undefined ? {} : { parts }),
        ...(figures === undefined ? {} : { figures }),
        ...(whole ? { whole: true as const } : {}),
        ...(points === undefined ? {} : { points }),
        ...(say === undefined ? {} : { say }),
      });
    },
    beat: () => send({}),
  };
};
