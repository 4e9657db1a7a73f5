import type { Credentials } from '../domain/certificates.ts';
import type { Site } from '../domain/site.ts';
import type { End, Tunnel } from '../domain/tunnel.ts';

/** A rendered file. `path` is relative to the device's own folder and names where it goes on a Linux box. */
export interface RenderedFile {
  readonly path: string;
  /** 0o600 for anything that holds a key. */
  readonly mode: 0o600 | 0o644 | 0o755;
  readonly content: string;
  /** What it is, for the account a person reads: `connection`, `pre-shared keys`, `kernel settings`. */
  readonly what: string;
  /** Where it holds the BGP session of a Direct Connect link. */
  readonly bgp?: true;
}

/** One box and every tunnel that ends on it. */
export interface Device {
  readonly name: string;
  readonly side: End['side'];
  readonly tunnels: readonly Tunnel[];
  readonly site: Site;
  /** Pre-shared keys by tunnel name. */
  readonly psks: ReadonlyMap<string, string>;
  /** BGP session passwords by link name; a link without one has no entry. */
  readonly bgpPasswords: ReadonlyMap<string, string>;
  /** What its ends with certificates present and trust. Absent: the files of it are brought later. */
  readonly credentials?: Credentials | undefined;
}

/** A dialect: every file of one box. Pure. */
export type Renderer = (device: Device) => readonly RenderedFile[];
