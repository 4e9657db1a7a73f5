import { flag, type Options } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { Site } from '../../lib/domain/site.ts';
import { loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

/** Whose alarms: a site's, or those of a group that has none. */
export const OWNER = {
  site: FLAG.site,
  group: flag(
    text({
      placeholder: 'name',
      shape: /^[a-z][a-z0-9-]{0,30}$/,
      what: 'a name of 1-31 lowercase letters, digits, dashes',
      like: 'office',
    }),
    'alarms of no site: the name that tags and alarms carry; no site file is read, so --region is needed',
  ),
} as const;

/** Without a site file nothing else says the region. */
export const OWNER_REQUIRES = { group: ['region'] } as const;

export type Owner = Options<object, typeof OWNER> & { readonly region?: string | undefined };

export interface Owned {
  readonly name: string;
  readonly region: string;
  readonly site: Site | undefined;
}

export const loadOwner = async (ports: Ports, { site: file, group, region }: Owner): Promise<Owned> => {
  if (group !== undefined) return { name: group, region: region!, site: undefined };
  const { site } = await loadSite(ports, file);
  return { name: site.site, region: region ?? site.cloud.region, site };
};
