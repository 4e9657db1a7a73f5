import { defineCommand } from '../../lib/core/define.ts';
import { siteJsonSchema } from '../../lib/site/schema.ts';

export const schema = defineCommand({
  path: 'config schema',
  summary: 'print the JSON Schema of the site file',
  details:
    'JSON Schema, draft 2020-12. `vpn init` writes it beside the site file, whose first line points editors to it.',
  flags: {},
  examples: [{ line: 'hybridctl config schema', why: 'for an editor, or for a check in another language' }],
  run: async () => ({ result: siteJsonSchema() }),
  human: (result) => JSON.stringify(result, undefined, 2),
});
