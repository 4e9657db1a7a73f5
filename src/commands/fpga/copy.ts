import { usageError } from '../../lib/core/errors.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { region } from '../../lib/domain/kinds.ts';
import { finish } from '../../lib/fpga/finish.ts';
import { imageTable } from '../../lib/fpga/view.ts';
import { NOTIFY } from './build-flags.ts';
import { ID } from './flags.ts';
import { fpgaCommand } from './shared.ts';

export const copy = fpgaCommand({
  path: 'fpga copy',
  summary: 'copy an AFI from another region to this one',
  details:
    'The copy has an afi of its own and the same agfi, so instances load it by the same name everywhere. Only its owner may copy an image, and only one that is available. The same line again makes no second copy.',
  args: { id: { ...ID.id, summary: 'afi-… in the other region' } },
  flags: {
    from: flag(region('any'), 'region it is in', { required: true }),
    name: flag(text({ placeholder: 'text', like: 'filter' }), 'name of the copy'),
    wait: toggle('wait until it is there'),
    ...NOTIFY,
  },
  requires: { notifyTopic: ['wait'] },
  examples: [
    {
      line: 'hybridctl fpga copy afi-09953582f46c45b17 --cloud aws --region eu-west-2 --from us-east-1 --wait',
      why: 'the same design in London',
    },
  ],
  async run(options, { fpga }, ports) {
    const { id, from, name } = options;
    const cloud = await fpga();
    if (cloud.copy === undefined)
      throw usageError('is for EC2: the vendor describes no copies of FaaS', {
        field: '--cloud',
        next: 'upload the file to a bucket of that region, and create the image there',
      });
    const made = await cloud.copy({ id, from, name, token: `hybridctl-${from}-${id}-${name ?? ''}`.slice(0, 64) });
    const image = options.wait
      ? await finish(ports, options, cloud, { id: made, globalId: null }, { ...options, isNew: true })
      : null;
    return { result: { id: made, image } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaCopy),
  data: (result) => result,
  human: ({ id, image }, style) =>
    image === null ? `${id} asked for: hybridctl fpga wait ${id}` : imageTable([image], style),
});
