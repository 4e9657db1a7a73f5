import { describe, expect, it } from 'vitest';
import type { CloudInstanceView, CloudRoute, RouteTable } from '../../src/lib/core/ports.ts';
import { effectiveRoute, linkTargets } from '../../src/lib/domain/routes.ts';
import { lookAtInstances, passing, type InstanceLook } from '../../src/lib/routes/passing.ts';
import { fixture, siteOf } from '../helpers/cloud.ts';

const SITE = siteOf(fixture('lab'));
const LINKS = linkTargets(SITE);
const ONPREM = '10.10.0.0/16';
const VGW = 'vgw-078bcc55';
const GATEWAY = 'i-0e1466e8a5dd4892c';
const managed = { entry: SITE.route_tables[0]!, destination: ONPREM };

const fixed = (kind: 'vgw' | 'eni' | 'igw', id: string, state: CloudRoute['state'] = 'active'): CloudRoute => ({
  destination: ONPREM,
  target: { kind, id },
  origin: 'static',
  state,
});
const BY_BGP: CloudRoute = { ...fixed('vgw', VGW), origin: 'propagated' };
const ENI = fixed('eni', 'eni-023fbd87a1b2c3d4e');
const look = (state: CloudInstanceView['state']): InstanceLook =>
  new Map([[GATEWAY, { instance: GATEWAY, state, publicIp: undefined, sourceDestCheck: false }]]);

describe('whether packets can go the way of a route', () => {
  const cases: readonly [
    what: string,
    routes: readonly CloudRoute[],
    propagates: boolean,
    instances: InstanceLook,
    pass: string,
    why: string | null,
  ][] = [
    ['no route', [], true, new Map(), 'no', 'no route'],
    ['a propagated route', [BY_BGP], true, new Map(), 'yes', null],
    ['a static route over the propagated one', [fixed('vgw', VGW), BY_BGP], true, new Map(), 'yes', null],
    [
      'a static route, and BGP has withdrawn the propagated one',
      [fixed('vgw', VGW)],
      true,
      new Map(),
      'no',
      'BGP is down',
    ],
    ['a static route where nothing is propagated', [fixed('vgw', VGW)], false, new Map(), 'unknown', 'propagated'],
    ['a blackhole', [{ ...ENI, state: 'blackhole' }], true, look('running'), 'no', 'blackhole'],
    ['a gateway that runs', [ENI], true, look('running'), 'yes', null],
    ['a gateway that stops', [ENI], true, look('stopping'), 'no', 'is stopping'],
    ['a gateway that could not be looked at', [ENI], true, 'not allowed', 'unknown', 'not allowed'],
    ['a target outside the site', [fixed('igw', 'igw-1')], true, new Map(), 'unknown', 'no link'],
  ];
  it.each(cases)('%s', (_, routes, propagates, instances, pass, why) => {
    const table: RouteTable = { id: 'rtb-1', name: 'private-1', routes, propagatingVgws: propagates ? [VGW] : [] };
    expect(passing(table, managed, effectiveRoute(table, ONPREM), LINKS, instances)).toEqual({
      pass,
      why: why === null ? null : expect.stringContaining(why),
    });
  });

  it('an answer that does not come is no answer', async () => {
    const fails = async () => Promise.reject(new Error('not allowed to call ec2:DescribeInstances'));
    expect(await lookAtInstances([GATEWAY], fails)).toBe('not allowed to call ec2:DescribeInstances');
    expect(await lookAtInstances([], fails)).toEqual(new Map());
  });
});
