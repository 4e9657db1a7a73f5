import type { Aws } from '../../core/aws.ts';
import { KEY_TAG, SITE_TAG } from '../../domain/tags.ts';

const by = (Name: string, Values: string[]) => ({ Filters: [{ Name, Values }] });

/**
 * Tags outlive what they were on, a terminated instance by an hour: of these kinds the ids that are really there. Asked
 * by filter, since an id that is gone is an error.
 */
const THERE: Readonly<Record<string, (aws: Aws, ids: string[]) => Promise<readonly (string | undefined)[]>>> = {
  cgw: async (aws, ids) =>
    ((await aws.ask('ec2', 'DescribeCustomerGateways', by('customer-gateway-id', ids))).CustomerGateways ?? []).flatMap(
      ({ CustomerGatewayId, State }) => (State === 'deleted' ? [] : [CustomerGatewayId]),
    ),
  eipalloc: async (aws, ids) =>
    (await aws.all('ec2', 'DescribeAddresses', by('allocation-id', ids), 'Addresses')).map(
      ({ AllocationId }) => AllocationId,
    ),
  eni: async (aws, ids) =>
    (await aws.all('ec2', 'DescribeNetworkInterfaces', by('network-interface-id', ids), 'NetworkInterfaces')).map(
      ({ NetworkInterfaceId }) => NetworkInterfaceId,
    ),
  i: async (aws, ids) =>
    (await aws.all('ec2', 'DescribeInstances', by('instance-id', ids), 'Reservations'))
      .flatMap(({ Instances = [] }) => Instances)
      .flatMap(({ InstanceId, State }) => (State?.Name === 'terminated' ? [] : [InstanceId])),
  key: async (aws, ids) =>
    (await aws.all('ec2', 'DescribeKeyPairs', by('key-pair-id', ids), 'KeyPairs')).map(({ KeyPairId }) => KeyPairId),
  sg: async (aws, ids) =>
    (await aws.all('ec2', 'DescribeSecurityGroups', by('group-id', ids), 'SecurityGroups')).map(
      ({ GroupId }) => GroupId,
    ),
  vgw: async (aws, ids) =>
    ((await aws.ask('ec2', 'DescribeVpnGateways', by('vpn-gateway-id', ids))).VpnGateways ?? []).flatMap(
      ({ VpnGatewayId, State }) => (State === 'deleted' ? [] : [VpnGatewayId]),
    ),
  // Root volumes: they go with their instances, and EC2 shows them a moment longer.
  vol: async () => [],
  // All of them: there are a few tens in a region at most, and not every endpoint filters them by id.
  vpn: async (aws) =>
    ((await aws.ask('ec2', 'DescribeVpnConnections', {})).VpnConnections ?? []).flatMap(({ VpnConnectionId, State }) =>
      State === 'deleted' ? [] : [VpnConnectionId],
    ),
};

/** What still carries the site's tag, a text each: `eipalloc-0a1b (eip/gw-1)`. */
export const leftovers = async (aws: Aws, site: string): Promise<readonly string[]> => {
  const tags = await aws.all(
    'ec2',
    'DescribeTags',
    {
      Filters: [
        { Name: 'key', Values: [SITE_TAG] },
        { Name: 'value', Values: [site] },
      ],
    },
    'Tags',
  );
  const ids = [...new Set(tags.map(({ ResourceId }) => ResourceId!))];
  const kindOf = (id: string): string => id.slice(0, id.indexOf('-'));
  const left: string[] = [];
  for (const kind of [...new Set(ids.map(kindOf))]) {
    const all = ids.filter((id) => kindOf(id) === kind);
    const there = Object.hasOwn(THERE, kind) ? await THERE[kind]!(aws, all) : all;
    left.push(...all.filter((id) => there.includes(id)));
  }
  if (left.length === 0) return [];
  const keys = await aws.all(
    'ec2',
    'DescribeTags',
    {
      Filters: [
        { Name: 'resource-id', Values: left },
        { Name: 'key', Values: [KEY_TAG] },
      ],
    },
    'Tags',
  );
  return left.map((id) => `${id} (${keys.find(({ ResourceId }) => ResourceId === id)?.Value ?? 'without a key'})`);
};
