/** What the account has, and how long things take. One account, one region; buckets may lie elsewhere. */

export interface Key {
  readonly secret: string;
  readonly token?: string;
  /** Actions this key may not do: `oss:PutObject`. */
  readonly denied: Set<string>;
}

export interface Upload {
  readonly key: string;
  readonly initiated: number;
  readonly parts: Map<number, Buffer>;
}

export interface Bucket {
  readonly region: string;
  readonly objects: Map<string, { readonly body: Buffer; readonly at: number }>;
  readonly uploads: Map<string, Upload>;
}

export interface Role {
  readonly name: string;
  description: string;
  trust: string;
  readonly policies: Set<string>;
}

export interface Policy {
  readonly name: string;
  readonly description: string;
  readonly versions: { readonly id: string; readonly document: string; readonly at: number; isDefault: boolean }[];
  next: number;
}

export interface Image {
  readonly id: string;
  readonly owner: string;
  readonly createdAt: number;
  readonly type: string;
  readonly shell: string;
  readonly name: string;
  readonly description: string;
  readonly tags: string;
  readonly encrypted: boolean;
  readonly bucket: string;
  /** Of the source: it will not compile. */
  readonly broken: boolean;
  /** Its log is in the bucket. */
  logged: boolean;
  published: string[];
}

export interface Board {
  readonly uuid: string;
  readonly bdf: string;
  readonly type: string;
  readonly shell: string;
  image: string | undefined;
  /** When the task under way is over. */
  busyUntil: number;
}

export interface Instance {
  readonly id: string;
  readonly owner: string;
  /** Empty: no FPGA instance. */
  readonly boards: readonly Board[];
}

export interface Account {
  readonly id: string;
  readonly region: string;
  readonly keys: Map<string, Key>;
  readonly kmsKeys: Set<string>;
  readonly buckets: Map<string, Bucket>;
  readonly roles: Map<string, Role>;
  readonly policies: Map<string, Policy>;
  readonly images: Map<string, Image>;
  readonly instances: Map<string, Instance>;
  /** Of the last image asked for. */
  lastRequestAt: number | undefined;
  readonly shells: ReadonlySet<string>;
}

export const TIMES = { compileMs: 40 * 60_000, loadMs: 60_000, betweenRequestsMs: 30 * 60_000 };
export type Times = typeof TIMES;

export const ACCOUNT = '1234567890123456';
export const KEY_ID = 'LTAI5tHybridctlTest';
export const SECRET = 'never-shown-anywhere';
export const INSTANCE = 'i-bp1fpga00000000001';
export const BOARD = '0x6c92bf4d7c000001';

export const newAccount = (region: string): Account => ({
  id: ACCOUNT,
  region,
  keys: new Map([[KEY_ID, { secret: SECRET, denied: new Set<string>() }]]),
  kmsKeys: new Set(['1234abcd-12ab-34cd-56ef-1234567890ab']),
  buckets: new Map(),
  roles: new Map(),
  policies: new Map(),
  images: new Map(),
  instances: new Map<string, Instance>([
    [
      INSTANCE,
      {
        id: INSTANCE,
        owner: ACCOUNT,
        boards: [
          { uuid: BOARD, bdf: '05:00.0', type: 'intel', shell: 'V1.1', image: undefined, busyUntil: 0 },
          { uuid: '0x6c92bf4d7c000002', bdf: '06:00.0', type: 'intel', shell: 'V1.0', image: undefined, busyUntil: 0 },
        ],
      },
    ],
    ['i-bp1plain0000000001', { id: 'i-bp1plain0000000001', owner: ACCOUNT, boards: [] }],
    [
      'i-bp1others000000001',
      {
        id: 'i-bp1others000000001',
        owner: '6543210987654321',
        boards: [
          { uuid: '0x6c92bf4d7c0000ff', bdf: '05:00.0', type: 'intel', shell: 'V1.1', image: undefined, busyUntil: 0 },
        ],
      },
    ],
  ]),
  lastRequestAt: undefined,
  shells: new Set(['V0.11', 'V1.0', 'V1.1']),
});

/** A refusal in the service's words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whether one of the documents allows the action on the resource: what the role may do, as FaaS meets it. */
export const allows = (documents: readonly string[], action: string, resource: string): boolean =>
  documents.some((text) => {
    const { Statement } = JSON.parse(text) as {
      Statement: { Effect: string; Action: string | string[]; Resource: string | string[] }[];
    };
    return Statement.some(
      ({ Effect, Action, Resource }) =>
        Effect === 'Allow' &&
        [Action].flat().some((one) => matches(one, action)) &&
        [Resource].flat().some((one) => matches(one, resource)),
    );
  });

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

/** Documents in force for a role. */
export const documentsOf = ({ policies }: Account, role: Role): readonly string[] =>
  [...role.policies].flatMap((name) => policies.get(name)?.versions.find(({ isDefault }) => isDefault)?.document ?? []);
