import type { Look, RunCall, Step } from '../../core/procedure.ts';
import { newerThan } from '../vpn-host/steps.ts';
import type { CollectdHost } from './host.ts';

export const run = (file: string, ...args: readonly string[]): RunCall => ({ kind: 'run', file, args });

/** A shell line that is named in an error by what it is for. */
export const script = (what: string, text: string, ...args: readonly string[]): RunCall => ({ ...run('sh', '-c', text, 'sh', ...args), what });

/** Says since when collectd runs with its files as they are: made just before it starts. */
export const MARK = '/var/lib/hybridctl/collectd.read';

/** Its end is waited for: a second one would find the first one's sockets. */
const END = 'p=$(cat "$1" 2>/dev/null) && kill "$p" 2>/dev/null || exit 0; for i in $(seq 100); do kill -0 "$p" 2>/dev/null || exit 0; sleep 0.1; done; kill -9 "$p"';
const ALIVE = 'p=$(cat "$1" 2>/dev/null) && kill -0 "$p" 2>/dev/null';

export const restartCalls = ({ systemd, pidFile, config }: CollectdHost): readonly RunCall[] =>
  systemd ? [run('systemctl', 'enable', 'collectd.service'), run('systemctl', 'restart', 'collectd.service')] : [script('the end of collectd', END, pidFile), run('collectd', '-C', config, '-P', pidFile)];

export const stopCalls = ({ systemd, pidFile }: CollectdHost): readonly RunCall[] => (systemd ? [run('systemctl', 'stop', 'collectd.service')] : [script('the end of collectd', END, pidFile)]);

/** Where systemd runs, collectd writes no PID file. */
export const isRunning = async ({ shell }: Parameters<typeof newerThan>[0], { systemd, pidFile }: CollectdHost): Promise<boolean> =>
  (await (systemd ? shell.run('systemctl', ['is-active', '--quiet', 'collectd.service']) : shell.run('sh', ['-c', ALIVE, 'sh', pidFile]))).exitCode === 0;

/** collectd runs with the files as they are: it reads them at its start alone, and the plugin keeps its verdicts. */
export const daemonStep = (host: CollectdHost, files: readonly string[]): Step => {
  const calls = (): readonly RunCall[] => [script('a mark', 'mkdir -p "$(dirname "$1")" && touch "$1"', MARK), ...restartCalls(host)];
  return {
    key: 'collectd',
    title: 'collectd',
    needs: ['files'],
    async look(world): Promise<Look> {
      if (!(await isRunning(world, host))) return { state: 'absent' };
      const newer = await newerThan(world, MARK, files);
      const found = { id: 'collectd', ours: false };
      return newer.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences: newer.map((file) => `it runs since before ${file}`) };
    },
    make: calls,
    mend: calls,
    patienceMs: 20_000,
  };
};
