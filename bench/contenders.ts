import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A loop that finds a path dead. */
export interface Loop {
  stop(): void;
}

/** Starts a program on a node and hears its lines. `stdbuf`: a pipe would hold them back. */
const lines = (netns: string, argv: readonly string[], hear: (line: string) => void): Loop => {
  const child = spawn('ip', ['netns', 'exec', netns, 'stdbuf', '-oL', ...argv], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  createInterface({ input: child.stdout }).on('line', hear);
  return {
    stop() {
      child.stdout.destroy();
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    },
  };
};

/**
 * The 3-ping loop as it stands in AWS's "High availability for NAT instances" script: three pings, a second's wait, two
 * seconds between rounds, dead when no answer came. Its route call is then ours, which spares it the start of the AWS
 * CLI.
 */
export const seedLoop = (netns: string, target: string, dead: () => void): Loop =>
  lines(
    netns,
    ['sh', '-c', `while :; do n=$(ping -c 3 -W 1 ${target} | grep -c time=); [ "$n" = 0 ] && echo dead; sleep 2; done`],
    dead,
  );

/**
 * Three lost in a row every 300 ms: BFD as Direct Connect has it, on ping(8), which tells of a lost one when it sends
 * the next.
 */
export const threeInARow = (netns: string, target: string, dead: () => void): Loop => {
  let run = 0;
  return lines(netns, ['ping', '-O', '-i', '0.3', target], (line) => {
    run = line.startsWith('no answer yet') ? run + 1 : 0;
    if (run >= 3) dead();
  });
};
