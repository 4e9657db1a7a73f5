import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unixsock } from '../../src/lib/adapters/collectd.ts';
import { startCollectd, type TestCollectd } from '../helpers/collectd.ts';
import { run } from '../helpers/run.ts';

describe('a running collectd', () => {
  let real: TestCollectd;
  beforeAll(async () => void (real = await startCollectd('LoadPlugin memory\nLoadPlugin load\n')));
  afterAll(() => real.stop());
  test('is asked by its socket', async () => {
    const ports = { collectd: async (path: string) => unixsock(path, new AbortController().signal) };
    const seen = (
      await run(`collectd whitelist preview --socket ${real.socket} --json`, {
        files: { 'whitelist.conf': 'memory--memory-(used|free)\nload\n' },
        ports,
      })
    ).json();
    expect(seen).toMatchObject({
      published: expect.arrayContaining(['memory--memory-used', 'memory--memory-free']),
      byLine: [{ metrics: 2 }, { metrics: 0 }],
      blockedOnly: false,
    });
    expect(seen.published).toHaveLength(2);
    expect(seen.blocked).toEqual(
      expect.arrayContaining(['load--load-shortterm', 'load--load-longterm', 'memory--memory-cached']),
    );
  });
});
