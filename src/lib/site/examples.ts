import lab from '../../../templates/site/lab.yaml?raw';
import seedOpenswan from '../../../templates/site/seed-openswan.yaml?raw';
import seedVpn from '../../../templates/site/seed-vpn.yaml?raw';
import { SCHEMA_LINE } from './schema.ts';

/** Ready site files by name, for a first look and for the lab. */
export const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ lab: lab, 'seed-vpn': seedVpn, 'seed-openswan': seedOpenswan }).map(([name, text]) => [
    name,
    `${SCHEMA_LINE}${text}`,
  ]),
);
