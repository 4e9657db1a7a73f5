/**
 * How we know our own: every resource carries the site it was made for and the step that made it. The names are for
 * machines and never change; `Name` is for the console.
 */
export const SITE_TAG = 'hybridctl:site';
export const KEY_TAG = 'hybridctl:key';

/** Which machine a user's key is for (domain/fingerprint). */
export const MACHINE_TAG = 'hybridctl:machine';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** @param key of the step: `eip/gw-1`. */
export const tagsOf = (site: string, key: string): Tag[] => [
  { Key: 'Name', Value: `${site}-${key.replaceAll('/', '-')}` },
  { Key: SITE_TAG, Value: site },
  { Key: KEY_TAG, Value: key },
];

type Tags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;

/** Whether tags say that we made it for this site. @param key of the step; undefined: any. */
export const isOurs = (tags: Tags, site: string, key?: string): boolean => {
  const value = (name: string) => tags?.find(({ Key }) => Key === name)?.Value;
  return value(SITE_TAG) === site && (key === undefined || value(KEY_TAG) === key);
};

/**
 * The step's own in an answer to `filtersOf`. An endpoint that overlooks a filter must not make us take, or remove,
 * what is somebody else's.
 */
export const oursIn = <T extends { readonly Tags?: Tags }>(things: readonly T[], site: string, key: string): T[] =>
  things.filter(({ Tags }) => isOurs(Tags, site, key));

/** Filters of a Describe call that find exactly the step's own. */
export const filtersOf = (site: string, key: string): { Name: string; Values: string[] }[] => [
  { Name: `tag:${SITE_TAG}`, Values: [site] },
  { Name: `tag:${KEY_TAG}`, Values: [key] },
];

/** Tags of services that answer with a map. */
export const listedTags = (tags: Readonly<Record<string, string>> | undefined): Tag[] =>
  Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));

/** Tags for services that take a map. */
export const mappedTags = (tags: readonly Tag[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
