import { expect, test } from 'vitest';
import { spelledToday } from '../../src/lib/core/spelling.ts';
import { fixture } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

const site = (text: string) => ({ files: { 'hybridctl.yaml': text } });
const LEGACY = fixture('seed-bjs');

test('names that are not old ones stay as they are', () => {
  expect(['legacy', 'modern', 'seed'].map(spelledToday)).toEqual(['legacy', 'modern', 'legacy']);
});

test.each([
  ['the crypto level of a site file', 'config validate', LEGACY.replace('crypto: legacy', 'crypto: seed'), LEGACY],
  [
    'the detector of a site file',
    'route tune',
    `${LEGACY}monitor: { profile: seed }\n`,
    `${LEGACY}monitor: { profile: legacy }\n`,
  ],
])('%s: the old spelling gives the same as the one of today', async (_, line, old, today) => {
  expect(old).not.toBe(today);
  const [one, other] = [await run(line, site(old)), await run(line, site(today))];
  expect(one.exit).toBe(0);
  expect(one.out).toBe(other.out);
});

test.each([
  ['vpn init --example seed-vpn --dry-run', 'vpn init --example legacy-vpn --dry-run'],
  ['vpn init --example lab --crypto seed --dry-run', 'vpn init --example lab --crypto legacy --dry-run'],
])('%s is %s', async (old, today) => {
  const [one, other] = [await run(old), await run(today)];
  expect(one).toMatchObject({ exit: 0, out: other.out });
});

test('a variable takes the old spelling too', async () => {
  const told = await run('vpn init --example lab --dry-run', { env: { HYBRIDCTL_CRYPTO: 'seed' } });
  expect(told).toMatchObject({ exit: 0, out: (await run('vpn init --example lab --crypto legacy --dry-run')).out });
});
