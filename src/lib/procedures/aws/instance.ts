import { api, type Output } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Existing, ReadResult, Step, Values, ReadContext } from '../../core/procedure.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';
import { variable } from '../kit/values.ts';
import { unlessNone } from './names.ts';

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
   * A script, as cloud-init reads it; at most 16 KiB, and nothing secret: whoever may look at the instance can read it.
   */
  readonly userData?: (values: Values) => string;
  /** Id of one that is there: used, and made by nobody. */
  readonly known?: string;
}

type Described = NonNullable<
  NonNullable<Output<'ec2', 'DescribeInstances'>['Reservations']>[number]['Instances']
>[number];

/** EC2 takes no more (before base64). */
const MAX_USER_DATA = 16_384;
/** Boot, and the shutdown that a termination waits for. */
const PATIENCE_MS = 300_000;

/**
 * An instance of its own role, with IMDSv2 only and an encrypted root volume. Further slots: `instance/NAME/eni`,
 * `instance/NAME/address`, and `instance/NAME/made` where it is ours.
 */
export const ec2Instance = (site: string, spec: Ec2Instance): Step => {
  const { name } = spec;
  const key = `instance/${name}`;
  return {
    key,
    title: `instance ${name}`,
    cost: `a ${spec.type} instance, by the hour, and its volume`,
    timeoutMs: PATIENCE_MS,
    async read(context) {
      const id = context.adopted.get(key) ?? spec.known;
      return id === undefined ? ownOf(context, site, key, spec) : knownOf(context, id, site, key, spec);
    },
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
    update: (_values, { id }) => [api('ec2', 'StartInstances', { InstanceIds: [id] })],
    delete: (_values, id) => [api('ec2', 'TerminateInstances', { InstanceIds: [id] })],
  };
};

const inputOf = (
  values: Values,
  site: string,
  key: string,
  { type, privateIp, profile, securityGroup, keyPair, volume, publicAddress, userData, name }: Ec2Instance,
) => {
  const script = userData?.(values);
  const bytes = script === undefined ? undefined : Buffer.from(script, 'utf8');
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

/** FNV-1a, 64 bits: names a wish apart from others of the same account; nothing rests on its strength. */
const fingerprint = (text: string): string => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text, 'utf8')) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
};

const instancesOf = (
  reservations: NonNullable<Output<'ec2', 'DescribeInstances'>['Reservations']>,
): readonly Described[] => reservations.flatMap(({ Instances = [] }) => Instances);

const ownOf = async ({ aws }: ReadContext, site: string, key: string, spec: Ec2Instance): Promise<ReadResult> => {
  const all = oursIn(
    instancesOf(await aws.all('ec2', 'DescribeInstances', { Filters: filtersOf(site, key) }, 'Reservations')),
    site,
    key,
  );
  const alive = all
    .filter(({ State }) => State?.Name !== 'terminated')
    .sort((a, b) => rank(a) - rank(b) || (a.InstanceId! < b.InstanceId! ? -1 : 1));
  const [first, ...others] = alive;
  const past = all
    .filter((one) => one !== first)
    .map(({ InstanceId }) => InstanceId!)
    .sort();
  if (first === undefined) return { state: 'absent', outputs: { [`${key}/before`]: past.join(' ') } };
  const surplus = others.filter(({ State }) => State?.Name !== 'shutting-down').map(({ InstanceId }) => InstanceId!);
  return judge(first, { ...foundOf(first, site, key), surplus }, spec);
};

const knownOf = async (
  { aws }: ReadContext,
  id: string,
  site: string,
  key: string,
  spec: Ec2Instance,
): Promise<ReadResult> => {
  const answer = await unlessNone(
    aws.ask('ec2', 'DescribeInstances', { InstanceIds: [id] }),
    /^InvalidInstanceID\.NotFound$/,
  );
  const [found] = instancesOf(answer?.Reservations ?? []);
  if (found === undefined || found.State?.Name === 'terminated') {
    throw failure(`the instance ${id} of ${spec.name} is gone`, {
      field: key,
      next: `remove "instance" and "eni" of ${spec.name} from the site file to have a new one made`,
    });
  }
  return judge(found, foundOf(found, site, key), spec);
};

const RANKS = ['running', 'pending', 'stopping', 'stopped'];
const rank = ({ State }: Described): number =>
  RANKS.includes(State?.Name ?? '') ? RANKS.indexOf(State!.Name!) : RANKS.length;

const foundOf = (
  { InstanceId, NetworkInterfaces = [], PrivateIpAddress, Tags }: Described,
  site: string,
  key: string,
): Existing => {
  const eni = NetworkInterfaces.find(({ Attachment }) => (Attachment?.DeviceIndex ?? 0) === 0)?.NetworkInterfaceId;
  const owned = isOurs(Tags, site, key);
  return {
    id: InstanceId!,
    outputs: {
      ...(eni === undefined ? {} : { [`${key}/eni`]: eni }),
      ...(PrivateIpAddress === undefined ? {} : { [`${key}/address`]: PrivateIpAddress }),
      ...(owned ? { [`${key}/made`]: 'yes' } : {}),
    },
    owned,
  };
};

const judge = ({ State, PrivateIpAddress }: Described, found: Existing, { privateIp }: Ec2Instance): ReadResult => {
  const state = State?.Name ?? 'pending';
  if (state === 'stopped') return { state: 'differs', found, differences: ['is stopped'] };
  if (state !== 'running') return { state: 'pending', why: `is ${state}`, found };
  if (privateIp !== undefined && PrivateIpAddress !== privateIp) {
    throw failure(`${found.id} has the address ${PrivateIpAddress}, not ${privateIp}`, {
      next: 'correct private_ip or instance in the site file',
    });
  }
  return { state: 'ready', found };
};
