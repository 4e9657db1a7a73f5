import type { Ports } from '../core/ports.ts';
import type { Call } from '../core/procedure.ts';
import type { Site } from '../domain/site.ts';
import type { Tunnel } from '../domain/tunnel.ts';
import type { LoadedSite } from '../site/file.ts';
import type { CloudView } from './cloud-view.ts';
import type { HostView } from './host-view.ts';

export const LEVELS = ['error', 'warning', 'skipped', 'ok'] as const;
/** `skipped`: it does not apply here, or could not be looked at. It is never taken for `ok`. */
export type Level = (typeof LEVELS)[number];
export type Side = 'site' | 'cloud' | 'host';
/** The three troubleshooting cases of the field document "OpenSwan"; in words: CASES of domain/failures.ts. */
export type Case = 1 | 2 | 3;

/** What a check saw of one thing. */
export interface CheckResult {
  readonly level: Level;
  /** The thing it is about: `gw-1`, `vpn1`, `private-1 10.10.0.0/16`. */
  readonly subject: string;
  /** What is so, in one sentence. */
  readonly found: string;
  /** What was read that says so: an id, a setting, a line of a log. */
  readonly evidence: string;
  /** What to do, in one line; null where there is nothing to do. */
  readonly next: string | null;
  readonly case?: Case | undefined;
  /**
   * Calls that next it and can do no harm: no route is moved, no key is touched, no tunnel that carries is restarted.
   */
  readonly fix?: readonly Call[];
}

export interface Finding extends CheckResult {
  readonly check: string;
  readonly side: Side;
  /** What the check looks for, as it is when all is well. */
  readonly about: string;
  /** false: the site or the machine has nothing that the check is about. */
  readonly applies: boolean;
}

/** What can be looked at. Views read once and remember; what fails to be read throws for every check that needs it. */
export interface CheckContext {
  readonly loaded: LoadedSite;
  readonly site: Site;
  readonly tunnels: readonly Tunnel[];
  readonly cloud: CloudView;
  readonly host: HostView;
}

interface CheckOf<S extends Side, P> {
  readonly id: string;
  readonly side: S;
  /** What is so when nothing is found. */
  readonly about: string;
  /** Why there is nothing here that the check is about; undefined: there is. */
  inapplicable?(context: P): string | undefined;
  /** Reading only. Throws where it can't look; nothing returned means that all is well. */
  run(context: P): Promise<readonly CheckResult[]>;
}

export type SiteCheck = CheckOf<'site', Omit<CheckContext, 'cloud' | 'host'> & Pick<Ports, 'files' | 'clock'>>;
export type CloudCheck = CheckOf<'cloud', Omit<CheckContext, 'host'>>;
export type HostCheck = CheckOf<'host', Omit<CheckContext, 'cloud'>>;

/** A part of a check that could not be looked at. */
export const skipped = (subject: string, found: string, next: string | null = null): CheckResult => ({
  level: 'skipped',
  subject,
  found,
  evidence: '',
  next,
});
