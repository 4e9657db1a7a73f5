import { api } from '../core/aws.ts';
import { noGateway, unseen, type CloudGateway, type Instance } from './cloud-view.ts';
import type { CloudCheck, CheckResult } from './types.ts';

type There = CloudGateway & { readonly instance: Instance };
const there = (gateways: readonly CloudGateway[]): readonly There[] =>
  gateways.filter((one): one is There => one.instance !== undefined);
/** The interface that the site's routes point at: the named one, else the first. */
export const interfaceOf = ({ gateway, instance }: There) => {
  const all = instance.NetworkInterfaces ?? [];
  return (
    all.find(({ NetworkInterfaceId }) => NetworkInterfaceId === gateway.eni) ??
    all.find(({ Attachment }) => Attachment?.DeviceIndex === 0) ??
    all[0]
  );
};

const instance: CloudCheck = {
  id: 'instance',
  side: 'cloud',
  about: 'every gateway is an instance that runs and passes its status checks',
  inapplicable: noGateway,
  async run({ cloud }) {
    const statuses = await cloud.statuses();
    return (await cloud.gateways()).flatMap(
      ({ gateway: { name, instance: id, eni, private_ip }, instance: found }): readonly CheckResult[] => {
        if (found === undefined)
          return [
            {
              level: 'error',
              subject: name,
              found: 'there is no such instance',
              evidence: id ?? eni ?? private_ip,
              next: `correct gateways.${name} in the site file, or make it: "hybridctl vpn init --apply"`,
              case: 1,
            },
          ];
        const { InstanceId, State, PrivateIpAddress } = found;
        const results: CheckResult[] = [];
        if (State?.Name !== 'running')
          results.push({
            level: 'error',
            subject: name,
            found: `the instance is ${State?.Name}`,
            evidence: InstanceId!,
            next: `start it: "aws ec2 start-instances --instance-ids ${InstanceId}"`,
            case: 1,
          });
        const status = statuses.find((one) => one.InstanceId === InstanceId);
        const bad = [
          ['system', status?.SystemStatus?.Status],
          ['instance', status?.InstanceStatus?.Status],
        ].filter(([, value]) => value === 'impaired');
        if (State?.Name === 'running' && bad.length > 0)
          results.push({
            level: 'error',
            subject: name,
            found: `the ${bad.map(([what]) => what).join(' and the ')} status check fails`,
            evidence: InstanceId!,
            next: 'stop and start it (an Elastic IP stays with it); a reboot does not change the host',
            case: 1,
          });
        if (PrivateIpAddress !== undefined && PrivateIpAddress !== private_ip)
          results.push({
            level: 'error',
            subject: name,
            found: `its private address is ${PrivateIpAddress}, and the site file says ${private_ip}`,
            evidence: InstanceId!,
            next: 'correct private_ip in the site file and render again: the daemon binds the address in its files',
            case: 1,
          });
        return results;
      },
    );
  },
};

const sourceDestCheck: CloudCheck = {
  id: 'source-dest-check',
  side: 'cloud',
  about: 'the source/dest check is off on every gateway: EC2 lets it forward',
  inapplicable: noGateway,
  run: async ({ cloud }) => [
    ...unseen(await cloud.gateways()),
    ...there(await cloud.gateways()).flatMap((one): readonly CheckResult[] => {
      const { InstanceId, SourceDestCheck, NetworkInterfaces = [] } = one.instance;
      const nic = interfaceOf(one);
      // With one interface the instance's attribute is the interface's, and it is the one that EC2 takes and some
      // emulators keep; with more, each has its own.
      const single = NetworkInterfaces.length <= 1;
      const on = single ? (SourceDestCheck ?? nic?.SourceDestCheck) : nic?.SourceDestCheck;
      if (on !== true) return [];
      const fix = single
        ? api('ec2', 'ModifyInstanceAttribute', { InstanceId: InstanceId!, SourceDestCheck: { Value: false } })
        : api('ec2', 'ModifyNetworkInterfaceAttribute', {
            NetworkInterfaceId: nic!.NetworkInterfaceId!,
            SourceDestCheck: { Value: false },
          });
      return [
        {
          level: 'error',
          subject: one.gateway.name,
          found: 'the source/dest check is on: EC2 drops every packet that the gateway forwards',
          evidence: `SourceDestCheck is true on ${single ? InstanceId : nic?.NetworkInterfaceId}`,
          next: 'turn it off: "hybridctl vpn doctor --fix"',
          case: 2,
          fix: [fix],
        },
      ];
    }),
  ],
};

const elasticIp: CloudCheck = {
  id: 'elastic-ip',
  side: 'cloud',
  about: "every gateway's public address is an Elastic IP on its own interface",
  inapplicable: noGateway,
  async run({ cloud }) {
    const [addresses, gateways] = [await cloud.addresses(), await cloud.gateways()];
    return gateways.flatMap((one): readonly CheckResult[] => {
      const {
        gateway: { name, public_ip },
      } = one;
      const address = addresses.find(({ PublicIp }) => PublicIp === public_ip);
      const has = one.instance?.PublicIpAddress;
      if (address === undefined)
        return [
          {
            level: 'error',
            subject: name,
            found: `${public_ip} is no Elastic IP of this account`,
            evidence: has === undefined ? 'the instance has no public address' : `the instance has ${has}`,
            next: 'correct public_ip in the site file; an address that is no Elastic IP is lost at the next stop',
            case: 1,
          },
        ];
      const [there_] = there([one]);
      if (there_ === undefined) return unseen([one]);
      const nic = interfaceOf(there_)?.NetworkInterfaceId;
      if (address.AssociationId === undefined) {
        const fix = api('ec2', 'AssociateAddress', {
          AllocationId: address.AllocationId!,
          NetworkInterfaceId: nic!,
          AllowReassociation: false,
        });
        return [
          {
            level: 'error',
            subject: name,
            found: `its Elastic IP ${public_ip} is attached to nothing`,
            evidence: address.AllocationId!,
            next: 'attach it: "hybridctl vpn doctor --fix"',
            case: 1,
            ...(nic === undefined || has !== undefined ? {} : { fix: [fix] }),
          },
        ];
      }
      if (
        address.NetworkInterfaceId === nic ||
        (address.NetworkInterfaceId === undefined && address.InstanceId === there_.instance.InstanceId)
      )
        return [];
      return [
        {
          level: 'error',
          subject: name,
          found: `its Elastic IP ${public_ip} is on another machine`,
          evidence: `${address.PublicIp} is on ${address.InstanceId ?? address.NetworkInterfaceId}, the gateway is ${there_.instance.InstanceId}`,
          next: 'find out who moved it; then associate it with the gateway, or correct the site file',
          case: 1,
        },
      ];
    });
  },
};

export const instanceChecks: readonly CloudCheck[] = [instance, sourceDestCheck, elasticIp];
