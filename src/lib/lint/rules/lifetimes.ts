import { child, starting } from '../cisco.ts';
import { seconds } from '../conns.ts';
import type { Kind, Parsed, Rule } from '../types.ts';

const ALL: readonly Kind[] = ['ios', 'asa', 'swanctl', 'ipsec-conf'];

type Life = readonly [line: number, seconds: number];
const digits = (block: { text: string; line: number } | undefined): readonly Life[] => {
  const match = /(?:lifetime|seconds) (?:seconds )?(\d{1,9})$/.exec(block?.text ?? '');
  return match === null ? [] : [[block!.line, Number(match[1])]];
};

const ikeLives = (file: Parsed): readonly Life[] => [
  ...file.conns.flatMap(({ ikeLife }): readonly Life[] =>
    seconds(ikeLife) === undefined ? [] : [[ikeLife!.line, seconds(ikeLife)!]],
  ),
  ...starting(file.blocks, /^crypto (?:isakmp|ikev1|ikev2) (?:policy|profile) /).flatMap((block) =>
    digits(child(block, /^lifetime\b/)),
  ),
  ...starting(file.blocks, /^crypto (?:isakmp|ikev1) policy \d+ lifetime \d+$/).flatMap(digits),
];

const childLives = (file: Parsed): readonly Life[] => [
  ...file.conns.flatMap(({ childLife }): readonly Life[] =>
    seconds(childLife) === undefined ? [] : [[childLife!.line, seconds(childLife)!]],
  ),
  ...starting(file.blocks, /^crypto (?:map|ipsec profile) /).flatMap((block) =>
    digits(child(block, /^set security-association lifetime seconds/)),
  ),
  ...starting(file.blocks, /^crypto (?:ipsec|map \S+ \d+ set) security-association lifetime seconds \d+$/).flatMap(
    digits,
  ),
];

export const lifetimeRules: readonly Rule[] = [
  {
    id: 'lifetime-ike-aws',
    kinds: ALL,
    severity: 'warning',
    title: "IKE lifetime outside AWS's range",
    source: 'AWS "Tunnel options": phase 1 lifetime 900 to 28,800 s',
    check: (file) =>
      [...ikeLives(file)]
        .filter(([, life]) => life < 900 || life > 28_800)
        .map(([line, life]) => ({
          line,
          message: `IKE lifetime ${life} s: AWS takes 900 to 28800`,
          fix: 'use 28800 on both ends',
        })),
  },
  {
    id: 'lifetime-child-aws',
    kinds: ALL,
    severity: 'warning',
    title: "ESP lifetime outside AWS's range",
    source: 'AWS "Tunnel options": phase 2 lifetime 900 to 3,600 s',
    check: (file) =>
      [...childLives(file)]
        .filter(([, life]) => life < 900 || life > 3_600)
        .map(([line, life]) => ({
          line,
          message: `ESP lifetime ${life} s: AWS takes 900 to 3600`,
          fix: 'use 3600 on both ends',
        })),
  },
  {
    id: 'lifetime-order',
    kinds: ALL,
    severity: 'error',
    title: 'ESP lives as long as IKE or longer',
    source: 'AWS "Tunnel options": phase 2 must be below phase 1',
    check: (file) => {
      if (file.conns.length > 0) {
        return file.conns.flatMap(({ ikeLife, childLife }) => {
          const [ike, esp] = [seconds(ikeLife), seconds(childLife)];
          return ike !== undefined && esp !== undefined && esp >= ike
            ? [
                {
                  line: childLife!.line,
                  message: `ESP lifetime ${esp} s is not below IKE's ${ike} s`,
                  fix: 'use 3600 under 28800',
                },
              ]
            : [];
        });
      }
      const shortest = Math.min(...ikeLives(file).map(([, life]) => life));
      return childLives(file)
        .filter(([, life]) => life >= shortest)
        .map(([line, life]) => ({
          line,
          message: `ESP lifetime ${life} s is not below IKE's ${shortest} s`,
          fix: 'use 3600 under 28800',
        }));
    },
  },
];
