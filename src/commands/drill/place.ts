import { FLAG } from '../../lib/core/command.ts';
import type { LeaseStore, Ports } from '../../lib/core/ports.ts';
import type { Site } from '../../lib/domain/site.ts';
import { RECORD_MODE, recordPath } from '../../lib/drill/route-record.ts';
import { leasePath, pinPath, STATE_DIR } from '../../lib/monitor/pins.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import type { Selection } from '../route/select.ts';

export interface RouteDrillOptions extends Selection {
  readonly target: string;
  readonly intervalMs: number;
  readonly stayMs: number;
  readonly maxGapMs: number;
  readonly report: string | undefined;
  readonly stateDir: string;
  /** Only put back what a drill has left. */
  readonly giveBack: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What a drill on real routes shares with the monitor of this machine, and what it leaves for its own successor. */
export interface Place {
  readonly site: Site;
  readonly pins: string;
  readonly lease: LeaseStore;
  readonly record: LeaseStore;
  /** The one command that puts everything back. */
  readonly returnLine: string;
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

export const findPlace = async (
  { site: path, stateDir: given, region, profile }: RouteDrillOptions,
  ports: Ports,
): Promise<Place> => {
  const { site } = await loadSite(ports, path);
  const stateDir = absolute(ports.cwd, given);
  const flags = [
    ...(path === FLAG.site.default ? [] : ['--site', path]),
    ...(region === undefined ? [] : ['--region', region]),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(given === STATE_DIR ? [] : ['--state-dir', given]),
  ];
  return {
    site,
    pins: pinPath(stateDir, site.site),
    lease: await ports.leaseStore(leasePath(stateDir, site.site)),
    record: await ports.leaseStore(recordPath(stateDir, site.site), RECORD_MODE),
    returnLine: ['hybridctl', 'drill', 'route', '--return', '--yes', ...flags].map(shellWord).join(' '),
  };
};
