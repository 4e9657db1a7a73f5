import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import type { ProbeSpec, Sample, Way } from '../../core/ports.ts';
import { doubtOfWay, type FirstHop } from '../../domain/health/proof.ts';
import { isOurs, withDoubt, type Proving } from './proving.ts';

/** Between two looks, ms: one packet in 10 s. A route that somebody moves is seen this late. */
const LOOK_MS = 10_000;
/** As long as nothing has shown the way. */
const FIRST_LOOKS_MS = 1_000;
/** So many probes lost in a row, and whoever answers next may be reached another way: a dead link's routes move. */
const LOST_IN_A_ROW = 3;
const PATIENCE_S = 1;

const HOP = /^From (\S+) .*[Tt]ime to live exceeded/m;
const ANSWER = /^\d+ bytes from /m;

/** Where one echo with TTL 1 ends, as ping(8) of iputils tells it. */
const firstHop = ({ address, source }: ProbeSpec, heard: (found: FirstHop) => void): void => {
  const from = source === undefined ? [] : ['-I', source];
  execFile(
    'ping',
    ['-n', '-c', '1', '-t', '1', '-W', String(PATIENCE_S), ...from, address],
    { env: { ...process.env, LC_ALL: 'C' }, timeout: 2_000 * PATIENCE_S },
    (_, stdout) => heard({ hop: HOP.exec(stdout)?.[1], answered: ANSWER.test(stdout) }),
  );
};

/** On the gateway itself the kernel's own word: the first hop would be the router, whichever tunnel leads to it. */
const ownDevice = ({ address }: ProbeSpec, heard: (found: FirstHop) => void): void => {
  execFile('ip', ['-4', 'route', 'get', address], { timeout: 2_000 * PATIENCE_S }, (_, stdout) => {
    const device = /\bdev (\S+)/.exec(stdout)?.[1] ?? '';
    heard({ leavesBy: networkInterfaces()[device]?.map((one) => one.address) ?? [] });
  });
};

/** Looks from time to time which way a target's packets go, and takes out the answers that came another way. */
export const startWay = (spec: ProbeSpec, way: Way): Proving => {
  const here = way.via !== undefined && isOurs(way.via.gateway);
  let doubt: Sample['doubt'] = 'unseen';
  let lost = 0;
  let looking = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (looking || closed) return;
    clearTimeout(timer);
    looking = true;
    (here ? ownDevice : firstHop)(spec, (found) => {
      looking = false;
      doubt = doubtOfWay(way, found);
      if (!closed) timer = setTimeout(look, doubt === undefined ? LOOK_MS : FIRST_LOOKS_MS);
    });
  };
  look();
  return {
    judge(sample) {
      if (sample.kind === 'lost') lost += 1;
      if (sample.kind !== 'reply') return sample;
      if (lost >= LOST_IN_A_ROW) {
        doubt ??= 'unseen';
        look();
      }
      lost = 0;
      return doubt === undefined ? sample : withDoubt(sample, doubt);
    },
    relayed: () => undefined,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
};
