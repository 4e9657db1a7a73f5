import { flag } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { boardTable } from '../../lib/fpga/view.ts';
import { fpgaCommand } from './shared.ts';

export const instances = fpgaCommand({
  path: 'fpga instances',
  summary: 'list instances with FPGAs, and their boards where the cloud tells',
  details:
    'On AWS every F1 and F2 instance of the region; its boards are seen on it ("fpga status --host"). FaaS is asked for one instance at a time.',
  flags: {
    instance: flag(
      text({
        placeholder: 'id',
        shape: /^[A-Za-z0-9][A-Za-z0-9-]{2,60}$/,
        what: 'the id of an instance',
        like: 'i-0a1b2c3d',
      }),
      'only this one',
      { many: true },
    ),
  },
  examples: [
    { line: 'hybridctl fpga instances --cloud aws --region us-east-1', why: 'where an image can be loaded' },
    {
      line: 'hybridctl fpga instances --cloud aliyun --region cn-hangzhou --instance i-bp1g7004ksh0oeuco000',
      why: 'its boards, their ids and shells',
    },
  ],
  run: async ({ instance }, { fpga }) => ({
    result: { instances: await (await fpga()).instances(instance.length === 0 ? undefined : instance) },
  }),
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaInstances),
  data: (result) => result,
  human: ({ instances: found }, style) =>
    found.length === 0
      ? 'no instances with FPGAs'
      : found.some(({ boards }) => boards !== null)
        ? found.map(({ id, boards }) => [id, boardTable(boards ?? [], style)].join('\n')).join('\n\n')
        : style.table(
            ['instance', 'type', 'state', 'address'],
            found.map(({ id, type, state, address }) => [id, type ?? '-', state ?? '-', address ?? '-']),
          ),
});
