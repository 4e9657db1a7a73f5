import type { Style } from '../core/command.ts';
import type { FpgaBoard, FpgaImage, ImageId, ImageState } from '../core/fpga.ts';

const painted = (state: ImageState, style: Style): string =>
  ({ pending: style.warn, available: style.good, failed: style.bad, unavailable: style.dim })[state](state);

export const imageTable = (images: readonly FpgaImage[], style: Style): string =>
  style.table(
    ['id', 'global id', 'name', 'state', 'shell', 'created', 'why'],
    images.map(({ id, globalId, name, state, shell, createdAt, failure }) => [
      id,
      globalId ?? '-',
      name ?? '-',
      painted(state, style),
      shell ?? '-',
      createdAt ?? '-',
      failure?.code ?? '-',
    ]),
  );

/** `image afi-… (agfi-…)`. */
export const called = ({ id, globalId }: ImageId): string => `image ${id}${globalId === null ? '' : ` (${globalId})`}`;

/** An image that was not waited for is an id alone. */
export const imageText = (image: FpgaImage | ImageId, style: Style): string =>
  'state' in image ? imageTable([image], style) : called(image);

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
