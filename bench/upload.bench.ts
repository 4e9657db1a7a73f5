// 1 GiB to an S3 on loopback that forgets it: raw parallel PUTs, ours, aws s3 cp and rclone, each a process, start
// included.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { awsObjects } from '../src/lib/adapters/aws/objects.ts';
import { openSource } from '../src/lib/adapters/source.ts';
import { upload } from '../src/lib/upload/upload.ts';
import { median } from './measure.ts';
import { serveSink } from './sink.ts';

const MiB = 2 ** 20;
const PART = 8 * MiB;
const LANES = 4;
const [LEAST_OF_RAW, LEAST_OVER_AWS, MOST_MB] = [0.75, 1.5, 150];

/** What the wire and Node give: the same file, cut and sent alike, without a checksum, a signature or a protocol. */
const raw = async (file: string, url: string): Promise<void> => {
  const handle = await open(file, 'r');
  const { size } = await handle.stat();
  const agent = new Agent({ keepAlive: true });
  let next = 0;
  const put = (part: number, bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      const sent = request(
        `${url}/raw/file?partNumber=${part}`,
        { method: 'PUT', agent, headers: { 'content-length': bytes.length } },
        (response) => response.resume().on('end', resolve),
      );
      sent.on('error', reject).end(bytes);
    });
  const lane = async () => {
    const buffer = new Uint8Array(PART);
    for (let at = next++; at * PART < size; at = next++) {
      const { bytesRead } = await handle.read(buffer, 0, PART, at * PART);
      await put(at + 1, buffer.subarray(0, bytesRead));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  agent.destroy();
  await handle.close();
};

const ours = async (file: string): Promise<void> => {
  const source = await openSource(file);
  await upload({
    store: awsObjects('ours', { cloud: 'aws', region: 'us-east-1' }),
    source,
    key: 'file',
    signal: new AbortController().signal,
    onProgress: () => undefined,
    say: () => undefined,
  });
  await source.close();
};

// Nothing here is TLS, and rclone takes no bundle of authorities.
const { AWS_CA_BUNDLE: _, ...WITHOUT_CA } = process.env;

/** @returns seconds, and the most memory it ever had, MB. */
const timed = async (
  file: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ s: number; mb: number }> => {
  const start = performance.now();
  const child = spawn(file, args, { env: { ...WITHOUT_CA, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  let kb = 0;
  const look = setInterval(() => {
    try {
      kb = Math.max(
        kb,
        Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0),
      );
    } catch {
      // It is over.
    }
  }, 20);
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearInterval(look);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${code}`);
  return { s: (performance.now() - start) / 1_000, mb: (kb * 1_024) / 1e6 };
};

const fill = (file: string, mib: number): void => {
  const out = openSync(file, 'w');
  const block = new Uint8Array(MiB);
  for (let at = 0; at < mib; at += 1) {
    crypto.getRandomValues(block.subarray(0, 65_536));
    writeSync(out, block);
  }
  closeSync(out);
};

const installed = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

const compare = async (): Promise<void> => {
  const mib = Number(process.argv[2] ?? 1_024);
  const rounds = Number(process.argv[3] ?? 3);
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-bench-'));
  const file = join(folder, 'file');
  const self = process.argv[1]!;
  let sink: ChildProcess | undefined;
  try {
    fill(file, mib);
    sink = spawn(process.execPath, [self, 'sink'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await new Promise<string>((resolve) => createInterface({ input: sink!.stdout! }).once('line', resolve));
    const env = {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      RCLONE_CONFIG: '/dev/null',
    };
    const remote = `:s3,provider=Other,endpoint="${url}",access_key_id=bench,secret_access_key=bench,region=us-east-1,no_check_bucket=true:rclone/file`;
    // Debian's own aws, whatever a version manager puts before it.
    const contenders: readonly (readonly [string, string, readonly string[]])[] = [
      ['raw PUTs', process.execPath, [self, 'raw', file, url]],
      ['hybridctl', process.execPath, [self, 'ours', file]],
      ...(installed('/usr/bin/aws')
        ? [
            [
              'aws s3 cp',
              '/usr/bin/aws',
              ['--endpoint-url', url, 's3', 'cp', '--no-progress', file, 's3://aws/file'],
            ] as const,
          ]
        : []),
      ...(installed('rclone') ? [['rclone', 'rclone', ['copyto', file, remote]] as const] : []),
    ];
    const found = new Map(contenders.map(([name]) => [name, [] as { s: number; mb: number }[]]));
    for (let round = 0; round < rounds; round += 1)
      for (const [name, program, args] of contenders) {
        const one = await timed(program, args, env);
        found.get(name)!.push(one);
        process.stderr.write(`${name} ${one.s.toFixed(2)} s\n`);
      }
    const rate = (name: string) => (mib * MiB) / 1e6 / median(found.get(name)!.map(({ s }) => s));
    console.log(`${mib} MiB to loopback, median of ${rounds}; MB/s and peak memory\n`);
    for (const [name] of contenders)
      console.log(
        `${name.padEnd(12)}${rate(name).toFixed(0).padStart(7)} MB/s${Math.max(...found.get(name)!.map(({ mb }) => mb))
          .toFixed(0)
          .padStart(7)} MB`,
      );
    const ofRaw = rate('hybridctl') / rate('raw PUTs');
    const overAws = found.has('aws s3 cp') ? rate('hybridctl') / rate('aws s3 cp') : Infinity;
    const most = Math.max(...found.get('hybridctl')!.map(({ mb }) => mb));
    console.log(
      `\nof raw ${ofRaw.toFixed(2)} (limit ${LEAST_OF_RAW}), over aws s3 cp ${overAws.toFixed(1)} (limit ${LEAST_OVER_AWS}), memory ${most.toFixed(0)} MB (limit ${MOST_MB})`,
    );
    if (ofRaw < LEAST_OF_RAW || overAws < LEAST_OVER_AWS || most > MOST_MB) process.exitCode = 1;
  } finally {
    sink?.kill();
    rmSync(folder, { recursive: true });
  }
};

const [, , mode, ...args] = process.argv;
if (mode === 'sink') await serveSink();
else if (mode === 'raw') await raw(args[0]!, args[1]!);
else if (mode === 'ours') await ours(args[0]!);
else await compare();
