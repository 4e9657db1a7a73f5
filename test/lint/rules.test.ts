import { describe, expect, it } from 'vitest';
import { lint, RULES } from '../../src/lib/lint/index.ts';
import { parseFile } from '../../src/lib/lint/parse.ts';
import type { Kind } from '../../src/lib/lint/types.ts';

const fired = (kind: Kind, text: string, mode?: number): readonly string[] =>
  lint(parseFile('f', text, { kind, mode })).map(({ rule, line }) => `${rule}:${line}`);

const KEY = 'k7PqVt2.Wm9_xRb4Zc8nYd3FhJ6sLgQa';
const swanctl = (settings: string, child = '', ends = 'local_addrs = 172.16.1.157\nremote_addrs = 198.51.100.77') =>
  `connections {\nvpn1 {\n${ends}\n${settings}\nchildren {\nnet {\n${child}\n}\n}\n}\n}\n`;
const conn = (settings: string) => `conn vpn1\n  right=198.51.100.77\n  ${settings.replaceAll('; ', '\n  ')}\n`;
const map = (commands: string) => `crypto map M 10 ipsec-isakmp\n ${commands.replaceAll('; ', '\n ')}\n`;
const SETS = 'crypto ipsec transform-set T esp-aes 256 esp-sha512-hmac\ncrypto ipsec profile P\n set transform-set T\n';
const tunnel = (commands: string) =>
  `interface Tunnel1\n tunnel protection ipsec profile P\n ${commands.replaceAll('; ', '\n ')}\n`;
const acl = (to: string) => `access-list A extended permit ip 10.0.0.0 255.0.0.0 ${to}\n`;
const asaMap = 'crypto map M 10 match address A\n';
const REDISTRIBUTED = 'router ospf 1\n redistribute static subnets route-map M\n';
const DYNAMIC = 'nat (inside) 1 10.0.0.0 255.0.0.0\nglobal (outside) 1 interface\n';

const NUMBERED = 'object network L\n subnet 10.0.0.0 255.0.0.0\nobject network V\n subnet 172.16.0.0 255.255.0.0\n';
const TWICE = 'source static L L destination static V V\n';
const AUTO = 'object network any\n nat (inside,outside) dynamic interface\n';
const PAIR = `${acl('172.16.0.0 255.255.0.0')}${asaMap}`;
const TUNNEL = 'interface Tunnel1\n ip address 10.9.0.1 255.255.255.0\n';
const children = (one: string, two: string) =>
  `connections {\nhq {\nremote_addrs = 198.51.100.77\nchildren {\na {\n${one}\n}\nb {\n${two}\n}\n}\n}\n}\n`;
const keyed = (id: string) =>
  `connections {\nhq {\nremote_addrs = 198.51.100.77\nlocal {\nid = me\n}\n}\n}\nsecrets {\nike {\nid = ${id}\nsecret = ${KEY}\n}\n}\n`;

/** rule, what it must not fire on, kind, the file: forms that good public files have. */
const QUIET: readonly (readonly [string, string, Kind, string])[] = [
  [
    'asa-nat-exemption',
    'a twice NAT with its number',
    'asa',
    `${NUMBERED}${PAIR}nat (inside,outside) 1 ${TWICE}${AUTO}`,
  ],
  ['asa-nat-exemption', 'a twice NAT', 'asa', `${NUMBERED}${PAIR}nat (inside,outside) ${TWICE}${AUTO}`],
  ['asa-mixed-dialect', 'a twice NAT with its number', 'asa', `${NUMBERED}nat (inside,outside) 1 ${TWICE}${AUTO}`],
  ['asa-mixed-dialect', 'a VTI', 'asa', 'nat (inside,outside) 2 source dynamic any interface\ninterface Tunnel1\n'],
  [
    'crypto-map-unused',
    'redundancy',
    'ios',
    `${map('set peer 192.0.2.1')}interface Gi1\n crypto map M redundancy HSRP`,
  ],
  ['crypto-map-incomplete', 'GDOI', 'ios', 'crypto map M 5 gdoi\n set group G'],
  [
    'crypto-map-incomplete',
    'an ISAKMP profile',
    'ios',
    'crypto map M 5 ipsec-isakmp profile P\n set peer 192.0.2.1\n set transform-set T\n match address 101',
  ],
  ['reference-undefined', 'the default keyring', 'ios', 'crypto isakmp profile P\n keyring default'],
  ['tunnel-mask', 'a DMVPN hub', 'ios', `${TUNNEL} tunnel mode gre multipoint\n`],
  ['tunnel-mask', 'a DMVPN spoke', 'ios', `${TUNNEL} ip nhrp network-id 1\n`],
  [
    'tag-unmatched',
    'tags that prevent loops',
    'ios',
    'route-map M deny 5\n match tag 110\nroute-map M permit 10\n set tag 90',
  ],
  [
    'tag-unmatched',
    'one of several tags',
    'ios',
    `${REDISTRIBUTED}ip route 172.16.0.0 255.255.0.0 Tunnel1 tag 7\nroute-map M permit 10\n match tag 5 7`,
  ],
  ['track-undefined', 'the old words', 'ios', 'rtr 1\nrtr schedule 1 life forever\ntrack 5 rtr 1 reachability'],
  ['track-undefined', 'the words of 12.4', 'ios', 'ip sla monitor 1\nip sla monitor schedule 1 life forever'],
  ['sla-source', 'ipaddr', 'ios', 'rtr 1\n type echo protocol ipIcmpEcho 10.0.0.1 source-ipaddr 10.0.0.2'],
  ['route-untracked', 'a route to a router', 'ios', 'ip route vrf A 172.16.0.0 255.255.0.0 192.0.2.1'],
  [
    'tunnel-reserved',
    'a banner',
    'ios',
    'banner motd ^C\ninterface Tunnel1\n ip address 169.254.0.1 255.255.255.252\n^C',
  ],
  [
    'ios-nat-exemption',
    'a route-map that leaves the tunnel out',
    'ios',
    `${map('set peer 192.0.2.1; match address 101')}access-list 101 permit ip 10.0.0.0 0.0.0.255 172.16.0.0 0.0.255.255\naccess-list 102 deny ip any 172.16.0.0 0.0.255.255\naccess-list 102 permit ip 10.0.0.0 0.0.0.255 any\nroute-map N permit 10\n match ip address 102\nip nat inside source route-map N interface Gi1 overload`,
  ],
  [
    'crypto-des',
    'a set that nothing uses',
    'asa',
    `crypto ipsec ikev1 transform-set D esp-des esp-md5-hmac\n${asaMap}crypto map M 10 set ikev1 transform-set T`,
  ],
  ['pfs-off', 'a map with it', 'asa', `${asaMap}crypto map M 10 set pfs group20`],
  [
    'mark-mismatch',
    'a number for each child',
    'swanctl',
    children('if_id_in = 1\nif_id_out = 1', 'if_id_in = 2\nif_id_out = 2'),
  ],
  [
    'mark-mismatch',
    'a mark for each child',
    'swanctl',
    children('mark_in = 1\nmark_out = 1', 'mark_in = 2\nmark_out = 2'),
  ],
  ['psk-missing', 'a key under the own id', 'swanctl', keyed('me')],
  ['dpd-off', 'an action alone', 'ipsec-conf', conn('keyexchange=ikev2; auto=start; dpdaction=restart')],
  [
    'proposal-open',
    'Libreswan 5',
    'ipsec-conf',
    `# /etc/ipsec.conf - Libreswan\n${conn('keyexchange=ikev2; ike=aes256-sha2')}`,
  ],
  [
    'mobike-vti',
    'Libreswan, told by its setup',
    'ipsec-conf',
    `config setup\n protostack=xfrm\n${conn('mark=5; keyexchange=ikev2')}`,
  ],
];

/** rule, kind, a file in which it fires (at the line given), a near one in which it does not. */
const TABLE: readonly (readonly [string, Kind, string, number, string])[] = [
  [
    'crypto-md5',
    'ios',
    'crypto ipsec transform-set T esp-aes esp-md5-hmac',
    1,
    'crypto ipsec transform-set T esp-aes esp-sha256-hmac',
  ],
  [
    'crypto-md5',
    'swanctl',
    swanctl('proposals = aes128-md5-modp2048'),
    5,
    swanctl('proposals = aes128-sha256-modp2048'),
  ],
  ['crypto-des', 'asa', 'crypto ikev2 policy 1\n encryption des', 2, 'crypto ikev2 policy 1\n encryption aes-256'],
  [
    'crypto-des',
    'ios',
    'crypto isakmp policy 1\n hash sha256\n group 19',
    1,
    'crypto isakmp policy 1\n encr aes\n hash sha256\n group 19',
  ],
  [
    'crypto-null',
    'ios',
    'crypto ipsec transform-set T esp-null esp-sha256-hmac',
    1,
    'crypto ipsec transform-set T esp-gcm 256',
  ],
  ['crypto-3des', 'ipsec-conf', conn('ike=3des-sha256-modp2048'), 3, conn('ike=aes128-sha256-modp2048')],
  ['crypto-3des', 'asa', 'crypto isakmp policy 10 encryption 3des', 1, 'crypto isakmp policy 10 encryption aes-256'],
  ['crypto-sha1', 'ipsec-conf', conn('phase2alg=aes128-sha1'), 3, conn('phase2alg=aes128-sha2_256')],
  [
    'crypto-sha1',
    'asa',
    'crypto ipsec ikev2 ipsec-proposal T\n protocol esp encryption aes-256\n protocol esp integrity sha-1',
    1,
    'crypto ipsec ikev2 ipsec-proposal T\n protocol esp encryption aes-256\n protocol esp integrity sha-256',
  ],
  ['crypto-dh-forbidden', 'ios', 'crypto ikev2 proposal P\n group 1', 2, 'crypto ikev2 proposal P\n group 19'],
  [
    'crypto-dh-weak',
    'swanctl',
    swanctl('', 'esp_proposals = aes128-sha256-modp1536'),
    8,
    swanctl('', 'esp_proposals = aes128-sha256-ecp256'),
  ],
  ['crypto-dh-weak', 'asa', 'crypto map M 10 set pfs group5', 1, 'crypto map M 10 set pfs group20'],
  [
    'esp-no-integrity',
    'ios',
    'crypto ipsec transform-set T esp-aes 256',
    1,
    'crypto ipsec transform-set T esp-gcm 256',
  ],
  ['ikev1', 'swanctl', swanctl('version = 1'), 2, swanctl('version = 2')],
  ['ikev1', 'ios', 'crypto isakmp policy 1\n encr aes', 1, 'crypto ikev2 proposal P\n encryption aes-gcm-256'],
  [
    'aggressive-mode',
    'ipsec-conf',
    conn('keyexchange=ikev1; aggressive=yes'),
    4,
    conn('keyexchange=ikev1; aggressive=no'),
  ],
  [
    'aggressive-mode',
    'asa',
    `${asaMap}crypto map M 10 set ikev1 phase1-mode aggressive`,
    2,
    `${asaMap}crypto map M 10 set ikev1 phase1-mode main`,
  ],
  ['rekey-off', 'ipsec-conf', conn('auto=start; rekey=no'), 4, conn('auto=add; rekey=no')],
  ['ike-version-open', 'swanctl', swanctl(''), 2, swanctl('version = 2')],
  [
    'proposal-open',
    'ipsec-conf',
    conn('keyexchange=ikev2; ike=aes256-sha256-ecp384'),
    4,
    conn('keyexchange=ikev2; ike=aes256-sha256-ecp384!'),
  ],
  ['pfs-off', 'ipsec-conf', conn('pfs=no'), 3, conn('pfs=yes')],
  ['pfs-off', 'ios', map('set peer 192.0.2.1'), 1, map('set pfs group20')],
  ['lifetime-ike-aws', 'ipsec-conf', conn('ikelifetime=24h'), 3, conn('ikelifetime=8h')],
  ['lifetime-ike-aws', 'ios', 'crypto isakmp policy 1\n lifetime 86400', 2, 'crypto isakmp policy 1\n lifetime 28800'],
  [
    'lifetime-child-aws',
    'asa',
    'crypto map M 10 set security-association lifetime seconds 28800',
    1,
    'crypto map M 10 set security-association lifetime seconds 3600',
  ],
  [
    'lifetime-order',
    'swanctl',
    swanctl('rekey_time = 1h', 'life_time = 1h'),
    8,
    swanctl('rekey_time = 8h', 'life_time = 1h'),
  ],
  [
    'lifetime-order',
    'ios',
    'crypto isakmp policy 1\n lifetime 3600\ncrypto ipsec security-association lifetime seconds 3600',
    3,
    'crypto isakmp policy 1\n lifetime 28800\ncrypto ipsec security-association lifetime seconds 3600',
  ],
  [
    'dpd-timeout-ikev2',
    'swanctl',
    swanctl('version = 2\ndpd_timeout = 15s'),
    6,
    swanctl('version = 1\ndpd_timeout = 15s'),
  ],
  ['dpd-off', 'swanctl', swanctl('', 'start_action = start'), 2, swanctl('dpd_delay = 10s', 'start_action = start')],
  [
    'dpd-timeout-aws',
    'ipsec-conf',
    conn('keyexchange=ikev1; dpdtimeout=15'),
    4,
    conn('keyexchange=ikev1; dpdtimeout=30'),
  ],
  [
    'keyingtries',
    'swanctl',
    swanctl('', 'start_action = start'),
    2,
    swanctl('keyingtries = 0', 'start_action = start'),
  ],
  ['keyingtries', 'ipsec-conf', conn('auto=start; keyingtries=1'), 4, conn('auto=start; keyingtries=%forever')],
  [
    'mobike-vti',
    'swanctl',
    swanctl('if_id_in = 1\nif_id_out = 1'),
    2,
    swanctl('if_id_in = 1\nif_id_out = 1\nmobike = no'),
  ],
  ['install-routes', 'swanctl', 'charon {\n install_routes = yes\n}', 2, 'charon {\n install_routes = no\n}'],
  [
    'install-routes',
    'ipsec-conf',
    conn('leftsubnet=0.0.0.0/0; rightsubnet=0.0.0.0/0; mark=1'),
    1,
    conn('leftsubnet=10.0.0.0/8; rightsubnet=0.0.0.0/0; mark=1'),
  ],
  [
    'catch-all-policy',
    'swanctl',
    swanctl('', 'local_ts = 0.0.0.0/0\nremote_ts = 0.0.0.0/0'),
    2,
    swanctl('if_id_out = 1', 'local_ts = 0.0.0.0/0\nremote_ts = 0.0.0.0/0'),
  ],
  [
    'mark-mismatch',
    'swanctl',
    swanctl('', 'mark_in = 100\nmark_out = 101'),
    9,
    swanctl('', 'mark_in = 100\nmark_out = 100'),
  ],
  [
    'mark-shared',
    'ipsec-conf',
    `${conn('mark=100')}conn vpn2\n  mark=100\n`,
    5,
    `${conn('mark=100')}conn vpn2\n  mark=200\n`,
  ],
  ['id-at-address', 'ipsec-conf', conn('leftid=@54.223.192.238'), 3, conn('leftid=@gw.example.com')],
  ['id-behind-nat', 'ipsec-conf', conn('left=172.16.1.157'), 3, conn('left=172.16.1.157; leftid=54.223.192.238')],
  [
    'encap-behind-eip',
    'ipsec-conf',
    conn('left=172.16.1.157; leftid=54.223.192.238'),
    4,
    conn('left=172.16.1.157; leftid=54.223.192.238; forceencaps=yes'),
  ],
  [
    'restart-passive',
    'swanctl',
    swanctl('', 'dpd_action = restart'),
    8,
    swanctl('', 'dpd_action = restart\nstart_action = start'),
  ],
  ['restart-both-ways', 'ipsec-conf', conn('auto=start; closeaction=restart'), 4, conn('auto=start; closeaction=none')],
  ['nobody-initiates', 'ipsec-conf', conn('auto=add'), 3, conn('auto=start')],
  ['auth-esp', 'ipsec-conf', conn('auth=esp'), 3, conn('phase2=esp')],
  [
    'libreswan-modp1024',
    'ipsec-conf',
    conn('pfs=yes; ike=aes128-sha2;modp1024'),
    4,
    conn('pfs=yes; ike=aes128-sha2;modp2048'),
  ],
  [
    'libreswan-dpdaction',
    'ipsec-conf',
    conn('pfs=yes; dpdaction=restart'),
    4,
    conn('keyexchange=ikev2; dpdaction=restart'),
  ],
  [
    'include-commented',
    'ipsec-conf',
    'config setup\n#include /etc/ipsec.d/*.conf',
    2,
    'config setup\ninclude /etc/ipsec.d/*.conf',
  ],
  ['mtu-conn', 'ipsec-conf', conn('esp=aes128-sha1; mtu=1436'), 4, conn('esp=aes128-sha1; mtu=1422')],
  ['psk-ids', 'ipsec-conf', `: PSK "${KEY}"`, 1, `192.0.2.1 192.0.2.2 : PSK "${KEY}"`],
  [
    'psk-missing',
    'swanctl',
    `${swanctl('')}secrets {\nike-1 {\nid-1 = 203.0.113.1\nsecret = "${KEY}"\n}\n}`,
    2,
    `${swanctl('')}secrets {\nike-1 {\nid-1 = 198.51.100.77\nsecret = "${KEY}"\n}\n}`,
  ],
  ['mss-too-big', 'ios', SETS + tunnel('ip tcp adjust-mss 1379'), 6, SETS + tunnel('ip tcp adjust-mss 1366')],
  [
    'mss-too-big',
    'asa',
    'crypto ipsec ikev1 transform-set T esp-aes-256 esp-sha512-hmac\nsysopt connection tcpmss 1380',
    2,
    'crypto ipsec ikev1 transform-set T esp-aes-256 esp-sha-hmac\nsysopt connection tcpmss 1380',
  ],
  ['mtu-too-big', 'ios', SETS + tunnel('ip mtu 1436'), 6, SETS + tunnel('ip mtu 1400')],
  ['mss-missing', 'ios', tunnel('ip mtu 1400'), 1, tunnel('ip tcp adjust-mss 1360')],
  [
    'tunnel-mask',
    'ios',
    tunnel('ip address 169.254.100.1 255.255.255.0'),
    3,
    tunnel('ip address 169.254.100.1 255.255.255.252'),
  ],
  [
    'tunnel-reserved',
    'ios',
    tunnel('ip address 169.254.169.253 255.255.255.252'),
    3,
    tunnel('ip address 169.254.6.1 255.255.255.252'),
  ],
  [
    'keepalive-ikev2',
    'ios',
    'crypto ikev2 profile P\n match identity remote any\ncrypto isakmp keepalive 10 3 periodic',
    3,
    'crypto ikev2 profile P\n dpd 10 4 periodic\ncrypto isakmp keepalive 10 3 periodic',
  ],
  ['dpd-on-demand', 'ios', 'crypto isakmp keepalive 10 10', 1, 'crypto isakmp keepalive 10 10 periodic'],
  [
    'global-command',
    'ios',
    'crypto ipsec df-bit clear',
    1,
    'crypto ipsec profile P\n set security-association replay window-size 128',
  ],
  [
    'route-untracked',
    'ios',
    'ip route 172.16.0.0 255.255.0.0 Tunnel100',
    1,
    'ip route 172.16.0.0 255.255.0.0 Tunnel100 track 100',
  ],
  [
    'track-undefined',
    'ios',
    'ip route 172.16.0.0 255.255.0.0 Tunnel1 track 9',
    1,
    'track 9 ip sla 1\nip route 172.16.0.0 255.255.0.0 Tunnel1 track 9\nip sla 1\n icmp-echo 192.0.2.1\nip sla schedule 1 life forever start-time now',
  ],
  ['sla-life', 'ios', 'ip sla schedule 10 start-time now', 1, 'ip sla schedule 10 life forever start-time now'],
  [
    'sla-source',
    'ios',
    'ip sla 10\n icmp-echo 169.254.100.2',
    2,
    'ip sla 10\n icmp-echo 169.254.100.2 source-ip 169.254.100.1',
  ],
  [
    'redistribute-filter',
    'ios',
    'router ospf 1\n redistribute static subnets',
    2,
    'router ospf 1\n redistribute static subnets route-map M\nroute-map M permit 10',
  ],
  [
    'tag-unmatched',
    'ios',
    `${REDISTRIBUTED}route-map M permit 10\n match tag 100`,
    4,
    `${REDISTRIBUTED}ip route 172.16.0.0 255.255.0.0 Tunnel1 tag 100\nroute-map M permit 10\n match tag 100`,
  ],
  [
    'return-route',
    'ios',
    'ip route 172.16.0.0 255.255.0.0 Tunnel1 track 1',
    1,
    'router ospf 1\n redistribute static subnets\nip route 172.16.0.0 255.255.0.0 Tunnel1 track 1',
  ],
  [
    'asa-nat-exemption',
    'asa',
    acl('172.16.0.0 255.255.0.0') + asaMap + DYNAMIC,
    1,
    `${acl('172.16.0.0 255.255.0.0')}${asaMap}${DYNAMIC}nat (inside) 0 access-list A`,
  ],
  [
    'asa-nat-exemption',
    'asa',
    `${acl('172.16.0.0 255.255.0.0')}${asaMap}nat (inside,outside) source dynamic any interface`,
    1,
    `${acl('172.16.0.0 255.255.0.0')}${asaMap}object network L\n subnet 10.0.0.0 255.0.0.0\nobject network V\n subnet 172.16.0.0 255.255.0.0\nnat (inside,any) source static L L destination static V V\nnat (inside,outside) source dynamic any interface`,
  ],
  [
    'ios-nat-exemption',
    'ios',
    'access-list 100 permit ip 10.0.0.0 0.255.255.255 172.16.0.0 0.0.255.255\naccess-list 101 permit ip 10.0.0.0 0.255.255.255 any\nip nat inside source list 101 interface Gi1 overload\n' +
      map('match address 100'),
    1,
    'access-list 100 permit ip 10.0.0.0 0.255.255.255 172.16.0.0 0.0.255.255\naccess-list 101 deny ip 10.0.0.0 0.255.255.255 172.16.0.0 0.0.255.255\naccess-list 101 permit ip 10.0.0.0 0.255.255.255 any\nip nat inside source list 101 interface Gi1 overload\n' +
      map('match address 100'),
  ],
  [
    'acl-many-entries',
    'asa',
    acl('172.16.0.0 255.255.0.0') + acl('172.17.0.0 255.255.0.0') + asaMap,
    2,
    acl('172.16.0.0 255.255.0.0') + asaMap,
  ],
  ['acl-undefined', 'asa', asaMap, 1, acl('172.16.0.0 255.255.0.0') + asaMap],
  ['acl-mask', 'asa', acl('172.16.0.0 0.0.255.255'), 1, acl('172.16.0.0 255.255.0.0')],
  [
    'acl-mask',
    'ios',
    'access-list 100 permit ip 10.0.0.0 255.0.0.0 any',
    1,
    'access-list 100 permit ip 10.0.0.0 0.255.255.255 any',
  ],
  ['acl-any', 'asa', acl('any') + asaMap, 1, acl('172.16.0.0 255.255.0.0') + asaMap],
  [
    'crypto-map-incomplete',
    'ios',
    map('set peer 192.0.2.1; match address 100'),
    1,
    map('set peer 192.0.2.1; match address 100; set transform-set T'),
  ],
  ['crypto-map-unused', 'asa', asaMap, 1, `${asaMap}crypto map M interface outside`],
  ['reference-undefined', 'ios', 'crypto ipsec profile P\n set transform-set T', 2, SETS],
  [
    'asa-mixed-dialect',
    'asa',
    `${DYNAMIC}nat (inside,any) source static A A destination static B B`,
    3,
    'nat (inside,any) source static A A destination static B B',
  ],
  [
    'asa-icmp-sla',
    'asa',
    'icmp deny any outside\nsla monitor 1\n type echo protocol ipIcmpEcho 192.0.2.1 interface outside',
    2,
    'icmp permit any outside\nsla monitor 1\n type echo protocol ipIcmpEcho 192.0.2.1 interface outside',
  ],
  [
    'asa-sla-vti',
    'asa',
    'interface Tunnel1\n nameif vti\nsla monitor 1\n type echo protocol ipIcmpEcho 192.0.2.1 interface vti',
    4,
    'interface Tunnel1\n nameif vti\nsla monitor 1\n type echo protocol ipIcmpEcho 192.0.2.1 interface outside',
  ],
  ['psk-quotes', 'ipsec-conf', `192.0.2.1 192.0.2.2 : PSK \u201c${KEY}\u201d`, 1, `192.0.2.1 192.0.2.2 : PSK "${KEY}"`],
  ['psk-short', 'ios', 'crypto isakmp key cisco address 192.0.2.1', 1, `crypto isakmp key ${KEY} address 192.0.2.1`],
  [
    'psk-weak',
    'asa',
    'tunnel-group 192.0.2.1 ipsec-attributes\n ikev1 pre-shared-key password',
    2,
    'tunnel-group 192.0.2.1 ipsec-attributes\n ikev1 pre-shared-key *****',
  ],
  [
    'psk-alphabet',
    'swanctl',
    `secrets {\nike {\nsecret = "0${KEY}"\n}\n}`,
    3,
    `secrets {\nike {\nsecret = "${KEY}"\n}\n}`,
  ],
  [
    'paste-blank',
    'ipsec-conf',
    `192.0.2.1\u00a0192.0.2.2 : PSK "${KEY}"`,
    1,
    `# a\u00a0comment\n192.0.2.1 192.0.2.2 : PSK "${KEY}"`,
  ],
  ['charon-retransmit', 'swanctl', 'charon {\n install_routes = no\n}', 1, 'charon {\n retransmit_tries = 3\n}'],
  [
    'charon-plugins',
    'swanctl',
    'charon {\n load = aes kernel-libipsec bypass-lan vici\n}',
    2,
    'charon {\n load = aes kernel-libipsec vici\n}',
  ],
  [
    'rp-filter',
    'sysctl',
    'net.ipv4.conf.default.rp_filter = 2',
    1,
    'net.ipv4.conf.all.rp_filter = 2\nnet.ipv4.conf.default.rp_filter = 2',
  ],
  ['ip-forward', 'sysctl', 'net.ipv4.ip_forward = 0', 1, 'net.ipv4.ip_forward = 1'],
  ['redirects', 'sysctl', 'net.ipv4.conf.all.send_redirects = 1', 1, 'net.ipv4.conf.all.send_redirects = 0'],
];

describe('each rule', () => {
  it.each(TABLE)('%s (%s) fires where it should and nowhere near', (rule, kind, bad, line, good) => {
    expect(fired(kind, bad)).toContain(`${rule}:${line}`);
    expect(fired(kind, good).filter((each) => each.startsWith(`${rule}:`))).toEqual([]);
  });

  it('psk-readable looks at the mode of the file', () => {
    const text = `192.0.2.1 192.0.2.2 : PSK "${KEY}"`;
    expect(fired('ipsec-conf', text, 0o640)).toEqual(['psk-readable:1']);
    expect([
      fired('ipsec-conf', text, 0o600),
      fired('ipsec-conf', text),
      fired('ipsec-conf', conn('keyexchange=ikev2'), 0o644),
    ]).toEqual([[], [], []]);
  });

  it.each(QUIET)('%s is silent about %s', (rule, _, kind, text) => {
    expect(fired(kind, text).filter((found) => found.startsWith(`${rule}:`))).toEqual([]);
  });

  it('is in the table, with a source and an id of its own', () => {
    const tabled = new Set([...TABLE.map(([rule]) => rule), 'psk-readable']);
    expect(RULES.map(({ id }) => id).filter((id) => !tabled.has(id))).toEqual([]);
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
    expect(
      RULES.filter(({ source, title, kinds }) => source.length < 10 || title.length < 5 || kinds.length === 0),
    ).toEqual([]);
  });
});
