import { defineCommand } from '../../lib/core/define.ts';
import { arg, flag } from '../../lib/core/flags.ts';
import { refused, type Kind } from '../../lib/core/flags/kind.ts';
import { choice, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { cut as setCut } from '../../lib/lab/cut.ts';
import { CUT_KINDS, DIRECTIONS } from '../../lib/lab/faults.ts';
import { labPorts } from '../../lib/lab/guest/shell.ts';
import { openLab } from '../../lib/lab/state.ts';
import { requireTools } from '../../lib/lab/tools.ts';
import { NAME } from './flags.ts';

/** A share of the packets. @returns 0 to 1 */
const share: Kind<number> = {
  placeholder: 'part',
  words: 'a part of the packets: `30%` or `0.3`',
  parse(given) {
    if (!/^\d+(\.\d+)?%?$/.test(given)) throw refused(given, 'a part of the packets', '30% or 0.3');
    return given.endsWith('%') ? Number(given.slice(0, -1)) / 100 : Number(given);
  },
};

export const cut = defineCommand({
  path: 'lab cut',
  summary: 'break a link, a tunnel or a node of the lab',
  details:
    'WHAT is a link of the site (dx-1, vpn-a), a node (gw-1, inet, rtr-1: all its links) or a link of the lab (wan-rtr-1, lan-rtr-1). ' +
    'Kinds: down (no carrier), blackhole, loss, esp (IKE lives, data does not), udp4500, udp500, large (above 1300 bytes), kill and hang (charon). ' +
    '"out" is from the cloud to on-prem. The same cut twice is one cut.',
  args: { what: arg(text({ placeholder: 'what', like: 'dx-1' }), 'link or node', { required: true }) },
  flags: {
    kind: flag(choice(CUT_KINDS, 'kind'), 'default: down, or blackhole for a tunnel'),
    loss: flag(share, 'part of the packets lost at random, like 30%'),
    direction: flag(choice(DIRECTIONS, 'way'), 'in, out or both (default)'),
    name: NAME,
  },
  examples: [
    { line: 'sudo hybridctl lab cut dx-1', why: 'Direct Connect loses its carrier' },
    {
      line: 'sudo hybridctl lab cut vpn-a --kind esp --direction out',
      why: 'IKE lives, data from the cloud is dropped',
    },
    { line: 'sudo hybridctl lab cut dx-1 --loss 30%', why: 'a gray failure' },
  ],

  async run({ name, ...spec }, ports) {
    await requireTools(ports);
    const lab = await openLab(ports.files, name);
    return { result: await setCut(labPorts(ports, lab.record), lab, spec) };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).labCut),
  data: (result) => result,
  human: ({ what, kind, direction, loss }, style) =>
    style.warn(
      `${what}: ${kind}${loss === undefined ? '' : ` ${loss * 100}%`}${direction === 'both' ? '' : `, ${direction} only`}`,
    ),
});
