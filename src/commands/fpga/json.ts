import * as z from 'zod';
import { moment } from '../json.ts';

const fpgaImage = z.strictObject({
  name: z.string().nullable(),
  description: z.string().nullable(),
  state: z.enum(['failed', 'pending', 'available', 'unavailable']),
  failure: z
    .strictObject({
      code: z.string(),
      message: z.string(),
    })
    .nullable()
    .describe('Of a failure: the code that `fpga explain` knows, and what the service says of it.'),
  shell: z.string().nullable(),
  owner: z.string().nullable(),
  public: z.boolean().nullable(),
  encrypted: z.boolean().nullable(),
  createdAt: moment.nullable(),
  updatedAt: moment.nullable(),
  tags: z.record(z.string(), z.string()),
  id: z.string().describe("`afi-…`, or FaaS's FpgaImageUUID."),
  globalId: z.string().nullable().describe('`agfi-…`, the same in every region; null where there is none.'),
});

const imageId = z.strictObject({
  id: z.string().describe("`afi-…`, or FaaS's FpgaImageUUID."),
  globalId: z.string().nullable().describe('`agfi-…`, the same in every region; null where there is none.'),
});

const sharing = z.strictObject({
  accounts: z.array(z.string()),
  everybody: z.boolean(),
  productCodes: z.array(z.string()),
});

const explanation = z.strictObject({
  code: z.string().describe('As the service spells it, blanks and all.'),
  cloud: z.enum(['aws', 'aliyun']),
  status: z.number().nullable().describe('HTTP status; null where the source gives none, or there is no HTTP in it.'),
  calls: z.array(z.string()).describe('API calls that answer so; empty: any.'),
  message: z.string().describe("What faascmd, the API or the vendor's page says."),
  means: z.string(),
  next: z.string(),
  source: z.string(),
});

const fpgaBoard = z.strictObject({
  board: z.string(),
  device: z.string().nullable().describe('PCI address `0000:34:00.0`, where it is known.'),
  image: z.string().nullable().describe("AWS's agfi, FaaS's image; null: none."),
  shell: z.string().nullable(),
  state: z.string().describe("In the service's words: `loaded`, `cleared`, `busy`; `operating`, `success`, …"),
  error: z.string().nullable(),
});

const fpgaInstance = z.strictObject({
  id: z.string(),
  type: z.string().nullable(),
  state: z.string().nullable(),
  address: z.string().nullable(),
  boards: z.array(fpgaBoard).nullable().describe('Null: not known without being on it.'),
});

const policyView = z.strictObject({
  name: z.string(),
  version: z.string(),
  createdAt: moment,
  holders: z.array(z.string()).describe('Who has it: roles, users, groups.'),
  document: z.unknown(),
  text: z.string(),
});

const fpgaFile = z.strictObject({
  kind: z.enum(['dcp', 'gbs', 'xilinx-tar']),
  size: z.number(),
  shell: z.string().nullable().describe('Of the manifest; only DCP tarballs have one.'),
});

const result2 = z.strictObject({
  file: fpgaFile,
  object: z
    .strictObject({
      key: z.string(),
      size: z.number(),
      checksum: z.string().describe('Of the whole object, in hex.'),
      algorithm: z.string(),
      parts: z.number(),
      sent: z.number().describe('Bytes sent by this run; the rest was there.'),
      uri: z.string(),
    })
    .nullable()
    .describe('null: --dry-run.'),
  image: z
    .union([imageId, fpgaImage])
    .nullable()
    .describe('null: none was asked for. An image that was not waited for is an id alone.'),
  plan: z.array(z.string()).nullable().describe('What would be done.'),
});

const view = z.strictObject({
  key: z.string(),
  id: z.string(),
  startedAt: moment,
  ageSeconds: z.number(),
  parts: z.number(),
  size: z.number().describe('Bytes that are there, and cost what objects cost.'),
});

const result3 = z.strictObject({
  uploads: z.array(view),
  aborted: z.boolean(),
});

export const fpgaConfig = z.strictObject({
  written: z.boolean(),
  file: z.string(),
  accessKeyId: z.string(),
  role: z.string().nullable(),
  bucket: z.string().nullable(),
});

export const fpgaCopy = z.strictObject({
  id: z.string(),
  image: fpgaImage.nullable(),
});

export const fpgaCreate = z.strictObject({
  image: z.union([imageId, fpgaImage]),
});

export const fpgaDelete = z.strictObject({
  id: z.string(),
  deleted: z.boolean(),
});

export const fpgaDescribe = z.strictObject({
  image: fpgaImage,
  sharing: sharing.nullable(),
});

export const fpgaExplain = z.strictObject({
  explanations: z.array(explanation),
});

export const fpgaGet = z.strictObject({
  uri: z.string(),
  file: z.string(),
  size: z.number(),
});

export const fpgaInstances = z.strictObject({
  instances: z.array(fpgaInstance),
});

export const fpgaList = z.strictObject({
  images: z.array(fpgaImage),
});

export const fpgaLoad = z.strictObject({
  board: fpgaBoard,
});

export const fpgaObjects = z.strictObject({
  objects: z.array(
    z.strictObject({
      key: z.string(),
      size: z.number(),
      modifiedAt: moment,
    }),
  ),
});

export const fpgaPolicyList = z.strictObject({
  policy: policyView.nullable(),
  buckets: z.array(
    z.strictObject({
      bucket: z.string(),
      enough: z.boolean(),
    }),
  ),
  attached: z.boolean(),
});

export const fpgaPublish = z.strictObject({
  id: z.string(),
  machineImage: z.string(),
  published: z.boolean(),
});

export const fpgaShare = z.strictObject({
  id: z.string(),
  before: sharing,
  after: sharing,
  changed: z.boolean(),
});

export const fpgaStatus = z.strictObject({
  board: fpgaBoard,
});

export const fpgaUpload = result2;

export const fpgaUploads = result3;

export const fpgaWait = z.strictObject({
  image: fpgaImage,
});
