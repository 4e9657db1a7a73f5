import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vici } from '../../src/lib/core/ports.ts';
import { connectVici } from '../../src/lib/adapters/vici/client.ts';
import { connectSsh } from '../../src/lib/adapters/ssh.ts';
import { EXIT } from '../../src/lib/core/errors.ts';
import type { Machine } from '../../src/lib/core/machine.ts';
import { fakeCharon } from '../fakes/vici.ts';
import { charonPair, type CharonPair } from '../helpers/charon-pair.ts';
import { startSshd, type Sshd } from '../helpers/sshd.ts';

const CONNECTION = {
  office: {
    version: '2',
    local_addrs: ['192.0.2.1'],
    remote_addrs: ['192.0.2.2'],
    local: { auth: 'psk', id: '192.0.2.1' },
    remote: { auth: 'psk', id: '192.0.2.2' },
    children: { net: { local_ts: ['10.1.0.0/16'], remote_ts: ['10.2.0.0/16'] } },
  },
};

/** What hybridctl relies on, of charon itself and of the fake alike. */
const contract = (connect: () => Promise<Vici>) => {
  it('keeps a connection from load to unload', async () => {
    const vici = await connect();
    expect(await vici.stream('list-conns', 'list-conn')).toEqual([]);
    expect(await vici.request('load-conn', CONNECTION)).toEqual({ success: 'yes' });
    expect(await vici.request('get-conns')).toEqual({ conns: ['office'] });
    const [{ office }] = (await vici.stream('list-conns', 'list-conn')) as any;
    expect(office).toMatchObject({
      version: 'IKEv2',
      local_addrs: ['192.0.2.1'],
      remote_addrs: ['192.0.2.2'],
      children: { net: { mode: 'TUNNEL', 'local-ts': ['10.1.0.0/16'], 'remote-ts': ['10.2.0.0/16'] } },
    });
    expect(await vici.request('unload-conn', { name: 'office' })).toEqual({ success: 'yes' });
    expect(await vici.stream('list-conns', 'list-conn')).toEqual([]);
    vici.close();
  });

  it('tells version and plugins, and has no SA to begin with', async () => {
    const vici = await connect();
    expect(await vici.request('version')).toMatchObject({
      daemon: 'charon',
      version: expect.stringMatching(/^\d+\.\d+/),
    });
    expect((await vici.request('stats'))['plugins']).toContain('vici');
    expect(await vici.stream('list-sas', 'list-sa')).toEqual([]);
    vici.close();
  });

  it("hands on charon's own reason when it refuses", async () => {
    const vici = await connect();
    await expect(vici.request('unload-conn', { name: 'nowhere' })).rejects.toMatchObject({
      exit: EXIT.failed,
      message: expect.stringContaining("connection 'nowhere' not found"),
    });
    await expect(vici.request('terminate', { ike: 'nowhere' })).rejects.toMatchObject({
      exit: EXIT.failed,
      message: expect.stringContaining('no matching SAs to terminate found'),
    });
    await expect(vici.request('initiate', { ike: 'nowhere', child: 'net', timeout: '1000' })).rejects.toMatchObject({
      exit: EXIT.failed,
      message: expect.stringContaining("CHILD_SA config 'net' not found"),
    });
    expect(await vici.request('get-conns'), 'and goes on').toEqual({ conns: [] });
    vici.close();
  });

  it('refuses commands and events that it does not know, and goes on', async () => {
    const vici = await connect();
    await expect(vici.request('make-coffee')).rejects.toMatchObject({
      exit: EXIT.failed,
      message: 'this charon does not know the command "make-coffee"',
    });
    await expect(vici.stream('list-conns', 'coffee')).rejects.toMatchObject({
      message: 'this charon does not know the event "coffee"',
    });
    await expect(vici.listen('coffee', () => undefined)).rejects.toMatchObject({
      message: 'this charon does not know the event "coffee"',
    });
    expect(await vici.request('version')).toMatchObject({ daemon: 'charon' });
    vici.close();
  });

  it('answers requests made at once, each with its own reply', async () => {
    const vici = await connect();
    const [version, conns, sas, stats] = await Promise.all([
      vici.request('version'),
      vici.request('get-conns'),
      vici.stream('list-sas', 'list-sa'),
      vici.request('stats'),
    ]);
    expect([version['daemon'], conns, sas, 'plugins' in stats]).toEqual(['charon', { conns: [] }, [], true]);
    vici.close();
  });

  it('refuses after close, and says that it is over', async () => {
    const vici = await connect();
    await vici.listen('ike-updown', () => undefined);
    vici.close();
    await expect(vici.request('version')).rejects.toMatchObject({ exit: EXIT.failed });
    await expect(vici.listen('ike-updown', () => undefined)).rejects.toMatchObject({ exit: EXIT.failed });
    expect(await vici.ended).toMatchObject({ message: 'the connection to charon was closed' });
  });
};

describe('the fake', () => contract(async () => fakeCharon().vici));

describe('a real charon', () => {
  let pair: CharonPair;
  beforeAll(async () => {
    pair = await charonPair();
  }, 30_000);
  afterAll(() => pair?.stop());
  contract(() => connectVici(pair.a.uri));
});

/** The way there needs an interpreter on the other machine, and takes what there is. */
describe.each(['python3', 'perl', 'neither'])('a real charon on another machine, by ssh and %s', (interpreter) => {
  let pair: CharonPair | undefined;
  let sshd: Sshd;
  let machine: Machine;
  let bin: string;
  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), 'hys-bin-'));
    const programs = interpreter === 'neither' ? ['sh', 'id'] : ['sh', 'id', interpreter];
    for (const name of programs) {
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        name === 'python3' ? 'python3 -c "import sys; print(sys.executable)"' : `command -v ${name}`,
      ]);
      await symlink(stdout.trim(), join(bin, name));
    }
    sshd = await startSshd([], undefined, bin);
    machine = await connectSsh(sshd);
    if (interpreter !== 'neither') pair = await charonPair();
  }, 30_000);
  afterAll(async () => {
    await machine?.close();
    await sshd?.stop();
    await pair?.stop();
    await rm(bin, { recursive: true, force: true });
  });

  if (interpreter === 'neither') {
    it('says what to install', async () => {
      await expect(machine.vici('unix:///no/charon.vici')).rejects.toMatchObject({
        exit: EXIT.missing,
        message: expect.stringContaining('neither Python 3 nor Perl'),
        next: 'install python3 there',
      });
    });
    return;
  }

  contract(() => machine.vici(pair!.a.uri));

  it('says where charon is not running', async () => {
    await expect(machine.vici('unix:///no/charon.vici')).rejects.toMatchObject({
      exit: EXIT.missing,
      message: `charon is not running, or its vici socket is elsewhere than unix:///no/charon.vici on ${sshd.target}`,
    });
    await expect(machine.vici('tcp://127.0.0.1:1')).rejects.toMatchObject({ exit: EXIT.missing });
  });

  it('needs one login for all of it', async () => {
    expect(await sshd.logins()).toBe(1);
  });
});
