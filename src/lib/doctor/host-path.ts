import { contains, covers, parseCidr } from '../domain/cidr.ts';
import { explainMtu } from '../domain/mtu.ts';
import type { TunnelStatus } from '../domain/sa.ts';
import type { LinuxTunnel } from '../render/linux/box.ts';
import type { Daemon, HostView } from './host-view.ts';
import { noVici } from './host-daemon.ts';
import { skipped, type HostCheck, type CheckResult } from './types.ts';

/** IPv4 and ICMP headers before a ping's own bytes. */
const PING_HEADERS = 28;
/** Every path of IPv4 carries a full TCP handshake in less; below this it is no hole, it is silence. */
const SMALLEST = 1_200;

/**
 * Whether one of two echoes of this length (bytes from the IP header on) comes back; DF is set. Two, since one is lost
 * now and then.
 */
const echoes = async (host: HostView, { local, remote }: LinuxTunnel, bytes: number): Promise<boolean> =>
  (
    await host.run('ping', [
      '-n',
      '-q',
      '-c',
      '2',
      '-i',
      '0.2',
      '-W',
      '1',
      '-M',
      'do',
      '-s',
      String(bytes - PING_HEADERS),
      '-I',
      local.inside,
      remote.inside,
    ])
  ).exitCode === 0;

/** Largest length that comes back, between one that does and one that does not. */
const largest = async (host: HostView, one: LinuxTunnel, passes: number, lost: number): Promise<number> => {
  let [low, high] = [passes, lost];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await echoes(host, one, middle)) low = middle;
    else high = middle;
  }
  return low;
};

/** Route-based tunnels that are up: only there both ends have an address inside. */
const standing = async (host: HostView): Promise<readonly (LinuxTunnel & { readonly status: TunnelStatus })[]> => {
  const { statuses } = await host.daemon();
  return host.tunnels.flatMap((one) => {
    const status = statuses.find(({ connection, state }) => connection === one.tunnel.name && state === 'established');
    return status === undefined || one.device === undefined ? [] : [{ ...one, status }];
  });
};

/** The tunnels that nothing can be sent through, each with the reason. */
const notStanding = async (host: HostView): Promise<readonly CheckResult[]> => {
  const up = await standing(host);
  return host.tunnels
    .filter(({ tunnel }) => !up.some((one) => one.tunnel.name === tunnel.name))
    .map(({ tunnel, device }) =>
      skipped(
        tunnel.name,
        device === undefined ? 'a policy-based tunnel has no address inside' : 'the tunnel is not up',
      ),
    );
};

const statusOf = ({ statuses }: Daemon, { tunnel }: LinuxTunnel): TunnelStatus | undefined =>
  statuses.find(({ connection, state }) => connection === tunnel.name && state === 'established');

const packets = ({ in: inward, out }: TunnelStatus): string =>
  `ESP packets: ${out?.packets ?? 0} out, ${inward?.packets ?? 0} in`;

const carries: HostCheck = {
  id: 'carries',
  side: 'host',
  about: 'the far end of every tunnel that is up answers a ping through it',
  inapplicable: noVici,
  async run({ host }) {
    const results: CheckResult[] = [...(await notStanding(host))];
    for (const one of await standing(host)) {
      const before = statusOf(await host.daemonNow(), one) ?? one.status;
      if (await echoes(host, one, 64)) continue;
      const after = statusOf(await host.daemonNow(), one) ?? before;
      const left = (after.out?.packets ?? 0) > (before.out?.packets ?? 0);
      const came = (after.in?.packets ?? 0) > (before.in?.packets ?? 0);
      results.push({
        level: 'error',
        subject: one.tunnel.name,
        found: `the tunnel is up and carries nothing: ${one.remote.inside} does not answer; ${left ? (came ? 'packets leave and come back, but not the answer' : 'packets leave, none comes back') : 'our packets do not even enter the tunnel'}`,
        evidence: packets(after),
        next: left
          ? 'see UDP 4500 both ways (security group, ACL, the router before the peer); then ip_forward, the way back and NAT on the far side'
          : 'see the route to the tunnel, a firewall rule and NAT on this machine; the findings beside this one name what is seen',
        case: 2,
      });
    }
    return results;
  },
};

const mtu: HostCheck = {
  id: 'mtu',
  side: 'host',
  about: 'a packet of the computed MTU with DF set crosses every tunnel that is up',
  inapplicable: noVici,
  async run({ host }) {
    const results: CheckResult[] = [...(await notStanding(host))];
    for (const one of await standing(host)) {
      const { tunnel, link, remote } = one;
      if (!(await echoes(host, one, 64))) {
        results.push(skipped(tunnel.name, 'nothing crosses the tunnel'));
        continue;
      }
      if (await echoes(host, one, link.mtu)) continue;
      const found = (await echoes(host, one, SMALLEST)) ? await largest(host, one, SMALLEST, link.mtu) : undefined;
      const fits = found ?? SMALLEST;
      results.push({
        level: 'error',
        subject: tunnel.name,
        found: `an MTU hole: ${found === undefined ? `not even ${SMALLEST} bytes pass` : `packets above ${found} bytes are lost on the way`}, and ${link.mtu} should fit`,
        evidence: `ping -M do to ${remote.inside}; ${explainMtu(tunnel.mtu)}`,
        next: `find the hop with the small MTU (its ICMP "fragmentation needed" must pass); until then clamp MSS to ${fits - 40} and set the interface to MTU ${fits}`,
        case: 2,
      });
    }
    return results;
  },
};

const clamp: HostCheck = {
  id: 'mss-clamp',
  side: 'host',
  about: 'TCP segments are clamped to what fits each tunnel, both ways',
  async run({ host }) {
    const old = host.dialect === 'openswan';
    const rules = (
      old ? await host.say('iptables', '-t', 'mangle', '-S', 'FORWARD') : await host.say('nft', 'list', 'ruleset')
    )
      .split('\n')
      .filter((line) => /maxseg size set|TCPMSS/.test(line));
    const place = host.place(old ? 'usr/local/lib/hybridctl/tunnels' : 'etc/hybridctl/mss.nft');
    return host.tunnels.flatMap((one): readonly CheckResult[] => {
      const { tunnel, link, device, local, remote } = one;
      const matches = (line: string): boolean =>
        old ||
        (device === undefined
          ? [...local.selectors, ...remote.selectors].some(({ text }) => line.includes(text))
          : line.includes(`"${device}"`));
      const sizes = rules
        .filter(matches)
        .map((line) => Number(/(?:size set|--set-mss) (\d+)/.exec(line)?.[1] ?? 0))
        .filter((size) => size > 0);
      const toPath = rules.some((line) => matches(line) && /size set rt mtu|clamp-mss-to-pmtu/.test(line));
      const largestMss = Math.max(0, ...sizes);
      const common = {
        subject: tunnel.name,
        evidence: link.because.join(' '),
        next: old ? `"${place} up"` : `load it: "nft -f ${place}"`,
        case: 2,
      } as const;
      if (sizes.length === 0 && !toPath)
        return [
          {
            level: 'error',
            found: `no rule clamps TCP to ${link.mss}: full segments do not fit, and hang where ICMP is filtered`,
            ...common,
          },
        ];
      if (largestMss > link.mss)
        return [{ level: 'error', found: `TCP is clamped to ${largestMss}, and ${link.mss} fits`, ...common }];
      return sizes.length === 1 && !toPath
        ? [
            {
              level: 'warning',
              found: 'TCP is clamped one way only: the other end still sends segments that are too long',
              ...common,
            },
          ]
        : [];
    });
  },
};

const REWRITES = /\bmasquerade\b|\bsnat (?:ip )?to\b|\bsnat to\b|xt target "(?:MASQUERADE|SNAT)"/;
const EXEMPT = /\b(?:accept|return)\b/;

/** Chains of source NAT, each as its rules in order. Our own tables translate a monitor's probes, on purpose. */
const sourceNat = (ruleset: string): readonly { readonly name: string; readonly rules: readonly string[] }[] =>
  [...ruleset.matchAll(/^table (\S+ \S+) \{\n([\s\S]*?)^\}/gm)]
    .filter(([, name]) => !/ hybridctl(?:_|$)/.test(name!))
    .flatMap(([, name, body]) =>
      [...body!.matchAll(/^\tchain (\S+) \{\n([\s\S]*?)^\t\}/gm)].map(([, chain, text]) => ({
        name: `${name} ${chain}`,
        rules: text!.split('\n').map((line) => line.trim()),
      })),
    )
    .filter(({ rules }) => rules.some((line) => /type nat hook postrouting/.test(line)));

const networkIn = (line: string, field: 'saddr' | 'daddr') => {
  const [, not, text] = new RegExp(`ip ${field} (!= )?([\\d./]+)`).exec(line) ?? [];
  const parsed = text === undefined ? undefined : parseCidr(text.includes('/') ? text : `${text}/32`);
  return parsed === undefined || typeof parsed === 'string' ? undefined : { not: not !== undefined, network: parsed };
};

/**
 * Whether a rule would be met by what goes from here into the tunnel. What it says beyond interface and addresses is
 * not judged.
 */
const meets = (line: string, { device, local, remote }: LinuxTunnel, wan: string): boolean => {
  const oif = /oifname (!= )?"([^"]+)"/.exec(line);
  // Without an interface of its own the packet still seems to leave by the WAN when NAT sees it: ESP comes after.
  const leaves = device ?? wan;
  if (oif !== null && (oif[1] === undefined) !== (oif[2] === leaves)) return false;
  const fits = (field: 'saddr' | 'daddr', networks: LinuxTunnel['local']['networks']): boolean => {
    const given = networkIn(line, field);
    if (given === undefined) return true;
    const met = networks.some(
      (network) =>
        covers(given.network, network) || covers(network, given.network) || contains(given.network, network.address),
    );
    return met !== given.not;
  };
  return fits('saddr', local.networks) && fits('daddr', remote.networks);
};

const nat: HostCheck = {
  id: 'nat',
  side: 'host',
  about: 'no NAT rule rewrites what goes into a tunnel',
  async run({ host }) {
    const chains = sourceNat(await host.say('nft', 'list', 'ruleset'));
    return host.tunnels.flatMap((one): readonly CheckResult[] =>
      chains.flatMap(({ name, rules }): readonly CheckResult[] => {
        const first = rules.find(
          (line) =>
            (REWRITES.test(line) || (EXEMPT.test(line) && !/policy accept/.test(line)) || /ipsec exists/.test(line)) &&
            meets(line, one, host.wan),
        );
        if (first === undefined || !REWRITES.test(first)) return [];
        return [
          {
            level: 'error',
            subject: one.tunnel.name,
            found:
              'NAT rewrites the source of what goes into the tunnel: it no longer fits the selectors, or comes from an address that the far side does not know',
            evidence: `${name}: ${first}`,
            next: `exempt it, before that rule: "ip daddr ${one.remote.networks.map(({ text }) => text).join(', ')} accept"`,
            case: 3,
          },
        ];
      }),
    );
  },
};

export const pathChecks: readonly HostCheck[] = [carries, mtu, clamp, nat];
