import { text, type Flag, type Raw, type Style } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { BoardAddress, FpgaBoard, FpgaCloud } from '../../lib/core/fpga.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { absolute } from '../../lib/site/file.ts';
import { optionsOf, type CloudChoice } from './shared.ts';

export const BOARD_FLAGS: readonly Flag[] = [
  { flags: '--board <id>', summary: "AWS: the slot's number (default: 0); FaaS: the FPGA's UUID, or its BDF" },
  { flags: '--instance <id>', summary: 'FaaS: the instance' },
  { flags: '--host <user@host>', summary: 'AWS: the instance, by ssh (default: this machine)' },
  { flags: '--identity <file>', summary: 'private key for --host' },
  { flags: '--known-hosts <file>', summary: "host keys to believe, in place of ssh's own files" },
];

export interface BoardOptions extends CloudChoice, BoardAddress {
  readonly host: string | undefined;
  readonly identity: string | undefined;
  readonly knownHosts: string | undefined;
}

const FAAS_BOARD = /^[A-Za-z0-9][A-Za-z0-9:._-]{2,80}$/;

export const boardOf = (raw: Raw, choice: CloudChoice): BoardOptions => {
  const [board, instance, host] = [text(raw, 'board'), text(raw, 'instance'), text(raw, 'host')];
  const rest = { host, identity: text(raw, 'identity'), knownHosts: text(raw, 'knownHosts') };
  if (choice.cloud === 'aws') {
    if (instance !== undefined)
      throw usageError('is for FaaS', {
        field: '--instance',
        next: 'EC2 has no call for boards: give --host, or run it on the instance',
      });
    if (board !== undefined && !/^[0-7]$/.test(board))
      throw usageError(`${board.slice(0, 40)} is no slot`, {
        field: '--board',
        next: 'an instance has at most slots 0 to 7',
      });
    return { ...choice, ...rest, instance: undefined, board: board ?? '0' };
  }
  if (host !== undefined)
    throw usageError('is for AWS', { field: '--host', next: 'FaaS is asked by its API: give --instance' });
  if (instance === undefined || board === undefined)
    throw usageError('is needed', {
      field: instance === undefined ? '--instance' : '--board',
      next: 'hybridctl fpga instances shows both',
    });
  if (!FAAS_BOARD.test(board) || !FAAS_BOARD.test(instance))
    throw usageError('is no id', { field: FAAS_BOARD.test(board) ? '--instance' : '--board' });
  return { ...choice, ...rest, instance, board };
};

/** With the machine that carries the board, where the cloud needs one; it is closed whatever happens. */
export const withBoards = async <T>(
  ports: Ports,
  options: BoardOptions,
  work: (fpga: FpgaCloud) => Promise<T>,
): Promise<T> => {
  const file = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : absolute(ports.cwd, path);
  const other =
    options.host === undefined
      ? undefined
      : await ports.ssh({
          target: options.host,
          identity: file(options.identity),
          knownHosts: file(options.knownHosts),
          signal: ports.signal,
        });
  try {
    return await work(await ports.fpga({ ...optionsOf(options, ports), machine: other ?? ports }));
  } finally {
    await other?.close();
  }
};

export const boardTable = (boards: readonly FpgaBoard[], style: Style): string =>
  style.table(
    ['board', 'device', 'image', 'shell', 'state', 'error'],
    boards.map(({ board, device, image, shell, state, error }) => [
      board,
      device ?? '-',
      image ?? '-',
      shell ?? '-',
      error === null ? style.good(state) : style.bad(state),
      error ?? '-',
    ]),
  );
