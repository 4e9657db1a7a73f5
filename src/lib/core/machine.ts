import type { Files, Shell } from './ports.ts';

/** A machine that can be worked on as this one can. */
export interface Machine {
  /** As the user wrote it. */
  readonly name: string;
  readonly shell: Shell;
  readonly files: Files;
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
