import { addressText, cidr, parseCidr, type Cidr } from './cidr.ts';
import { suiteFor } from './crypto.ts';
import { suiteMtu } from './mtu.ts';
import type { Site, SiteIssue } from './site.ts';
import type { End, Tunnel } from './tunnel.ts';

/**
 * The last look before a file is written: do the two ends of every tunnel, as they are about to be rendered, agree with
 * each other and with the site file? It takes the derived tunnels apart again by a way of its own, so a slip in the
 * derivation is found here and not by two daemons that never come up. Pure.
 *
 * @returns every finding, at the path of its tunnel; empty when all is well.
 */
export const crossCheck = (site: Site, tunnels: readonly Tunnel[]): readonly SiteIssue[] => {
  const at = (name: string): SiteIssue['path'] => [
    'tunnels',
    ...site.tunnels.flatMap((entry, index) => (entry.name === name ? [index] : [])),
  ];
  return [
    ...sameNames(
      site.tunnels.map(({ name }) => name),
      tunnels.map(({ name }) => name),
    ),
    ...tunnels.flatMap((tunnel) => one(site, tunnel).map((message) => ({ name: tunnel.name, message }))),
    ...numbersOnBoxes(tunnels),
    ...keysByIds(tunnels),
  ].map(({ name, message }) => ({ path: at(name), message: `${name}: ${message}` }));
};

interface Finding {
  /** The tunnel's. */
  readonly name: string;
  readonly message: string;
}

const sameNames = (wanted: readonly string[], got: readonly string[]): readonly Finding[] =>
  [...new Set([...wanted, ...got])].flatMap((name) => {
    const [asked, derived] = [wanted, got].map((list) => list.filter((other) => other === name).length);
    return asked === derived
      ? []
      : [{ name, message: `is ${asked} times in the site file and ${derived} times among the tunnels` }];
  });

/** Speaks only when the two differ. Lists are compared in order: that order goes into the files. */
const differs = (what: string, got: unknown, want: unknown): readonly string[] => {
  const [is, should] = [JSON.stringify(got) ?? 'nothing', JSON.stringify(want) ?? 'nothing'];
  return is === should ? [] : [`${what} is ${is}, must be ${should}`];
};

const texts = (list: readonly Cidr[]): readonly string[] => list.map(({ text }) => text);
/** A network whose text and numbers disagree would be one thing in an ACL and another in a route. */
const canonical = (list: readonly Cidr[]): readonly unknown[] => list.map(({ text }) => parseCidr(text));

const one = (site: Site, tunnel: Tunnel): readonly string[] => {
  const entry = site.tunnels.find(({ name }) => name === tunnel.name);
  if (entry === undefined) return [];
  const { cloud, onprem, suite, inside } = tunnel;
  const gateway = site.gateways.find(({ name }) => name === entry.gateway);
  const router = site.onprem.routers.find(({ name }) => name === entry.router);
  if (gateway === undefined || router === undefined) return ['its gateway or its router is not in the site file'];
  const policy = entry.mode === 'policy';
  const cloudNetworks = site.cloud.networks ?? [site.cloud.cidr];
  // An ASA, and IOS in IKEv1, can present no other identity than the address of the interface.
  const ownAddress = /^asa-/.test(router.dialect) || (/^ios-/.test(router.dialect) && suite.ikeVersion === 1);
  const style = gateway.dialect === 'openswan' || gateway.dialect === 'libreswan' ? 'openswan' : 'strongswan';
  return [
    ...differs('mode', tunnel.mode, entry.mode),
    // Each end holds the other to one way of authentication: a key at one and a certificate at the other never meet.
    ...[cloud, onprem].flatMap(({ device, auth }) => differs(`authentication of ${device}`, auth, entry.auth)),
    ...differs('crypto suite', suite, suiteFor(suite.level, style)),
    ...(suite.ike.length === 0 || suite.esp.length === 0
      ? ['no proposal is left: the ends have nothing to agree on']
      : []),
    ...(suite.lifetime.child < suite.lifetime.ike
      ? []
      : [`child lifetime ${suite.lifetime.child} s is not below the IKE lifetime ${suite.lifetime.ike} s`]),
    ...(suite.dpd.delay < suite.dpd.timeout
      ? []
      : [`DPD delay ${suite.dpd.delay} s is not below its timeout ${suite.dpd.timeout} s`]),
    ...(tunnel.natT || [cloud, onprem].every(({ address, publicAddress }) => address === publicAddress)
      ? []
      : ['an end sits behind NAT, and NAT traversal is off']),
    ...(suite.esp.length === 0 ? [] : differs('MTU', tunnel.mtu, suiteMtu(suite, tunnel.natT, router.wan_mtu))),
    ...differs('inside network', inside, cidr(entry.inside)),
    ...(inside.prefix === 30 ? [] : ['the inside network is no /30']),
    ...differs('number', tunnel.numbers.tunnel, entry.number ?? tunnel.numbers.tunnel),
    ...differs('SLA number', tunnel.numbers.sla, tunnel.numbers.tunnel / 10),
    ...differs('inside address of the router', onprem.inside, addressText(inside.first + 1)),
    ...differs('inside address of the gateway', cloud.inside, addressText(inside.first + 2)),
    ...(cloud.initiates !== onprem.initiates
      ? []
      : [`${cloud.initiates ? 'both ends initiate' : 'no end initiates'}: exactly one must`]),
    // AWS's default and the field documents' habit differ; here the gateway starts unless the site file says otherwise,
    // for it is the end that is behind NAT for certain.
    ...differs('the initiator', cloud.initiates ? 'gateway' : 'router', entry.initiator ?? 'gateway'),
    ...differs('selectors of the cloud end', texts(cloud.selectors), policy ? cloudNetworks : ['0.0.0.0/0']),
    ...differs('selectors of the on-prem end', texts(onprem.selectors), policy ? site.onprem.networks : ['0.0.0.0/0']),
    ...differs('networks of the cloud end', texts(cloud.networks), cloudNetworks),
    ...differs('networks of the on-prem end', texts(onprem.networks), site.onprem.networks),
    ...sameBox(cloud, {
      ...gateway,
      side: 'cloud',
      address: gateway.private_ip,
      id: gateway.public_ip,
      policy,
      lan: undefined,
      router_id: undefined,
    }),
    ...sameBox(onprem, {
      ...router,
      side: 'onprem',
      address: router.private_ip ?? router.public_ip,
      id: (ownAddress ? router.private_ip : undefined) ?? router.public_ip,
      policy,
    }),
  ];
};

interface Box {
  readonly name: string;
  readonly side: End['side'];
  readonly dialect: string;
  readonly interface: string;
  readonly address: string;
  readonly id: string;
  readonly public_ip: string;
  readonly wan: string;
  readonly lan?: string | undefined;
  readonly router_id?: string | undefined;
  readonly policy: boolean;
}

const sameBox = (end: End, box: Box): readonly string[] => [
  ...differs(`device of the ${box.side} end`, end.device, box.name),
  ...differs(`side of ${box.name}`, end.side, box.side),
  ...differs(`dialect of ${box.name}`, end.dialect, box.dialect),
  ...differs(`interface of ${box.name}`, end.interface, box.policy ? 'policy' : box.interface),
  ...differs(`address of ${box.name}`, end.address, box.address),
  ...differs(`public address of ${box.name}`, end.publicAddress, box.public_ip),
  // The other end accepts this identity only, and looks its key up by it.
  ...differs(`IKE id of ${box.name}`, end.id, box.id),
  ...differs(`WAN interface of ${box.name}`, end.wan, box.wan),
  ...differs(`LAN interface of ${box.name}`, end.lan, box.lan),
  ...differs(`router id of ${box.name}`, end.routerId, box.router_id),
  ...differs(
    `network numbers of ${box.name}`,
    [...end.networks, ...end.selectors],
    canonical([...end.networks, ...end.selectors]),
  ),
];

/** Interface, key, mark, track and SLA numbers share a box's name space. */
const numbersOnBoxes = (tunnels: readonly Tunnel[]): readonly Finding[] =>
  tunnels.flatMap((tunnel, index) =>
    tunnels
      .slice(0, index)
      .filter(
        (other) =>
          (other.cloud.device === tunnel.cloud.device || other.onprem.device === tunnel.onprem.device) &&
          other.numbers.tunnel === tunnel.numbers.tunnel,
      )
      .map((other) => ({
        name: tunnel.name,
        message: `number ${tunnel.numbers.tunnel} is ${other.name}'s too, and they share a box`,
      })),
  );

/** A daemon picks the connection and its key by the two ids: two tunnels with the same pair would swap keys. */
const keysByIds = (tunnels: readonly Tunnel[]): readonly Finding[] =>
  tunnels.flatMap((tunnel, index) =>
    tunnels
      .slice(0, index)
      .filter((other) => other.cloud.id === tunnel.cloud.id && other.onprem.id === tunnel.onprem.id)
      .map((other) => ({ name: tunnel.name, message: `has the same pair of IKE ids as ${other.name}` })),
  );
