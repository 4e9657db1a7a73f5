import { api, type Aws, type Input, type Output } from '../../core/aws.ts';
import { failure, HybridError, missing, unlessKind, usageError } from '../../core/errors.ts';
import type { Step } from '../../core/procedure.ts';
import { partitionOf } from '../../domain/partition.ts';
import { isOurs, tagsOf } from '../../domain/tags.ts';
import { resource } from '../kit/resource.ts';

export interface Bucket {
  readonly bucket: string;
  readonly region: string;
  /** Make it where it is not there. */
  readonly create: boolean;
  /** Storage that is not AWS's knows neither tags nor public access blocks, as a rule. */
  readonly foreign: boolean;
}

/** The region of a bucket; undefined where there is none. @throws exit 4 naming what is not allowed. */
const regionOf = async (aws: Aws, bucket: string): Promise<string | undefined> => {
  try {
    // Empty: the oldest region, which is only told by silence; EU is its word for the second oldest.
    const { LocationConstraint } = await aws.ask('s3', 'GetBucketLocation', { Bucket: bucket });
    const told = String(LocationConstraint ?? '');
    return told === '' ? 'us-east-1' : told === 'EU' ? 'eu-west-1' : told;
  } catch (error) {
    if (!(error instanceof HybridError)) throw error;
    if (error.kind === 'absent') return undefined;
    if (error.kind === 'elsewhere') return error.region ?? 'another region';
    if (error.kind === 'denied')
      throw missing(`not allowed to call s3:GetBucketLocation on the bucket ${bucket}, or it is somebody else's`, {
        cause: error,
        code: error.code,
        next: 'allow it in your policy, or choose another name: bucket names are shared by all accounts',
      });
    throw error;
  }
};

interface Found {
  readonly region: string;
  readonly tags: Output<'s3', 'GetBucketTagging'>['TagSet'];
}

/**
 * A bucket: closed to the public, if we make it. One that was there is used as it is, whosever it is. Ours are known by
 * their tags, which every version has put on them; storage that keeps no tags has none of ours, but for the one that
 * this very run made. It is never removed once something lies in it.
 */
export const s3Bucket = (site: string, { bucket, region, create, foreign }: Bucket): Step => {
  const key = 'bucket';
  return resource<Found>(site, {
    key,
    title: `bucket ${bucket}`,
    kind: 'bucket',
    foreign: 'use',
    async byName({ aws }) {
      const where = await regionOf(aws, bucket);
      if (where === undefined) {
        if (!create)
          throw failure(`there is no bucket ${bucket}`, {
            field: 'bucket',
            next: 'correct the name, or give --create',
          });
        return undefined;
      }
      // Storage that is not AWS's has regions of its own, or none.
      if (where !== region && !foreign)
        throw usageError(`the bucket ${bucket} is in ${where}, not in ${region}`, {
          field: '--region',
          ...(where === 'another region' ? {} : { next: `use --region ${where}` }),
        });
      // Who may not read the tags does not own the bucket, as far as we can tell.
      const asked = foreign ? undefined : aws.ask('s3', 'GetBucketTagging', { Bucket: bucket });
      const answer = asked && (await unlessKind(asked, 'absent', 'denied', 'unsupported'));
      return { region: where, tags: answer?.TagSet };
    },
    id: () => bucket,
    tags: ({ tags }) => tags,
    owned: ({ tags }, values) => isOurs(tags, site, key) || values.created(key),
    create: () => [
      api('s3', 'CreateBucket', {
        Bucket: bucket,
        ...(region === 'us-east-1'
          ? {}
          : {
              CreateBucketConfiguration: {
                LocationConstraint: region as NonNullable<
                  Input<'s3', 'CreateBucket'>['CreateBucketConfiguration']
                >['LocationConstraint'],
              },
            }),
      }),
      ...(foreign
        ? []
        : [
            // First of all: a run that dies before it leaves a bucket that nobody knows as ours.
            api('s3', 'PutBucketTagging', { Bucket: bucket, Tagging: { TagSet: tagsOf(site, key) } }),
            api('s3', 'PutPublicAccessBlock', {
              Bucket: bucket,
              PublicAccessBlockConfiguration: {
                BlockPublicAcls: true,
                IgnorePublicAcls: true,
                BlockPublicPolicy: true,
                RestrictPublicBuckets: true,
              },
            }),
          ]),
    ],
    // Refused by S3 while something lies in it, so nothing can be lost.
    delete: () => [api('s3', 'DeleteBucket', { Bucket: bucket })],
    cost: `what lies in it, by the price list of S3 in ${partitionOf(region).id}`,
  });
};
