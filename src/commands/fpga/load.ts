import { defineCommand, text } from '../../lib/core/command.ts';
import { failure, usageError } from '../../lib/core/errors.ts';
import type { FpgaBoard, FpgaCloud, LoadRequest } from '../../lib/core/fpga.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { BOARD_FLAGS, boardOf, boardTable, withBoards, type BoardOptions } from './board.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf } from './shared.ts';

interface Options extends BoardOptions, Pick<LoadRequest, 'kind' | 'imageType' | 'shell'> {
  readonly image: string;
}

interface Result {
  readonly board: FpgaBoard;
}

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

export const load = defineCommand<Options, Result>({
  path: 'fpga load',
  summary: "load an image onto an instance's board",
  details:
    'On AWS by aws-fpga\'s own tools, which run on the instance as root: on this machine, or by --host. What was on the board is gone. On FaaS by its API; "fpga status" tells how far it is.',
  args: [{ name: '<image>', summary: 'agfi-… or afi-…; the image id of FaaS' }],
  flags: [
    ...CLOUD_FLAGS,
    ...BOARD_FLAGS,
    { flags: '--fpga-type <maker>', summary: 'FaaS: maker of the board', choices: ['intel', 'xilinx'] },
    { flags: '--image-type <name>', summary: 'FaaS: kind of image', choices: ['afu'] },
    { flags: '--shell <version>', summary: 'FaaS: shell version of the image' },
  ],
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
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    const given = String(raw.args[0] ?? '');
    const image = /^agfi-[0-9a-f]{8,17}$/.test(given) ? given : imageIdOf(raw, choice);
    const maker = text(raw, 'fpgaType');
    if (choice.cloud === 'aws' && (maker ?? text(raw, 'imageType') ?? text(raw, 'shell')) !== undefined)
      throw usageError('--fpga-type, --image-type and --shell are for FaaS', { field: '--cloud' });
    return {
      ...boardOf(raw, choice),
      image,
      kind: maker === 'intel' || maker === 'xilinx' ? maker : undefined,
      imageType: text(raw, 'imageType'),
      shell: text(raw, 'shell'),
    };
  },
  async run(options, ports) {
    const { instance, board, kind, imageType, shell } = options;
    return {
      result: {
        board: await withBoards(ports, options, async (fpga) =>
          fpga.load({ instance, board, kind, imageType, shell, image: await loadable(fpga, options.image) }),
        ),
      },
    };
  },
  human: ({ board }, style) => boardTable([board], style),
});
