import { usageError } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { FLAG } from '../flags.ts';
import { ID } from './flags.ts';
import { fpgaCommand, onceAgreed } from './shared.ts';

export const publish = fpgaCommand({
  path: 'fpga publish',
  summary: 'publish an image of FaaS on the marketplace, under the machine image that carries it',
  details:
    'Asks FaaS for it, as faascmd does; the market has its own review. Only an image in the state success can be published. On AWS "fpga share --everybody" is all there is.',
  args: { id: { ...ID.id, summary: 'image id of FaaS' } },
  flags: {
    machineImage: flag(
      text({
        placeholder: 'id',
        shape: /^m-[a-z0-9]{6,40}$/,
        what: 'an ECS image',
        like: 'm-bp1g7004ksh0oeuco000',
      }),
      "ECS image that instances with it run; the instance's page in the ECS console shows it",
      { required: true },
    ),
    dryRun: FLAG.dryRun,
    yes: FLAG.yes,
  },
  examples: [
    {
      line: 'hybridctl fpga publish intel0a1b2c3d4e5f --cloud aliyun --region cn-hangzhou --machine-image m-bp1g7004ksh0oeuco000 --yes',
      why: 'offer a filter to others',
    },
  ],
  async run(options, { fpga }, ports) {
    const { id, machineImage } = options;
    const cloud = await fpga();
    if (cloud.publish === undefined)
      throw usageError('AWS has no call for that', {
        field: '--cloud',
        next: 'hybridctl fpga share ID --everybody makes the image public',
      });
    const published = await onceAgreed(
      ports,
      options,
      cloud,
      (image) => `Publish ${image}, with ${machineImage}?`,
      () => cloud.publish!(id, machineImage),
    );
    return { result: { id, machineImage, published } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaPublish),
  data: (result) => result,
  human: ({ id, machineImage, published }) =>
    `${published ? 'asked FaaS to publish' : 'would publish'} ${id} with ${machineImage}`,
});
