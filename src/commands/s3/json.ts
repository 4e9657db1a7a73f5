import * as z from 'zod';

const benchRow = z.strictObject({
  what: z.enum(['remove', 'read', 'stat', 'create', 'write']),
  mount: z.number().describe('Bytes a second for write and read; operations a second for the others.'),
  raw: z.number(),
});

const mountView = z.strictObject({
  directory: z.string(),
  name: z.string().nullable().describe("null: somebody else's mount, of which only the kernel knows."),
  bucket: z.string().nullable(),
  engine: z.string(),
  state: z.enum(['ok', 'dead', 'hung', 'silent', 'refused', 'other', 'absent']),
  why: z.string().nullable().describe("In the kernel's words, where it is not ok."),
  boot: z.string().nullable(),
});

export const s3Bench = z.strictObject({
  directory: z.string(),
  rows: z.array(benchRow),
});

export const s3Status = z.strictObject({
  mounts: z.array(mountView),
});
