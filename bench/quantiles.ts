import { quantile } from './simulate.ts';

/** A column of a table: whole ms, seven wide. */
export const ms = (value: number): string => `${Math.round(value)}`.padStart(7);
export const quantileHeads = ['min', 'p50', 'p99', 'max'].map((head) => head.padStart(7)).join('');
export const quantiles = (values: readonly number[]): string =>
  [0, 0.5, 0.99, 1].map((share) => ms(quantile(values, share))).join('');
