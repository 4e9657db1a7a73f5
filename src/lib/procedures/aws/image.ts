import type { Aws } from '../../core/aws.ts';
import { failure, unlessKind } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { partitionOf, type Partition } from '../../domain/partition.ts';

export const DISTRIBUTIONS = ['debian-12', 'al2023'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];
type Architecture = 'x86_64' | 'arm64';

interface Source {
  readonly title: string;
  /** The publisher's own pointer to the newest (Parameter Store, public parameters). */
  parameter(architecture: Architecture): string;
  /** Account ids or alias of the publisher, by partition. */
  readonly owners: Readonly<Record<Partition['id'], string>>;
  name(architecture: Architecture): string;
  /** What to do where it is not offered. */
  readonly instead: string;
}

/**
 * Sources: "Find the latest AMIs using Systems Manager" (Amazon Linux 2023 user guide);
 * wiki.debian.org/Cloud/AmazonEC2Image/Bookworm.
 */
const SOURCES: Readonly<Record<Distribution, Source>> = {
  'debian-12': {
    title: 'Debian 12',
    parameter: (architecture) =>
      `/aws/service/debian/release/12/latest/${architecture === 'x86_64' ? 'amd64' : 'arm64'}`,
    owners: { aws: '136693071363', 'aws-cn': '336777782633', 'aws-us-gov': '045324592363' },
    name: (architecture) => `debian-12-${architecture === 'x86_64' ? 'amd64' : 'arm64'}-*`,
    instead: 'or give the gateways dialect=libreswan, which Amazon Linux 2023 has and strongSwan it has not',
  },
  al2023: {
    title: 'Amazon Linux 2023',
    parameter: (architecture) => `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
    owners: { aws: 'amazon', 'aws-cn': 'amazon', 'aws-us-gov': 'amazon' },
    name: (architecture) => `al2023-ami-2023.*-kernel-*-${architecture}`,
    instead: 'or choose another with --image',
  },
};

/** Graviton types carry a `g` after the generation's number: t4g, c7gn, im4gn. */
export const architectureOf = (instanceType: string): Architecture =>
  /^[a-z]+\d+g/.test(instanceType) || instanceType.startsWith('a1.') ? 'arm64' : 'x86_64';

/**
 * The newest image's id, where its publisher has no pointer in this region or the pointer may not be read; undefined
 * where it has one. @throws failure where none is offered.
 */
export const imageWithoutPointer = async (
  aws: Aws,
  distribution: Distribution,
  architecture: Architecture,
): Promise<string | undefined> =>
  (await pointer(aws, distribution, architecture)) === undefined ? newest(aws, distribution, architecture) : undefined;

/** What the publishers' own images have. */
const MIN_GIB = 8;

/**
 * The newest image, for making instances: one that runs an older image is right as it is. Slots `image`, `image/root`
 * (its root device) and `image/size` (GiB).
 * @param needed some instance is still to be made. Else none is looked for, and one that was named with --adopt need
 * not be named again.
 */
export const newestImage = (distribution: Distribution, instanceType: string, needed = true): Step => {
  const architecture = architectureOf(instanceType);
  const { title } = SOURCES[distribution];
  return {
    key: 'image',
    adoptable: true,
    title: `newest image of ${title} (${architecture})`,
    async read({ aws, adopted }) {
      if (!needed) return { state: 'ready', found: { id: 'not needed', owned: false } };
      const id =
        adopted.get('image') ??
        (await pointer(aws, distribution, architecture)) ??
        (await newest(aws, distribution, architecture));
      const { Images: [image] = [] } = await aws.ask('ec2', 'DescribeImages', { ImageIds: [id] });
      if (image === undefined)
        throw failure(`there is no image ${id} in ${aws.region}`, { next: 'name another with --adopt image=ami-…' });
      const root = image.RootDeviceName ?? '/dev/xvda';
      const size = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === root)?.Ebs?.VolumeSize ?? MIN_GIB;
      return {
        state: 'ready',
        found: { id, outputs: { 'image/root': root, 'image/size': String(Math.max(size, MIN_GIB)) }, owned: false },
      };
    },
    create: () => [],
  };
};

const pointer = async (
  aws: Aws,
  distribution: Distribution,
  architecture: Architecture,
): Promise<string | undefined> => {
  const answer = await unlessKind(
    aws.ask('ssm', 'GetParameter', { Name: SOURCES[distribution].parameter(architecture) }),
    'absent',
    'denied',
  );
  return answer?.Parameter?.Value;
};

const newest = async (aws: Aws, distribution: Distribution, architecture: Architecture): Promise<string> => {
  const { owners, name, title, instead } = SOURCES[distribution];
  const Filters = [
    { Name: 'name', Values: [name(architecture)] },
    { Name: 'state', Values: ['available'] },
  ];
  const images = await aws.all(
    'ec2',
    'DescribeImages',
    { Owners: [owners[partitionOf(aws.region).id]], Filters },
    'Images',
  );
  const [first] = [...images].sort((a, b) => (a.CreationDate! < b.CreationDate! ? 1 : -1));
  if (first === undefined)
    throw failure(`no image of ${title} for ${architecture} is offered in ${aws.region}`, {
      next: `name a copy of it that you have with --adopt image=ami-… ("aws ec2 describe-images --owners self" lists yours), ${instead}`,
    });
  return first.ImageId!;
};
