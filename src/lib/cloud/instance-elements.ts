import { associationOf } from './address-state.ts';
import { imagesOf } from './images.ts';
import type { InstanceRecord } from './instance-state.ts';
import { tagSet } from './params.ts';
import { set, type Xml } from './protocol.ts';
import { hasInterface, type CloudState } from './state.ts';
import { tagsOf } from './tag-state.ts';
import type { InstanceState } from './types.ts';

/** Instances and their interfaces as EC2 writes them. */

/** EC2's numbers for instance states. */
export const CODE: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};
export const stateElement = (state: InstanceState): Xml => ({ code: CODE[state], name: state });

const groupSet = ({ securityGroups }: CloudState, { groups }: InstanceRecord): Xml | string =>
  set(groups.map((groupId) => ({ groupId, groupName: securityGroups.find(({ id }) => id === groupId)?.name })));

/** Lent addresses are Amazon's, Elastic IPs the account's. */
const association = (cloud: CloudState, instance: InstanceRecord): Xml => {
  if (instance.publicIp === undefined) return {};
  const address = cloud.addresses.find(({ publicIp }) => publicIp === instance.publicIp);
  return {
    association: {
      publicIp: instance.publicIp,
      ...(address === undefined
        ? { ipOwnerId: 'amazon' }
        : { ipOwnerId: cloud.owner, allocationId: address.id, associationId: associationOf(instance) }),
    },
  };
};

const attachmentElement = ({
  eni,
  launchedAt,
}: InstanceRecord): { readonly [element: string]: string | number | boolean } => ({
  attachmentId: `eni-attach-${eni.slice(4)}`,
  deviceIndex: 0,
  status: 'attached',
  attachTime: new Date(launchedAt).toISOString(),
  deleteOnTermination: true,
});

const interfaceBase = (
  cloud: CloudState,
  instance: InstanceRecord,
): { readonly [element: string]: Xml | string | boolean } =>
  ({
    networkInterfaceId: instance.eni,
    subnetId: instance.subnet,
    vpcId: instance.vpc,
    ownerId: cloud.owner,
    status: 'in-use',
    privateIpAddress: instance.privateIp,
    privateIpAddressesSet: set([
      { privateIpAddress: instance.privateIp, primary: true, ...association(cloud, instance) },
    ]),
    sourceDestCheck: instance.sourceDestCheck,
    groupSet: groupSet(cloud, instance),
    ...association(cloud, instance),
  }) as { readonly [element: string]: Xml | string | boolean };

export const interfaceElement = (cloud: CloudState, instance: InstanceRecord): Xml => ({
  ...interfaceBase(cloud, instance),
  availabilityZone: instance.az,
  interfaceType: 'interface',
  attachment: { ...attachmentElement(instance), instanceId: instance.id, instanceOwnerId: cloud.owner },
  tagSet: tagSet(tagsOf(cloud, instance.eni)),
});

export const instanceElement = (cloud: CloudState, instance: InstanceRecord): Xml => {
  const live = hasInterface(instance);
  const image = imagesOf(cloud.region).find(({ id }) => id === instance.image);
  return {
    instanceId: instance.id,
    imageId: instance.image,
    instanceState: stateElement(instance.state),
    instanceType: instance.type,
    architecture: image?.architecture ?? 'x86_64',
    keyName: instance.keyName,
    amiLaunchIndex: 0,
    clientToken: instance.clientToken ?? '',
    launchTime: new Date(instance.launchedAt).toISOString(),
    placement: { availabilityZone: instance.az, tenancy: 'default', groupName: '' },
    monitoring: { state: 'disabled' },
    rootDeviceType: 'ebs',
    rootDeviceName: image?.rootDevice ?? '/dev/xvda',
    blockDeviceMapping: set(
      instance.volumes.map(({ id, device }) => ({
        deviceName: device,
        ebs: { volumeId: id, status: 'attached', deleteOnTermination: true },
      })),
    ),
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    metadataOptions: {
      state: 'applied',
      httpTokens: instance.metadata.tokens,
      httpPutResponseHopLimit: instance.metadata.hops,
      httpEndpoint: instance.metadata.endpoint,
      instanceMetadataTags: instance.metadata.tags,
    },
    ...(instance.profile === undefined
      ? {}
      : { iamInstanceProfile: { arn: instance.profile.arn, id: instance.profile.profile } }),
    // What is terminated has no network any more.
    ...(live
      ? {
          subnetId: instance.subnet,
          vpcId: instance.vpc,
          privateIpAddress: instance.privateIp,
          ipAddress: instance.publicIp,
          sourceDestCheck: instance.sourceDestCheck,
          groupSet: groupSet(cloud, instance),
          networkInterfaceSet: set([{ ...interfaceBase(cloud, instance), attachment: attachmentElement(instance) }]),
        }
      : {}),
    ...(instance.state === 'shutting-down' || instance.state === 'terminated'
      ? {
          stateReason: {
            code: 'Client.UserInitiatedShutdown',
            message: 'Client.UserInitiatedShutdown: User initiated shutdown',
          },
        }
      : {}),
    tagSet: tagSet(tagsOf(cloud, instance.id)),
  };
};

export const profileElement = ({ id, profile }: InstanceRecord, state: string): Xml =>
  profile === undefined
    ? {}
    : {
        associationId: profile.id,
        instanceId: id,
        iamInstanceProfile: { arn: profile.arn, id: profile.profile },
        state,
      };
