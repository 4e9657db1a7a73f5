import type { Tunnel } from '../../domain/tunnel.ts';
import type { Device } from '../types.ts';
import { levelOf, routerOf } from './shared.ts';

/**
 * A name in a router's file. It begins with the site's name, or with what the site file says in `names`, so that it
 * meets nothing that the box has already; at level `legacy` it is the field document's own.
 * @param plain the field document's name.
 * @param own what follows the prefix; default: the plain name.
 */
export type Naming = (plain: string, own?: string) => string;

export const namingOf = (device: Device): Naming => {
  const prefix = routerOf(device).names ?? (levelOf(device) === 'legacy' ? undefined : device.site.site);
  return (plain, own = plain) => (prefix === undefined ? plain : own === '' ? prefix : `${prefix}-${own}`);
};

/** Does the file carry the field document's names, which another configuration of the same origin has too? */
export const hasPlainNames = (device: Device): boolean => namingOf(device)('plain') === 'plain';

/**
 * Number of the n-th tunnel's ISAKMP policy: ten apart, since an ASA has two to a tunnel.
 * @param usual what it is where the site file names no base.
 */
export const sequenceOf = (device: Device, index: number, usual: number): number => {
  const { sequence_base: base } = routerOf(device);
  return base === undefined ? usual : base + 10 * index;
};

/** The OSPF process that the routes go into. */
export const ospfOf = (device: Device): number =>
  routerOf(device).ospf_process ?? device.tunnels[0]?.numbers.tunnel ?? 100;

const listed = (word: string, numbers: readonly number[]): string => `${word} ${numbers.join(', ')}`;

/**
 * What to look for on a box that is in use already: whatever stands there under the same number or name is changed by
 * the file.
 * @param used `interface Tunnel` and the like, with its numbers.
 */
export const beforePasting = (
  device: Device,
  used: readonly (readonly [word: string, numbers: readonly number[]])[],
): readonly string[] => [
  `Before pasting into a box that is in use, see that it has none of these yet: ${used.map(([word, numbers]) => listed(word, numbers)).join('; ')}.`,
  hasPlainNames(device)
    ? `Names are those of the field document. Others: names, number, sequence_base of ${device.name} in the site file.`
    : `Names begin with "${namingOf(device)('', '')}". Others: names, number, sequence_base of ${device.name} in the site file.`,
];

export const tunnelNumbers = (tunnels: readonly Tunnel[]): readonly number[] =>
  tunnels.map(({ numbers }) => numbers.tunnel);
