import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/lib/core/errors.ts';
import { RouteRace, type RouteTables } from '../../src/lib/core/ports.ts';
import { fakeRouteTables } from '../fakes/route-tables.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';

const A = 'rtb-0468f52220000000a';
const B = 'rtb-04b8f522f0000000b';
const VGW = { kind: 'vgw', id: 'vgw-078bcc55' } as const;
const ENI = { kind: 'eni', id: 'eni-023fbd87a1b2c3d4e' } as const;
const INSTANCE = { kind: 'instance', id: 'i-0e1466e8a5dd4892c' } as const;
const ONPREM = '10.10.0.0/16';

const cloud = async () => {
  const running = await testCloud(fixture('lab'));
  running.cloud.setPropagated(VGW.id, [ONPREM]);
  return running;
};

const SIDES: Readonly<Record<string, () => Promise<RouteTables>>> = {
  'the AWS SDK against the endpoint': async () => (await cloud()).routeTables(),
  'the fake': async () => {
    const { cloud: model } = await cloud();
    return fakeRouteTables(model.tables(), {
      enis: Object.fromEntries(model.instances().map(({ id, eni }) => [id, eni])),
    });
  },
};

/** What both must do alike: every other test may then use either. */
describe.each(Object.entries(SIDES))('route tables: %s', (_, open) => {
  const at = async (tables: RouteTables, table = A) => (await tables.read([table]))[0]!;

  it('reads tables in the order asked, with every route, shadowed ones too', async () => {
    const tables = await open();
    const [second, first] = await tables.read([B, A]);
    expect(first).toEqual({
      id: A,
      name: 'private-1',
      routes: [
        { destination: '172.16.0.0/16', target: { kind: 'local', id: 'local' }, origin: 'table', state: 'active' },
        { destination: ONPREM, target: VGW, origin: 'propagated', state: 'active' },
      ],
      propagatingVgws: [VGW.id],
    });
    expect(second).toMatchObject({ id: B, name: 'private-2' });
    expect(await tables.read([])).toEqual([]);
    expect((await tables.read([A, A])).map(({ id }) => id)).toEqual([A, A]);
  });

  it("names a table that does not exist, as the caller's mistake", async () => {
    const tables = await open();
    await expect(tables.read([A, 'rtb-0123456789abcdef0'])).rejects.toMatchObject({
      exit: EXIT.usage,
      field: 'route_tables',
      message: expect.stringContaining('rtb-0123456789abcdef0'),
    });
  });

  it('leaves a table out that does not exist, where the others are wanted all the same', async () => {
    const tables = await open();
    expect((await tables.readThere([B, 'rtb-0123456789abcdef0', A])).map(({ id }) => id)).toEqual([B, A]);
    await expect(tables.readThere(['rtb-0123456789abcdef0'])).rejects.toMatchObject({ call: 'refused' });
    expect(await tables.readThere([])).toEqual([]);
  });

  it('creates over a propagated route, replaces, deletes, and the propagated one is still there', async () => {
    const tables = await open();
    await tables.createRoute(A, ONPREM, ENI);
    const statics = async () =>
      (await at(tables)).routes
        .filter(({ destination }) => destination === ONPREM)
        .map(({ origin, target, state }) => ({ origin, target, state }));
    const throughEni = { origin: 'static', target: { ...ENI, instance: INSTANCE.id }, state: 'active' };
    const propagated = { origin: 'propagated', target: VGW, state: 'active' };
    expect(new Set(await statics())).toEqual(new Set([throughEni, propagated]));
    await tables.replaceRoute(A, ONPREM, VGW);
    expect(new Set(await statics())).toEqual(new Set([{ origin: 'static', target: VGW, state: 'active' }, propagated]));
    await tables.deleteRoute(A, ONPREM);
    expect(await statics()).toEqual([propagated]);
    expect((await at(tables, B)).routes).toHaveLength(2);
  });

  it('answers with the interface where a route is made with the instance', async () => {
    const tables = await open();
    await tables.createRoute(A, '10.20.0.0/16', INSTANCE);
    expect((await at(tables)).routes.find(({ destination }) => destination === '10.20.0.0/16')?.target).toEqual({
      ...ENI,
      instance: INSTANCE.id,
    });
  });

  it('says RouteRace where the table is not as assumed, and changes nothing', async () => {
    const tables = await open();
    await expect(tables.replaceRoute(A, ONPREM, ENI)).rejects.toBeInstanceOf(RouteRace);
    await expect(tables.deleteRoute(A, ONPREM)).rejects.toBeInstanceOf(RouteRace);
    await tables.createRoute(A, ONPREM, ENI);
    const before = await at(tables);
    await expect(tables.createRoute(A, ONPREM, VGW)).rejects.toBeInstanceOf(RouteRace);
    expect(await at(tables)).toEqual(before);
  });
});
