import { defineCommand } from '../../lib/core/command.ts';
import type { FpgaImage } from '../../lib/core/fpga.ts';
import { finish, topicOf, WAIT_FLAGS } from './build.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf, optionsOf, type CloudChoice } from './shared.ts';
import { imageTable } from './view.ts';

interface Options extends CloudChoice {
  readonly id: string;
  readonly topic: string | undefined;
}

interface Result {
  readonly image: FpgaImage;
}

export const wait = defineCommand<Options, Result>({
  path: 'fpga wait',
  summary: 'follow the build of an image to its end, also one that was asked for on another day',
  details:
    'Asks every minute, for up to six hours. Exit code 0: it can be loaded. 1: it failed, and the error lines of its build log are shown; where its logs are is told by its tag hybridctl:logs. A wait that ends leaves the build alone.',
  args: [{ name: '<id>', summary: 'afi-…, or the image id of FaaS' }],
  flags: [...CLOUD_FLAGS, ...WAIT_FLAGS],
  examples: [
    {
      line: 'hybridctl fpga wait afi-09953582f46c45b17 --cloud aws --region us-east-1 --notify-topic arn:aws:sns:us-east-1:123456789012:fpga',
      why: 'in the morning, after a night without a network',
    },
  ],
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    return { ...choice, id: imageIdOf(raw, choice), topic: topicOf(raw) };
  },
  async run({ id, topic, ...choice }, ports) {
    return {
      result: {
        image: await finish(
          ports,
          choice,
          await ports.fpga(optionsOf(choice, ports)),
          { id, globalId: null },
          { topic },
        ),
      },
    };
  },
  human: ({ image }, style) => imageTable([image], style),
});
