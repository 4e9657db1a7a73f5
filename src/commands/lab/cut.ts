import { defineCommand, text } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { cut as setCut } from '../../lib/lab/cut.ts';
import { CUT_KINDS, DIRECTIONS, type Cut, type CutKind, type CutSpec, type Direction } from '../../lib/lab/faults.ts';
import { openLab } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { labName, NAME } from './flags.ts';

interface Options {
  readonly lab: string;
  readonly spec: CutSpec;
}

/** `30%` or `0.3`. */
const part = (given: string | undefined): number | undefined => {
  if (given === undefined) return undefined;
  if (!/^\d+(\.\d+)?%?$/.test(given))
    throw usageError('is not a part of the packets: write it like 30% or 0.3', { field: '--loss' });
  return given.endsWith('%') ? Number(given.slice(0, -1)) / 100 : Number(given);
};

export const cut = defineCommand<Options, Cut>({
  path: 'lab cut',
  summary: 'break a link, a tunnel or a node of the lab',
  details:
    'WHAT is a link of the site (dx-1, vpn-a), a node (gw-1, inet, rtr-1: all its links) or a link of the lab (wan-rtr-1, lan-rtr-1). ' +
    'Kinds: down (no carrier), blackhole, loss, esp (IKE lives, data does not), udp4500, udp500, large (above 1300 bytes), kill and hang (charon). ' +
    '"out" is from the cloud to on-prem. The same cut twice is one cut.',
  args: [{ name: '<what>', summary: 'link or node' }],
  flags: [
    { flags: '--kind <kind>', summary: 'default: down, or blackhole for a tunnel', choices: CUT_KINDS },
    { flags: '--loss <part>', summary: 'part of the packets lost at random, like 30%' },
    { flags: '--direction <way>', summary: 'in, out or both (default)', choices: DIRECTIONS },
    NAME,
  ],
  examples: [
    { line: 'sudo hybridctl lab cut dx-1', why: 'Direct Connect loses its carrier' },
    {
      line: 'sudo hybridctl lab cut vpn-a --kind esp --direction out',
      why: 'IKE lives, data from the cloud is dropped',
    },
    { line: 'sudo hybridctl lab cut dx-1 --loss 30%', why: 'a gray failure' },
  ],

  parse(raw) {
    return {
      lab: labName(raw),
      spec: {
        what: raw.args[0] as string,
        kind: text(raw, 'kind') as CutKind | undefined,
        direction: text(raw, 'direction') as Direction | undefined,
        loss: part(text(raw, 'loss')),
      },
    };
  },

  async run({ lab, spec }, ports) {
    await requireTools(ports);
    return { result: await setCut(ports, await openLab(ports.files, lab), spec) };
  },

  human: ({ what, kind, direction, loss }, style) =>
    style.warn(
      `${what}: ${kind}${loss === undefined ? '' : ` ${loss * 100}%`}${direction === 'both' ? '' : `, ${direction} only`}`,
    ),
});
