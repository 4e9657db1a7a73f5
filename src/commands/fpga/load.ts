import { failure } from '../../lib/core/errors.ts';
import { arg, flag } from '../../lib/core/flags.ts';
import { choice } from '../../lib/core/flags/kinds.ts';
import type { FpgaCloud } from '../../lib/core/fpga.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { boardTable } from '../../lib/fpga/view.ts';
import { BOARD, boardOf, withBoards } from './board-flags.ts';
import { maker, shell } from './build-flags.ts';
import { imageId } from './flags.ts';
import { checkImageId, fpgaCommand } from './shared.ts';

/** Boards of AWS take the global id; the other is looked up, and told where it can't be loaded. */
const loadable = async (fpga: FpgaCloud, id: string): Promise<string> => {
  if (fpga.cloud !== 'aws' || id.startsWith('agfi-')) return id;
  const { globalId, state } = await imageNamed(fpga, id);
  if (state !== 'available' || globalId === null)
    throw failure(`${id} is ${state}: only an available image can be loaded`, {
      next: state === 'pending' ? `hybridctl fpga wait ${id}` : 'hybridctl fpga describe',
    });
  return globalId;
};

export const load = fpgaCommand({
  path: 'fpga load',
  summary: "load an image onto an instance's board",
  details:
    'On AWS by aws-fpga\'s own tools, which run on the instance as root: on this machine, or by --host. What was on the board is gone. On FaaS by its API; "fpga status" shows how far it is.',
  args: { image: arg(imageId, 'agfi-… or afi-…; the image id of FaaS', { required: true }) },
  flags: {
    ...BOARD,
    fpgaType: flag(maker, 'FaaS: maker of the board'),
    imageType: flag(choice(['afu']), 'FaaS: kind of image'),
    shell: flag(shell, 'FaaS: shell version of the image'),
  },
  faasOnly: ['fpgaType', 'imageType', 'shell'],
  examples: [
    {
      line: 'sudo hybridctl fpga load agfi-0925b211f5a81b071 --cloud aws --region us-east-1',
      why: 'onto slot 0 of the instance this runs on',
    },
    {
      line: 'hybridctl fpga load afi-09953582f46c45b17 --cloud aws --region us-east-1 --host root@10.0.1.20 --board 3',
      why: 'onto slot 3 of another',
    },
  ],
  refine(options) {
    if (!/^agfi-[0-9a-f]{8,17}$/.test(options.image)) checkImageId(options.image, options.cloud, 'image');
    return boardOf(options);
  },
  async run(options, _clouds, ports) {
    const board = await withBoards(ports, options, async (fpga) =>
      fpga.load({ ...options, kind: options.fpgaType, image: await loadable(fpga, options.image) }),
    );
    return { result: { board } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaLoad),
  data: (result) => result,
  human: ({ board }, style) => boardTable([board], style),
});
