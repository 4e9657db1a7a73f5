import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { FaultsInput } from '../../src/lib/cloud/faults.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

/**
 * The lab's site: the first table is the production subnet's, the second only follows the VGW and is the utility
 * instance's.
 */
const SITE = fixture('lab')
  .replace('links: [dx-1, vpn-a, vpn-b] }', 'links: [dx-1, vpn-a, vpn-b], mode: override }')
  .replace('links: [dx-1, vpn-b, vpn-a] }', 'links: [dx-1] }');
const [TABLE, GATEWAY] = ['rtb-0468f52220000000a', 'eni-023fbd87a1b2c3d4e'];
const PACKAGE = `--package s3://tools/hybridctl-0.1.0.tgz --sha256 ${'0a'.repeat(32)}`;

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

const start = async (text = SITE) => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-'));
  folders.push(folder);
  writeFileSync(join(folder, 'hybridctl.yaml'), text);
  const cloud = await testCloud(text, { times: { terminateMs: 5, startMs: 5 } });
  cloud.cloud.setPropagated('vgw-078bcc55', ['10.10.0.0/16']);
  const aws = cloud.aws();
  const subnets = (await aws.ask('ec2', 'DescribeSubnets', {})).Subnets ?? [];
  const [production, utility] = ['172.16.11.0/24', '172.16.12.0/24'].map(
    (network) => subnets.find(({ CidrBlock }) => CidrBlock === network)!.SubnetId!,
  ) as [string, string];
  const run = (line: string) =>
    cloud.run(`localzone ${line}`, { ports: { files, shell, cwd: folder, env: { HOME: folder } } });
  const init = (more = '--yes') => run(`init --subnet ${utility} ${PACKAGE} ${more}`);
  const changing = async () => (await cloud.calls()).filter((call) => !/^(Describe|Get|List)/.test(call));
  const state = async () => {
    const tags =
      (await aws.ask('ec2', 'DescribeTags', { Filters: [{ Name: 'key', Values: ['hybridctl:key'] }] })).Tags ?? [];
    const instances =
      (
        await aws.ask('ec2', 'DescribeInstances', {
          Filters: [{ Name: 'tag:hybridctl:key', Values: ['instance/utility'] }],
        })
      ).Reservations ?? [];
    const alive = instances.flatMap(({ Instances = [] }) => Instances).filter(({ State }) => State?.Name === 'running');
    return {
      tags: tags
        .filter(({ ResourceType }) => ResourceType === 'key-pair' || ResourceType === 'security-group')
        .map(({ Value }) => Value!)
        .sort(),
      alive,
    };
  };
  const routes = async () =>
    ((await aws.ask('ec2', 'DescribeRouteTables', { RouteTableIds: [TABLE] })).RouteTables?.[0]?.Routes ?? []).filter(
      ({ Origin }) => Origin === 'CreateRoute',
    );
  const override = () =>
    aws.ask('ec2', 'CreateRoute', {
      RouteTableId: TABLE,
      DestinationCidrBlock: '10.10.0.0/16',
      NetworkInterfaceId: GATEWAY,
    });
  return { cloud, aws, run, init, changing, state, routes, override, folder, production, utility };
};

const MADE = [
  'CreateRole',
  'PutRolePolicy',
  'CreateInstanceProfile',
  'AddRoleToInstanceProfile',
  'ImportKeyPair',
  'CreateSecurityGroup',
  'AuthorizeSecurityGroupIngress',
  'RunInstances',
];

describe('localzone init and destroy', () => {
  it('makes all, the second time nothing, and leaves nothing', async () => {
    const { aws, run, init, changing, state, folder } = await start();
    expect((await init('--dry-run --detailed-exitcode')).exit).toBe(3);
    expect(await changing()).toEqual([]);

    const made = await init('--admin 10.10.0.0/16 --yes --json -q');
    expect([made.exit, made.err]).toEqual([0, '']);
    expect(await changing()).toEqual(MADE);
    const key = join(folder, '.ssh/hybridctl-demo-utility');
    expect([statSync(key).mode & 0o777, statSync(join(folder, '.ssh')).mode & 0o777]).toEqual([0o600, 0o700]);
    const {
      alive: [instance],
      tags,
    } = await state();
    expect(tags).toEqual(['key-pair/utility', 'security-group/utility']);
    expect(instance).toMatchObject({
      InstanceType: 't3.medium',
      KeyName: 'hybridctl-demo-utility',
      PrivateIpAddress: expect.stringMatching(/^172\.16\.12\./),
    });
    expect(instance!.PublicIpAddress).toBeUndefined();
    const { PolicyDocument } = await aws.ask('iam', 'GetRolePolicy', {
      RoleName: 'hybridctl-demo-utility',
      PolicyName: 'hybridctl-demo-utility',
    });
    await expect(
      `${JSON.stringify(JSON.parse(decodeURIComponent(PolicyDocument!)), undefined, 2)}\n`,
    ).toMatchFileSnapshot('../golden/localzone/policy.json');

    const again = await init('--admin 10.10.0.0/16 --yes');
    expect([again.exit, again.out]).toEqual([0, expect.stringContaining('nothing to do')]);
    expect(await changing()).toEqual(MADE);

    expect((await run('destroy')).exit).toBe(2);
    const gone = await run('destroy --yes');
    expect([gone.exit, gone.out]).toEqual([0, expect.stringContaining('6 done')]);
    expect((await changing()).slice(MADE.length)).toEqual([
      'TerminateInstances',
      'DeleteSecurityGroup',
      'DeleteKeyPair',
      'RemoveRoleFromInstanceProfile',
      'DeleteInstanceProfile',
      'DeleteRolePolicy',
      'DeleteRole',
    ]);
    expect(await state()).toEqual({ tags: [], alive: [] });
    expect((await run('destroy --yes')).out).toContain('nothing to do');
    expect(readFileSync(key, 'utf8')).toContain('OPENSSH PRIVATE KEY');
    expect((await run('destroy --yes --purge-key')).exit).toBe(0);
    expect(() => statSync(key)).toThrow();
  });

  it('keeps the private key here: in no call, plan or runbook', async () => {
    const { cloud, init, folder } = await start();
    const plan = await init('--emit sh');
    await expect(
      plan.out.replaceAll(folder, '/root').replace(/subnet-[0-9a-f]+/g, 'subnet-0a1b2c3d'),
    ).toMatchFileSnapshot('../golden/localzone/init.sh');
    await init();
    const secret = readFileSync(join(folder, '.ssh/hybridctl-demo-utility'), 'utf8').split('\n')[2]!;
    expect((await (await fetch(`${cloud.url}/_lab/state`)).text()).includes(secret)).toBe(false);
  });

  it("takes its monitor's routes away, after the instance, and nobody else's", async () => {
    const { aws, run, init, changing, routes, override } = await start();
    await init();
    await override();
    await aws.ask('ec2', 'CreateRoute', {
      RouteTableId: TABLE,
      DestinationCidrBlock: '10.99.0.0/16',
      NetworkInterfaceId: GATEWAY,
    });
    const { exit, err } = await run('destroy --yes');
    expect([exit, err]).toEqual([0, expect.not.stringContaining('all that carries')]);
    const calls = await changing();
    expect(calls.indexOf('DeleteRoute')).toBe(calls.indexOf('TerminateInstances') + 1);
    expect((await routes()).map(({ DestinationCidrBlock }) => DestinationCidrBlock)).toEqual(['10.99.0.0/16']);
  });

  it('does not cut the site off: without a propagated route the static one stays, and so does all', async () => {
    const { cloud, run, init, changing, routes, override, state } = await start();
    await init();
    await override();
    cloud.cloud.setPropagated('vgw-078bcc55', []);
    const before = await changing();
    const refused = await run('destroy --yes');
    expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('all that carries')]);
    expect([await changing(), (await state()).alive.length]).toEqual([before, 1]);
    expect((await run('destroy --yes --keep-routes')).exit).toBe(0);
    expect([(await routes()).length, await state()]).toEqual([1, { tags: [], alive: [] }]);
  });

  it.each(MADE.flatMap((action) => (['drop', 'drop-after'] as const).map((how) => [action, how] as const)))(
    'broken off at %s (%s) it is finished by the next run',
    async (action, how) => {
      const { cloud, init, run, changing, state } = await start();
      await cloud.fault({ [action]: { break: how } } satisfies FaultsInput);
      const broken = await init('--admin 10.10.0.0/16 --yes --keep-on-failure');
      await cloud.fault({});
      const next = await init('--admin 10.10.0.0/16 --yes');
      // An answer that was lost may be made up for within the run; a call that was not carried out may not.
      expect([how === 'drop' && broken.exit === 0, next.exit]).toEqual([false, 0]);
      expect([(await state()).alive.length, (await state()).tags]).toEqual([
        1,
        ['key-pair/utility', 'security-group/utility'],
      ]);
      const before = await changing();
      expect((await init('--admin 10.10.0.0/16 --yes')).exit).toBe(0);
      expect(await changing()).toEqual(before);
      expect((await run('destroy --yes')).exit).toBe(0);
      expect(await state()).toEqual({ tags: [], alive: [] });
    },
  );
});

describe('localzone status', () => {
  it('shows the instance, and what carries', async () => {
    const TABLE = { id: 'rtb-0468f52220000000a', name: 'private-1' };
    const { run, init, override } = await start();
    expect(await run('status --json')).toMatchObject({ exit: 1, out: expect.stringContaining('"instance": null') });
    await init();
    const before = await run('status --json');
    expect([before.exit, before.json()]).toEqual([
      0,
      {
        version: 1,
        instance: {
          id: expect.stringMatching(/^i-/),
          state: 'running',
          address: expect.stringMatching(/^172\.16\.12\./),
          zone: 'cn-north-1b',
        },
        routes: [
          { table: TABLE, destination: '10.10.0.0/16', link: 'dx-1', target: 'vgw-078bcc55', overridden: false },
        ],
      },
    ]);
    await override();
    expect((await run('status --json')).json().routes).toEqual([
      { table: TABLE, destination: '10.10.0.0/16', link: 'vpn-a', target: GATEWAY, overridden: true },
    ]);
    expect((await run('status')).out).toContain('static, over the propagated one');
  });
});

describe('localzone init refuses', () => {
  it('the subnet whose routes it moves', async () => {
    const { run, production, changing } = await start();
    const { exit, err } = await run(`init --subnet ${production} ${PACKAGE} --yes`);
    expect([exit, err, await changing()]).toEqual([
      1,
      expect.stringContaining('never see Direct Connect come back'),
      [],
    ]);
  });

  it("a key pair of its name that is somebody else's", async () => {
    const { aws, init } = await start();
    await aws.ask('ec2', 'CreateKeyPair', { KeyName: 'hybridctl-demo-utility' });
    const { exit, err } = await init();
    expect([exit, err]).toEqual([1, expect.stringContaining("is not hybridctl's")]);
  });

  it('another key than the one that was imported, and a key that others can read', async () => {
    const { init, folder } = await start();
    await init();
    const key = join(folder, '.ssh/hybridctl-demo-utility');
    await shell.run('chmod', ['644', key]);
    expect((await init()).err).toContain('can be read by others');
    rmSync(key);
    const { exit, err } = await init();
    expect([exit, err]).toEqual([1, expect.stringContaining('public key is not that of the file here')]);
  });

  it.each([
    ['--subnet subnet-1', '--subnet'],
    ['--sha256 abc', '--sha256'],
    ['--package https://example.com/x.tgz?X-Amz-Signature=1', '--package'],
    ['--package http://example.com/x.tgz', '--package'],
    ['--admin 0.0.0.0/0', '--admin'],
    ['--admin 10.10.0.1/16', '--admin'],
    ['--key-file "a b"', '--key-file'],
    ['--type "t3;x"', '--type'],
  ])('%s', async (flags, field) => {
    const { init, changing } = await start();
    const { exit, err } = await init(`--yes ${flags}`);
    expect([exit, err, await changing()]).toEqual([2, expect.stringContaining(field), []]);
  });

  it('a site without an override table', async () => {
    const { init } = await start(SITE.replace(', mode: override', ''));
    expect(await init()).toMatchObject({ exit: 2, err: expect.stringContaining('mode: override') });
  });

  it('without the permission, which it names', async () => {
    const { cloud, init, state } = await start();
    await cloud.fault({ RunInstances: { break: 'error', code: 'UnauthorizedOperation', status: 403 } });
    expect(await init()).toMatchObject({ exit: 4, err: expect.stringContaining('ec2:RunInstances') });
    expect(await state()).toEqual({ tags: [], alive: [] });
  });
});
