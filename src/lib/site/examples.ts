import lab from '../../../templates/site/lab.yaml?raw';
import legacyOpenswan from '../../../templates/site/legacy-openswan.yaml?raw';
import legacyVpn from '../../../templates/site/legacy-vpn.yaml?raw';
import { SCHEMA_LINE } from './schema.ts';

/** Ready site files by name, for a first look and for the lab. */
export const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ lab: lab, 'legacy-vpn': legacyVpn, 'legacy-openswan': legacyOpenswan }).map(([name, text]) => [
    name,
    `${SCHEMA_LINE}${text}`,
  ]),
);
