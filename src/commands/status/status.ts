import { unlessInterrupted } from '../../lib/core/interrupt.ts';
import type { Emit, Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT, usageError, type ExitCode } from '../../lib/core/errors.ts';
import { flag, saying, toggle } from '../../lib/core/flags.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import type { Site } from '../../lib/domain/site.ts';
import { tableNames } from '../../lib/monitor/names.ts';
import { say } from '../../lib/monitor/say.ts';
import { loadSite } from '../../lib/site/file.ts';
import { asData } from '../../lib/status/data.ts';
import { isWell, verdict, type Picture, type Series } from '../../lib/status/picture.ts';
import { watchSite, type Sources, type Watching } from '../../lib/status/watch.ts';
import { clockTime, plain } from '../../lib/status/words.ts';
import { servePage } from '../../lib/status/serve.ts';
import { sourcesOf } from '../../lib/status/sources.ts';
import { FLAG, viciUri } from '../flags.ts';
import { WEB, webOptions } from './flags.ts';
import { statusLines } from './text.ts';

interface Result {
  /** Whether a person has seen it already, in a browser. */
  readonly served: boolean;
  readonly site: Site;
  readonly picture: Picture;
  readonly series: Series;
}

/** Draws after each change until told to stop; off a terminal it tells changes as lines. */
const watchScreen = async (
  site: Site,
  region: string,
  sources: Sources,
  ports: Ports,
  emit: Emit,
): Promise<Watching> => {
  const screen = await ports.screen?.();
  let shown = '';
  const draw = (): void => {
    const picture = watching.picture(ports.clock.now());
    if (screen?.size() !== undefined) return screen.draw(statusLines(site, picture, watching.series(), screen.style));
    const now = JSON.stringify([
      verdict(picture),
      picture.watcher.kind,
      picture.routes.map((route) => route.at),
      picture.links.map((link) => link.state),
    ]);
    if (now === shown) return;
    shown = now;
    emit(asData(picture));
    screen?.draw([`${clockTime(picture.at, picture.at)} ${verdict(picture).text}`]);
  };
  let started = false;
  const names = tableNames(site);
  const watching = watchSite(site, region, sources, (event) => {
    if (!started) return;
    const line =
      event === undefined || screen === undefined || screen.size() !== undefined ? undefined : say(event, names);
    if (line !== undefined) screen?.draw([`${clockTime(event!.at, event!.at)} ${plain(line)}`]);
    draw();
  });
  const tick = setInterval(() => started && screen?.size() !== undefined && draw(), 1_000);
  try {
    await unlessInterrupted(ports.signal, watching.ready);
    started = true;
    screen?.onResize(draw);
    draw();
    await new Promise<void>((resolve) =>
      ports.signal.aborted ? resolve() : ports.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    return watching;
  } finally {
    clearInterval(tick);
    watching.stop();
    screen?.close();
  }
};

const ended = (signal: AbortSignal): ExitCode => (signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok);

export const status = defineCommand({
  path: 'status',
  summary: 'the whole site at a glance: paths, routes, incidents, traffic; once, live in the terminal, or as a page',
  details:
    'What a running "route monitor" of this machine sees, told the moment it sees it: each link with its state, round trip and loss, the link that each route table uses, the last incidents with the time for detection, API and verification. ' +
    "Where no monitor runs it says so, and shows the cloud's route tables and the event log. Tunnel traffic is charon's own count, from its vici socket. --watch draws it anew with every change, in a pipe it writes a line for each; with --json each change of state is a line. " +
    '--web serves a page of its own, which loads nothing from elsewhere and changes nothing anywhere: on loopback to everybody of this machine; on another address only to who has the token in --token-file. The page speaks plain HTTP, so beyond a trusted network reach it by "ssh -L 8642:127.0.0.1:8642 gateway".',
  flags: {
    site: FLAG.site,
    region: FLAG.region,
    profile: FLAG.profile,
    stateDir: FLAG.stateDir,
    uri: flag(viciUri, 'VICI socket of a charon whose tunnels are counted (default: the one of this machine, if any)', {
      many: true,
      formerly: ['--vici <uri>'],
      env: 'HYBRIDCTL_VICI_URI',
    }),
    watch: toggle('live, until Ctrl-C'),
    ...WEB,
    detailedExitcode: saying(
      FLAG.detailedExitcode,
      'exit 3 when a path is not alive or a route is off its preferred link',
    ),
  },
  conflicts: [['web', 'watch']],
  requires: { tokenFile: ['web'], name: ['web'] },
  examples: [
    { line: 'hybridctl status', why: 'how the site of hybridctl.yaml stands now' },
    { line: 'hybridctl status --watch', why: 'the same, live in the terminal' },
    { line: 'hybridctl status --web', why: 'the live page, on http://127.0.0.1:8642/' },
    {
      line: 'hybridctl status --web --listen 172.16.1.157:8642 --token-file /etc/hybridctl/status.token',
      why: 'for the team: the token is made where there is none yet',
    },
    { line: 'hybridctl status --watch --json | jq .verdict.text', why: 'every change, for a program' },
    { line: 'hybridctl status --detailed-exitcode --quiet', why: 'in a check: 0 all is well, 3 it is not' },
  ],

  refine: (options) => ({ ...options, page: webOptions(options) }),
  streams: ({ watch, page }) => watch || page !== undefined,

  async run(options, ports, emit): Promise<Outcome<Result>> {
    const loaded = await loadSite(ports, options.site);
    if (loaded.site.links.length === 0)
      throw usageError('the site has no tunnel and no Direct Connect to look at', {
        field: 'links',
        next: 'add a gateway: hybridctl vpn init --gateway az=…,private=…,public=…',
      });
    const { site } = loaded;
    const region = options.region ?? site.cloud.region;
    const sources = await sourcesOf(loaded, { ...options, region }, ports);
    const shown = (watching: Watching): Result => ({
      served: options.page !== undefined,
      site,
      picture: watching.picture(ports.clock.now()),
      series: watching.series(),
    });
    if (options.watch)
      return { result: shown(await watchScreen(site, region, sources, ports, emit)), exit: ended(ports.signal) };
    if (options.page !== undefined)
      return {
        result: shown(await servePage(site, region, sources, options.page, ports, emit)),
        exit: ended(ports.signal),
      };
    const watching = watchSite(site, region, sources, () => undefined);
    await unlessInterrupted(ports.signal, watching.ready).finally(watching.stop);
    const result = shown(watching);
    return { result, exit: options.detailedExitcode && !isWell(result.picture) ? EXIT.changesPending : EXIT.ok };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).status),
  data: ({ picture }) => asData(picture),
  human: ({ served, site, picture, series }, style: Style) =>
    served ? '' : statusLines(site, picture, series, style).join('\n'),
});
