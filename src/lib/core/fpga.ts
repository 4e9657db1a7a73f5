import type { FaasVersion } from './aliyun.ts';
import type { Machine } from './machine.ts';

/**
 * FPGA images of an account in one region: AWS (EC2's AFIs) or Alibaba Cloud (FaaS). Errors are HybridErrors with the
 * service's own code.
 */
export interface FpgaCloud {
  readonly cloud: CloudName;
  readonly region: string;
  /** Images that an account may have; undefined: so many that nobody counts. */
  readonly most?: number;
  /** Our own images, and others that are asked for by id. Throws with the service's code where an id is not there. */
  images(ids?: readonly string[]): Promise<readonly FpgaImage[]>;
  /**
   * Throws what `create` would throw for want of a permission. Undefined where the service can't be asked without doing
   * it.
   */
  rehearse?(request: Pick<ImageRequest, 'bucket' | 'key' | 'logs'>): Promise<void>;
  /** Asks for an image to be built. The same `token` twice makes one image, where the service knows tokens. */
  create(request: ImageRequest): Promise<ImageId>;
  remove(id: string): Promise<void>;
  /** Undefined where the service has no such thing. @returns the copy's id, in this cloud's region. */
  copy?(request: {
    readonly id: string;
    readonly from: string;
    readonly name: string | undefined;
    readonly token: string;
  }): Promise<string>;
  /** Who may load the image: accounts, or everybody. Undefined where the service has no such thing. */
  readonly sharing?: {
    get(id: string): Promise<Sharing>;
    change(id: string, change: SharingChange): Promise<void>;
  };
  /**
   * Puts the image onto the market, under the machine image of its instances. Undefined where `sharing` is all there
   * is.
   */
  publish?(id: string, machineImage: string): Promise<void>;
  /**
   * Instances with FPGAs, each with its boards. @param ids undefined: all of the region, where the service can list
   * them.
   */
  instances(ids?: readonly string[]): Promise<readonly FpgaInstance[]>;
  /** Loads the image onto a board. Resolves once the service has taken the order; `board` then tells how far it is. */
  load(request: LoadRequest): Promise<FpgaBoard>;
  board(at: BoardAddress): Promise<FpgaBoard>;
}

export type CloudName = 'aws' | 'aliyun';

export interface FpgaOptions {
  readonly cloud: CloudName;
  /** Undefined: the cloud's own default (profile, environment, credentials file). */
  readonly region: string | undefined;
  readonly profile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of FaaS; undefined: the region's. */
  readonly apiVersion?: FaasVersion | undefined;
  /** AWS has no API for boards: its tools run on the instance itself, which is this one, or one reached by SSH. */
  readonly machine?: Pick<Machine, 'shell'> | undefined;
}

/** `available` can be loaded; `failed` never will; `unavailable` was, and is no longer. */
export type ImageState = 'pending' | 'available' | 'failed' | 'unavailable';

export interface ImageId {
  /** `afi-…`, or FaaS's FpgaImageUUID. */
  readonly id: string;
  /** `agfi-…`, the same in every region; null where there is none. */
  readonly globalId: string | null;
}

export interface FpgaImage extends ImageId {
  readonly name: string | null;
  readonly description: string | null;
  readonly state: ImageState;
  /** Of a failure: the code that `fpga explain` knows, and what the service says of it. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly shell: string | null;
  readonly owner: string | null;
  readonly public: boolean | null;
  readonly encrypted: boolean | null;
  /** ISO 8601 where the service's own form can be read, else as it is. */
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ImageRequest {
  readonly bucket: string;
  readonly key: string;
  /** Folder of the bucket for the build's logs, with its `/`. FaaS always writes to `compiling_logs/`. */
  readonly logs: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly token: string;
  /** The rest is FaaS's: the board's maker, the shell, encryption by a KMS key, a mail address to be told. */
  readonly kind?: 'intel' | 'xilinx' | undefined;
  readonly shell?: string | undefined;
  readonly kmsKey?: string | undefined;
  readonly email?: string | undefined;
}

export interface Sharing {
  readonly accounts: readonly string[];
  readonly everybody: boolean;
  readonly productCodes: readonly string[];
}

export interface SharingChange {
  readonly add: { readonly accounts: readonly string[]; readonly everybody: boolean };
  readonly remove: { readonly accounts: readonly string[]; readonly everybody: boolean };
}

export interface FpgaInstance {
  readonly id: string;
  readonly type: string | null;
  readonly state: string | null;
  readonly address: string | null;
  /** Null: not known without being on it. */
  readonly boards: readonly FpgaBoard[] | null;
}

export interface BoardAddress {
  /** Undefined on AWS: the machine is it. */
  readonly instance: string | undefined;
  /** AWS: the slot's number; FaaS: the FPGA's UUID, or its BDF. */
  readonly board: string;
}

export interface FpgaBoard {
  readonly board: string;
  /** PCI address `0000:34:00.0`, where it is known. */
  readonly device: string | null;
  /** AWS's agfi, FaaS's image; null: none. */
  readonly image: string | null;
  readonly shell: string | null;
  /** In the service's words: `loaded`, `cleared`, `busy`; `operating`, `success`, … */
  readonly state: string;
  readonly error: string | null;
}

export interface LoadRequest extends BoardAddress {
  /** AWS loads by the global id. */
  readonly image: string;
  readonly kind?: 'intel' | 'xilinx' | undefined;
  readonly imageType?: string | undefined;
  readonly shell?: string | undefined;
}
