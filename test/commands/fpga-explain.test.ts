import { expect, it } from 'vitest';
import { EXPLANATIONS } from '../../src/lib/domain/fpga/explain.ts';
import { run } from '../helpers/run.ts';

it('says what a code means, in words and as JSON', async () => {
  expect(await run('fpga explain frequency error')).toMatchObject({
    exit: 0,
    err: '',
    out: `FREQUENCY ERROR aliyun, HTTP 503, CreateFpgaImageTask
  says   CreateFpgaImage task is allowed to take every half an hour.
  means  an image was asked for less than 30 minutes ago
  next   wait until 30 minutes after the last request, then ask again; the file need not be uploaded again
  source Alibaba Cloud ECS best practices §8.1.4, table of error codes
`,
  });
  expect((await run('fpga explain FREQUENCY ERROR --json')).json()).toEqual({
    version: 1,
    explanations: [
      {
        code: 'FREQUENCY ERROR',
        cloud: 'aliyun',
        status: 503,
        calls: ['CreateFpgaImageTask'],
        message: 'CreateFpgaImage task is allowed to take every half an hour.',
        means: 'an image was asked for less than 30 minutes ago',
        next: 'wait until 30 minutes after the last request, then ask again; the file need not be uploaded again',
        source: 'Alibaba Cloud ECS best practices §8.1.4, table of error codes',
      },
    ],
  });
});

it('tells both meanings of a code that two calls have, and all codes where none is given', async () => {
  const { out } = await run('fpga explain IMAGE NOT FOUND');
  expect(out.match(/^IMAGE NOT FOUND.*$/gm)).toEqual([
    'IMAGE NOT FOUND aliyun, HTTP 400, DeleteFpgaImage',
    'IMAGE NOT FOUND aliyun, HTTP 404, LoadFpgaImageTask',
  ]);
  expect((await run('fpga explain --json')).json().explanations).toHaveLength(EXPLANATIONS.length);
});

it.each([
  ['SHELL MATCHES', '"SHELL MATCHES" is not a known code', /next: did you mean .*SHELL NOT MATCH/],
  ['zzz', 'zzz is not a known code', /next: "hybridctl fpga explain" lists them/],
])('a code nobody knows: %s', async (code, message, next) => {
  const { exit, out, err } = await run(`fpga explain ${code}`);
  expect([exit, out]).toEqual([2, '']);
  expect(err).toContain(`hybridctl: code: ${message}`);
  expect(err).toMatch(next);
});
