import type { Action } from './actions.ts';
import { FILTERS, PAGES, someOf, structures, tagsIn, takes } from './params.ts';
import { required, select, set } from './protocol.ts';
import { ApiError } from './error.ts';
import { addTags, removeTags, taggables, tagsOf } from './tag-state.ts';

export const TAG_ACTIONS: Readonly<Record<string, Action>> = {
  CreateTags: takes(['ResourceId.#', 'Tag.#.Key', 'Tag.#.Value'], ({ cloud, params }) => {
    const tags = tagsIn(params);
    if (Object.keys(tags).length === 0)
      throw new ApiError('MissingParameter', 'The request must contain the parameter tagSet');
    cloud.change((state) => addTags(state, someOf(params, 'ResourceId'), tags));
    return { return: true };
  }),

  // Without tags: all of them. With a key alone: whatever its value; an empty value is a value.
  DeleteTags: takes(['ResourceId.#', 'Tag.#.Key', 'Tag.#.Value'], ({ cloud, params }) => {
    const given = structures(params, 'Tag').map((tag) => [required(tag, 'Key'), tag.get('Value')] as const);
    cloud.change((state) =>
      someOf(params, 'ResourceId').reduce(
        (next, id) =>
          removeTags(
            next,
            [id],
            Object.fromEntries(given.length > 0 ? given : Object.keys(tagsOf(next, id)).map((key) => [key, undefined])),
          ),
        state,
      ),
    );
    return { return: true };
  }),

  DescribeTags: takes([...FILTERS, ...PAGES], ({ state, params }) => {
    const kinds = taggables(state);
    const rows = [...kinds].flatMap(([id, kind]) =>
      Object.entries(tagsOf(state, id)).map(([key, value]) => ({ id, kind, key, value })),
    );
    const page = select(params, rows, {
      idParameter: 'ResourceId',
      absent: (id) => new ApiError('InvalidID', `The ID '${id}' is not valid`),
      id: ({ id }) => id,
      fields: ({ id, kind, key, value }) => ({
        'resource-id': [id],
        'resource-type': [kind],
        key: [key],
        value: [value],
      }),
      // `tag:KEY` picks the tag itself here, not everything on a resource that has it.
      tags: ({ key, value }) => ({ [key]: value }),
    });
    return {
      tagSet: set(page.items.map(({ id, kind, key, value }) => ({ resourceId: id, resourceType: kind, key, value }))),
      nextToken: page.nextToken,
    };
  }),
};
