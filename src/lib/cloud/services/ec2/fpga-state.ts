import type { Build } from './fpga-build.ts';
import { ApiError } from '../../error.ts';
import { findIn, type CloudState } from '../../state.ts';

/** An FPGA image. How it stands follows from the clock alone: the build ends at `readyAt`. */
export interface FpgaRecord {
  readonly id: string;
  readonly globalId: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly createdAt: number;
  readonly readyAt: number;
  readonly build: Pick<Build, 'error' | 'shell' | 'pci'>;
  readonly token: string | undefined;
  readonly accounts: readonly string[];
  readonly everybody: boolean;
}

export const fpgaState = ({ readyAt, build }: FpgaRecord, now: number): 'pending' | 'available' | 'failed' =>
  now < readyAt ? 'pending' : build.error === undefined ? 'available' : 'failed';

export const findFpga = ({ fpgaImages }: CloudState, id: string): FpgaRecord => {
  if (!/^afi-[0-9a-f]{8,17}$/.test(id)) throw new ApiError('InvalidFpgaImageID.Malformed', `Invalid id: "${id}"`);
  return findIn(fpgaImages, id, 'InvalidFpgaImageID.NotFound', 'image ID');
};
