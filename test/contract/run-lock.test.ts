import { mkdtemp, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { files, namesIn } from '../../src/lib/adapters/files.ts';
import { bootId } from '../../src/lib/adapters/process-name.ts';
import { runLock } from '../../src/lib/adapters/run-lock.ts';
import { editPins, readPins } from '../../src/lib/monitor/pins.ts';
import { run } from '../helpers/run.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hybridctl-lock-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const LOCK = '.hybridctl.yaml.lock';
const site = (): string => join(root, 'hybridctl.yaml');
const INIT =
  'vpn init --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 ' +
  '--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11 --router public=198.51.100.77,dialect=ios-vti';
const here = (line: string) =>
  run(line, {
    ports: {
      files,
      namesIn,
      lock: runLock,
      cwd: root,
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    },
  });

test('vpn init four times at once: one writes, the others end and name it; key and rendered file agree', async () => {
  const ran = await Promise.all([1, 2, 3, 4].map(() => here(INIT)));
  expect(ran.map(({ exit }) => exit).sort()).toEqual([0, 1, 1, 1]);
  for (const { err } of ran.filter(({ exit }) => exit !== 0))
    expect(err).toContain(`another run is at work here: vpn init, process ${process.pid}; nothing was changed`);
  const key = (await readFile(join(root, 'psk/vpn1'), 'utf8')).trim();
  expect(await readFile(join(root, 'rendered/rtr-1/rtr-1.ios'), 'utf8')).toContain(key);
  expect((await readdir(root)).filter((name) => name.endsWith('.lock'))).toEqual([]);
});

test('vpn render beside another run ends at once; a dry run needs no lock; a lock given back is gone', async () => {
  expect((await here(INIT)).exit).toBe(0);
  const giveBack = await runLock(site(), 'vpn render');
  expect(await here('vpn render --crypto cnsa')).toMatchObject({
    exit: 1,
    err: expect.stringContaining('hybridctl.yaml: another run is at work here: vpn render, process'),
  });
  expect((await here('vpn render --dry-run')).exit).toBe(0);
  await giveBack();
  expect((await here('vpn render --crypto cnsa')).exit).toBe(0);
});

test.each([
  ['of a process that is gone', `${hostname()}|${bootId()}|${2 ** 22 - 1}|77|vpn init`],
  ['of another boot', `${hostname()}|another|${process.pid}|77|vpn init`],
  ['of another process with the number of ours', `${hostname()}|${bootId()}|${process.pid}|1|vpn init`],
])("a lock %s is nobody's", async (_, name) => {
  await symlink(name, join(root, LOCK));
  const giveBack = await runLock(site(), 'vpn render');
  expect(await readlink(join(root, LOCK))).toContain(`|${process.pid}|`);
  await giveBack();
  expect(await readdir(root)).toEqual([]);
});

test('a lock of another machine is believed, and the way out is said', async () => {
  await symlink('elsewhere|boot|12|77|vpn init', join(root, LOCK));
  await expect(runLock(site(), 'vpn render')).rejects.toMatchObject({
    message: 'another run is at work here: vpn init, process 12 on elsewhere; nothing was changed',
    next: expect.stringContaining(`remove ${join(root, LOCK)}`),
  });
});

test('a link that is no lock of ours is named, and stays', async () => {
  await symlink('elsewhere|x', join(root, LOCK));
  await expect(runLock(site(), 'vpn render')).rejects.toMatchObject({
    message: `${join(root, LOCK)} is not a lock of ours`,
    next: 'remove it',
  });
  expect(await readlink(join(root, LOCK))).toBe('elsewhere|x');
});

test('pins written at the same time: none is lost', async () => {
  const path = join(root, 'state', 'office.pins.json');
  const tables = Array.from({ length: 8 }, (_, index) => `rtb-0000000${index}`);
  await Promise.all(tables.map((id) => editPins({ files, lock: runLock }, path, (pins) => pins.set(id, 'vpn-a'))));
  expect([...(await readPins(files, path)).keys()].sort()).toEqual(tables);
});
