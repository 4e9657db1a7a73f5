import { describe, expect, it } from 'vitest';
import { fixture, testCloud } from '../helpers/cloud.ts';
import type { FakeFile } from '../fakes/files.ts';

/** A Cisco router that speaks BGP and a Linux one that does not; no gateway of AWS's yet. */
const SITE = fixture('lab')
  .replace('  vgw: vgw-078bcc55\n', '')
  .replace(/^.*kind: dx.*\n/m, '')
  .replaceAll('[dx-1, ', '[')
  .replace(
    'rtr-1, public_ip: 198.51.100.77, dialect: swanctl, interface: tun, wan: wan, lan: lan,',
    'rtr-1, public_ip: 198.51.100.77, dialect: ios-vti,',
  )
  .replace(
    'dialect: swanctl, interface: tun, wan: wan, lan: lan, lan_ip: 10.10.0.3, asn: 65010',
    'dialect: swanctl, interface: xfrm, wan: wan, lan: lan, lan_ip: 10.10.0.3',
  );
const INIT = 'vpn init --apply --gateway aws --yes';

const start = async (text = SITE) => {
  const cloud = await testCloud(text);
  let files: Readonly<Record<string, FakeFile | string>> = {};
  /** The folder stays between runs, as a user's does. */
  const run = async (line: string, given: Readonly<Record<string, FakeFile | string>> = files) => {
    const ran = await cloud.run(line, { files: given });
    files = ran.files;
    return ran;
  };
  const changing = async () => (await cloud.calls()).filter((call) => !/^(Describe|Get|List)/.test(call));
  const tagged = async () =>
    (
      await cloud.aws().all('ec2', 'DescribeTags', { Filters: [{ Name: 'key', Values: ['hybridctl:site'] }] }, 'Tags')
    ).map(({ ResourceId }) => ResourceId!);
  const connections = async () =>
    ((await cloud.aws().ask('ec2', 'DescribeVpnConnections', {})).VpnConnections ?? []).filter(
      ({ State }) => State !== 'deleted',
    );
  return { cloud, run, changing, tagged, connections, files: () => files };
};

describe('vpn init --apply --gateway aws', () => {
  it('refuses certificates before anything is made: AWS takes those of its own Private CA alone', async () => {
    const { run, changing } = await start(SITE.replace('psk_file: psk/vpn2', 'auth: cert'));
    const { exit, err } = await run(INIT);
    expect([exit, await changing()]).toEqual([2, []]);
    expect(err).toMatch(/tunnels\[1\]\.auth: auth: cert can't be had with AWS's end/);
  });

  it('makes it, renders both tunnels, changes nothing the second time, and destroys it', async () => {
    const { run, changing, connections, tagged, files, cloud } = await start();
    expect((await run(`${INIT.replace(' --yes', '')} --dry-run --detailed-exitcode`)).exit).toBe(3);
    expect(await changing()).toEqual([]);

    const made = await run(`${INIT} --json`);
    expect(made.exit, made.err).toBe(0);
    expect(await changing()).toEqual([
      'CreateVpnGateway',
      'AttachVpnGateway',
      'CreateCustomerGateway',
      'CreateCustomerGateway',
      'CreateVpnConnection',
      'CreateVpnConnection',
      'CreateVpnConnectionRoute',
      'EnableVgwRoutePropagation',
      'EnableVgwRoutePropagation',
    ]);
    const all = await connections();
    const tunnels = all.flatMap(({ Options }) => Options?.TunnelOptions ?? []);
    for (const { PreSharedKey, OutsideIpAddress, TunnelInsideCidr, ...rules } of tunnels) {
      expect(rules).toEqual({
        Phase1EncryptionAlgorithms: [{ Value: 'AES256-GCM-16' }],
        Phase2EncryptionAlgorithms: [{ Value: 'AES256-GCM-16' }],
        Phase1IntegrityAlgorithms: [{ Value: 'SHA2-384' }],
        Phase2IntegrityAlgorithms: [{ Value: 'SHA2-384' }],
        Phase1DHGroupNumbers: [{ Value: 20 }],
        Phase2DHGroupNumbers: [{ Value: 20 }],
        IkeVersions: [{ Value: 'ikev2' }],
        Phase1LifetimeSeconds: 28_800,
        Phase2LifetimeSeconds: 3_600,
        DpdTimeoutSeconds: 30,
        DpdTimeoutAction: 'restart',
        StartupAction: 'start',
      });
      expect(made.out + made.err).not.toContain(PreSharedKey);
      const holding = Object.entries(files()).filter(
        ([, file]) => typeof file !== 'string' && file.content.includes(PreSharedKey!),
      );
      expect(holding.length).toBe(2);
      expect(holding.every(([, file]) => typeof file !== 'string' && file.mode === 0o600)).toBe(true);
      const rendered = Object.entries(files())
        .flatMap(([path, file]) => (path.startsWith('rendered/aws/') && typeof file !== 'string' ? [file.content] : []))
        .join('\n');
      expect([rendered.includes(OutsideIpAddress!), TunnelInsideCidr!.endsWith('/30')]).toEqual([true, true]);
    }
    expect(tunnels).toHaveLength(4);
    const shown = (name: string): string =>
      Object.entries(files())
        .filter(([path]) => path.startsWith(`rendered/aws/${name}/`))
        .map(([path, file]) => `#### ${path}\n${typeof file === 'string' ? file : file.content}`)
        .join('\n');
    const still = (text: string): string =>
      tunnels.reduce(
        (rest, { PreSharedKey, OutsideIpAddress }, index) =>
          rest.replaceAll(PreSharedKey!, `KEY-${index + 1}`).replaceAll(OutsideIpAddress!, `OUTSIDE-${index + 1}`),
        text,
      );
    for (const name of ['rtr-1', 'rtr-2'])
      await expect(still(shown(name))).toMatchFileSnapshot(`../golden/procedures/managed-${name}.txt`);

    const before = await changing();
    const again = await run(INIT);
    expect([again.exit, again.out]).toEqual([0, expect.stringContaining('nothing to do')]);
    expect(await changing()).toEqual(before);

    const gone = await run('vpn destroy --yes');
    expect([gone.exit, gone.err]).toEqual([0, expect.anything()]);
    expect(await connections()).toEqual([]);
    const left = await tagged();
    const gateways = (await cloud.aws().ask('ec2', 'DescribeVpnGateways', {})).VpnGateways ?? [];
    const customers = (await cloud.aws().ask('ec2', 'DescribeCustomerGateways', {})).CustomerGateways ?? [];
    expect([...gateways, ...customers].filter(({ State }) => State !== 'deleted')).toEqual([]);
    expect(left.filter((id) => !/^(vpn|vgw|cgw)-/.test(id))).toEqual([]);
    expect((await run('vpn destroy --yes')).out).toContain('nothing to do');
  });

  it('fixes one tunnel after the other, and only what differs', async () => {
    const { run, changing, connections, cloud } = await start();
    await run(INIT);
    const [{ VpnConnectionId, Options }] = (await connections()) as [
      { VpnConnectionId: string; Options: { TunnelOptions: { OutsideIpAddress: string }[] } },
    ];
    const weak = {
      Phase1DHGroupNumbers: [{ Value: 2 }, { Value: 14 }],
      Phase2IntegrityAlgorithms: [{ Value: 'SHA1' }],
    };
    for (const { OutsideIpAddress } of Options.TunnelOptions) {
      await expect
        .poll(async () => (await connections()).find((one) => one.VpnConnectionId === VpnConnectionId)?.State)
        .toBe('available');
      await cloud.aws().ask('ec2', 'ModifyVpnTunnelOptions', {
        VpnConnectionId,
        VpnTunnelOutsideIpAddress: OutsideIpAddress,
        TunnelOptions: weak,
      });
    }
    await expect.poll(async () => (await connections()).every(({ State }) => State === 'available')).toBe(true);
    const planned = await run('vpn init --apply --gateway aws --dry-run --json');
    const steps = planned.json().applied.steps as { action: string; notes: string[] }[];
    expect(steps.filter(({ action }) => action !== 'keep').map(({ action, notes }) => [action, notes])).toEqual(
      [1, 2].map(() => [
        'change',
        ['Phase2IntegrityAlgorithms are SHA1 instead of SHA2-384', 'Phase1DHGroupNumbers are 14, 2 instead of 20'],
      ]),
    );
    const before = (await changing()).length;
    expect((await run(INIT)).exit).toBe(0);
    expect((await changing()).slice(before)).toEqual(['ModifyVpnTunnelOptions', 'ModifyVpnTunnelOptions']);
    expect((await run(INIT)).out).toContain('nothing to do');
  });

  it.each(['error', 'drop-after'] as const)(
    'takes up where a run died, at every call that changes something: %s',
    async (how) => {
      const whole = await start();
      await whole.run(INIT);
      const calls = [...new Set(await whole.changing())];
      for (const call of calls) {
        const { run, cloud, connections, tagged } = await start();
        await cloud.fault({ [call]: { break: how } });
        expect((await run(`${INIT} --keep-on-failure`)).exit, call).not.toBe(0);
        await cloud.fault({});
        const { exit, err } = await run(INIT);
        expect([exit, (await connections()).length], `${call}: ${err}`).toEqual([0, 2]);
        expect((await tagged()).length, call).toBe(new Set(await tagged()).size);
        expect((await run(INIT)).out).toContain('nothing to do');
        expect((await run('vpn destroy --yes')).exit).toBe(0);
        expect(await connections()).toEqual([]);
      }
    },
    60_000,
  );

  it('writes a runbook without a key, weak group or hash', async () => {
    const { run } = await start();
    const { out, exit, err } = await run('vpn init --apply --gateway aws --emit sh');
    expect(exit, err).toBe(0);
    await expect(out).toMatchFileSnapshot('../golden/procedures/managed-vpn.sh');
  });

  it('says what one that routes in the other way has, and leaves it', async () => {
    const { run, changing } = await start();
    await run(INIT);
    const before = await changing();
    for (const [from, to, words] of [
      [', asn: 65010', '', 'routing is by BGP instead of static, for rtr-1 has no AS number'],
      ['lan_ip: 10.10.0.3', 'lan_ip: 10.10.0.3, asn: 65010', 'AS number is 65000 instead of 65010'],
    ] as const) {
      const { exit, out, err } = await run(INIT, {
        ...(await run('vpn destroy --dry-run')).files,
        'hybridctl.yaml': SITE.replace(from, to),
      });
      expect([exit, out + err]).toEqual([expect.any(Number), expect.stringContaining(words)]);
      expect(await changing()).toEqual(before);
    }
  });

  it("uses the site's own gateway and leaves it", async () => {
    const { run, changing } = await start(fixture('lab').replaceAll('interface: tun', 'interface: xfrm'));
    expect((await run(INIT)).exit).toBe(0);
    expect(await changing()).not.toContain('CreateVpnGateway');
    expect((await run('vpn destroy --yes')).exit).toBe(0);
    expect((await changing()).filter((call) => /^(Delete|Detach)/.test(call))).toEqual([
      'DeleteVpnConnection',
      'DeleteVpnConnection',
      'DeleteCustomerGateway',
      'DeleteCustomerGateway',
    ]);
  });

  /** The VPC and its tables are the fixture's; the site is new. */
  const OWN = `${INIT} --site office.yaml --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.20.0.0/16 --router public=198.51.100.99,dialect=ios-vti,asn=65020 --router public=198.51.100.98,dialect=asa-9.7-vti`;

  it('from nothing: a site without gateways of its own, its connections, its files; again nothing; destroyed', async () => {
    const { run, changing, connections, files } = await start();
    expect((await run(`${OWN} --propagate rtb-0468f52220000000a --dry-run`)).exit).toBe(0);
    expect([files()['office.yaml'], await changing()]).toEqual([undefined, []]);
    const made = await run(`${OWN} --propagate rtb-0468f52220000000a`);
    expect(made.exit, made.err).toBe(0);
    expect([
      (await connections()).length,
      (await changing()).filter((call) => call === 'EnableVgwRoutePropagation').length,
    ]).toEqual([2, 1]);
    const text = (path: string): string => {
      const file = files()[path];
      return typeof file === 'string' ? file : (file?.content ?? '');
    };
    expect(text('office.yaml')).toMatch(
      /propagate: \[rtb-0468f52220000000a\][^]*gateways: \[\][^]*tunnels: \[\][^]*links: \[\]/,
    );
    expect([text('rendered/office/aws/rtr-1/rtr-1-bgp.ios'), text('rendered/office/aws/rtr-2/rtr-2.asa')]).toEqual([
      expect.stringContaining('router bgp 65020'),
      expect.stringContaining('interface Tunnel'),
    ]);
    const before = await changing();
    for (const line of [OWN, `${INIT} --site office.yaml`]) expect((await run(line)).out).toContain('nothing to do');
    expect(await changing()).toEqual(before);
    for (const [line, words] of [
      ['vpn render', 'nothing to render'],
      ['status', 'no tunnel and no Direct Connect'],
      ['vpn up', 'no Linux box'],
      ['vpn init --apply --yes', 'no gateway to make'],
    ]) {
      const { exit, err } = await run(`${line} --site office.yaml`);
      expect([exit, err], line).toEqual([2, expect.stringContaining(words!)]);
    }
    expect((await run('config validate office.yaml')).exit).toBe(0);
    expect((await run('vpn destroy --site office.yaml --yes')).exit).toBe(0);
    expect(await connections()).toEqual([]);
  });

  it.each([
    ['vpn init --gateway aws', SITE, '--apply'],
    [`${INIT} --gateway az=a,private=10.0.0.1,public=1.2.3.4`, SITE, 'aws stands alone'],
    [`${INIT} --network 10.77.0.0/16`, SITE, 'add --force'],
    [`${INIT} --example lab`, SITE, 'gateways of its own'],
    ['vpn init --propagate rtb-0468f52220000000a', SITE, '--gateway aws'],
    [INIT, SITE.replace('crypto: modern', 'crypto: legacy'), 'crypto: modern'],
    [INIT, fixture('lab'), 'onprem.routers'],
  ])('%s: refused, and nothing is asked of the cloud', async (line, site, words) => {
    const { run, changing } = await start();
    const { exit, err } = await run(line, {
      'hybridctl.yaml': site,
      'psk/bgp': { content: 'bgp.Key.0123456789', mode: 0o600 },
    });
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
    expect(await changing()).toEqual([]);
  });
});
