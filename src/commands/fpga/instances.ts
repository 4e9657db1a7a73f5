import { defineCommand, list } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { FpgaInstance } from '../../lib/core/fpga.ts';
import { boardTable } from './board.ts';
import { CLOUD_FLAGS, cloudOf, optionsOf, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly ids: readonly string[] | undefined;
}

interface Result {
  readonly instances: readonly FpgaInstance[];
}

export const instances = defineCommand<Options, Result>({
  path: 'fpga instances',
  summary: 'instances with FPGAs, and their boards where the cloud tells',
  details:
    'On AWS every F1 and F2 instance of the region; its boards are seen on it ("fpga status --host"). FaaS is asked for one instance at a time.',
  flags: [...CLOUD_FLAGS, { flags: '--instance <id...>', summary: 'only these' }],
  examples: [
    { line: 'hybridctl fpga instances --cloud aws --region us-east-1', why: 'where an image can be loaded' },
    {
      line: 'hybridctl fpga instances --cloud aliyun --region cn-hangzhou --instance i-bp1g7004ksh0oeuco000',
      why: 'its boards, their ids and shells',
    },
  ],
  parse(raw, ports) {
    const ids = list(raw, 'instance');
    const wrong = ids.find((id) => !/^[A-Za-z0-9][A-Za-z0-9-]{2,60}$/.test(id));
    if (wrong !== undefined) throw usageError(`${wrong.slice(0, 40)} is no instance`, { field: '--instance' });
    return { ...cloudOf(raw, ports), ids: ids.length === 0 ? undefined : ids };
  },
  async run({ ids, ...choice }, ports) {
    return { result: { instances: await (await ports.fpga(optionsOf(choice, ports))).instances(ids) } };
  },
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
