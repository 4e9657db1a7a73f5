import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell } from '../../src/lib/adapters/shell.ts';
import type { ProbeSpec, Sample } from '../../src/lib/core/ports.ts';
import { probePlan } from '../../src/lib/domain/health/probe-plan.ts';
import { relaysOf } from '../../src/lib/domain/relay.ts';
import { tunnelsOf } from '../../src/lib/domain/tunnel.ts';
import { renderSite } from '../../src/lib/render/index.ts';
import { readDocument } from '../../src/lib/site/document.ts';
import { proberIn, type ProberProcess } from '../helpers/prober-process.ts';

// A monitor, a gateway with the relay as it is rendered, and a router behind a link that stands for the tunnel.
const [MON, GW, RTR, OTHER] = ['hyp-rel-mon', 'hyp-rel-gw', 'hyp-rel-rtr', 'hyp-rel-gw2'] as const;
const site = readDocument(readFileSync('test/fixtures/lab.yaml', 'utf8')).site!;
const tunnels = tunnelsOf(site);
const relay = relaysOf(site, tunnels)[0]!;
const PROBE = probePlan(site, { tauMs: 50, largeEveryMs: 200 }).find(({ relayed }) => relayed !== undefined)!;
const rules = renderSite(site, tunnels, {
  psks: new Map(tunnels.map(({ name }) => [name, 'no.key.is.needed.here'])),
  bgpPasswords: new Map(site.links.map(({ name }) => [name, 'no.key.is.needed.here'])),
})
  .find(({ device }) => device === relay.gateway)!
  .files.find(({ path }) => path === 'etc/hybridctl/probe.nft')!.content;

const must = async (file: string, args: readonly string[], input?: string): Promise<void> => {
  const { exitCode, stderr } = await shell.run(file, args, input === undefined ? {} : { input });
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
};
const ip = (line: string): Promise<void> => must('ip', line.split(' '));
const nft = (...args: readonly string[]): Promise<void> => must('ip', ['netns', 'exec', GW, 'nft', ...args]);
const clear = async (): Promise<void> => {
  for (const name of [MON, GW, RTR, OTHER]) await shell.run('ip', ['netns', 'delete', name]);
};
const load = (): Promise<void> => must('ip', ['netns', 'exec', GW, 'nft', '-f', '-'], rules);
const flush = (): Promise<void> => nft('flush', 'ruleset');

let beside: ProberProcess;
let onGateway: ProberProcess;

beforeAll(async () => {
  const { inside } = tunnels[0]!;
  const [near, far] = [tunnels[0]!.cloud.inside, tunnels[0]!.onprem.inside];
  await clear();
  for (const name of [MON, GW, RTR]) {
    await ip(`netns add ${name}`);
    await ip(`-n ${name} link set lo up`);
  }
  await ip(`link add eth0 netns ${MON} type veth peer name eth0 netns ${GW}`);
  await ip(`link add ipsec0 netns ${GW} type veth peer name tun netns ${RTR}`);
  await ip(`-n ${MON} addr add 172.16.1.9/24 dev eth0`);
  await ip(`-n ${GW} addr add ${relay.address}/24 dev eth0`);
  await ip(`-n ${GW} addr add ${near}/${inside.prefix} dev ipsec0`);
  await ip(`-n ${RTR} addr add ${far}/${inside.prefix} dev tun`);
  for (const [name, dev] of [
    [MON, 'eth0'],
    [GW, 'eth0'],
    [GW, 'ipsec0'],
    [RTR, 'tun'],
  ] as const)
    await ip(`-n ${name} link set ${dev} up`);
  await must('ip', ['netns', 'exec', GW, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  [beside, onGateway] = [await proberIn(MON), await proberIn(GW)];
}, 60_000);
afterAll(async () => {
  await beside?.close();
  await onGateway?.close();
  await clear();
});

describe.each([
  ['beside the gateway', () => beside],
  ['on the gateway itself', () => onGateway],
])('an answer must have crossed the tunnel: a monitor %s', (_, where) => {
  const watch = () => {
    let samples: Sample[] = [];
    const { stop } = where().prober.start([PROBE], (_id, sample) => samples.push(sample));
    /** Waits for half a second in which all outcomes of small probes are of this kind. */
    const only = async (wanted: string): Promise<void> => {
      for (let tries = 0; tries < 30; tries += 1) {
        samples = [];
        await delay(500);
        const seen = new Set(
          samples
            .filter(({ size }) => size === 'small')
            .map(({ kind, doubt }) => (doubt === undefined ? kind : `${kind}: ${doubt}`)),
        );
        if (seen.size === 1 && seen.has(wanted)) return;
      }
      throw new Error(`never only "${wanted}": ${JSON.stringify(samples.slice(-4))}`);
    };
    return { only, stop };
  };

  it('is alive through the relay, and no answer counts while the rules are gone', async () => {
    await load();
    const { only, stop } = watch();
    await only('reply');
    await flush();
    await only('unknown: own');
    // The trap: the tunnel is dead, and the gateway answers for it.
    await ip(`-n ${RTR} link set tun down`);
    await only('unknown: own');
    await load();
    await only('lost');
    await ip(`-n ${RTR} link set tun up`);
    await only('reply');
    await stop();
  }, 90_000);

  it('is never alive where there was no relay from the start', async () => {
    await flush();
    const kinds: string[] = [];
    const { stop } = where().prober.start([PROBE], (_id, { kind, doubt }) => kinds.push(`${kind} ${doubt}`));
    await delay(3_000);
    await stop();
    expect(kinds.filter((kind) => kind.startsWith('reply'))).toEqual([]);
    expect(kinds).toContain('unknown own');
    await load();
  }, 30_000);
});

it('who resets every connection on the way is no router: nothing is alive', async () => {
  await flush();
  await nft('add', 'table', 'inet', 'wall');
  await nft('add', 'chain', 'inet', 'wall', 'in', '{ type filter hook input priority 0; }');
  await nft('add', 'rule', 'inet', 'wall', 'in', 'icmp', 'type', 'echo-request', 'drop');
  const kinds = new Set<string>();
  const { stop } = beside.prober.start([PROBE], (_id, { kind, size, doubt }) => kinds.add(`${size} ${kind} ${doubt}`));
  await delay(4_000);
  await stop();
  // A busy machine may doubt itself as well; what counts is that nothing is taken for life.
  expect([...kinds].filter((kind) => kind.includes('reply'))).toEqual([]);
  expect(kinds).toContain('small unknown unseen');
  await flush();
}, 30_000);

describe('a target of the user’s own', () => {
  const target = '10.10.3.100';
  const own = {
    id: 'own',
    kind: 'icmp' as const,
    address: target,
    intervalMs: 50,
    way: { via: { gateway: relay.address, tunnel: tunnels[0]!.inside.text } },
  };
  beforeAll(async () => {
    const near = tunnels[0]!.cloud.inside;
    await ip(`netns add ${OTHER}`);
    await ip(`-n ${OTHER} link set lo up`);
    await ip(`link add eth1 netns ${MON} type veth peer name eth0 netns ${OTHER}`);
    await ip(`link add ipsec0 netns ${OTHER} type veth peer name tun2 netns ${RTR}`);
    await ip(`-n ${MON} addr add 172.16.2.9/24 dev eth1`);
    await ip(`-n ${OTHER} addr add 172.16.2.126/24 dev eth0`);
    await ip(`-n ${OTHER} addr add 169.254.200.2/30 dev ipsec0`);
    await ip(`-n ${RTR} addr add 169.254.200.1/30 dev tun2`);
    for (const [name, dev] of [
      [MON, 'eth1'],
      [OTHER, 'eth0'],
      [OTHER, 'ipsec0'],
      [RTR, 'tun2'],
    ] as const)
      await ip(`-n ${name} link set ${dev} up`);
    await must('ip', ['netns', 'exec', OTHER, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    await ip(`-n ${RTR} addr add ${target}/32 dev lo`);
    await ip(`-n ${RTR} route add 172.16.1.0/24 via ${near}`);
    await ip(`-n ${RTR} route add 172.16.2.0/24 via 169.254.200.2`);
    await ip(`-n ${OTHER} route add ${target} via 169.254.200.1`);
    await ip(`-n ${GW} route add ${target} via ${tunnels[0]!.onprem.inside}`);
  }, 30_000);
  const kindsFor = async (where: ProberProcess, spec: ProbeSpec, ms: number): Promise<readonly string[]> => {
    const kinds = new Set<string>();
    const { stop } = where.prober.start([spec], (_id, { kind, doubt }) => kinds.add(`${kind} ${doubt ?? ''}`.trim()));
    await delay(ms);
    await stop();
    return [...kinds];
  };

  it('is alive where its packets go through the link’s gateway, beside it and on it', async () => {
    await ip(`-n ${MON} route replace ${target} via ${relay.address}`);
    expect(await kindsFor(beside, own, 2_500)).toContain('reply');
    expect(await kindsFor(onGateway, own, 2_500)).toContain('reply');
  }, 30_000);

  it('is no proof where they go over another link, over Direct Connect’s own neither', async () => {
    await ip(`-n ${MON} route replace ${target} via 172.16.2.126`);
    const kinds = await kindsFor(beside, own, 2_500);
    expect(kinds).toContain('unknown elsewhere');
    expect(kinds).not.toContain('reply');
    const dx = { ...own, way: { never: [relay.address, '172.16.2.126'] } };
    const overDx = await kindsFor(beside, dx, 2_500);
    expect(overDx).toContain('unknown elsewhere');
    expect(overDx).not.toContain('reply');
  }, 30_000);

  it('that was silent and answers again counts only once its way is seen anew', async () => {
    await ip(`-n ${MON} route replace ${target} via ${relay.address}`);
    let kinds: string[] = [];
    const { stop } = beside.prober.start([own], (_id, { kind, doubt }) => kinds.push(`${kind} ${doubt ?? ''}`.trim()));
    const until = async (wanted: string): Promise<void> => {
      for (let tries = 0; tries < 200 && !kinds.includes(wanted); tries += 1) await delay(50);
      expect(kinds).toContain(wanted);
    };
    await until('reply');
    await ip(`-n ${GW} link set ipsec0 down`);
    kinds = [];
    for (let tries = 0; tries < 200 && kinds.filter((kind) => kind === 'lost').length < 5; tries += 1) await delay(50);
    // What a failover does: the target is reached over the other gateway.
    await ip(`-n ${MON} route replace ${target} via 172.16.2.126`);
    kinds = [];
    await until('unknown elsewhere');
    expect(kinds).not.toContain('reply');
    await stop();
    await ip(`-n ${GW} link set ipsec0 up`);
  }, 30_000);
});

it('a next hop that the kernel calls unreachable is a silent one, and no fault of ours', async () => {
  // What a gateway that is gone looks like once ARP has given it up.
  await ip(`-n ${MON} route add unreachable 10.77.0.1`);
  const kinds = new Set<string>();
  const spec = { id: 'gone', kind: 'tcp', address: '10.77.0.1', port: 23_999, intervalMs: 50 } as const;
  const { stop } = beside.prober.start([spec], (_id, { kind }) => kinds.add(kind));
  await delay(1_500);
  await stop();
  expect(kinds).toContain('lost');
}, 30_000);

it('the relayed probe of the site goes to the gateway of the tunnel', () => {
  expect([PROBE.address, PROBE.port, PROBE.relayed]).toEqual([relay.address, relay.port, { bytes: relay.echoBytes }]);
});
