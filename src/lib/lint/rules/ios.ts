import { cidr, contains } from '../../domain/cidr.ts';
import { espMtu, explainMtu } from '../../domain/mtu.ts';
import { child, ipsecProfiles, starting, transformSetsByName, usedTransformSets } from '../cisco.ts';
import { mtuProposal } from '../mtu.ts';
import type { Block, Finding, Parsed, Rule } from '../types.ts';

/** AWS "Tunnel options": inside addresses it keeps for itself. */
const AWS_RESERVED = [
  '169.254.0.0/30',
  '169.254.1.0/30',
  '169.254.2.0/30',
  '169.254.3.0/30',
  '169.254.4.0/30',
  '169.254.5.0/30',
  '169.254.169.252/30',
].map(cidr);

const tunnels = (file: Parsed): readonly Block[] =>
  starting(file.blocks, /^interface Tunnel\S*$/i).filter(
    (block) =>
      child(block, /^tunnel protection ipsec/) !== undefined || child(block, /^tunnel mode ipsec/) !== undefined,
  );

/** The cipher a tunnel interface ends up with: profile, then transform set. */
const proposalOf = (file: Parsed, tunnel: Block) => {
  const name = child(tunnel, /^tunnel protection ipsec profile \S+/)?.words[4];
  const profile = ipsecProfiles(file.blocks).get(name ?? '');
  const set = child(profile, /^set (?:ikev1 )?(?:transform-set|ikev2 ipsec-proposal) \S+/)?.words.at(-1);
  const found = transformSetsByName(file.blocks).get(set ?? '');
  return found === undefined ? undefined : mtuProposal(found);
};

/** A hub's tunnel has many ends: its network is as large as there are spokes. */
const isMultipoint = (tunnel: Block): boolean => child(tunnel, /^tunnel mode gre multipoint|^ip nhrp /) !== undefined;

const mtuFinding = (
  what: string,
  { line }: Block,
  given: number,
  proposal: NonNullable<ReturnType<typeof proposalOf>>,
  of: 'mtu' | 'mss',
): readonly Finding[] => {
  const [plain, natT] = [espMtu(proposal, false), espMtu(proposal, true)];
  if (given <= natT[of]) return [];
  const where = given > plain[of] ? 'on any path' : 'behind an Elastic IP or other NAT';
  return [{ line, message: `${what} ${given} is too big ${where}: ${explainMtu(natT)}`, fix: `set ${natT[of]}` }];
};

const perTunnel =
  (check: (tunnel: Block, file: Parsed) => readonly Finding[]) =>
  (file: Parsed): readonly Finding[] =>
    tunnels(file).flatMap((tunnel) => check(tunnel, file));

export const iosRules: readonly Rule[] = [
  {
    id: 'mss-too-big',
    kinds: ['ios', 'asa'],
    severity: 'warning',
    title: 'TCP segments do not fit the tunnel',
    source: 'RFC 4303 §2, RFC 3948; the field documents set 1387 and MTU 1436, too big behind NAT with CBC and SHA-1',
    check: (file) => [
      ...perTunnel((tunnel) => {
        const mss = child(tunnel, /^ip tcp adjust-mss \d+$/);
        const proposal = proposalOf(file, tunnel);
        return mss === undefined || proposal === undefined
          ? []
          : mtuFinding('adjust-mss', mss, Number(mss.words[3]), proposal, 'mss');
      })(file),
      ...(file.kind !== 'asa'
        ? []
        : starting(file.blocks, /^sysopt connection tcpmss \d+$/).flatMap((block) => {
            const proposals = usedTransformSets(file.blocks)
              .map(mtuProposal)
              .filter((proposal) => proposal !== undefined);
            return proposals
              .flatMap((proposal) => mtuFinding('tcpmss', block, Number(block.words[3]), proposal, 'mss'))
              .slice(0, 1);
          })),
    ],
  },
  {
    id: 'mtu-too-big',
    kinds: ['ios'],
    severity: 'warning',
    title: "the tunnel's MTU is too big for the cipher",
    source: 'RFC 4303 §2, RFC 3948: the sum of the headers',
    check: perTunnel((tunnel, file) => {
      const mtu = child(tunnel, /^ip mtu \d+$/);
      const proposal = proposalOf(file, tunnel);
      return mtu === undefined || proposal === undefined
        ? []
        : mtuFinding('ip mtu', mtu, Number(mtu.words[2]), proposal, 'mtu');
    }),
  },
  {
    id: 'mss-missing',
    kinds: ['ios'],
    severity: 'warning',
    title: 'no MSS clamp on a tunnel',
    source:
      'AWS sample configurations clamp on every tunnel interface; else large transfers hang where ICMP is filtered',
    check: perTunnel((tunnel) =>
      child(tunnel, /^ip tcp adjust-mss/) === undefined
        ? [
            {
              line: tunnel.line,
              message: `${tunnel.words[1]} does not clamp the MSS`,
              fix: 'add "ip tcp adjust-mss 1379" or what the cipher allows',
            },
          ]
        : [],
    ),
  },
  {
    id: 'tunnel-mask',
    kinds: ['ios', 'asa'],
    severity: 'warning',
    title: 'a tunnel address outside a /30',
    source: 'AWS "Tunnel options": inside addresses are a /30',
    check: (file) =>
      starting(file.blocks, /^interface Tunnel/i).flatMap((tunnel) =>
        (isMultipoint(tunnel) ? [] : tunnel.children)
          .filter(({ text }) => /^ip address [\d.]+ [\d.]+$/.test(text) && !/ 255\.255\.255\.25[24]$/.test(text))
          .map(({ line, words }) => ({
            line,
            message: `${tunnel.words[1]} has mask ${words[3]}: a tunnel has two ends, and other tunnels' addresses fall into it`,
            fix: 'use 255.255.255.252',
          })),
      ),
  },
  {
    id: 'tunnel-reserved',
    kinds: ['ios', 'asa'],
    severity: 'error',
    title: 'a tunnel address that AWS keeps',
    source: 'AWS "Tunnel options": 169.254.0.0/30 to 169.254.5.0/30 and 169.254.169.252/30 are reserved',
    check: (file) =>
      starting(file.blocks, /^interface Tunnel/i).flatMap((tunnel) =>
        tunnel.children
          .filter(
            ({ text, words }) =>
              /^ip address [\d.]+ /.test(text) && AWS_RESERVED.some((network) => contains(network, words[2]!)),
          )
          .map(({ line, words }) => ({
            line,
            message: `${words[2]} is reserved by AWS`,
            fix: 'take another /30 of 169.254.0.0/16',
          })),
      ),
  },
  {
    id: 'keepalive-ikev2',
    kinds: ['ios'],
    severity: 'warning',
    title: 'crypto isakmp keepalive is IKEv1 only',
    source: 'Cisco "crypto isakmp keepalive"; IKEv2 has dpd in its profile',
    check: (file) => {
      const profiles = starting(file.blocks, /^crypto ikev2 profile/);
      if (
        profiles.length === 0 ||
        profiles.some((profile) => child(profile, /^dpd /) !== undefined) ||
        starting(file.blocks, /^crypto ikev2 dpd/).length > 0
      )
        return [];
      return starting(file.blocks, /^crypto isakmp keepalive/).map(({ line }) => ({
        line,
        message: 'does nothing for the IKEv2 profiles of this file',
        fix: 'add "dpd 10 4 periodic" to crypto ikev2 profile',
      }));
    },
  },
  {
    id: 'dpd-on-demand',
    kinds: ['ios'],
    severity: 'warning',
    title: 'on-demand DPD is silent while idle',
    source: 'Cisco "IPsec Dead Peer Detection Periodic Message Option": on-demand is the default',
    check: (file) =>
      [...file.blocks, ...file.blocks.flatMap(({ children }) => children)]
        .filter(
          ({ text }) =>
            (/^crypto isakmp keepalive \d+/.test(text) && !text.endsWith(' periodic')) ||
            /^(?:crypto ikev2 )?dpd \d+ \d+ on-demand$/.test(text),
        )
        .map(({ line }) => ({
          line,
          message: 'a dead peer is noticed only when somebody sends',
          fix: 'end the command with "periodic"',
        })),
  },
  {
    id: 'global-command',
    kinds: ['ios', 'asa'],
    severity: 'info',
    title: 'a global command touches every VPN of the box',
    source: 'Cisco command reference: df-bit, replay window, fragmentation, keepalive and tcpmss are global',
    check: (file) =>
      starting(
        file.blocks,
        /^crypto ipsec (?:df-bit|fragmentation|security-association replay)|^crypto isakmp keepalive|^sysopt connection tcpmss/,
      ).map(({ line, text }) => ({
        line,
        message: `"${text.split(' ').slice(0, 4).join(' ')}" changes all other tunnels of this box too`,
        fix: 'check them before pasting; on IOS a profile can set df-bit and replay window by itself',
      })),
  },
];
