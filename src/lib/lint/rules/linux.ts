import { addressNumber, isPublic } from '../../domain/cidr.ts';
import { seconds } from '../conns.ts';
import type { Conn, Finding, Kind, Parsed, Rule } from '../types.ts';

const LINUX: readonly Kind[] = ['swanctl', 'ipsec-conf'];

const STARTS = /^(?:start|route\|start|trap\|start|ondemand\|start|keep)$/;
const initiates = ({ start }: Conn): boolean => start !== undefined && STARTS.test(start.value);
export const routed = ({ marks, ifId, raw }: Conn): boolean =>
  marks.length > 0 || ifId.length > 0 || raw.some(({ key }) => key === 'vti-interface');
export const catchAll = ({ localNets, remoteNets }: Conn): boolean =>
  localNets.includes('0.0.0.0/0') && remoteNets.includes('0.0.0.0/0');
const isAddress = (text: string): boolean => addressNumber(text) !== undefined;

/** A rule that looks at each connection with a peer. */
export const perConn =
  (check: (conn: Conn, file: Parsed) => readonly Finding[]) =>
  (file: Parsed): readonly Finding[] =>
    file.conns.filter(({ remote }) => remote !== undefined).flatMap((conn) => check(conn, file));

/** Dead-peer detection is on: by a delay; in strongSwan's ipsec.conf by an action, whose delay is 30 s if none is set. */
const asksPeer = ({ raw, flavour, dpdAction }: Conn): boolean => {
  const delay = raw.findLast(({ key }) => /^dpd_?delay$/.test(key))?.value;
  if (delay !== undefined && /^0s?$/.test(delay)) return false;
  return flavour === 'strongswan' ? !/^(?:|none)$/.test(dpdAction?.value ?? '') : delay !== undefined;
};

export const off = (value: string): boolean => /^(?:no|0|false|off|disabled)$/i.test(value);

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
              fix: 'set retransmit_tries 3, retransmit_timeout 2, retransmit_base 1.5 in strongswan.conf: about 16 s',
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
    source:
      'swanctl.conf(5) "dpd_delay": 0 by default; strongSwan ipsec.conf(5) "dpdaction": none sends nothing, "dpddelay": 30 s',
    check: perConn((conn) =>
      conn.start !== undefined && !asksPeer(conn)
        ? [
            {
              line: conn.line,
              message: `connection "${conn.name}" never asks whether its peer lives`,
              fix: 'set dpd_delay = 10s (dpddelay=10) and dpd_action = restart on the end that initiates',
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
              fix: 'use 30 toward an AWS VPN endpoint',
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
          fix: conn.flavour === 'swanctl' ? 'set keyingtries = 0' : 'set keyingtries=%forever',
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
              fix: 'set mobike = no',
            },
          ]
        : [],
    ),
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
              fix: 'set a mark with a VTI, or if_id with an XFRM interface, or list the networks',
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
    check: perConn(({ pairs }) =>
      pairs.flatMap((pair) => {
        const values = new Set(pair.map(({ value }) => value));
        return values.size > 1 && !values.has('%unique')
          ? [
              {
                line: pair.at(-1)!.line,
                message: `${pair.map(({ key, value }) => `${key} ${value}`).join(', ')}: one direction misses the interface`,
                fix: 'set both to the key (if_id) of the tunnel interface',
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
                    fix: 'use a separate one for every tunnel',
                  },
                ]
              : [];
          },
        ),
      );
    },
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
              fix: 'set encap = yes (forceencaps=yes, encapsulation=yes)',
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
                fix: `set ${action.key} to ${action.key.includes('_') ? 'none (or clear)' : 'none or clear'} here and leave restarting to the other end`,
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
              fix: 'see that the other end has no close action of its own',
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
              fix: 'set start_action = start (auto=start) on exactly one end; AWS waits by default',
            },
          ]
        : [];
    }),
  },
  {
    id: 'rekey-off',
    kinds: LINUX,
    severity: 'warning',
    title: 'the tunnel ends with its lifetime',
    source: 'ipsec.conf(5) "rekey": no leaves rekeying to the peer alone',
    check: perConn(({ name, raw, start }) =>
      raw
        .filter(({ key, value }) => key === 'rekey' && off(value) && start !== undefined && STARTS.test(start.value))
        .map(({ line }) => ({
          line,
          message: `connection "${name}" never rekeys: traffic stops at the end of the lifetime unless the peer does`,
          fix: 'remove rekey=no on the end that initiates',
        })),
    ),
  },
];
