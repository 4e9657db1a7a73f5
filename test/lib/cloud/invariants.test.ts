import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { service } from '../../../src/lib/cloud/services/ec2/index.ts';
import { createCloud, type CloudModel } from '../../../src/lib/cloud/model.ts';
import { cloudFromSite } from '../../../src/lib/cloud/seed.ts';
import { ApiError } from '../../../src/lib/cloud/error.ts';
import type { CloudState } from '../../../src/lib/cloud/state.ts';
import { taggables } from '../../../src/lib/cloud/services/ec2/tag-state.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';

const TIMES = {
  stopMs: 60,
  forcedStopMs: 10,
  startMs: 20,
  terminateMs: 30,
  attachMs: 10,
  connectMs: 180,
  buildMs: 1_000,
  forgetMs: 3_600,
};
const LEGACY = cloudFromSite(siteOf(fixture('lab')), { addresses: 4, instances: 5 });
const VPC = LEGACY.vpcs[0]!.id;

/** Time stands until it is moved, and nobody is woken: what is due happens with the next call. */
const room = () => {
  let now = 1_000_000;
  const cloud = createCloud(LEGACY, {
    clock: { now: () => now, sleep: () => new Promise<void>(() => undefined) },
    times: TIMES,
  });
  const call = (action: string, params: Readonly<Record<string, string>>): string => {
    const body = new URLSearchParams({ Action: action, ...params }).toString();
    try {
      const input = service.protocol.decode(service.schemas[action]!, {
        method: 'POST',
        path: '/',
        query: '',
        body,
        target: undefined,
      });
      service.check(action, input);
      service.run(action, input, { ...cloud, state: cloud.stateAt(0), partly: false });
      return 'ok';
    } catch (error) {
      if (error instanceof ApiError) return error.code;
      throw error;
    }
  };
  return { cloud, call, pass: (ms: number) => void (now += ms) };
};

/** One of what there is, or an id that nothing has. */
const pick = (items: readonly { readonly id: string }[], at: number): string =>
  items[at % (items.length + (at > 9 ? 1 : 0))]?.id ?? 'x-0ffffffffffffffff';
const TAG = (kind: string) => ({
  'TagSpecification.1.ResourceType': kind,
  'TagSpecification.1.Tag.1.Key': 'site',
  'TagSpecification.1.Tag.1.Value': 'demo',
});

type Made = readonly [string, Readonly<Record<string, string>>];
/** Any call, aimed with two numbers. */
const CALLS: readonly ((state: CloudState, a: number, b: number) => Made)[] = [
  () => ['AllocateAddress', TAG('elastic-ip')],
  (state, a) => ['ReleaseAddress', { AllocationId: pick(state.addresses, a) }],
  (state, a, b) => [
    'AssociateAddress',
    {
      AllocationId: pick(state.addresses, a),
      InstanceId: pick(state.instances, b),
      AllowReassociation: String(a % 2 === 0),
    },
  ],
  (state, a) => [
    'DisassociateAddress',
    { AssociationId: `eipassoc-${state.instances[a % state.instances.length]?.eni.slice(4)}` },
  ],
  (_, a) => [
    'CreateSecurityGroup',
    { GroupName: `g${a % 3}`, GroupDescription: 'd', VpcId: VPC, ...TAG('security-group') },
  ],
  (state, a) => ['DeleteSecurityGroup', { GroupId: pick(state.securityGroups, a) }],
  (state, a, b) => [
    'AuthorizeSecurityGroupIngress',
    {
      GroupId: pick(state.securityGroups, a),
      'IpPermissions.1.IpProtocol': '-1',
      'IpPermissions.1.Groups.1.GroupId': pick(state.securityGroups, b),
    },
  ],
  (state, a, b) => [
    'RevokeSecurityGroupIngress',
    {
      GroupId: pick(state.securityGroups, a),
      'IpPermissions.1.IpProtocol': '-1',
      'IpPermissions.1.Groups.1.GroupId': pick(state.securityGroups, b),
    },
  ],
  (state, a, b) => [
    'ModifyInstanceAttribute',
    { InstanceId: pick(state.instances, a), 'GroupId.1': pick(state.securityGroups, b) },
  ],
  (state, a, b) => [
    'RunInstances',
    {
      ImageId: LEGACY.instances[0]!.image,
      InstanceType: 't3.micro',
      MinCount: '1',
      MaxCount: '1',
      'NetworkInterface.1.DeviceIndex': '0',
      'NetworkInterface.1.SubnetId': pick(state.subnets, a),
      'NetworkInterface.1.SecurityGroupId.1': pick(state.securityGroups, b),
      'NetworkInterface.1.AssociatePublicIpAddress': String(b % 2 === 0),
      ...TAG('instance'),
      ...(a % 3 === 0 ? { ClientToken: `t${b % 2}` } : {}),
    },
  ],
  (state, a) => ['TerminateInstances', { 'InstanceId.1': pick(state.instances, a) }],
  (state, a) => ['StopInstances', { 'InstanceId.1': pick(state.instances, a) }],
  (state, a) => ['StartInstances', { 'InstanceId.1': pick(state.instances, a) }],
  (state, a, b) => [
    'CreateRoute',
    {
      RouteTableId: pick(state.tables, a),
      DestinationCidrBlock: `10.${b % 4}.0.0/16`,
      InstanceId: pick(state.instances, b),
    },
  ],
  (_, a) => [
    'CreateCustomerGateway',
    { Type: 'ipsec.1', IpAddress: `198.51.100.${a % 3}`, BgpAsn: '65000', ...TAG('customer-gateway') },
  ],
  (state, a) => ['DeleteCustomerGateway', { CustomerGatewayId: pick(state.customerGateways, a) }],
  () => ['CreateVpnGateway', { Type: 'ipsec.1', ...TAG('vpn-gateway') }],
  (state, a) => ['AttachVpnGateway', { VpnGatewayId: pick(state.vgws, a), VpcId: VPC }],
  (state, a) => ['DetachVpnGateway', { VpnGatewayId: pick(state.vgws, a), VpcId: VPC }],
  (state, a) => ['DeleteVpnGateway', { VpnGatewayId: pick(state.vgws, a) }],
  (state, a, b) => [
    'CreateVpnConnection',
    {
      Type: 'ipsec.1',
      CustomerGatewayId: pick(state.customerGateways, a),
      VpnGatewayId: pick(state.vgws, b),
      ...TAG('vpn-connection'),
    },
  ],
  (state, a) => ['DeleteVpnConnection', { VpnConnectionId: pick(state.vpnConnections, a) }],
  (state, a, b) => [
    'EnableVgwRoutePropagation',
    { RouteTableId: pick(state.tables, a), GatewayId: pick(state.vgws, b) },
  ],
];

const twice = (values: readonly (string | undefined)[]): readonly string[] => {
  const there = values.filter((value) => value !== undefined);
  return there.filter((value, at) => there.indexOf(value) !== at);
};

/** What is wrong with a state; nothing ever may be. */
const wrong = (state: CloudState): readonly string[] => {
  const live = state.instances.filter((one) => one.state !== 'terminated');
  const groups = new Set(state.securityGroups.map(({ id }) => id));
  const kept = (items: readonly { readonly id: string; readonly state: string }[]) =>
    new Set(items.filter((one) => one.state !== 'deleted').map(({ id }) => id));
  const known = taggables(state);
  return [
    ...twice(live.map(({ publicIp }) => publicIp)).map((ip) => `${ip} on two instances`),
    ...twice(live.map(({ privateIp, subnet }) => `${subnet} ${privateIp}`)).map((ip) => `${ip} on two instances`),
    ...state.instances
      .filter((one) => one.state === 'terminated' && one.publicIp !== undefined)
      .map(({ id }) => `${id} is terminated and has an address`),
    ...live.flatMap(({ id, groups: own }) =>
      own.filter((group) => !groups.has(group)).map((group) => `${id} in ${group}, which is gone`),
    ),
    ...state.securityGroups.flatMap(({ id, rules }) =>
      rules
        .filter(({ peer }) => peer.kind === 'group' && !groups.has(peer.value))
        .map(({ peer }) => `${id} names ${peer.value}, which is gone`),
    ),
    ...twice(
      state.vgws.map(({ attachment }) =>
        attachment === undefined || attachment.state === 'detached' ? undefined : attachment.vpc,
      ),
    ).map((vpc) => `${vpc} has two VGWs`),
    ...state.vpnConnections
      .filter(
        (one) =>
          one.state !== 'deleted' &&
          !(kept(state.customerGateways).has(one.customerGateway) && kept(state.vgws).has(one.vgw)),
      )
      .map(({ id }) => `${id} hangs in the air`),
    ...Object.keys(state.tags)
      .filter((id) => !known.has(id))
      .map((id) => `tags of ${id}, which is gone`),
    ...(state.addresses.length > state.quotas.addresses ? ['more addresses than allowed'] : []),
    ...(live.length > state.quotas.instances ? ['more instances than allowed'] : []),
  ];
};

const ids = (cloud: CloudModel): ReadonlySet<string> => new Set(taggables(cloud.stateAt(0)).keys());

/** Takes down what was made, as a destroy does: in the order of what needs what. */
const destroy = ({ cloud, call, pass }: ReturnType<typeof room>): void => {
  const made = <T extends { readonly id: string }>(of: (state: CloudState) => readonly T[]) =>
    of(cloud.stateAt(0)).filter(({ id }) => !of(LEGACY).some((one) => one.id === id));
  for (const { id } of made(({ vpnConnections }) => vpnConnections))
    call('DeleteVpnConnection', { VpnConnectionId: id });
  for (const { id } of made(({ instances }) => instances)) call('TerminateInstances', { 'InstanceId.1': id });
  for (const { id } of made(({ vgws }) => vgws)) call('DetachVpnGateway', { VpnGatewayId: id, VpcId: VPC });
  pass(1_000);
  for (const { id } of made(({ vgws }) => vgws)) call('DeleteVpnGateway', { VpnGatewayId: id });
  for (const { id } of made(({ customerGateways }) => customerGateways))
    call('DeleteCustomerGateway', { CustomerGatewayId: id });
  for (const { id, eni } of LEGACY.instances) {
    call('DisassociateAddress', { AssociationId: `eipassoc-${eni.slice(4)}` });
    call('ModifyInstanceAttribute', { InstanceId: id, 'GroupId.1': LEGACY.securityGroups[0]!.id });
  }
  for (const { id } of made(({ addresses }) => addresses)) call('ReleaseAddress', { AllocationId: id });
  for (const group of cloud.stateAt(0).securityGroups) {
    for (const { peer } of group.rules.filter((rule) => !rule.egress && rule.peer.kind === 'group'))
      call('RevokeSecurityGroupIngress', {
        GroupId: group.id,
        'IpPermissions.1.IpProtocol': '-1',
        'IpPermissions.1.Groups.1.GroupId': peer.value,
      });
  }
  for (const { id } of made(({ securityGroups }) => securityGroups)) call('DeleteSecurityGroup', { GroupId: id });
  pass(10_000);
};

describe('whatever is called in whatever order', () => {
  it('no address on two, no group deleted in use, no refused call that did something, and a destroy leaves nothing', () => {
    const steps = fc.array(
      fc.tuple(fc.nat(CALLS.length - 1), fc.nat(11), fc.nat(11), fc.constantFrom(0, 0, 25, 200, 5_000)),
      { minLength: 20, maxLength: 80, size: 'max' },
    );
    const met = new Map<string, Set<string>>();
    fc.assert(
      fc.property(steps, (sequence) => {
        const place = room();
        const { cloud, call, pass } = place;
        for (const [which, a, b, ms] of sequence) {
          pass(ms);
          const before = cloud.stateAt(0);
          const [action, params] = CALLS[which]!(before, a, b);
          const answer = call(action, params);
          met.set(action, (met.get(action) ?? new Set()).add(answer));
          if (answer !== 'ok') expect(cloud.stateAt(0)).toBe(before);
          expect(wrong(cloud.stateAt(0))).toEqual([]);
        }
        destroy(place);
        expect([...ids(cloud)].filter((id) => !taggables(LEGACY).has(id))).toEqual([]);
        expect(wrong(cloud.stateAt(0))).toEqual([]);
      }),
      { numRuns: 200 },
    );
    // Every call went well at times: a property over refusals alone would prove nothing.
    expect([...met].filter(([, answers]) => !answers.has('ok')).map(([action]) => action)).toEqual([]);
    expect(met.size).toBe(CALLS.length);
  });
});
