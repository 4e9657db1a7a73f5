import { defineCommand, flag, FLAG, text } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { consent } from '../consent.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf, optionsOf, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly id: string;
  readonly machineImage: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

interface Result {
  readonly id: string;
  readonly machineImage: string;
  readonly published: boolean;
}

export const publish = defineCommand<Options, Result>({
  path: 'fpga publish',
  summary: 'put an image of FaaS onto the market, under the machine image that carries it',
  details:
    'Asks FaaS for it, as faascmd does; the market has its own review. Only an image in the state success can be published. On AWS "fpga share --everybody" is all there is.',
  args: [{ name: '<id>', summary: 'image id of FaaS' }],
  flags: [
    ...CLOUD_FLAGS,
    { flags: '--machine-image <id>', summary: 'ECS image that instances with it run: m-bp1…' },
    FLAG.dryRun,
    FLAG.yes,
  ],
  examples: [
    {
      line: 'hybridctl fpga publish intel0a1b2c3d4e5f --cloud aliyun --region cn-hangzhou --machine-image m-bp1g7004ksh0oeuco000 --yes',
      why: 'offer a filter to others',
    },
  ],
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    if (choice.cloud === 'aws')
      throw usageError('AWS has no call for that', {
        field: '--cloud',
        next: 'hybridctl fpga share ID --everybody makes the image public',
      });
    const machineImage = text(raw, 'machineImage') ?? '';
    if (!/^m-[a-z0-9]{6,40}$/.test(machineImage))
      throw usageError(machineImage === '' ? 'is needed' : `${machineImage.slice(0, 60)} is no ECS image`, {
        field: '--machine-image',
        next: "one like m-bp1g7004ksh0oeuco000: the instance's page in the ECS console shows it",
      });
    return { ...choice, id: imageIdOf(raw, choice), machineImage, dryRun: flag(raw, 'dryRun'), yes: flag(raw, 'yes') };
  },
  async run({ id, machineImage, dryRun, ...options }, ports) {
    const fpga = await ports.fpga(optionsOf(options, ports));
    const { name, state } = await imageNamed(fpga, id);
    if (dryRun) return { result: { id, machineImage, published: false } };
    await consent(
      ports,
      options,
      `Publish the image ${id}${name === null ? '' : ` (${name})`}, which is ${state}, with ${machineImage}?`,
    );
    await fpga.publish!(id, machineImage);
    return { result: { id, machineImage, published: true } };
  },
  human: ({ id, machineImage, published }) =>
    `${published ? 'asked FaaS to publish' : 'would publish'} ${id} with ${machineImage}`,
});
