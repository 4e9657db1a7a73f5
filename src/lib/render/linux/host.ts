import mssSource from '../../../../templates/linux/mss.nft.hbs?raw';
import sysctlSource from '../../../../templates/linux/sysctl.conf.hbs?raw';
import probeSource from '../../../../templates/linux/probe.nft.hbs?raw';
import probeUnitSource from '../../../../templates/linux/probe.service.hbs?raw';
import scriptSource from '../../../../templates/linux/tunnels.sh.hbs?raw';
import beginServiceSource from '../../../../templates/linux/begin.service.hbs?raw';
import beginTimerSource from '../../../../templates/linux/begin.timer.hbs?raw';
import unitSource from '../../../../templates/linux/unit.service.hbs?raw';
import type { LinuxDialect } from '../../domain/site.ts';
import { vpcCidrs } from '../../domain/vpc.ts';
import { RELAY_FILE, relaysOf } from '../../domain/relay.ts';
import { template } from '../engine.ts';
import type { Device, RenderedFile } from '../types.ts';
import { selectorPairs, type LinuxBox, type LinuxTunnel } from './box.ts';
import { kernelRoutes } from './routes.ts';
import { watchFiles } from './watch.ts';

const sysctl = template(sysctlSource);
const script = template(scriptSource);
const mss = template(mssSource);
const unit = template(unitSource);
const beginService = template(beginServiceSource);
const beginTimer = template(beginTimerSource);
const probe = template(probeSource);
const probeUnit = template(probeUnitSource);

const NFT_PATH = 'etc/hybridctl/mss.nft';
/** As packaged by Debian, Fedora and EPEL; strongSwan's two dialects are served by two units. */
const DAEMON: Readonly<Record<LinuxDialect, string>> = {
  swanctl: 'strongswan.service',
  'ipsec-conf': 'strongswan-starter.service',
  libreswan: 'ipsec.service',
  openswan: 'ipsec.service',
};

/** The systemd unit that runs a dialect's daemon. */
export const daemonUnit = (dialect: LinuxDialect): string => DAEMON[dialect];

/** A dot in an interface name (a VLAN) is a separator to sysctl unless the first separator is a slash (sysctl.d(5)). */
const setting = (iface: string, key: string, value: number): string =>
  iface.includes('.') ? `net/ipv4/conf/${iface}/${key} = ${value}` : `net.ipv4.conf.${iface}.${key} = ${value}`;

/** The field documents' list; rp_filter is the larger of `all` and the interface's, so all three are set. */
const kernelSettings = (wan: string): readonly string[] => [
  'net.ipv4.ip_forward = 1',
  setting('all', 'accept_redirects', 0),
  setting('all', 'send_redirects', 0),
  setting('default', 'send_redirects', 0),
  setting(wan, 'send_redirects', 0),
  setting('default', 'accept_redirects', 0),
  setting(wan, 'accept_redirects', 0),
  setting('all', 'rp_filter', 2),
  setting('default', 'rp_filter', 2),
  setting(wan, 'rp_filter', 2),
];

/** One element stands for itself; more are a set (nft(8)). */
const nftSet = (texts: readonly string[]): string => (texts.length === 1 ? texts[0]! : `{ ${texts.join(', ')} }`);

const linkAdd = ({ tunnel, local, remote }: LinuxTunnel): string | false => {
  const key = tunnel.numbers.tunnel;
  if (local.interface === 'vti') return `type vti local ${local.address} remote ${remote.publicAddress} key ${key}`;
  if (local.interface === 'xfrm') return `type xfrm dev ${local.wan} if_id ${key}`;
  return false;
};

const interfaceViews = (device: Device, one: LinuxTunnel) => {
  if (one.device === undefined) return [];
  const { tunnel, local, remote } = one;
  const make = linkAdd(one);
  const table = device.side === 'cloud' && tunnel.numbers.sla;
  return [
    {
      name: tunnel.name,
      interface: one.device,
      make,
      alias: `hybridctl:${make === false ? tunnel.name : make.replaceAll(' ', ',')}`,
      wait: make === false,
      address: `${local.inside}/${tunnel.inside.prefix}`,
      peer: `${remote.inside}/${tunnel.inside.prefix}`,
      mtu: one.link.mtu,
      settings: [
        `net.ipv4.conf.${one.device}.rp_filter=2`,
        // The mark already chose the policy; the device's own check would look for one without a mark and drop.
        ...(local.interface === 'vti' ? [`net.ipv4.conf.${one.device}.disable_policy=1`] : []),
      ],
      routes: kernelRoutes(device, one).all,
      rule: table && `priority ${table} table ${table}`,
      ruleAdd: table && `priority ${table} from all lookup ${table}`,
    },
  ];
};

/** Which packets go through a tunnel, as nftables matches, outbound and inbound. */
const matches = ({
  device,
  local,
  remote,
}: LinuxTunnel): { readonly out: readonly string[]; readonly in: readonly string[] } => {
  if (device !== undefined) return { out: [`oifname "${device}"`], in: [`iifname "${device}"`] };
  const pairs = local.selectors.flatMap((mine) => remote.selectors.map((theirs) => [mine.text, theirs.text] as const));
  return {
    out: pairs.map(([mine, theirs]) => `ip saddr ${mine} ip daddr ${theirs}`),
    in: pairs.map(([mine, theirs]) => `ip saddr ${theirs} ip daddr ${mine}`),
  };
};

const mssView = ({ device, tunnels }: LinuxBox) => ({
  device: device.name,
  because: tunnels.flatMap(({ link }) => link.because),
  clamps: tunnels.flatMap((one) => {
    const { out, in: back } = matches(one);
    return [...out, ...back].map((match) => ({ match, mss: one.link.mss }));
  }),
  // Before routing there is no outgoing interface yet: the lookup asks which it would be.
  outbound: tunnels.flatMap((one) =>
    one.device === undefined ? matches(one).out : [`fib daddr oifname "${one.device}"`],
  ),
});

/** Openswan's boxes are older than nftables: the field document's own line, and its mirror for the way back. */
const iptablesClamps = ({ wan, tunnels }: LinuxBox): readonly string[] => {
  const size = Math.min(...tunnels.map(({ link }) => link.mss));
  return ['-o', '-i'].map((way) => `FORWARD ${way} ${wan} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss ${size}`);
};

/**
 * A monitor on the gateway itself (peer mode) never passes prerouting: without the second hook the gateway would answer
 * for its tunnel.
 */
const RELAY_HOOKS = [
  { name: 'ask', hook: 'prerouting' },
  { name: 'ask-here', hook: 'output' },
];

/** A cloud gateway lets a monitor in its VPC ask through the tunnel itself, past whatever the route tables say. */
const relayFiles = ({ device, tunnels }: LinuxBox): readonly RenderedFile[] => {
  const relays = device.side === 'cloud' ? relaysOf(device.site, device.tunnels) : [];
  if (relays.length === 0) return [];
  const views = relays.map((relay) => {
    const { device: iface, local, remote } = tunnels.find(({ tunnel }) => tunnel.name === relay.tunnel)!;
    return { ...relay, name: relay.tunnel, interface: iface ?? false, far: remote.inside, near: local.inside };
  });
  return [
    {
      path: RELAY_FILE,
      mode: 0o644,
      what: 'probe relay',
      content: probe({
        device: device.name,
        vpc: nftSet(vpcCidrs(device.site).map(({ text }) => text)),
        hooks: RELAY_HOOKS,
        relays: views,
      }),
    },
    {
      path: 'etc/systemd/system/hybridctl-probe.service',
      mode: 0o644,
      what: 'probe relay before the network is up',
      content: probeUnit({ nft: RELAY_FILE }),
    },
  ];
};

type Begin = {
  readonly name: string;
  readonly swanctl: boolean;
  readonly children: readonly string[];
};

/**
 * Tunnels that charon must be told to begin again after a refusal; pluto tries again by itself. `start_action =
 * trap|start` is not rendered, though strongSwan has it since 5.9.6 (NEWS of 5.9.6: "Immediately initiating a CHILD_SA
 * with trap policies is now possible", commit c00c5e5a35). Older ones (Ubuntu 22.04 has 5.9.5, Debian 11 has 5.9.1)
 * refuse the whole connection for it, and a file does not know which version will read it. Userspace ESP has no traps.
 * And a trap begins a tunnel only when a packet asks for it, which the timer does without one.
 */
const beginsOf = ({ dialect, tunnels }: LinuxBox): readonly Begin[] =>
  dialect === 'swanctl' || dialect === 'ipsec-conf'
    ? tunnels
        .filter(({ local }) => local.initiates)
        .map((one) => ({
          name: one.tunnel.name,
          swanctl: dialect === 'swanctl',
          children: selectorPairs(one).map(({ name }) => name),
        }))
    : [];

const beginFiles = (dialect: LinuxDialect, begins: readonly Begin[]): readonly RenderedFile[] =>
  begins.length === 0
    ? []
    : [
        {
          path: 'etc/systemd/system/hybridctl-begin.timer',
          mode: 0o644,
          what: 'begin tunnels that are down, every 5 s',
          content: beginTimer({}),
        },
        {
          path: 'etc/systemd/system/hybridctl-begin.service',
          mode: 0o644,
          what: 'begin tunnels that are down',
          content: beginService({ daemon: DAEMON[dialect] }),
        },
      ];

/**
 * What surrounds the daemon on a Linux box: kernel settings, the tunnels script, the MSS clamp and the unit that runs
 * both.
 */
export const hostFiles = (box: LinuxBox): readonly RenderedFile[] => {
  const { device, dialect, tunnels } = box;
  const nft = dialect !== 'openswan';
  const clamp = mssView(box);
  const views = tunnels.flatMap((one) => interfaceViews(device, one));
  const begins = beginsOf(box);
  const watched = watchFiles(box);
  return [
    {
      path: 'etc/sysctl.d/90-hybridctl.conf',
      mode: 0o644,
      what: 'kernel settings',
      content: sysctl({ device: device.name, settings: kernelSettings(box.wan) }),
    },
    {
      path: 'usr/local/lib/hybridctl/tunnels',
      mode: 0o755,
      what: 'tunnel interfaces and routes',
      content: script({
        device: device.name,
        because: clamp.because,
        up: views,
        down: [...views].reverse(),
        begins,
        watched: watched.length > 0,
        nft: nft && NFT_PATH,
        clamps: nft ? [] : iptablesClamps(box),
      }),
    },
    ...(nft ? [{ path: NFT_PATH, mode: 0o644 as const, what: 'MSS clamp', content: mss(clamp) }] : []),
    ...relayFiles(box),
    {
      path: 'etc/systemd/system/hybridctl-tunnels.service',
      mode: 0o644,
      what: 'start at boot',
      content: unit({
        daemon: DAEMON[dialect],
        begins: begins.length > 0,
        watched: watched.length > 0,
        partOf: tunnels.some(({ local }) => local.interface === 'tun'),
      }),
    },
    ...beginFiles(dialect, begins),
    ...watched,
  ];
};
