import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files } from '../../../../src/lib/adapters/files.ts';
import type { RunCall } from '../../../../src/lib/core/procedure.ts';
import { clock } from '../../../../src/lib/adapters/clock.ts';
import { daemonOf } from '../../../../src/lib/procedures/vpn-host/daemon.ts';
import { isTooBusy } from '../../../../src/lib/drill/judge.ts';
import { renderLoaded } from '../../../../src/lib/procedures/render-files.ts';
import { loadSite } from '../../../../src/lib/site/file.ts';
import { until } from '../../../helpers/charon-pair.ts';
import { cable, elasticIp, makeSpace, startCharon, type Charon, type Space } from '../../../helpers/charon.ts';
import { pkiSite, type PkiSite } from '../../../helpers/pki.ts';
import { MEASURED } from '../../../lab/lab.ts';

const exec = promisify(execFile);

const SITE = `version: 1
site: demo
cloud: { region: cn-north-1, cidr: 172.16.0.0/16 }
gateways:
  - { name: gw-1, az: cn-north-1a, private_ip: 172.16.1.157, public_ip: 203.0.113.11, interface: tun }
onprem:
  networks: [10.10.0.0/16]
  routers:
    - { name: rtr-1, public_ip: 198.51.100.77, dialect: swanctl, interface: tun, wan: eth0, lan: lan }
tunnels:
  - { name: vpn1, gateway: gw-1, router: rtr-1, inside: 169.254.100.0/30, auth: cert }
links:
  - { name: vpn-a, kind: vpn, tunnel: vpn1 }
`;

/** A gateway behind an Elastic IP and an on-prem box, each with its rendered files and a real charon. */
describe('two boxes with certificates of the site’s CA', () => {
  const tag = `hyr-${randomBytes(3).toString('hex')}`;
  const spaces: Record<'gw' | 'net' | 'rtr', Space> = {} as never;
  const charons: Record<'gw-1' | 'rtr-1', Charon> = {} as never;
  let pki: PkiSite;

  const filesOf = async (device: string) => {
    const ports = { files, cwd: pki.folder, clock };
    const { devices, credentials } = await renderLoaded(ports, await loadSite(ports, 'hybridctl.yaml'));
    return { own: devices.find((one) => one.device === device)!.files, credentials };
  };
  /** As "vpn up" does: every file, then the daemon's own calls. */
  const call = async (device: 'gw-1' | 'rtr-1', { file, args }: RunCall): Promise<void> =>
    void (await exec(file, [...args], { env: charons[device].env }));
  const daemon = (device: 'gw-1' | 'rtr-1') => daemonOf({ dialect: 'swanctl', uri: charons[device].uri });
  const deploy = async (device: 'gw-1' | 'rtr-1'): Promise<void> => {
    const { own } = await filesOf(device);
    const { root } = charons[device];
    await files.write([
      ...own.map(({ path, content, mode }) => ({ path: join(root, path), content, mode })),
      { path: join(root, 'etc/swanctl/swanctl.conf'), content: 'include conf.d/*.conf\n', mode: 0o600 },
    ]);
    for (const each of daemon(device).load({
      tunnels: ['vpn1'],
      begins: [],
      files: own.map((file) => ({ ...file, path: `/${file.path}` })),
    }))
      await call(device, each);
  };
  const sas = () => charons['gw-1'].swanctl('--list-sas');
  const passes = (): Promise<boolean> =>
    spaces.gw.run('ping', '-c', '1', '-W', '1', '-I', '169.254.100.2', '169.254.100.1').then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    pki = await pkiSite(SITE, 'demo');
    for (const line of ['vpn pki init', 'vpn pki issue']) expect(await pki.run(line)).toMatchObject({ exit: 0 });
    for (const name of ['gw', 'net', 'rtr'] as const) spaces[name] = await makeSpace(`${tag}-${name}`);
    const { gw, net, rtr } = spaces;
    await cable(gw, 'eth0', '172.16.1.157/24', net, 'vpc', '172.16.1.1/24');
    await cable(net, 'isp', '198.51.100.1/24', rtr, 'eth0', '198.51.100.77/24');
    await gw.run('ip', 'route', 'add', 'default', 'via', '172.16.1.1');
    await rtr.run('ip', 'route', 'add', 'default', 'via', '198.51.100.1');
    await elasticIp(net, '203.0.113.11', '172.16.1.157');
    for (const [space, device] of [
      [rtr, 'rtr-1'],
      [gw, 'gw-1'],
    ] as const) {
      charons[device] = await startCharon(space, (await filesOf(device)).own);
      await space.run('sysctl', '-q', '-p', `${charons[device].root}/etc/sysctl.d/90-hybridctl.conf`);
      await deploy(device);
      await space.run(`${charons[device].root}/usr/local/lib/hybridctl/tunnels`, 'up');
    }
  }, 60_000);
  afterAll(async () => {
    for (const charon of Object.values(charons)) await charon.stop();
    for (const space of Object.values(spaces)) await space.remove();
    await pki.remove();
  });

  it('come up, each by its own key, and carry packets', async () => {
    await until('the tunnel carries', passes);
    expect(await sas()).toContain('ESTABLISHED, IKEv2');
    expect(charons['rtr-1'].log()).toMatch(/authentication of '203\.0\.113\.11' with ECDSA\S* successful/);
    expect(charons['gw-1'].log()).toMatch(/authentication of '198\.51\.100\.77' with ECDSA\S* successful/);
  });

  it('are renewed, both, without one lost packet of a stream', MEASURED, async () => {
    const own = monitorEventLoopDelay({ resolution: 5 });
    own.enable();
    const before = (await pki.run('vpn pki status --json')).json().certificates;
    await delay(200);
    const stream = spawn('ip', [
      'netns',
      'exec',
      spaces.gw.name,
      'ping',
      '-q',
      '-c',
      '500',
      '-i',
      '0.01',
      '-W',
      '2',
      '-I',
      '169.254.100.2',
      '169.254.100.1',
    ]);
    let said = '';
    stream.stdout.on('data', (chunk) => (said += String(chunk)));
    const ended = new Promise((resolve) => stream.once('close', resolve));
    expect(await pki.run('vpn pki issue --renew')).toMatchObject({ exit: 0 });
    const since = charons['rtr-1'].log().length;
    await deploy('rtr-1');
    await deploy('gw-1');
    await call('gw-1', daemon('gw-1').renew!('vpn1'));
    await until('the new certificates are in use', async () =>
      /authentication of '203\.0\.113\.11' with ECDSA/.test(charons['rtr-1'].log().slice(since)),
    );
    // The old association is deleted 10 s after the new one is up (strongSwan, unique = replace).
    await until('the old association is gone', async () => (await sas()).match(/ESTABLISHED/g)?.length === 1, 20_000);
    // All of it happened while the stream ran.
    expect(said).not.toContain('transmitted');
    await ended;
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(said)!.map(Number);
    expect(sent).toBe(500);
    own.disable();
    // A loss on a machine that stood still says nothing of the renewal.
    if (received !== sent && isTooBusy(own.max / 1e6)) throw new Error(`INVALID: machine too busy: ${said}`);
    expect([received, said]).toEqual([sent, said]);
    const after = (await pki.run('vpn pki status --json')).json().certificates;
    for (const [at, { serial }] of before.entries()) expect(after[at].serial).not.toBe(serial);
  });

  it('a revoked peer is refused once the list is there, and let in again with a new certificate', async () => {
    expect(await pki.run('vpn pki revoke rtr-1 --yes')).toMatchObject({ exit: 0 });
    expect((await filesOf('gw-1')).credentials.revoked).toEqual(['rtr-1']);
    await deploy('gw-1');
    // What the revoked certificate brought up is ended, as "vpn up" does after a new list.
    await call('gw-1', daemon('gw-1').end('vpn1'));
    const initiate = () => charons['gw-1'].swanctl('--initiate', '--child', 'vpn1', '--timeout', '5');
    await expect(initiate()).rejects.toThrow();
    await expect(charons['rtr-1'].swanctl('--initiate', '--child', 'vpn1', '--timeout', '5')).rejects.toThrow();
    expect(charons['gw-1'].log()).toContain('certificate was revoked on');
    expect(await passes()).toBe(false);
    expect(await pki.run('vpn pki issue rtr-1')).toMatchObject({ exit: 0 });
    await deploy('rtr-1');
    await initiate();
    await until('the tunnel carries again', passes);
  }, 60_000);

  it('without the list nobody is let in: what can not be looked up is not taken for good', async () => {
    const { root } = charons['gw-1'];
    await rm(join(root, 'etc/swanctl/x509crl/hybridctl-demo.pem'));
    await call('gw-1', daemon('gw-1').end('vpn1'));
    await charons['gw-1'].swanctl('--load-creds', '--clear', '--noprompt');
    await expect(charons['gw-1'].swanctl('--initiate', '--child', 'vpn1', '--timeout', '5')).rejects.toThrow();
    expect(charons['gw-1'].log()).toMatch(/constraint check failed|certificate status/);
  });
});
