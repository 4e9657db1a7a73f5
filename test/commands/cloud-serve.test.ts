import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gbs } from '../helpers/fpga-aliyun.ts';
import { builtProgram } from '../helpers/program.ts';
import { run } from '../helpers/run.ts';

/** `lab cloud --serve`, as a stranger would try it: the bundled program, and nothing but the variables it prints. */

let program: string;
beforeAll(async () => {
  program = await builtProgram();
}, 300_000);

const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const emptyFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-serve-'));
  folders.push(folder);
  return folder;
};

interface Served {
  /** What it has printed once it listens: shell lines, or JSON. */
  readonly printed: string;
  readonly url: string;
  /** In the folder of the user, `hybridctl ${line}`, by a shell that has evaluated the lines before. */
  hybridctl(folder: string, setup: string, line: string): Promise<{ code: number; out: string; err: string }>;
  /** Ctrl-C. @returns the exit code, and all that was on stderr. */
  stop(): Promise<{ code: number | null; err: string }>;
  /** Where it runs: it leaves nothing there. */
  readonly folder: string;
}

/** No variable of whoever runs the tests: neither real keys nor another endpoint. */
const bareEnv = (home: string) => ({ PATH: process.env['PATH'] ?? '', HOME: home });

const serve = async (...flags: string[]): Promise<Served> => {
  const folder = emptyFolder();
  const home = emptyFolder();
  const child = spawn(process.execPath, [program, 'lab', 'cloud', '--serve', ...flags], {
    cwd: folder,
    env: bareEnv(home),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const exited = once(child, 'exit');
  const [first] = (await Promise.race([once(child.stdout, 'data'), exited])) as [Buffer | number];
  const printed = String(first);
  return {
    folder,
    printed,
    url: /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? `nothing listens: ${err}`,
    hybridctl: (cwd, setup, line) =>
      new Promise((resolve) => {
        const script = `${setup}\nexec "${process.execPath}" "${program}" ${line}`;
        execFile('/bin/sh', ['-c', script], { cwd, env: bareEnv(home) }, (error, out, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), out, err: stderr }),
        );
      }),
    async stop() {
      child.kill('SIGINT');
      const [code] = (await exited) as [number | null];
      return { code, err };
    },
  };
};

const isRefused = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

describe('lab cloud --serve', () => {
  it('aws: a VPN is made, found again and removed with the lines it prints; after Ctrl-C nothing is left', async () => {
    const cloud = await serve('aws');
    expect(cloud.printed.split('\n')).toEqual([
      'unset AWS_PROFILE AWS_SESSION_TOKEN',
      `export AWS_ENDPOINT_URL=${cloud.url}`,
      expect.stringMatching(/^export AWS_ACCESS_KEY_ID=\w+$/),
      expect.stringMatching(/^export AWS_SECRET_ACCESS_KEY=[\w-]+$/),
      'export AWS_REGION=cn-north-1',
      'export AWS_DEFAULT_REGION=cn-north-1',
      '',
    ]);
    const folder = emptyFolder();
    const hybridctl = (line: string) => cloud.hybridctl(folder, cloud.printed, line);
    const made = await hybridctl(
      'vpn init --apply --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.20.0.0/16 ' +
        '--gateway az=cn-north-1a,private=172.16.1.10 --router public=198.51.100.99,dialect=ios-vti ' +
        '--table id=rtb-0468f52220000000a,az=cn-north-1a --yes',
    );
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('instance gw-1') });
    expect(await hybridctl('vpn init --apply --yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing to do'),
    });
    expect(await hybridctl('vpn destroy --yes')).toMatchObject({ code: 0, out: expect.stringContaining('remove') });
    const { code, err } = await cloud.stop();
    expect(code).toBe(0);
    expect(err).toContain('VPC vpc-0d5a1b2c3d4e5f607 (demo, 172.16.0.0/16)');
    expect(err).toContain(`the endpoint of AWS listens on ${cloud.url}; Ctrl-C ends it`);
    expect(readdirSync(cloud.folder)).toEqual([]);
    expect(await isRefused(cloud.url)).toBe(true);
  }, 240_000);

  it('aliyun: an FPGA image from auth to the list, with the variables of --json', async () => {
    const cloud = await serve('aliyun', '--json', '-q');
    const { variables, unset } = JSON.parse(cloud.printed) as {
      variables: Record<string, string>;
      unset: readonly string[];
    };
    expect(Object.keys(variables)).toEqual([
      'ALIBABA_CLOUD_ENDPOINT_URL',
      'ALIBABA_CLOUD_ACCESS_KEY_ID',
      'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
      'ALIBABA_CLOUD_REGION_ID',
    ]);
    const setup = [
      `unset ${unset.join(' ')}`,
      ...Object.entries(variables).map(([name, value]) => `export ${name}=${value}`),
    ].join('\n');
    const folder = emptyFolder();
    writeFileSync(join(folder, 'filter.gbs'), gbs());
    const hybridctl = (line: string) => cloud.hybridctl(folder, setup, line);
    expect(await hybridctl('fpga auth --cloud aliyun --bucket fpga-builds --yes')).toMatchObject({ code: 0 });
    const uploaded = await hybridctl(
      'fpga upload filter.gbs --cloud aliyun --bucket fpga-builds --create --shell V1.1 --json -q',
    );
    expect(uploaded).toMatchObject({ code: 0, err: '' });
    const { image } = JSON.parse(uploaded.out) as { image: { id: string } };
    const listed = await hybridctl('fpga list --cloud aliyun');
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining(image.id) });
    expect(await cloud.stop()).toEqual({ code: 0, err: '' });
    expect(readdirSync(cloud.folder)).toEqual([]);
    expect(await isRefused(cloud.url)).toBe(true);
  }, 240_000);

  it('lets a script wait for a new file, and says when the port is taken', async () => {
    const folder = emptyFolder();
    const script = `"${process.execPath}" "${program}" lab cloud --serve aliyun > new.env 2> log & until [ -s new.env ]; do sleep 0.1; done; echo $!`;
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) => {
      execFile('/bin/sh', ['-c', script], { cwd: folder, env: bareEnv(folder) }, (error, out) =>
        error === null ? resolve({ stdout: out }) : reject(error),
      );
    });
    const pid = Number(stdout);
    expect(readFileSync(join(folder, 'new.env'), 'utf8')).toContain(
      'export ALIBABA_CLOUD_ENDPOINT_URL=http://127.0.0.1:',
    );
    process.kill(pid, 'SIGTERM');
    while (alive(pid)) await sleep(50);

    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { exit, err } = await run(`lab cloud --serve aliyun --port ${port}`);
    other.close();
    expect({ exit, err }).toEqual({
      exit: 1,
      err:
        'hybridctl: --port: another program listens on it\n' +
        '  next: give another port, or none to take any free one\n',
    });
  }, 120_000);
});

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
