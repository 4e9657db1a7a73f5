import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/charon-pair.ts';
import { mountWorld, type MountWorld } from '../helpers/mounts.ts';
import { sized } from '../helpers/size.ts';

/**
 * What becomes of data and mounts when s3fs or the S3 server is killed: the real ones, by kill -9, in the middle of
 * writing.
 */
const LONG = 240_000;
let world: MountWorld;
let dir: string;
const mounts = async (...names: string[]) => {
  writeFileSync(world.at('own.key'), 'lab:never-shown\n', { mode: 0o600 });
  for (const name of names)
    expect(
      await world.run(`mount office-logs ${world.at(name)} --key-file ${world.at('own.key')} --name ${name} --yes`),
    ).toMatchObject({ exit: 0 });
};
const daemon = async (name: string) =>
  (
    await world.sh(`ps -e -ww -o pid=,args= | awk '$2 == "s3fs" && $4 == "${world.at(name)}" { print $1 }'`)
  ).stdout.trim();
const status = async (name = 'one') => {
  const { exit, json } = await world.run(`status ${world.at(name)} --json`);
  const [{ state, why }] = json().mounts;
  return { exit, state, why };
};
/** The kernel's word for a daemon that is gone, and for one that is just ending. */
const GONE = /Transport endpoint is not connected|Software caused connection abort/;
const OK = { exit: 0, state: 'ok', why: null };

/**
 * Writes numbered files until one fails; says each whose close returned. Ends with the first error. By the program
 * printf: the one within a shell does not look at what close returns, and that is where s3fs says that it could not.
 */
const WRITER =
  'i=0; while :; do i=$((i+1)); env printf "%s\\n" "record $i" >"$1/$i" || { echo "failed $i" >&2; exit 1; }; echo "$i"; done';
const writer = async (path: string) => {
  const child = spawn('sh', ['-c', WRITER, 'writer', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let [out, err] = ['', ''];
  const waiting: (() => void)[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (acknowledged().length >= 5) for (const wake of waiting.splice(0)) wake();
  });
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const acknowledged = () => out.split('\n').slice(0, -1);
  const ended = once(child, 'close');
  return {
    five: new Promise<void>((resolve) => void waiting.push(resolve)),
    ended: async () => ({ code: ((await ended) as [number])[0], err, acknowledged: acknowledged() }),
  };
};
/** What S3 itself has, by its API: nothing that a mount remembers. */
const stored = async (names: readonly string[]) =>
  Promise.all(
    names.map(async (name) =>
      (await world.aws.ask('s3', 'GetObject', { Bucket: 'office-logs', Key: `w/${name}` })).Body!.transformToString(),
    ),
  );

beforeEach(async () => {
  world = await mountWorld();
  dir = world.at('one');
}, 60_000);

describe('acknowledged is stored', () => {
  it('kill -9 of s3fs: seen at once, healed, and every record whose close returned is there', {
    timeout: LONG,
  }, async () => {
    await mounts('one');
    await world.sh(`mkdir ${dir}/w`);
    const writing = await writer(`${dir}/w`);
    await writing.five;
    process.kill(Number(await daemon('one')), 'SIGKILL');
    const { code, err, acknowledged } = await writing.ended();
    expect([code, err]).toEqual([1, expect.stringMatching(/not connected|connection abort|Input\/output|I\/O error/i)]);

    expect(await status()).toEqual({ exit: 1, state: 'dead', why: expect.stringMatching(GONE) });
    expect((await world.run('heal --dry-run --detailed-exitcode')).exit).toBe(3);
    const healed = await world.run('heal --yes');
    expect([healed.exit, healed.out]).toEqual([0, expect.stringMatching(GONE)]);
    expect(await status()).toEqual(OK);
    expect(await stored(acknowledged)).toEqual(acknowledged.map((name) => `record ${name}\n`));
    expect((await world.sh(`cat ${acknowledged.map((name) => `${dir}/w/${name}`).join(' ')}`)).stdout).toBe(
      acknowledged.map((name) => `record ${name}\n`).join(''),
    );
    expect((await world.run('heal --yes')).out).toContain('nothing to do');
  });

  it('kill -9 of the server: a clear error, S3 told as silent, and all is there when it is back', {
    timeout: LONG,
  }, async () => {
    await mounts('one');
    await world.sh(`mkdir ${dir}/w`);
    const writing = await writer(`${dir}/w`);
    await writing.five;
    await world.s3.kill();
    expect(await status()).toMatchObject({ exit: 1, state: 'silent' });
    const { code, err, acknowledged } = await writing.ended();
    expect([code, err]).toEqual([1, expect.stringMatching(/Input\/output error|I\/O error/)]);
    // There is nothing to fix at this end, and nothing is broken by trying.
    expect((await world.run('heal --yes')).out).toContain('nothing to do');
    await world.s3.restart();
    // s3fs may still wait between two tries of its own.
    await until('S3 to answer through the mount again', async () => (await status()).state === 'ok', 30_000);
    expect(await status()).toEqual(OK);
    expect(await stored(acknowledged)).toEqual(acknowledged.map((name) => `record ${name}\n`));
  });
});

describe('what S3 refuses', () => {
  it("a probe of a killed run is in nobody's way; a revoked key is told by status, heal and mount, and is well again after", {
    timeout: LONG,
  }, async () => {
    await world.aws.ask('s3', 'PutObject', {
      Bucket: 'office-logs',
      Key: '.hybridctl-probe-one',
      Body: '0123456789abcdef',
    });
    writeFileSync(world.at('own.key'), 'guest:never-shown\n', { mode: 0o600 });
    const mount = `mount office-logs ${dir} --key-file ${world.at('own.key')} --name one --yes`;
    expect(await world.run(mount)).toMatchObject({ exit: 0 });
    expect(await status()).toEqual(OK);
    const revoked = `${world.folder}/store.revoked-guest`;
    writeFileSync(revoked, '');
    expect(await status()).toEqual({ exit: 1, state: 'refused', why: expect.stringMatching(/denied|not permitted/) });
    for (const line of ['heal --yes', mount])
      expect(await world.run(line), line).toMatchObject({ exit: 1, err: expect.stringContaining('refuses') });
    rmSync(revoked);
    expect(await status()).toEqual(OK);
    expect((await world.run('heal --yes')).out).toContain('nothing to do');
  });
});

describe('a mount that is no mount any more', () => {
  it('hangs: seen within a second, and healed; those who waited get an error', { timeout: LONG }, async () => {
    await mounts('one', 'two');
    const pid = Number(await daemon('one'));
    process.kill(pid, 'SIGSTOP');
    const waiter = world.sh(`cat ${dir}/x`);
    expect([await status(), await status('two')]).toEqual([
      { exit: 1, state: 'hung', why: 'its daemon does not answer' },
      OK,
    ]);
    const healed = await world.run(`heal ${dir} --yes`);
    expect([healed.exit, healed.out]).toEqual([0, expect.stringContaining('does not answer')]);
    process.kill(pid, 'SIGKILL');
    expect((await waiter).exitCode).not.toBe(0);
    expect([await status(), await status('two')]).toEqual([OK, OK]);
  });

  it('is in the way of umount, but not of umount --force; and comes back by heal', { timeout: LONG }, async () => {
    await mounts('one');
    const holder = (await world.sh(`cd ${dir} && { sleep 600 </dev/null >/dev/null 2>&1 & echo $!; }`)).stdout.trim();
    const refused = await world.run(`umount ${dir} --yes`);
    expect([refused.exit, refused.err]).toEqual([5, expect.stringContaining(`busy, in use by ${holder} (sleep)`)]);
    const forced = await world.run(`umount ${dir} --force --yes`);
    process.kill(Number(holder));
    expect([forced.exit, await status()]).toEqual([0, { exit: 1, state: 'absent', why: 'not mounted' }]);
    expect((await world.run('heal --yes')).exit).toBe(0);
    expect(await status()).toEqual(OK);
  });
});

/**
 * Through s3fs 1.90 a file of 1 GiB and 5,000 small ones take minutes of a two-core machine, most of it in the test's
 * S3 server: the long series has them; else a sixteenth and a tenth, still in many parts and many folders.
 */
const [MIB, FOLDERS, EACH] = sized([64, 20, 25] as const, [1_024, 50, 100] as const);

describe('much', () => {
  it(`${MIB} MiB through one mount and back through another`, { timeout: sized(LONG, 1_200_000) }, async () => {
    await mounts('one', 'two');
    const wrote = await world.sh(
      `yes 0123456789abcde | head -c ${MIB * 2 ** 20} | tee ${dir}/big | sha256sum`,
      900_000,
    );
    expect(wrote).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await world.sh(`sha256sum <${world.at('two')}/big`, 900_000)).stdout).toBe(wrote.stdout);
  });

  it(`${FOLDERS * EACH} small files by eight writers, all seen through another mount`, {
    timeout: sized(LONG, 1_200_000),
  }, async () => {
    await mounts('one', 'two');
    const write = await world.sh(
      `for w in 0 1 2 3 4 5 6 7; do ( d=$w; while [ $d -lt ${FOLDERS} ]; do mkdir ${dir}/$d; i=0; while [ $i -lt ${EACH} ]; do echo "$d $i" >${dir}/$d/$i || exit 1; i=$((i+1)); done; d=$((d+8)); done ) & done; wait`,
      900_000,
    );
    expect(write).toMatchObject({ exitCode: 0, stderr: '' });
    const last = EACH - 1;
    expect(
      (await world.sh(`cd ${world.at('two')} && for d in 0 7 ${FOLDERS - 1}; do cat $d/${last}; done`)).stdout,
    ).toBe(`0 ${last}\n7 ${last}\n${FOLDERS - 1} ${last}\n`);
    expect((await world.sh(`find ${world.at('two')} -type f | wc -l`, 900_000)).stdout).toBe(`${FOLDERS * EACH}\n`);
  });
});
