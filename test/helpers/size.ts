/** Whether this is the long series (`npm run test:long`): everything in full size. */
export const LONG = process.env['HYBRIDCTL_TEST_LONG'] === '1';

/** How much of something is tried: a small number in every run, the full number in the long series. */
export const sized = <T>(small: T, full: T): T => (LONG ? full : small);

/** The reason that a test gives when it leaves itself to the long series: `ctx.skip(ONLY_LONG)`. */
export const ONLY_LONG = 'part of the long series (npm run test:long)';
