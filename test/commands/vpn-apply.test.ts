import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Aws } from '../../src/lib/core/aws.ts';
import { ALL, bench, CALLS, NEW_SITE, type Bench } from '../helpers/deployment.ts';

const VPC = 'vpc-0d5a1b2c3d4e5f607';

/** A run now changes nothing, and a removal leaves nothing. */
const settled = async ({ on, ours, changes, read }: Bench): Promise<void> => {
  expect(ours('office')).toEqual(ALL);
  const file = read('office.yaml');
  const again = await on(`${NEW_SITE} --yes`);
  expect([again.exit, changes(), read('office.yaml')]).toEqual([0, [], file]);
  const gone = await on('vpn destroy --site office.yaml --yes');
  expect([gone.exit, ours('office')]).toEqual([0, {}]);
  expect(read('office.yaml')).not.toMatch(/instance:|eni:/);
};

test('a plan changes nothing; apply makes all; apply again changes nothing; destroy leaves nothing', async () => {
  const made = await bench();
  const planned = await made.on(`${NEW_SITE} --dry-run --detailed-exitcode`);
  expect([planned.exit, made.changes()]).toEqual([3, []]);
  const applied = await made.on(`${NEW_SITE} --yes --json`);
  expect(made.changes().filter((what) => what !== 'write')).toEqual(CALLS);
  // Progress is on stderr also under --json; what would be wrong begins with the program's name or a warning.
  expect([applied.exit, applied.err.match(/^(hybridctl|warning):.*/gm)]).toEqual([0, null]);
  // Images come and go: what runs needs none.
  await made.fault({ DescribeImages: { break: 'error', code: 'InvalidAMIID.NotFound', status: 400 } });
  expect((await made.on('vpn init --site office.yaml --apply --yes')).out).toContain('nothing to do');
  await made.fault({});
  await settled(made);
});

test('a site file whose gateways have no address yet: each gets an Elastic IP, without a question; any other mistake is still one', async () => {
  const made = await bench();
  await made.on(`${NEW_SITE} --yes`);
  await made.on('vpn destroy --site office.yaml --yes');
  const bare = made
    .read('office.yaml')
    .replace(/^gateways:[^]*(?=^onprem:)/m, (part) => part.replace(/^ *(public_ip|released): .*\n/gm, ''));
  const write = (text: string) => writeFileSync(join(made.folder, 'office.yaml'), text);
  write(bare);
  const ran = await made.on('vpn init --site office.yaml --apply --yes');
  expect([ran.exit, made.ours('office'), made.read('office.yaml').match(/public_ip:/g)], ran.err).toEqual([
    0,
    ALL,
    Array(3).fill('public_ip:'),
  ]);
  for (const wrong of ['', '[]', 'gateways: 3', 'a: {b: *c}', bare.replace('crypto: modern', 'crypto: mdoern')]) {
    write(wrong);
    const refused = await made.on('vpn init --site office.yaml --apply --yes');
    expect([refused.exit, refused.err, made.changes()], wrong).toEqual([
      2,
      expect.stringMatching(/^hybridctl: office\.yaml:\d+: (?!.*public_ip)/),
      [],
    ]);
  }
});

/** An endpoint that overlooks what an answer is to be held to: some emulators do. */
const overlooking = (aws: Aws): Aws => ({
  ...aws,
  ask: (service, operation, input) => aws.ask(service, operation, blunt(input)),
  all: (service, operation, input, field) => aws.all(service, operation, blunt(input), field),
});
const blunt = <T>(input: T): T => {
  const { Filters } = input as { readonly Filters?: readonly { readonly Name: string }[] };
  return Filters === undefined
    ? input
    : { ...input, Filters: Filters.filter(({ Name }) => !/^(tag:|public-ip|key-name|group-name)/.test(Name)) };
};

test("an endpoint that overlooks filters makes us take nothing of somebody else's, and remove nothing", async () => {
  const made = await bench();
  const aws = overlooking(made.aws());
  const on = (line: string) => made.on(line, undefined, { aws: async () => aws });
  const other = NEW_SITE.replaceAll('office', 'branch')
    .replaceAll('.50', '.60')
    .replace('10.20', '10.30')
    .replace('.99', '.98')
    .replace(' --gateway az=cn-north-1b,private=172.16.2.60', '');
  expect((await on(`${NEW_SITE} --yes`)).err.split('\n').filter((line) => line.startsWith('hybridctl'))).toEqual([]);
  expect((await on(`${other} --yes`)).err.split('\n').filter((line) => line.startsWith('hybridctl'))).toEqual([]);
  const before = made.ours('office');
  expect([before, made.ours('branch')]).toEqual([
    ALL,
    { ...ALL, eipalloc: 1, eni: 1, i: 1, parameter: 1, rule: 4, vol: 1 },
  ]);
  expect((await on('vpn destroy --site branch.yaml --yes')).exit).toBe(0);
  expect([made.ours('office'), made.ours('branch')]).toEqual([before, { route: 2 }]);
});

/** Every change of the outside, but of files that are written one after another only the first and the last. */
const boundaries = (changes: readonly string[]): readonly number[] =>
  changes.flatMap((what, index) =>
    what === 'write' && changes[index - 1] === 'write' && changes[index + 1] === 'write' ? [] : [index + 1],
  );

/** Dead after one change is as dead as before the next: nothing lies between them. */
test('killed after any change, and run again, it ends the same, with nothing twice and nothing orphaned', {
  timeout: 400_000,
}, async () => {
  const reference = await bench();
  await reference.on(`${NEW_SITE} --yes`);
  const changes = reference.changes();
  for (const at of boundaries(changes)) {
    const made = await bench();
    const where = `after change ${at}, ${changes[at - 1]}`;
    expect((await made.on(`${NEW_SITE} --yes`, { at, when: 'after' })).err, where).toContain('killed');
    expect(made.changes().length, where).toBe(at);
    const again = await made.on(`${NEW_SITE} --yes`);
    expect([again.exit, again.err.split('\n').filter((line) => line.startsWith('hybridctl'))], where).toEqual([0, []]);
    await settled(made);
  }
});

test.each([
  // The call is lost on its way, or its answer is: the SDK sends it again, and it must not have been done twice.
  {
    name: 'every call is lost once',
    faults: (calls: readonly string[]) =>
      Object.fromEntries(calls.map((call) => [call, { break: 'drop' as const, times: 1 }])),
  },
  {
    name: 'every answer is lost once',
    faults: (calls: readonly string[]) =>
      Object.fromEntries(calls.map((call) => [call, { break: 'drop-after' as const, times: 1 }])),
  },
  { name: 'reads are half a second old', faults: () => ({ '*': { stale_ms: 500 } }) },
  {
    name: 'every call is throttled once',
    faults: (calls: readonly string[]) =>
      Object.fromEntries(
        calls.map((call) => [call, { break: 'error' as const, code: 'RequestLimitExceeded', status: 503, times: 1 }]),
      ),
  },
])('$name: it is made all the same', { timeout: 60_000 }, async ({ faults }) => {
  const made = await bench();
  await made.fault(faults([...new Set(CALLS)]));
  const applied = await made.on(`${NEW_SITE} --yes`);
  expect([applied.exit, applied.err.split('\n').filter((line) => line.startsWith('hybridctl'))]).toEqual([0, []]);
  await made.fault({});
  await settled(made);
});

/** Nothing of the site in the cloud, and no site file that names what is gone. */
const undone = async ({ ours, on }: Bench): Promise<void> => {
  expect(ours('office')).toEqual({});
  const again = await on(`${NEW_SITE} --dry-run --json`);
  expect(
    again.json().applied.steps.filter(({ action }: { action: string }) => action === 'make').length,
  ).toBeGreaterThan(15);
};

test('a permission that is missing: exit 4 names it, and all that was made is undone', {
  timeout: 120_000,
}, async () => {
  for (const call of new Set(CALLS)) {
    const made = await bench();
    await made.fault({
      [call]: {
        break: 'error',
        code: call.includes('Parameter') || /Role|Profile/.test(call) ? 'AccessDenied' : 'UnauthorizedOperation',
        status: 403,
      },
    });
    const ran = await made.on(`${NEW_SITE} --yes`);
    expect([call, ran.exit, new RegExp(`not allowed to call (ec2|iam|ssm):${call} `).test(ran.err)]).toEqual([
      call,
      4,
      true,
    ]);
    await undone(made);
  }
});

test('a read that is not allowed: exit 4 names it, and nothing is made', { timeout: 60_000 }, async () => {
  const seen = await bench();
  await seen.on(`${NEW_SITE} --dry-run`);
  const reads = new Set(
    (await seen.calls()).map((call) => call.replace(/!.*/, '')).filter((call) => /^(Describe|Get|List)/.test(call)),
  );
  expect(reads.size).toBeGreaterThan(8);
  for (const call of reads) {
    const made = await bench();
    await made.fault({
      [call]: {
        break: 'error',
        code: /^Describe/.test(call) && call !== 'DescribeParameters' ? 'UnauthorizedOperation' : 'AccessDenied',
        status: 403,
      },
    });
    const ran = await made.on(`${NEW_SITE} --yes`);
    expect([
      call,
      ran.exit,
      new RegExp(`not allowed to call (ec2|iam|ssm|sts):${call} `).test(ran.err),
      made.changes(),
    ]).toEqual([call, 4, true, []]);
  }
});

test('a quota is full: the error is its own, and the first address goes again', async () => {
  const made = await bench();
  const aws = made.aws();
  for (let index = 0; index < 2; index += 1) await aws.ask('ec2', 'AllocateAddress', { Domain: 'vpc' });
  const ran = await made.on(`${NEW_SITE} --yes`);
  expect([ran.exit, ran.err.includes('AddressLimitExceeded')]).toEqual([1, true]);
  await undone(made);
});

test('--keep-on-failure keeps what was made, and the next run goes on from there', async () => {
  const made = await bench();
  await made.fault({ RunInstances: { break: 'error', code: 'InsufficientInstanceCapacity', status: 500 } });
  const ran = await made.on(`${NEW_SITE} --yes --keep-on-failure`);
  expect([ran.exit, made.ours('office')]).toEqual([
    5,
    { eipalloc: 2, parameter: 2, profile: 1, role: 1, rule: 4, sg: 1 },
  ]);
  await made.fault({});
  expect((await made.on(`${NEW_SITE} --yes`)).exit).toBe(0);
  await settled(made);
});

test('Ctrl-C in the middle: undone, exit 130', async () => {
  const made = await bench();
  const controller = new AbortController();
  const aws = made.aws();
  const ran = await made.on(`${NEW_SITE} --yes`, undefined, {
    signal: controller.signal,
    aws: async () => ({
      ...aws,
      send: async (call) => {
        const answer = await aws.send(call);
        if (call.operation === 'RunInstances') controller.abort();
        return answer;
      },
    }),
  });
  expect(ran.exit).toBe(130);
  await undone(made);
});

test.each([
  {
    what: 'role',
    make: [
      'iam',
      'CreateRole',
      { RoleName: 'hybridctl-office-gateways', AssumeRolePolicyDocument: '{"Statement":[]}' },
    ],
    message: "a role hybridctl-office-gateways is there and is not hybridctl's",
  },
  {
    what: 'security group',
    make: ['ec2', 'CreateSecurityGroup', { GroupName: 'hybridctl-office-gateways', Description: 'theirs', VpcId: VPC }],
    message: 'a security group hybridctl-office-gateways',
  },
  {
    what: 'parameter',
    make: ['ssm', 'PutParameter', { Name: '/hybridctl/office/vpn1/psk', Type: 'SecureString', Value: 'not-ours-1' }],
    message: "a parameter /hybridctl/office/vpn1/psk is there and is not hybridctl's",
  },
  {
    what: 'instance profile',
    make: ['iam', 'CreateInstanceProfile', { InstanceProfileName: 'hybridctl-office-gateways' }],
    message: "an instance profile hybridctl-office-gateways is there and is not hybridctl's",
  },
] as const)(
  "a $what of our name that is somebody else's is refused and stays",
  async ({ make: [service, operation, input], message }) => {
    const made = await bench();
    await made.aws().send({ kind: 'aws', service, operation, input });
    const ran = await made.on(`${NEW_SITE} --yes`);
    expect([ran.exit, ran.err.includes(message), made.changes()]).toEqual([1, true, []]);
  },
);

test('no key is shown: not in a plan, not in progress, not in JSON, not in a runbook, not in user data', async () => {
  const made = await bench();
  const ran = await made.on(`${NEW_SITE} --yes --json`);
  const keys = ['psk/vpn1', 'psk/vpn2'].map((path) => made.read(path).trim());
  const userData = JSON.stringify(await made.aws().all('ec2', 'DescribeInstances', {}, 'Reservations'));
  const runbook = await made.on('vpn init --site office.yaml --apply --emit sh');
  expect([runbook.exit, runbook.out]).toEqual([0, expect.stringContaining('set -eu')]);
  const state = made.cloud.snapshot() as { instances: { userData?: string }[] };
  const scripts = state.instances.map(({ userData: data }) => Buffer.from(data ?? '', 'base64').toString('utf8'));
  expect(scripts.filter((script) => script.startsWith('#!/bin/sh')).length).toBe(2);
  for (const text of [ran.out, ran.err, runbook.out, userData, ...scripts])
    for (const key of keys) expect(text.includes(key)).toBe(false);
});
