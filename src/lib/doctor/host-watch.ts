import { WATCH_FILE, WATCH_UNIT } from '../render/linux/watch.ts';
import type { HostCheck } from './types.ts';

/** systemd's unit where systemd runs, else the script by itself, as `vpn up` does it. */
const START = `if [ -d /run/systemd/system ]; then exec systemctl start ${WATCH_UNIT}; else exec "$1" start; fi`;

/** Without the watch the routes of a dead tunnel stay on its interface, and packets are lost there for ever. */
const watch: HostCheck = {
  id: 'tunnel-watch',
  side: 'host',
  about: "the tunnel watch runs: it takes a dead tunnel's routes away",
  inapplicable: ({ host }) =>
    host.rendered.some(({ path }) => path === WATCH_FILE) ? undefined : 'no tunnel of this machine needs a watch',
  async run({ host }) {
    const file = host.place(WATCH_FILE);
    const found = "the tunnel watch does not run: a dead tunnel's routes stay, and what follows them is lost";
    const common = { level: 'error', subject: host.device, found } as const;
    if ((await host.files.stat(file)) === undefined)
      return [{ ...common, evidence: `there is no ${file}`, next: 'bring it: hybridctl vpn up' }];
    const { exitCode } = await host.run(file, ['status']);
    if (exitCode === 0) return [];
    return [
      {
        ...common,
        evidence: `${file} status: exit ${exitCode}`,
        next: `start it: "systemctl start ${WATCH_UNIT}", without systemd "${file} start"; why it ended: "journalctl -u ${WATCH_UNIT}"`,
        fix: [{ kind: 'run', file: 'sh', args: ['-c', START, 'watch', file] }],
      },
    ];
  },
};

export const watchChecks: readonly HostCheck[] = [watch];
