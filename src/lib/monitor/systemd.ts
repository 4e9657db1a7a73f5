import type { Ports } from '../core/ports.ts';
import type { Sink } from './events.ts';

/**
 * Tells systemd how we are: READY with the first event, WATCHDOG while health events come (from the loop itself: one
 * that hangs is started again), STOPPING at the end. Node has no datagram sockets of the unix kind, so `systemd-notify`
 * sends them, beside the loop and one at a time; the unit needs NotifyAccess=all for it.
 * @returns undefined where no supervisor asked (sd_notify(3), NOTIFY_SOCKET)
 */
export const systemdSink = ({ env, shell, clock }: Pick<Ports, 'env' | 'shell' | 'clock'>): Sink | undefined => {
  if (env['NOTIFY_SOCKET'] === undefined || env['NOTIFY_SOCKET'] === '') return undefined;
  // µs; sd_watchdog_enabled(3) advises half of it.
  const limitMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1_000;
  let lastAt = clock.now();
  let running: Promise<void> | undefined;
  let wanted: string | undefined;

  const send = (word: string): void => {
    wanted = word;
    running ??= (async () => {
      for (let next: string | undefined = word; next !== undefined; next = wanted) {
        wanted = undefined;
        await shell.run('systemd-notify', [next], { timeoutMs: 5_000 }).catch(() => undefined);
      }
      running = undefined;
    })();
  };

  return {
    accept(event) {
      if (event.kind === 'start') send('READY=1');
      if (event.kind === 'stop') send('STOPPING=1');
      const due = limitMs > 0 && clock.now() - lastAt >= limitMs / 2;
      if (event.kind !== 'health' || !due || running !== undefined) return;
      lastAt = clock.now();
      send('WATCHDOG=1');
    },
    close: async () => running,
  };
};
