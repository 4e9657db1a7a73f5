import { missingFlag, usageError } from '../../lib/core/errors.ts';
import { flag, saying, type Options } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { BoardAddress, FpgaCloud } from '../../lib/core/fpga.ts';
import { onMachine } from '../../lib/core/on-machine.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { show } from '../../lib/core/words.ts';
import { optionsOf, type CloudChoice } from '../../lib/fpga/choice.ts';
import { FLAG } from '../flags.ts';

export const BOARD = {
  board: flag(
    text({ placeholder: 'id', shape: /^[A-Za-z0-9][A-Za-z0-9:._-]{0,80}$/, what: 'a board', like: '0, or 05:00.0' }),
    "AWS: the slot's number (default: 0); FaaS: the FPGA's UUID, or its BDF",
  ),
  instance: flag(
    text({
      placeholder: 'id',
      shape: /^[A-Za-z0-9][A-Za-z0-9._-]{2,80}$/,
      what: 'the id of an instance',
      like: 'i-bp1g7004ksh0oeuco000',
    }),
    'FaaS: the instance',
  ),
  host: saying(FLAG.host, 'AWS: the instance, by ssh (default: this machine)'),
  identity: FLAG.identity,
  knownHosts: FLAG.knownHosts,
} as const;

type Given = CloudChoice & Options<unknown, typeof BOARD>;
export type BoardOptions = Given & BoardAddress;

/** The board that is meant. @throws usage error where the cloud wants to know more, or something else. */
export const boardOf = <O extends Given>(options: O): O & BoardAddress => {
  const { cloud, board, instance, host } = options;
  if (cloud === 'aws') {
    if (instance !== undefined)
      throw usageError('is for FaaS', {
        field: '--instance',
        next: 'EC2 has no call for boards: use --host, or run it on the instance',
      });
    if (board !== undefined && !/^[0-7]$/.test(board))
      throw usageError(`${show(board)} is not a slot`, {
        field: '--board',
        next: 'an instance has at most slots 0 to 7',
      });
    return { ...options, board: board ?? '0' };
  }
  if (host !== undefined)
    throw usageError('is for AWS', { field: '--host', next: 'FaaS is asked by its API: use --instance' });
  if (instance === undefined || board === undefined)
    throw missingFlag(instance === undefined ? '--instance' : '--board', 'hybridctl fpga instances shows both');
  return { ...options, board };
};

/** With the machine that carries the board, where the cloud needs one. */
export const withBoards = <T>(ports: Ports, options: BoardOptions, work: (fpga: FpgaCloud) => Promise<T>): Promise<T> =>
  onMachine(ports, options, async (machine) => work(await ports.fpga({ ...optionsOf(options, ports), machine })));
