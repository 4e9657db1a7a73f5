import { accessLists, covers, cryptoMaps, objectsOf, type Ace, type Net } from '../acl.ts';
import { child, starting, transformSets } from '../cisco.ts';
import type { Finding, Kind, Parsed, Rule } from '../types.ts';

const CISCO: readonly Kind[] = ['ios', 'asa'];

/** Every crypto ACL that a map points at, with its permitted flows. */
const cryptoAcls = (file: Parsed) => {
  const lists = accessLists(file.blocks, file.kind === 'asa');
  return cryptoMaps(file.blocks).flatMap(({ name, commands }) =>
    commands.flatMap(({ text, line }) => {
      const acl = /^match address (\S+)$/.exec(text)?.[1];
      return acl === undefined ? [] : [{ name, line, acl, aces: lists.get(acl) }];
    }),
  );
};

const ANYWHERE: Net = { address: 0, mask: 0 };

/** ASA: flows that some NAT rule leaves as they are, 8.2 and 8.3 form. */
const exemptions = (file: Parsed): readonly Pick<Ace, 'source' | 'destination'>[] => {
  const lists = accessLists(file.blocks, true);
  const objects = objectsOf(file.blocks);
  const net = (name: string | undefined): Net | undefined => (name === 'any' ? ANYWHERE : objects.get(name ?? ''));
  return [
    ...starting(file.blocks, /^nat \(\S+\) 0 access-list \S+/).flatMap(({ words }) =>
      (lists.get(words[4]!) ?? []).filter(({ permit }) => permit),
    ),
    ...starting(file.blocks, /^nat \(\S+\) (?:\d+ )?source static /).flatMap(({ words }) => {
      const [from, to] = [words.indexOf('static'), words.lastIndexOf('static')];
      const [source, destination] = [net(words[from + 1]), net(words[to + 1])];
      const same = words[from + 1] === words[from + 2] && words[to + 1] === words[to + 2];
      return from !== to && same && source !== undefined && destination !== undefined ? [{ source, destination }] : [];
    }),
  ];
};

const children = (file: Parsed) => file.blocks.flatMap((block) => block.children);

export const policyRules: readonly Rule[] = [
  {
    id: 'asa-nat-exemption',
    kinds: ['asa'],
    severity: 'error',
    title: 'tunnel traffic is translated before it is encrypted',
    source: 'field document "OpenSwan", troubleshooting case 3; Cisco ASA "NAT exemption"',
    check: (file) => {
      const dynamic = [...file.blocks, ...children(file)].some(({ text }) =>
        /^nat \([^,)]+\) [1-9]\d* |^global \(|^nat \(\S+\) (?:after-auto )?(?:\d+ )?(?:source )?dynamic /.test(text),
      );
      if (!dynamic) return [];
      const exempt = exemptions(file);
      return cryptoAcls(file).flatMap(({ acl, aces }) =>
        (aces ?? [])
          .filter((ace) => ace.permit && !exempt.some((flow) => covers(flow, ace)))
          .map(({ line }) => ({
            line,
            message: `no NAT exemption covers this entry of ${acl}: its source address is changed, so it never matches the tunnel`,
            fix: 'exempt it: nat (inside) 0 access-list (8.2 and before), nat (inside,any) source static … destination static (8.3 and after)',
          })),
      );
    },
  },
  {
    id: 'ios-nat-exemption',
    kinds: ['ios'],
    severity: 'error',
    title: 'tunnel traffic is translated before it is encrypted',
    source: 'field document "OpenSwan", troubleshooting case 3; Cisco IOS: NAT comes before the crypto map',
    check: (file) => {
      const lists = accessLists(file.blocks, false);
      const permits = (acl: string | undefined, ace: Ace): boolean | undefined =>
        lists.get(acl ?? '')?.find((entry) => covers(entry, ace))?.permit;
      // A deny of the list goes on to the route-map's next entry; without any list an entry takes everything.
      const mapTranslates = (name: string, ace: Ace): boolean =>
        file.blocks
          .filter(({ words }) => words[0] === 'route-map' && words[1] === name)
          .find((entry) => {
            const match = child(entry, /^match ip address /);
            return match === undefined || match.words.slice(3).some((acl) => permits(acl, ace) === true);
          })?.words[2] === 'permit';
      const translates = (ace: Ace): boolean =>
        starting(file.blocks, /^ip nat inside source (?:list|route-map) \S+/).some(({ words }) =>
          words[4] === 'list' ? permits(words[5], ace) === true : mapTranslates(words[5]!, ace),
        );
      return cryptoAcls(file).flatMap(({ acl, aces }) =>
        (aces ?? [])
          .filter((ace) => ace.permit && translates(ace))
          .map(({ line }) => ({
            line,
            message: `the NAT rule translates what ${acl} should encrypt`,
            fix: 'put a deny for this flow before the permit in the NAT list',
          })),
      );
    },
  },
  {
    id: 'acl-many-entries',
    kinds: CISCO,
    severity: 'warning',
    title: 'more than one entry in a crypto ACL',
    source: 'AWS: one pair of security associations per tunnel; further entries knock each other out',
    check: (file) =>
      cryptoAcls(file).flatMap(({ acl, aces }) =>
        (aces ?? [])
          .filter(({ permit }) => permit)
          .slice(1, 2)
          .map(({ line }) => ({
            line,
            message: `${acl} has more than one entry: toward AWS only one SA pair lives at a time`,
            fix: 'summarise to one entry and filter with another ACL',
          })),
      ),
  },
  {
    id: 'acl-undefined',
    kinds: CISCO,
    severity: 'error',
    title: 'a crypto map points at an ACL that is not there',
    source: 'Cisco "match address": without the ACL nothing is protected',
    check: (file) =>
      cryptoAcls(file)
        .filter(({ aces }) => aces === undefined)
        .map(({ line, acl, name }) => ({
          line,
          message: `access list ${acl} of crypto map ${name} is not defined`,
          fix: 'define it: one permit ip from the LAN to the VPC',
        })),
  },
  {
    id: 'acl-mask',
    kinds: CISCO,
    severity: 'error',
    title: 'a mask of the other dialect',
    source: 'IOS access lists take wildcards, ASA takes netmasks',
    check: (file) =>
      [...accessLists(file.blocks, file.kind === 'asa').values()]
        .flat()
        .filter(({ wrongMask }) => wrongMask)
        .map(({ line }) => ({
          line,
          message:
            file.kind === 'asa'
              ? 'a wildcard mask: ASA reads it as a netmask'
              : 'a netmask: IOS reads it as a wildcard',
          fix: file.kind === 'asa' ? 'write 255.255.255.0, not 0.0.0.255' : 'write 0.0.0.255, not 255.255.255.0',
        })),
  },
  {
    id: 'acl-any',
    kinds: CISCO,
    severity: 'warning',
    title: 'a crypto ACL with "any" as destination',
    source: 'a crypto ACL must mirror the selectors of the other end',
    check: (file) =>
      cryptoAcls(file).flatMap(({ acl, aces }) =>
        (aces ?? [])
          .filter(({ permit, destination }) => permit && destination.mask === 0)
          .map(({ line }) => ({
            line,
            message: `${acl} takes traffic to everywhere: internet access goes into the tunnel`,
            fix: 'name the VPC network; it must mirror the selectors over there',
          })),
      ),
  },
  {
    id: 'crypto-map-incomplete',
    kinds: CISCO,
    severity: 'error',
    title: 'a crypto map entry lacks a part',
    source: 'Cisco "crypto map": an entry without peer, ACL or transform is not used',
    check: (file) =>
      cryptoMaps(file.blocks).flatMap(({ name, line, commands }) => {
        const lacks = (
          [
            ['set peer', /^set peer /],
            ['match address', /^match address /],
            ['a transform set', /^set (?:ikev1 )?(?:transform-set|ikev2 ipsec-proposal) /],
          ] as const
        )
          .filter(([, pattern]) => !commands.some(({ text }) => pattern.test(text)))
          .map(([what]) => what);
        return lacks.length === 0
          ? []
          : [{ line, message: `crypto map ${name} has no ${lacks.join(', no ')}`, fix: 'complete it' }];
      }),
  },
  {
    id: 'crypto-map-unused',
    kinds: CISCO,
    severity: 'error',
    title: 'a crypto map on no interface',
    source: 'Cisco "crypto map (interface)": a map protects nothing until applied',
    check: (file) => {
      const applied = new Set(
        [
          ...children(file).filter(({ text }) => /^crypto map \S+(?: redundancy \S+(?: stateful)?)?$/.test(text)),
          ...starting(file.blocks, /^crypto map \S+ interface /),
        ].map(({ words }) => words[2]),
      );
      const maps = new Map(
        cryptoMaps(file.blocks)
          .map((entry) => [entry.map, entry.line] as const)
          .reverse(),
      );
      return [...maps]
        .filter(([map]) => !applied.has(map))
        .map(([map, line]) => ({
          line,
          message: `crypto map ${map} is applied to no interface`,
          fix:
            file.kind === 'asa'
              ? `add "crypto map ${map} interface outside"`
              : `add "crypto map ${map}" to the outside interface`,
        }));
    },
  },
  {
    id: 'reference-undefined',
    kinds: CISCO,
    severity: 'error',
    title: 'a name that is not defined',
    source: 'Cisco: the command is accepted and the tunnel never comes up',
    check: (file) => {
      const named = (pattern: RegExp, at: number) =>
        new Set(starting(file.blocks, pattern).map(({ words }) => words[at]));
      const sets = new Set(transformSets(file.blocks).map(({ name }) => name));
      const kinds: readonly (readonly [RegExp, ReadonlySet<string | undefined>, string])[] = [
        [/^(?:crypto map \S+ \d+ )?set (?:ikev1 )?(?:transform-set|ikev2 ipsec-proposal) (\S+)/, sets, 'transform set'],
        [/^tunnel protection ipsec profile (\S+)/, named(/^crypto ipsec profile /, 3), 'IPsec profile'],
        [/^set isakmp-profile (\S+)/, named(/^crypto isakmp profile /, 3), 'ISAKMP profile'],
        [/^set ikev2-profile (\S+)/, named(/^crypto ikev2 profile /, 3), 'IKEv2 profile'],
        [
          /^keyring (?:local )?(\S+)$/,
          // The keys that no keyring holds are those of `keyring default` (Cisco "crypto isakmp profile").
          new Set(['default', ...named(/^crypto keyring /, 2), ...named(/^crypto ikev2 keyring /, 3)]),
          'keyring',
        ],
        [/^nat \(\S+\) 0 access-list (\S+)/, named(/^access-list /, 1), 'access list'],
      ];
      return [...file.blocks, ...children(file)].flatMap(({ text, line }): readonly Finding[] =>
        kinds.flatMap(([pattern, known, what]) => {
          const name = pattern.exec(text)?.[1];
          return name === undefined || known.has(name)
            ? []
            : [{ line, message: `${what} ${name} is not defined in this file`, fix: 'define it, or fix the name' }];
        }),
      );
    },
  },
];
