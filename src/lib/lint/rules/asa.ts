import { starting } from '../cisco.ts';
import type { Rule } from '../types.ts';

const OLD_NAT = /^(?:nat \([^,)]+\) \d+ |global \()/;
const NEW_NAT = /^nat \([^)]+,[^)]+\) /;

/** What only an ASA can get wrong. */
export const asaRules: readonly Rule[] = [
  {
    id: 'asa-mixed-dialect',
    kinds: ['asa'],
    severity: 'error',
    title: 'commands of different ASA versions in one file',
    source: 'ASA 8.3 replaced nat/global, 8.4 renamed isakmp to ikev1, 9.7 brought VTI',
    check: (file) => {
      const all = [...file.blocks, ...file.blocks.flatMap((block) => block.children)];
      const first = (pattern: RegExp) => all.find(({ text }) => pattern.test(text));
      const pairs = [
        [first(OLD_NAT), first(NEW_NAT), '8.2 NAT beside 8.3 NAT'],
        [
          first(/^crypto isakmp policy/),
          first(/^crypto ikev[12] policy/),
          '"crypto isakmp policy" (before 8.4) beside "crypto ikev1/ikev2 policy" (8.4 and after)',
        ],
        [
          first(/^crypto isakmp (?:policy|enable)\b|^(?:crypto map \S+ \d+ )?set transform-set /),
          first(/^crypto ipsec ikev1 transform-set|^(?:crypto map \S+ \d+ )?set ikev1 transform-set /),
          '"crypto isakmp" and "set transform-set" (before 8.4) beside "… ikev1 transform-set" (8.4 and after)',
        ],
        [first(OLD_NAT), first(/^interface Tunnel/i), '8.2 NAT beside a tunnel interface (9.7 and after)'],
        [
          first(/^pre-shared-key /),
          first(/^ikev[12] (?:pre-shared-key|local-authentication|remote-authentication)/),
          '"pre-shared-key" (before 8.4) beside "ikev1/ikev2 …" (8.4 and after)',
        ],
      ] as const;
      return pairs.flatMap(([old, now, what]) =>
        old === undefined || now === undefined
          ? []
          : [
              {
                line: Math.max(old.line, now.line),
                message: `${what}: no version takes both`,
                fix: 'write the dialect of the version on the box ("show version")',
              },
            ],
      );
    },
  },
  {
    id: 'asa-icmp-sla',
    kinds: ['asa'],
    severity: 'warning',
    title: 'ICMP is refused where an SLA probes',
    source: 'Cisco ASA "icmp": one icmp line denies all other ICMP to that interface',
    check: (file) => {
      const rules = starting(file.blocks, /^icmp (?:permit|deny) /);
      if (rules.length === 0 || rules.some(({ text }) => /^icmp permit any(?: echo-reply)? \S+$/.test(text))) return [];
      return starting(file.blocks, /^sla monitor \d+$/).map(({ line, words }) => ({
        line,
        message: `the answers of sla monitor ${words[2]} are dropped by the icmp rules`,
        fix: 'add "icmp permit any echo-reply outside"',
      }));
    },
  },
  {
    id: 'asa-sla-vti',
    kinds: ['asa'],
    severity: 'info',
    title: 'an SLA over a tunnel interface',
    source: 'ASA 9.7(1) release notes: SLA monitoring is not supported over VTI',
    check: (file) => {
      const vtis = new Set(
        starting(file.blocks, /^interface Tunnel/i).flatMap((block) =>
          block.children.filter(({ text }) => text.startsWith('nameif ')).map(({ words }) => words[1]),
        ),
      );
      return starting(file.blocks, /^sla monitor \d+$/).flatMap((block) =>
        block.children
          .filter(({ words }) => words.includes('interface') && vtis.has(words[words.indexOf('interface') + 1]))
          .map(({ line }) => ({
            line,
            message: 'the probe goes over a VTI: 9.7(1) does not do that',
            fix: 'use 9.8 or later, or BGP over the VTI',
          })),
      );
    },
  },
];
