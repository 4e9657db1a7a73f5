import { parse, stringify } from 'yaml';
import type { SiteInput } from '../domain/site.ts';

export interface UtilitySite {
  readonly text: string;
  /** What was left out that the user may miss; sentences. */
  readonly lacks: readonly string[];
}

/**
 * A valid site file as the utility instance has it: only the tables in override mode, which are all that its role may
 * write, and no comments, which nobody has checked for secrets. It holds paths of key files, never keys.
 */
export const utilitySite = (siteText: string): UtilitySite => {
  const site = parse(siteText) as SiteInput;
  const { elasticsearch, ...records } = site.monitor?.records ?? {};
  const keyed = elasticsearch?.api_key_file !== undefined;
  const monitor = keyed ? { ...site.monitor, records } : site.monitor;
  const text = stringify(
    {
      ...site,
      ...(monitor === undefined ? {} : { monitor }),
      route_tables: (site.route_tables ?? []).filter(({ mode }) => mode === 'override'),
    },
    { aliasDuplicateObjects: false, lineWidth: 0 },
  );
  return {
    text,
    lacks: keyed
      ? ['the utility instance sends nothing to Elasticsearch: its API key would have to travel in user data']
      : [],
  };
};
