import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { builtProgram } from './program.ts';
import { words } from './run.ts';

/** A real run of the built command line, and how it ended. */
export interface ChildRun {
  /** Null: it was killed. */
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly err: string;
  /** Calls that change something, in their order; the last one is the one that killed it. */
  readonly changes: readonly string[];
}

const isRead = (operation: string): boolean => /^(Describe|Get|List)/.test(operation);

/**
 * Runs of the built program in a folder against an endpoint, each killed by SIGKILL at its first call that changes
 * something: before the endpoint sees it, or after it was carried out and before its answer leaves. Which of the two,
 * `dies` says by the operation's name; undefined lets the call pass.
 */
export const mortalRuns = async (endpoint: string, folder: string) => {
  const program = await builtProgram();
  let onChange: (operation: string) => 'before' | 'after' | undefined = () => undefined;
  let kill: () => void = () => undefined;
  const server: Server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('utf8');
      const operation =
        String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? new URLSearchParams(body).get('Action') ?? '';
      const death = isRead(operation) ? undefined : onChange(operation);
      if (death === 'before') {
        kill();
        return void response.destroy();
      }
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
      const answer = await fetch(`${endpoint}${request.url ?? '/'}`, {
        method: request.method ?? 'POST',
        headers: headers as Record<string, string>,
        body,
      });
      const text = await answer.text();
      if (death === 'after') {
        kill();
        return void response.destroy();
      }
      response
        .writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? 'text/xml',
          'x-amzn-requestid': answer.headers.get('x-amzn-requestid') ?? '',
        })
        .end(text);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    NO_COLOR: '1',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'never-shown',
    AWS_EC2_METADATA_DISABLED: 'true',
  };

  return (line: string, dies: (operation: string) => 'before' | 'after' | undefined): Promise<ChildRun> =>
    new Promise((done, failed) => {
      const changes: string[] = [];
      const child = spawn(process.execPath, [program, ...words(line)], {
        cwd: folder,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      kill = () => void child.kill('SIGKILL');
      onChange = (operation) => {
        changes.push(operation);
        return dies(operation);
      };
      let err = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
      child.once('error', failed).once('close', (exit, signal) => done({ exit, signal, err, changes }));
    });
};
