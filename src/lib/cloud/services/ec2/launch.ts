import * as sdk from '@aws-sdk/client-ec2';
import type { Input } from '../../../core/aws.ts';
import { ApiError, invalidValue } from '../../error.ts';
import type { Asked, Operations } from '../../service.ts';
import type { CloudState } from '../../state.ts';
import { imagesOf, type Image } from './image-list.ts';
import { needed, oneOf, tagsByKind, takes } from './input.ts';
import { instanceOf } from './instance-shape.ts';
import {
  findInstance,
  refuseOtherProcessor,
  runInstances,
  type LaunchInput,
  type MetadataOptions,
} from './instance-state.ts';

type Run = Asked<Input<'ec2', 'RunInstances'>>;

/** Bytes, before base64. Source: "Run commands at launch" in the EC2 user guide. */
const MOST_USER_DATA = 16_384;

const imageIn = (state: CloudState, { ImageId }: Run): Image => {
  const id = needed(ImageId, 'ImageId');
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw new ApiError('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
  const image = imagesOf(state.region).find((one) => one.id === id);
  if (image === undefined) throw new ApiError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
  return image;
};

const userDataIn = ({ UserData: text }: Run): string | undefined => {
  if (text === undefined || text === '') return undefined;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw invalidValue('Invalid BASE64 encoding of user data');
  if (Buffer.from(text, 'base64').length > MOST_USER_DATA) throw invalidValue('User data is limited to 16384 bytes');
  return text;
};

const metadataIn = ({ MetadataOptions: options = {} }: Run): MetadataOptions => {
  const hops = options.HttpPutResponseHopLimit ?? 1;
  if (hops < 1 || hops > 64) throw invalidValue(`Value (${hops}) for parameter HttpPutResponseHopLimit is invalid.`);
  return {
    tokens: oneOf(options.HttpTokens, 'HttpTokens', 'optional', 'required'),
    hops,
    endpoint: oneOf(options.HttpEndpoint, 'HttpEndpoint', 'enabled', 'disabled'),
    tags: oneOf(options.InstanceMetadataTags, 'InstanceMetadataTags', 'disabled', 'enabled'),
  };
};

/** Where it goes, said either of the instance or of its first interface. */
const placeIn = (input: Run): Pick<LaunchInput, 'subnet' | 'privateIp' | 'groups' | 'publicIp'> => {
  const [own, ...more] = input.NetworkInterfaces ?? [];
  if (more.length > 0 || (own !== undefined && own.DeviceIndex !== 0))
    throw invalidValue('Each instance must have exactly one network interface, at device index 0.');
  const outside = [input.SubnetId, input.PrivateIpAddress, input.SecurityGroupIds].some((value) => value !== undefined);
  if (own !== undefined && outside)
    throw new ApiError(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID, private address or security groups may not be specified on the same request',
    );
  const subnet = (own ?? input).SubnetId;
  if (subnet === undefined || subnet === '')
    throw new ApiError(
      'MissingInput',
      'No subnets found for the default VPC: there is no default VPC. Please specify a subnet.',
    );
  return {
    subnet,
    privateIp: (own ?? input).PrivateIpAddress,
    groups: (own === undefined ? input.SecurityGroupIds : own.Groups) ?? [],
    publicIp: own?.AssociatePublicIpAddress,
  };
};

/** How many: as many as there is room for up to the most, but not fewer than the least. */
const countIn = (state: CloudState, { MinCount: least, MaxCount: most }: Run): number => {
  if (least < 1 || most < least)
    throw invalidValue(
      `Invalid value '${least}' for minCount and '${most}' for maxCount. Must be positive, and the first no more than the second.`,
    );
  const room = state.quotas.instances - state.instances.filter((one) => one.state !== 'terminated').length;
  return Math.max(least, Math.min(most, room));
};

const profileIn = ({ IamInstanceProfile: { Name: name, Arn: arn } = {} }: Run): LaunchInput['profile'] => {
  if (name !== undefined && arn !== undefined)
    throw new ApiError(
      'InvalidParameterCombination',
      "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    );
  return name === undefined && arn === undefined ? undefined : { name, arn };
};

const launchIn = (state: CloudState, input: Run): LaunchInput => {
  const image = imageIn(state, input);
  const type = input.InstanceType ?? 'm1.small';
  refuseOtherProcessor(type, image.architecture);
  const place = placeIn(input);
  const zone = input.Placement?.AvailabilityZone;
  const subnetZone = state.subnets.find(({ id }) => id === place.subnet)?.az;
  if (zone !== undefined && subnetZone !== undefined && zone !== subnetZone)
    throw invalidValue(`The availability zone ${zone} does not match the subnet's, ${subnetZone}.`);
  oneOf(input.Placement?.Tenancy, 'Placement.Tenancy', 'default');
  oneOf(input.InstanceInitiatedShutdownBehavior, 'InstanceInitiatedShutdownBehavior', 'stop', 'terminate');
  oneOf(input.CreditSpecification?.CpuCredits, 'CreditSpecification.CpuCredits', 'standard', 'unlimited');
  const count = countIn(state, input);
  if (count > 1 && place.privateIp !== undefined)
    throw new ApiError(
      'InvalidParameterCombination',
      'You cannot specify a private IP address when you launch more than one instance.',
    );
  const { ClientToken: token, ...request } = input;
  if (token !== undefined && !/^[\x21-\x7e]{1,64}$/.test(token))
    throw invalidValue('ClientToken must be 1 to 64 printable ASCII characters.');
  const tags = tagsByKind(input.TagSpecifications, 'instance', 'volume', 'network-interface');
  const disks = (input.BlockDeviceMappings ?? []).map(({ DeviceName }) => needed(DeviceName, 'DeviceName'));
  return {
    ...place,
    image: image.id,
    type,
    count,
    keyName: input.KeyName,
    profile: profileIn(input),
    userData: userDataIn(input),
    metadata: metadataIn(input),
    protected: input.DisableApiTermination ?? false,
    devices: [...new Set([image.rootDevice, ...disks])],
    clientToken: token,
    // Fields come in the order in which they were sent.
    request: JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1))),
    tags: { instance: tags.instance, volume: tags.volume, interface: tags['network-interface'] },
  };
};

/** New instances. */
export const launch = {
  RunInstances: takes(
    sdk.RunInstances$,
    [
      'ImageId',
      'InstanceType',
      'MinCount',
      'MaxCount',
      'SubnetId',
      'PrivateIpAddress',
      'SecurityGroupIds',
      'KeyName',
      'IamInstanceProfile',
      'UserData',
      'ClientToken',
      'MetadataOptions.HttpTokens',
      'MetadataOptions.HttpPutResponseHopLimit',
      'MetadataOptions.HttpEndpoint',
      'MetadataOptions.InstanceMetadataTags',
      'DisableApiTermination',
      'InstanceInitiatedShutdownBehavior',
      'Monitoring.Enabled',
      'EbsOptimized',
      'CreditSpecification',
      'Placement.AvailabilityZone',
      'Placement.Tenancy',
      'NetworkInterfaces.DeviceIndex',
      'NetworkInterfaces.SubnetId',
      'NetworkInterfaces.PrivateIpAddress',
      'NetworkInterfaces.AssociatePublicIpAddress',
      'NetworkInterfaces.Groups',
      'NetworkInterfaces.Description',
      'NetworkInterfaces.DeleteOnTermination',
      'BlockDeviceMappings.DeviceName',
      'BlockDeviceMappings.Ebs.VolumeSize',
      'BlockDeviceMappings.Ebs.VolumeType',
      'BlockDeviceMappings.Ebs.DeleteOnTermination',
      'BlockDeviceMappings.Ebs.Encrypted',
      'BlockDeviceMappings.Ebs.Iops',
      'BlockDeviceMappings.Ebs.Throughput',
      'TagSpecifications',
    ],
    (input, cloud) => {
      const [after, ids] = cloud.make((state) => runInstances(state, launchIn(state, input), cloud.now(), cloud.times));
      return {
        ReservationId: findInstance(after, ids[0]!).reservation,
        OwnerId: after.owner,
        Groups: [],
        Instances: ids.map((id) => instanceOf(after, findInstance(after, id))),
      };
    },
  ),
} satisfies Operations<'ec2'>;
