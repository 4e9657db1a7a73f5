import { expect, test } from 'vitest';
import { run, words } from './helpers/run.ts';

test('words splits as a shell would', () => {
  expect(words(`a 'b c' --d="e f" g`)).toEqual(['a', 'b c', '--d=e f', 'g']);
});

test('--version prints the version and nothing else', async () => {
  expect(await run('--version')).toMatchObject({ exit: 0, out: '0.0.0-test\n', err: '' });
});
