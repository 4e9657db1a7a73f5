/** Products of Alibaba Cloud that hybridctl speaks to, as its CLI names them. */
export type AliyunProduct = 'faas' | 'oss' | 'ram' | 'sts';

/**
 * FaaS has two sets of calls: the older names things by UUID, the newer by unique id and a board by its PCI address.
 */
export const FAAS_VERSIONS = ['2017-08-24', '2020-02-17'] as const;
export type FaasVersion = (typeof FAAS_VERSIONS)[number];

/** One request to Alibaba Cloud, as data: sent by the SDK, printed as a line of its CLI. */
export interface AliyunCall {
  readonly kind: 'aliyun';
  readonly product: AliyunProduct;
  /**
   * As the API names it: `CreateRole`. Of OSS: `GetBucketInfo`, `PutBucket`, `HeadObject`, and `PutObject` of an empty
   * object.
   */
  readonly action: string;
  readonly params: Readonly<Record<string, string>>;
  /** Of FaaS alone; the others have one. */
  readonly version?: FaasVersion;
}

export const aliyun = (
  product: AliyunProduct,
  action: string,
  params: AliyunCall['params'],
  version?: FaasVersion,
): AliyunCall => ({
  kind: 'aliyun',
  product,
  action,
  params,
  ...(version === undefined ? {} : { version }),
});

/** An answer's JSON. The services are not strict about its types, so whoever reads it checks. */
export type AliyunAnswer = Readonly<Record<string, unknown>>;

export interface AliyunOptions {
  /** Undefined: `ALIBABA_CLOUD_REGION_ID`. */
  readonly region: string | undefined;
  /** A profile of the Alibaba Cloud CLI (`~/.aliyun/config.json`). */
  readonly profile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The account, in one region. Every error is a HybridError that names the RAM action and carries the API's own code.
 */
export interface Aliyun {
  readonly region: string;
  send(call: AliyunCall): Promise<AliyunAnswer>;
}
