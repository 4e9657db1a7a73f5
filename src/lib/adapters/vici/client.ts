import type { Vici } from '../../core/ports.ts';

export const connectVici = (_uri: string): Promise<Vici> => {
  throw new Error('not built yet');
};
