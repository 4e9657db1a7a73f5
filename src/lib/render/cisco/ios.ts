import cryptomapSource from '../../../../templates/ios/cryptomap.hbs?raw';
import vtiSource from '../../../../templates/ios/vti.hbs?raw';
import { netmask } from '../../domain/cidr.ts';
import { isAead, type Encryption, type Hash, type Proposal, type Suite } from '../../domain/crypto.ts';
import { slaPace } from '../../domain/health/sla-pace.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { vpcCidrs } from '../../domain/vpc.ts';
import { template, type View } from '../engine.ts';
import type { Device, Renderer } from '../types.ts';
import { beforePasting, hasPlainNames, namingOf, ospfOf, sequenceOf, tunnelNumbers, type Naming } from './names.ts';
import { authView, holdsKeys, iosFiles } from './trustpoint.ts';
import {
  hasDx,
  identityNote,
  levelOf,
  notesOf,
  oneAtATimeNote,
  oneSuite,
  pskOf,
  requireMode,
  routerOf,
  selectorPairs,
  staticDistance,
  staticMetric,
  withMask,
  withWildcard,
} from './shared.ts';

/**
 * Where facts of the templates are from. Replay window: 64 packets by default, fewer than a busy path puts out of order
 * (Cisco, "IPsec Anti-Replay Window: Expanding and Disabling", 12.3(14)T and IOS XE 16: globally and in a crypto map).
 * `no-xauth`: where VPN clients dial in by the same crypto map, the router asks every peer for a user name (Cisco 20982,
 * prerequisites; Security Command Reference, "crypto isakmp key").
 */
const vti = template(vtiSource);
const cryptomap = template(cryptomapSource);

/** IKEv1 policies, IKEv2 proposals and transform sets spell the same cipher three ways. */
const ISAKMP: Readonly<Partial<Record<Encryption, string>>> = { aes128: 'aes', aes256: 'aes 256' };
const IKEV2: Readonly<Record<Encryption, string>> = {
  aes128: 'aes-cbc-128',
  aes256: 'aes-cbc-256',
  aes128gcm16: 'aes-gcm-128',
  aes256gcm16: 'aes-gcm-256',
};
const ESP: Readonly<Record<Encryption, string>> = {
  aes128: 'esp-aes',
  aes256: 'esp-aes 256',
  aes128gcm16: 'esp-gcm 128',
  aes256gcm16: 'esp-gcm 256',
};
const ESP_HASH: Readonly<Record<Hash, string>> = {
  sha1: 'esp-sha-hmac',
  sha256: 'esp-sha256-hmac',
  sha384: 'esp-sha384-hmac',
  sha512: 'esp-sha512-hmac',
};

const transform = ({ encryption, hash }: Proposal): string =>
  isAead(encryption) ? ESP[encryption] : `${ESP[encryption]} ${ESP_HASH[hash]}`;

/**
 * Phase 1 and the transform set. Of the ESP proposals only the first is offered: IOS has one PFS group per profile, so
 * a second cipher with a group of its own could never be agreed on.
 */
const cryptoView = (suite: Suite, naming: Naming) => {
  const esp = suite.esp[0]!;
  const ike = suite.ike[0]!;
  return {
    ikev1: suite.ikeVersion === 1,
    ikev2: suite.ikeVersion === 2,
    encr: ISAKMP[ike.encryption] ?? '',
    // The default hash is SHA-1, and the field document does not spell it.
    hash: ike.hash === 'sha1' ? '' : ike.hash,
    group: ike.dh ?? 0,
    ikeLifetime: suite.lifetime.ike,
    childLifetime: suite.lifetime.child,
    transform: transform(esp),
    pfs: esp.dh === undefined ? '' : `group${esp.dh}`,
    policy: naming(`hybrid-${suite.level}`, ''),
    proposals: suite.ike.map(({ encryption, hash, dh }, index) => ({
      name: naming(`hybrid-${suite.level}-${index + 1}`, `${index + 1}`),
      encryption: IKEV2[encryption],
      integrity: isAead(encryption) ? '' : hash,
      prf: hash,
      group: dh ?? 0,
    })),
    // A dead peer is found after delay + 5 retries; periodic, since on-demand is silent while nothing is sent.
    dpd: `${Math.max(10, suite.dpd.delay)} ${Math.max(2, Math.floor((suite.dpd.timeout - suite.dpd.delay) / 5))} periodic`,
  } satisfies View;
};

const suffix = (index: number, { numbers }: Tunnel): string => (index === 0 ? '' : `-${numbers.tunnel}`);

/**
 * Cisco IOS, route-based: a VTI for each tunnel, an IP SLA that crosses it, a static route that follows the SLA, and
 * the route's way into the office's OSPF (the field document "BJS VPN", "Cisco Router 1"). IKEv2 needs IOS 15.2(4)M or
 * IOS XE.
 *
 * At level legacy the first tunnel has the field document's plain names (KEYRING, ipsec-profile), the next its number
 * behind them.
 * @throws a usage error when a tunnel is policy-based or its key can't be typed.
 */
export const renderIosVti: Renderer = (device) => {
  requireMode(device, 'route');
  const legacy = levelOf(device) === 'legacy';
  const router = routerOf(device);
  const first = device.tunnels[0]!;
  const naming = namingOf(device);
  const { ikev1, proposals, policy, transform: transformSet } = cryptoView(first.suite, naming);
  const numbers = tunnelNumbers(device.tunnels);
  const statics = first.bgp === undefined;
  const policies = device.tunnels.map((tunnel, index) => sequenceOf(device, index, tunnel.numbers.tunnel));
  const content = vti({
    device: device.name,
    site: device.site.site,
    notes: [
      ...notesOf(device, legacy ? 'legacy' : 'computed'),
      ...(ikev1 ? identityNote(device) : []),
      ...beforePasting(device, [
        ['interface Tunnel', numbers],
        ...(statics
          ? ([
              ['track', numbers],
              ['ip sla', device.tunnels.map((tunnel) => tunnel.numbers.sla)],
            ] as const)
          : []),
        ...(ikev1 ? ([['crypto isakmp policy', policies]] as const) : []),
      ]),
    ],
    ...authView(device, first),
    keys: holdsKeys(device),
    modern: !legacy,
    lookEvery: legacy ? 0 : slaPace(device.site, first.name).lookEvery,
    transformSet: naming('TRAN', ''),
    static2ospf: naming('static2ospf'),
    ikev1,
    proposals,
    policy,
    transform: transformSet,
    local: first.onprem.address,
    // What BGP brings needs neither a static route nor a watch over it.
    statics,
    ospf: ospfOf(device),
    routerId: router.router_id ?? '',
    // Without the router's LAN address OSPF is taken to run already, as the field document does.
    lan: legacy || router.lan_ip === undefined ? '' : router.lan,
    unsaid: !legacy && router.lan_ip === undefined,
    lanIp: router.lan_ip ?? '',
    tunnels: device.tunnels.map((tunnel, index) => vtiView(device, tunnel, index, legacy)),
  });
  return iosFiles(device, content);
};

const vtiView = (device: Device, tunnel: Tunnel, index: number, legacy: boolean): View => {
  const { onprem, cloud, numbers, suite, mtu } = tunnel;
  const tail = suffix(index, tunnel);
  const naming = namingOf(device);
  const distance = staticDistance(index, hasDx(device));
  const pace = slaPace(device.site, tunnel.name);
  return {
    ...cryptoView(suite, naming),
    name: tunnel.name,
    policyNumber: sequenceOf(device, index, numbers.tunnel),
    transformSet: naming('TRAN', ''),
    static2ospf: naming('static2ospf'),
    number: numbers.tunnel,
    sla: numbers.sla,
    sequence: 10 * (index + 1),
    keyring: naming(`KEYRING${tail}`, tunnel.name),
    isakmpProfile: naming(`isakmp-profile${tail}`, tunnel.name),
    ikev2Profile: naming(`ikev2-profile${tail}`, tunnel.name),
    ipsecProfile: naming(`ipsec-profile${tail}`, tunnel.name),
    local: onprem.address,
    id: onprem.id,
    peer: cloud.device,
    remote: cloud.publicAddress,
    psk: pskOf(device, tunnel),
    ...authView(device, tunnel),
    inside: onprem.inside,
    remoteInside: cloud.inside,
    mask: netmask(legacy && !sharesSlash24(device, tunnel) ? 24 : tunnel.inside.prefix),
    // The field document's MSS is for a line of 1500 bytes.
    mtu: legacy && mtu.path === 1500 ? '' : mtu.mtu,
    mss: legacy && mtu.path === 1500 ? 1387 : mtu.mss,
    metric: legacy ? '' : staticMetric(device, tunnel),
    // Coming back is slower than going.
    delay: legacy ? '' : `down ${pace.delayDown} up 30`,
    timeout: pace.timeoutMs,
    frequency: legacy ? 5 : pace.frequency,
    routes: vpcCidrs(device.site).map(
      (network) =>
        `${withMask(network)} Tunnel${numbers.tunnel} ${cloud.inside}${distance > 1 ? ` ${distance}` : ''} tag ${numbers.tunnel} track ${numbers.tunnel}`,
    ),
  };
};

/** The field document masks its /30 as a /24, which IOS refuses as an overlap once two tunnels lie in one /24. */
const sharesSlash24 = ({ tunnels }: Device, tunnel: Tunnel): boolean =>
  tunnels.some(
    (other) => other !== tunnel && Math.floor(other.inside.first / 256) === Math.floor(tunnel.inside.first / 256),
  );

/**
 * Cisco IOS, policy-based: one crypto map entry on the WAN interface (the field document "OpenSwan"). All tunnels of a
 * router carry the same selectors, so they are peers of one entry, in file order: of two entries with the same access
 * list IOS would only ever use the first.
 *
 * @throws a usage error when a tunnel is route-based, suites differ, or a key can't be typed.
 */
export const renderIosCryptomap: Renderer = (device) => {
  requireMode(device, 'policy');
  const suite = oneSuite(device);
  const legacy = suite.level === 'legacy';
  const router = routerOf(device);
  const first = device.tunnels[0]!;
  const { onprem, numbers } = first;
  const pairs = selectorPairs(first);
  const naming = namingOf(device);
  const plain = hasPlainNames(device);
  const sequence = sequenceOf(device, 0, legacy ? numbers.sla : numbers.tunnel);
  const acl = plain ? String(aclNumber(first)) : naming('', 'crypto');
  const content = cryptomap({
    ...cryptoView(suite, naming),
    device: device.name,
    site: device.site.site,
    notes: [
      ...notesOf(device, legacy ? 'legacy' : 'computed'),
      ...(suite.ikeVersion === 1 ? identityNote(device) : []),
      ...oneAtATimeNote(device),
      ...beforePasting(device, [
        ...(suite.ikeVersion === 1 ? ([['crypto isakmp policy', [sequence]]] as const) : []),
        [`crypto map ${router.crypto_map ?? naming('OpenSwan', '')}`, [sequence]],
        ...(plain ? ([['access-list', [aclNumber(first)]]] as const) : []),
      ]),
    ],
    ...authView(device, first),
    keys: holdsKeys(device),
    legacy,
    name: naming('OpenSwan', ''),
    map: router.crypto_map ?? naming('OpenSwan', ''),
    joins: router.crypto_map !== undefined,
    sequence,
    acl,
    namedAcl: !plain,
    pairs: pairs.map(({ from, to }) => `${withWildcard(from)} ${withWildcard(to)}`),
    manyPairs: pairs.length > 1,
    wan: onprem.wan,
    local: onprem.address,
    id: onprem.id,
    address: router.wan_prefix === undefined ? '' : `${onprem.address} ${netmask(router.wan_prefix)}`,
    nextHop: router.wan_next_hop ?? '',
    mss: Math.min(...(legacy ? [1360] : []), ...device.tunnels.map(({ mtu }) => mtu.mss)),
    peers: device.tunnels.map((tunnel) => ({
      name: tunnel.cloud.device,
      address: tunnel.cloud.publicAddress,
      psk: pskOf(device, tunnel),
    })),
  });
  return iosFiles(device, content);
};

/** Extended access lists are 100-199 and 2000-2699; any other number means another kind of list. */
const aclNumber = ({ numbers }: Tunnel): number =>
  numbers.tunnel >= 100 && numbers.tunnel <= 199 ? numbers.tunnel : 2000 + numbers.sla;
