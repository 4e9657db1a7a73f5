import { expect, test } from 'vitest';
import { aliyunApi } from '../../../src/lib/adapters/aliyun/api.ts';
import { accessKey, user } from '../../../src/lib/procedures/aws/user.ts';
import { testAliyun } from '../../helpers/aliyun.ts';
import { fixture, testCloud } from '../../helpers/cloud.ts';
import { apply, benchOn, callsOf, destroy, type Row } from '../../helpers/resources.ts';

const rowOf = (machine: string, replace = false): Row => ({
  what: 'access key',
  setup: [user('contract', 'mount', machine)],
  steps: [
    accessKey({
      name: 'mount',
      path: '/root/.passwd',
      format: '%s:%s\\n',
      idIn: (text) => /^(\w+):/.exec(text)?.[1],
      machine,
      replace,
    }),
  ],
});

test('the key of another machine of the same name is neither replaced nor removed, unless told', async () => {
  const cloud = await testCloud(fixture('lab'));
  await testAliyun();
  const clouds = {
    aws: cloud.aws(),
    aliyun: await aliyunApi({ region: 'cn-hangzhou' }),
    tables: cloud.routeTables(),
  };
  const [first, second] = [benchOn(clouds), benchOn(clouds)];
  await apply(first, rowOf('m1'));
  await expect(apply(second, rowOf('m2'))).rejects.toMatchObject({
    message: expect.stringContaining('may be in use on another machine'),
    next: expect.stringContaining('delete-access-key --user-name hybridctl-contract-mount'),
  });
  await expect(destroy(second, rowOf('m2'))).rejects.toMatchObject({ exit: 5 });
  expect(second.calls).not.toContain('DeleteAccessKey');
  expect(await callsOf(first, () => apply(first, rowOf('m1')))).toEqual([]);
  // The same machine, whose file is lost.
  const lost = benchOn(clouds);
  expect(await callsOf(lost, () => apply(lost, rowOf('m1')))).toEqual(['DeleteAccessKey', 'CreateAccessKey']);
  expect(await callsOf(second, () => apply(second, rowOf('m2', true)))).toEqual(['DeleteAccessKey', 'CreateAccessKey']);
});
