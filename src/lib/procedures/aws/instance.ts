import { api, type Input, type Output } from '../../core/aws.ts';
import { failure, unlessAbsent } from '../../core/errors.ts';
import type { ReadContext, Step, Values } from '../../core/procedure.ts';
import { fingerprint } from '../../domain/fingerprint.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';
import { fitting, MAX_USER_DATA } from '../kit/user-data.ts';
import { resource } from '../kit/resource.ts';
import { variable } from '../kit/values.ts';

export interface Ec2Instance {
  /**
   * `gw-1`: the step is `instance/gw-1`; it rests on the slots `image`, `image/root`, `image/size` and `subnet/gw-1`.
   */
  readonly name: string;
  readonly type: string;
  /** Default: one that EC2 chooses. */
  readonly privateIp?: string;
  /** Slots. */
  readonly profile: string;
  readonly securityGroup: string;
  readonly keyPair?: string;
  /** Default: gp3. Many Local Zones have gp2 alone ("AWS Local Zones features"). */
  readonly volume?: 'gp2';
  /** false: none, whatever the subnet gives; absent: what the subnet gives. */
  readonly publicAddress?: false;
  /**
   * A script, as cloud-init reads it; at most 16 KiB (packed, where it is longer), and nothing secret: whoever may look
   * at the instance can read it.
   */
  readonly userData?: (values: Values) => string;
  /** Id of one that is there: used, and made by nobody. */
  readonly known?: string;
}

type Described = NonNullable<
  NonNullable<Output<'ec2', 'DescribeInstances'>['Reservations']>[number]['Instances']
>[number];

/** Boot, and the shutdown that a termination waits for. */
const TIMEOUT_MS = 300_000;

/**
 * An instance of its own role, with IMDSv2 only and an encrypted root volume. Further slots: `instance/NAME/eni`,
 * `instance/NAME/address`, and `instance/NAME/made` where it is ours.
 */
export const ec2Instance = (site: string, spec: Ec2Instance): Step => {
  const { name, known, privateIp } = spec;
  const key = `instance/${name}`;
  return resource<Described>(site, {
    key,
    title: `instance ${name}`,
    cost: `a ${spec.type} instance, by the hour, and its volume`,
    timeoutMs: TIMEOUT_MS,
    kind: 'instance',
    known,
    byId: async (context, id) => (await describe(context, { InstanceIds: [id] }))[0],
    byTags: async (context) =>
      oursIn(await describe(context, { Filters: filtersOf(site, key) }), site, key).sort(
        (a, b) => rank(a) - rank(b) || (a.InstanceId! < b.InstanceId! ? -1 : 1),
      ),
    gone: ({ State }) => State?.Name === 'terminated',
    leaving: ({ State }) => State?.Name === 'shutting-down',
    outputsOfGone: (gone) => ({
      [`${key}/before`]: gone
        .map(({ InstanceId }) => InstanceId!)
        .sort()
        .join(' '),
    }),
    missing: (id) =>
      failure(`the instance ${id} of ${name} is gone`, {
        field: key,
        next: `remove "instance" and "eni" of ${name} from the site file to have a new one made`,
      }),
    id: ({ InstanceId }) => InstanceId!,
    tags: ({ Tags }) => Tags,
    outputs: (is) => outputsOf(is, site, key),
    pending: ({ State }) =>
      State?.Name === 'running' || State?.Name === 'stopped' ? undefined : `is ${State?.Name ?? 'pending'}`,
    diff: ({ State, PrivateIpAddress = 'none' }) => [
      ...(State?.Name === 'stopped' ? [{ field: 'state', is: 'stopped' }] : []),
      ...(State?.Name === 'stopped' || privateIp === undefined || PrivateIpAddress === privateIp
        ? []
        : [
            {
              field: 'private address',
              is: PrivateIpAddress,
              wanted: privateIp,
              fixable: false,
              next: 'correct private_ip or instance in the site file',
            },
          ]),
    ],
    create(values) {
      const input = inputOf(values, site, key, spec);
      // The same for the same wish after the same past: a call that is sent again makes nothing new, and a new wish is
      // a new call.
      const ClientToken = `hybridctl-${fingerprint(JSON.stringify([input, values.has(`${key}/before`) ? values(`${key}/before`) : '']))}`;
      return [api('ec2', 'RunInstances', { ...input, ClientToken })];
    },
    idPath: 'Instances[0].InstanceId',
    after: (values) => [
      `aws ec2 wait instance-running --instance-ids ${values(key)}`,
      `${variable(`${key}/eni`)}=$(aws ec2 describe-instances --instance-ids ${values(key)} --query 'Reservations[0].Instances[0].NetworkInterfaces[0].NetworkInterfaceId' --output text)`,
    ],
    update: (_values, { InstanceId }) => [api('ec2', 'StartInstances', { InstanceIds: [InstanceId!] })],
    delete: (_values, id) => [api('ec2', 'TerminateInstances', { InstanceIds: [id] })],
  });
};

const inputOf = (
  values: Values,
  site: string,
  key: string,
  { type, privateIp, profile, securityGroup, keyPair, volume, publicAddress, userData, name }: Ec2Instance,
) => {
  const script = userData?.(values);
  const bytes = script === undefined ? undefined : Buffer.from(fitting(script), 'utf8');
  if (bytes !== undefined && bytes.length > MAX_USER_DATA)
    throw failure(`the set-up of ${name} has ${bytes.length} bytes, and EC2 takes ${MAX_USER_DATA}`, {
      next: 'give the gateway fewer tunnels',
    });
  return {
    ImageId: values('image'),
    InstanceType: type as never,
    MinCount: 1,
    MaxCount: 1,
    IamInstanceProfile: { Name: values(profile) },
    ...(keyPair === undefined ? {} : { KeyName: values(keyPair) }),
    // A hop limit of 1 keeps containers and forwarded packets away from the role's credentials.
    MetadataOptions: { HttpEndpoint: 'enabled' as const, HttpTokens: 'required' as const, HttpPutResponseHopLimit: 1 },
    BlockDeviceMappings: [
      {
        DeviceName: values('image/root'),
        Ebs: {
          Encrypted: true,
          VolumeSize: Number(values('image/size')) || undefined,
          VolumeType: volume ?? ('gp3' as const),
          DeleteOnTermination: true,
        },
      },
    ],
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: values(`subnet/${name}`),
        Groups: [values(securityGroup)],
        DeleteOnTermination: true,
        ...(publicAddress === undefined ? {} : { AssociatePublicIpAddress: publicAddress }),
        ...(privateIp === undefined ? {} : { PrivateIpAddress: privateIp }),
      },
    ],
    TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
      ResourceType,
      Tags: tagsOf(site, key),
    })),
    ...(bytes === undefined ? {} : { UserData: bytes.toString('base64') }),
  };
};

const describe = async (
  { aws }: ReadContext,
  asked: Input<'ec2', 'DescribeInstances'>,
): Promise<readonly Described[]> => {
  const reservations = (await unlessAbsent(aws.all('ec2', 'DescribeInstances', asked, 'Reservations'))) ?? [];
  return reservations.flatMap(({ Instances = [] }) => Instances);
};

const RANKS = ['running', 'pending', 'stopping', 'stopped'];
const rank = ({ State }: Described): number =>
  RANKS.includes(State?.Name ?? '') ? RANKS.indexOf(State!.Name!) : RANKS.length;

const outputsOf = (
  { NetworkInterfaces = [], PrivateIpAddress, Tags }: Described,
  site: string,
  key: string,
): Record<string, string> => {
  const eni = NetworkInterfaces.find(({ Attachment }) => (Attachment?.DeviceIndex ?? 0) === 0)?.NetworkInterfaceId;
  return {
    ...(eni === undefined ? {} : { [`${key}/eni`]: eni }),
    ...(PrivateIpAddress === undefined ? {} : { [`${key}/address`]: PrivateIpAddress }),
    ...(isOurs(Tags, site, key) ? { [`${key}/made`]: 'yes' } : {}),
  };
};
