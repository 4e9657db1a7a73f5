/** An FPGA image: being built, or built. */
export interface Image {
  readonly id: string;
  /** Id of the account that it belongs to. */
  readonly owner: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Maker of the board: `intel` or `xilinx`. */
  readonly type: string;
  readonly shell: string;
  readonly name: string;
  readonly description: string;
  readonly tags: string;
  readonly encrypted: boolean;
  /** The bucket of its source, which gets the build log. */
  readonly bucket: string;
  /** Its source does not compile. */
  readonly broken: boolean;
  /** The build log is in the bucket. */
  logged: boolean;
  /** ECS images that it was published with. */
  readonly published: string[];
}

/** An FPGA board of an instance. */
export interface Board {
  readonly uuid: string;
  /** Its PCI address. */
  readonly bdf: string;
  readonly type: string;
  readonly shell: string;
  /** Id of the image that is loaded. */
  image: string | undefined;
  /** When the task in progress ends, ms since the epoch. */
  busyUntil: number;
}

export interface Instance {
  readonly id: string;
  readonly owner: string;
  /** Empty: not an FPGA instance. */
  readonly boards: readonly Board[];
}

/** How long things take, ms. */
export interface FaasTimes {
  readonly compileMs: number;
  readonly loadMs: number;
  /** The shortest time between two requests for an image. */
  readonly betweenRequestsMs: number;
}

/** As the real service: Alibaba Cloud ECS best practices §8.1.4, and the limits on its product page. */
const REAL_TIMES: FaasTimes = { compileMs: 40 * 60_000, loadMs: 60_000, betweenRequestsMs: 30 * 60_000 };

export interface FaasState {
  readonly times: FaasTimes;
  readonly images: Map<string, Image>;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly shells: ReadonlySet<string>;
  /** Keys of KMS that images can be encrypted with. */
  readonly kmsKeys: ReadonlySet<string>;
  /** When the last image was asked for, ms since the epoch. */
  lastRequestAt: number | undefined;
}

/** The FPGA instance that every account starts with, and the first of its two boards. */
export const FPGA_INSTANCE = 'i-bp1fpga00000000001';
export const FPGA_BOARD = '0x6c92bf4d7c000001';

const board = (uuid: string, bdf: string, shell: string): Board => ({
  uuid,
  bdf,
  type: 'intel',
  shell,
  image: undefined,
  busyUntil: 0,
});

/** Three instances: one with FPGA boards, one without, and one of another account. */
export const newFaas = (account: string, times: Partial<FaasTimes>): FaasState => ({
  times: { ...REAL_TIMES, ...times },
  images: new Map(),
  instances: new Map(
    [
      {
        id: FPGA_INSTANCE,
        owner: account,
        boards: [board(FPGA_BOARD, '05:00.0', 'V1.1'), board('0x6c92bf4d7c000002', '06:00.0', 'V1.0')],
      },
      { id: 'i-bp1plain0000000001', owner: account, boards: [] },
      {
        id: 'i-bp1others000000001',
        owner: '6543210987654321',
        boards: [board('0x6c92bf4d7c0000ff', '05:00.0', 'V1.1')],
      },
    ].map((instance): [string, Instance] => [instance.id, instance]),
  ),
  shells: new Set(['V0.11', 'V1.0', 'V1.1']),
  kmsKeys: new Set(['1234abcd-12ab-34cd-56ef-1234567890ab']),
  lastRequestAt: undefined,
});
