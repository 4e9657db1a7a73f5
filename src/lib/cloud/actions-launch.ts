import type { Action } from './actions.ts';
import { imagesOf, type Image } from './images.ts';
import { instanceElement } from './instance-elements.ts';
import {
  findInstance,
  refuseOtherProcessor,
  runInstances,
  type LaunchInput,
  type MetadataOptions,
} from './instance-state.ts';
import { flagIn, numberIn, structure, structures, TAGGED, tagsByKind, takes } from './params.ts';
import { list, optional, required, set, type Params } from './protocol.ts';
import { ApiError, invalidValue } from './error.ts';
import type { CloudState } from './state.ts';

/** Bytes, before base64. Source: "Run commands at launch" in the EC2 user guide. */
const MOST_USER_DATA = 16_384;

const INTERFACE = [
  'DeviceIndex',
  'SubnetId',
  'PrivateIpAddress',
  'AssociatePublicIpAddress',
  'SecurityGroupId.#',
  'Description',
  'DeleteOnTermination',
].map((name) => `NetworkInterface.#.${name}`);
const DISK = [
  'DeviceName',
  ...['VolumeSize', 'VolumeType', 'DeleteOnTermination', 'Encrypted', 'Iops', 'Throughput'].map(
    (name) => `Ebs.${name}`,
  ),
].map((name) => `BlockDeviceMapping.#.${name}`);
const TAKEN = [
  ...[
    'ImageId',
    'InstanceType',
    'MinCount',
    'MaxCount',
    'SubnetId',
    'PrivateIpAddress',
    'SecurityGroupId.#',
    'KeyName',
    'IamInstanceProfile.Name',
    'IamInstanceProfile.Arn',
    'UserData',
    'ClientToken',
  ],
  ...['HttpTokens', 'HttpPutResponseHopLimit', 'HttpEndpoint', 'InstanceMetadataTags'].map(
    (name) => `MetadataOptions.${name}`,
  ),
  ...[
    'DisableApiTermination',
    'InstanceInitiatedShutdownBehavior',
    'Monitoring.Enabled',
    'EbsOptimized',
    'CreditSpecification.CpuCredits',
    'Placement.AvailabilityZone',
    'Placement.Tenancy',
  ],
  ...INTERFACE,
  ...DISK,
  ...TAGGED,
];

const imageIn = (state: CloudState, params: Params): Image => {
  const id = required(params, 'ImageId');
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw new ApiError('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
  const image = imagesOf(state.region).find((one) => one.id === id);
  if (image === undefined) throw new ApiError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
  return image;
};

const userDataIn = (params: Params): string | undefined => {
  const text = optional(params, 'UserData');
  if (text === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw invalidValue('Invalid BASE64 encoding of user data');
  if (Buffer.from(text, 'base64').length > MOST_USER_DATA) throw invalidValue('User data is limited to 16384 bytes');
  return text;
};

const oneOf = <T extends string>(params: Params, name: string, usual: T, ...values: readonly T[]): T => {
  const value = optional(params, name) ?? usual;
  if (![usual, ...values].includes(value as T)) throw invalidValue(`Invalid value '${value}' for ${name}.`);
  return value as T;
};

const metadataIn = (params: Params): MetadataOptions => {
  const options = structure(params, 'MetadataOptions');
  const hops = numberIn(options, 'HttpPutResponseHopLimit') ?? 1;
  if (hops < 1 || hops > 64) throw invalidValue(`Value (${hops}) for parameter HttpPutResponseHopLimit is invalid.`);
  return {
    tokens: oneOf(options, 'HttpTokens', 'optional', 'required'),
    hops,
    endpoint: oneOf(options, 'HttpEndpoint', 'enabled', 'disabled'),
    tags: oneOf(options, 'InstanceMetadataTags', 'disabled', 'enabled'),
  };
};

/** Where it goes, said either of the instance or of its first interface. */
const placeIn = (params: Params): Pick<LaunchInput, 'subnet' | 'privateIp' | 'groups' | 'publicIp'> => {
  const [own, ...more] = structures(params, 'NetworkInterface');
  if (more.length > 0 || (own !== undefined && numberIn(own, 'DeviceIndex') !== 0))
    throw invalidValue('Each instance must have exactly one network interface, at device index 0.');
  const outside = ['SubnetId', 'PrivateIpAddress', 'SecurityGroupId.1'].some((name) => params.has(name));
  if (own !== undefined && outside)
    throw new ApiError(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID, private address or security groups may not be specified on the same request',
    );
  const from = own ?? params;
  const subnet = optional(from, 'SubnetId');
  if (subnet === undefined)
    throw new ApiError(
      'MissingInput',
      'No subnets found for the default VPC: there is no default VPC. Please specify a subnet.',
    );
  return {
    subnet,
    privateIp: optional(from, 'PrivateIpAddress'),
    groups: list(from, 'SecurityGroupId'),
    publicIp: own === undefined ? undefined : flagIn(own, 'AssociatePublicIpAddress'),
  };
};

/** How many: as many as there is room for up to the most, but not fewer than the least. */
const countIn = (state: CloudState, params: Params): number => {
  required(params, 'MinCount');
  required(params, 'MaxCount');
  const [least, most] = [numberIn(params, 'MinCount')!, numberIn(params, 'MaxCount')!];
  if (least < 1 || most < least)
    throw invalidValue(
      `Invalid value '${least}' for minCount and '${most}' for maxCount. Must be positive, and the first no more than the second.`,
    );
  const room = state.quotas.instances - state.instances.filter((one) => one.state !== 'terminated').length;
  return Math.max(least, Math.min(most, room));
};

const profileIn = (params: Params): LaunchInput['profile'] => {
  const [name, arn] = [optional(params, 'IamInstanceProfile.Name'), optional(params, 'IamInstanceProfile.Arn')];
  if (name !== undefined && arn !== undefined)
    throw new ApiError(
      'InvalidParameterCombination',
      "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    );
  return name === undefined && arn === undefined ? undefined : { name, arn };
};

const launchIn = (state: CloudState, params: Params): LaunchInput => {
  const image = imageIn(state, params);
  const type = optional(params, 'InstanceType') ?? 'm1.small';
  refuseOtherProcessor(type, image.architecture);
  const place = placeIn(params);
  const zone = optional(params, 'Placement.AvailabilityZone');
  const subnetZone = state.subnets.find(({ id }) => id === place.subnet)?.az;
  if (zone !== undefined && subnetZone !== undefined && zone !== subnetZone)
    throw invalidValue(`The availability zone ${zone} does not match the subnet's, ${subnetZone}.`);
  oneOf(params, 'Placement.Tenancy', 'default');
  oneOf(params, 'InstanceInitiatedShutdownBehavior', 'stop', 'terminate');
  oneOf(params, 'CreditSpecification.CpuCredits', 'standard', 'unlimited');
  const count = countIn(state, params);
  if (count > 1 && place.privateIp !== undefined)
    throw new ApiError(
      'InvalidParameterCombination',
      'You cannot specify a private IP address when you launch more than one instance.',
    );
  const token = optional(params, 'ClientToken');
  if (token !== undefined && !/^[\x21-\x7e]{1,64}$/.test(token))
    throw invalidValue('ClientToken must be 1 to 64 printable ASCII characters.');
  const tags = tagsByKind(params, 'instance', 'volume', 'network-interface');
  return {
    ...place,
    image: image.id,
    type,
    count,
    keyName: optional(params, 'KeyName'),
    profile: profileIn(params),
    userData: userDataIn(params),
    metadata: metadataIn(params),
    protected: flagIn(params, 'DisableApiTermination') ?? false,
    devices: [
      ...new Set([
        image.rootDevice,
        ...structures(params, 'BlockDeviceMapping').map((disk) => required(disk, 'DeviceName')),
      ]),
    ],
    clientToken: token,
    request: JSON.stringify(
      [...params].filter(([name]) => name !== 'ClientToken').sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    tags: { instance: tags.instance, volume: tags.volume, interface: tags['network-interface'] },
  };
};

export const LAUNCH_ACTIONS: Readonly<Record<string, Action>> = {
  RunInstances: takes(TAKEN, ({ cloud, params }) => {
    const [after, ids] = cloud.make((state) => runInstances(state, launchIn(state, params), cloud.now(), cloud.times));
    const { reservation } = findInstance(after, ids[0]!);
    return {
      reservationId: reservation,
      ownerId: after.owner,
      groupSet: '',
      instancesSet: set(ids.map((id) => instanceElement(after, findInstance(after, id)))),
    };
  }),
};
