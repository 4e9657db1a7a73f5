import type { Automatic } from './automatic.ts';
import type { DemoResult } from './steps.ts';

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
const ms = (value: number): string => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);

const COLUMNS = 60;
/** The stream as a line of time: where nothing came back there is a dot. */
const drawn = ({ gaps, streamMs }: Automatic): string =>
  Array.from({ length: COLUMNS }, (_, column) => {
    const at = ((column + 0.5) / COLUMNS) * streamMs;
    return gaps.some((gap) => gap.at <= at && at < gap.at + gap.ms) ? '.' : '#';
  }).join('');

/** The readable account: one short text a step. */
export const tell = {
  init: ({ filesWritten }: DemoResult) =>
    indent([`${filesWritten} files: the site file, a key for each tunnel (0600), and both ends rendered`]),
  render: () => indent(['rendered again: not a byte differs']),
  labUp: ({ topology, labUpMs }: DemoResult) =>
    `\n${topology}\n\n${indent([`up in ${(labUpMs / 1000).toFixed(1)} s; route tables start on Direct Connect`])}`,
  tunnels: (result: DemoResult) =>
    indent(
      result.tunnels.map(
        ({ name, gateway, state, esp, ike, proposal }) =>
          `${name} on ${gateway}: ${state}, ${ike}, ${proposal}, ESP in ${esp === 'kernel' ? 'the kernel' : 'userspace'}`,
      ),
    ),
  paths: (result: DemoResult) =>
    indent(
      result.paths.map(
        ({ link, wayOut, sent, received, through }) =>
          `${link.padEnd(6)} sent ${sent}, left the VPC by ${wayOut}: ${through}, arrived: ${received}`,
      ),
    ),
  moves: (result: DemoResult) =>
    indent(
      result.moves.map(
        ({ what, from, to, apiMs, sent, received, longestGapMs, precisionMs }) =>
          `${what}  ${from} -> ${to}: API ${ms(apiMs)}, longest gap of the round trip ${ms(longestGapMs)} (the sender's own longest pause: ${ms(precisionMs)}), ${sent - received} of ${sent} packets lost`,
      ),
    ),
  automatic: ({ automatic: seen }: DemoResult) =>
    seen === undefined
      ? ''
      : indent([
          `${seen.fault}: found in ${ms(seen.detectMs)}, API ${ms(seen.apiMs)}, ${seen.from} -> ${seen.to}`,
          `echoes   |${drawn(seen)}| ${(seen.streamMs / 1000).toFixed(1)} s`,
          `longest gap of the round trip ${ms(seen.roundTripGapMs)} (to the office ${ms(seen.thereGapMs)}, back ${ms(seen.backGapMs)})`,
          `repaired: back on ${seen.from} after ${Math.round(seen.back.afterMs / 1000)} s of proof, longest gap ${ms(seen.back.roundTripGapMs)}`,
        ]),
  down: ({ leftBehind }: DemoResult) =>
    indent([leftBehind ? 'something of the lab is still there' : 'nothing of the lab is left']),
};
