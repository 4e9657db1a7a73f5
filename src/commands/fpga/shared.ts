import { basename } from 'node:path';
import { FAAS_VERSIONS, type FaasVersion } from '../../lib/core/aliyun.ts';
import { text, type Flag, type Raw } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { CloudName, FpgaOptions } from '../../lib/core/fpga.ts';
import type { ObjectStore } from '../../lib/core/objects.ts';
import type { Ports } from '../../lib/core/ports.ts';

const CLOUDS = ['aws', 'aliyun'] as const satisfies readonly CloudName[];

export const CLOUD_FLAGS: readonly Flag[] = [
  {
    flags: '--cloud <name>',
    summary: 'aws: Amazon FPGA images of EC2; aliyun: FaaS',
    choices: CLOUDS,
    env: 'HYBRIDCTL_CLOUD',
  },
  { flags: '--region <name>', summary: 'cloud region (default: AWS_REGION, or ALIBABA_CLOUD_REGION_ID)' },
  { flags: '--profile <name>', summary: 'AWS profile, or profile of the Alibaba Cloud CLI' },
  {
    flags: '--api-version <date>',
    summary: "FaaS: version of its API (default: the region's)",
    choices: FAAS_VERSIONS,
  },
];

export const BUCKET: Flag = { flags: '--bucket <name>', summary: 'bucket of the files and of the build logs' };

export interface CloudChoice {
  readonly cloud: CloudName;
  readonly region: string;
  readonly profile: string | undefined;
  readonly apiVersion: FaasVersion | undefined;
}

const REGION = /^[a-z]{2}(-[a-z0-9]+){1,4}$/;

export const cloudOf = (raw: Raw, { env }: Pick<Ports, 'env'>): CloudChoice => {
  const cloud = CLOUDS.find((name) => name === text(raw, 'cloud'));
  if (cloud === undefined)
    throw usageError('is needed', { field: '--cloud', next: `give ${CLOUDS.join(' or ')}, or set HYBRIDCTL_CLOUD` });
  const region =
    text(raw, 'region') ??
    (cloud === 'aws' ? (env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']) : env['ALIBABA_CLOUD_REGION_ID']);
  if (region === undefined || region === '')
    throw usageError('is needed', {
      field: '--region',
      next: `give it, or set ${cloud === 'aws' ? 'AWS_REGION' : 'ALIBABA_CLOUD_REGION_ID'}`,
    });
  const apiVersion = FAAS_VERSIONS.find((version) => version === text(raw, 'apiVersion'));
  if (cloud === 'aws' && apiVersion !== undefined)
    throw usageError('is for FaaS', { field: '--api-version', next: 'leave it out with --cloud aws' });
  return { cloud, region: regionOf(region, '--region'), profile: text(raw, 'profile'), apiVersion };
};

export const regionOf = (region: string, field: string): string => {
  if (!REGION.test(region))
    throw usageError(`${region.slice(0, 40)} is no region`, {
      field,
      next: 'one like us-east-1, cn-north-1 or cn-hangzhou',
    });
  return region;
};

/** A line to type next, with the cloud that this one was for. */
export const again = ({ cloud, region }: CloudChoice, words: string): string =>
  `hybridctl fpga ${words} --cloud ${cloud} --region ${region}`;

export const optionsOf = (
  { cloud, region, profile, apiVersion }: CloudChoice,
  { signal }: Pick<Ports, 'signal'>,
): FpgaOptions => ({ cloud, region, profile, apiVersion, signal });

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const bucketOf = (raw: Raw): string => {
  const bucket = text(raw, 'bucket');
  if (bucket === undefined) throw usageError('is needed', { field: '--bucket' });
  // The commonest cause of INACCESSIBLE_INPUT.
  if (bucket.includes('/'))
    throw usageError(`${bucket.slice(0, 80)} is more than a bucket's name`, {
      field: '--bucket',
      next: 'give the name alone; the folder goes into --key',
    });
  if (!BUCKET_NAME.test(bucket)) throw usageError(`${bucket.slice(0, 80)} is no bucket's name`, { field: '--bucket' });
  return bucket;
};

/** What both services and every tool beside them can spell. */
const KEY = /^[A-Za-z0-9._=+@-][A-Za-z0-9._=+@/ -]{0,1000}$/;

export const keyOf = (key: string, field: string): string => {
  if (!KEY.test(key) || key.includes('//'))
    throw usageError(`${key.slice(0, 80)} is no key: letters, digits and "._=+@/-", no slash first`, { field });
  return key;
};

/** A key that ends with a slash is a folder: the file keeps its name in it. */
export const keyFor = (file: string, key: string | undefined): string =>
  keyOf(
    key === undefined ? basename(file) : key.endsWith('/') ? `${key}${basename(file)}` : key,
    key === undefined ? 'FILE' : '--key',
  );

export const folderOf = (raw: Raw, name: string, fallback: string): string =>
  keyOf((text(raw, name) ?? fallback).replace(/\/*$/, '/'), `--${name}`);

export const uri = ({ scheme, bucket }: ObjectStore, key: string): string => `${scheme}://${bucket}/${key}`;

const ID = /^[A-Za-z0-9][A-Za-z0-9-]{3,80}$/;
/** `afi-…`; what loads is `agfi-…`, which no other call takes. */
export const imageIdOf = (raw: Raw, { cloud }: CloudChoice): string => {
  const id = String(raw.args[0] ?? '');
  if (cloud === 'aws' && id.startsWith('agfi-'))
    throw usageError(`${id.slice(0, 40)} is a global id, by which images are loaded`, {
      field: 'ID',
      next: 'give the afi-… that "hybridctl fpga list" shows beside it',
    });
  if (cloud === 'aws' ? !/^afi-[0-9a-f]{8,17}$/.test(id) : !ID.test(id))
    throw usageError(`${id.slice(0, 40)} is no image id`, { field: 'ID', next: 'hybridctl fpga list' });
  return id;
};
