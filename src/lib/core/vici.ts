import type { HybridError } from './errors.ts';

/** A vici message: nested sections, string values and lists (strongSwan src/libcharon/plugins/vici/README.md). */
export type ViciValue = string | readonly string[] | ViciSection;
export interface ViciSection {
  readonly [key: string]: ViciValue;
}

export interface Vici {
  /** One command and its reply. Throws a HybridError when charon answers `success = no`. */
  request(command: string, message?: ViciSection): Promise<ViciSection>;
  /** A command that streams events before its reply, e.g. `list-sas` with `list-sa`. */
  stream(command: string, event: string, message?: ViciSection): Promise<readonly ViciSection[]>;
  /** Registers for an event that comes when it happens, e.g. `child-updown`, for as long as the connection lasts. */
  listen(event: string, onEvent: (message: ViciSection) => void): Promise<void>;
  /** Resolves with the reason when the connection is over. */
  readonly ended: Promise<HybridError>;
  close(): void;
}
