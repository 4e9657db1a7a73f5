import type { Clock } from '../core/ports.ts';
import type { Site } from '../domain/site.ts';
import { FPGA_BOARD, FPGA_INSTANCE } from './aliyun/faas/state.ts';
import { newBucket } from './aliyun/oss/state.ts';
import { LOCAL_KEY, startAliyun } from './aliyun/server.ts';
import { startCloud } from './server.ts';
import type { CloudState } from './state.ts';

/** Something that the account has from the start. */
export interface Holding {
  readonly kind: string;
  readonly id: string;
  readonly what: string;
}

/** An endpoint that listens on loopback, and how a shell comes to use it. */
export interface ServedCloud {
  readonly cloud: 'aws' | 'aliyun';
  readonly url: string;
  /** Environment variables by which hybridctl, the SDKs and the AWS CLI find the endpoint. */
  readonly variables: Readonly<Record<string, string>>;
  /** Variables that would lead them elsewhere, or to a key that this endpoint does not know. */
  readonly unset: readonly string[];
  readonly holdings: readonly Holding[];
  close(): Promise<void>;
}

/** A bucket that both accounts start with, for files that `fpga upload` sends. */
const BUCKET = 'fpga-builds';

/** Seconds in place of the service's half hours: long enough to watch, short enough to wait for. */
const SHORT_TIMES = { compileMs: 5_000, loadMs: 2_000, betweenRequestsMs: 5_000 };

const awsHoldings = (state: CloudState): readonly Holding[] => {
  const nameOf = (id: string): string => state.tags[id]?.['Name'] ?? '';
  return [
    ...state.vpcs.map(({ id, cidr }) => ({ kind: 'VPC', id, what: `${nameOf(id)}, ${cidr}` })),
    ...state.subnets.map(({ id, cidr, az }) => ({ kind: 'subnet', id, what: `${nameOf(id)}, ${cidr} in ${az}` })),
    ...state.tables.map(({ id }) => ({ kind: 'route table', id, what: nameOf(id) })),
    ...state.instances.map(({ id, privateIp }) => ({ kind: 'instance', id, what: `${nameOf(id)}, ${privateIp}` })),
    { kind: 'bucket', id: BUCKET, what: 'empty' },
  ];
};

/**
 * The cloud of a site, alone: what its site file describes is there, on the day before anything failed.
 * @param port 0: any free one. @param clock of the account.
 */
export const serveAws = async (site: Site, port: number, clock: Clock): Promise<ServedCloud> => {
  const { url, cloud, close } = await startCloud({ site, port, clock, buckets: [BUCKET] });
  // No router speaks BGP here: the account holds what the office's routers would have told the VGW.
  if (site.cloud.vgw !== undefined && site.links.some(({ kind }) => kind === 'dx'))
    cloud.setPropagated(site.cloud.vgw, site.onprem.networks);
  return {
    cloud: 'aws',
    url,
    variables: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'AKIAHYBRIDCTLLOCAL00',
      AWS_SECRET_ACCESS_KEY: LOCAL_KEY.secret,
      AWS_REGION: site.cloud.region,
      // The AWS CLI reads no AWS_REGION.
      AWS_DEFAULT_REGION: site.cloud.region,
    },
    unset: ['AWS_PROFILE', 'AWS_SESSION_TOKEN'],
    holdings: awsHoldings(cloud.snapshot() as CloudState),
    close,
  };
};

/** An account of Alibaba Cloud, alone: a bucket, and an instance with FPGA boards. @param port 0: any free one. */
export const serveAliyun = async (region: string, port: number, { now }: Clock): Promise<ServedCloud> => {
  const { url, account, close } = await startAliyun({ region, port, now, times: SHORT_TIMES });
  account.oss.buckets.set(BUCKET, newBucket(region));
  return {
    cloud: 'aliyun',
    url,
    variables: {
      ALIBABA_CLOUD_ENDPOINT_URL: url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: LOCAL_KEY.id,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: LOCAL_KEY.secret,
      ALIBABA_CLOUD_REGION_ID: region,
    },
    unset: ['ALIBABA_CLOUD_PROFILE', 'ALIBABA_CLOUD_SECURITY_TOKEN'],
    holdings: [
      { kind: 'bucket', id: BUCKET, what: 'empty' },
      { kind: 'instance', id: FPGA_INSTANCE, what: `two FPGA boards; the first is ${FPGA_BOARD}, with shell V1.1` },
    ],
    close,
  };
};
