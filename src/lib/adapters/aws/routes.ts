import type { CloudOptions, RouteTables } from '../../core/ports.ts';

export const awsRouteTables = (_options: CloudOptions): RouteTables => {
  throw new Error('not built yet');
};
