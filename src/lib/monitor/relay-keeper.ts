import { join } from 'node:path';
import type { Ports } from '../core/ports.ts';
import { RELAY_FILE, RELAY_TABLE } from '../domain/relay.ts';

/** `unknown`: the rules can't be read or the file is not there; then nothing is done. */
export type RelayState = 'loaded' | 'loaded-again' | 'unknown';

/** Told where a look had to load it. */
export const LOADED_AGAIN =
  'its nftables rules were gone and are loaded again: what flushes the ruleset here (a restart of nftables, firewall-cmd --reload) takes them away each time';

/** Bounds an nft that hangs, ms. */
const PATIENCE_MS = 5_000;

/**
 * Keeps the probe relay of the gateway that the monitor runs on: `nft flush ruleset`, a restart of nftables or
 * `firewall-cmd --reload` takes it away, and without it no link through this gateway can be judged.
 * @returns a look that loads the rendered file where the table is gone. It never throws.
 */
export const relayKeeper = ({ shell, files, env }: Pick<Ports, 'shell' | 'files' | 'env'>) => {
  const path = join(env['HYBRIDCTL_ROOT'] ?? '/', RELAY_FILE);
  return async (): Promise<RelayState> => {
    try {
      const { exitCode, stderr } = await shell.run('nft', ['list', 'table', 'ip', RELAY_TABLE], {
        timeoutMs: PATIENCE_MS,
      });
      if (exitCode === 0) return 'loaded';
      if (!stderr.includes('No such file or directory')) return 'unknown';
      if ((await files.stat(path)) === undefined) return 'unknown';
      const load = await shell.run('nft', ['-f', path], { timeoutMs: PATIENCE_MS });
      return load.exitCode === 0 ? 'loaded-again' : 'unknown';
    } catch {
      return 'unknown';
    }
  };
};
