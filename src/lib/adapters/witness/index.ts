import type { Witness, WitnessAddress } from '../../core/ports.ts';
import { bfdWitness } from './bfd.ts';
import { charonWitness } from './charon.ts';

/** A real witness. Throws a usage error on a vici address that can't be one. */
export const witness = (address: WitnessAddress): Witness =>
  address.kind === 'vici' ? charonWitness(address.uri) : bfdWitness(address.socket);
