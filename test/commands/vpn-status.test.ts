import { describe, expect, it } from 'vitest';
import { EXIT, missing } from '../../src/lib/core/errors.ts';
import { fakeShell } from '../fakes/shell.ts';
import { fakeCharon, type FakeCharon } from '../fakes/vici.ts';
import { run } from '../helpers/run.ts';

const sa = (peer: string) => ({
  version: '2',
  state: 'ESTABLISHED',
  'local-host': '172.16.1.157',
  'remote-host': peer,
  'remote-id': peer,
  initiator: 'yes',
  'nat-any': 'yes',
  established: '7300',
  'child-sas': {
    'net-1': {
      name: 'net',
      state: 'INSTALLED',
      encap: 'yes',
      'encr-alg': 'AES_GCM_16',
      'encr-keysize': '256',
      'bytes-in': '1400',
      'packets-in': '9',
      'use-in': '2',
      'bytes-out': '9',
      'packets-out': '1',
      'use-out': '70',
      'install-time': '7300',
      'rekey-time': '1800',
    },
  },
});

const charon = async (up: readonly string[], loaded: readonly string[] = ['vpn1', 'vpn2']): Promise<FakeCharon> => {
  const fake = fakeCharon();
  for (const [index, name] of loaded.entries()) {
    await fake.vici.request('load-conn', {
      [name]: {
        version: '2',
        local_addrs: ['172.16.1.157'],
        remote_addrs: [`198.51.100.${index + 1}`],
        children: { net: {} },
      },
    });
    if (up.includes(name)) fake.sas.set(name, sa(`198.51.100.${index + 1}`));
  }
  return fake;
};

const LOG = '2026-11-20T16:11:32 06[IKE] <vpn2|2> received AUTHENTICATION_FAILED notify error\n';
const tail = fakeShell({ tail: () => LOG });

describe('vpn status', () => {
  it('exits 0 when every tunnel is established, and shows them', async () => {
    const fake = await charon(['vpn1', 'vpn2']);
    const ran = await run('vpn status', { ports: { vici: async () => fake.vici } });
    expect(ran).toMatchObject({ exit: EXIT.ok, err: '' });
    expect(ran.out).toMatchInlineSnapshot(`
      "TUNNEL  STATE        SINCE  PEER                IN             OUT         REKEY IN  REAUTH IN  ESP
      vpn1    established  2h01m  198.51.100.1 NAT-T  1.4 kB 2s ago  9 B 1m ago  30m       -          AES_GCM_16-256 (kernel)
      vpn2    established  2h01m  198.51.100.2 NAT-T  1.4 kB 2s ago  9 B 1m ago  30m       -          AES_GCM_16-256 (kernel)

      2 of 2 established
      "
    `);
    expect(fake.closed, 'the socket is given back').toBe(true);
  });

  it('exits 1 when one is down, with what failed last', async () => {
    const fake = await charon(['vpn1']);
    const ran = await run('vpn status --log charon.log', {
      files: { 'charon.log': LOG },
      ports: { vici: async () => fake.vici, shell: tail },
    });
    expect(ran.exit).toBe(EXIT.failed);
    expect(ran.out).toContain('vpn2: the peer rejected us (IKE), 2026-11-20T16:11:32\n  why ');
    expect(ran.out).toContain('1 of 2 established');
  });

  it('selects tunnels, and refuses a name that is none', async () => {
    const fake = await charon(['vpn1']);
    const ports = { vici: async () => fake.vici };
    expect((await run('vpn status --tunnel vpn1', { ports })).exit).toBe(EXIT.ok);
    fake.closed = false;
    expect((await run('vpn status --tunnel vpn2/net', { ports })).exit).toBe(EXIT.failed);
    fake.closed = false;
    expect(await run('vpn status --tunnel vpn3', { ports })).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('--tunnel: no tunnel is called "vpn3"\n  next: it is one of: vpn1, vpn2'),
    });
  });

  it('has one shape under --json: what charon does not say is null', async () => {
    const fake = await charon(['vpn1']);
    const { tunnels, ...rest } = (
      await run('vpn status --json --log charon.log', {
        files: { 'charon.log': LOG },
        ports: { vici: async () => fake.vici, shell: tail },
      })
    ).json();
    expect(rest).toEqual({
      version: 1,
      established: 1,
      total: 2,
      daemons: [{ uri: 'unix:///var/run/charon.vici', version: '5.9.8', log: 'charon.log' }],
      failures: [],
    });
    expect(Object.keys(tunnels[0]).sort()).toEqual(Object.keys(tunnels[1]).sort());
    expect(tunnels[1]).toMatchObject({
      state: 'down',
      establishedForSeconds: null,
      in: null,
      failure: { id: 'authentication', recovered: false, peer: null },
    });
    expect(tunnels[0]).toMatchObject({
      state: 'established',
      establishedForSeconds: 7300,
      in: { bytes: 1400, packets: 9, lastAgeSeconds: 2 },
      failure: null,
    });
  });

  it('is not content with a charon that has nothing loaded', async () => {
    const fake = await charon([], []);
    expect(await run('vpn status', { ports: { vici: async () => fake.vici } })).toMatchObject({
      exit: EXIT.failed,
      out: expect.stringContaining('no tunnel loaded'),
    });
  });

  it('asks several daemons, each with its own log', async () => {
    const fakes: Record<string, FakeCharon> = {
      'unix:///a': await charon(['vpn1'], ['vpn1']),
      'unix:///b': await charon(['vpn9'], ['vpn9']),
    };
    const asked: string[] = [];
    const ports = { vici: async (uri: string) => (asked.push(uri), fakes[uri]!.vici) };
    const ran = await run('vpn status --uri unix:///a --uri unix:///b --json', { ports });
    expect([ran.exit, asked, ran.json().tunnels.map((each: any) => [each.uri, each.name])]).toEqual([
      0,
      ['unix:///a', 'unix:///b'],
      [
        ['unix:///a', 'vpn1'],
        ['unix:///b', 'vpn9'],
      ],
    ]);
    expect(await run('vpn status --uri unix:///a --log one --log two', { ports })).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('2 logs for 1 daemons'),
    });
  });

  it('takes the socket from the environment, and reads the journal of the system daemon alone', async () => {
    const fake = await charon(['vpn1', 'vpn2']);
    const shell = fakeShell({ journalctl: () => LOG });
    const asked: string[] = [];
    const ports = { shell, vici: async (uri: string) => (asked.push(uri), (fake.closed = false), fake.vici) };
    const own = await run('vpn status --json', { ports, env: {} });
    expect(own.json()).toMatchObject({
      daemons: [{ log: 'journal' }],
      tunnels: [{ failure: null }, { failure: { id: 'authentication' } }],
    });
    const other = await run('vpn status --json --uri tcp://127.0.0.1:4502', { ports });
    expect(other.json()).toMatchObject({ daemons: [{ log: null }], tunnels: [{ failure: null }, { failure: null }] });
    expect(asked).toEqual(['unix:///var/run/charon.vici', 'tcp://127.0.0.1:4502']);
  });

  it('passes on that charon is not there, and that a log is not there', async () => {
    const gone = await run('vpn status', {
      ports: { vici: async () => Promise.reject(missing('charon is not running', { next: 'start it' })) },
    });
    expect(gone).toMatchObject({
      exit: EXIT.missing,
      out: '',
      err: 'hybridctl: charon is not running\n  next: start it\n',
    });
    const fake = await charon([]);
    expect(await run('vpn status --log none.log', { ports: { vici: async () => fake.vici } })).toMatchObject({
      exit: EXIT.usage,
      err: expect.stringContaining('none.log: no such file'),
    });
  });
});
