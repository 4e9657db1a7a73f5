import { expect, test } from 'vitest';
import { run } from '../helpers/run.ts';

const create = 'network create --name office --region cn-north-1';

test.each([
  ['network render', 'missing --name'],
  ['network render --name Office', 'is not a name of 1-40 lowercase'],
  ["network render --name 'a b'", 'is not a name of 1-40 lowercase'],
  ['network render --name office --cidr 10.40.0.1/16', 'did you mean 10.40.0.0/16?'],
  ['network render --name office --cidr 10.0.0.0/8', 'is larger than a VPC may be: the prefix is /16 or longer'],
  ['network render --name office --cidr 10.0.0.0/26', '10.0.0.0/26 is too small: the prefix is /25 or shorter'],
  ['network render --name office --cidr ::/0', '--cidr:'],
  ['network render --name office --cidr 10.40.0.0/24 --public-prefix 24', 'has no room for'],
  ['network render --name office --private-prefix 29', '29 is not a whole number from 16 to 28'],
  ['network render --name office --nat vpn', '--nat'],
  ['network render --name office --nat-count 3', '--nat-count'],
  ['network render --name office --admin-cidr 0.0.0.0/0', 'lets in SSH from the whole internet'],
  [
    'network render --name office --admin-anywhere --admin-cidr 198.51.100.0/24',
    '--admin-anywhere: cannot be used together with --admin-cidr: use one of them',
  ],
  ['network render --name office --instance-type t4g.small', 'has an Arm processor'],
  ['network render --name office --nat-instance-type big', 'big is not an instance type'],
  ['network render --name office --key-name ~/.ssh/id', 'is not a name of a key pair'],
  ['network render --name office --image ami-xyz!', 'is not an image id or the name of a parameter'],
  ['network create --name office', 'missing --region'],
  ['network create --name office --region beijing', 'beijing is not a region: write it like cn-north-1 or us-east-1'],
  [`${create} --emit pdf`, '--emit'],
  ['network destroy --region cn-north-1', 'missing --name'],
  ['network status --name office --region cn-north-1 --public-prefix x', 'x is not a whole number from 16 to 28'],
])('%s: a usage error', async (line, words) => {
  const { exit, out, err } = await run(line);
  expect({ exit, out }).toEqual({ exit: 2, out: '' });
  expect(err).toContain(words);
});

test('render writes a file once, and says on a dry run that it would', async () => {
  const line = 'network render --name office --out net.json';
  const pending = await run(`${line} --dry-run --detailed-exitcode`);
  expect(pending).toMatchObject({ exit: 3, out: 'net.json would be written\n', files: {} });
  const { files, out } = await run(line);
  expect(out).toBe('net.json written\n');
  const again = await run(`${line} --dry-run --detailed-exitcode`, { files });
  expect(again).toMatchObject({ exit: 0, out: 'net.json is as it should be\n' });
});
