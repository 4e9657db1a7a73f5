import { describe, expect, it } from 'vitest';
import { interrupted } from '../../src/lib/core/errors.ts';
import type { Clock } from '../../src/lib/core/ports.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const CONNECTION = 'dxcon-fg5678gh';
const PASSWORD = 'bgp.Key.0123456789';
/** The lab's site, whose partner has made the connection and waits for a yes. */
const SITE = fixture('lab').replace(
  'kind: dx, router: rtr-1,',
  `kind: dx, router: rtr-1, connection: ${CONNECTION}, bgp_password_file: psk/bgp,`,
);
const FILES = {
  'psk/bgp': { content: PASSWORD, mode: 0o600 },
  'psk/vpn1': { content: 'a.key.of.vpn1.0123456789', mode: 0o600 },
  'psk/vpn2': { content: 'a.key.of.vpn2.0123456789', mode: 0o600 },
};

const start = async (site = SITE) => {
  const cloud = await testCloud(site);
  const run = (line: string, env: Record<string, string> = {}) => cloud.run(line, { files: FILES, env });
  const changing = async () => (await cloud.calls()).filter((call) => !/^(Describe|Get|List)/.test(call));
  const vif = async () =>
    (await cloud.aws().ask('directconnect', 'DescribeVirtualInterfaces', {})).virtualInterfaces ?? [];
  return { cloud, run, changing, vif };
};

describe('dx vif', () => {
  it.each([
    [2_147_483_646, { asn: 2_147_483_646 }],
    [2_147_483_647, { asn: undefined }],
    [4_200_000_010, { asn: undefined }],
  ])('an AS number of %d is sent where the API takes it, and is what is there', async (asn, shown) => {
    const { run, vif, changing } = await start(SITE.replaceAll('asn: 65010', `asn: ${asn}`));
    expect(await run('dx vif create dx-1 --yes')).toMatchObject({ exit: 0 });
    const [one] = await vif();
    expect({ asn: one?.asn, asnLong: one?.asnLong }).toEqual({ ...shown, asnLong: asn });
    const calls = (await changing()).length;
    expect((await run('dx vif create dx-1 --yes')).out).toContain('nothing to do');
    expect(await changing()).toHaveLength(calls);
  });

  it('accepts, creates, lets the tables follow, and the second time does nothing', async () => {
    const { cloud, run, changing, vif } = await start();
    const before = await run('dx vif status');
    expect([before.exit, before.out]).toEqual([1, expect.stringContaining('hybridctl dx vif accept dx-1')]);
    expect((await run('dx vif create dx-1 --dry-run --detailed-exitcode')).exit).toBe(3);
    expect(await changing()).toEqual([]);

    const made = await run('dx vif create dx-1 --yes --json');
    expect([made.exit, made.err.includes(PASSWORD) || made.out.includes(PASSWORD)]).toEqual([0, false]);
    expect(made.json().steps.map(({ key, action }: { key: string; action: string }) => `${action} ${key}`)).toEqual([
      'change dxcon/dx-1',
      'make vif/dx-1',
      'keep propagation/private-1',
      'keep propagation/private-2',
    ]);
    const [one] = await vif();
    expect(one).toMatchObject({
      connectionId: CONNECTION,
      vlan: 100,
      asn: 65010,
      customerAddress: '169.254.10.1/30',
      amazonAddress: '169.254.10.2/30',
      authKey: PASSWORD,
      virtualGatewayId: 'vgw-078bcc55',
      mtu: 1500,
      tags: expect.arrayContaining([{ key: 'hybridctl:site', value: 'demo' }]),
    });
    expect(await changing()).toEqual(['ConfirmConnection', 'CreatePrivateVirtualInterface']);

    expect((await run('dx vif create --yes')).out).toContain('nothing to do');
    expect((await run('dx vif accept --yes')).out).toContain('nothing to do');
    expect(await changing()).toHaveLength(2);

    cloud.cloud.setPropagated('vgw-078bcc55', []);
    const down = await run('dx vif status --json');
    expect([down.exit, down.json().links[0].state]).toEqual([1, 'down']);
    cloud.cloud.setPropagated('vgw-078bcc55', ['10.10.0.0/16']);
    const up = await run('dx vif status --json');
    expect([up.exit, up.json().links[0]]).toEqual([
      0,
      {
        link: 'dx-1',
        connection: CONNECTION,
        connectionState: 'available',
        vif: one!.virtualInterfaceId,
        state: 'available',
        bgp: 'up',
        vlan: 100,
        differences: [],
        notPropagating: [],
      },
    ]);
    expect(await (await fetch(`${cloud.url}/_lab/state`)).text()).not.toContain(PASSWORD);
  });

  it("takes the key that Direct Connect made into the router's file, once, and never another's", async () => {
    const bare = SITE.replace(' bgp_password_file: psk/bgp,', '');
    const { cloud, run, vif } = await start(bare);
    const none = await run('dx vif key');
    expect([none.exit, none.err]).toEqual([1, expect.stringContaining('hybridctl dx vif create dx-1')]);
    const made = await run('dx vif create dx-1 --yes');
    expect(made.err).toContain('"hybridctl dx vif key dx-1" takes it into the file of rtr-1');
    const key = (await vif())[0]!.authKey!;
    expect((await run('dx vif key dx-1 --dry-run --detailed-exitcode')).exit).toBe(3);

    const taken = await run('dx vif key --json');
    expect([taken.exit, taken.out.includes(key), taken.err.includes(key)]).toEqual([0, false, false]);
    expect(taken.json().files.map(({ path, mode }: { path: string; mode: string }) => `${mode} ${path}`)).toEqual([
      '0600 psk/bgp-dx-1',
      '0644 hybridctl.yaml',
      '0600 rendered/rtr-1/etc/frr/frr.conf',
      '0644 psk/.gitignore',
      '0644 rendered/.gitignore',
    ]);
    expect(taken.files['psk/bgp-dx-1']).toEqual({ content: `${key}\n`, mode: 0o600 });
    expect(taken.files['hybridctl.yaml']!.content).toContain('bgp_password_file: psk/bgp-dx-1');
    expect(taken.files['rendered/rtr-1/etc/frr/frr.conf']!.content).toContain(`neighbor 169.254.10.2 password ${key}`);

    const files = { ...FILES, ...taken.files };
    expect((await cloud.run('dx vif key', { files })).out).toContain('has the key of dx-1 already');
    const other = await cloud.run('dx vif key', {
      files: { ...FILES, 'psk/bgp-dx-1': { content: PASSWORD, mode: 0o600 } },
    });
    expect([other.exit, other.err]).toEqual([2, expect.stringContaining('holds another key than Direct Connect')]);
  });

  it('accepts alone, and makes nothing', async () => {
    const { run, changing } = await start();
    expect((await run('dx vif accept --yes')).exit).toBe(0);
    expect(await changing()).toEqual(['ConfirmConnection']);
  });

  it('destroys what it made and leaves the connection', async () => {
    const { run, vif } = await start();
    await run('dx vif create --yes');
    expect((await run('dx vif destroy')).exit).toBe(2);
    expect((await run('dx vif destroy --yes')).exit).toBe(0);
    expect(await vif()).toEqual([]);
    expect((await run('dx vif destroy --yes')).out).toContain('nothing to do');
  });

  it('writes a runbook without the password', async () => {
    const { run, changing } = await start();
    const { out } = await run('dx vif create --emit sh');
    expect(out).not.toContain(PASSWORD);
    await expect(out).toMatchFileSnapshot('../golden/procedures/dx-vif.sh');
    expect(await changing()).toEqual([]);
  });

  it('never changes a session in place: what differs is for a person', async () => {
    const { cloud, run } = await start();
    await run('dx vif create --yes');
    const other = SITE.replace('inside: 169.254.10.0/30', 'inside: 169.254.20.0/30');
    const { exit, err } = await cloud.run('dx vif create --yes', { files: { ...FILES, 'hybridctl.yaml': other } });
    expect([exit, err]).toEqual([1, expect.stringContaining('169.254.10.1/30')]);
  });

  it.each([
    ['dx vif create dx-9', SITE, 'no Direct Connect link is called dx-9'],
    ['dx vif create', fixture('lab'), 'links.dx-1.connection'],
    ['dx vif create', SITE.replace('  vgw: vgw-078bcc55\n', ''), 'cloud.vgw'],
    ['dx vif create', SITE, '--yes'],
  ])('%s: refused with the field and the fix', async (line, site, field) => {
    const { cloud } = await start();
    const { exit, err } = await cloud.run(line, { files: { ...FILES, 'hybridctl.yaml': site } });
    expect([exit, err]).toEqual([2, expect.stringContaining(field)]);
  });

  it('says which connection is not there, and which permission is missing', async () => {
    const { cloud, run } = await start();
    const { exit, err } = await cloud.run('dx vif accept --yes', {
      files: { ...FILES, 'hybridctl.yaml': SITE.replace(CONNECTION, 'dxcon-aaaaaaaa') },
    });
    expect([exit, err]).toEqual([1, expect.stringContaining('dxcon-aaaaaaaa')]);
    await cloud.fault({ ConfirmConnection: { break: 'error', code: 'AccessDeniedException', status: 400 } });
    const denied = await run('dx vif accept --yes');
    expect([denied.exit, denied.err]).toEqual([4, expect.stringContaining('directconnect:ConfirmConnection')]);
  });
});

describe('dx vif waits', () => {
  /** A clock that only waiting moves: `abortAt` ms into it somebody presses Ctrl-C. */
  const waiting = (abortAt = Number.POSITIVE_INFINITY) => {
    const controller = new AbortController();
    const from = Date.now();
    let now = from;
    return {
      signal: controller.signal,
      passed: () => now - from,
      clock: {
        now: () => now,
        sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
          now += ms;
          if (now - from >= abortAt) controller.abort();
          if (signal?.aborted === true) throw interrupted();
        },
      },
    };
  };
  /** In the same time as who waits: looks that are 10 s apart are no crowd, which the endpoint would throttle. */
  const slow = ({ now }: Pick<Clock, 'now'>) =>
    testCloud(SITE, { times: { startMs: 3_600_000 }, clock: { now, sleep: () => new Promise(() => undefined) } });
  const connection = async (cloud: Awaited<ReturnType<typeof slow>>) =>
    (await cloud.aws().ask('directconnect', 'DescribeConnections', { connectionId: CONNECTION })).connections![0]!
      .connectionState;

  it('until the connection is available, a quarter of an hour at most', async () => {
    const { clock, signal, passed } = waiting();
    const cloud = await slow(clock);
    const { exit, err } = await cloud.run('dx vif accept --yes', { files: FILES, ports: { clock, signal } });
    expect([exit, err]).toEqual([1, expect.stringContaining('the connection is pending after 900 s')]);
    expect(err).toContain('run the same again');
    expect(passed()).toBeLessThanOrEqual(900_000);
    expect(passed()).toBeGreaterThan(890_000);
  });

  it('or until Ctrl-C: what was accepted stays so, and the next run goes on from there', async () => {
    const { clock, signal } = waiting(30_000);
    const cloud = await slow(clock);
    expect((await cloud.run('dx vif create --yes', { files: FILES, ports: { clock, signal } })).exit).toBe(130);
    expect(await connection(cloud)).toBe('pending');
    expect((await cloud.run('dx vif create --dry-run', { files: FILES })).out).toContain('the connection is pending');
    expect((await cloud.calls()).filter((call) => call.startsWith('C'))).toEqual(['ConfirmConnection']);
  });

  it('for what does not show yet: an interface that was just made is not made again', async () => {
    const { cloud, run, vif } = await start();
    await run('dx vif accept --yes');
    await cloud.fault({ DescribeVirtualInterfaces: { stale_ms: 600 } });
    expect((await run('dx vif create --yes')).exit).toBe(0);
    await cloud.fault({});
    expect(await vif()).toHaveLength(1);
  });

  it.each([
    [
      'a connection of another account',
      {
        DescribeConnections: {
          break: 'error',
          code: 'DirectConnectClientException',
          message: 'Connection ID dxcon-fg5678gh not found.',
          status: 400,
        },
      },
      1,
      'there is no connection dxcon-fg5678gh in cn-north-1',
    ],
    [
      'no permission to read it',
      { DescribeConnections: { break: 'error', code: 'AccessDeniedException', status: 400 } },
      4,
      'directconnect:DescribeConnections',
    ],
    [
      'no permission to make it',
      { CreatePrivateVirtualInterface: { break: 'error', code: 'AccessDeniedException', status: 400 } },
      4,
      'directconnect:CreatePrivateVirtualInterface',
    ],
    [
      'throttling without end',
      { DescribeConnections: { break: 'error', code: 'ThrottlingException', status: 400 } },
      1,
      'Direct Connect throttles directconnect:DescribeConnections',
    ],
  ] as const)('%s is told', async (_what, fault, exit, words) => {
    const { cloud, run } = await start();
    await cloud.fault(fault);
    const ran = await run('dx vif create --yes');
    expect([ran.exit, ran.err]).toEqual([exit, expect.stringContaining(words)]);
  });
});

describe('dx render', () => {
  it("writes the routers' half and nothing of the tunnels", async () => {
    const { run } = await start();
    const { exit, files } = await run('dx render');
    expect([exit, Object.keys(files).filter((path) => path.startsWith('rendered/'))]).toEqual([
      0,
      ['rendered/rtr-1/etc/frr/frr.conf'],
    ]);
    expect((await run('dx render --dry-run --detailed-exitcode')).exit).toBe(3);
  });
});
