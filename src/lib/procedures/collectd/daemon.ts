import type { ReadResult, RunCall, Step } from '../../core/procedure.ts';
import type { CollectdHost, Where } from './host.ts';

export const run = (file: string, ...args: readonly string[]): RunCall => ({ kind: 'run', file, args });

/** A shell line that is named in an error by what it is for. */
export const script = (what: string, text: string, ...args: readonly string[]): RunCall => ({
  ...run('sh', '-c', text, 'sh', ...args),
  what,
});

/** Says since when collectd runs with its files as they are: made just before it starts. */
export const MARK = '/var/lib/hybridctl/collectd.read';

/** Its end is waited for: a second one would find the first one's sockets. $1 is the PID file. */
const END =
  'if p=$(cat "$1" 2>/dev/null) && kill "$p" 2>/dev/null; then for i in $(seq 100); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done; kill -9 "$p" 2>/dev/null; fi';
const TOUCH = 'mkdir -p "$(dirname "$1")" && touch "$1"';

/** Ends it, notes the time, and starts it. In one go: without it nothing is measured, and a machine may be far away. */
export const restartCalls = ({ systemd, pidFile, config }: CollectdHost): readonly RunCall[] =>
  systemd
    ? [
        script(
          'collectd',
          `${TOUCH} && systemctl -q enable collectd.service && exec systemctl restart collectd.service`,
          MARK,
        ),
      ]
    : [script('collectd', `${END}; shift; ${TOUCH} && exec collectd -C "$2" -P "$3"`, pidFile, MARK, config, pidFile)];

export const stopCalls = ({ systemd, pidFile }: CollectdHost): readonly RunCall[] =>
  systemd ? [run('systemctl', 'stop', 'collectd.service')] : [script('the end of collectd', `${END}; exit 0`, pidFile)];

/** A mark beside a daemon of which it tells when it read its files. */
export const markCall = (mark: string): RunCall => script('a mark', TOUCH, mark);

/** Where systemd runs, collectd writes no PID file; $1 is it. */
const alive = ({ systemd }: CollectdHost): string =>
  systemd
    ? 'systemctl is-active --quiet collectd.service'
    : '{ p=$(cat "$1" 2>/dev/null) && kill -0 "$p" 2>/dev/null; }';
const DEAD = 3;

/**
 * @returns those files, by lines, that are not there or were written after the mark; all where that is not there. $1 is
 * the mark.
 */
const NEWER =
  'm=$1; shift; for f; do if [ -e "$m" ] && [ -e "$f" ]; then find "$f" -maxdepth 0 -newer "$m"; else printf "%s\\n" "$f"; fi; done';
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

export const newerThan = async (
  { shell }: Pick<Where, 'shell'>,
  mark: string,
  paths: readonly string[],
): Promise<readonly string[]> => lines((await shell.run('sh', ['-c', NEWER, 'sh', mark, ...paths])).stdout);

export const isRunning = async ({ shell }: Pick<Where, 'shell'>, host: CollectdHost): Promise<boolean> =>
  (await shell.run('sh', ['-c', alive(host), 'sh', host.pidFile])).exitCode === 0;

/** collectd runs with the files as they are: it reads them at its start alone, and the plugin keeps its verdicts. */
export const daemonStep = (host: CollectdHost, files: readonly string[]): Step => {
  const calls = (): readonly RunCall[] => restartCalls(host);
  return {
    key: 'collectd',
    title: 'collectd',
    needs: ['files'],
    async read({ shell }): Promise<ReadResult> {
      const { exitCode, stdout } = await shell.run('sh', [
        '-c',
        `${alive(host)} || exit ${DEAD}; shift; ${NEWER}`,
        'sh',
        host.pidFile,
        MARK,
        ...files,
      ]);
      if (exitCode !== 0) return { state: 'absent' };
      const newer = lines(stdout);
      const found = { id: 'collectd', owned: false };
      return newer.length === 0
        ? { state: 'ready', found }
        : {
            state: 'differs',
            found,
            differences: newer.map((file) => ({ field: file, is: 'newer than the start of collectd' })),
          };
    },
    create: calls,
    update: calls,
    timeoutMs: 20_000,
  };
};
