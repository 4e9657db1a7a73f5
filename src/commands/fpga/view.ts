import type { Style } from '../../lib/core/command.ts';
import type { FpgaImage, ImageState } from '../../lib/core/fpga.ts';

export const painted = (state: ImageState, style: Style): string =>
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
