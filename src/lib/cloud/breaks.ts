import type { ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import { ApiError } from './error.ts';

/** Well-formed on purpose: a parser takes it for an answer without content. */
const PORTAL = '<html><head><title>Sign in</title></head><body><p>Please sign in to the network.</p></body></html>\n';

/** Breaks that keep the call from being applied. @returns true when the client has had its answer, or will get none. */
export const breaksBefore = ({ break: how, code, message, status }: Fault, response: ServerResponse): boolean => {
  switch (how) {
    case 'error':
      throw new ApiError(code, message, status);
    case 'drop':
      response.destroy();
      return true;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end(PORTAL);
      return true;
    case 'garbage':
      response.writeHead(200, { 'content-type': 'text/xml' }).end('\u0001\u0002<<<&&& not a document');
      return true;
    default:
      return false;
  }
};
