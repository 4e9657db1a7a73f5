import { addressNumber, isPublic } from '../../domain/cidr.ts';
import { espMtu } from '../../domain/mtu.ts';
import { proposalAlgorithms } from '../algorithms.ts';
import { mtuProposal } from '../mtu.ts';
import type { Kind, Rule } from '../types.ts';
import { perConn } from './linux.ts';

const LINUX: readonly Kind[] = ['swanctl', 'ipsec-conf'];

const isAddress = (text: string): boolean => addressNumber(text) !== undefined;

/** Ids and keys of both dialects, and what only ipsec.conf has. */
export const linuxFileRules: readonly Rule[] = [
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
                fix: 'write it without "@"',
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
              fix: 'set the local id (leftid) to the Elastic IP',
            },
          ]
        : [],
    ),
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
            fix: 'remove the line; ESP is what phase2=esp means by itself',
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
                    fix: 'use modp2048 (dh14) or dh19, dh20 on both ends',
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
              fix: 'rely on auto=start, which restarts there by itself; keep the line for older ones',
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
              fix: 'remove the "#"',
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
              fix: `set ${limit}`,
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
          fix: 'name both ids, as the two ends send them',
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
            .filter(({ localId, local, remoteId, remote }) => {
              // An entry serves by either id: under its own one, a key is found for every peer.
              const [own, wanted] = [localId?.value ?? local?.value, remoteId?.value ?? remote?.value ?? ''];
              return (
                wanted !== '' &&
                !/^%|\*/.test(wanted) &&
                !file.secrets.some(
                  ({ ids = [] }) => ids.length === 0 || ids.some((id) => id === wanted || id === own || id === '%any'),
                )
              );
            })
            .map(({ line, name, remoteId, remote }) => ({
              line,
              message: `no key of this file is kept under "${(remoteId ?? remote)!.value}", the peer of "${name}"`,
              fix: 'add the id to the entry in secrets',
            })),
  },
];
