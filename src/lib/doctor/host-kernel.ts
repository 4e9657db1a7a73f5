import { HybridError } from '../core/errors.ts';
import type { RunCall } from '../core/procedure.ts';
import type { HostView } from './host-view.ts';
import type { HostCheck, CheckResult } from './types.ts';

const PROC = '/proc/sys/';
const set = (key: string, value: number): RunCall => ({
  kind: 'run',
  file: 'sysctl',
  args: ['-q', '-w', `${key}=${value}`],
});
const conf = (iface: string, key: string): string => `net/ipv4/conf/${iface}/${key}`;

/** Settings by their path below /proc/sys; one that is not there is left out. */
const settings = async (host: HostView, keys: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const { stdout } = await host.run('grep', ['-Hs', '', ...keys.map((key) => PROC + key)]);
  return new Map(
    stdout.split('\n').flatMap((line) => {
      const [, key, value] = /^\/proc\/sys\/([^:]+):(\d+)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, Number(value)] as const];
    }),
  );
};

const interfaces = (host: HostView): readonly string[] => [
  ...new Set([host.wan, ...host.tunnels.flatMap(({ device }) => device ?? [])]),
];

const sysctl: HostCheck = {
  id: 'sysctl',
  side: 'host',
  about: 'the kernel forwards, takes packets that come back another way, and neither sends nor takes redirects',
  async run({ host }) {
    const names = ['all', ...interfaces(host)];
    const keys = [
      'net/ipv4/ip_forward',
      ...names.flatMap((name) => ['rp_filter', 'send_redirects', 'accept_redirects'].map((key) => conf(name, key))),
      ...interfaces(host).map((name) => conf(name, 'disable_policy')),
    ];
    const found = await settings(host, keys);
    if (!found.has('net/ipv4/ip_forward'))
      return [
        {
          level: 'skipped',
          subject: host.device,
          found: 'the kernel settings can not be read',
          evidence: PROC,
          next: 'run it on the gateway itself',
        },
      ];
    const value = (name: string, key: string): number => found.get(conf(name, key)) ?? 0;
    const all = value('all', 'rp_filter');
    const strict = interfaces(host).filter((name) => Math.max(all, value(name, 'rp_filter')) === 1);
    const redirecting = (['send_redirects', 'accept_redirects'] as const).flatMap((key) =>
      // Sent where either says so; on a machine that forwards, taken only where both do (ip-sysctl).
      [host.wan]
        .filter((name) =>
          key === 'send_redirects'
            ? value('all', key) + value(name, key) > 0
            : value('all', key) * value(name, key) > 0,
        )
        .map((name) => [key, name] as const),
    );
    return [
      ...(found.get('net/ipv4/ip_forward') === 1
        ? []
        : [
            {
              level: 'error',
              subject: host.device,
              found: 'the kernel does not forward: a tunnel that is up carries nothing but its own',
              evidence: 'net.ipv4.ip_forward = 0',
              next: 'set it: "hybridctl vpn doctor --fix", and keep it in /etc/sysctl.d/90-hybridctl.conf',
              case: 2,
              fix: [set('net/ipv4/ip_forward', 1)],
            } as const,
          ]),
      ...strict.map(
        (name): CheckResult => ({
          level: 'error',
          subject: name,
          found: 'strict reverse path filtering: packets from the tunnel whose way back is another are dropped',
          evidence: `rp_filter: all = ${all}, ${name} = ${value(name, 'rp_filter')}; the larger counts`,
          next: 'set 2 (loose): "hybridctl vpn doctor --fix", and keep it in /etc/sysctl.d/90-hybridctl.conf',
          case: 2,
          // The larger counts, so 2 on the interface is enough; `all` would loosen interfaces that are none of ours.
          fix: [set(conf(name, 'rp_filter'), 2)],
        }),
      ),
      ...redirecting.map(
        ([key, name]): CheckResult => ({
          level: 'warning',
          subject: name,
          found:
            key === 'send_redirects'
              ? 'it tells hosts a shorter way past the tunnel (ICMP redirects)'
              : 'it believes ICMP redirects, which anybody near can send',
          evidence: `${key}: all = ${value('all', key)}, ${name} = ${value(name, key)}`,
          next: 'set 0: "hybridctl vpn doctor --fix"',
          case: 2,
          fix: [set(conf('all', key), 0), set(conf(name, key), 0)],
        }),
      ),
      ...host.tunnels.flatMap(({ device, local }): readonly CheckResult[] =>
        device === undefined ||
        local.interface !== 'vti' ||
        !found.has(conf(device, 'disable_policy')) ||
        value(device, 'disable_policy') === 1
          ? []
          : [
              {
                level: 'error',
                subject: device,
                found: 'the interface looks for an IPsec policy without a mark, finds none, and drops',
                evidence: `disable_policy = 0 on ${device}`,
                next: 'set 1: "hybridctl vpn doctor --fix"',
                case: 2,
                fix: [set(conf(device, 'disable_policy'), 1)],
              },
            ],
      ),
    ];
  },
};

interface Link {
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local?: string }[];
}

const REPAIR = 'bring it up: "systemctl restart hybridctl-tunnels" (the tunnel itself is not touched)';

/** Tunnels by policy have none. */
const noInterface = ({ host }: { readonly host: HostView }): string | undefined =>
  host.tunnels.some(({ device }) => device !== undefined) ? undefined : 'no tunnel of this machine has an interface';

const tunnelInterface: HostCheck = {
  id: 'tunnel-interface',
  side: 'host',
  about: "every tunnel's interface is there, up, with its address and the computed MTU",
  inapplicable: noInterface,
  run: async ({ host }) => {
    const results: CheckResult[] = [];
    for (const { tunnel, local, device, link } of host.tunnels) {
      if (device === undefined) continue;
      const { exitCode, stdout } = await host.run('ip', ['-j', '-d', 'addr', 'show', 'dev', device]);
      const [found] = exitCode === 0 ? (JSON.parse(stdout) as Link[]).filter(({ mtu }) => mtu !== undefined) : [];
      const say = (text: string, evidence: string, level: 'error' | 'warning' = 'error', next = REPAIR) =>
        results.push({ level, subject: `${tunnel.name} ${device}`, found: text, evidence, next, case: 2 });
      if (found === undefined) {
        const lacks =
          local.interface === 'tun'
            ? 'charon makes it with the plugin kernel-libipsec'
            : await canMake(host, local.interface);
        say('the tunnel interface is not there', lacks);
        continue;
      }
      const kind = found.linkinfo?.info_kind;
      if (kind !== undefined && local.interface !== 'policy' && kind !== local.interface)
        say(`it is of the kind ${kind}, and the site file says ${local.interface}`, `ip -d link show ${device}`);
      if (!found.flags.includes('UP')) say('the tunnel interface is down', found.flags.join(','));
      if (!(found.addr_info ?? []).some((one) => one.local === local.inside))
        say(
          `it does not have its inside address ${local.inside}`,
          (found.addr_info ?? []).map((one) => one.local).join(', ') || 'no address',
        );
      if (found.mtu > link.mtu)
        say(`its MTU ${found.mtu} is larger than what fits: ${link.mtu}`, link.because.join(' '));
      else if (found.mtu < link.mtu)
        say(`its MTU ${found.mtu} is smaller than what fits: ${link.mtu}`, link.because.join(' '), 'warning');
    }
    return results;
  },
};

/** Whether the kernel has the kind at all: its module is loaded, built in or on disk. */
const canMake = async (host: HostView, kind: string): Promise<string> => {
  const name = kind === 'vti' ? 'ip_vti' : 'xfrm_interface';
  try {
    const { exitCode } = await host.run('modprobe', ['-n', '-q', name]);
    return exitCode === 0
      ? `the kernel has ${name}`
      : `this kernel has no ${name}: choose another interface kind in the site file (xfrm needs 4.19)`;
  } catch (error) {
    if (error instanceof HybridError) return `whether the kernel has ${name} is not known`;
    throw error;
  }
};

const hostRoute: HostCheck = {
  id: 'host-route',
  side: 'host',
  about: 'on a gateway, the way to every on-prem network leads into its tunnel',
  inapplicable: (context) => (context.host.side === 'cloud' ? noInterface(context) : 'this machine is no gateway'),
  async run({ host }) {
    const results: CheckResult[] = [];
    for (const { tunnel, remote, device } of host.tunnels) {
      for (const { text, address } of device === undefined ? [] : remote.networks) {
        const { stdout, exitCode, stderr } = await host.run('ip', ['-j', 'route', 'get', address]);
        const dev = exitCode === 0 ? (JSON.parse(stdout) as { dev?: string }[])[0]?.dev : undefined;
        // Two tunnels on a gateway: the first rule wins, and either is a tunnel.
        if (dev !== undefined && host.tunnels.some((one) => one.device === dev)) continue;
        results.push({
          level: 'error',
          subject: `${tunnel.name} ${text}`,
          found:
            dev === undefined
              ? 'this machine has no way to it'
              : `this machine sends it out by ${dev}, past the tunnel`,
          evidence: dev === undefined ? stderr.trim().slice(0, 120) : `ip route get ${address}: dev ${dev}`,
          next: REPAIR,
          case: 2,
        });
      }
    }
    return results;
  },
};

const clock: HostCheck = {
  id: 'clock',
  side: 'host',
  about: 'the clock is kept by NTP',
  async run({ host }) {
    const tool =
      (await host.which('chronyc')) !== undefined
        ? 'chronyc'
        : (await host.which('timedatectl')) !== undefined
          ? 'timedatectl'
          : undefined;
    const blind = (found: string, evidence: string): CheckResult => ({
      level: 'skipped',
      subject: host.device,
      found,
      evidence,
      next: 'install chrony: AWS refuses requests that are five minutes off, and logs of two ends are compared by time',
    });
    if (tool === undefined)
      return [blind('can not tell whether the clock is right', 'neither chronyc nor timedatectl')];
    const { exitCode, stdout, stderr } =
      tool === 'chronyc'
        ? await host.run('chronyc', ['-n', 'tracking'])
        : await host.run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
    if (exitCode !== 0)
      return [
        blind(
          `${tool} can not tell whether the clock is right`,
          (stderr.trim() || stdout.trim()).split('\n')[0]?.slice(0, 160) ?? '',
        ),
      ];
    const offset = Number(/System time\s*:\s*([\d.]+)/.exec(stdout)?.[1] ?? 0);
    const synced = tool === 'chronyc' ? /Leap status\s*:\s*Normal/.test(stdout) : stdout.trim() === 'yes';
    const next = 'let chrony or systemd-timesyncd run; on EC2 its source is 169.254.169.123';
    if (!synced)
      return [
        {
          level: 'warning',
          subject: host.device,
          found: 'the clock is not kept by NTP',
          evidence: `${tool}: ${stdout.trim().split('\n').at(-1)}`,
          next,
        },
      ];
    return offset < 1
      ? []
      : [
          {
            level: 'warning',
            subject: host.device,
            found: `the clock is off by ${offset} s`,
            evidence: 'chronyc tracking',
            next,
          },
        ];
  },
};

export const kernelChecks: readonly HostCheck[] = [sysctl, tunnelInterface, hostRoute, clock];
