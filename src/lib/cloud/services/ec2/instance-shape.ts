import type {
  ArchitectureValues,
  GroupIdentifier,
  IamInstanceProfileAssociation,
  IamInstanceProfileAssociationState,
  Instance,
  InstanceNetworkInterfaceAssociation,
  InstanceState as ApiState,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import { hasInterface, type CloudState } from '../../state.ts';
import { tagList } from '../../tags.ts';
import type { InstanceState } from '../../types.ts';
import { associationOf } from './address-state.ts';
import { imagesOf } from './image-list.ts';
import type { InstanceRecord } from './instance-state.ts';
import { tagsOf } from './tag-state.ts';

/** Instances and their interfaces as EC2 shows them. */

/** EC2's numbers for instance states. */
export const CODE: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};
export const shownState = (state: InstanceState): ApiState => ({ Code: CODE[state], Name: state });

const groupsOf = ({ securityGroups }: CloudState, { groups }: InstanceRecord): GroupIdentifier[] =>
  groups.map((GroupId) => ({ GroupId, GroupName: securityGroups.find(({ id }) => id === GroupId)?.name }));

/** Lent addresses are Amazon's, Elastic IPs the account's; the first has no ids. */
const association = (cloud: CloudState, instance: InstanceRecord) => {
  if (instance.publicIp === undefined) return {};
  const address = cloud.addresses.find(({ publicIp }) => publicIp === instance.publicIp);
  const shown: InstanceNetworkInterfaceAssociation = {
    PublicIp: instance.publicIp,
    IpOwnerId: address === undefined ? 'amazon' : cloud.owner,
  };
  const ids = address === undefined ? {} : { AllocationId: address.id, AssociationId: associationOf(instance) };
  return { shown, ids };
};

const attachment = ({ eni, launchedAt }: InstanceRecord) => ({
  AttachmentId: `eni-attach-${eni.slice(4)}`,
  DeviceIndex: 0,
  Status: 'attached' as const,
  AttachTime: new Date(launchedAt),
  DeleteOnTermination: true,
});

const interfaceBase = (cloud: CloudState, instance: InstanceRecord) => ({
  NetworkInterfaceId: instance.eni,
  SubnetId: instance.subnet,
  VpcId: instance.vpc,
  OwnerId: cloud.owner,
  Status: 'in-use' as const,
  PrivateIpAddress: instance.privateIp,
  SourceDestCheck: instance.sourceDestCheck,
  Groups: groupsOf(cloud, instance),
});

export const interfaceOf = (cloud: CloudState, instance: InstanceRecord): NetworkInterface => {
  const { shown, ids } = association(cloud, instance);
  const own = shown === undefined ? {} : { Association: { ...shown, ...ids } };
  return {
    ...interfaceBase(cloud, instance),
    ...own,
    PrivateIpAddresses: [{ PrivateIpAddress: instance.privateIp, Primary: true, ...own }],
    AvailabilityZone: instance.az,
    InterfaceType: 'interface',
    Attachment: { ...attachment(instance), InstanceId: instance.id, InstanceOwnerId: cloud.owner },
    TagSet: tagList(tagsOf(cloud, instance.eni)),
  };
};

/** What is terminated has no network any more. */
const networkOf = (cloud: CloudState, instance: InstanceRecord): Partial<Instance> => {
  if (!hasInterface(instance)) return {};
  // Of an address's ids an instance's own description says nothing.
  const { shown } = association(cloud, instance);
  const own = shown === undefined ? {} : { Association: shown };
  return {
    SubnetId: instance.subnet,
    VpcId: instance.vpc,
    PrivateIpAddress: instance.privateIp,
    PublicIpAddress: instance.publicIp,
    SourceDestCheck: instance.sourceDestCheck,
    SecurityGroups: groupsOf(cloud, instance),
    NetworkInterfaces: [
      {
        ...interfaceBase(cloud, instance),
        ...own,
        PrivateIpAddresses: [{ PrivateIpAddress: instance.privateIp, Primary: true, ...own }],
        Attachment: attachment(instance),
      },
    ],
  };
};

export const instanceOf = (cloud: CloudState, instance: InstanceRecord): Instance => {
  const image = imagesOf(cloud.region).find(({ id }) => id === instance.image);
  return {
    InstanceId: instance.id,
    ImageId: instance.image,
    State: shownState(instance.state),
    InstanceType: instance.type as Instance['InstanceType'],
    Architecture: (image?.architecture ?? 'x86_64') as ArchitectureValues,
    KeyName: instance.keyName,
    AmiLaunchIndex: 0,
    ClientToken: instance.clientToken ?? '',
    LaunchTime: new Date(instance.launchedAt),
    Placement: { AvailabilityZone: instance.az, Tenancy: 'default', GroupName: '' },
    Monitoring: { State: 'disabled' },
    RootDeviceType: 'ebs',
    RootDeviceName: image?.rootDevice ?? '/dev/xvda',
    BlockDeviceMappings: instance.volumes.map(({ id, device }) => ({
      DeviceName: device,
      Ebs: { VolumeId: id, Status: 'attached' as const, DeleteOnTermination: true },
    })),
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    MetadataOptions: {
      State: 'applied',
      HttpTokens: instance.metadata.tokens,
      HttpPutResponseHopLimit: instance.metadata.hops,
      HttpEndpoint: instance.metadata.endpoint,
      InstanceMetadataTags: instance.metadata.tags,
    },
    ...(instance.profile === undefined
      ? {}
      : { IamInstanceProfile: { Arn: instance.profile.arn, Id: instance.profile.profile } }),
    ...networkOf(cloud, instance),
    ...(instance.state === 'shutting-down' || instance.state === 'terminated'
      ? {
          StateReason: {
            Code: 'Client.UserInitiatedShutdown',
            Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
          },
        }
      : {}),
    Tags: tagList(tagsOf(cloud, instance.id)),
  };
};

export const profileAssociationOf = (
  { id, profile }: InstanceRecord,
  State: IamInstanceProfileAssociationState,
): IamInstanceProfileAssociation =>
  profile === undefined
    ? {}
    : {
        AssociationId: profile.id,
        InstanceId: id,
        IamInstanceProfile: { Arn: profile.arn, Id: profile.profile },
        State,
      };
