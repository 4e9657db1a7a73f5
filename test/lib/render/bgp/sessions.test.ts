import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderFrr } from '../../../../src/lib/render/bgp/frr.ts';
import { frrSpaces, type FrrSpaces } from '../../../helpers/frr-spaces.ts';
import { until } from '../../../helpers/charon-pair.ts';
import { deviceOf, fixture, siteOf } from '../cisco/helper.ts';

/** The lab without its Direct Connect: two routers, each with AWS's two tunnels. The cables stand for the tunnels. */
const lab = fixture('lab');
const site = siteOf({ ...lab, links: lab.links.filter(({ kind }) => kind === 'vpn'), route_tables: [] });
const ROUTERS = ['rtr-1', 'rtr-2'];
const tunnels = ROUTERS.flatMap((name) =>
  deviceOf(site, name, { managed: true }).tunnels.map((tunnel) => ({
    router: name,
    name: tunnel.name,
    aws: tunnel.cloud.inside,
    office: tunnel.onprem.inside,
  })),
);

/** AWS's end: one AS, a session in each tunnel, the VPC announced. It takes what it hears, and asks every second. */
const AWS = [
  'ip route 172.16.0.0/16 blackhole',
  'router bgp 64512',
  ' bgp router-id 172.16.0.1',
  ' no bgp ebgp-requires-policy',
  ...tunnels.flatMap(({ office }) => [` neighbor ${office} remote-as 65010`, ` neighbor ${office} timers connect 1`]),
  ' address-family ipv4 unicast',
  '  network 172.16.0.0/16',
  ' exit-address-family',
].join('\n');
const HOST = [
  'interface lan',
  ' ip ospf area 0',
  ' ip ospf dead-interval minimal hello-multiplier 4',
  'router ospf',
  ' ospf router-id 10.10.0.9',
].join('\n');

/** As the lab has it: a router that says a thing twice within 5 s is not made to wait (RFC 2328, MinLSInterval). */
const QUICK = `\n${readFileSync(new URL('../../../../templates/lab/frr-quick.conf.hbs', import.meta.url), 'utf8')}`;

let spaces: FrrSpaces;
beforeAll(async () => {
  spaces = await frrSpaces(['aws', 'host', ...ROUTERS]);
  const { space, join } = spaces;
  const bridge = space['host']!;
  await bridge.run('ip', 'link', 'add', 'lan', 'type', 'bridge');
  await bridge.run('ip', 'addr', 'add', '10.10.0.9/16', 'dev', 'lan');
  await bridge.run('ip', 'link', 'set', 'lan', 'up');
  await space['aws']!.run('ip', 'addr', 'add', '172.16.0.1/32', 'dev', 'lo');
  for (const name of ROUTERS) {
    await join([name, 'lan'], ['host', name]);
    await bridge.run('ip', 'link', 'set', name, 'master', 'lan');
    await space[name]!.run(
      'ip',
      'addr',
      'add',
      `${site.onprem.routers.find((router) => router.name === name)!.lan_ip!}/16`,
      'dev',
      'lan',
    );
    for (const key of ['net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0'])
      await space[name]!.run('sysctl', '-qw', key);
  }
  for (const { router, name, aws, office } of tunnels) {
    await join(['aws', name], [router, name]);
    await space['aws']!.run('ip', 'addr', 'add', `${aws}/30`, 'dev', name);
    await space[router]!.run('ip', 'addr', 'add', `${office}/30`, 'dev', name);
  }
  await Promise.all([
    space['host']!.load(HOST + QUICK, ['zebra', 'ospfd']),
    ...ROUTERS.map((name) =>
      space[name]!.load(renderFrr(deviceOf(site, name, { managed: true }))[0]!.content + QUICK, [
        'zebra',
        'staticd',
        'ospfd',
        'bgpd',
      ]),
    ),
  ]);
  // Last, so that it is the one that calls: two that call at once hang up both, and wait.
  await space['aws']!.load(AWS, ['zebra', 'staticd', 'bgpd']);
}, 60_000);
afterAll(() => spaces?.stop());

/** Next hop of the route that a box uses. */
const next = async (name: string, network: string): Promise<string | undefined> => {
  const routes = (
    JSON.parse(await spaces.space[name]!.vtysh(`show ip route ${network} json`)) as Record<
      string,
      { selected?: boolean; nexthops?: { ip?: string }[] }[]
    >
  )[network];
  return routes?.find(({ selected }) => selected === true)?.nexthops?.[0]?.ip;
};

const lanOf = (name: string): string => site.onprem.routers.find((router) => router.name === name)!.lan_ip!;

test.each([
  { dead: [], carries: 0 },
  { dead: [0], carries: 1 },
  { dead: [0, 1], carries: 2 },
  { dead: [0, 1, 2], carries: 3 },
  { dead: [1, 2, 3], carries: 0 },
])(
  'with tunnels $dead dead AWS and the office both take tunnel $carries, and packets come back',
  { timeout: 90_000 },
  async ({ dead, carries }) => {
    const aws = spaces.space['aws']!;
    for (const [index, { name }] of tunnels.entries())
      await aws.run('ip', 'link', 'set', name, dead.includes(index) ? 'down' : 'up');
    const { router, office, aws: inside } = tunnels[carries]!;
    await until(
      'the same tunnel from both ends',
      async () => {
        const taken = [
          await next('aws', '10.10.0.0/16'),
          await next('host', '172.16.0.0/16'),
          await next(router, '172.16.0.0/16'),
        ];
        return taken.join() === [office, lanOf(router), inside].join();
      },
      60_000,
    );
    expect(await aws.run('ping', '-c', '3', '-i', '0.2', '-W', '2', '-I', '172.16.0.1', '10.10.0.9')).toContain(
      ' 0% packet loss',
    );
  },
);
