import { strToU8, zipSync } from 'fflate';
import source from '../../../../templates/events/sample-app-debugger.js?raw';

/** A zip file says when its files were written, in local time; the first day that it can say is the same everywhere. */
const EARLIEST = '1980-01-01T00:00:00';
/** Made on Unix, a file that all may read: Lambda runs it as another user. */
const UNIX = { os: 3, attrs: 0o644 << 16 } as const;

/** The function for Yellow events as Lambda takes it, the same bytes on every machine and at every time. */
export const debuggerZip = (): Uint8Array =>
  zipSync({ 'index.js': [strToU8(source), { level: 0, mtime: EARLIEST, ...UNIX }] });

/** Node's even versions that Lambda has in every partition; the code needs none in particular. */
export const RUNTIME = 'nodejs22.x';
export const HANDLER = 'index.handler';
