import type { Draft } from './answers.ts';

const text = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));
const rest = (thing: Readonly<Record<string, unknown>>, without: readonly string[]): string =>
  Object.entries(thing)
    .filter(([key, value]) => value !== undefined && !without.includes(key))
    .map(([key, value]) => `${key} ${text(value)}`)
    .join(', ');

/** What a site file will say, for the person who gave the answers. Lines, without keys. */
export const summaryOf = ({
  site,
  crypto,
  cloud,
  gateways,
  onprem,
  tunnels,
  links,
  route_tables = [],
}: Draft): readonly string[] => [
  '',
  `site ${text(site)}: ${rest(cloud, [])}, crypto ${text(crypto)}`,
  `  office networks ${text(onprem.networks)}`,
  ...gateways.map((one) => `  gateway ${text(one['name'])}: ${rest(one, ['name'])}`),
  ...onprem.routers.map((one) => `  router ${text(one['name'])}: ${rest(one, ['name'])}`),
  ...tunnels.map(
    (one) =>
      `  tunnel ${text(one['name'])}: ${text(one['gateway'])} to ${text(one['router'])}, inside ${text(one['inside'])}`,
  ),
  ...links.map((one) => `  link ${text(one['name'])}: ${rest(one, ['name'])}`),
  ...route_tables.map((one) => `  route table ${text(one['name'])}: ${rest(one, ['name'])}`),
];
