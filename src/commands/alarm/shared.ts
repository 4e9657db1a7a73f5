import { FLAG, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Ports } from '../../lib/core/ports.ts';
import type { Site } from '../../lib/domain/site.ts';
import { loadSite } from '../../lib/site/file.ts';

export const GROUP_FLAG: Flag = {
  flags: '--group <name>',
  summary: 'alarms of no site: the name that tags and alarms carry; no site file is read, so --region is needed',
};

const GROUP = /^[a-z][a-z0-9-]{0,30}$/;

/** Whose alarms: a site's, or those of a group that has none. */
export interface Owner {
  readonly file: string;
  readonly group: string | undefined;
  readonly region: string | undefined;
}

export const ownerOf = (raw: Raw): Owner => {
  const group = text(raw, 'group');
  if (group !== undefined && !GROUP.test(group))
    throw usageError('is not 1 to 31 small letters, digits and dashes', { field: '--group' });
  if (group !== undefined && text(raw, 'region') === undefined)
    throw usageError('is needed with --group', { field: '--region', next: 'give a region like cn-north-1' });
  return { file: text(raw, 'site') ?? FLAG.site.default, group, region: text(raw, 'region') };
};

export interface Owned {
  readonly name: string;
  readonly region: string;
  readonly site: Site | undefined;
}

export const loadOwner = async (ports: Ports, { file, group, region }: Owner): Promise<Owned> => {
  if (group !== undefined) return { name: group, region: region!, site: undefined };
  const { site } = await loadSite(ports, file);
  return { name: site.site, region: region ?? site.cloud.region, site };
};
