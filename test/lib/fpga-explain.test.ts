import { expect, it } from 'vitest';
import { explain, EXPLANATIONS, nearest } from '../../src/lib/domain/fpga/explain.ts';

/** Seed 004 §8.1.4: the table's rows as it prints them (code, API, HTTP status), and the questions before it. */
const LEGACY: readonly (readonly [code: string, call: string | undefined, status: number | null])[] = [
  ['PARAMETER INVALIDATE', undefined, 400],
  ['InternalError', undefined, 500],
  ['NoPermisson', undefined, 403],
  ['IMAGE NUMBER EXCEED', 'CreateFpgaImageTask', 401],
  ['FREQUENCY ERROR', 'CreateFpgaImageTask', 503],
  ['SHELL NOT SUPPORT', 'CreateFpgaImageTask', 404],
  ['EntityNotExist.RoleError', 'CreateFpgaImageTask', 404],
  ['RoleAccessError', 'CreateFpgaImageTask', 403],
  ['InvalidAccessKeyIdError', 'CreateFpgaImageTask', 401],
  ['Forbidden.KeyNotFoundError', 'CreateFpgaImageTask', 503],
  ['AccessDeniedError', 'CreateFpgaImageTask', null],
  ['OSS OBJECT NOT FOUND', 'CreateFpgaImageTask', 404],
  ['IMAGE NOT FOUND', 'DeleteFpgaImage', 400],
  ['NOT AUTHORIZED', 'DescribeFpgaInstances', 401],
  ['RoleAccessError', 'DescribeFpgaInstances', 403],
  ['INSTANCE INVALIDATE', 'DescribeFpgaInstances', 404],
  ['NOT AUTHORIZED', 'DescribeLoadTaskStatus', 401],
  ['FPGA NOT FOUND', 'DescribeLoadTaskStatus', 404],
  ['ANOTHER TASK RUNNING', 'LoadFpgaImageTask', 503],
  ['IMAGE ACCESS ERROR', 'LoadFpgaImageTask', 401],
  ['YOU HAVE NO ACCESS TO THIS INSTANCE', 'LoadFpgaImageTask', 401],
  ['IMAGE NOT FOUND', 'LoadFpgaImageTask', 404],
  ['FPGA NOT FOUND', 'LoadFpgaImageTask', 404],
  ['SHELL NOT MATCH', 'LoadFpgaImageTask', 404],
  ['RoleAccessError', 'LoadFpgaImageTask', 403],
  ['Image not in success state', 'LoadFpgaImageTask', 404],
  ['FPGA IMAGE STATE ERROR', 'PublishFpgaImage', 404],
  ["Name Error:global name'ID' is not defined.", undefined, null],
  ['SDK.InvalidRegionId', undefined, null],
  ['failed', undefined, null],
];

it.each(LEGACY)("the field document's %s of %s", (code, call, status) => {
  const [found, ...more] = explain(code, call);
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    code,
    status,
    cloud: 'aliyun',
    source: expect.stringContaining('Alibaba Cloud ECS best practices'),
  });
  if (call !== undefined) expect(found!.calls).toContain(call);
});

it('finds a code however it is spelt', () => {
  for (const code of ['SHELL NOT MATCH', 'shell_not_match', 'Shell-Not-Match', 'SHELL.NOT.MATCH', 'ShellNotMatchError'])
    expect(explain(code).map(({ code: found }) => found)).toEqual(['SHELL NOT MATCH']);
  expect(explain('inaccessible_input')[0]).toMatchObject({
    cloud: 'aws',
    means: expect.stringContaining("bucket's name"),
  });
  expect(explain('IMAGE NOT FOUND'), 'two calls say it').toHaveLength(2);
  expect(explain('no such thing')).toEqual([]);
  expect(nearest('SHELL MATCH')).toContain('SHELL NOT MATCH');
});

it('says in plain words what to do, with its source', () => {
  for (const { code, means, next, source } of EXPLANATIONS) {
    expect(means, code).toMatch(/^[a-zA-Z_].{15,}[^.]$/);
    expect(next, code).toMatch(/^[a-z].{10,}[^.]$/);
    expect(source).not.toBe('');
  }
});
