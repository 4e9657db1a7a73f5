import { describe, expect, it } from 'vitest';
import type { Instances } from '../../src/lib/core/ports.ts';
import { fakeInstances } from '../fakes/instances.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const ONE = 'i-0e1466e8a5dd4892c';
const TWO = 'i-0430fe110cdec5835';
const RUNNING = { instance: ONE, state: 'running', publicIp: '203.0.113.11', sourceDestCheck: false } as const;

interface Side {
  readonly instances: Instances;
  /** Ends a transition under way. */
  settle(): Promise<void>;
  /** Somebody takes the address away. */
  detach(instance: string): Promise<void>;
}

const SIDES: Readonly<Record<string, () => Promise<Side>>> = {
  async 'the AWS SDK against the endpoint'() {
    // Long enough that what is under way is still so at the next call, on a busy machine too.
    const { instances, cloud, url } = await testCloud(fixture('lab'), {
      times: { stopMs: 600, forcedStopMs: 300, startMs: 300 },
    });
    const call = (body: Record<string, string>) =>
      fetch(url, { method: 'POST', body: new URLSearchParams({ Version: '2016-11-15', ...body }) });
    return {
      instances: instances(),
      async settle() {
        await expect
          .poll(() => cloud.instances().every(({ state }) => state === 'running' || state === 'stopped'))
          .toBe(true);
      },
      async detach(id) {
        const { eni } = cloud.instances().find((one) => one.id === id)!;
        expect((await call({ Action: 'DisassociateAddress', AssociationId: `eipassoc-${eni.slice(4)}` })).status).toBe(
          200,
        );
      },
    };
  },
  async 'the fake'() {
    const instances = fakeInstances([RUNNING, { ...RUNNING, instance: TWO, publicIp: '203.0.113.12' }]);
    return {
      instances,
      async settle() {
        for (const { instance, state } of instances.all.values())
          instances.edit(instance, {
            state: state === 'stopping' ? 'stopped' : state === 'pending' ? 'running' : state,
          });
      },
      detach: async (id) => instances.edit(id, { publicIp: undefined }),
    };
  },
};

describe.each(Object.entries(SIDES))('instances: %s', (_, open) => {
  const view = async ({ instances }: Side) => (await instances.describe([ONE]))[0]!;

  it('shows them in the order asked, and names one that is not there', async () => {
    const { instances } = await open();
    expect((await instances.describe([TWO, ONE])).map(({ instance }) => instance)).toEqual([TWO, ONE]);
    expect(await instances.describe([ONE])).toEqual([RUNNING]);
    expect(await instances.describe([])).toEqual([]);
    await expect(instances.describe(['i-0123456789abcdef0'])).rejects.toMatchObject({
      field: 'gateways.instance',
      call: 'refused',
    });
  });

  it('stops and starts, and what is on its way there already is no error', async () => {
    const side = await open();
    const { instances } = side;
    await instances.stop(ONE, { force: false });
    expect((await view(side)).state).toBe('stopping');
    await instances.stop(ONE, { force: true });
    await expect(instances.start(ONE)).rejects.toMatchObject({ call: 'refused' });
    await side.settle();
    expect((await view(side)).state).toBe('stopped');
    await instances.start(ONE);
    await instances.start(ONE);
    await side.settle();
    expect(await view(side)).toEqual(RUNNING);
  });

  it('attaches an address that is free, and takes none from another', async () => {
    const side = await open();
    await side.detach(ONE);
    expect((await view(side)).publicIp).toBeUndefined();
    await expect(side.instances.attachAddress(ONE, '203.0.113.12')).rejects.toMatchObject({ call: 'refused' });
    await expect(side.instances.attachAddress(ONE, '203.0.113.99')).rejects.toMatchObject({ call: 'refused' });
    await side.instances.attachAddress(ONE, '203.0.113.11');
    await side.instances.clearSourceDestCheck(ONE);
    expect(await view(side)).toEqual(RUNNING);
  });
});
