import { describe, expect, test } from 'vitest';
import { renderIosBgp } from '../../../../src/lib/render/bgp/dx-ios.ts';
import { renderAsa82, renderAsa83 } from '../../../../src/lib/render/cisco/asa.ts';
import { renderIosCryptomap, renderIosVti } from '../../../../src/lib/render/cisco/ios.ts';
import { fixture, rendered } from './helper.ts';

/**
 * What the field documents list, command by command: the file at level legacy must have each of them, in its own
 * section, with the same values. More lines may stand beside them, and a line may go on ("start-time now life
 * forever").
 */
const router = (local: string, remote: string, inside: string, peerInside: string, id: string): string => `
track 100 ip sla 10 reachability
crypto keyring KEYRING
  local-address ${local}
  pre-shared-key address ${remote} key cisco
crypto isakmp policy 100
 encr aes
 authentication pre-share
 group 2
 lifetime 28800
crypto isakmp keepalive 10 10
crypto isakmp profile isakmp-profile
   keyring KEYRING
   match identity address ${remote} 255.255.255.255
   local-address ${local}
crypto ipsec security-association replay window-size 128
crypto ipsec transform-set TRAN esp-aes esp-sha-hmac
 mode tunnel
crypto ipsec df-bit clear
crypto ipsec profile ipsec-profile
 set transform-set TRAN
 set pfs group2
interface Tunnel100
 ip address ${inside} 255.255.255.0
 ip tcp adjust-mss 1387
 tunnel source ${local}
 tunnel mode ipsec ipv4
 tunnel destination ${remote}
 tunnel protection ipsec profile ipsec-profile
 ip virtual-reassembly
router ospf 100
 router-id ${id}
 redistribute static subnets route-map static2ospf
ip route 172.16.0.0 255.255.0.0 Tunnel100 ${peerInside} tag 100 track 100
ip sla 10
 icmp-echo ${peerInside} source-ip ${inside}
 frequency 5
ip sla schedule 10 start-time now
route-map static2ospf permit 10
 match tag 100`;

const CRYPTO_MAP = `
crypto isakmp policy 10
 encr aes
 authentication pre-share
 group 2
crypto isakmp key aws123 address 54.223.152.218
crypto ipsec transform-set OpenSwan esp-aes esp-sha-hmac
 mode tunnel
crypto map OpenSwan 10 ipsec-isakmp
 set peer 54.223.152.218
 set transform-set OpenSwan
 match address 100
interface GigabitEthernet1
 ip address 54.223.170.5 255.255.255.252
 ip mtu 1400
 ip tcp adjust-mss 1360
 crypto map OpenSwan
access-list 100 permit ip 10.1.2.0 0.0.0.255 192.168.2.0 0.0.0.255
ip route 0.0.0.0 0.0.0.0 54.223.170.6`;

const ASA_82 = `
nat (inside) 0 access-list nat_exemption
access-list nat_exemption extended permit ip 192.168.1.0 255.255.255.0 10.0.0.0 255.255.255.0`;

/** The document's \`any\` is an interface by name today, first in the list: with \`any\` a firewall routes by the rule. */
const ASA_83 = `
object network obj-192.168.1.0
 subnet 192.168.1.0 255.255.255.0
object network obj-10.0.0.0
 subnet 10.0.0.0 255.255.255.0
nat (inside,outside) 1 source static obj-192.168.1.0 obj-192.168.1.0 destination static obj-10.0.0.0 obj-10.0.0.0 no-proxy-arp`;

const DX = `
route-map LOCAL-PRE permit 10
 set local-preference 50
route-map PREPEND permit 10
 set as-path prepend 1111 1111
router bgp 1111
 network 0.0.0.0
 neighbor 169.254.10.2 remote-as 17493
 neighbor 169.254.10.2 route-map LOCAL-PRE in
 neighbor 169.254.10.2 route-map PREPEND out`;

/** Lines as `section > command`. */
const commands = (text: string): readonly string[] => {
  let section = '';
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '' || line.startsWith('!')) return [];
    if (!line.startsWith(' ')) section = line;
    return [line.startsWith(' ') ? `${section} > ${line.trim()}` : line];
  });
};
const absent = (seed: string, file: string): readonly string[] => {
  const have = commands(file);
  return commands(seed).filter((command) => !have.some((line) => line === command || line.startsWith(`${command} `)));
};

/** The NAT passage has its own networks: an office 192.168.1.0/24 and a VPC 10.0.0.0/24. */
const natSite = () => {
  const input = fixture('seed-openswan');
  return {
    ...input,
    cloud: { ...input.cloud, cidr: '10.0.0.0/24', networks: ['10.0.0.0/24'] },
    gateways: [{ ...input.gateways[0]!, private_ip: '10.0.0.10' }],
    onprem: { ...input.onprem, networks: ['192.168.1.0/24'] },
  };
};

const ROWS: readonly (readonly [what: string, seed: string, file: () => string])[] = [
  [
    'Cisco Router 1',
    router('10.10.1.100', '54.223.192.238', '169.254.100.1', '169.254.100.2', '1.1.1.1'),
    () => rendered(renderIosVti, fixture('seed-bjs'), 'cisco-1'),
  ],
  [
    'Cisco Router 2',
    router('10.10.2.100', '54.222.191.34', '169.254.200.1', '169.254.200.2', '2.2.2.2'),
    () => rendered(renderIosVti, fixture('seed-bjs'), 'cisco-2'),
  ],
  [
    'the crypto map',
    CRYPTO_MAP,
    () => rendered(renderIosCryptomap, fixture('seed-openswan'), 'cisco', { psk: 'aws123' }),
  ],
  ['NAT exemption before ASA 8.3', ASA_82, () => rendered(renderAsa82, natSite(), 'cisco', { dialect: 'asa-8.2' })],
  ['NAT exemption since ASA 8.3', ASA_83, () => rendered(renderAsa83, natSite(), 'cisco', { dialect: 'asa-8.3' })],
  ['the standby Direct Connect router', DX, () => rendered(renderIosBgp, fixture('seed-dx'), 'cisco-2')],
];

describe('level legacy carries every command and value of', () => {
  test.each(ROWS)('%s', (_what, seed, file) => {
    expect(absent(seed, file())).toEqual([]);
  });
});

test('the comparison itself finds a changed value', () => {
  const file = rendered(renderIosBgp, fixture('seed-dx'), 'cisco-2');
  expect(absent(DX, file.replace('local-preference 50', 'local-preference 500'))).toEqual([
    'route-map LOCAL-PRE permit 10 > set local-preference 50',
  ]);
});
