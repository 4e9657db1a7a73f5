import type { CliService } from './services.ts';

/** `aws s3` is for whole files; the API's own operations are below `aws s3api`. */
export const s3: CliService = { command: 's3api' };
