import { isAbsolute, join } from 'node:path';
import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { flag } from '../../lib/core/flags.ts';
import { path as file } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import type { Network } from '../../lib/render/network/network.ts';
import { templateText } from '../../lib/render/network/template.ts';
import { FLAG } from '../flags.ts';
import { NETWORK, NETWORK_CONFLICTS, PLACE, resolved, wishesIn } from './flags.ts';

interface RenderResult {
  /** The file, or null where the template itself is the answer. */
  readonly file: string | null;
  readonly state: 'same' | 'written' | 'differs' | 'shown';
  readonly parameters: Network;
  readonly template: unknown;
}

export const render = defineCommand({
  path: 'network render',
  summary: 'render the CloudFormation template of the one-click VPC',
  details:
    'One template for every network and both partitions: what differs is a parameter, and the flags set its default. It can be uploaded in the console as it is, ' +
    'acknowledging that it makes an IAM role: the web server may be reached by Session Manager and do nothing else (the field document gave it admin rights). ' +
    'Subnets are laid out one after another, the first block of the VPC left free. It is JSON, which CloudFormation takes as it takes YAML.',
  flags: {
    name: PLACE.name,
    ...NETWORK,
    out: flag(file(), 'write it to a file (default: to stdout)'),
    dryRun: FLAG.dryRun,
    detailedExitcode: FLAG.detailedExitcode,
  },
  conflicts: NETWORK_CONFLICTS,
  examples: [
    {
      line: 'hybridctl network render --name office --key-name awskey --admin-cidr 198.51.100.0/24 --out office.template.json',
      why: 'ready to upload: its defaults are these',
    },
    {
      line: 'hybridctl network render --name office --nat instance --web public --load-balancer elb --database-route nat',
      why: 'the network as in the field document',
    },
  ],

  async run({ name, out, dryRun, detailedExitcode, ...given }, ports): Promise<Outcome<RenderResult>> {
    const parameters = resolved(name, wishesIn(given));
    const content = templateText(parameters);
    const template: unknown = JSON.parse(content);
    if (out === undefined) return { result: { file: null, state: 'shown', parameters, template } };
    const path = isAbsolute(out) ? out : join(ports.cwd, out);
    const same = (await ports.files.read(path)) === content;
    if (!same && !dryRun) await ports.files.write([{ path, content, mode: 0o644 }]);
    return {
      result: { file: out, state: same ? 'same' : dryRun ? 'differs' : 'written', parameters, template },
      exit: detailedExitcode && dryRun && !same ? EXIT.changesPending : EXIT.ok,
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).networkRender),
  data: (result) => result,
  human({ file, state, template }, style) {
    if (file === null) return JSON.stringify(template, undefined, 2);
    return state === 'same'
      ? style.good(`${file} is as it should be`)
      : state === 'written'
        ? style.good(`${file} written`)
        : `${file} would be written`;
  },
});
