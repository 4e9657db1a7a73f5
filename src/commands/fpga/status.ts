import { defineCommand } from '../../lib/core/command.ts';
import { EXIT } from '../../lib/core/errors.ts';
import type { FpgaBoard } from '../../lib/core/fpga.ts';
import { BOARD_FLAGS, boardOf, boardTable, withBoards, type BoardOptions } from './board.ts';
import { CLOUD_FLAGS, cloudOf } from './shared.ts';

interface Result {
  readonly board: FpgaBoard;
}

export const status = defineCommand<BoardOptions, Result>({
  path: 'fpga status',
  summary: 'what is loaded on a board, and how far a load is',
  details: 'Exit code 1 where the board tells of an error.',
  flags: [...CLOUD_FLAGS, ...BOARD_FLAGS],
  examples: [
    {
      line: 'hybridctl fpga status --cloud aws --region us-east-1 --host root@10.0.1.20 --board 3',
      why: 'image, shell and state of slot 3',
    },
  ],
  parse: (raw, ports) => boardOf(raw, cloudOf(raw, ports)),
  async run(options, ports) {
    const board = await withBoards(ports, options, (fpga) =>
      fpga.board({ instance: options.instance, board: options.board }),
    );
    return { result: { board }, exit: board.error === null ? EXIT.ok : EXIT.failed };
  },
  human: ({ board }, style) => boardTable([board], style),
});
