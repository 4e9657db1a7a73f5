import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/program.ts';
import { fixture } from '../helpers/cloud.ts';

// Every wait ends: by a signal, whatever is silent; and for input that is no file there is no wait at all.

let program = '';
let cwd = '';
beforeAll(async () => {
  program = await builtProgram();
  cwd = mkdtempSync(join(tmpdir(), 'hybridctl-ends-'));
  writeFileSync(join(cwd, 'hybridctl.yaml'), fixture('lab'));
  execFileSync('mkfifo', [join(cwd, 'fifo')]);
  writeFileSync(join(cwd, 'sparse'), '');
  truncateSync(join(cwd, 'sparse'), 2 ** 30);
}, 120_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** A service that takes connections and never says a word. */
const silent = async () => {
  const sockets: Socket[] = [];
  let first: () => void;
  const asked = new Promise<void>((resolve) => (first = resolve));
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.once('data', () => first());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    tries: () => sockets.length,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

const start = (line: string, port = 9) => {
  const at = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [program, ...line.split(' ')], {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: at,
      ALIBABA_CLOUD_ENDPOINT_URL: at,
      AWS_REGION: 'cn-north-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'none',
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'none',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'none',
    },
  });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (said += text));
  const ended = new Promise<readonly [number | NodeJS.Signals | null, string]>((done) =>
    child.on('close', (code, signal) => done([signal ?? code, said])),
  );
  return { child, ended };
};

describe('a signal ends it while the service is silent', { timeout: 120_000 }, () => {
  it.each([
    'events init --name shop --region cn-north-1 --mail ops@example.com --yes',
    'alarm create --set gateways --mail ops@example.com --yes',
    'network status --name office --region cn-north-1',
    'network destroy --name office --region cn-north-1 --yes',
    'vpn init --apply --yes --force',
    'vpn destroy --yes',
    'route status',
    'route failover --no-check --yes',
    'route monitor --once --dry-run',
    's3 mount logs mnt --yes',
    'fpga objects --cloud aws --bucket dcp',
    'fpga list --cloud aliyun --region cn-hangzhou',
  ])('%s', async (line) => {
    const service = await silent();
    const { child, ended } = start(line, service.port);
    try {
      // One that ends without having asked anybody would wait for ever here.
      expect(await Promise.race([service.asked.then(() => 'asked'), ended])).toBe('asked');
      const tries = service.tries();
      child.kill('SIGTERM');
      const [code, said] = await ended;
      expect([code, said.includes('interrupted'), said.includes('fault in hybridctl')], said).toEqual([
        130,
        true,
        false,
      ]);
      // Ended by the signal, not by the limit of an answer: after that it would have asked again.
      expect(service.tries()).toBe(tries);
    } finally {
      child.kill('SIGKILL');
      service.close();
    }
  });

  it('a read of standard input too', async () => {
    const { child, ended } = start('vpn lint /dev/stdin');
    child.stdin.write('crypto isakmp policy 10\n');
    // It has been begun when it reads: the pipe is drained.
    await new Promise<void>((done) => child.stdin.write('x'.repeat(1 << 20), () => done()));
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(130);
  });
});

describe('what is no file is refused at once, by its name', { timeout: 60_000 }, () => {
  const lines = [
    'config validate --site',
    'vpn lint',
    'collectd whitelist lint',
    'fpga upload --cloud aws --bucket dcp',
  ];
  it.each([
    ...lines.map((line) => [line, 'fifo', /fifo: is (a named pipe, not a|no regular) file/] as const),
    ...lines.map((line) => [line, '/dev/zero', /\/dev\/zero: is (a device, not a|no regular) file/] as const),
    ...lines.map((line) => [line, '.', /: is (a folder, not a|no regular) file/] as const),
    ['config validate --site', 'sparse', /sparse: has 1073741824 bytes/] as const,
    ['vpn lint', 'sparse', /sparse: is larger than/] as const,
    ['collectd whitelist lint', 'sparse', /sparse: is larger than/] as const,
    ['fpga upload --cloud aws --bucket dcp', 'sparse', /sparse: is no tar/] as const,
  ])('%s %s', async (line, name, says) => {
    const [code, said] = await start(`${line} ${name}`).ended;
    expect([code, says.test(said) ? '' : said]).toEqual([2, '']);
  });
});
