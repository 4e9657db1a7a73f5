import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsObjects } from '../../../src/lib/adapters/aws/objects.ts';
import { openSource } from '../../../src/lib/adapters/source.ts';
import { upload } from '../../../src/lib/upload/upload.ts';
import { writeDcp } from '../../helpers/dcp.ts';
import { fpgaWorld, REGION } from '../../helpers/fpga.ts';
import { builtProgram } from '../../helpers/program.ts';

const MiB = 2 ** 20;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.unstubAllEnvs();
});

describe('the program itself after kill -9 in the middle', () => {
  const PARTS = 6;

  const start = async () => {
    const program = await builtProgram();
    const world = await fpgaWorld({}, true);
    const file = join(world.folder, 'big.Developer_CL.tar');
    const dcp = Buffer.alloc(PARTS * 8 * MiB - 100_000, 'checkpoint');
    for (let at = 0; at < dcp.length; at += 65_536) dcp.writeUInt32LE(at, at);
    await writeDcp(file, { dcp });
    const parts = async () => (await world.cloud.calls()).filter((call) => call === 'UploadPart').length;
    const go = (): ChildProcess & { said: string } => {
      const child = Object.assign(
        spawn(
          process.execPath,
          [program, 'fpga', 'upload', file, '--cloud', 'aws', '--region', REGION, '--bucket', 'dcp'],
          { stdio: ['ignore', 'ignore', 'pipe'], env: process.env },
        ),
        { said: '' },
      );
      child.stderr!.on('data', (text: Buffer) => void (child.said += text.toString()));
      closing.push(() => child.kill('SIGKILL'));
      return child;
    };
    const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { ...world, file, parts, go, ended };
  };

  it('sends at most what was in flight once more', async () => {
    const { cloud, file, store, parts, go, ended } = await start();
    await cloud.fault({ UploadPart: { delay_ms: 1_000 } });
    const child = go();
    const over = ended(child);
    await vi.waitFor(async () => expect(await parts()).toBeGreaterThanOrEqual(1), { timeout: 30_000, interval: 20 });
    child.kill('SIGKILL');
    await over;
    expect(await store().head('big.Developer_CL.tar')).toBeUndefined();
    await cloud.fault({});
    const before = await parts();
    const again = go();
    expect(await ended(again), again.said).toBe(0);
    expect(again.said).toContain('taking up an earlier upload');
    const there = await store().head('big.Developer_CL.tar');
    expect(there?.size).toBe(statSync(file).size);
    // Four were in flight; some of them may have been kept after the process was gone.
    expect((await parts()) - before).toBeLessThanOrEqual(Math.ceil(statSync(file).size / (8 * MiB)) - before + 4);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await store().get('big.Developer_CL.tar')) chunks.push(chunk);
    expect(Buffer.compare(Buffer.concat(chunks), readFileSync(file))).toBe(0);
    expect(await store().uploads('')).toEqual([]);
  }, 60_000);
});

describe("somebody else's S3, which knows neither checksums nor a list of uploads", () => {
  it('takes the same parts', async () => {
    const S3rver = createRequire(import.meta.url)('s3rver') as new (
      options: object,
    ) => { run(): Promise<{ port: number }>; close(): Promise<void> };
    const directory = mkdtempSync(join(tmpdir(), 'hybridctl-s3rver-'));
    const server = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory,
      configureBuckets: [{ name: 'bucket' }],
    });
    const { port } = await server.run();
    closing.push(
      () => rmSync(directory, { recursive: true }),
      () => server.close(),
    );
    for (const [name, value] of Object.entries({
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      AWS_EC2_METADATA_DISABLED: 'true',
    }))
      vi.stubEnv(name, value);
    const file = join(directory, 'file');
    writeFileSync(file, Buffer.alloc(18 * MiB, 'checkpoint'));
    const store = awsObjects('bucket', { cloud: 'aws', region: 'us-east-1' });
    const source = await openSource(file);
    expect(
      await upload({
        store,
        source,
        key: 'a/b',
        signal: new AbortController().signal,
        onProgress: () => undefined,
        say: () => undefined,
      }),
    ).toMatchObject({ parts: 3, sent: 18 * MiB });
    await source.close();
    const chunks: Uint8Array[] = [];
    for await (const chunk of await store.get('a/b')) chunks.push(chunk);
    expect(Buffer.compare(Buffer.concat(chunks), readFileSync(file))).toBe(0);
  });
});
