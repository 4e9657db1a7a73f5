import { defineCommand, flag, text } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { FpgaImage } from '../../lib/core/fpga.ts';
import { finish, topicOf, WAIT_FLAGS } from './build.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf, optionsOf, regionOf, type CloudChoice } from './shared.ts';
import { imageTable } from './view.ts';

interface Options extends CloudChoice {
  readonly id: string;
  readonly from: string;
  readonly name: string | undefined;
  readonly wait: boolean;
  readonly topic: string | undefined;
}

interface Result {
  /** Of the copy, in this region. */
  readonly id: string;
  /** null: not waited for. */
  readonly image: FpgaImage | null;
}

export const copy = defineCommand<Options, Result>({
  path: 'fpga copy',
  summary: 'bring an AFI from another region to this one',
  details:
    'The copy has an afi of its own and the same agfi, so instances load it by the same name everywhere. Only its owner may copy an image, and only one that is available. The same line again makes no second copy.',
  args: [{ name: '<id>', summary: 'afi-… in the other region' }],
  flags: [
    ...CLOUD_FLAGS,
    { flags: '--from <region>', summary: 'region it is in' },
    { flags: '--name <text>', summary: 'name of the copy' },
    { flags: '--wait', summary: 'wait until it is there' },
    ...WAIT_FLAGS,
  ],
  examples: [
    {
      line: 'hybridctl fpga copy afi-09953582f46c45b17 --cloud aws --region eu-west-2 --from us-east-1 --wait',
      why: 'the same design in London',
    },
  ],
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    const from = text(raw, 'from');
    if (from === undefined) throw usageError('is needed', { field: '--from', next: 'give the region the image is in' });
    return {
      ...choice,
      id: imageIdOf(raw, choice),
      from: regionOf(from, '--from'),
      name: text(raw, 'name'),
      wait: flag(raw, 'wait'),
      topic: topicOf(raw),
    };
  },
  async run({ id, from, name, wait, topic, ...choice }, ports) {
    const fpga = await ports.fpga(optionsOf(choice, ports));
    if (fpga.copy === undefined)
      throw usageError('is for EC2: the vendor describes no copies of FaaS', {
        field: '--cloud',
        next: 'upload the file to a bucket of that region, and create the image there',
      });
    const made = await fpga.copy({ id, from, name, token: `hybridctl-${from}-${id}-${name ?? ''}`.slice(0, 64) });
    return {
      result: {
        id: made,
        image: wait ? await finish(ports, choice, fpga, { id: made, globalId: null }, { topic, isNew: true }) : null,
      },
    };
  },
  human: ({ id, image }, style) =>
    image === null ? `${id} asked for: hybridctl fpga wait ${id}` : imageTable([image], style),
});
