import source82 from '../../../../templates/asa/8.2.hbs?raw';
import source83 from '../../../../templates/asa/8.3.hbs?raw';
import source97 from '../../../../templates/asa/9.7-vti.hbs?raw';
import { usageError } from '../../core/errors.ts';
import { netmask, type Cidr } from '../../domain/cidr.ts';
import { isAead, type Encryption, type Hash, type Suite } from '../../domain/crypto.ts';
import { asaKeepalive } from '../../domain/health/office-half.ts';
import type { Tunnel } from '../../domain/tunnel.ts';
import { vpcCidrs } from '../../domain/vpc.ts';
import { beforePasting, namingOf, sequenceOf, tunnelNumbers } from './names.ts';
import { asnOf, prefixesOf, tunnelSessions } from '../bgp/policy.ts';
import { template, type View } from '../engine.ts';
import type { Device, RenderedFile, Renderer } from '../types.ts';
import { asaFiles, authView, holdsKeys } from './trustpoint.ts';
import {
  identityNote,
  notesOf,
  oneAtATimeNote,
  oneSuite,
  pskOf,
  requireMode,
  routerOf,
  selectorPairs,
  staticDistance,
  withMask,
} from './shared.ts';

/**
 * Where facts of the templates are from. `route-lookup`: from 8.4(2) identity NAT takes the way out from its own rule, and
 * a route look-up has to be asked for, as management over a tunnel needs (ASA Firewall CLI guide, "Determining the Egress
 * Interface", "NAT and VPN Management Access"). The replay window is IOS's (see ios.ts).
 */
const asa82 = template(source82);
const asa83 = template(source83);
const asa97 = template(source97);

/** IKE policies and IKEv2 proposals say `aes` for 128 bits; IKEv1 transform sets put `esp-` before it. */
const CIPHER: Readonly<Record<Encryption, string>> = {
  aes128: 'aes',
  aes256: 'aes-256',
  aes128gcm16: 'aes-gcm',
  aes256gcm16: 'aes-gcm-256',
};
/** IKEv1 knows one hash that our suites use; IKEv2 proposals put a dash into the ESP form only. */
const HASH: Readonly<Record<Hash, string>> = { sha1: 'sha', sha256: 'sha256', sha384: 'sha384', sha512: 'sha512' };
const ESP_HASH: Readonly<Record<Hash, string>> = {
  sha1: 'sha-1',
  sha256: 'sha-256',
  sha384: 'sha-384',
  sha512: 'sha-512',
};

/** One PFS group per crypto map entry or profile, so only the first ESP proposal is offered. */
const cryptoView = (suite: Suite, policyBase: number) => {
  const esp = suite.esp[0]!;
  return {
    ikev1: suite.ikeVersion === 1,
    ikev2: suite.ikeVersion === 2,
    policies: suite.ike.map(({ encryption, hash, dh }, index) => ({
      // Bases are multiples of ten, so the second policy of a tunnel meets no other tunnel's first.
      number: policyBase + index,
      encryption: CIPHER[encryption],
      hash: HASH[hash],
      integrity: isAead(encryption) ? 'null' : HASH[hash],
      group: dh ?? 0,
      lifetime: suite.lifetime.ike,
    })),
    transform: `esp-${CIPHER[esp.encryption]} esp-sha-hmac`,
    espCipher: CIPHER[esp.encryption],
    espIntegrity: isAead(esp.encryption) ? 'null' : ESP_HASH[esp.hash],
    pfs: esp.dh === undefined ? '' : `group${esp.dh}`,
    childLifetime: suite.lifetime.child,
    keepalive: keepaliveOf(suite),
  } satisfies View;
};

const keepaliveOf = (suite: Suite): string => {
  const { threshold, retry } = asaKeepalive(suite);
  return `threshold ${threshold} retry ${retry}`;
};

const file = (device: Device, content: string): readonly RenderedFile[] => asaFiles(device, content);

const common = (device: Device, used: Parameters<typeof beforePasting>[1]): View => ({
  device: device.name,
  site: device.site.site,
  ...authView(device, device.tunnels[0]!),
  keys: holdsKeys(device),
  certificates: device.tunnels.some(({ onprem }) => onprem.auth === 'cert'),
  transformSet: namingOf(device)('TRAN', ''),
  notes: [...notesOf(device, 'computed'), ...identityNote(device), ...beforePasting(device, used)],
  // The clamp is global: the tightest tunnel decides.
  mss: Math.min(...device.tunnels.map(({ mtu }) => mtu.mss)),
});

const peer = (device: Device, tunnel: Tunnel): View => ({
  name: tunnel.name,
  address: tunnel.cloud.publicAddress,
  psk: pskOf(device, tunnel),
  ...authView(device, tunnel),
});

/** One crypto map entry for all tunnels of the box: they carry the same selectors. */
const policyView = (device: Device): View => {
  requireMode(device, 'policy');
  const suite = oneSuite(device);
  const first = device.tunnels[0]!;
  const pairs = selectorPairs(first);
  const objects = [
    ...new Map(pairs.flatMap(({ from, to }) => [from, to]).map((network) => [network.text, network])).values(),
  ];
  const naming = namingOf(device);
  const objectName = ({ text, address, prefix }: Cidr): string =>
    objects.some((other) => other.address === address && other.text !== text)
      ? naming(`obj-${address}-${prefix}`, `${address}-${prefix}`)
      : naming(`obj-${address}`, address);
  const number = sequenceOf(device, 0, first.numbers.tunnel);
  const { crypto_map: given } = routerOf(device);
  const map = given ?? 'outside_map';
  const crypto = cryptoView(suite, number);
  return {
    ...common(device, [
      [suite.ikeVersion === 1 ? 'IKE policy' : 'crypto ikev2 policy', crypto.policies.map((policy) => policy.number)],
      [`crypto map ${map}`, [number]],
    ]),
    ...crypto,
    oneAtATime: oneAtATimeNote(device),
    number,
    map,
    joins: given !== undefined,
    acl: naming(`crypto_acl_${first.numbers.tunnel}`, 'crypto'),
    natExemption: naming('nat_exemption'),
    pairs: pairs.map(({ from, to }) => ({
      acl: `${withMask(from)} ${withMask(to)}`,
      from: objectName(from),
      to: objectName(to),
    })),
    manyPairs: pairs.length > 1,
    objects: objects.map((network) => ({ name: objectName(network), subnet: withMask(network) })),
    peers: device.tunnels.map((tunnel) => peer(device, tunnel)),
    peerList: device.tunnels.map(({ cloud }) => cloud.publicAddress).join(' '),
    manyPeersIkev2: suite.ikeVersion === 2 && device.tunnels.length > 1,
  };
};

/**
 * Cisco ASA before 8.3: crypto map, `nat 0` exemption, IKEv1 only.
 * @throws a usage error when the suite is IKEv2, a tunnel is route-based, or a key can't be typed.
 */
export const renderAsa82: Renderer = (device) => {
  if (device.tunnels.some(({ suite }) => suite.ikeVersion === 2)) {
    throw usageError('ASA 8.2 has neither IKEv2 nor AES-GCM', {
      field: `onprem.routers.${device.name}.dialect`,
      next: 'upgrade the box to 9.0 and use asa-8.3, or set crypto: legacy',
    });
  }
  return file(device, asa82(policyView(device)));
};

/** Cisco ASA 8.3 and later: crypto map and identity twice NAT; the ikev1/ikev2 keywords are those of 8.4. */
export const renderAsa83: Renderer = (device) => file(device, asa83(policyView(device)));

/**
 * Cisco ASA 9.7 and later, route-based. No IP SLA: 9.7(1) can't send one over a VTI; the VTI goes down with its SA and
 * takes its static route along. Where the tunnels have BGP it stands here too, in the ASA's own form. Interface numbers
 * end at 100 there, so the tunnel's number is a tenth of its base.
 *
 * @throws a usage error when a tunnel is policy-based or its key can't be typed.
 */
export const renderAsa97Vti: Renderer = (device) => {
  requireMode(device, 'route');
  const first = device.tunnels[0]!;
  const sessions = tunnelSessions(device);
  const naming = namingOf(device);
  const policies = device.tunnels.flatMap(({ suite, numbers }, index) =>
    cryptoView(suite, sequenceOf(device, index, numbers.tunnel)).policies.map(({ number }) => number),
  );
  return file(
    device,
    asa97({
      ...common(device, [
        ['interface Tunnel', device.tunnels.map(({ numbers }) => numbers.sla)],
        [first.suite.ikeVersion === 1 ? 'crypto ikev1 policy' : 'crypto ikev2 policy', policies],
        ['nameif vti', tunnelNumbers(device.tunnels)],
      ]),
      ...cryptoView(first.suite, first.numbers.tunnel),
      bgp: sessions.length > 0,
      sessions,
      asn: sessions.length > 0 ? asnOf(device) : 0,
      ...prefixesOf(device),
      tunnels: device.tunnels.map((tunnel, index) => {
        const { numbers, onprem, cloud, inside, suite } = tunnel;
        const { policies, pfs, childLifetime, keepalive, ikev1, ikev2 } = cryptoView(
          suite,
          sequenceOf(device, index, numbers.tunnel),
        );
        return {
          ...peer(device, tunnel),
          ikev1,
          ikev2,
          policies,
          pfs,
          childLifetime,
          keepalive,
          number: numbers.sla,
          nameif: `vti${numbers.tunnel}`,
          profile: naming(`ipsec-profile${index === 0 ? '' : `-${numbers.tunnel}`}`, tunnel.name),
          transformSet: naming('TRAN', ''),
          inside: `${onprem.inside} ${netmask(inside.prefix)}`,
          routes:
            tunnel.bgp !== undefined
              ? []
              : vpcCidrs(device.site).map(
                  (network) =>
                    `vti${numbers.tunnel} ${withMask(network)} ${cloud.inside} ${staticDistance(index, false)}`,
                ),
        };
      }),
    }),
  );
};
