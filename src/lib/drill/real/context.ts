import type { LeaseStore, Ports } from '../../core/ports.ts';
import { shellWord } from '../../domain/shell.ts';
import type { Site } from '../../domain/site.ts';
import { RECORD_MODE, recordPath } from './record.ts';
import { leasePath, pinPath, STATE_DIR } from '../../monitor/pins.ts';
import { absolute, loadSite } from '../../site/file.ts';
import { SITE_FILE } from '../../site/name.ts';
import type { Selection } from '../../routes/select.ts';

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
  /** Asks whoever is there. Throws where the answer is no. */
  confirm(question: string): Promise<void>;
}

/** What a drill on real routes shares with the monitor of this machine, and what it leaves for its own successor. */
export interface DrillContext {
  readonly site: Site;
  readonly pins: string;
  readonly lease: LeaseStore;
  readonly record: LeaseStore;
  /** The one command that puts everything back. */
  readonly returnLine: string;
}

export const openContext = async (
  { site: path, stateDir: given, region, profile }: RouteDrillOptions,
  ports: Ports,
): Promise<DrillContext> => {
  const { site } = await loadSite(ports, path);
  const stateDir = absolute(ports.cwd, given);
  const flags = [
    ...(path === SITE_FILE ? [] : ['--site', path]),
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
