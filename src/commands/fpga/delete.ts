import { defineCommand, flag, FLAG } from '../../lib/core/command.ts';
import { imageNamed } from '../../lib/fpga/follow.ts';
import { consent } from '../consent.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf, optionsOf, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly id: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

interface Result {
  readonly id: string;
  readonly deleted: boolean;
}

export const remove = defineCommand<Options, Result>({
  path: 'fpga delete',
  summary: 'delete an FPGA image for good',
  details: 'Boards that have it loaded keep it until they are cleared. The file in the bucket stays.',
  args: [{ name: '<id>', summary: 'afi-…, or the image id of FaaS' }],
  flags: [...CLOUD_FLAGS, FLAG.dryRun, FLAG.yes],
  examples: [
    { line: 'hybridctl fpga delete afi-09953582f46c45b17 --cloud aws --region us-east-1 --yes', why: 'make room' },
  ],
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    return { ...choice, id: imageIdOf(raw, choice), dryRun: flag(raw, 'dryRun'), yes: flag(raw, 'yes') };
  },
  async run({ id, dryRun, ...options }, ports) {
    const fpga = await ports.fpga(optionsOf(options, ports));
    const { name, state } = await imageNamed(fpga, id);
    if (dryRun) return { result: { id, deleted: false } };
    await consent(ports, options, `Delete the image ${id}${name === null ? '' : ` (${name})`}, which is ${state}?`);
    await fpga.remove(id);
    return { result: { id, deleted: true } };
  },
  human: ({ id, deleted }) => (deleted ? `${id} deleted` : `would delete ${id}`),
});
