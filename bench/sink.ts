import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const XML = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** As of a multipart upload: no MD5 that a client would hold against the file. */
const ETAG = '"00000000000000000000000000000000-1"';

/** Just enough S3 to be uploaded to: it counts bytes and forgets them, so that only the client is measured. */
export const serveSink = async (): Promise<void> => {
  const sizes = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://sink');
    const ask = (name: string) => url.searchParams.has(name);
    let size = 0;
    request.on('data', (chunk: Buffer) => void (size += chunk.length));
    request.on('end', () => {
      const reply = (status: number, body = '', headers: Record<string, string | number> = {}) =>
        void response.writeHead(status, { 'x-amz-request-id': '1', ETag: ETAG, ...headers }).end(body);
      if (request.method === 'HEAD') {
        const length = sizes.get(url.pathname);
        const bucket = url.pathname.split('/').filter((part) => part !== '').length === 1;
        return reply(length === undefined && !bucket ? 404 : 200, '', {
          'Last-Modified': new Date(0).toUTCString(),
          ...(length === undefined ? {} : { 'Content-Length': length }),
        });
      }
      if (request.method === 'GET')
        return reply(
          200,
          `${XML}<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`,
        );
      if (request.method === 'POST' && ask('uploads'))
        return (
          sizes.set(url.pathname, 0),
          reply(200, `${XML}<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
        );
      if (request.method === 'POST')
        return reply(200, `${XML}<CompleteMultipartUploadResult><ETag>${ETAG}</ETag></CompleteMultipartUploadResult>`);
      sizes.set(url.pathname, (sizes.get(url.pathname) ?? 0) + size);
      reply(200);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
};
