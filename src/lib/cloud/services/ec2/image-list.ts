import { partitionOf } from '../../../domain/partition.ts';
import { idOf } from '../../state.ts';

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  /** Amazon's own carry its name. */
  readonly alias: 'amazon' | undefined;
  readonly architecture: 'x86_64' | 'arm64';
  /** ISO 8601 */
  readonly createdAt: string;
  readonly rootDevice: string;
}

/**
 * Accounts that publish, by partition. Sources: AWS's "Find an AMI" pages, and wiki.debian.org/Cloud/AmazonEC2Image.
 */
const PUBLISHERS = {
  aws: { amazon: '137112412989', debian: '136693071363' },
  'aws-cn': { amazon: '141808717104', debian: '336777782633' },
  'aws-us-gov': { amazon: '045324592363', debian: '045324592363' },
} as const;
/** Anybody may publish an image under any name. */
const STRANGER = '666666666666';

type Row = readonly [publisher: 'amazon' | 'debian' | 'stranger', name: string, createdAt: string, description: string];

/** `{}` stands for the processor: as Amazon spells it, and as Debian does. */
const ROWS: readonly Row[] = [
  [
    'amazon',
    'al2023-ami-2023.6.20241010.0-kernel-6.1-{}',
    '2024-10-10T19:30:01.000Z',
    'Amazon Linux 2023 AMI 2023.6.20241010.0 {} HVM kernel-6.1',
  ],
  [
    'amazon',
    'al2023-ami-2023.9.20251027.0-kernel-6.1-{}',
    '2025-10-27T18:02:44.000Z',
    'Amazon Linux 2023 AMI 2023.9.20251027.0 {} HVM kernel-6.1',
  ],
  [
    'amazon',
    'al2023-ami-minimal-2023.9.20251105.0-kernel-6.1-{}',
    '2025-11-05T18:11:09.000Z',
    'Amazon Linux 2023 AMI 2023.9.20251105.0 {} Minimal HVM kernel-6.1',
  ],
  [
    'amazon',
    'al2023-ami-ecs-hvm-2023.0.20251108-kernel-6.1-{}',
    '2025-11-08T20:21:32.000Z',
    'Amazon Linux AMI 2023.0.20251108 {} ECS HVM EBS',
  ],
  [
    'amazon',
    'amzn2-ami-hvm-2.0.20241001.0-{}-gp2',
    '2024-10-01T21:05:19.000Z',
    'Amazon Linux 2 AMI 2.0.20241001.0 {} HVM gp2',
  ],
  [
    'amazon',
    'amzn2-ami-hvm-2.0.20251014.0-{}-gp2',
    '2025-10-14T22:40:50.000Z',
    'Amazon Linux 2 AMI 2.0.20251014.0 {} HVM gp2',
  ],
  ['debian', 'debian-12-{}-20241004-1890', '2024-10-04T11:21:07.000Z', 'Debian 12 (20241004-1890)'],
  ['debian', 'debian-12-{}-20251006-2257', '2025-10-06T12:51:36.000Z', 'Debian 12 (20251006-2257)'],
  ['debian', 'debian-12-backports-{}-20251020-2271', '2025-10-20T12:14:02.000Z', 'Debian 12 (20251020-2271)'],
  ['stranger', 'debian-12-{}-20991231-9999', '2025-11-19T03:33:33.000Z', 'Debian 12, tuned'],
  ['stranger', 'al2023-ami-2023.99.20991231.0-kernel-6.1-{}', '2025-11-19T03:34:33.000Z', 'Amazon Linux 2023, tuned'],
];

/** A handful of public images: older and newer ones of a kind, look-alikes, and strangers who use the same names. */
export const imagesOf = (region: string): readonly Image[] => {
  const publishers = { ...PUBLISHERS[partitionOf(region).id], stranger: STRANGER };
  return ROWS.flatMap(([publisher, name, createdAt, description]) =>
    (['x86_64', 'arm64'] as const).map((architecture): Image => {
      const processor =
        publisher === 'amazon' || !name.startsWith('debian')
          ? architecture
          : architecture === 'x86_64'
            ? 'amd64'
            : 'arm64';
      return {
        id: idOf('ami', region, name, architecture),
        name: name.replace('{}', processor),
        description: description.replace('{}', processor),
        owner: publishers[publisher],
        alias: publisher === 'amazon' ? 'amazon' : undefined,
        architecture,
        createdAt,
        rootDevice: '/dev/xvda',
      };
    }),
  );
};
