import type { Collectd, ValueList } from '../../src/lib/core/collectd.ts';
import { missing } from '../../src/lib/core/errors.ts';

export interface FakeCollectd {
  readonly collectd: Collectd;
  /** What is in its cache. */
  readonly lists: ValueList[];
  running: boolean;
}

export const fakeCollectd = (...lists: ValueList[]): FakeCollectd => {
  const fake: FakeCollectd = {
    lists,
    running: true,
    collectd: {
      valueLists: async () => {
        if (!fake.running)
          throw missing('no collectd listens on /var/run/collectd-unixsock', {
            field: '--socket',
            next: 'load its plugin "unixsock", or give the SocketFile of its configuration',
          });
        return [...fake.lists];
      },
    },
  };
  return fake;
};
