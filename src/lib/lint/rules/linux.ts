import { addressNumber, isPublic } from '../../domain/cidr.ts';
import { espMtu } from '../../domain/mtu.ts';
import { proposalAlgorithms } from '../algorithms.ts';
import { seconds } from '../conns.ts';
import { sectionOf, settingOf } from '../sections.ts';
import { mtuProposal } from '../mtu.ts';
import type { Conn, Finding, Kind, Parsed, Rule } from '../types.ts';

const LINUX: readonly Kind[] = ['swanctl', 'ipsec-conf'];

const STARTS = /^(?:start|route\|start|trap\|start|ondemand\|start|keep)$/;
const initiates = ({ start }: Conn): boolean => start !== undefined && STARTS.test(start.value);
const routed = ({ marks, ifId, raw }: Conn): boolean =>
  marks.length > 0 || ifId.length > 0 || raw.some(({ key }) => key === 'vti-interface');
const catchAll = ({ localNets, remoteNets }: Conn): boolean =>
  localNets.includes('0.0.0.0/0') && remoteNets.includes('0.0.0.0/0');
const isAddress = (text: string): boolean => addressNumber(text) !== undefined;

const perConn =
  (check: (conn: Conn, file: Parsed) => readonly Finding[]) =>
  (file: Parsed): readonly Finding[] =>
    file.conns.filter(({ remote }) => remote !== undefined).flatMap((conn) => check(conn, file));

const off = (value: string): boolean => /^(?:no|0|false|off|disabled)$/i.test(value);

export const linuxRules: readonly Rule[] = [
  {
    id: 'dpd-timeout-ikev2',
    kinds: LINUX,
    severity: 'info',
    title: 'dpd_timeout does nothing in IKEv2',
    source: 'swanctl.conf(5) "dpd_timeout"; RFC 7296 §2.4',
    check: perConn(({ version, flavour, dpdTimeout }) =>
      dpdTimeout !== undefined && (version === 2 || (version === undefined && flavour === 'strongswan'))
        ? [
            {
              line: dpdTimeout.line,
              message: `${dpdTimeout.key} does nothing in IKEv2: death is found by retransmission, 165 s by default`,
              mend: 'set retransmit_tries 3, retransmit_timeout 2, retransmit_base 1.5 in strongswan.conf: about 16 s',
            },
          ]
        : [],
    ),
  },
  {
    id: 'dpd-off',
    kinds: LINUX,
    severity: 'warning',
    title: 'no dead-peer detection',
    source: 'swanctl.conf(5) "dpd_delay": 0 by default; a dead peer is noticed at the next rekey',
    check: perConn(({ name, line, raw, start }) =>
      start !== undefined && !raw.some(({ key, value }) => /^dpd_?delay$/.test(key) && !/^0s?$/.test(value))
        ? [
            {
              line,
              message: `connection "${name}" never asks whether its peer lives`,
              mend: 'set dpd_delay = 10s (dpddelay=10) and dpd_action = restart on the end that initiates',
            },
          ]
        : [],
    ),
  },
  {
    id: 'dpd-timeout-aws',
    kinds: LINUX,
    severity: 'info',
    title: 'DPD gives up sooner than AWS does',
    source: 'AWS "Tunnel options": DPD timeout 30 s or more',
    check: perConn(({ version, flavour, dpdTimeout }) =>
      dpdTimeout !== undefined && (version === 1 || flavour === 'libreswan') && (seconds(dpdTimeout) ?? 30) < 30
        ? [
            {
              line: dpdTimeout.line,
              message: `${dpdTimeout.key} ${dpdTimeout.value}: AWS itself waits 30 s or more, and a short loss tears the tunnel down here alone`,
              mend: 'use 30 toward an AWS VPN endpoint',
            },
          ]
        : [],
    ),
  },
  {
    id: 'keyingtries',
    kinds: LINUX,
    severity: 'warning',
    title: 'gives up after one attempt',
    source: 'strongSwan "keyingtries": 1 by default in swanctl.conf; ipsec.conf(5): 3',
    check: perConn((conn) => {
      if (conn.flavour === 'libreswan' || !initiates(conn) || /^(?:0|%forever)$/.test(conn.keyingtries?.value ?? ''))
        return [];
      return [
        {
          line: conn.keyingtries?.line ?? conn.line,
          message: `connection "${conn.name}" stops trying while its peer is away`,
          mend: conn.flavour === 'swanctl' ? 'set keyingtries = 0' : 'set keyingtries=%forever',
        },
      ];
    }),
  },
  {
    id: 'mobike-vti',
    kinds: LINUX,
    severity: 'warning',
    title: 'MOBIKE moves a tunnel away from its interface',
    source: 'strongSwan "Route-based VPN": mobike off with VTI',
    check: perConn((conn) =>
      routed(conn) &&
      conn.version !== 1 &&
      !(conn.mobike !== undefined && off(conn.mobike.value)) &&
      conn.flavour !== 'libreswan'
        ? [
            {
              line: conn.mobike?.line ?? conn.line,
              message: `connection "${conn.name}" has a tunnel interface and MOBIKE: an address change leaves the interface behind`,
              mend: 'set mobike = no',
            },
          ]
        : [],
    ),
  },
  {
    id: 'install-routes',
    kinds: LINUX,
    severity: 'info',
    title: 'charon must not install routes',
    source: 'strongSwan "Route-based VPN": charon.install_routes = no',
    check: (file) => {
      const charon = sectionOf(file.root, 'charon');
      if (charon !== undefined) {
        const set = settingOf(charon, 'install_routes');
        return set !== undefined && off(set.value)
          ? []
          : [
              {
                line: set?.line ?? charon.line,
                message:
                  'charon installs routes for every selector: with 0.0.0.0/0 and a tunnel interface all traffic goes in',
                mend: 'set install_routes = no where tunnels have interfaces',
              },
            ];
      }
      return file.conns
        .filter((conn) => conn.flavour !== 'libreswan' && routed(conn) && catchAll(conn))
        .map(({ line, name }) => ({
          line,
          message: `connection "${name}" has an interface and 0.0.0.0/0 selectors: charon would route everything into table 220`,
          mend: 'see that strongswan.conf has charon { install_routes = no }',
        }));
    },
  },
  {
    id: 'catch-all-policy',
    kinds: LINUX,
    severity: 'warning',
    title: '0.0.0.0/0 on both sides without an interface',
    source: 'strongSwan "Route-based VPN": policies without mark or if_id match every packet',
    check: perConn((conn) =>
      catchAll(conn) && !routed(conn)
        ? [
            {
              line: conn.line,
              message: `connection "${conn.name}" takes every packet of the machine, SSH included`,
              mend: 'set a mark with a VTI, or if_id with an XFRM interface, or list the networks',
            },
          ]
        : [],
    ),
  },
  {
    id: 'mark-mismatch',
    kinds: LINUX,
    severity: 'error',
    title: 'the two directions have different marks',
    source: 'strongSwan "Route-based VPN": mark = key of the VTI, both ways',
    check: perConn(({ marks, ifId }) =>
      [marks.filter(({ key }) => key !== 'mark'), ifId.filter(({ key }) => key.startsWith('if_id'))].flatMap((pair) => {
        const values = new Set(pair.map(({ value }) => value));
        return values.size > 1 && !values.has('%unique')
          ? [
              {
                line: pair.at(-1)!.line,
                message: `${pair.map(({ key, value }) => `${key} ${value}`).join(', ')}: one direction misses the interface`,
                mend: 'set both to the key (if_id) of the tunnel interface',
              },
            ]
          : [];
      }),
    ),
  },
  {
    id: 'mark-shared',
    kinds: LINUX,
    severity: 'error',
    title: 'two connections share a mark or if_id',
    source: 'two policies with one mark: the kernel refuses the second, or traffic takes the first',
    check: (file) => {
      const first = new Map<string, Conn>();
      return file.conns.flatMap((conn) =>
        [...new Map([...conn.marks, ...conn.ifId].map((setting) => [setting.value, setting])).values()].flatMap(
          (setting) => {
            const other = first.get(setting.value);
            if (other === undefined) first.set(setting.value, conn);
            return other !== undefined &&
              other !== conn &&
              !setting.value.startsWith('%') &&
              other.localNets.join() === conn.localNets.join() &&
              other.remoteNets.join() === conn.remoteNets.join()
              ? [
                  {
                    line: setting.line,
                    message: `"${conn.name}" has ${setting.key} ${setting.value}, as "${other.name}" in line ${other.line} has`,
                    mend: 'use a separate one for every tunnel',
                  },
                ]
              : [];
          },
        ),
      );
    },
  },
  {
    id: 'id-at-address',
    kinds: LINUX,
    severity: 'warning',
    title: '"@" before an address makes it a name',
    source: 'ipsec.conf(5) "leftid": @ forces type FQDN; the peer sends type IPv4 address',
    check: perConn(({ localId, remoteId }) =>
      [localId, remoteId].flatMap((id) =>
        id !== undefined && /^@\d/.test(id.value) && isAddress(id.value.slice(1))
          ? [
              {
                line: id.line,
                message: `${id.key} ${id.value} is sent as a name, not as an address`,
                mend: 'write it without "@"',
              },
            ]
          : [],
      ),
    ),
  },
  {
    id: 'id-behind-nat',
    kinds: LINUX,
    severity: 'warning',
    title: 'behind NAT and no id',
    source: 'field document "BJS VPN": left = private address, leftid = Elastic IP',
    check: perConn(({ local, localId, remote, name }) =>
      local !== undefined &&
      localId === undefined &&
      isAddress(local.value) &&
      !isPublic(local.value) &&
      isAddress(remote!.value) &&
      isPublic(remote!.value)
        ? [
            {
              line: local.line,
              message: `connection "${name}" presents its private address as id: the peer and its key entry know the public one`,
              mend: 'set the local id (leftid) to the Elastic IP',
            },
          ]
        : [],
    ),
  },
  {
    id: 'encap-behind-eip',
    kinds: LINUX,
    severity: 'info',
    title: 'behind an Elastic IP without forced encapsulation',
    source:
      'Libreswan "encapsulation", strongSwan "encap"; kernel-libipsec and security groups without protocol 50 need it',
    check: perConn(({ local, localId, encap, name }) =>
      localId !== undefined &&
      isAddress(localId.value) &&
      isPublic(localId.value) &&
      (local === undefined || !isAddress(local.value) || !isPublic(local.value)) &&
      !/^(?:yes|true|1)$/.test(encap?.value ?? '')
        ? [
            {
              line: encap?.line ?? localId.line,
              message: `connection "${name}" sits behind NAT and leaves UDP encapsulation to detection`,
              mend: 'set encap = yes (forceencaps=yes, encapsulation=yes)',
            },
          ]
        : [],
    ),
  },
  {
    id: 'restart-passive',
    kinds: LINUX,
    severity: 'warning',
    title: 'the waiting end restarts too',
    source: 'strongSwan "close_action": restart on both ends makes SAs collide; one initiates, the other waits',
    check: perConn((conn) => {
      if (initiates(conn) || (conn.start === undefined && conn.flavour !== 'swanctl')) return [];
      return [conn.closeAction, conn.dpdAction].flatMap((action) =>
        action !== undefined && /^(?:restart|start)$/.test(action.value)
          ? [
              {
                line: action.line,
                message: `${action.key} ${action.value} on an end that does not initiate: both ends will, at once`,
                mend: `set ${action.key} to ${action.key.includes('_') ? 'none (or clear)' : 'none or clear'} here and leave restarting to the other end`,
              },
            ]
          : [],
      );
    }),
  },
  {
    id: 'restart-both-ways',
    kinds: LINUX,
    severity: 'info',
    title: 'close_action restart belongs on one end',
    source: 'strongSwan "close_action": restart on one end only',
    check: perConn((conn) =>
      initiates(conn) && conn.closeAction !== undefined && /^(?:restart|start)$/.test(conn.closeAction.value)
        ? [
            {
              line: conn.closeAction.line,
              message: `"${conn.name}" starts anew when the peer closes it`,
              mend: 'see that the other end has no close action of its own',
            },
          ]
        : [],
    ),
  },
  {
    id: 'nobody-initiates',
    kinds: LINUX,
    severity: 'info',
    title: 'this end waits',
    source: 'AWS "Startup action": add by default, so the customer side initiates',
    check: perConn((conn) => {
      const waits =
        conn.flavour === 'swanctl'
          ? conn.start === undefined || conn.start.value === 'none'
          : conn.start !== undefined && /^(?:add|ignore)$/.test(conn.start.value);
      return waits && conn.remote!.value !== '%any'
        ? [
            {
              line: conn.start?.line ?? conn.line,
              message: `connection "${conn.name}" never initiates`,
              mend: 'set start_action = start (auto=start) on exactly one end; AWS waits by default',
            },
          ]
        : [];
    }),
  },
  {
    id: 'auth-esp',
    kinds: ['ipsec-conf'],
    severity: 'error',
    title: 'auth=esp is rejected',
    source: 'Libreswan and strongSwan 5: the keyword is gone',
    check: (file) =>
      file.conns.flatMap(({ raw }) =>
        raw
          .filter(({ key, value }) => key === 'auth' && value === 'esp')
          .map(({ line }) => ({
            line,
            message: 'auth=esp: today the whole connection is refused for it',
            mend: 'remove the line; ESP is what phase2=esp means by itself',
          })),
      ),
  },
  {
    id: 'libreswan-modp1024',
    kinds: ['ipsec-conf'],
    severity: 'warning',
    title: 'Libreswan is built without modp1024',
    source: 'Libreswan 3.30: DH2 needs a build with USE_DH2=true',
    check: perConn(({ flavour, ike, esp }) =>
      flavour !== 'libreswan'
        ? []
        : [ike, ...esp].flatMap((setting) =>
            setting !== undefined && proposalAlgorithms('ike', setting).some(({ dh }) => dh === 2)
              ? [
                  {
                    line: setting.line,
                    message: `${setting.key} asks for modp1024, which Libreswan 3.30 and later do not have`,
                    mend: 'use modp2048 (dh14) or dh19, dh20 on both ends',
                  },
                ]
              : [],
          ),
    ),
  },
  {
    id: 'libreswan-dpdaction',
    kinds: ['ipsec-conf'],
    severity: 'info',
    title: 'dpdaction means nothing from Libreswan 5.0 on',
    source: 'Libreswan 5.0 release notes: dpdaction= and dpdtimeout= are obsolete for IKEv2',
    check: perConn(({ flavour, dpdAction }) =>
      flavour === 'libreswan' && dpdAction !== undefined
        ? [
            {
              line: dpdAction.line,
              message: `dpdaction ${dpdAction.value} is ignored by Libreswan 5.0 and later in IKEv2`,
              mend: 'rely on auto=start, which restarts there by itself; keep the line for older ones',
            },
          ]
        : [],
    ),
  },
  {
    id: 'include-commented',
    kinds: ['ipsec-conf'],
    severity: 'error',
    title: 'the include line is commented out',
    source: 'field document "OpenSwan": remove the comment from the last line of ipsec.conf',
    check: (file) =>
      file.root.settings.some(({ key }) => key === 'include')
        ? []
        : file.root.settings
            .filter(({ key, value }) => key === '#include' && /ipsec\.d\/\S*\.conf/.test(value))
            .map(({ line, value }) => ({
              line,
              message: `${value} is not read: its tunnels do not start, and nothing says so`,
              mend: 'remove the "#"',
            })),
  },
  {
    id: 'mtu-conn',
    kinds: ['ipsec-conf'],
    severity: 'warning',
    title: 'mtu= is too big for the cipher',
    source: 'RFC 4303 §2 and RFC 3948: the sum of the headers',
    check: perConn(({ raw, esp }) => {
      const mtu = raw.find(({ key }) => key === 'mtu');
      const proposal = esp
        .flatMap((setting) => proposalAlgorithms('esp', setting))
        .map(mtuProposal)
        .find((found) => found !== undefined);
      if (mtu === undefined || proposal === undefined) return [];
      const limit = espMtu(proposal, true).mtu;
      return Number(mtu.value) > limit
        ? [
            {
              line: mtu.line,
              message: `mtu ${mtu.value} does not fit: ${limit} is the most behind NAT (an Elastic IP)`,
              mend: `set ${limit}`,
            },
          ]
        : [];
    }),
  },
  {
    id: 'psk-ids',
    kinds: LINUX,
    severity: 'warning',
    title: 'a key for anybody',
    source: 'strongSwan ipsec.secrets(5): an entry with both ids serves one pair only',
    check: (file) =>
      file.secrets
        .filter(({ ids }) => (ids?.length ?? 2) < 2)
        .map(({ line, ids }) => ({
          line,
          message:
            ids?.length === 0
              ? 'a key without ids: whoever has it may be any peer'
              : 'a key kept under one id: it serves every peer of that id',
          mend: 'name both ids, as the two ends send them',
        })),
  },
  {
    id: 'psk-missing',
    kinds: ['swanctl'],
    severity: 'error',
    title: 'a connection without a key',
    source: 'charon: "no shared key found"',
    check: (file) =>
      file.secrets.length === 0
        ? []
        : file.conns
            .filter(({ remoteId, remote }) => {
              const wanted = remoteId?.value ?? remote?.value ?? '';
              return (
                wanted !== '' &&
                !wanted.startsWith('%') &&
                !file.secrets.some(
                  ({ ids }) => ids === undefined || ids.length === 0 || ids.includes(wanted) || ids.includes('%any'),
                )
              );
            })
            .map(({ line, name, remoteId, remote }) => ({
              line,
              message: `no key of this file is kept under "${(remoteId ?? remote)!.value}", the peer of "${name}"`,
              mend: 'add the id to the entry in secrets',
            })),
  },
];
