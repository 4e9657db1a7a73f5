/** Tags as a record by key, and as the list that the API has of them. */
export type Tags = Readonly<Record<string, string>>;

interface ApiTag {
  Key?: string | undefined;
  Value?: string | undefined;
}

/** A later tag of the same key wins. */
export const tagsFrom = (list: readonly ApiTag[] | undefined): Tags =>
  Object.fromEntries((list ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));

export const tagList = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
