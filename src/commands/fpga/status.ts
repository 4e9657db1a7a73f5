import { EXIT } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { boardTable } from '../../lib/fpga/view.ts';
import { BOARD, boardOf, withBoards } from './board-flags.ts';
import { fpgaCommand } from './shared.ts';

export const status = fpgaCommand({
  path: 'fpga status',
  summary: 'show what is loaded on a board, and the progress of a load',
  details: 'Exit code 1 where the board reports an error.',
  flags: BOARD,
  examples: [
    {
      line: 'hybridctl fpga status --cloud aws --region us-east-1 --host root@10.0.1.20 --board 3',
      why: 'image, shell and state of slot 3',
    },
  ],
  refine: (options) => boardOf(options),
  async run(options, _clouds, ports) {
    const board = await withBoards(ports, options, (fpga) => fpga.board(options));
    return { result: { board }, exit: board.error === null ? EXIT.ok : EXIT.failed };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaStatus),
  data: (result) => result,
  human: ({ board }, style) => boardTable([board], style),
});
