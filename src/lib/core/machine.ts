import type { Files, Shell } from './ports.ts';
import type { Vici } from './vici.ts';

/** A machine that can be worked on as this one can. */
export interface Machine {
  /** As the user wrote it. */
  readonly name: string;
  readonly shell: Shell;
  readonly files: Files;
  /** Its charon, by an address as that machine has it: `unix:///var/run/charon.vici`. Throws as `Ports.vici` does. */
  vici(uri: string): Promise<Vici>;
  close(): Promise<void>;
}

export interface SshOptions {
  /** `user@host` or `user@host:port`. */
  readonly target: string;
  /** Private key file; default: what ssh would take. */
  readonly identity?: string | undefined;
  /** The only file of host keys to believe; default: ssh's own. */
  readonly knownHosts?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}
