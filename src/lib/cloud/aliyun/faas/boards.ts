import { ApiError } from '../errors.ts';
import type { Context, Operation, Params } from '../product.ts';
import { stateOf } from './images.ts';
import type { Board } from './state.ts';
import { required, roleOf, V2017, type Version } from './version.ts';

/** @param code of the refusal where the instance is not this account's: each call has its own. */
const boardsOf = ({ account }: Context, params: Params, code: string): readonly Board[] => {
  const instance = account.faas.instances.get(required(params, 'InstanceId'));
  if (instance === undefined || instance.owner !== account.id)
    throw new ApiError(401, code, 'You are not allowed to access this instance.');
  if (instance.boards.length === 0)
    throw new ApiError(404, 'INSTANCE INVALIDATE', 'The instance you specify is not FPGA type.');
  return instance.boards;
};

/** @param name of the parameter that tells the board: its UUID, or its PCI address. */
const boardOf = (boards: readonly Board[], params: Params, name: string): Board => {
  const wanted = required(params, name);
  const board = boards.find(({ uuid, bdf }) => (name === 'Bdf' ? bdf : uuid) === wanted);
  if (board === undefined) throw new ApiError(404, 'FPGA NOT FOUND', 'The fpga you specify is not found.');
  return board;
};

const statusOf = ({ now }: Context, { busyUntil }: Board): string => (now() < busyUntil ? 'operating' : 'valid');

const boardView = (context: Context, board: Board) => ({
  FpgaUUID: board.uuid,
  FpgaType: board.type,
  DeviceBDF: board.bdf,
  ShellUUID: board.shell,
  FpgaImageUUID: board.image ?? 'None',
  FpgaStatus: statusOf(context, board),
});

const loadImage = (context: Context, params: Params, version: Version) => {
  const { account, now } = context;
  if (version.date === '2017-08-24') {
    for (const name of ['FpgaType', 'FpgaImageType', 'ShellUUID']) required(params, name);
    roleOf(context, params, version);
  }
  const board = boardOf(boardsOf(context, params, 'YOU HAVE NO ACCESS TO THIS INSTANCE'), params, version.board);
  const image = account.faas.images.get(required(params, version.image));
  if (image === undefined) throw new ApiError(404, 'IMAGE NOT FOUND', 'The fpga image you specify is not found.');
  if (image.owner !== account.id)
    throw new ApiError(401, 'IMAGE ACCESS ERROR', 'You are not allowed to access this fpga image.');
  if (stateOf(context, image) !== 'success')
    throw new ApiError(404, 'Image not in success state', 'The fpga image you specify is not in success state.');
  if (image.shell !== board.shell || (params.get('ShellUUID') ?? image.shell) !== image.shell)
    throw new ApiError(404, 'SHELL NOT MATCH', 'The imageShell is not match with fpgaShell.');
  if (now() < board.busyUntil)
    throw new ApiError(
      503,
      'ANOTHER TASK RUNNING',
      'Another task is running,user is allowed to take this task half an hour.',
    );
  board.image = image.id;
  board.busyUntil = now() + account.faas.times.loadMs;
  return { [version.board]: required(params, version.board), [version.image]: image.id, TaskStatus: 'operating' };
};

export const loadOperations = (version: Version): Readonly<Record<string, Operation>> => ({
  LoadFpgaImageTask: (context, params) => loadImage(context, params, version),
});

/** Calls that the API of 2017 alone has. */
export const BOARDS_2017: Readonly<Record<string, Operation>> = {
  DescribeFpgaInstances(context, params) {
    roleOf(context, params, V2017);
    const boards = boardsOf(context, params, 'NOT AUTHORIZED');
    const InstanceId = params.get('InstanceId');
    return { Instances: { instance: boards.map((board) => ({ InstanceId, ...boardView(context, board) })) } };
  },

  DescribeLoadTaskStatus(context, params) {
    const board = boardOf(boardsOf(context, params, 'NOT AUTHORIZED'), params, 'FpgaUUID');
    return {
      shellUUID: board.shell,
      FpgaImageUUID: board.image ?? 'None',
      FpgaUUID: board.uuid,
      InstanceId: params.get('InstanceId'),
      TaskStatus: statusOf(context, board),
    };
  },
};
